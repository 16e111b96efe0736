import fc from 'fast-check'
import {describe, expect, test} from 'vitest'
import {cutsOf, type Partition, spared, stopped} from '../../../lab/breaking/cuts.ts'
import type {Host, Topology} from '../../../lab/topology/topology.ts'
import {quickRun, topologyOf} from '../checks/history-builder.ts'

/** Three hosts with etcd and Patroni each, proxy1 and app1. */
const together = topologyOf(quickRun)

function topology(hosts: Readonly<Record<string, Host['services']>>): Topology {
  return {...together, hosts: Object.entries(hosts).map(([name, services]) => ({name, services}))}
}

const apart = topology({
  etcd1: ['etcd'],
  etcd2: ['etcd'],
  etcd3: ['etcd'],
  node1: ['patroni'],
  node2: ['patroni'],
  proxy1: ['haproxy'],
  app1: ['client'],
})

function cuts(where: Topology, partition: Partial<Partition> & Pick<Partition, 'on'>) {
  return Object.fromEntries(cutsOf(where, {from: null, services: null, ways: 'both', shape: 'split', ...partition}))
}

describe('a split', () => {
  test('cuts a host from every other one, the proxies and the clients included', () => {
    expect(cuts(together, {on: ['node2']})).toEqual({
      node2: [{service: null, end: 'either', ways: 'both', peers: ['node1', 'node3', 'proxy1', 'app1']}],
    })
  })

  test('never cuts a host from itself, nor the hosts of one side from each other', () => {
    expect(cuts(together, {on: ['node1', 'node2'], from: ['node2', 'node3']})).toEqual({
      node1: [{service: null, end: 'either', ways: 'both', peers: ['node2', 'node3']}],
      node2: [{service: null, end: 'either', ways: 'both', peers: ['node3']}],
    })
    expect(cuts(together, {on: ['node1', 'node2']})).toMatchObject({
      node1: [{peers: ['node3', 'proxy1', 'app1']}],
      node2: [{peers: ['node3', 'proxy1', 'app1']}],
    })
  })

  test('from etcd takes the member beside Patroni with it, which goes on serving others and its own cluster', () => {
    const leaderFromEtcd = {
      node1: [{service: 'etcd', end: 'client', ways: 'both', peers: ['node2', 'node3', 'node1']}],
    }
    expect(cuts(together, {on: ['node1'], services: ['etcd']})).toEqual(leaderFromEtcd)
    const named = cuts(together, {on: ['node1'], from: ['node1', 'node2', 'node3'], services: ['etcd']})
    expect(named).toMatchObject({node1: [{end: 'client', peers: ['node1', 'node2', 'node3']}]})
  })

  test('of etcd on hosts of its own cuts its users on one side, its server on the other', () => {
    expect(cuts(apart, {on: ['node1'], services: ['etcd']})).toEqual({
      node1: [{service: 'etcd', end: 'client', ways: 'both', peers: ['etcd1', 'etcd2', 'etcd3']}],
    })
    expect(cuts(apart, {on: ['etcd1'], services: ['etcd', 'etcd-peer']})).toEqual({
      etcd1: [
        {service: 'etcd', end: 'server', ways: 'both', peers: ['node1', 'node2']},
        {service: 'etcd-peer', end: 'either', ways: 'both', peers: ['etcd2', 'etcd3']},
      ],
    })
  })

  test('of replication is between the hosts of Patroni, and leaves the proxy and the clients alone', () => {
    expect(cuts(together, {on: ['node1'], services: ['replication']})).toMatchObject({
      node1: [{service: 'replication', end: 'either', peers: ['node2', 'node3']}],
    })
    expect(cuts(together, {on: ['proxy1'], from: ['node1'], services: ['postgres', 'patroni']})).toMatchObject({
      proxy1: [
        {service: 'postgres', peers: ['node1']},
        {service: 'patroni', peers: ['node1']},
      ],
    })
  })

  test("of the clients' host is kept by whom it is cut from, with the ways turned round", () => {
    expect(cuts(together, {on: ['app1'], from: ['node1', 'proxy1'], ways: 'out'})).toEqual({
      node1: [{service: null, end: 'either', ways: 'in', peers: ['app1']}],
      proxy1: [{service: null, end: 'either', ways: 'in', peers: ['app1']}],
    })
  })

  test.each<[string, Partial<Partition> & Pick<Partition, 'on'>, RegExp]>([
    [
      'a proxy from etcd',
      {on: ['proxy1'], services: ['etcd']},
      /proxy1 and the other hosts have no connection for etcd/,
    ],
    ['a host from itself', {on: ['node1'], from: ['node1']}, /there are not two sides/],
    ['a ring of three', {on: ['node1', 'node2', 'node3'], shape: 'ring'}, /a ring takes four hosts or more/],
    ['one half', {on: ['node1'], shape: 'halves'}, /there are not two sides/],
  ])('that would cut nothing is an error: %s', (_, partition, says) =>
    expect(() => cuts(together, partition)).toThrow(says),
  )
})

