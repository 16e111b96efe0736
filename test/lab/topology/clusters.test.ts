import {expect, test} from 'vitest'
import {areTogether, clusterOf, clusters, firstCluster, keyPrefix, within} from '../../../lab/topology/clusters.ts'
import {entries} from '../../../lab/topology/entries.ts'
import {hostsWith} from '../../../lab/topology/topology.ts'
import {loadTopology, parseTopology} from '../../../lab/topology/topology-file.ts'

test('a topology has one cluster: every host with Patroni, and keys that begin with its scope', () => {
  const all = clusters(loadTopology({}))
  expect(all).toEqual([{scope: 'pgha', namespace: '/service/', members: ['node1', 'node2', 'node3']}])
  expect(keyPrefix(all[0])).toBe('/service/pgha/')
})

test('of one cluster a topology is its own, and every host belongs to it', () => {
  const one = loadTopology({})
  expect(firstCluster(one)).toBe(one)
  expect(within(one, clusters(one)[0])).toBe(one)
  expect(clusterOf(one, 'proxy1').scope).toBe('pgha')
})

const two = loadTopology({topology: 'standby-cluster'})

test("a standby cluster has members, an etcd and proxies of its own, and keys that are not the first one's", () => {
  const [first, standby] = clusters(two)
  expect(first).toEqual({scope: 'pgha', namespace: '/service/', members: ['node1', 'node2']})
  expect(standby).toEqual({scope: 'pgha-standby', namespace: '/service/', members: ['node3', 'node4'], standby: true})
  expect([first, standby!].map(keyPrefix)).toEqual(['/service/pgha/', '/service/pgha-standby/'])
  expect(clusterOf(two, 'proxy2')).toEqual(standby)
  expect(clusterOf(two, 'app1')).toEqual(first)
  const own = within(two, standby!)
  expect(own.hosts.map(one => one.name)).toEqual(['etcd2', 'node3', 'node4', 'proxy2'])
  expect(clusters(own)).toEqual([{scope: 'pgha-standby', namespace: '/service/', members: ['node3', 'node4']}])
  expect(hostsWith(firstCluster(two), 'etcd')).toEqual(['etcd1'])
  expect([areTogether(two, 'proxy2', 'node3'), areTogether(two, 'proxy2', 'node1')]).toEqual([true, false])
})

test("the ways in are the first cluster's; who knows all members knows those of both", () => {
  expect(entries(two)).toMatchObject({
    primary: {hosts: ['proxy1']},
    replicas: {hosts: ['proxy1']},
    members: {hosts: ['node1', 'node2', 'node3', 'node4']},
  })
})

const hosts =
  'hosts: {e1: [etcd], n1: [patroni], p1: [haproxy], e2: [etcd], n2: [patroni], p2: [haproxy], app1: [client]}\n'

test.each([
  ['standby_cluster: {hosts: [e2, n2, p3]}', /^lab\.yaml:2:\d+: p3 is no host of this lab$/m],
  ['standby_cluster: {hosts: [n2, p2]}', /^lab\.yaml:2:\d+: 0 of its hosts run etcd; a standby cluster has 1 to 7$/m],
  [
    'standby_cluster: {hosts: [e2, p2]}',
    /^lab\.yaml:2:\d+: 0 of its hosts run patroni; a standby cluster has 1 to 9$/m,
  ],
  [
    'standby_cluster: {hosts: [e2, n2]}',
    /^lab\.yaml:2:\d+: 0 of its hosts run haproxy; a standby cluster has 1 to 9$/m,
  ],
  ['standby_cluster: {hosts: [e2, n2, p2, app1]}', /the clients belong to neither cluster: leave their host out$/m],
  ['standby_cluster: {hosts: [e1, e2, n2, p2]}', /0 hosts run etcd; beside its standby cluster a lab has 1 to 7$/m],
  [
    'standby_cluster: {scope: pgha, hosts: [e2, n2, p2]}',
    /^lab\.yaml:2:\d+: the first cluster has the scope pgha already$/m,
  ],
  ['standby_cluster: {hosts: []}', /a standby cluster without hosts is none/],
  [
    'standby_cluster: {hosts: [e2, n2, p2]}\npatroni: {tags: {n1: {replicatefrom: n2}}}',
    /n2 is no other member to replicate from/,
  ],
  ['standby_cluster: {hosts: [e2, n2, p2]}\npatroni: {tags: {n2: {nofailover: true}}}', /nobody could ever lead/],
])('what cannot be a standby cluster is refused: %s', (written, says) => {
  expect(() => parseTopology('lab.yaml', `${hosts}${written}\n`)).toThrow(says)
})

test.each([
  ['nofailover: true, failover_priority: 3', 'failover_priority: nofailover says otherwise, and counts'],
  ['nofailover: false, failover_priority: 0', 'failover_priority: nofailover says otherwise, and counts'],
  ['nosync: true, sync_priority: 2', 'sync_priority: nosync says otherwise, and counts'],
])('tags that contradict each other are refused with the place: %s', (tags, says) => {
  expect(() => parseTopology('lab.yaml', `patroni: {tags: {node1: {${tags}}}}\n`)).toThrow(
    new RegExp(`^lab\\.yaml:1:\\d+: .*${says.split(': ')[1]}`, 'm'),
  )
})

test('tags that agree are taken', () => {
  const tags = {node1: {nofailover: true, failover_priority: 0}}
  expect(parseTopology('lab.yaml', `patroni: {tags: ${JSON.stringify(tags)}}\n`).tags).toEqual(tags)
})

test('--set says its hosts as a list', () => {
  const set = ['hosts.e2=etcd', 'hosts.n2=patroni', 'hosts.p2=haproxy', 'standby_cluster.hosts=e2,n2,p2']
  expect(loadTopology({set}).standbyCluster).toEqual({scope: 'pgha-standby', hosts: ['e2', 'n2', 'p2']})
})
