import {describe, expect, it} from 'vitest'
import {doorOf, entries, entryNames, plainEntryNames} from '../../../lab/topology/entries.ts'
import {parseTopology} from '../../../lab/topology/topology-file.ts'

function topologyOf(hosts: Record<string, string>) {
  const lines = Object.entries(hosts).map(([name, services]) => `  ${name}: [${services}]`)
  return parseTopology('lab.yaml', `hosts:\n${lines.join('\n')}\n`)
}

const small = {node1: 'etcd, patroni', node2: 'patroni', app1: 'client'}

describe('a way in', () => {
  it('for writes and one for reads is open on every proxy, each on a port of its own', () => {
    const {primary, replicas} = entries(topologyOf({...small, proxy1: 'haproxy', proxy2: 'haproxy'}))
    expect(primary).toMatchObject({takes: 'read-write', hosts: ['proxy1', 'proxy2'], service: 'primary', port: 5000})
    expect(replicas).toMatchObject({takes: 'read-only', hosts: ['proxy1', 'proxy2'], service: 'replicas', port: 5001})
  })

  it('past the proxies is open on every member, of which the client finds the primary', () => {
    const {members} = entries(topologyOf({...small, proxy1: 'haproxy'}))
    expect(members).toMatchObject({hosts: ['node1', 'node2'], port: 5432, findsPrimary: true})
  })

  it('for writes is on the poolers that stand before the proxies, and not on those beside PostgreSQL', () => {
    const before = entries(topologyOf({...small, proxy1: 'haproxy, pgbouncer', proxy2: 'haproxy'}))
    expect(before.primary).toMatchObject({hosts: ['proxy1'], service: 'pgbouncer', port: 6432})
    expect(before.replicas).toMatchObject({hosts: ['proxy1', 'proxy2'], service: 'replicas', port: 5001})
    const behind = entries(topologyOf({...small, node1: 'etcd, patroni, pgbouncer', proxy1: 'haproxy'}))
    expect(behind.primary).toMatchObject({hosts: ['proxy1'], service: 'primary', port: 5000})
    expect(behind.members).toMatchObject({hosts: ['node1', 'node2'], port: 5432})
  })

  it('is one address for all proxies that share it by keepalived', () => {
    const shared = {...small, proxy1: 'haproxy, keepalived', proxy2: 'haproxy, keepalived'}
    const {primary, replicas, members} = entries(topologyOf(shared))
    expect([primary.virtual, replicas.virtual, members.virtual]).toEqual([true, true, false])
    expect(entries(topologyOf({...small, proxy1: 'haproxy'})).primary.virtual).toBe(false)
  })

  it('is used on its first host by who knows one address only', () => {
    const topology = topologyOf({...small, proxy2: 'haproxy', proxy1: 'haproxy'})
    expect(doorOf(entries(topology).primary)).toBe('proxy2')
  })

  it('that is open nowhere says what the lab has not', () => {
    const topology = {...topologyOf({...small, proxy1: 'haproxy'}), hosts: [{name: 'node1', services: [] as const}]}
    expect(() => doorOf(entries(topology).replicas)).toThrow('no host with haproxy, and so no way in through replicas')
  })
})

it('every way in has a name, and those to all members are not for a client that knows one address', () => {
  expect(entryNames).toEqual(['primary', 'replicas', 'members'])
  expect(plainEntryNames).toEqual(['primary', 'replicas'])
})