const hosts = (count: number) => Array.from({length: count}, (_, index) => `node${index + 1}`)
const many = (count: number) => topology(Object.fromEntries(hosts(count).map(name => [name, ['etcd', 'patroni']])))

/** Whom each host still sees, itself included. */
function seenBy(count: number, shape: Partition['shape']): ReadonlyMap<string, ReadonlySet<string>> {
  const seen = new Map(hosts(count).map(name => [name, new Set(hosts(count))]))
  for (const [host, own] of Object.entries(cuts(many(count), {on: hosts(count), shape})))
    for (const peer of own.flatMap(cut => cut.peers)) {
      seen.get(host)?.delete(peer)
      seen.get(peer)?.delete(host)
    }
  return seen
}

describe("Jepsen's shapes", () => {
  test('halves: the first is the smaller one', () => {
    expect(seenBy(5, 'halves')).toEqual(
      new Map([
        ...hosts(2).map(name => [name, new Set(['node1', 'node2'])] as const),
        ...hosts(5)
          .slice(2)
          .map(name => [name, new Set(['node3', 'node4', 'node5'])] as const),
      ]),
    )
  })

  test('bridge: one host in the middle sees both halves', () => {
    const seen = seenBy(5, 'bridge')
    expect(seen.get('node3')?.size).toBe(5)
    expect(seen.get('node1')).toEqual(new Set(['node1', 'node2', 'node3']))
    expect(seen.get('node5')).toEqual(new Set(['node3', 'node4', 'node5']))
    expect([...seenBy(3, 'bridge').values()].map(one => one.size)).toEqual([2, 3, 2])
  })

  test('ring: every host sees a majority, no two the same one, and whoever is seen sees back', () => {
    fc.assert(
      fc.property(fc.integer({min: 4, max: 15}), count => {
        const seen = seenBy(count, 'ring')
        for (const [host, others] of seen) {
          expect(others.size).toBeGreaterThan(count / 2)
          expect(others.size).toBeLessThan(count)
          for (const other of others) expect(seen.get(other)?.has(host)).toBe(true)
        }
        const views = [...seen.values()].map(one => [...one].toSorted().join())
        expect(new Set(views).size).toBe(count)
      }),
    )
  })
})

describe('the proof of a partition', () => {
  const of = (where: Topology, partition: Partial<Partition> & Pick<Partition, 'on'>) => {
    const own = cutsOf(where, {from: null, services: null, ways: 'both', shape: 'split', ...partition})
    return {
      stopped: stopped(where, own).map(({from, to, port}) => `${from}>${to}:${port}`),
      spared: spared(where, own).map(({from, to, port}) => `${from}>${to}:${port}`),
    }
  }

  test('asks in both directions, and of hosts without a service on a port that would answer with a reset', () => {
    expect(of(together, {on: ['node1'], from: ['node2', 'app1']})).toEqual({
      stopped: ['node1>node2:2379', 'node2>node1:2379', 'node1>app1:9', 'app1>node1:2379'],
      spared: [],
    })
  })

  test('asks the member on the host itself once, and the other members for what they still must answer', () => {
    expect(of(together, {on: ['node1'], services: ['etcd']})).toEqual({
      stopped: ['node1>node2:2379', 'node1>node3:2379', 'node1>node1:2379'],
      spared: ['node1>node2:2380', 'node1>node3:2380'],
    })
  })

  test('asks only for services that a host has', () => {
    expect(of(together, {on: ['proxy1'], from: ['node1'], services: ['postgres']})).toEqual({
      stopped: ['proxy1>node1:5432'],
      spared: ['proxy1>node1:2379'],
    })
  })
})
