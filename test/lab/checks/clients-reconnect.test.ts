import {describe, expect, test} from 'vitest'
import {clientsReconnect} from '../../../lab/checks/clients-reconnect.ts'
import type {ClientGroup} from '../../../lab/history/client-group.ts'
import type {Event, Of} from '../../../lab/history/event.ts'
import {type History, historyOf} from '../../../lab/history/history.ts'
import {altered, cleanRun, micros} from './history-builder.ts'
import {renumbered} from './renumbered.ts'

const judge = (history: History, within = '10s') =>
  clientsReconnect.judge(history, clientsReconnect.params.parse({within}))
const writes = (change: (op: Of<'op'>) => Event | null, added: Event[] = []) =>
  historyOf(renumbered(altered(cleanRun(), event => (event.kind === 'op' ? change(event) : event), added).events))
const readOnly = (op: Of<'op'>): Event => ({
  ...{...op, outcome: 'fail', server: null, timeline: null, lsn: null},
  ...{sqlstate: '25006', error: 'cannot execute INSERT in a read-only transaction'},
})

test('passes when every writer is back in time, with each one measured', () => {
  const finding = judge(historyOf(cleanRun()))
  expect(finding).toMatchObject({verdict: 'pass', measures: {writers: 4, back: 4, reconnectionMaxMicros: 175_000}})
  expect(finding.measures!.outageMaxMicros).toBeGreaterThan(22_000_000)
})

test('fails when a writer needed longer than allowed', () => {
  expect(judge(historyOf(cleanRun()), '100ms')).toMatchObject({
    verdict: 'fail',
    says: expect.stringContaining('100 ms are allowed'),
  })
})

test('fails when one writer never came back, and names it', () => {
  const history = writes(op => (op.client === 'w3' && op.at > micros(0) && op.outcome === 'ok' ? readOnly(op) : op))
  expect(judge(history)).toMatchObject({
    verdict: 'fail',
    says: expect.stringMatching(/w3 never wrote again/),
    measures: {back: 3},
  })
})

test('fails when all writers lose the primary again, read-only on the returned leader', () => {
  const history = writes(op => (op.at > micros(28) && op.at < micros(31) ? readOnly(op) : op))
  expect(judge(history)).toMatchObject({verdict: 'fail', says: expect.stringMatching(/lost the primary again.*25006/)})
})

test('is unknown when they lose it again on a machine that had no CPU for it, and fails where it had', () => {
  const again = (share: number) =>
    historyOf(
      writes(op => (op.at > micros(28) && op.at < micros(31) ? readOnly(op) : op)).events.map(
        (event): Event =>
          event.kind === 'watching' && event.who === 'clients' && event.at > micros(26) && event.at < micros(33)
            ? {...event, cpuWaitMicros: share * 1_000_000}
            : event,
      ),
    )
  expect(judge(again(0.97))).toMatchObject({
    verdict: 'unknown',
    says: expect.stringMatching(/lost the primary again.*, but .*waited for a CPU/),
  })
  expect(judge(again(0.5)).verdict).toBe('fail')
})

test('fails when the trouble lasts to the end', () => {
  const history = writes(op => (op.at > micros(29) ? readOnly(op) : op))
  expect(judge(history).verdict).toBe('fail')
})

test('fails when a writer hangs without an answer', () => {
  expect(judge(writes(op => (op.client === 'w1' && op.at > micros(28) ? null : op))).verdict).toBe('fail')
})

test('does not count the time after the writers were stopped', () => {
  const events = cleanRun().map(event => (event.at > micros(32.95) ? {...event, at: event.at + 20_000_000} : event))
  expect(judge(historyOf(events)).verdict).toBe('pass')
})

test('calls a pause of our own machine neither trouble of the clients nor a time in which they were well', () => {
  const asleep: Event = {
    at: micros(30.5),
    kind: 'watching',
    who: 'clients',
    samples: 1,
    failures: 0,
    worstMicros: 3_000_000,
  }
  const refused = (op: Of<'op'>): Of<'op'> =>
    op.at > micros(28) && op.at < micros(30.5) ? {...op, outcome: 'fail', sqlstate: '25006'} : op
  expect(judge(writes(refused, [asleep])).verdict).toBe('unknown')
  expect(judge(writes(refused)).verdict).toBe('fail')
})

test('does not pass and does not fail when commits were slow though no attempt failed: nobody can tell why', () => {
  expect(judge(writes(op => (op.at > micros(28) && op.at < micros(30.5) ? null : op))).verdict).toBe('unknown')
})

