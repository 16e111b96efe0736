import {expect, test} from 'vitest'
import {proxiesOf, renderStatus, type StatusSeen} from '../../../cli/render/status-text.ts'
import type {Health, Route} from '../../../lab/cluster/health.ts'
import type {Member} from '../../../lab/cluster/members.ts'
import type {Modes} from '../../../lab/cluster/modes.ts'
import {loadTopology} from '../../../lab/topology/topology-file.ts'

const topology = loadTopology({profile: 'fast'})
const replica: Member = {
  host: 'node2',
  container: 'running',
  role: 'replica',
  state: 'streaming',
  timeline: 1,
  lagBytes: 0,
  sync: true,
}
const members: readonly Member[] = [
  {...replica, host: 'node1', role: 'leader', state: 'running', lagBytes: null, sync: null},
  replica,
  {...replica, host: 'node3', lagBytes: 1_234_567, sync: false},
]
const routes: readonly Route[] = [
  {proxy: 'proxy1', backend: 'primary', server: 'node1', up: true},
  {proxy: 'proxy1', backend: 'primary', server: 'node2', up: false},
  {proxy: 'proxy1', backend: 'replicas', server: 'node1', up: false},
  {proxy: 'proxy1', backend: 'replicas', server: 'node2', up: true},
  {proxy: 'proxy1', backend: 'replicas', server: 'node3', up: true},
]
const healthy: Health = {healthy: true, complaints: [], leader: 'node1', members, routes}
const plain: Modes = {
  synchronousMode: 'off',
  failsafe: {on: false, inForce: false},
  paused: false,
  watchdog: {setting: 'off', active: [], unknown: []},
}
const text = (more: Partial<StatusSeen> = {}, width = 80) =>
  renderStatus({name: 'lab', topology, health: healthy, modes: plain, ...more}, width)
const ofModes = (modes: Partial<Modes>, health: Partial<Health> = {}) =>
  text({modes: {...plain, ...modes}, health: {...healthy, ...health}})

test('a healthy lab: who leads, who streams how far, who is waited for, the modes, and whom the proxy sends where', () => {
  expect(ofModes({synchronousMode: 'on', watchdog: {setting: 'required', active: ['node1'], unknown: []}})).toBe(
    `\
lab lab (fast: ttl 20 loop_wait 1 retry_timeout 3): healthy
  member  role     state      TL  lag     sync
  node1   leader   running    1   -       -
  node2   replica  streaming  1   0 B     sync
  node3   replica  streaming  1   1.2 MB  async

  synchronous  on, standby node2
  watchdog     required, active on node1
  failsafe     off
  maintenance  off
  proxy1       5000 primary: node1 up
               5001 replicas: node2, node3 up
`,
  )
})

test.each([
  [
    {synchronousMode: null, failsafe: null, paused: null},
    {},
    /synchronous +no Patroni tells\n.*\n +failsafe +no Patroni tells\n +maintenance +no Patroni tells\n/,
  ],
  [
    {synchronousMode: 'quorum'},
    {members: members.map(one => ({...one, sync: true}))},
    /synchronous +quorum, standbys node1, node2, node3\n/,
  ],
  [{synchronousMode: 'strict'}, {members: []}, /synchronous +strict, no standby\n/],
  [
    {synchronousMode: 'on'},
    {members: [], leader: null},
    /synchronous +on; the standbys are the leader's to tell, and there is none\n/,
  ],
  [{failsafe: {on: true, inForce: true}}, {}, /failsafe +on, in force: etcd is away\n/],
  [{paused: true}, {}, /maintenance +on: Patroni leaves the cluster alone/],
  [
    {watchdog: {setting: 'automatic', active: [], unknown: ['node2']}},
    {},
    /watchdog +automatic, active nowhere; not told by node2\n/,
  ],
] as const)('%j is told as what it means', (modes, health, says) => {
  expect(ofModes(modes, health)).toMatch(says)
})

test('a host that is down or frozen is told where its state would be', () => {
  const [leader] = members
  const down = {...replica, container: 'exited', role: null, state: null, timeline: null, lagBytes: null, sync: null}
  const frozen = {...down, host: 'node3', container: 'paused'}
  const said = ofModes({}, {members: [leader!, down, frozen]})
  expect(said).toMatch(/^ {2}node2 {3}- {7}host down {4}- {3}\? {4}-$/m)
  expect(said).toMatch(/^ {2}node3 {3}- {7}host paused {2}- {3}\? {4}-$/m)
})

test('every proxy is there, also one that does not answer and one that reaches nobody', () => {
  const two = {...topology, hosts: [...topology.hosts, {name: 'proxy2', services: ['haproxy' as const]}]}
  expect(proxiesOf(two, routes)[1]).toEqual({proxy: 'proxy2', backends: null})
  expect(text({topology: two})).toMatch(/^ {2}proxy2 +does not answer$/m)
  const all = routes.map(route => ({...route, up: false}))
  expect(ofModes({}, {routes: all})).toMatch(/^ {2}proxy1 +5000 primary: nobody up\n +5001 replicas: nobody up$/m)
})

test('no line is longer than 80 columns, whatever the lab and its hosts are called and whatever is wrong', () => {
  const long = (index: number) => `a-host-of-21-letter-${index}`
  const named = members.concat(members, members).map((one, index) => ({...one, host: long(index), lagBytes: 999_999}))
  const worst = {...named[0]!, role: 'uninitialized', state: 'in archive recovery'}
  const servers = named.flatMap(({host}) => [
    {proxy: 'proxy1', backend: 'primary' as const, server: host, up: true},
    {proxy: 'proxy1', backend: 'replicas' as const, server: host, up: true},
  ])
  const complaints = named.map(({host}) => `the host ${host} is down`)
  const health = {healthy: false, complaints, leader: null, members: [worst, ...named], routes: servers}
  const said = text({name: 'a-lab-with-a-name-of-31-letters', health, modes: {...plain, synchronousMode: 'quorum'}})
  expect(Math.max(...said.split('\n').map(line => line.length))).toBeLessThanOrEqual(80)
  expect(said).toContain(long(8))
})

test('a replica that streams from another one says from which', () => {
  const cascade = members.map(one => ({...one, source: {node1: null, node2: 'node1', node3: 'node2'}[one.host]!}))
  expect(ofModes({}, {members: cascade})).toContain(`\
  node2   replica  streaming             1   0 B     sync
  node3   replica  streaming from node2  1   1.2 MB  async
`)
})
