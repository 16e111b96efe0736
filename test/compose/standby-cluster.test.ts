/** Two clusters in one lab: each host's configurations are those of its own, and only the second follows anybody. */
import {expect, test} from 'vitest'
import {parse} from 'yaml'
import {composeFile} from '../../compose/render.ts'
import {loadTopology} from '../../lab/topology/topology-file.ts'
import {allocation, owner} from './a-lab.ts'

const topology = loadTopology({topology: 'standby-cluster'})
const given = allocation({}, topology)
const {configs, services} = composeFile(topology, given, owner)
const at = (host: string) => given.addresses[host]!
const text = (config: string) => configs[config]!.content

test('each etcd is a cluster of its own', () => {
  const own = (host: string) => parse(text(`etcd-${host}`)) as Record<string, string>
  expect(own('etcd1')).toMatchObject({
    'initial-cluster': `etcd1=http://${at('etcd1')}:2380`,
    'initial-cluster-token': 'pgha-lab-demo',
  })
  expect(own('etcd2')).toMatchObject({
    'initial-cluster': `etcd2=http://${at('etcd2')}:2380`,
    'initial-cluster-token': 'pgha-lab-demo-pgha-standby',
  })
})

test("the second's Patroni has its own scope and etcd, and follows whichever member of the first takes writes", () => {
  const [first, second] = ['patroni', 'patroni_standby'].map(name => parse(text(name)))
  expect(first).toMatchObject({scope: 'pgha', etcd3: {hosts: [`${at('etcd1')}:2379`]}})
  expect(first.bootstrap.dcs).not.toHaveProperty('standby_cluster')
  for (const {bootstrap} of [first, second])
    expect(bootstrap.dcs.slots).toEqual({standby_cluster: {type: 'physical', cluster_type: 'primary'}})
  expect(second).toMatchObject({
    scope: 'pgha-standby',
    etcd3: {hosts: [`${at('etcd2')}:2379`]},
    bootstrap: {
      dcs: {standby_cluster: {host: `${at('node1')},${at('node2')}`, port: 5432, primary_slot_name: 'standby_cluster'}},
    },
    postgresql: {create_replica_methods: ['basebackup']},
  })
  const patroniOf = (host: string) =>
    services[host]!.configs!.find(one => one.target === '/etc/patroni/patroni.yml')!.source
  expect(['node1', 'node2', 'node3', 'node4'].map(patroniOf)).toEqual([
    ...['patroni', 'patroni', 'patroni_standby', 'patroni_standby'],
  ])
})

test('a proxy leads to the members of its own cluster', () => {
  const servers = (config: string) =>
    [...text(config).matchAll(/^ {4}server (\S+)/gm)].map(([, name]) => name).slice(0, 2)
  expect(servers('haproxy')).toEqual(['node1', 'node2'])
  expect(servers('haproxy_standby')).toEqual(['node3', 'node4'])
})