test('calls it trouble when the connection went and nothing could be sent', () => {
  const gone: Event[] = ['w1', 'w2', 'w3', 'w4', 'w5', 'w6', 'w7', 'w8'].map(client => ({
    ...{at: micros(28.1), kind: 'client-disconnected', client, op: 'write', error: 'connect ECONNREFUSED'},
    sqlstate: 'ECONNREFUSED',
  })) as Event[]
  expect(judge(writes(op => (op.at > micros(28) && op.at < micros(30.5) ? null : op), gone)).verdict).toBe('fail')
})

describe('cannot tell', () => {
  test.each<[string, (event: Event) => boolean]>([
    [
      'when there was no promotion',
      event => event.kind === 'postgres' && event.inRecovery === false && event.timeline === 2,
    ],
    ['when nobody saw the proxy', event => event.kind === 'proxy'],
    ['when nobody wrote', event => event.kind === 'op'],
    ['when the agent told nothing about itself', event => event.kind === 'watching' && event.who === 'clients'],
    ['without a fault', event => event.kind === 'fault-injecting'],
  ])('%s', (_, gone) => {
    expect(judge(altered(cleanRun(), event => (gone(event) ? null : event))).verdict).toBe('unknown')
  })
})

/** w3's attempts made by another client. */
function renamed(client: string, change: (op: Of<'op'>) => Event | null = op => op) {
  return writes(op => (op.client === 'w3' ? change({...op, client}) : op))
}

/** The scenario says that they were added to be compared. */
function withExtra(history: History, group: ClientGroup): History {
  return historyOf(
    history.events.map(event =>
      event.kind === 'run-started' ? {...event, scenario: {...event.scenario, extraClients: [group]}} : event,
    ),
  )
}

const late = (op: Of<'op'>) => (op.outcome === 'ok' && op.at > micros(0) ? readOnly(op) : op)
const pool = {kind: 'writers', count: 1, perSecond: 20, driver: 'pg-pool', through: 'primary'} as const

test('clients of another driver are judged too, each row with its driver', () => {
  expect(judge(renamed('pg-pool-w1', late))).toMatchObject({
    verdict: 'fail',
    says: expect.stringMatching(/pg-pool-w1 never wrote again/),
    rows: expect.arrayContaining([expect.objectContaining({client: 'pg-pool-w1', driver: 'pg-pool'})]),
  })
})

test('clients that were added to be compared are left out of the verdict', () => {
  const finding = judge(withExtra(renamed('pg-pool-w1', late), pool))
  expect(finding).toMatchObject({verdict: 'pass', measures: {writers: 3}})
})

test('clients that look for the primary themselves are measured from the promotion', () => {
  const history = renamed('psycopg-mw1')
  const rows = judge(history).rows!
  // The proxy routes 0.1 s after the promotion.
  const [own, proxied] = ['psycopg-mw1', 'w4'].map(name => rows.find(row => row.client === name)!.reconnectionMicros)
  expect(Number(own) - Number(proxied)).toBeGreaterThan(80_000)
  const only = historyOf(
    renumbered(history.events.flatMap(event => (event.kind === 'op' && event.client !== 'psycopg-mw1' ? [] : event))),
  )
  const blindProxy = historyOf(only.events.filter(event => event.kind !== 'proxy'))
  expect(judge(blindProxy)).toMatchObject({verdict: 'pass', says: expect.stringMatching(/took writes/)})
})

test('a program is one client, back with its first write on the new timeline', () => {
  const program = (client: string, change = (op: Of<'op'>): Of<'op'> | null => op) =>
    renamed(client, op => {
      const changed = change(op)
      if (changed === null) return null
      const {id: _, lsn: __, ...rest} = changed
      return {...rest, kind: 'transaction'}
    })
  expect(judge(program('pgbench-w1'))).toMatchObject({verdict: 'pass', measures: {writers: 4, back: 4}})
  const gone = program('pgbench-w1', op => (op.outcome === 'ok' && op.at > micros(0) ? null : op))
  expect(judge(gone)).toMatchObject({verdict: 'fail', says: expect.stringMatching(/pgbench-w1 never wrote again/)})
})

test('one driver alone can be judged; one that did not write is unknown', () => {
  const one = (driver: string) =>
    clientsReconnect.judge(renamed('pg-pool-w1', late), clientsReconnect.params.parse({within: '10s', driver}))
  expect(one('pg')).toMatchObject({verdict: 'pass', measures: {writers: 3}})
  expect(one('pg-pool').verdict).toBe('fail')
  expect(one('psycopg')).toMatchObject({verdict: 'unknown', says: expect.stringMatching(/No writer of psycopg/)})
})
