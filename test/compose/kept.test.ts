/** What a lab.yaml keeps of somebody's cluster stands in the files that its programs read. */
import {spawnSync} from 'node:child_process'
import {readFileSync} from 'node:fs'
import {describe, expect, test} from 'vitest'
import {parse} from 'yaml'
import {composeFile, render} from '../../compose/render.ts'
import {parseTopology} from '../../lab/topology/topology-file.ts'
import {topologySchema} from '../../lab/topology/topology-schema.ts'
import {fileWith} from '../lab/file-with.ts'
import {allocation, owner, patroniYml, read} from './a-lab.ts'

const text = `
hosts: {node1: [etcd, patroni], node2: [etcd, patroni], proxy1: [haproxy], app1: [client]}
network: internal
stand_ins: [archive_command, restore_command, on_role_change, pre_promote, post_bootstrap]
patroni:
  synchronous_node_count: 2
  maximum_lag_on_syncnode: -1
  primary_stop_timeout: 40s
  use_pg_rewind: off
  use_slots: off
  tags: {node2: {nofailover: true, replicatefrom: node1}}
etcd: {heartbeat_interval: 200ms, election_timeout: 2s, quota: 32MB}
haproxy: {check_primary: tcp, check_replicas: "/replica?lag=16MB", check_tls: on, maxconn: 100, retries: 3, redispatch: off, balance: leastconn, tcpka: on}
`
const kept = parseTopology('lab.yaml', text)
const compose = () => read(render(kept, allocation({}, kept), owner))

describe('what a lab.yaml keeps of a cluster', () => {
  test('is a topology that is read back as it was', () => {
    expect(topologySchema.parse(JSON.parse(JSON.stringify(kept)))).toEqual(kept)
  })

  test('of the dynamic configuration stands where Patroni reads it, as numbers and booleans', () => {
    const {dcs} = patroniYml(render(kept, allocation({}, kept), owner)).bootstrap
    expect(dcs).toMatchObject({synchronous_node_count: 2, maximum_lag_on_syncnode: -1, primary_stop_timeout: 40})
    expect(dcs.postgresql).toMatchObject({use_pg_rewind: false, use_slots: false})
  })

  test('tags are those of their host only', () => {
    const {configs} = compose()
    expect(parse(configs['patroni-node2']!.content).tags).toEqual({nofailover: true, replicatefrom: 'node1'})
    expect(parse(configs['patroni-node1']!.content)).not.toHaveProperty('tags')
  })

  test("etcd's times are those of every member", () => {
    for (const host of ['node1', 'node2'])
      expect(parse(compose().configs[`etcd-${host}`]!.content)).toMatchObject({
        'heartbeat-interval': 200,
        'election-timeout': 2000,
        'quota-backend-bytes': 33_554_432,
      })
  })

  test('HAProxy asks what theirs asks, and lets in as many', () => {
    const {content} = compose().configs.haproxy!
    const [, primary = '', replicas = ''] = content.split(/^listen /m)
    expect(primary).toMatch(/server node1 \S+ check\n/)
    expect(primary).not.toContain('httpchk')
    expect(replicas).toContain('option httpchk OPTIONS /replica?lag=16MB')
    expect(replicas).toMatch(/server node1 \S+ check port 8008 check-ssl verify none/)
    expect(content).toMatch(/maxconn 100\n/)
    expect(content).toMatch(/retries 3\n/)
    expect(content).not.toContain('redispatch')
    expect(replicas).toMatch(/balance leastconn\n/)
    expect(content).toMatch(/option tcpka\n/)
  })

  test('programs of theirs are words of ours, which write down that they were called', () => {
    const {bootstrap, postgresql} = patroniYml(render(kept, allocation({}, kept), owner))
    const shared = bootstrap.dcs.postgresql
    for (const said of [
      shared.parameters.archive_command,
      shared.recovery_conf.restore_command,
      postgresql.callbacks.on_role_change,
      postgresql.pre_promote,
      bootstrap.post_bootstrap,
    ])
      expect(said).toContain('>> /data/postgresql/called.log')
    expect(shared.recovery_conf.restore_command).toMatch(/exit 1$/)
    expect(bootstrap.post_bootstrap).toContain('exec psql --no-psqlrc')
    expect(postgresql.callbacks).not.toHaveProperty('on_start')
  })

  test('a shell runs each of them, and finds nothing in the archive', () => {
    using log = fileWith('')
    const {bootstrap, postgresql} = patroniYml(render(kept, allocation({}, kept), owner))
    const {parameters, recovery_conf} = bootstrap.dcs.postgresql
    const runs = (text: string) => {
      const here = text.replaceAll('/data/postgresql/called.log', log.path).replace('exec psql', 'exec echo')
      return spawnSync('/bin/sh', ['-c', here]).status
    }
    expect(runs(parameters.archive_command.replace('%f', '000000010000000000000001'))).toBe(0)
    expect(runs(recovery_conf.restore_command.replace('%f', '00000002.history'))).toBe(1)
    // As Patroni does, which puts arguments behind.
    expect(runs(`${postgresql.callbacks.on_role_change} on_role_change primary shop`)).toBe(0)
    expect(runs(`${bootstrap.post_bootstrap} dbname=postgres`)).toBe(0)
    const said = readFileSync(log.path, 'utf8')
      .split('\n')
      .map(line => line.replace(/^\S+ /, '').trim())
    expect(said).toEqual([
      'archive_command 000000010000000000000001',
      'restore_command 00000002.history',
      'on_role_change on_role_change primary shop',
      'post_bootstrap',
      '',
    ])
  })

  test('a network without a way out leads to an address that nobody has, asks nobody for names, and is published as ever', () => {
    const {networks, services} = composeFile(kept, allocation({}, kept), owner)
    expect(networks.lab).toMatchObject({
      driver_opts: {'com.docker.network.bridge.enable_ip_masquerade': 'false'},
      ipam: {config: [{gateway: '10.213.7.1', aux_addresses: {DefaultGatewayIPv4: '10.213.7.254'}}]},
    })
    for (const service of Object.values(services)) expect(service.dns).toEqual(['10.213.7.254'])
    expect(services.proxy1!.ports?.length).toBeGreaterThan(0)
  })

  test('another lab has a way out and asks as ever', () => {
    const usual = parseTopology('lab.yaml', 'profile: fast')
    const {networks, services} = composeFile(usual, allocation({}, usual), owner)
    expect(networks.lab).not.toHaveProperty('driver_opts')
    expect(services.node1).not.toHaveProperty('dns')
  })
})

test.each([
  ['patroni: {tags: {node9: {nofailover: true}}}', /lab.yaml:1:\d+: node9 runs no patroni/],
  ['patroni: {tags: {node1: {nofailovr: true}}}', /unknown key `nofailovr`, did you mean `nofailover`/],
  ['patroni: {tags: {node1: {replicatefrom: node1}}}', /node1 is no other member to replicate from/],
  [
    'patroni: {tags: {node1: {nofailover: true}, node2: {failover_priority: 0}, node3: {nofailover: true}}}',
    /nobody could ever lead/,
  ],
  ['etcd: {heartbeat_interval: 1s}', /etcd would not start: .* 1000 and 1000 ms/],
  ['stand_ins: [archive_comand]', /a stand-in is one of archive_command/],
  ['haproxy: {check_primary: "/primary; exec"}', /a check is a path such as/],
  ['patroni: {use_slots: maybe}', /use_slots is off or on/],
  ['network: closed', /the network is open or internal/],
])('%s is refused with its place', (written, says) => {
  expect(() => parseTopology('lab.yaml', `${written}\n`)).toThrow(says)
})
