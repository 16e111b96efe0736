/** Whoever acknowledges a write takes writes: also where bankers or programs asked, and where it is no member of the lab. */
import {describe, expect, test} from 'vitest'
import {oneWritablePrimary} from '../../../lab/checks/one-writable-primary.ts'
import {routedToLeader} from '../../../lab/checks/routed-to-leader.ts'
import {writableWithinLock} from '../../../lab/checks/writable-within-lock.ts'
import type {Event, Of} from '../../../lab/history/event.ts'
import {historyOf} from '../../../lab/history/history.ts'
import {cleanRun, micros} from './history-builder.ts'

const clean = cleanRun()
const one = (events: readonly Event[], seenBy: 'anyone' | 'proxied-clients' = 'anyone') =>
  oneWritablePrimary.judge(historyOf(events), {seenBy})
const within = (events: readonly Event[]) => writableWithinLock.judge(historyOf(events), {slack: 300})
const routed = (events: readonly Event[]) => routedToLeader.judge(historyOf(events), {})

const by = (server: string | null, timeline: number | null, at: number) => ({
  ...{at: micros(at), sentAt: micros(at) - 5000, outcome: 'ok' as const, server, timeline, sqlstate: null, error: null},
})
const commit = (server: string | null, timeline: number | null, at: number, changes: Partial<Of<'transaction'>> = {}) =>
  ({kind: 'transaction', client: 'pgbench-w1', op: 'write', ...by(server, timeline, at), ...changes}) satisfies Event
const transfer = (server: string | null, timeline: number | null, at: number) =>
  ({
    kind: 'bank',
    client: 'b1',
    op: 'transfer',
    id: 1,
    lsn: 1,
    total: null,
    ...by(server, timeline, at),
  }) satisfies Event
const write = (server: string | null, timeline: number | null, at: number, client = 'w1') =>
  ({kind: 'op', client, op: 'write', id: 500_000_000, lsn: 1, ...by(server, timeline, at)}) satisfies Event

describe.each([
  ['a program', commit],
  ['a banker', transfer],
  ['a writer', write],
] as const)('what was acknowledged to %s', (_, acknowledged) => {
  test('by the old leader after the new one led, is a second primary', () => {
    expect(one([...clean, acknowledged('node1', 1, 25)])).toMatchObject({
      verdict: 'fail',
      says: expect.stringContaining('Two primaries were writable at once: node1 on timeline 1'),
    })
  })

  test('by a host without the leader key, is outside of its tenure', () => {
    expect(within([...clean, acknowledged('node3', 2, 25)])).toMatchObject({
      verdict: 'fail',
      says: expect.stringContaining('node3 took writes without ever having held the leader key, while node2 held'),
    })
  })

  test.each([
    ['names itself another', 'node9', 'that calls itself node9'],
    ['does not say who it is', null, 'that does not say which host it is'],
  ])('by a server that %s, is a finding of its own', (_, server, who) => {
    const events = [...clean, acknowledged(server, 1, 25), acknowledged(server, 1, 26)]
    const says = expect.stringContaining(
      `2 writes were acknowledged by a server ${who}, which is no member of this lab`,
    )
    expect(one(events)).toMatchObject({verdict: 'fail', says, measures: {foreignWrites: 2}})
    expect(one(events, 'proxied-clients').verdict).toBe('fail')
    expect(routed(events)).toMatchObject({verdict: 'fail', says, measures: {foreignWrites: 2}})
  })

  test('by the leader of its time, accuses nobody', () => {
    const events = [...clean, acknowledged('node1', 1, -3), acknowledged('node2', 2, 25)]
    expect([one(events), within(events), routed(events)].map(finding => finding.verdict)).toEqual([
      'pass',
      'pass',
      'pass',
    ])
  })
})

test('a foreign server past the proxy is no finding about the proxy', () => {
  const events = [...clean, write(null, 1, 25, 'dw1')]
  expect(one(events).verdict).toBe('fail')
  expect(one(events, 'proxied-clients').verdict).toBe('pass')
  expect(routed(events).verdict).toBe('pass')
})

test('a transaction of a connection that could not be asked who answers accuses nobody', () => {
  const events = [...clean, commit(null, null, 25)]
  expect([one(events), routed(events)].map(finding => finding.verdict)).toEqual(['pass', 'pass'])
})

test('a transaction that only reads says nothing of who takes writes, nor does one that failed', () => {
  const events = [
    ...[...clean, commit('node1', 1, 25, {op: 'read'}), commit(null, 1, 25, {op: 'read'})],
    commit('node9', 1, 25, {outcome: 'unknown'}),
  ]
  expect([one(events), within(events), routed(events)].map(finding => finding.verdict)).toEqual([
    'pass',
    'pass',
    'pass',
  ])
})

test('a connection that was led to a replica keeps the timeline of then, also when that is promoted', () => {
  const events = [...clean, commit('node2', 1, 25)]
  expect([one(events), within(events)].map(finding => finding.verdict)).toEqual(['pass', 'pass'])
})
