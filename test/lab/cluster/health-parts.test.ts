/** Healthy is all of it: each part that is not as it should be makes the lab unhealthy, and is said in one sentence. */
import {describe, expect, test, vi} from 'vitest'
import {health} from '../../../lab/cluster/health.ts'
import {parts} from '../../../lab/cluster/health-parts.ts'
import {members} from '../../../lab/cluster/members.ts'
import {untilHealthy} from '../../../lab/cluster/wait.ts'
import {releaseNames} from '../../../lab/topology/release.ts'
import {loadTopology} from '../../../lab/topology/topology-file.ts'
import type {LabError} from '../../../lab/words/errors.ts'
import {eachWithItsOwnState, healthyLab} from '../fake/at-rest.ts'
import {passing} from '../fake/clock.ts'
import {type Faked, fakeTopology} from '../fake/lab.ts'

vi.mock('node:timers/promises', () => import('../fake/timers.ts'))
eachWithItsOwnState()
vi.setConfig({testTimeout: 60_000}) // minutes of virtual time, on a machine that may be busy

const nospace = (memberID: string) => ({memberID, alarm: 'NOSPACE'})

/** What is done to a lab at rest, and the complaint that comes of it first. */
const cases: readonly (readonly [part: string, what: string, spoil: (on: Faked) => void, says: string | RegExp])[] = [
  ['observer', 'the observer ended', ({engine}) => engine.endObserver(), 'the observer is down'],
  [
    'hosts',
    'a host is frozen',
    ({world}) => {
      world.host('node3').state = 'paused'
    },
    'the host node3 is paused',
  ],
  [
    'etcd alarms',
    'somebody raised NOSPACE',
    ({world}) => world.cluster.alarms.push(nospace('2')),
    'etcd refuses writes (alarm NOSPACE on node2), so no failover is possible',
  ],
  [
    'etcd alarms',
    'of a member that is gone',
    ({world}) => world.cluster.alarms.push(nospace('99')),
    'etcd refuses writes (alarm NOSPACE), so no failover is possible',
  ],
  [
    'etcd alarms',
    'a store is corrupt',
    ({world}) => world.cluster.alarms.push({memberID: '3', alarm: 'CORRUPT'}),
    'etcd refuses reads and writes (alarm CORRUPT on node3), so no failover is possible',
  ],
  [
    'etcd quorum',
    'one of three members is held down',
    ({world}) => world.host('node3').down.add('etcd'),
    'etcd on node3 does not answer: 2 of 3 members are left, and none of them may be lost',
  ],
  [
    'etcd quorum',
    'two of three members are held down',
    ({world}) => {
      for (const host of ['node2', 'node3']) world.host(host).down.add('etcd')
    },
    'etcd has no quorum: 0 of 3 members know a leader, so nobody can be promoted',
  ],
  [
    'etcd quorum',
    'no member is up',
    ({world}) => {
      for (const host of ['node1', 'node2', 'node3']) world.host(host).down.add('etcd')
    },
    'etcd on node1 and node2 and node3 does not answer: whether it has a quorum is not known',
  ],
  [
    'etcd quorum',
    'a member answers and is out of quorum',
    ({world}) => world.cluster.etcdCutOff.add('node3'),
    'etcd on node3 knows no leader and is out of quorum: 2 of 3 members are left, and none of them may be lost',
  ],
  [
    'etcd members',
    'a member was added that never started',
    ({world}) => {
      world.cluster.etcdMembers.node3 = {name: ''}
    },
    'etcd counts 1 member that never started',
  ],
  [
    'etcd members',
    'a member is a learner',
    ({world}) => {
      world.cluster.etcdMembers.node3 = {isLearner: true}
    },
    'etcd on node3 is a learner and has no vote',
  ],
  [
    'etcd members',
    'a member was replaced by a stranger',
    ({world}) => {
      world.cluster.etcdMembers.node3 = {name: 'elsewhere'}
    },
    'etcd counts elsewhere as a member, which is no host of this lab',
  ],
  [
    'etcd leader',
    'a member is in another term',
    ({world}) => {
      world.cluster.terms.node3 = 3
    },
    "etcd's members are in different terms: node1 in 2, node2 in 2, node3 in 3",
  ],
  [
    'members',
    'a replica does not stream',
    ({world}) => {
      const {streams} = world.cluster
      world.cluster.streams = host => host !== 'node3' && streams.call(world.cluster, host)
    },
    'node3 is running, not streaming from node1',
  ],
  [
    'maintenance',
    'somebody paused Patroni',
    ({world}) => world.cluster.patch({pause: true}),
    'Patroni is in maintenance mode, so nobody takes over when the leader is lost',
  ],
  [
    'lag',
    'a replica lacks more than may be lacking',
    ({world}) => world.cluster.lacks.set('node3', 2_000_000),
    "node3 lacks 2.0 MB of the leader's WAL, more than maximum_lag_on_failover (1.0 MB), so it could not take over",
  ],
  [
    'routes',
    'a proxy tells nothing',
    ({world}) => {
      world.cluster.proxySaysNothing = true
    },
    'HAProxy on proxy1 does not answer',
  ],
  [
    'write',
    'the leader takes no writes',
    ({world}) => {
      world.cluster.refusesWrites = true
    },
    /^a write through HAProxy does not succeed: /,
  ],
]

