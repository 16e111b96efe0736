/** One lab over several engines in a lab.yaml: which host lies where, what cannot be, and the one file that Compose gets. */
import {describe, expect, test} from 'vitest'
import {differences} from '../../../compose/read-back.ts'
import {composeFile, render, renderPart, withDollarsDoubled} from '../../../compose/render.ts'
import {engineNameOf, engineNames} from '../../../lab/topology/engines.ts'
import {examineTopology, parseTopology} from '../../../lab/topology/topology-file.ts'
import {topologySchema} from '../../../lab/topology/topology-schema.ts'
import {LabError} from '../../../lab/words/errors.ts'
import {allocation, owner, read} from '../../compose/a-lab.ts'
import {fileWith} from '../file-with.ts'

const parse = (text: string, set: readonly string[] = []) => parseTopology('lab.yaml', text, {set})
const two = () => parse('engines: {node2: big, node1: "ssh://me@there", node3: big}\n')

test('a host lies where it is named, and all that is not named on the first engine', () => {
  const topology = two()
  expect(engineNames(topology)).toEqual(['big', 'ssh://me@there'])
  expect(engineNameOf(topology, 'node1')).toBe('ssh://me@there')
  for (const other of ['node2', 'node3', 'proxy1', 'app1', 'observer', 'toString'])
    expect(engineNameOf(topology, other)).toBe('big')
  expect(topologySchema.parse(JSON.parse(JSON.stringify(topology)))).toEqual(topology)
  expect(Object.keys(topologySchema.parse(JSON.parse(JSON.stringify(topology))).engines!)[0]).toBe('node2')
})

test('a lab that names none lies on one, which its topology does not say', () => {
  const topology = parse('profile: fast\n')
  expect(topology).not.toHaveProperty('engines')
  expect([engineNames(topology), engineNameOf(topology, 'node1')]).toEqual([undefined, undefined])
})

test('an engine of a host can be typed over the file', () => {
  const typed = parse('engines: {node1: a1, node2: b1}\n', ['engines.node2=c1'])
  expect(typed.engines).toEqual({node1: 'a1', node2: 'c1'})
})

test.each([
  ['engines: {node1: a1, node9: b1}', 'lab.yaml:1:29: node9 is no host of this lab, which has node1, '],
  ['engines: {node1: a1, node2: "--host=x"}', 'lab.yaml:1:29: an engine is a Docker context, or an address: '],
  ['engines: {node1: 7}', 'lab.yaml:1:18: an engine is a Docker context, or an address: '],
  ['engines: [a1, b1]', 'lab.yaml:1:10: `engines` is a mapping of hosts, each with its Docker engine'],
  ['engines: {node1: a1, node2: a1}', 'lab.yaml:1:10: all hosts would lie on a1: '],
  ['engines: {node1: a1, node2: b1}\nnetwork: internal', 'lab.yaml:2:10: the network over several engines cannot be '],
  [
    'hosts: {n1: [etcd, patroni], p1: [haproxy, keepalived], p2: [haproxy, keepalived], app1: [client]}\nengines: {n1: a1, p1: b1}',
    'lab.yaml:1:34: an overlay network knows the addresses that Docker gave and no others',
  ],
])('%s', (text, says) => {
  const refused = expect.objectContaining({code: 'config', message: expect.stringContaining(says)})
  expect(() => parse(`${text}\n`)).toThrow(refused)
})

test('what an engine does not answer is said where its host is named', () => {
  const at = (text: string, set: readonly string[] = []) => {
    using file = fileWith(text)
    const {toldAt} = examineTopology({topology: file.path, set})
    return toldAt(['engines', 'node2'], new LabError('engine', 'b1 is in no swarm', {hint: 'docker swarm init'}))
  }
  expect(at('engines:\n  node1: a1\n  node2: b1\n')).toMatchObject({
    ...{
      code: 'engine',
      message: expect.stringMatching(/\/lab\.yaml:3:10: b1 is in no swarm$/),
      hint: 'docker swarm init',
    },
  })
  expect(at('engines: {node1: a1}\n', ['engines.node2=b1']).message).toBe('engines.node2: b1 is in no swarm')
})

describe('the compose file', () => {
  const topology = two()
  const given = {...allocation({}, topology), elsewhere: true as const}
  const text = render(topology, given, owner)

  test('has all hosts and no network: that is made in the swarm', () => {
    const {networks, services} = read(text)
    expect(networks).toEqual({lab: {name: 'pgha-lab-demo_lab', ipam: {}, external: true}})
    expect(Object.keys(services)).toEqual(['node1', 'node2', 'node3', 'proxy1', 'app1', 'observer'])
    expect(services.node1).toMatchObject({networks: {lab: {ipv4_address: given.addresses.node1}}})
    for (const {ports = []} of Object.values(services)) for (const port of ports) expect(port.host_ip).toBe('127.0.0.1')
  })

  test('says which hosts lie on which engine', () => {
    expect(text).toContain('#   on big: node2, node3, proxy1, app1, observer\n')
    expect(text).toContain('#   on ssh://me@there: node1\n')
  })

  test('each engine gets what lies on it, with the volumes and configurations of that and no others', () => {
    const parts = engineNames(topology)!.map(engine => read(renderPart(topology, given, owner, engine)))
    expect(parts.map(({services}) => Object.keys(services))).toEqual([
      ['node2', 'node3', 'proxy1', 'app1', 'observer'],
      ['node1'],
    ])
    expect(parts.map(({volumes}) => Object.keys(volumes))).toEqual([['node2', 'node3'], ['node1']])
    expect(Object.keys(parts[1]!.configs)).toEqual(['etcd-node1', 'patroni', 'patroni-node1', 'post-bootstrap'])
    const whole = read(text)
    for (const part of parts) {
      expect(part.networks).toEqual(whole.networks)
      for (const [name, one] of Object.entries(part.services)) expect(one).toEqual(whole.services[name])
    }
  })

  test('is read back as it is meant', () => {
    const meant = composeFile(topology, given, owner)
    expect(differences(meant, withDollarsDoubled(meant))).toEqual([])
    const own = {...meant, networks: {lab: {name: 'pgha-lab-demo_lab', ipam: {}, external: false}}}
    expect(differences(meant, withDollarsDoubled(own)).map(({path}) => path.join('.'))).toEqual([
      'networks.lab.external',
    ])
  })
})
