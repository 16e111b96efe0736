/** A cluster in the manner of testcontainers, on an engine that behaves. */
import {mkdtempSync, rmSync, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {dirname, join} from 'node:path'
import {beforeEach, describe, expect, test, vi} from 'vitest'
import type {Docker} from '../../../lab/engine/docker.ts'
import {type RaiseEngine, raise} from '../../../lab/run/raise.ts'
import {allocate} from '../../../lab/state/allocate.ts'
import {savedLabs} from '../../../lab/state/folders.ts'
import {inForce} from '../../../lab/state/journal.ts'
import {savedOwner} from '../../../lab/state/owner.ts'
import {loadLab} from '../../../lab/state/state.ts'
import {
  PatroniCluster,
  type StartedPatroniCluster,
  Wait,
  type WaitStrategy,
} from '../../../lab/testing/testcontainers.ts'
import {LabError} from '../../../lab/words/errors.ts'
import {disposedOf, eachWithItsOwnState} from '../fake/at-rest.ts'
import {passing} from '../fake/clock.ts'
import {FakeCompose, freePorts} from '../fake/compose.ts'
import {FakeEngine} from '../fake/engine.ts'
import {images} from '../fake/images.ts'

vi.mock('node:timers/promises', () => import('../fake/timers.ts'))
vi.setConfig({testTimeout: 60_000}) // minutes of virtual time, on a machine that may be busy
eachWithItsOwnState()

let engine: FakeEngine
beforeEach(() => {
  engine = disposedOf(new FakeEngine())
})

const allocated: typeof allocate = async (...given) => {
  const allocation = await allocate(...given)
  return {...allocation, ports: await freePorts(allocation.ports)}
}
const means = {
  get docker() {
    return engine as RaiseEngine
  },
  raise: ((docker, options) => {
    compose = new FakeCompose(engine, options.name)
    prepared(compose)
    return raise(docker, options, {ready: async () => images, allocate: allocated})
  }) as typeof raise,
}
let compose: FakeCompose
let prepared: (compose: FakeCompose) => void
beforeEach(() => {
  prepared = () => {}
})
const started = (cluster: PatroniCluster): Promise<StartedPatroniCluster> => passing(cluster.start(means))

test('it has what was asked for, says how to get in and who leads, and is gone when it is stopped', async () => {
  const cluster = await started(
    new PatroniCluster().withName('mine').withTopology('pgbouncer').withPostgresNodes(4).withSynchronousMode('strict'),
  )
  const {topology} = cluster.lab.lab
  expect(cluster.getMembers()).toEqual(['node1', 'node2', 'node3', 'node4'])
  expect(topology.hosts.find(host => host.name === 'node4')?.services).toEqual(['patroni', 'pgbouncer'])
  expect(topology.patroni).toMatchObject({synchronousMode: 'strict', ttlSeconds: 20})
  expect(new URL(cluster.getConnectionUri('primary')).protocol).toBe('postgresql:')
  expect(cluster.getConnectionUri()).not.toBe(cluster.getReadOnlyUri())
  expect(await passing(cluster.getLeader())).toBe('node1')
  await passing(cluster.stop())
  expect(loadLab('mine')).toBeUndefined()
})

test('a fault is in force until it is mended, and a command runs on a host or on whom a selector means', async () => {
  const cluster = await started(new PatroniCluster().withName('mine'))
  const crash = await passing(cluster.break('kill', {what: 'host', on: 'replica'}))
  expect(inForce('mine')).toHaveLength(1)
  await passing(crash.mend())
  expect(await passing(cluster.exec('leader', ['whats-broken']))).toMatchObject({exitCode: 0})
  await expect(passing(cluster.exec('all', ['true']))).rejects.toThrow('`all` means 3 hosts')
  await passing(cluster.stop())
})

test('settings of a patroni.yml are taken, and what is asked for beside it wins', async () => {
  const file = join(mkdtempSync(join(tmpdir(), 'pgha-theirs-')), 'patroni.yml')
  writeFileSync(
    file,
    'scope: theirs\nname: a\nbootstrap:\n  dcs: {ttl: 45, loop_wait: 7, retry_timeout: 9, synchronous_mode: true}\n',
  )
  const cluster = await started(
    new PatroniCluster().withName('mine').withPatroniConfig(file).withSynchronousMode('quorum'),
  )
  const {topology} = cluster.lab.lab
  expect(topology.patroni).toMatchObject({ttlSeconds: 45, loopWaitSeconds: 7, synchronousMode: 'quorum'})
  expect(topology.hosts.map(host => host.name)).toContain('proxy1')
  rmSync(dirname(file), {recursive: true})
  await passing(cluster.stop())
})

describe('one that does not start', () => {
  test('tells the ends of the logs with its error, and nothing of it is left', async () => {
    prepared = one => {
      engine.saysInLog.set('node1', ['postgres | FATAL:  data directory has wrong ownership, password=secret'])
      one.failsAfter = {hosts: 4, error: new LabError('engine', 'docker compose failed')}
    }
    const failure = started(new PatroniCluster().withName('mine')).then(() => '', String)
    expect(await failure).toMatch(
      /docker compose failed\nthe end of the log of node1:\n[\s\S]*wrong ownership, password=\*\*\*/,
    )
    expect(loadLab('mine')).toBeUndefined()
  })

  test('with fewer nodes than the topology has it is refused before anything is raised', async () => {
    await expect(new PatroniCluster().withPostgresNodes(2).start(means)).rejects.toThrow(
      'has 3 hosts with PostgreSQL, and 2 are wanted',
    )
    expect(savedLabs()).toEqual([])
  })
})

test('it has started when what is waited for has come true', async () => {
  prepared = one => {
    one.made = ({cluster}) => {
      const {streams} = cluster
      cluster.streams = host => host !== 'node3' && streams.call(cluster, host)
    }
  }
  const wish = (strategy: WaitStrategy) => new PatroniCluster().withName('mine').withWaitStrategy(strategy)
  await expect(wish(Wait.forStreamingReplicas(3)).start(means)).rejects.toThrow(
    '3 streaming replicas are waited for, and the cluster has 2',
  )
  expect(savedLabs()).toEqual([])
  const cluster = await started(wish(Wait.forStreamingReplicas(1)))
  expect(await passing(cluster.getLeader())).toBe('node1')
  await passing(cluster.stop())
})

test('one that is to be reused stays, and the next one with the same wishes is the same; another process attaches by what JSON has', async () => {
  const wish = () => new PatroniCluster().withSynchronousMode('on').withReuse()
  const first = await started(wish())
  const reference = JSON.parse(JSON.stringify(first))
  await passing(first.stop())
  expect(loadLab(reference.lab)).toBeDefined()
  const again = await started(wish())
  expect(again.getName()).toBe(reference.lab)
  await passing(again.stop())
  const attached = await passing(PatroniCluster.attach(reference, engine as unknown as Docker))
  expect(await passing(attached.getLeader())).toBe('node1')
  await passing(attached.stop())
  expect(loadLab(reference.lab)).toBeDefined()
})

describe('with a reaper', () => {
  test('it is there before the first host is, is given the socket, and is gone when the cluster has been removed', async () => {
    let before: unknown
    prepared = one => {
      one.made = () => {
        before = engine.reaper
      }
    }
    const cluster = await started(new PatroniCluster().withName('mine').withReaper())
    expect(before).toEqual({lab: 'mine', owner: savedOwner('mine'), socket: '/var/run/docker.sock'})
    await passing(cluster.stop())
    expect(engine.reaper).toBeNull()
    expect(loadLab('mine')).toBeUndefined()
  })

  test('one that does not come up takes it along', async () => {
    prepared = one => {
      one.failsAfter = {hosts: 1, error: new LabError('engine', 'docker compose failed')}
    }
    await expect(started(new PatroniCluster().withName('mine').withReaper())).rejects.toThrow('docker compose failed')
    expect(engine.reaper).toBeNull()
  })

  test('one that a reaper has removed is raised as new', async () => {
    const killed = await started(new PatroniCluster().withName('mine').withReuse())
    await passing(killed.stop())
    await engine.world![Symbol.asyncDispose]()
    engine.world = null // what is known about it is still here
    const again = await started(new PatroniCluster().withName('mine').withReaper())
    await passing(again.stop())
    expect(loadLab('mine')).toBeUndefined()
  })

  test('one that is there already stays, and has none', async () => {
    const first = await started(new PatroniCluster().withName('mine').withReuse())
    await passing(first.stop())
    const again = await started(new PatroniCluster().withName('mine').withReaper())
    expect(engine.reaper).toBeNull()
    await passing(again.stop())
    expect(loadLab('mine')).toBeDefined()
  })

  test('a lab that a reaper is removing is waited for, and not used', async () => {
    engine.reaper = {lab: 'mine', owner: 'me', socket: '/var/run/docker.sock'}
    await expect(started(new PatroniCluster().withName('mine'))).rejects.toMatchObject({
      code: 'busy',
      message: expect.stringContaining('waited 60 s for the reaper of lab mine to remove what a program'),
    })
    expect(compose.ups).toEqual([])
  })

  test('one that is to be reused is refused', async () => {
    await expect(started(new PatroniCluster().withReuse().withReaper())).rejects.toThrow(
      'a lab that is to stay has no reaper, which would remove it',
    )
  })
})
