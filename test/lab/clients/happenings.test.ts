import {expect, it} from 'vitest'
import type {AgentLine} from '../../../lab/clients/agent/protocol.ts'
import {Happenings} from '../../../lab/clients/happenings.ts'

const happenings = () =>
  new Happenings(
    micros => micros + 5,
    address => (address === 'node1' ? 'node1' : null),
  )

/** An attempt of psycopg: its agent rules nothing. */
const attempt = (id: number, code: string | null, error: string | null): AgentLine => [
  ...(['o', 'psycopg-w1', id, 100, 200, null] as const),
  ...(error === null ? (['node1', '0000000A', '1/00000010'] as const) : ([null, null, null] as const)),
  ...([code, error] as const),
]

it.each([
  ['an answer is ok', null, null, 'ok'],
  ['25006 is a fail', '25006', 'cannot execute INSERT in a read-only transaction', 'fail'],
  ['57P01 is unknown', '57P01', 'terminating connection', 'unknown'],
  ['a connection that ended is unknown', 'closed', 'server closed the connection unexpectedly', 'unknown'],
  ['a code that nobody knows is unknown', 'other', 'something new', 'unknown'],
])('of an agent that rules nothing, %s', (_, code, error, outcome) => {
  expect(happenings().of(attempt(7, code, error))).toMatchObject({
    at: 205,
    happening: {kind: 'op', op: 'write', outcome, sqlstate: code, sentAt: 105, server: error === null ? 'node1' : null},
  })
})

it('a warning that the standby may not have it makes that answer unknown, and no other', () => {
  const all = happenings()
  const says = 'canceling wait for synchronous replication due to user request'
  expect(all.of(['n', 'psycopg-w1', 7, 150, '01000', says])).toMatchObject({happening: {kind: 'client-notice', id: 7}})
  all.of(['n', 'psycopg-w1', 8, 150, '01000', 'something harmless'])
  expect(all.of(attempt(7, null, null))?.happening).toMatchObject({outcome: 'unknown', sqlstate: '01000'})
  expect(all.of(attempt(8, null, null))?.happening).toMatchObject({outcome: 'ok', sqlstate: null})
})

it('what the agent ruled itself stands', () => {
  const line: AgentLine = ['o', 'w1', 1, 100, 200, 'fail', null, null, null, '57P01', 'as it says']
  expect(happenings().of(line)?.happening).toMatchObject({outcome: 'fail'})
})

it('a client of any driver that reads is a reader', () => {
  const line: AgentLine = ['c', 'psycopg-r1', 100, 10, 'node1']
  expect(happenings().of(line)?.happening).toEqual({
    ...{kind: 'client-connected', client: 'psycopg-r1', op: 'read', server: 'node1', tookMicros: 10},
  })
})

it('what is no event of a run is none', () => {
  expect(happenings().of(['quiet'])).toBeNull()
  expect(happenings().of(['w', 1, 2, 3, 4])).toBeNull()
})
