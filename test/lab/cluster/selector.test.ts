/** Whom a step means, where what is done to it is not permitted to everybody. */
import fc from 'fast-check'
import {expect, test} from 'vitest'
import {meant, resolve} from '../../../lab/cluster/selector.ts'
import {Lab} from '../../../lab/engine/lab.ts'
import {faults} from '../../../lab/faults/index.ts'
import type {Answer} from '../../../lab/observer/ask.ts'
import {loadTopology} from '../../../lab/topology/topology-file.ts'
import {FakeEngine} from '../fake/engine.ts'
import {allocationOf} from '../fake/lab.ts'

const topology = loadTopology({profile: 'fast'})
const replicas = ['node2', 'node3'] as const

interface Cluster {
  readonly config: object
  /** What `/sync` says when it is read for the first time, the second, ...; the last for ever. */
  readonly standbys: readonly (readonly string[])[]
  readonly tags?: Readonly<Record<string, object>>
}

/** node1 leads, the others stream. */
function labOf({config, standbys, tags = {}}: Cluster): Lab {
  let looks = 0
  const base64 = (text: string) => Buffer.from(text).toString('base64')
  const pair = (key: string, value: unknown) => ({
    key: base64(`/service/pgha/${key}`),
    value: base64(typeof value === 'string' ? value : JSON.stringify(value)),
    mod_revision: '7',
    create_revision: '7',
    lease: '0',
  })
  const answer = (host: string, service: string): Answer => {
    if (service === 'etcd') {
      const waited = standbys[Math.min(looks++, standbys.length - 1)] ?? []
      const kvs = [
        pair('leader', 'node1'),
        pair('config', config),
        pair('sync', {leader: 'node1', sync_standby: waited.join(',')}),
        ...replicas.map(name => pair(`members/${name}`, {role: 'replica', tags: tags[name] ?? {}})),
      ]
      return {code: 200, body: JSON.stringify({header: {revision: '7', raft_term: '2'}, kvs})}
    }
    if (service !== 'patroni') return {code: 503, body: ''}
    const is =
      host === 'node1' ? {role: 'primary', state: 'running'} : {role: 'replica', replication_state: 'streaming'}
    return {code: 200, body: JSON.stringify({...is, timeline: 1})}
  }
  return new (class extends Lab {
    override async ask(host: string, service: string): Promise<Answer> {
      return answer(host, service)
    }
  })(new FakeEngine(), topology, allocationOf(topology, {}))
}

const fits = (params: object) => faults.switchover!.fits?.({refused: false, ...params})

test.each([
  ['the synchronous standby', {synchronous_mode: true}, [['node3']], {}, 'node3'],
  ['it in strict mode', {synchronous_mode: true, synchronous_mode_strict: true}, [['node3']], {}, 'node3'],
  ['the first of two', {synchronous_mode: true}, [['node2', 'node3']], {}, 'node2'],
  ['the one that is named a moment later', {synchronous_mode: true}, [[], [], ['node3']], {}, 'node3'],
  ['any in quorum mode', {synchronous_mode: 'quorum'}, [['node3']], {}, 'node2'],
  ['any without synchronous mode', {}, [[]], {}, 'node2'],
  ['none that is tagged nofailover', {}, [[]], {node2: {nofailover: true}}, 'node3'],
  ['none of priority 0', {}, [[]], {node2: {failover_priority: 0}}, 'node3'],
] as const)('a switchover to a replica means %s', async (_, config, standbys, tags, host) => {
  expect(await resolve(labOf({config, standbys, tags}), 'replica', fits({}))).toEqual([host])
})

test('whom a person names, or means by another word, it is: Patroni may refuse it', async () => {
  const lab = labOf({config: {synchronous_mode: true}, standbys: [['node3']]})
  expect(await resolve(lab, 'node2', fits({}))).toEqual(['node2'])
  expect(await resolve(lab, 'other-replica', fits({}))).toEqual(['node2'])
  expect(await resolve(lab, 'leader', fits({}))).toEqual(['node1'])
  expect(fits({refused: true})).toBeUndefined()
  expect(await resolve(lab, 'replica')).toEqual(['node2'])
})

test('whatever the cluster is like, a replica is one that Patroni permits if there is one (100 clusters)', async () => {
  const mode = fc.constantFrom({}, {synchronous_mode: true}, {synchronous_mode: 'quorum'})
  const tag = fc.constantFrom({}, {nofailover: true}, {failover_priority: 0}, {failover_priority: 2})
  await fc.assert(
    fc.asyncProperty(mode, fc.shuffledSubarray([...replicas]), tag, tag, async (config, waited, node2, node3) => {
      const tags = {node2, node3}
      const free = (host: 'node2' | 'node3') =>
        !('nofailover' in tags[host]) && (tags[host] as {failover_priority?: number}).failover_priority !== 0
      const isSynchronous = 'synchronous_mode' in config && config.synchronous_mode === true
      const permitted = replicas.filter(host => free(host) && (!isSynchronous || waited.includes(host)))
      fc.pre(permitted.length > 0)
      const [host] = await resolve(labOf({config, standbys: [waited], tags}), 'replica', fits({}))
      expect(permitted).toContain(host)
    }),
    {numRuns: 100},
  )
})

test('the source of a cascade is a replica from which another one streams by its tag', () => {
  const cascade = loadTopology({topology: 'cascade', profile: 'fast'})
  const among = (...hosts: readonly string[]) =>
    meant(cascade, 'cascade-source', {
      ...{leader: 'node1', etcdLeader: null},
      replicas: hosts.map(host => ({host, sync: null})),
    })
  expect(among('node2', 'node3', 'node4')).toEqual(['node3'])
  expect(among('node2', 'node4')).toEqual([])
  expect(among('node2', 'node3')).toEqual([])
})