test.each(cases)('%s: %s', async (_part, _what, spoil, says) => {
  const faked = await healthyLab()
  expect(await passing(health(faked.lab))).toMatchObject({healthy: true, complaints: []})
  spoil(faked)
  const seen = await passing(health(faked.lab))
  expect(seen.healthy).toBe(false)
  expect(seen.complaints[0]).toMatch(says)
})

test('poolers: one beside a replica that is down is a complaint, though every route is up', async () => {
  const {lab, world} = await healthyLab(loadTopology({topology: 'pgbouncer', profile: 'fast'}))
  expect(await passing(health(lab))).toMatchObject({healthy: true, complaints: []})
  world.host('node3').down.add('pgbouncer')
  const seen = await passing(health(lab))
  expect(seen.healthy).toBe(false)
  expect(seen.complaints).toEqual([expect.stringMatching(/^PgBouncer on node3: Connection terminated/)])
})

test('a replica that its tag leads to another one streams from that, and from the leader it is a complaint', async () => {
  const {lab, world} = await healthyLab(loadTopology({topology: 'cascade', profile: 'fast'}))
  const before = await passing(health(lab))
  expect(before).toMatchObject({healthy: true, complaints: [], leader: 'node1'})
  expect(before.members.map(({host, source}) => [host, source])).toEqual([
    ['node1', null],
    ['node2', 'node1'],
    ['node3', 'node1'],
    ['node4', 'node3'],
  ])
  world.cluster.sources.set('node4', 'node1')
  expect((await passing(health(lab))).complaints).toEqual([
    'node4 streams from node1, not from node3 as its tag replicatefrom says',
  ])
})

describe('of a replica that is not in the way in for reads', () => {
  const asked = (path: string, tags = {}) => ({
    ...fakeTopology,
    haproxy: {...fakeTopology.haproxy, checkReplicas: path},
    tags,
  })
  const noReads = {node3: {noloadbalance: true}}
  test.each([
    ['with its tag for that', asked('/replica', noReads), []],
    ['with its tag, where that is asked for with a limit', asked('/replica?lag=1MB', noReads), []],
    ['without one', asked('/replica'), ['proxy1 does not send reads to node3 yet']],
    ['where the tag does not count', asked('/health', noReads), ['proxy1 does not send reads to node3 yet']],
    ['where the question is for synchronous standbys', asked('/sync'), []],
    ['where it is for those with a tag', asked('/replica?tag_site=a'), []],
  ])('%s: %j', async (_, topology, complaints) => {
    const {lab, world} = await healthyLab(topology)
    world.cluster.unread.add('node3')
    expect((await passing(health(lab))).complaints).toEqual(complaints)
  })
})

test('a virtual address that nobody has, or two have, is a complaint', async () => {
  const {lab, world} = await healthyLab(loadTopology({topology: 'vip', profile: 'fast'}))
  expect(await passing(health(lab))).toMatchObject({healthy: true, complaints: [], holders: ['proxy1']})
  world.host('proxy2').shared = true
  expect((await passing(health(lab))).complaints).toEqual(['proxy1 and proxy2 have the virtual address at once'])
  for (const host of ['proxy1', 'proxy2']) world.host(host).shared = false
  expect((await passing(health(lab))).complaints).toEqual(['nobody has the virtual address'])
})

test('every part has a case, or a test of its own', () => {
  // certificates.test.ts, health.test.ts, above, raise.test.ts
  const elsewhere = ['certificates', 'addresses', 'virtual address', 'synchronous standby']
  const tried = new Set(cases.map(([part]) => part))
  expect(parts.map(one => one.name).filter(name => !tried.has(name))).toEqual(elsewhere)
})

test('what maximum_lag_on_failover allows is healthy', async () => {
  const {lab, world} = await healthyLab()
  world.cluster.lacks.set('node3', 2_000_000)
  world.cluster.patch({maximum_lag_on_failover: 3_000_000})
  expect(await passing(health(lab))).toMatchObject({complaints: []})
})

test('of five members of etcd one is held down: it is said how many more may be lost', async () => {
  const more = ['etcd1', 'etcd2'].map(name => ({name, services: ['etcd'] as const}))
  const {lab, world} = await healthyLab({...fakeTopology, hosts: [...fakeTopology.hosts, ...more]})
  world.host('etcd2').down.add('etcd')
  expect((await passing(health(lab))).complaints).toEqual([
    'etcd on etcd2 does not answer: 4 of 5 members are left, and 1 of them may be lost',
  ])
})

