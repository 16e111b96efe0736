/** What a scenario needs of hosts is whom it means, and what its author says besides. */
import {expect, test} from 'vitest'
import {fewestFor, meant, type Roles, selectors} from '../../../lab/cluster/selector.ts'
import {bind} from '../../../lab/scenario/bind.ts'
import {loadScenario, parseScenario, scenarioNames} from '../../../lab/scenario/index.ts'
import {hostsWith, type Topology} from '../../../lab/topology/topology.ts'
import {parseTopology} from '../../../lab/topology/topology-file.ts'

const usual = parseTopology('lab.yaml', 'profile: fast\n')
const hosts = (etcd: number, postgres: number): Topology => ({
  ...usual,
  hosts: [
    ...Array.from({length: etcd}, (_, index) => ({name: `etcd${index + 1}`, services: ['etcd'] as const})),
    ...Array.from({length: postgres}, (_, index) => ({name: `pg${index + 1}`, services: ['patroni'] as const})),
    ...usual.hosts.filter(({services}) => services.some(one => one === 'haproxy' || one === 'client')),
  ],
})

/** Whoever leads; one standby is synchronous where there are others beside it. */
function rolesIn(topology: Topology, isSync: boolean): Roles {
  const [leader = null, ...replicas] = hostsWith(topology, 'patroni')
  return {
    leader,
    etcdLeader: hostsWith(topology, 'etcd')[0] ?? null,
    addressHolders: hostsWith(topology, 'haproxy').slice(0, 1),
    standbyLeader: topology.standbyCluster?.hosts[0] ?? null,
    replicas: replicas.map((host, index) => ({host, sync: isSync && index === 0})),
  }
}

/** Selectors that need more than hosts: a topology that has it. */
const besides: Readonly<Partial<Record<(typeof selectors)[number], Partial<Topology>>>> = {
  'cascade-source': {tags: {pg3: {replicatefrom: 'pg2'}}},
  'standby-leader': {standbyCluster: {scope: 'other', hosts: ['pg1']}},
  'standby-cluster': {standbyCluster: {scope: 'other', hosts: ['pg1']}},
}

test.each(selectors)('%s means somebody on as few hosts as are said, and nobody on one fewer', selector => {
  const means = (etcd: number, postgres: number) => {
    const topology = {...hosts(etcd, postgres), ...besides[selector]}
    return [true, false].some(isSync => (meant(topology, selector, rolesIn(topology, isSync)) ?? []).length > 0)
  }
  const {etcd, postgres} = fewestFor([selector])
  expect(means(etcd, postgres)).toBe(true)
  if (etcd > 1) expect(means(etcd - 1, postgres)).toBe(false)
  if (postgres > 1) expect(means(etcd, postgres - 1)).toBe(false)
})

const scenario = (on: string, needs = '') =>
  parseScenario(
    'mine.yaml',
    `about: Something happens to somebody.\n${needs}clients: [{writers: 1, rate: 100/s, through: primary}]
steps: [{inject: kill, what: host, on: ${on}, as: it}, {hold: 5s}]\nexpect: [{recovered: {within: 1m}}]\n`,
  )

test('a scenario needs the hosts that it means, and more where it says so', () => {
  expect(scenario('leader').needs).toEqual({postgres: 1, etcd: 1})
  expect(scenario('other-replica').needs).toEqual({postgres: 3, etcd: 1})
  expect(scenario('etcd-follower').needs).toEqual({postgres: 1, etcd: 2})
  expect(scenario('replica', 'needs: {postgres: 4}\n').needs).toEqual({postgres: 4, etcd: 1})
})

test('with one host of etcd all can be played but what is about a member that others outlive', () => {
  const single = hosts(1, 3)
  const refused = scenarioNames().filter(name => {
    const {needs} = loadScenario(name)
    return needs.etcd > 1
  })
  expect(refused).toEqual([
    'etcd-defrag',
    'etcd-member-down',
    'etcd-replace-member',
    'etcd-rolling-restart',
    'kill-etcd-leader',
    'minor-update',
    'two-hosts-die',
  ])
  expect(bind(loadScenario('stop-leader'), single).topology.hosts).toEqual(single.hosts)
})
