/** Steady means that leadership has settled: of etcd and of the cluster. */
import {describe, expect, test} from 'vitest'
import type {Event} from '../../../lab/history/event.ts'
import {historyOf} from '../../../lab/history/history.ts'
import {unsettledYet} from '../../../lab/run/settled.ts'

const hosts = ['node1', 'node2', 'node3']
const second = 1_000_000
const member = (host: string, at: number, more: object = {}): Event =>
  ({kind: 'etcd-member', host, at: at * second, up: true, leader: 'node1', term: 2, ...more}) as Event
const key = (holder: string, at: number): Event => ({
  ...{kind: 'leader-key', at: at * second, scope: 'pgha', holder, lease: '1', told: 'node1'},
  ...{revision: at + 1, term: 2},
})
const calm = [...hosts.map(host => member(host, 0)), key('node2', 0)]
const why = (events: readonly Event[], now = 1.5) =>
  unsettledYet(historyOf(events.toSorted((a, b) => a.at - b.at)), hosts, now * second)

test('what the probes found when they began has settled', () => {
  expect(why(calm)).toBeNull()
})

test.each([
  ['a member does not answer', [member('node3', 1, {up: false, leader: null})], 'no answer from etcd on node3'],
  ['a member knows no leader', [member('node3', 1, {leader: null})], 'etcd on node3 knows no leader'],
  [
    'they follow two',
    [member('node3', 1, {leader: 'node3', term: 3})],
    /^etcd's members do not agree who leads them: /,
  ],
  [
    'an election was just now',
    hosts.map(host => member(host, 1, {leader: 'node3', term: 3})),
    'etcd elected node3 only 500 ms ago',
  ],
  ["the cluster's leader changed just now", [key('node1', 1)], "the leader's key changed only 500 ms ago"],
] as const)('not steady: %s', (_what, more, says) => {
  expect(why([...calm, ...more])).toMatch(says)
})

test('two seconds after an election, and after a change of leader, it has settled', () => {
  const news = [...hosts.map(host => member(host, 1, {leader: 'node3', term: 3})), key('node1', 1)]
  expect(why([...calm, ...news], 3.1)).toBeNull()
})

describe('in a synchronous cluster', () => {
  const told = {scope: 'pgha', revision: 9, told: 'node1'} as const
  const mode = (on: unknown, at = 0): Event => ({
    ...{kind: 'config-key', at: at * second, config: {ttl: 20, synchronous_mode: on}},
    ...told,
  })
  const named = (standbys: readonly string[], at: number, leader = 'node2'): Event => ({
    ...{kind: 'sync-key', at: at * second, leader, standbys},
    ...told,
  })
  const unnamed = 'no replica is named a synchronous standby of node2 yet'

  test.each([
    ['none is named', [mode(true), named([], 0)]],
    ['there is no such key', [mode('quorum')]],
    ['the one that was named is not any more', [mode(true), named(['node1'], 0), named([], 1)]],
    ['one is named of a leader that was', [mode(true), named(['node2'], 0, 'node1')]],
  ])('not steady: %s', (_what, more) => expect(why([...calm, ...more])).toBe(unnamed))

  test('steady as soon as one is named', () =>
    expect(why([...calm, mode(true), named([], 0), named(['node1'], 1)])).toBeNull())

  test('none has to be named where the cluster is not synchronous, or not any more', () => {
    expect(why([...calm, mode(false), named([], 0)])).toBeNull()
    expect(why([...calm, mode(true), mode(false, 1), named([], 0)])).toBeNull()
  })
})
