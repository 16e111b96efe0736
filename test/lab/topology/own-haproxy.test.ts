/** A haproxy.cfg of somebody's own: what the lab knows of it, what it cannot run, and what it needs beside. */
import {mkdtempSync, rmSync, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {afterAll, describe, expect, test} from 'vitest'
import {ownProxy} from '../../../compose/own-haproxy.ts'
import {render} from '../../../compose/render.ts'
import {labFile} from '../../../lab/import/lab-file.ts'
import {raisingOf} from '../../../lab/topology/as-set.ts'
import {routeOf} from '../../../lab/topology/own-haproxy.ts'
import {withoutPrograms} from '../../../lab/topology/patroni-build.ts'
import {loadTopology} from '../../../lab/topology/topology-file.ts'
import {topologySchema} from '../../../lab/topology/topology-schema.ts'
import {allocation, owner, read} from '../../compose/a-lab.ts'

const folder = mkdtempSync(join(tmpdir(), 'own-haproxy-'))
afterAll(() => rmSync(folder, {recursive: true}))

const cfg = `\
global
    log /dev/log local0
    chroot /var/lib/haproxy
    stats socket /run/haproxy/admin.sock mode 660 level admin
    user haproxy
    daemon
    maxconn 300
defaults
    log global
    mode tcp
    retries 1
    timeout connect 4s
    timeout client 10m
    timeout server 10m
    timeout check 2s
    default-server inter 2s fastinter 500ms fall 2 rise 3 on-marked-down shutdown-sessions
listen stats
    mode http
    bind *:7000
    stats enable
frontend writers
    bind *:5432
    default_backend write_pool
backend write_pool
    option httpchk OPTIONS /primary
    http-check expect status 200
    server pg1 node1:5432 check port 8008
    server pg2 node2:5432 check port 8008
    server pg3 node3:5432 check port 8008
listen read_pool
    bind *:5433
    balance leastconn
    option httpchk GET /replica?lag=16MB
    server pg1 node1:5432 check port 8008
    server pg2 node2:5432 check port 8008
    server pg3 node3:5432 check port 8008
`

function lab({text = cfg, also = ''} = {}) {
  const file = join(folder, 'lab.yaml')
  writeFileSync(join(folder, 'haproxy.cfg'), text)
  writeFileSync(file, `profile: fast\nhaproxy:\n  file: ./haproxy.cfg\n${also}`)
  return {file, topology: () => loadTopology({topology: file})}
}

test('the timing model, the entries and the statistics know what it says', () => {
  const topology = lab().topology()
  expect(topology.haproxy).toEqual({
    ...{interMs: 2000, fastinterMs: 500, downinterMs: 2000, fall: 2, rise: 3, connectTimeoutMs: 4000},
    ...{checkTimeoutMs: 2000, clientTimeoutMs: 600_000, serverTimeoutMs: 600_000},
    ...{onMarkedDown: 'shutdown-sessions', checkReplicas: '/replica?lag=16MB', checkTls: false},
    ...{retries: 1, redispatch: false, maxconn: 300, balance: 'leastconn'},
  })
  // Its own statistics have the port that the lab's usually have.
  expect(topology.ports).toEqual({primary: 5432, replicas: 5433, stats: 7001})
  expect(routeOf(topology, {proxy: 'write_pool', server: 'pg2'})).toEqual({backend: 'primary', host: 'node2'})
  expect(routeOf(topology, {proxy: 'read_pool', server: 'pg3'})).toEqual({backend: 'replicas', host: 'node3'})
  expect(routeOf(topology, {proxy: 'stats', server: 'pg3'})).toBeUndefined()
  expect(routeOf({}, {proxy: 'primary', server: 'node1'})).toEqual({backend: 'primary', host: 'node1'})
})

test('each proxy has it unchanged, knows the names of the hosts, and has what the lab needs in a file beside', () => {
  const topology = lab().topology()
  const given = allocation({}, topology)
  const made = read(render(topology, given, owner))
  expect(made.configs.haproxy?.content).toBe(cfg)
  const beside = made.configs['haproxy-lab']?.content ?? ''
  expect(beside).toContain('stats socket /run/haproxy/admin.sock mode 660 level admin')
  expect(beside).toContain('bind *:7001')
  expect(beside).not.toMatch(/maxconn|defaults|listen pgha-lab-replicas/)
  expect(made.services.proxy1).toMatchObject({
    extra_hosts: expect.arrayContaining([`node1=${given.addresses.node1}`]),
    cap_add: expect.arrayContaining(['SYS_CHROOT']),
  })
  expect(made.services.node1).not.toHaveProperty('extra_hosts')
  expect(ownProxy(topology, given)).toMatchObject({shown: 'haproxy.cfg', others: []})
})

test('where it has no entry for reads, the lab has one, with the same times', () => {
  const topology = lab({text: cfg.slice(0, cfg.indexOf('listen read_pool'))}).topology()
  expect(topology.ports).toMatchObject({replicas: 5001})
  const beside = read(render(topology, allocation({}, topology), owner)).configs['haproxy-lab']?.content ?? ''
  expect(beside).toMatch(/listen pgha-lab-replicas\n {4}bind \*:5001\n[\s\S]*default-server inter 2000ms/)
  expect(routeOf(topology, {proxy: 'pgha-lab-replicas', server: 'node1'})).toEqual({backend: 'replicas', host: 'node1'})
})

test('a lab is read back as it was, raised again by its file, and a history has nothing of the text', () => {
  const {topology, file} = lab()
  const one = topology()
  expect(topologySchema.parse(JSON.parse(JSON.stringify(one)))).toEqual(one)
  expect(raisingOf(one, file)).toEqual({file, profile: undefined, set: []})
  expect(labFile(one, 'made')).toContain('file: "./haproxy.cfg"')
  expect(JSON.stringify(withoutPrograms(one))).not.toMatch(/write_pool|pg1/)
  expect(topologySchema.parse(withoutPrograms(one)).haproxyFile).toEqual({digest: one.haproxyFile?.digest})
})

test('a file without on-marked-down, or whose check asks nobody, is known as that', () => {
  const without = cfg.replace(' on-marked-down shutdown-sessions', '')
  expect(lab({text: without}).topology().haproxy.onMarkedDown).toBe('none')
  const unasked = cfg.replace(/ {4}option httpchk OPTIONS \/primary\n.*\n/, '').replaceAll(/(write_pool\n)/g, '$1')
  expect(lab({text: unasked}).topology().haproxy.checkPrimary).toBe('tcp')
})

test('in a lab whose REST API speaks TLS its check does, with the keys that a proxy has; in the clear is known as that', () => {
  const inTls = 'check check-ssl verify required ca-file /run/pgha-lab/keys/haproxy/ca.crt port 8008'
  const one = lab({text: cfg.replaceAll('check port 8008', inTls), also: 'tls: {rest: on}\n'}).topology()
  expect(one.haproxy.checkTls).toBe(true)
  const authority = {ca: 'the CA', caKey: '', hosts: {proxy1: 'the proxy'}, observer: ''}
  expect(ownProxy(one, {...allocation({}, one), authority})?.others).toEqual([
    {target: '/run/pgha-lab/keys/haproxy/ca.crt', text: 'the CA'},
    {target: '/run/pgha-lab/keys/haproxy/host.pem', text: 'the proxy'},
  ])
  expect(lab({also: 'tls: {rest: on}\n'}).topology().haproxy.checkTls).toBe(false)
})

describe('what the lab cannot run is refused with its place', () => {
  test.each([
    [
      'a server that is no host',
      /node3:5432/,
      '10.1.1.7:5432',
      /haproxy\.cfg:29:16: 10\.1\.1\.7:5432 is no host of this lab/,
    ],
    [
      'a port that is not PostgreSQL’s',
      /node3:5432/,
      'node3:6432',
      /29:5: node3:6432 is not where .*: on node3 that is port 5432/,
    ],
    [
      'another port of the REST API',
      /node3:5432 check port 8008/,
      'node3:5432 check port 8009',
      /29:5: it asks port 8009/,
    ],
    [
      'a template',
      /server pg3 .*/,
      'server-template pg 3 node3:5432 check port 8008',
      /29:5: a server-template names no host/,
    ],
    [
      'a member that is missing',
      / {4}server pg3 .*\n/,
      '',
      /24:1: node3 may lead, and no server of this entry is there/,
    ],
    [
      'an address of another machine',
      /\*:5432/,
      '10.1.1.1:5432',
      /22:10: 10\.1\.1\.1:5432 is no address of each proxy/,
    ],
    ['a port below 1024', /\*:5432/, '*:432', /22:10: the services of a lab have ports from 1024/],
    ['a socket without a folder', /\/run\/haproxy\/admin\.sock/, '/srv/h.sock', /4:18: this socket has no folder/],
    ['our socket with less rights', / level admin/, '', /4:18: the lab uses this socket, too: say `level admin`/],
    ['another root', /chroot \/var\/lib\/haproxy/, 'chroot /srv', /3:12: the hosts of a lab have no such folder/],
    ['no entry to the leader', /\/primary/, '/replica', /no entry of this file leads to the leader/],
    ['times that differ', /(pg3 node3:5432 check port 8008)/, '$1 rise 9', /29:5: rise is not what line 27 has/],
    [
      'HTTP',
      /write_pool\n {4}option/,
      'write_pool\n    mode http\n    option',
      /25:5: clients of PostgreSQL speak no HTTP/,
    ],
    ['conditions', /defaults\n/, '.if defined(X)\ndefaults\n', /8:1: HAProxy decides at its start/],
    [
      'a look-up',
      /pg3 node3:5432 check/,
      'pg3 node3:5432 resolvers dns check',
      /29:\d+: this server would be looked up/,
    ],
    ['a quote that is open', /user haproxy/, 'user "haproxy', /5:10: .*a quote is not closed/],
  ])('%s', (_, from, to, says) => {
    expect(lab({text: cfg.replace(from, to)}).topology).toThrow(says)
  })

  test('a port of another service of that host', () => {
    const own =
      'hosts:\n  node1: [etcd, patroni, haproxy]\n  node2: [etcd, patroni]\n  node3: [etcd, patroni]\n  app1: [client]\n'
    expect(lab({also: own}).topology).toThrow(/22:10: postgres listens on port 5432 of node1 already/)
  })

  test('what lab.yaml says otherwise, and what it says alike is no contradiction', () => {
    expect(lab({also: '  inter: 3s\n'}).topology).toThrow(
      /lab\.yaml:4:10: haproxy\.cfg says this itself, and says otherwise: leave inter out/,
    )
    expect(lab({also: '  inter: 2s\n  stats_port: 7100\n'}).topology().ports).toMatchObject({stats: 7100})
    expect(() => loadTopology({topology: lab().file, set: ['haproxy.rise=1']})).toThrow(
      /^haproxy\.rise: haproxy\.cfg says this/,
    )
  })

  test('no such file; and proxies of two clusters', () => {
    expect(() => loadTopology({set: [`haproxy.file=${folder}/none.cfg`]})).toThrow(
      /haproxy\.file: .*there is no such file/,
    )
    expect(() => loadTopology({topology: 'standby-cluster', set: [`haproxy.file=${folder}/haproxy.cfg`]})).toThrow(
      /proxies of two clusters/,
    )
  })
})
