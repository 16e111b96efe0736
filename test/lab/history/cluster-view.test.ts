/** Two clusters in one lab: whoever asks for a leader gets that of the cluster that is asked about. */
import {describe, expect, test} from 'vitest'
import {find} from '../../../lab/checks/index.ts'
import {firstView, isElsewhere, viewOf, viewsOf, wholeOf} from '../../../lab/history/cluster-view.ts'
import type {Event, Of} from '../../../lab/history/event.ts'
import {leaderAt} from '../../../lab/history/failover.ts'
import {type History, historyOf, of} from '../../../lab/history/history.ts'
import {promotedWithoutKey} from '../../../lab/history/promotions.ts'
import type {Topology} from '../../../lab/topology/topology.ts'
import {calmRun} from '../checks/calm-run.ts'
import {cleanRun, micros, quickRun, sample, topologyOf} from '../checks/history-builder.ts'

const end = 33
const scope = 'pgha-standby'

function twoClusters(topology: Topology): Topology {
  const hosts = [
    ...topology.hosts,
    {name: 'etcd2', services: ['etcd'] as const},
    {name: 'node8', services: ['patroni'] as const},
    {name: 'node9', services: ['patroni'] as const},
  ]
  return {...topology, hosts, standbyCluster: {scope, hosts: ['etcd2', 'node8', 'node9']}}
}

const key = (seconds: number, holder: string | null, revision: number): Of<'leader-key'> => ({
  at: micros(seconds),
  ...{kind: 'leader-key', scope, holder, revision, lease: `l${holder}`, term: 2, told: 'etcd2'},
})

/** A clean run of the first cluster, beside one that follows it and is well. */
function beside(more: readonly Event[] = [], from = end, first = cleanRun()): History {
  const events = first.map(event =>
    event.kind === 'run-started' ? {...event, topology: twoClusters(topologyOf(quickRun))} : event,
  )
  const own: Event[] = [key(-7, 'node8', 5)]
  for (let second = -7; second <= end + 1; second += 0.25)
    for (const host of ['node8', 'node9'])
      own.push(sample(host, second, {inRecovery: !(host === 'node8' && second >= from), timeline: 1}))
  for (let second = -7; second <= end + 2; second++) {
    own.push({at: micros(second), kind: 'watching', who: 'etcd', host: 'etcd2', ...looks})
    for (const who of ['postgres', 'patroni', 'logs', 'watchdog'] as const)
      for (const host of ['node8', 'node9']) own.push({at: micros(second), kind: 'watching', who, host, ...looks})
  }
  return historyOf([...events, ...own, ...more])
}

const looks = {samples: 4, failures: 0, worstMicros: 250_000}

test('a lab with one cluster has one view, which is the history itself', () => {
  const history = historyOf(cleanRun())
  expect(viewsOf(history)).toEqual([history])
  expect(firstView(history)).toBe(history)
  expect(viewOf(history, 'node1')).toBe(history)
})

test('each view has its own key and hosts, and knows the whole', () => {
  const history = beside()
  const [first, second] = viewsOf(history)
  expect(leaderAt(firstView(history), micros(-1))).toBe('node1')
  expect(leaderAt(first!, micros(-1))).toBe('node1')
  expect(leaderAt(second!, micros(-1))).toBe('node8')
  expect(viewOf(history, 'node9')).toBe(second)
  expect(new Set(of(second!, 'postgres').map(one => one.host))).toEqual(new Set(['node8', 'node9']))
  expect(of(firstView(history), 'postgres').some(one => one.host === 'node8')).toBe(true)
  expect(wholeOf(second!)).toBe(history)
  expect([isElsewhere(second!, 'node1'), isElsewhere(second!, 'node8'), isElsewhere(history, 'node8')]).toEqual([
    ...[true, false, false],
  ])
})

describe('who takes writes', () => {
  const lock = (history: History) => find(history, {check: 'writable-within-lock', params: {}})

  test('a standby leader that holds its key and takes none is no failure', () => {
    expect(lock(beside()).verdict).toBe(lock(historyOf(cleanRun())).verdict)
  })

  test('one that was promoted, with its own key, is none either', () => {
    expect(lock(beside([], 30)).verdict).not.toBe('fail')
  })

  test('one that was promoted and lost its key is', () => {
    const found = lock(beside([key(25, 'node9', 9)], 30))
    expect(found).toMatchObject({verdict: 'fail', says: expect.stringMatching(/^node8 took writes .* node9 held/)})
  })

  test('both at once are two primaries, whatever keys they hold', () => {
    expect(find(beside([], 10), {check: 'one-writable-primary', params: {}}).verdict).toBe('fail')
  })
})

test('a log that tells of a promotion is laid beside the key of its own cluster', () => {
  const log = (host: string): Event => ({
    at: micros(20),
    ...{kind: 'log', host, service: 'postgres', sign: 'new-timeline', says: 'selected new timeline ID: 2'},
  })
  const accused = (host: string) =>
    promotedWithoutKey(firstView(beside([log(host)])), micros(0), micros(end)).map(one => one.host)
  expect(accused('node8')).toEqual([])
  expect(accused('node9')).toEqual(['node9'])
})

test('another standby leader is a failover of the cluster that follows', () => {
  const noFailover = (more: readonly Event[] = []) =>
    find(beside(more, end, calmRun()), {check: 'no-failover', params: {}})
  expect(noFailover().says).toMatch(/node1 stayed the leader/)
  expect(noFailover([key(12, 'node9', 9)])).toMatchObject({
    verdict: 'fail',
    says: 'node9 took the leader key of pgha-standby; node8 was to stay the standby leader.',
  })
})
