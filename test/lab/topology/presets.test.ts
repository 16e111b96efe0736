/** The topologies that come with the lab: each is what its file says, can be raised again by its name, and reaches the configurations. */
import {describe, expect, test} from 'vitest'
import {parse} from 'yaml'
import {composeFile, render} from '../../../compose/render.ts'
import {raisingOf} from '../../../lab/topology/as-set.ts'
import {entries} from '../../../lab/topology/entries.ts'
import {hostsWith, portOf} from '../../../lab/topology/topology.ts'
import {loadTopology, parseTopology, presetsOf, usualPreset} from '../../../lab/topology/topology-file.ts'
import {allocation, owner} from '../../compose/a-lab.ts'

const presets = presetsOf()

test('the usual one is first, and a file that says nothing of hosts has its', () => {
  expect(presets[0]!.name).toBe(usualPreset)
  expect(parseTopology('lab.yaml', 'profile: default\n')).toEqual(presets[0]!.topology)
})

describe.each(presets)('$name', ({name, about, topology}) => {
  test('says what it is for, in a sentence', () => expect(about).toMatch(/^\S.{30,200}\.$/))

  test('is raised again as it is, with whatever was set beside it', () => {
    for (const set of [[], ['patroni.ttl=25s', 'postgresql.parameters.work_mem=8MB', 'haproxy.fall=5']])
      for (const profile of ['default', 'fast'] as const) {
        if (profile === 'default' && set.length > 0) continue // 25s is too little for it
        const raised = loadTopology({topology: name, profile, set})
        const {file, profile: other, set: beyond} = raisingOf(raised, undefined)!
        expect(loadTopology({topology: file, profile: other, set: beyond})).toEqual(raised)
      }
  })

  test('is a file that Compose reads as it was meant', () => {
    const read = parse(render(topology, allocation({}, topology), owner)) as {services: object}
    expect(Object.keys(read.services)).toEqual(
      Object.keys(composeFile(topology, allocation({}, topology), owner).services),
    )
  })
})

test('scope, namespace and ports are those of every configuration', () => {
  const topology = loadTopology({topology: 'proxy-per-node'})
  const {configs} = composeFile(topology, allocation({}, topology), owner)
  const patroni = parse(configs.patroni!.content)
  expect(patroni).toMatchObject({
    scope: 'region_one',
    namespace: '/patroni_test/',
    postgresql: {listen: '0.0.0.0:6432'},
  })
  expect(configs.haproxy!.content).toMatch(/^ {4}bind \*:5432$/m)
  expect(configs.haproxy!.content).toMatch(/^ {4}server node1 [\d.]+:6432 check port 8008$/m)
  expect(entries(topology)).toMatchObject({
    primary: {hosts: ['node1', 'node2', 'node3'], port: 5432},
    members: {hosts: ['node1', 'node2', 'node3'], port: 6432},
  })
  expect(portOf(topology, 'node1', 'postgres')).toBe(6432)
  expect(hostsWith(topology, 'haproxy')).toHaveLength(3)
})

test.each([
  ['postgresql: {port: 5000}', /^lab\.yaml:1:20: postgres and primary would both listen on port 5000 of node1$/m],
  ['haproxy: {port: 5432}', /^lab\.yaml:1:17: postgres and primary would both listen on port 5432 of node1$/m],
  ['haproxy: {stats_port: 5000}', /^lab\.yaml:1:23: primary and stats would both listen on port 5000 of node1$/m],
])('two services on one port of a host are refused: %s', (written, says) => {
  expect(() =>
    parseTopology('lab.yaml', `${written}\nhosts: {node1: [etcd, patroni, haproxy], app1: [client]}\n`),
  ).toThrow(says)
})

test.each(['postgresql.port=80', 'haproxy.port=70000', 'patroni.scope=a/b', 'patroni.namespace=service'])(
  '--set %s is refused',
  set => {
    expect(() => loadTopology({set: [set]})).toThrow(`--set ${set}: `)
  },
)
