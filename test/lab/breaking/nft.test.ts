import {describe, expect, test} from 'vitest'
import type {Cut} from '../../../lab/breaking/cuts.ts'
import {cutName, elementsOf, hitsOf, nftScript} from '../../../lab/breaking/nft.ts'

const addresses = {node1: '10.213.7.11', node2: '10.213.7.12', node3: '10.213.7.13'}
const everything: Cut = {service: null, end: 'either', ways: 'both', peers: ['node2', 'node3']}
const script = (cuts: readonly Cut[], how: 'drop' | 'reject' = 'drop') =>
  nftScript({cut: 'island', cuts, how, limitMs: 180_000}, {topology: {}, allocation: {addresses}})

describe('the rules of a host', () => {
  test('drop all packets of its peers both ways, until their addresses time out', () => {
    expect(script([everything])).toBe(`\
table inet pgha_lab_island
delete table inet pgha_lab_island
table inet pgha_lab_island {
  set everything { type ipv4_addr; flags timeout; elements = { 10.213.7.12 timeout 180000ms, 10.213.7.13 timeout 180000ms } }
  chain input {
    type filter hook input priority -10; policy accept;
    ip saddr @everything counter drop
  }
  chain output {
    type filter hook output priority -10; policy accept;
    ip daddr @everything counter drop
  }
}
`)
  })

  test('may stop nobody yet: the addresses come later, into the same sets, for a while', () => {
    const lab = {topology: {}, allocation: {addresses}}
    const rules = {cut: 'island', cuts: [everything], how: 'drop'} as const
    expect(nftScript({...rules, limitMs: null}, lab)).toContain(
      '  set everything { type ipv4_addr; flags timeout; }\n  chain input {',
    )
    expect(elementsOf({...rules, limitMs: 2000}, lab)).toBe(
      'add element inet pgha_lab_island everything { 10.213.7.12 timeout 2000ms, 10.213.7.13 timeout 2000ms }\n',
    )
  })

  test('know a service by the port of the end that offers it', () => {
    const rules = script([
      {service: 'etcd', end: 'client', ways: 'both', peers: ['node1', 'node2']},
      {service: 'replication', end: 'either', ways: 'out', peers: ['node2']},
      {service: 'haproxy', end: 'server', ways: 'in', peers: ['node3']},
    ])
    expect(rules).toBe(`\
table inet pgha_lab_island
delete table inet pgha_lab_island
table inet pgha_lab_island {
  set etcd_client { type ipv4_addr; flags timeout; elements = { 10.213.7.11 timeout 180000ms, 10.213.7.12 timeout 180000ms } }
  set replication_out { type ipv4_addr; flags timeout; elements = { 10.213.7.12 timeout 180000ms } }
  set haproxy_server_in { type ipv4_addr; flags timeout; elements = { 10.213.7.13 timeout 180000ms } }
  chain input {
    type filter hook input priority -10; policy accept;
    ip saddr @etcd_client tcp sport { 2379 } counter drop
    ip saddr @haproxy_server_in tcp dport { 5000, 5001 } counter drop
  }
  chain output {
    type filter hook output priority -10; policy accept;
    ip daddr @etcd_client tcp dport { 2379 } counter drop
    ip daddr @replication_out tcp dport { 5432 } counter drop
    ip daddr @replication_out tcp sport { 5432 } counter drop
  }
}
`)
  })

  test('of a rejecting partition let its own answers out and in', () => {
    const rules = script([everything], 'reject')
    expect(rules).toContain('    tcp flags rst accept\n    icmp type destination-unreachable accept\n    ip saddr')
    expect(rules).toContain('ip daddr @everything meta l4proto tcp counter reject with tcp reset')
    expect(rules).toContain('ip daddr @everything counter reject with icmpx port-unreachable')
    expect(script([{service: 'patroni', end: 'either', ways: 'both', peers: ['node2']}], 'reject')).toContain(
      'ip saddr @patroni tcp dport { 8008 } counter reject with tcp reset',
    )
  })

  test('are never written for a host without an address', () => {
    expect(() => script([{...everything, peers: ['node9']}])).toThrow('node9')
  })
})

test("a step's name becomes a table's, and two names never the same one", () => {
  expect(cutName('cut-2')).toBe('cut-2')
  expect(cutName('from etcd; rm -rf /')).toMatch(/^[A-Za-z0-9_-]+$/)
  const names = ['a b', 'a_b', 'a_20_b', 'a-b', 'aäb', 'a\u0200b', 'a 0b', 'a😀b']
  expect(new Set(names.map(cutName)).size).toBe(names.length)
})

test('packets that the rules have stopped are counted by direction, and what they let pass is not', () => {
  const listing = `table inet pgha_lab_island {
	set everything {
		type ipv4_addr
		flags timeout
		elements = { 10.213.7.12 timeout 3m expires 2m59s }
	}

	chain input {
		type filter hook input priority filter - 10; policy accept;
		tcp flags rst accept
		ip saddr @everything counter packets 5 bytes 300 drop
	}

	chain output {
		type filter hook output priority filter - 10; policy accept;
		ip daddr @everything meta l4proto tcp counter packets 7 bytes 420 reject with tcp reset
		ip daddr @everything counter packets 2 bytes 168 reject
	}
}`
  expect(hitsOf(listing)).toEqual({in: 5, out: 9})
  expect(hitsOf('')).toEqual({in: 0, out: 0})
})
