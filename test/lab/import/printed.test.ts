/** What roles of Ansible print imports whole: a shebang of Patroni's, a proxy in parts, poolers whose databases are elsewhere, one priority for all. */
import {expect, test} from 'vitest'
import {importFrom} from '../../../lab/import/import.ts'
import type {Texts} from '../lint/cluster.ts'
import {autobase, pigsty} from './printed.ts'

const of = (texts: Texts) => importFrom(Object.entries(texts).map(([file, text]) => ({file, text})))
const hosts = (texts: Texts) =>
  Object.fromEntries(of(texts).topology.hosts.map(({name, services}) => [name, services.join(' ')]))

test('autobase: poolers beside PostgreSQL, and an address that three proxies share', () => {
  expect(hosts(autobase)).toEqual({
    ...{node1: 'etcd patroni pgbouncer', node2: 'etcd patroni pgbouncer', node3: 'etcd patroni pgbouncer'},
    ...{proxy1: 'haproxy keepalived', proxy2: 'haproxy keepalived', proxy3: 'haproxy keepalived'},
    app1: 'client',
  })
  const {topology, notModelled, assumed} = of(autobase)
  expect(topology.keepalived).toEqual({
    ...{advertIntSeconds: 2, intervalSeconds: 2, fall: 1, rise: 1, preempt: true, weight: 2},
    priorities: {proxy1: 100, proxy2: 100, proxy3: 100},
  })
  expect(topology.pgbouncer).toMatchObject({poolMode: 'session', defaultPoolSize: 100, auth: 'auth_query'})
  expect(topology.standIns).toEqual(['archive_command', 'on_role_change'])
  expect(topology.haproxy).toMatchObject({rise: 4, fastinterMs: 1000})
  const said = notModelled.join('\n')
  for (const what of ['auth_query', 'pool_size', 'max_db_connections', 'past PgBouncer', 'TLS', 'vrrp_script'])
    expect(said).toContain(what)
  expect(assumed.filter(one => one.includes('keepalived'))).toEqual([])
})

test('pigsty: one proxy in three files, which has the times of the first', () => {
  expect(hosts(pigsty)).toEqual({
    ...{node1: 'patroni pgbouncer', node2: 'patroni pgbouncer', node3: 'patroni pgbouncer', etcd1: 'etcd'},
    ...{proxy1: 'haproxy', app1: 'client'},
  })
  const {topology, notModelled} = of(pigsty)
  expect(topology.haproxy).toMatchObject({
    ...{connectTimeoutMs: 10_000, clientTimeoutMs: 86_400_000, downinterMs: 5000, rise: 3, maxconn: 20_000},
    checkReplicas: '/read-only',
  })
  expect(topology.patroni).toMatchObject({failsafeMode: true, primaryStartTimeoutSeconds: 10})
  expect(topology.pgbouncer).toMatchObject({poolMode: 'transaction', serverLifetimeMs: 600_000})
  const said = notModelled.join('\n')
  for (const what of ['%include', 'auth_type', 'slowstart', 'maxqueue']) expect(said).toContain(what)
  expect(said).not.toMatch(/^pg-wren-(primary|replica)\.cfg.*(no-last-newline|timeout)/m)
})

test('parts without the file that begins them are one proxy', () => {
  const {'haproxy.cfg': _, ...parts} = pigsty
  expect(Object.keys(hosts(parts)).filter(name => name.startsWith('proxy'))).toEqual(['proxy1'])
})
