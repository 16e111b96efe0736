/** An app on somebody's own machine, seen through a relay there: found with the reason, which is what it did with its connections. */
import {expect, test} from 'vitest'
import {clientsReconnect} from '../../../lab/checks/clients-reconnect.ts'
import type {ProgramGroup} from '../../../lab/history/client-group.ts'
import type {Event, Of} from '../../../lab/history/event.ts'
import {historyOf} from '../../../lab/history/history.ts'
import {altered, cleanRun, micros} from './history-builder.ts'

const app: ProgramGroup = {
  ...{kind: 'program', name: 'app', image: null, command: [], perSecond: 2000, through: 'primary', outside: true},
}
const client = 'app-w1'

function transaction(sent: number, took: number, changes: Partial<Of<'transaction'>> = {}): Event {
  const isNew = sent > 21
  return {
    ...{kind: 'transaction', client, op: 'write', sentAt: micros(sent), at: micros(sent + took), outcome: 'ok'},
    ...{server: isNew ? 'node2' : 'node1', timeline: isNew ? 2 : 1, sqlstate: null, error: null},
    ...changes,
  }
}
const written = (from: number, to: number): Event[] =>
  Array.from({length: Math.round((to - from) * 10)}, (_, nth) => transaction(from + nth / 10, 0.01))
const hung = (from: number, to: number, server: string | null = 'node1') =>
  transaction(from, to - from, {outcome: 'unknown', server, sqlstate: 'ECONNRESET', error: 'read ECONNRESET'})

function judge(events: readonly Event[], within: string, group: ProgramGroup = app) {
  const history = altered(
    cleanRun(),
    event =>
      event.kind === 'run-started'
        ? {...event, scenario: {...event.scenario, clients: [...event.scenario.clients, group]}}
        : event,
    [...events],
  )
  return clientsReconnect.judge(historyOf(history.events), clientsReconnect.params.parse({within, driver: 'app'}))
}

test('a pool that kept its connections to a dead server is named, and for how long', () => {
  const kept = [0, 0.01, 0.02, 0.03].map(from => hung(from, 25))
  const finding = judge([...written(-4, 0), ...kept, ...written(25.1, 32.9)], '2s')
  expect(finding.verdict).toBe('fail')
  expect(finding.says).toContain(
    'app-w1 needed up to 3.16 s, 2.00 s are allowed; app kept 4 connections to node1, which was dead, for 25.00 s: the statements that it waited for were never given up',
  )
})

test('what the old leader acknowledges when it wakes up was waited for all the same', () => {
  const kept = [0, 0.01].map(from => transaction(from, 25 - from))
  const finding = judge([...written(-4, 0), ...kept, ...written(25.1, 32.9)], '2s')
  expect(finding).toMatchObject({verdict: 'fail', says: expect.stringContaining('app kept 2 connections to node1')})
})

test('a commit that the new leader is slow with is no connection that was kept', () => {
  const finding = judge([...written(-4, 0), hung(0, 1), hung(22.2, 26, 'node2'), ...written(26.1, 32.9)], '2s')
  expect(finding.says).not.toContain('kept')
})

test('one that waits to the very end is no other', () => {
  const finding = judge([...written(-4, 0), hung(0, 33.2)], '2s')
  expect(finding.says).toMatch(/app-w1 never wrote again .*; app kept a connection to node1, which was dead, for 3\d/)
})

test('one that let go and asked for no new connection is told as that', () => {
  const gone: Event = {
    ...{kind: 'client-disconnected', client, op: 'write', error: 'the server closed the connection'},
    ...{sqlstate: null, at: micros(1.3)},
  }
  const finding = judge([...written(-4, 0), gone], '2s')
  expect(finding.verdict).toBe('fail')
  expect(finding.says).toMatch(/app asked for no new connection after it had lost one \(the server closed.*\), in 3\d/)
})

test('one that let go in time is back, and may be through with its work before the run is', () => {
  const tried = [hung(0, 2), hung(2.1, 4.1, null)]
  expect(judge([...written(-4, 0), ...tried, ...written(22.2, 26)], '2s')).toMatchObject({verdict: 'pass'})
  // One in the lab's network works to the end: that it is silent is trouble.
  const {outside: _, ...inside} = app
  expect(judge([...written(-4, 0), ...tried, ...written(22.2, 26)], '2s', inside)).toMatchObject({verdict: 'fail'})
})

test('one that was back and then waits without an end is in trouble again', () => {
  const finding = judge([...written(-4, 0), ...written(22.2, 26), hung(26.1, 33.3, 'node2')], '2s')
  expect(finding).toMatchObject({verdict: 'fail', says: expect.stringContaining('lost the primary again')})
})

test('of an app that had asked for nothing before the fault nobody can tell', () => {
  expect(judge(written(22.2, 26), '2s')).toMatchObject({verdict: 'unknown'})
})
