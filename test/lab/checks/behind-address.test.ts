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
  const {moves, wayIn, connects, answers, total} = addressGap(keepalivedDefaults, 100, 'silent', patience)
  expect(wayIn.bounds).toEqual([0, 2_000_000 + connects.max])
  expect(total.max).toBe(moves.max + wayIn.max + answers.max)
  // An answer that is waited for longer than the address needs keeps a client longer than an attempt to connect.
  const patient = addressGap(keepalivedDefaults, 100, 'silent', {...patience, statementMs: 30_000})
  expect(patient.wayIn.max).toBe(30_000_000 - moves.min + connects.max)
})

/** As a record from before observers counted their lines: nobody misses one. */
const uncounted = (events: readonly Event[]) =>
  events.map((one): Event => {
    if (one.kind !== 'watching') return one
    const {recorded: _, ...rest} = one
    return rest
  })
const connecting = (at: number): Event => ({
  ...{at, kind: 'client-connected', client: 'w1', op: 'write', server: 'node2', tookMicros: 10_000},
})
const inVain = (one: Event, from: number, to: number): Event =>
  isAnswer(one, from, to) ? ({...one, outcome: 'fail', server: null, sqlstate: '08006'} as Event) : one
const isAnswer = (one: Event, from: number, to: number) =>
  one.kind === 'op' && one.outcome === 'ok' && one.at > from && one.at < to

/** Who took the address first after the fault, and how long after it that may be. */
function vrrpOf(events: readonly Event[]) {
  const fault = events.find(one => one.kind === 'fault-injecting')!
  const taken = events.find(
    (one): one is Of<'virtual-address'> => one.kind === 'virtual-address' && one.held && one.at > fault.at,
  )!
  const found = find(historyOf(events), {check: 'address-moves', params: {within: 'budget'}})
  return {taken, limit: Number(found.measures?.limitMicros)}
}

