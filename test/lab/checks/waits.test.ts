import {describe, expect, test} from 'vitest'
import {checks, find} from '../../../lab/checks/index.ts'
import type {Event, Of} from '../../../lab/history/event.ts'
import {historyOf} from '../../../lab/history/history.ts'
import {calmRun} from './calm-run.ts'
import {micros, sample} from './history-builder.ts'

const until = (events: readonly Event[], seconds: number) => events.filter(event => event.at <= micros(seconds))

const sayMs = (limits: object) => Object.fromEntries(Object.entries(limits).map(([key, ms]) => [key, `${ms}ms`]))

describe('unavailability', () => {
  const judge = (events: readonly Event[], limits: {'at-least'?: number; 'at-most'?: number}) =>
    find(historyOf(events), {check: 'unavailability', params: {writes: sayMs(limits)}})

  test('measures the longest time without an acknowledged write, and wants it neither longer nor shorter', () => {
    const events = calmRun({outage: [3, 8]})
    const found = judge(events, {'at-least': 4000, 'at-most': 6000})
    expect(found.verdict).toBe('pass')
    expect(Number(found.measures?.writeOutageMicros) / 1e6).toBeCloseTo(5, 0)
    expect(judge(events, {'at-most': 4000})).toMatchObject({
      verdict: 'fail',
      says: expect.stringContaining('are allowed'),
    })
    expect(judge(events, {'at-least': 6000})).toMatchObject({
      verdict: 'fail',
      says: expect.stringContaining('expected'),
    })
  })

  test('is unknown where the scenario has a fault that never came, or that did not take hold', () => {
    const step = {do: 'inject', fault: 'kill', on: 'leader', as: 'crash', params: {}} as const
    const calm = calmRun().filter(event => !event.kind.startsWith('fault-'))
    const planned = calm.map(event =>
      event.kind === 'run-started' ? {...event, scenario: {...event.scenario, steps: [step]}} : event,
    )
    expect(judge(planned, {'at-most': 10_000})).toMatchObject({
      verdict: 'unknown',
      says: expect.stringContaining('no fault came'),
    })
    const strike = {struck: [{host: 'node1', fault: 'host-killed'}]} as const
    const at = micros(6)
    const struck = (holds: boolean): Event[] => [
      ...planned.filter(event => event.at <= at),
      ...([
        {at, kind: 'fault-injecting', id: 'crash', fault: 'kill', what: 'kill', hosts: ['node1'], params: {}, strike},
        {at, kind: 'fault-injected', id: 'crash'},
        {at, kind: 'fault-proof', id: 'crash', holds, says: 'seen'},
      ] satisfies Event[]),
      ...planned.filter(event => event.at > at),
    ]
    expect(judge(struck(true), {'at-most': 10_000}).verdict).toBe('pass')
    expect(judge(struck(false), {'at-most': 10_000})).toMatchObject({
      verdict: 'unknown',
      says: expect.stringContaining('did not take hold'),
    })
  })

  test('fails for writes that never come back', () => {
    expect(judge(calmRun({outage: [3, 30]}), {'at-most': 10_000}).verdict).toBe('fail')
  })

  test('does not take a slow commit, a starved machine or a blind client for an outage', () => {
    const stalled = calmRun({outage: [3, 8]}).filter(event => !(event.kind === 'op' && event.outcome !== 'ok'))
    expect(judge(stalled, {'at-most': 4000}).verdict).toBe('unknown')
    const starved = calmRun({outage: [3, 8]}).map(event =>
      event.kind === 'watching' && event.who === 'clients' ? {...event, worstMicros: 2_000_000} : event,
    )
    expect(judge(starved, {'at-most': 4000}).verdict).toBe('unknown')
    const blind = calmRun({outage: [3, 8]}).filter(event => !(event.kind === 'watching' && event.who === 'clients'))
    expect(judge(blind, {'at-most': 6000}).verdict).toBe('unknown')
  })

  test('is unknown when what is not over yet may become longer than is allowed, and fails once it has', () => {
    const open = calmRun({outage: [12, 30]})
    expect(judge(open, {'at-most': 60_000})).toMatchObject({
      verdict: 'unknown',
      says: expect.stringContaining('had not ended'),
    })
    expect(judge(open, {'at-most': 5000}).verdict).toBe('fail')
    expect(judge(open, {'at-least': 5000}).verdict).toBe('pass')
  })

  test('counts only clients behind the proxy', () => {
    const direct = calmRun({outage: [3, 8]}).map(event =>
      event.kind === 'op' && event.at > micros(4) ? {...event, client: 'dw1'} : event,
    )
    expect(judge(direct, {'at-most': 6000}).verdict).toBe('fail')
  })

  test('is unknown for reads when nobody read, and wants to be told of what', () => {
    expect(checks.unavailability.judge(historyOf(calmRun()), {reads: {'at-most': 1000}}).verdict).toBe('unknown')
    expect(checks.unavailability.params.safeParse({}).success).toBe(false)
    expect(checks.unavailability.params.safeParse({writes: {}}).success).toBe(false)
  })
})

