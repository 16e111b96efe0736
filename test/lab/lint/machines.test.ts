/** What runs on one machine dies together: which words of several files mean the same one, and what is said where nobody can tell. */
import {describe, expect, test} from 'vitest'
import {importFrom} from '../../../lab/import/import.ts'
import {asTopology} from '../../../lab/lint/as-topology.ts'
import {filesOf, readConfiguration} from '../../../lab/lint/read/read.ts'

interface Member {
  readonly postgres?: string
  readonly rest?: string
  readonly etcd?: string
  readonly more?: string
}

const member = (number: number, {postgres, rest, etcd = '', more = ''}: Member) => `scope: db
name: m${number}
restapi: {listen: '0.0.0.0:8008', connect_address: '${rest ?? `10.0.0.${number}`}:8008'}
postgresql:
  listen: 0.0.0.0:5432
  connect_address: '${postgres ?? `10.0.0.${number}`}:5432'
  data_dir: /srv/pg
  authentication: {superuser: {username: postgres, password: a}, replication: {username: repl, password: b}}
etcd3: {hosts: [${etcd}]}
bootstrap: {dcs: {ttl: 30, loop_wait: 10, retry_timeout: 10}}
watchdog: {mode: off}
${more}`
const proxy = (bind: string, server = '10.0.0.') => `defaults
  mode tcp
  timeout connect 4s
  timeout client 30m
  timeout server 30m
listen write
  bind ${bind}
  option httpchk OPTIONS /primary
  default-server inter 2s fall 4 rise 3 on-marked-down shutdown-sessions
  server s1 ${server}1:5432 check port 8008
  server s2 ${server}2:5432 check port 8008
  server s3 ${server}3:5432 check port 8008
`
const byAddress = "'10.0.0.1:2379', '10.0.0.2:2379', '10.0.0.3:2379'"
const three = (of: (number: number) => Member) =>
  Object.fromEntries([1, 2, 3].map(number => [`m${number}.yml`, member(number, of(number))]))
const given = (texts: Readonly<Record<string, string>>) => Object.entries(texts).map(([file, text]) => ({file, text}))
const hosts = (texts: Readonly<Record<string, string>>) => {
  const {written, assumed} = asTopology(filesOf(given(texts).map(one => readConfiguration(one.file, one.text))))
  return {hosts: written.hosts ?? {}, assumed, keepalived: written.keepalived}
}

describe('etcd is beside PostgreSQL where', () => {
  test.each([
    ['the REST API has the address, and PostgreSQL a name', (n: number) => ({postgres: `db${n}`, etcd: byAddress})],
    [
      'a name has its domain in one place only',
      (n: number) => ({postgres: `db${n}`, rest: `db${n}`, etcd: "'db1.corp:2379', 'db2.corp:2379', 'db3.corp:2379'"}),
    ],
    ['both have the address', () => ({etcd: byAddress})],
  ])('%s', (_, of) => {
    const found = hosts({...three(of), 'haproxy.cfg': proxy('*:5000')})
    expect([found.hosts.node1, found.hosts.node3, found.hosts.etcd1]).toEqual([
      ['etcd', 'patroni'],
      ['etcd', 'patroni'],
      undefined,
    ])
    expect(found.assumed.join(' ')).not.toContain('named in ways')
  })
})

test('that nobody can tell whether etcd is beside PostgreSQL is said', () => {
  const names = (n: number) => ({postgres: `db${n}`, rest: `db${n}`, etcd: byAddress})
  const found = hosts({...three(names), 'haproxy.cfg': proxy('*:5000', 'db')})
  expect(found.hosts.etcd1).toEqual(['etcd'])
  expect(found.assumed).toContainEqual(
    expect.stringMatching(/named in ways that do not tell.*etcd has hosts of its own/),
  )
  const apart = hosts({
    ...three(() => ({etcd: "'10.0.1.1:2379', '10.0.1.2:2379', '10.0.1.3:2379'"})),
    'haproxy.cfg': proxy('*:5000'),
  })
  expect(apart.assumed.join(' ')).not.toContain('named in ways')
})

test('a tag is of its member where the proxy knows it by the address of the REST API', () => {
  const texts = {
    ...three(n => ({postgres: `db${n}`, etcd: byAddress, more: n === 2 ? 'tags: {nofailover: true}\n' : ''})),
    'haproxy.cfg': proxy('*:5000'),
  }
  expect(importFrom(given(texts)).topology.tags).toEqual({node2: {nofailover: true}})
})

describe('a proxy is beside PostgreSQL where', () => {
  test('it listens on an address of a member', () => {
    const found = hosts({...three(() => ({etcd: byAddress})), 'haproxy.cfg': proxy('10.0.0.2:5000')})
    expect(found.hosts).toEqual({
      node1: ['etcd', 'patroni'],
      node2: ['etcd', 'patroni', 'haproxy'],
      node3: ['etcd', 'patroni'],
      app1: ['client'],
    })
    expect(
      importFrom(given({...three(() => ({etcd: byAddress})), 'haproxy.cfg': proxy('10.0.0.2:5000')})).assumed.join(' '),
    ).not.toContain('No file says where HAProxy')
  })

  test('it shares its virtual address from those of members', () => {
    const shared = `vrrp_instance v {
  state BACKUP
  interface eth0
  virtual_router_id 5
  priority 90
  unicast_src_ip 10.0.0.3
  unicast_peer {
    10.0.0.1
  }
  virtual_ipaddress {
    10.0.0.9
  }
}
`
    const found = hosts({
      ...three(() => ({etcd: byAddress})),
      'haproxy.cfg': proxy('*:5000'),
      'keepalived.conf': shared,
    })
    expect(Object.keys(found.hosts)).toEqual(['node1', 'node2', 'node3', 'app1'])
    expect(found.hosts.node3).toEqual(['etcd', 'patroni', 'haproxy', 'keepalived'])
    expect(found.hosts.node1).toEqual(['etcd', 'patroni', 'haproxy', 'keepalived'])
    expect(found.keepalived?.priority).toEqual({node3: 90, node1: 89})
  })

  test('not on a port that PostgreSQL has there at another address, which is said', () => {
    const found = hosts({...three(() => ({etcd: byAddress})), 'haproxy.cfg': proxy('10.0.0.2:5432')})
    expect(found.hosts.proxy1).toEqual(['haproxy'])
    expect(found.assumed).toContainEqual(expect.stringMatching(/^HAProxy runs on PostgreSQL's hosts, on a port/))
  })

  test('and nobody says where one is that listens everywhere', () => {
    const texts = {...three(() => ({etcd: byAddress})), 'haproxy.cfg': proxy('*:5000')}
    expect(importFrom(given(texts)).assumed.join(' ')).toContain('No file says where HAProxy runs')
  })
})