describe.each(['kill-vip-holder', 'freeze-vip-holder', 'isolate-vip-holder', 'kill-vip-haproxy'])('%s', name => {
  const events = recorded(name)
  const fault = events.find((one): one is Of<'fault-injecting'> => one.kind === 'fault-injecting')!

  test.each(['writes', 'reads'] as const)('its %s were back within it, phase by phase', of => {
    const found = asked(events, of)
    expect(found.verdict).toBe('pass')
    expect(found.phases!.map(({phase, verdict}) => [phase, verdict])).toEqual([
      ['addressMoves', 'pass'],
      ['wayIn', 'pass'],
      [of === 'writes' ? 'firstWrite' : 'firstRead', 'pass'],
    ])
    for (const {measured, took, allowed} of found.phases!) {
      expect(measured).toBeGreaterThan(0)
      expect(took).toBeLessThanOrEqual(allowed![1])
    }
  })

  test('each phase is measured once where writes and reads are asked for together, and named for whom it is', () => {
    const both = {writes: {'at-most': 'budget'}, reads: {'at-most': 'budget'}} as const
    const found = find(historyOf(events), {check: 'unavailability', params: both})
    expect(found.phases!.map(one => one.name)).toEqual([
      'VRRP: the address has moved',
      'writes: ARP: a new connection',
      'first acknowledged write',
      'reads: ARP: a new connection',
      'first acknowledged read',
    ])
  })

  test('a connection that was begun after the move and came slowly fails for ARP, however short the gap', () => {
    const {taken} = vrrpOf(events)
    const edited = events.map(
      (one): Event =>
        one.kind === 'client-connected' && one.at > fault.at && one.at < fault.at + 7_000_000
          ? {...one, at: taken.at + 1_700_000, tookMicros: 1_600_000}
          : isAnswer(one, fault.at, taken.at + 1_700_000)
            ? ({...one, at: taken.at + 1_720_000} as Event)
            : one,
    )
    const found = asked(edited.toSorted((a, b) => a.at - b.at))
    expect(found.phases![1]).toMatchObject({
      verdict: 'fail',
      says: expect.stringContaining('it took 1.60 s to connect although the address had moved before'),
    })
    expect(found).toMatchObject({verdict: 'fail'})
  })

  test('who was connected and answered only long after fails for that phase', () => {
    const {taken} = vrrpOf(events)
    const connected = events.find(
      one => one.kind === 'client-connected' && one.op === 'write' && one.at > taken.at - 200_000,
    )!
    const until = connected.at + 1_500_000
    const edited = events.map(one => inVain(one, fault.at, until))
    expect(asked(edited).phases![2]).toMatchObject({phase: 'firstWrite', verdict: 'fail'})
    expect(asked(edited)).toMatchObject({
      verdict: 'fail',
      says: expect.stringContaining('first acknowledged write took'),
    })
  })

  test('a phase of which the evidence is missing is not known, nor is what rests on it', () => {
    const unheard = events.filter(one => !(one.kind === 'virtual-address' && one.held && one.at > fault.at))
    const [vrrp, wayIn] = asked(unheard).phases!
    expect(vrrp).toMatchObject({verdict: 'unknown', measured: null, took: null})
    expect(wayIn).toMatchObject({verdict: 'unknown', measured: null, took: null})
    expect(asked(unheard).verdict).toBe('unknown')
    const unconnected = events.filter(one => !(one.kind === 'client-connected' && one.at > fault.at))
    expect(asked(unconnected).phases![1]).toMatchObject({phase: 'wayIn', verdict: 'unknown', measured: null})
    expect(asked(unconnected).verdict).toBe('unknown')
    // Nobody watched the address for a while: that it moved late is then nobody's word.
    const {taken, limit} = vrrpOf(events)
    const late = fault.at + limit + 300_000
    const blind = events.flatMap((one): Event[] => {
      if (one.kind === 'watching' && one.who === 'address' && one.at > fault.at && one.at < late + 5_000_000) return []
      return one === taken ? [{...one, at: late}] : [one]
    })
    expect(asked(blind.toSorted((a, b) => a.at - b.at)).phases![0]).toMatchObject({verdict: 'unknown'})
  })

  test('clients that never tell of their connections are measured from the move to the answer', () => {
    const silent = events.filter(one => one.kind !== 'client-connected')
    expect(asked(silent).phases!.map(({phase, verdict}) => [phase, verdict])).toEqual([
      ['addressMoves', 'pass'],
      ['firstWrite', 'pass'],
    ])
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

/** Machines that nothing starved, and long enough until the mend. */
describe.each(['kill-vip-holder', 'isolate-vip-holder'])('%s, a phase later than its own bounds', name => {
  const events = recorded(name)
  const fault = events.find((one): one is Of<'fault-injecting'> => one.kind === 'fault-injecting')!

  test('an address that moved too late fails for that phase, though clients were back within all of it', () => {
    // Later than the latest moment of the model, even on a slow machine; clients are back at once.
    const {limit} = vrrpOf(events)
    const late = fault.at + limit + 300_000
    const edited = uncounted(events).flatMap((one): Event[] => {
      if (one.at <= fault.at) return [one]
      if (one.kind === 'virtual-address' && one.held && one.at < late) return [{...one, at: late}]
      return one.kind === 'client-connected' && one.at < late ? [] : [inVain(one, fault.at, late + 30_000)]
    })
    const connected = connecting(late + 20_000)
    const found = asked([...edited, connected].toSorted((a, b) => a.at - b.at))
    expect(found.phases![0]).toMatchObject({phase: 'addressMoves', verdict: 'fail'})
    expect(found).toMatchObject({
      verdict: 'fail',
      says: expect.stringMatching(/VRRP: the address has moved took .* at most .* are expected/),
    })
  })

  test('an address that had moved, and to which no new connection came for long, fails for ARP', () => {
    const {taken} = vrrpOf(events)
    const until = taken.at + 2_800_000 + 400_000
    const edited = uncounted(events)
      .filter(one => !(one.kind === 'client-connected' && one.at > fault.at && one.at < until))
      .map(one => inVain(one, fault.at, until))
    const connected = connecting(until)
    const found = asked([...edited, connected].toSorted((a, b) => a.at - b.at))
    expect(found.phases!.map(({phase, verdict}) => [phase, verdict]).slice(0, 2)).toEqual([
      ['addressMoves', 'pass'],
      ['wayIn', 'fail'],
    ])
    expect(found).toMatchObject({verdict: 'fail', says: expect.stringContaining('ARP: a new connection took ')})
  })
})

test('there is none without a virtual address', () => {
  expect(asked(cleanRun())).toMatchObject({verdict: 'unknown', says: expect.stringMatching(/by no virtual address/)})
})