describe('writes-flow', () => {
  const judge = (events: readonly Event[]) => checks['writes-flow'].judge(historyOf(events), {}).verdict

  test('waits for a calm second after the fault', () => {
    expect(judge(until(calmRun(), 0.5))).toBe('fail')
    expect(judge(until(calmRun(), 1.5))).toBe('pass')
    expect(judge(until(calmRun({outage: [0, 5]}), 4))).toBe('fail')
    expect(judge(until(calmRun({outage: [0, 5]}), 5.5))).toBe('fail')
    expect(judge(until(calmRun({outage: [0, 5]}), 6.5))).toBe('pass')
  })
})

describe('read-only', () => {
  const judge = (events: readonly Event[]) => checks['read-only'].judge(historyOf(events), {}).verdict

  test('holds when all that answer are standbys', () => {
    expect(judge(until(calmRun({demoted: [5, 12]}), 4))).toBe('fail')
    expect(judge(until(calmRun({demoted: [5, 12]}), 6))).toBe('pass')
    expect(judge([])).toBe('unknown')
  })

  test('is unknown while a server has not been asked, or none answers', () => {
    const two = until(calmRun({demoted: [5, 12]}), 6).filter(
      event => !(event.kind === 'postgres' && event.host === 'node3'),
    )
    expect(judge(two)).toBe('unknown')
    const dead = ['node1', 'node2', 'node3'].map(host =>
      sample(host, 6.05, {up: false, inRecovery: null, readOnly: null}),
    )
    expect(judge([...until(calmRun(), 4), ...dead])).toBe('unknown')
  })
})

describe('a rolling restart', () => {
  const said = (host: string, at: number, pendingRestart: boolean): Event =>
    ({
      ...{at: micros(at), kind: 'patroni', host, code: 200, role: 'replica', state: 'running', timeline: 1, lsn: 1},
      ...{streaming: [], tookMicros: 1000, pendingRestart},
    }) satisfies Of<'patroni'>
  const hosts = ['node1', 'node2', 'node3']
  const flagged = hosts.map(host => said(host, 2, true))
  const cleared = hosts.map(host => said(host, 18, false))
  const judge = (events: readonly Event[]) => checks['no-pending-restart'].judge(historyOf(events), {}).verdict

  test('has restarted whoever waited for it', () => {
    expect(judge([...calmRun(), ...flagged, ...cleared])).toBe('pass')
    expect(judge([...calmRun(), ...flagged, said('node1', 18, true), ...cleared.slice(1)])).toBe('fail')
    // What it said last was long before the end.
    expect(judge([...calmRun(), ...flagged, ...cleared.slice(1)])).toBe('unknown')
    expect(judge([...calmRun(), ...cleared])).toBe('unknown')
    expect(judge([...calmRun(), ...flagged, ...cleared, said('node2', 19, true)])).toBe('fail')
  })

  test('begins when all members wait', () => {
    expect(checks['pending-restart'].judge(historyOf([...calmRun(), ...flagged]), {}).verdict).toBe('pass')
    expect(checks['pending-restart'].judge(historyOf([...calmRun(), ...flagged.slice(1)]), {}).verdict).toBe('fail')
  })

  test('begins when all members of the first cluster wait: one that follows it has a configuration of its own', () => {
    const [own, theirs] = [flagged.slice(0, -1), flagged.at(-1) as Of<'patroni'>]
    const following = {scope: 'other', hosts: [theirs.host]}
    const events = [...calmRun(), ...own].map(
      (event): Event =>
        event.kind === 'run-started'
          ? {...event, topology: {...event.topology, standbyCluster: following} as typeof event.topology}
          : event,
    )
    expect(checks['pending-restart'].judge(historyOf(events), {}).verdict).toBe('pass')
  })
})

describe('logs-clean', () => {
  const line = (sign: 'panic' | 'bug' | 'promoting'): Event => ({
    ...{at: micros(5), kind: 'log', host: 'node1', service: 'postgres', sign, says: `a line of ${sign}`},
  })
  const judge = (events: readonly Event[], except: ('panic' | 'bug')[] = []) =>
    checks['logs-clean'].judge(historyOf(events), {except}).verdict

  test('fails for a PANIC and for what Patroni calls a bug, unless the scenario causes it', () => {
    expect(judge([...calmRun(), line('promoting')])).toBe('pass')
    expect(judge([...calmRun(), line('panic')])).toBe('fail')
    expect(judge([...calmRun(), line('bug')])).toBe('fail')
    expect(judge([...calmRun(), line('panic')], ['panic'])).toBe('pass')
    expect(judge([...calmRun(), line('bug')], ['panic'])).toBe('fail')
  })

  test('is unknown when nobody read the logs', () => {
    expect(judge(calmRun().filter(event => !(event.kind === 'watching' && event.who === 'logs')))).toBe('unknown')
  })
})
