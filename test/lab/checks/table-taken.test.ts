/** That somebody emptied the table is said where the evidence shows it, and not of rows that a failover or a crash can lose. */
import {readFileSync} from 'node:fs'
import {join} from 'node:path'
import {gunzipSync} from 'node:zlib'
import {expect, test} from 'vitest'
import {find} from '../../../lab/checks/index.ts'
import type {Event} from '../../../lab/history/event.ts'
import {type History, historyOf, of} from '../../../lab/history/history.ts'
import {parseHistory} from '../../../lab/history/read-events.ts'
import {Rows} from '../../../lab/history/rows.ts'

import {renumbered} from './renumbered.ts'

const recorded = (name: string): History =>
  parseHistory(
    gunzipSync(readFileSync(join(import.meta.dirname, '..', '..', 'histories', `${name}.ndjson.gz`))).toString(),
  )

const lossesOf = (history: History, allow: string = 'async-tail') =>
  find(history, {check: 'no-lost-writes', params: {allow}})

/** As if its writers had begun with this write: no earlier one was made, and none is in a table. */
const begunAt = ({events}: History, first: number): History =>
  historyOf(
    renumbered(
      events.flatMap((event): Event[] => {
        if (event.kind === 'op' && event.op === 'write' && event.id < first) return []
        if (event.kind !== 'final-rows') return [event]
        return [
          {...event, ranges: event.ranges.flatMap(([a, b]) => (b < first ? [] : [[Math.max(a, first), b] as const]))},
        ]
      }),
      events,
    ),
  )

test('writers that began when replication was cut lost all that they wrote until the failover, and nobody emptied the table', () => {
  const history = recorded('diverged-leader.pass')
  const table = new Rows(of(history, 'final-rows')[0]!)
  const first = of(history, 'op').find(one => one.op === 'write' && one.outcome === 'ok' && !table.has(one.id))!
  const finding = lossesOf(begunAt(history, first.id))
  expect(finding).toMatchObject({verdict: 'pass', measures: {lost: 82, lostInAsyncTail: 82}})
  expect(finding.says).not.toMatch(/emptied/)
})

test.each(['async-tail', 'none'])(
  'commits that were acknowledged before they were on disk are lost in a crash (%s may be), and nobody emptied the table',
  allow => expect(lossesOf(recorded('crash-postgres-asynchronous-commits.fail'), allow).says).not.toMatch(/emptied/),
)

test('rows that every member had received are gone by no failover: somebody emptied the table', () => {
  const history = recorded('table-truncated.fail')
  const byNobodyOfOurs = historyOf(history.events.filter(event => event.kind !== 'fault-injecting'))
  expect(lossesOf(byNobodyOfOurs)).toMatchObject({
    verdict: 'fail',
    says: expect.stringMatching(/gone on all members, and nothing after it: somebody emptied the table/),
  })
})

test('where nobody saw what the members had received, nobody is said to have emptied it', () => {
  const history = recorded('table-truncated.fail')
  const blind = historyOf(history.events.filter(event => event.kind !== 'fault-injecting' && event.kind !== 'postgres'))
  const {verdict, says} = lossesOf(blind)
  expect(verdict).toBe('fail')
  expect(says).not.toMatch(/somebody/)
})