describe('an alarm of etcd', () => {
  test('ends the waiting at once with what to do: it does not pass, and is not ours to take back', async () => {
    const {lab, world} = await healthyLab()
    world.cluster.alarms.push(nospace('2'))
    const began = performance.now()
    const waiting = untilHealthy(lab, {withinMs: 120_000, signal: new AbortController().signal, code: 'not-ready'})
    const error: LabError = await passing(
      waiting.then(
        () => undefined as never,
        (cause: LabError) => cause,
      ),
    )
    expect(performance.now() - began).toBeLessThan(5000)
    expect(error).toMatchObject({
      code: 'not-ready',
      exitCode: 3,
      message:
        'lab fake is not healthy, and waiting does not mend it: etcd refuses writes (alarm NOSPACE on node2), so no failover is possible',
    })
    expect(error.hint).toContain('pgha-lab shell node1 --name fake -- etcdctl alarm disarm')
    expect(world.cluster.alarms).toHaveLength(1)
  })

  test('is waited for where it is to be found out whether the lab comes back', async () => {
    const {lab, world} = await healthyLab()
    world.cluster.alarms.push(nospace('2'))
    setTimeout(() => world.cluster.alarms.splice(0), 20_000)
    const waiting = untilHealthy(lab, {withinMs: 60_000, signal: new AbortController().signal, toTheEnd: true})
    expect(await passing(waiting)).toMatchObject({healthy: true})
  })
})

describe('a member that says for long that it cannot follow', () => {
  const forked = (second: number) =>
    `postgres | 2026-11-27 13:23:${second}.235 UTC [68] LOG:  new timeline 2 forked off current database system timeline 1 before current recovery point 0/204F090`

  async function diverged(seconds: readonly number[]) {
    const faked = await healthyLab()
    const {cluster} = faked.world
    const {streams} = cluster
    cluster.streams = host => host !== 'node3' && streams.call(cluster, host)
    faked.engine.saysInLog.set('node3', seconds.map(forked))
    return faked
  }
  const wait = {withinMs: 120_000, signal: new AbortController().signal, code: 'not-ready'} as const
  const failed = (waiting: Promise<unknown>) =>
    passing(
      waiting.then(
        () => undefined,
        (cause: LabError) => cause,
      ),
    )

  test('ends the waiting of a lab at rest at once, with its own words and what copies it anew', async () => {
    const {lab} = await diverged([20, 25, 31])
    const began = performance.now()
    const error = await failed(untilHealthy(lab, {...wait, atRest: true}))
    expect(performance.now() - began).toBeLessThan(5000)
    expect(error?.message).toBe(
      'lab fake is not healthy, and waiting does not mend it: node3 cannot follow node1, its log says: LOG: new timeline 2 forked off current database system timeline 1 before current recovery point 0/204F090',
    )
    expect(error?.hint).toContain('pgha-lab shell node1 --name fake -- patronictl reinit pgha node3 --force')
  })

  test.each([
    ['it said so only just now', [30, 31], true],
    ['something was mended just now', [20, 31], false],
  ])('%s: then it may be on its way back, and is waited for', async (_why, seconds, atRest) => {
    const {lab} = await diverged(seconds)
    const began = performance.now()
    await failed(untilHealthy(lab, {...wait, atRest}))
    expect(performance.now() - began).toBeGreaterThan(100_000)
  })
})

test('what has to stay healthy for a while is waited for again when it does not', async () => {
  const {lab, world} = await healthyLab()
  const seen: string[] = []
  const see = (says: string) => {
    seen.push(says)
    if (seen.length === 1) world.cluster.lacks.set('node3', 2_000_000)
    else world.cluster.lacks.clear()
  }
  const wait = {withinMs: 60_000, signal: new AbortController().signal, forMs: 3000, seen: see}
  expect(await passing(untilHealthy(lab, wait))).toMatchObject({healthy: true})
  expect(seen).toEqual([
    'it is healthy; waiting whether it stays so',
    expect.stringContaining('node3 lacks'),
    'it is healthy; waiting whether it stays so',
  ])
})

test.each(releaseNames)('a cluster of %s is healthy while its replicas stream, and only then', async release => {
  const {lab, world} = await healthyLab({...fakeTopology, release})
  expect(await passing(health(lab))).toMatchObject({healthy: true, leader: 'node1'})
  const states = async () =>
    (await passing(members(lab, 1000))).members.map(({host, role, state}) => [host, role, state])
  expect(await states()).toEqual([
    ['node1', 'leader', 'running'],
    ['node2', 'replica', 'streaming'],
    ['node3', 'replica', 'streaming'],
  ])
  const {streams} = world.cluster
  world.cluster.streams = host => host !== 'node3' && streams.call(world.cluster, host)
  expect(await states()).toContainEqual(['node3', 'replica', 'running'])
  expect(await passing(health(lab))).toMatchObject({healthy: false})
})
