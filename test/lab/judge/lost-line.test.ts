/** One line is missing from a record: its observer's reports say how much there was. */
import {expect, test} from 'vitest'
import {noLostWrites} from '../../../lab/checks/no-lost-writes.ts'
import {rejoined} from '../../../lab/checks/rejoined.ts'
import type {Event} from '../../../lab/history/event.ts'
import {type History, historyOf, of} from '../../../lab/history/history.ts'
import {linesLost} from '../../../lab/history/looks.ts'
import {judge} from '../../../lab/judge/judge.ts'
import {recordedFiles, recordedRun} from '../../recorded-runs.ts'
import {lostLines, withCounts} from './mutations-windows.ts'

const recording = (name: string) => recordedRun(`${name}.ndjson.gz`)
const whole = recording('diverged-leader.pass')
const without = ({events}: History, lost: (event: Event) => boolean) => historyOf(events.filter(one => !lost(one)))
const how = (history: History) =>
  rejoined.judge(history, rejoined.params.parse({within: '60s', how: 'streaming'})).verdict
const rewind = (event: Event) => event.kind === 'log' && event.sign === 'pg_rewind'

test('no line of a whole record is called lost, and each that is taken out is', () => {
  const counted = withCounts(whole)
  const observers = ['etcd', 'patroni', 'postgres', 'proxy', 'engine', 'logs', 'watchdog', 'disk', 'clients'] as const
  expect(observers.flatMap(who => linesLost(counted, who))).toEqual([])
  for (const one of lostLines(whole))
    expect(linesLost(one.apply(whole), one.touches[0] as 'etcd'), one.name).not.toEqual([])
})

test('nobody rejoined by mere streaming where the line that tells of pg_rewind may be lost', () => {
  expect(how(whole)).toBe('fail')
  expect(how(historyOf(withCounts(whole).events.filter(one => !rewind(one))))).toBe('unknown')
  const [line] = of(whole, 'log').filter(rewind)
  const unreported = whole.events.filter(
    one =>
      !rewind(one) &&
      !(one.kind === 'watching' && one.who === 'logs' && one.at > line!.at - 1e6 && one.at < line!.at + 2e6),
  )
  expect(how(historyOf(unreported))).toBe('unknown')
})

test('no attempt of a whole record is called lost, and of records without counts each that is taken out is', {
  timeout: 60_000,
}, () => {
  for (const name of recordedFiles) {
    const history = recordedRun(name)
    expect(linesLost(history, 'clients'), name).toEqual([])
    for (const kind of ['op', 'bank'] as const) {
      const all = of(history, kind)
      for (const lost of [all[1], all[all.length >> 1]])
        if (lost !== undefined)
          expect(
            linesLost(
              without(history, one => one === lost),
              'clients',
            ).some(one => one.from <= lost.at && one.to >= lost.at),
            `${name}: ${kind} ${lost.id}`,
          ).toBe(true)
    }
  }
})

test('an attempt without an answer so far is not called lost while a run goes on', () => {
  const history = recording('switchover.pass')
  const [attempt] = of(history, 'op').slice(200)
  const {events} = history
  const live = (micros: number) =>
    historyOf(events.filter(one => one !== attempt && one.at < attempt!.at + micros && one.kind !== 'run-ended'))
  expect(linesLost(live(2_000_000), 'clients')).toEqual([])
  expect(linesLost(live(12_000_000), 'clients')).not.toEqual([])
})

test('a write is lost for all that anybody knows when the line that acknowledged it is', () => {
  const history = recording('crash-postgres-asynchronous-commits.fail')
  const verdict = (one: History) => noLostWrites.judge(one, noLostWrites.params.parse({})).verdict
  expect(verdict(history)).toBe('fail')
  expect(verdict(without(history, one => one.kind === 'op' && one.op === 'write' && one.at <= 4_850_000))).toBe(
    'unknown',
  )
})

test('a read is as stale as before where only the table of a replica that was behind is left', () => {
  const history = recording('quiet-replay-stopped.unknown')
  const expected = [{check: 'stale-reads', params: {'at-most': '5s'}}] as const
  const end = history.events.at(-1)!.at
  const lost = without(history, one => one.at > 0.9 * end && one.kind !== 'run-ended')
  expect(judge(history, expected).findings[0]!.verdict).toBe('fail')
  expect(judge(lost, expected).findings[0]!.verdict).toBe('unknown')
})

test('a failover is not too slow where the lines that would have told of its first writes are lost', () => {
  const history = recording('sync-failover.pass')
  const lost = without(history, one => one.kind === 'op' && one.at > 27_667_000 && one.at < 30_667_000)
  expect(judge(lost).findings.map(one => [one.check, one.verdict])).toContainEqual(['failover', 'unknown'])
})
