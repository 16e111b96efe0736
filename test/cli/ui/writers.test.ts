import {expect, test} from 'vitest'
import type {Failover} from '../../../cli/ui/failover.ts'
import {rested, type Writers, writerGroups, writersIn, wrote} from '../../../cli/ui/writers.ts'
import type {Of} from '../../../lab/history/event.ts'

const s = (seconds: number) => Math.round(seconds * 1e6)
const write = (client: string, at: number, outcome: 'ok' | 'fail' = 'ok'): Of<'op'> => ({
  ...{at: s(at), kind: 'op', client, op: 'write', id: at, sentAt: s(at - 0.01), outcome, server: 'node2'},
  ...{timeline: 2, lsn: 1, sqlstate: null, error: null},
})

const two = writersIn([
  {kind: 'writers', count: 2, perSecond: 20, through: 'primary'},
  {kind: 'writers', count: 1, perSecond: 5, through: 'members', driver: 'psycopg'},
  {kind: 'readers', count: 1, perSecond: 5, through: 'replicas'},
])
const told = (...events: readonly Of<'op'>[]): Writers => events.reduce(wrote, two)

const failover: Failover = {
  ...{
    after: 'kill on node1',
    hosts: ['node1'],
    at: s(10),
    from: 'node1',
    to: 'node2',
    strikesLeader: true,
    keepsKey: null,
    writer: 'node2',
  },
  ...{phases: {promotion: s(30), newServerUp: s(31)}, predicted: {}},
}

test('writers are grouped by driver and way in, readers are none of them', () => {
  expect(writerGroups(two, null, 0)).toEqual([
    {driver: 'pg', through: 'proxy', clients: 2, heard: 0, out: 0, outFor: 0, outage: null, reconnection: null},
    {driver: 'psycopg', through: 'members', clients: 1, heard: 0, out: 0, outFor: 0, outage: null, reconnection: null},
  ])
})

test('who has no write acknowledged any more is without, for as long as the first of them', () => {
  const so = told(write('w1', 8), write('w2', 9), write('psycopg-mw1', 19.5), write('w2', 12, 'fail'))
  const [pg, psycopg] = writerGroups(so, failover, s(20))
  expect(pg).toMatchObject({out: 2, outFor: s(12), reconnection: null})
  expect(psycopg).toMatchObject({out: 0, outFor: 0})
})

test('once all are back, the outage is the longest, and the reconnection is from when there was a primary for them', () => {
  const before = [write('w1', 8), write('w2', 9), write('psycopg-mw1', 9)]
  const so = told(...before, write('w1', 31.5), write('w2', 32.3), write('psycopg-mw1', 31.4))
  const [pg, psycopg] = writerGroups(so, failover, s(32.4))
  expect(pg).toMatchObject({outage: s(23.5), reconnection: s(1.3)})
  expect(psycopg).toMatchObject({outage: s(22.4), reconnection: s(1.4)})
})

test('as long as one is missing, nobody is told to be back', () => {
  const so = told(write('w1', 9), write('w2', 9), write('w1', 39.5))
  expect(writerGroups(so, failover, s(40))[0]).toMatchObject({out: 1, outFor: s(31), reconnection: null})
})

test('an outage from before the fault is none of its failover', () => {
  const so = told(write('w1', 1), write('w1', 5), write('w2', 5))
  expect(writerGroups(so, failover, s(5.1))[0]).toMatchObject({outage: s(4), reconnection: null})
})

test('who was told to stop is not without writes, and has had no outage when it begins again', () => {
  const so = wrote(rested(told(write('w1', 8), write('w2', 8))), write('w1', 60))
  expect(writerGroups(so, null, s(60.5))[0]).toMatchObject({out: 0, outage: null})
})

test('a client that no group has is there as soon as it writes; of a slow one no pause that its rate implies is an outage', () => {
  expect(writerGroups(told(write('pgbench-w1', 3)), null, s(3))).toHaveLength(3)
  const slow = writersIn([{kind: 'writers', count: 10, perSecond: 2, through: 'primary'}])
  expect(writerGroups([write('w1', 1), write('w1', 15)].reduce(wrote, slow), null, s(29))[0]).toMatchObject({
    ...{out: 0, outage: null},
  })
})
