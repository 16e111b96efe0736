/** The failover of other faults than the kill of a host: each as the timing model has it, or as it has none. */
import {describe, expect, test} from 'vitest'
import {failover} from '../../../lab/checks/failover.ts'
import type {Event, Of} from '../../../lab/history/event.ts'
import {type History, historyOf} from '../../../lab/history/history.ts'
import {strikeOf} from '../strike-of.ts'
import {altered, cleanRun, micros, type RunShape} from './history-builder.ts'

const judge = (history: History, within: unknown = 'budget') => failover.judge(history, failover.params.parse({within}))

/** The run of another fault: as recorded by `play`, with the step's parameters. */
function struck(
  fault: string,
  params: Readonly<Record<string, unknown>>,
  changes: Partial<RunShape>,
  edit: (event: Event) => Event | null = one => one,
) {
  return altered(cleanRun(changes), event =>
    edit(
      event.kind === 'fault-injecting'
        ? {...event, fault, what: `${fault} on leader`, params, strike: strikeOf(fault, params)}
        : event,
    ),
  )
}
const oldSample = (event: Event): event is Of<'postgres'> =>
  event.kind === 'postgres' && event.host === 'node1' && event.at > micros(0)

describe('of other faults', () => {
  const released = {
    injected: 2.4,
    keyGone: 1.15,
    newKey: 1.35,
    promoted: 1.45,
    down: 2.1,
    up: 1.6,
    firstWrite: 1.8,
    mend: 24,
  }
  const orphan = {keyGone: 19.8, newKey: 19.9, promoted: 20, up: 20.1, firstWrite: 20.3}

  test.each([
    ['stop', {what: 'host'}, released],
    ['stop', {what: 'patroni'}, released],
    ['switchover', {}, {...released, keyGone: 1.6, newKey: 1.7, up: 1.8, promoted: 1.85, firstWrite: 2.3}],
    ['kill', {what: 'patroni'}, orphan],
    ['kill', {what: 'patroni'}, {...orphan, newKey: 21.5, promoted: 21.6, up: 21.7, firstWrite: 21.8}],
    ['pause', {what: 'patroni'}, {...orphan, newKey: 21.9, promoted: 22, up: 22.1, firstWrite: 22.2}],
    ['pause', {what: 'host'}, {}],
    ['partition', {}, {}],
    ['partition', {services: ['etcd']}, {...orphan, down: 7.5}],
  ])('%s %j passes as the model has it', (fault, params, changes) => {
    expect(judge(struck(fault, params, changes))).toMatchObject({verdict: 'pass'})
  })

  test.each([
    [
      'stop',
      {what: 'host'},
      {...released, keyGone: 19.8, newKey: 20, promoted: 20.1, up: 20.2, firstWrite: 20.4},
      'release of the key took',
    ],
    ['stop', {what: 'host'}, {...released, newKey: 5, promoted: 5.1, up: 5.2, firstWrite: 5.3}, 'election took'],
    [
      'kill',
      {what: 'patroni'},
      {...orphan, newKey: 25, promoted: 25.1, up: 25.2, firstWrite: 25.3, mend: 30},
      'election took',
    ],
    [
      'partition',
      {services: ['etcd']},
      {...orphan, newKey: 21.9, promoted: 22, up: 22.1, firstWrite: 22.2, down: 7.5},
      'election took',
    ],
    ['partition', {services: ['etcd']}, {...orphan, down: 18}, 'HAProxy: old server down took'],
  ])('%s %j fails when a phase is beyond any slow machine, and names it', (fault, params, changes, says) => {
    expect(judge(struck(fault, params, {...changes, rejoined: 35, finalReads: 40}))).toMatchObject({
      verdict: 'fail',
      says: expect.stringContaining(says),
    })
  })

  test('a leader cut from etcd must demote itself in time', () => {
    const demotesAt = (seconds: number) =>
      judge(
        struck('partition', {services: ['etcd']}, {...orphan, down: 7.5}, event =>
          oldSample(event) && event.at < micros(seconds)
            ? {...event, up: true, inRecovery: false, readOnly: false, timeline: 1, error: null}
            : event,
        ),
      )
    expect(demotesAt(6.4)).toMatchObject({verdict: 'pass'})
    expect(demotesAt(6.4).phases![0]).toMatchObject({name: 'demotion of the old leader', verdict: 'pass'})
    expect(demotesAt(12)).toMatchObject({
      verdict: 'fail',
      says: expect.stringContaining('demotion of the old leader took'),
    })
  })

  test('a watchdog must fire before the key expires', () => {
    const fires = (seconds: number) =>
      judge(
        altered(
          cleanRun({...orphan, patroni: {watchdog: 'required'}, refresh: -0.4}),
          event => (event.kind === 'fault-injecting' ? {...event, strike: strikeOf('freeze-watchdog')} : event),
          [{at: micros(seconds), kind: 'watchdog', host: 'node1', state: 'fired', timeoutSeconds: 15, leftMicros: 0}],
        ),
      )
    expect(fires(14.7)).toMatchObject({verdict: 'pass'})
    expect(fires(14.7).phases![0]).toMatchObject({name: 'reset by the watchdog', measured: 14_700_000})
    expect(fires(19)).toMatchObject({verdict: 'fail', says: expect.stringContaining('reset by the watchdog took')})
  })

  const inPlace = (event: Event): Event | null => {
    if (event.kind === 'leader-key' && event.at > micros(0)) return null
    if (event.kind === 'proxy' && event.at > micros(0)) return null
    if (event.kind === 'op' && event.server === 'node2') return {...event, server: 'node1', timeline: 1}
    if (event.kind === 'postgres' && event.at > micros(0)) {
      const primary = event.host === 'node1' && event.at > micros(1.2)
      if (primary) return {...event, up: true, inRecovery: false, readOnly: false, timeline: 1, error: null}
      return event.host === 'node1' ? event : {...event, inRecovery: true, timeline: 1}
    }
    return event
  }

  test('a crashed PostgreSQL that is started again in place is no failover: that claim fails', () => {
    const history = struck('kill', {what: 'postgres'}, {firstWrite: 1.6}, inPlace)
    expect(judge(history)).toMatchObject({
      verdict: 'fail',
      says: 'node1 kept its key: with primary_start_timeout 300 s Patroni starts PostgreSQL again on node1, and no replica takes over.',
      hint: expect.stringContaining('no-failover'),
    })
    const soon = {events: history.events.filter(event => event.at < micros(2))}
    expect(judge(soon)).toMatchObject({verdict: 'unknown', says: expect.stringContaining('No failover yet')})
    const unseen = {events: history.events.filter(event => !(event.kind === 'watching' && event.who === 'etcd'))}
    expect(judge(unseen)).toMatchObject({verdict: 'unknown', says: expect.stringContaining('the watch on etcd')})
  })

  test('a takeover where PostgreSQL should have been started again is not judged by the model', () => {
    expect(judge(struck('kill', {what: 'postgres'}, released))).toMatchObject({
      verdict: 'unknown',
      says: expect.stringContaining('a restart that failed'),
    })
  })

  test('with primary_start_timeout 0 a crash is a failover at the next loop', () => {
    const patroni = {primaryStartTimeoutSeconds: 0}
    const quick = {...released, injected: 0.05, refresh: -0.4, patroni}
    expect(judge(struck('kill', {what: 'postgres'}, quick))).toMatchObject({verdict: 'pass'})
    const late = {...quick, keyGone: 6, newKey: 6.2, promoted: 6.3, up: 6.4, firstWrite: 6.5, down: 7}
    expect(judge(struck('kill', {what: 'postgres'}, late))).toMatchObject({
      verdict: 'fail',
      says: expect.stringContaining('release of the key took'),
    })
  })

  test('a fault that the model does not know has no budget, but a limit of the person judges it', () => {
    const history = struck('fill-disk', {}, {})
    expect(judge(history)).toMatchObject({
      verdict: 'unknown',
      says: expect.stringContaining('`fill-disk on leader` struck node1, and there is no budget'),
    })
    expect(judge(history, '25s')).toMatchObject({verdict: 'pass', measures: {predictedMaxMicros: null}})
    expect(judge(history, '20s')).toMatchObject({verdict: 'fail', says: expect.stringContaining('20.00 s are allowed')})
  })

  test('an operator may name another host than the leader, and it is still the leader that is switched', () => {
    const history = struck(
      'switchover',
      {},
      {...released, keyGone: 1.6, newKey: 1.7, up: 1.8, promoted: 1.85, firstWrite: 2.3},
      event =>
        event.kind === 'fault-injecting'
          ? {...event, hosts: ['node2'], strike: strikeOf('switchover', {}, ['node2'])}
          : event,
    )
    expect(judge(history)).toMatchObject({verdict: 'pass', measures: {fault: 'switchover'}})
  })

  test('of two faults at the leader the one that the model knows is judged', () => {
    const first: Event = {
      at: micros(-2),
      kind: 'fault-injecting',
      id: 'full',
      fault: 'overload',
      what: 'overload',
      hosts: ['node1'],
      strike: strikeOf('overload', {cpus: 0.2}),
    }
    expect(judge(historyOf([...cleanRun(), first]))).toMatchObject({verdict: 'pass', measures: {fault: 'host-killed'}})
  })
})
