/** How long clients behind a virtual address may wait: the model's own limit, on recorded runs as they were and as they were not. */
import {readFileSync} from 'node:fs'
import {join} from 'node:path'
import {gunzipSync} from 'node:zlib'
import {describe, expect, test} from 'vitest'
import {addressGap} from '../../../lab/budget/index.ts'
import {find} from '../../../lab/checks/index.ts'
import type {Event, Of} from '../../../lab/history/event.ts'
import {historyOf} from '../../../lab/history/history.ts'
import {parseHistory} from '../../../lab/history/read-events.ts'
import {keepalivedDefaults} from '../../../lab/topology/keepalived.ts'
import {cleanRun} from './history-builder.ts'

const folder = join(import.meta.dirname, '..', '..', 'histories')
const recorded = (name: string) =>
  parseHistory(gunzipSync(readFileSync(join(folder, `${name}.pass.ndjson.gz`))).toString()).events
const asked = (events: readonly Event[], of: 'writes' | 'reads' = 'writes') =>
  find(historyOf(events), {check: 'unavailability', params: {[of]: {'at-most': 'budget'}}})

test('is what the address, what was under way, and the way back take together', () => {
  const patience = {connectMs: 2000, statementMs: 3000}
  const {moves, givesUp, returns, total} = addressGap(keepalivedDefaults, 100, 'silent', patience)
  expect(givesUp.bounds).toEqual([0, 2_000_000])
  expect(total.max).toBe(moves.max + givesUp.max + returns.max)
  // An answer that is waited for longer than the address needs keeps a client longer than an attempt to connect.
  const patient = addressGap(keepalivedDefaults, 100, 'silent', {...patience, statementMs: 30_000})
  expect(patient.givesUp.max).toBe(30_000_000 - moves.min)
})

describe.each(['kill-vip-holder', 'freeze-vip-holder', 'isolate-vip-holder', 'kill-vip-haproxy'])('%s', name => {
  const events = recorded(name)
  const fault = events.find((one): one is Of<'fault-injecting'> => one.kind === 'fault-injecting')!

  test.each(['writes', 'reads'] as const)('its %s were back within it, phase by phase', of => {
    const found = asked(events, of)
    expect(found).toMatchObject({verdict: 'pass', says: expect.stringContaining('the address moves (VRRP, ARP): ')})
    expect(found.rows).toHaveLength(3)
  })

  test('and would have been accused of two seconds more than it allows', () => {
    const limit = Number(asked(events).measures?.writeOutageLimitMicros)
    const until = fault.at + limit + 2_000_000
    const late = events.map(one =>
      one.kind === 'op' && one.at > fault.at && one.at < until && one.outcome === 'ok'
        ? ({...one, outcome: 'fail', server: null, sqlstate: '08006'} as Event)
        : one,
    )
    expect(asked(late).verdict).toBe('fail')
  })

  test('has none where the clients wait for ever', () => {
    const patient = events.map(one => {
      if (one.kind !== 'run-started') return one
      const clients = (one.scenario.clients ?? []).map(group =>
        group.kind === 'program' ? group : {...group, timeouts: {connectMs: null, statementMs: null}},
      )
      return {...one, scenario: {...one.scenario, clients}}
    })
    expect(asked(patient)).toMatchObject({
      verdict: 'unknown',
      says: expect.stringMatching(/wait for an answer is not known/),
    })
  })
})

test('there is none without a virtual address', () => {
  expect(asked(cleanRun())).toMatchObject({verdict: 'unknown', says: expect.stringMatching(/by no virtual address/)})
})
