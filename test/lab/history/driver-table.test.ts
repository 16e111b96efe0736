import {describe, expect, test} from 'vitest'
import {driverTable} from '../../../lab/history/driver-table.ts'
import type {Event, Of} from '../../../lab/history/event.ts'
import {type History, historyOf} from '../../../lab/history/history.ts'
import type {Scenario} from '../../../lab/history/scenario-values.ts'
import {cleanRun, micros} from '../checks/history-builder.ts'

/** A run of kill-leader in which w3 is of another driver; what became of its attempts can be changed. */
function runWith(client: string, change: (op: Of<'op'>) => Event | readonly Event[] | null = op => op): History {
  return historyOf(
    cleanRun().flatMap(event => {
      if (event.kind !== 'op' || event.client !== 'w3') return event
      return change({...event, client}) ?? []
    }),
  )
}

/** As it is seen on the wire. */
function transaction(op: Of<'op'>): Of<'transaction'> {
  const {at, client, sentAt, outcome, server, timeline, sqlstate, error} = op
  return {at, kind: 'transaction', client, op: op.op, sentAt, outcome, server, timeline, sqlstate, error}
}

function withScenario(history: History, scenario: Partial<Scenario>): History {
  return historyOf(
    history.events.map(event =>
      event.kind === 'run-started' ? {...event, scenario: {...event.scenario, ...scenario}} : event,
    ),
  )
}

const row = (history: History, driver: string) => driverTable(history).find(one => one.driver === driver)

test('each driver that writes has a row: its outage, its reconnection, its attempts, its errors', () => {
  const rows = driverTable(runWith('pg-pool-w1'))
  expect(rows.map(one => [one.driver, one.through, one.clients])).toEqual([
    ['pg', 'proxy', 3],
    ['pg-pool', 'proxy', 1],
  ])
  const [pg, pool] = rows
  // The last write before the fault came 20 to 54 ms before it, the first one after it 22.1 to 22.2 s later.
  expect(pg!.outageMaxMicros).toBeGreaterThan(22.1e6)
  expect(pg!.outageMaxMicros).toBeLessThan(22.3e6)
  expect(pg).toMatchObject({outages: 3, neverBack: 0, reconnectionMaxMicros: 166_667, says: null})
  expect(pool!.reconnectionP50Micros).toBe(pool!.reconnectionMaxMicros)
  expect(pool!.errors).toEqual([
    {code: '08006', count: expect.any(Number)},
    {code: 'no code', count: 1},
  ])
  expect(pool!.failed + pool!.indeterminate).toBe(pool!.errors.reduce((sum, one) => sum + one.count, 0))
})

test('who looks for the primary itself is measured from the promotion, and may be back before the proxy routes', () => {
  const early = runWith('psycopg-mw1', op => {
    const again = {...op, id: op.id + 500_000_000}
    return op.at > micros(22) && op.at < micros(22.4) && op.outcome === 'ok'
      ? {...again, at: micros(21.87), sentAt: micros(21.86)}
      : again
  })
  expect(row(early, 'psycopg')).toMatchObject({through: 'members', reconnectionP50Micros: 20_000})
})

test('a program counts as one client, measured by what was seen on the wire', () => {
  const rows = driverTable(runWith('pgbench-w1', transaction))
  expect(rows.find(one => one.driver === 'pgbench')).toMatchObject({clients: 1, outages: 1, neverBack: 0})
  expect(rows.find(one => one.driver === 'pgbench')!.outageP50Micros).toBeGreaterThan(22e6)
})

describe('what is not known is null, with the reason', () => {
  const times = {outageP50Micros: null, outageMaxMicros: null, reconnectionP50Micros: null, reconnectionMaxMicros: null}

  test('a program that sent nothing', () => {
    const program = {
      kind: 'program',
      name: 'mine',
      image: 'a/b',
      command: [],
      perSecond: 5,
      through: 'primary',
    } as const
    const history = withScenario(historyOf(cleanRun()), {extraClients: [program]})
    expect(row(history, 'mine')).toMatchObject({...times, attempts: 0, says: 'sent nothing'})
  })

  test('a program that only read', () => {
    const program = {
      kind: 'program',
      name: 'mine',
      image: 'a/b',
      command: [],
      perSecond: 5,
      through: 'primary',
    } as const
    const read = runWith('mine-w1', op => ({...transaction(op), op: 'read'}))
    expect(row(withScenario(read, {clients: [program]}), 'mine')).toMatchObject({...times, says: 'sent no write'})
  })

  test('a driver that never wrote again', () => {
    const gone = runWith('pg-pool-w1', op => (op.at > micros(0) && op.outcome === 'ok' ? null : op))
    expect(row(gone, 'pg-pool')).toMatchObject({
      ...times,
      neverBack: 1,
      says: expect.stringMatching(/had not written again at the end/),
    })
  })

  test('all of them, where the record breaks off in the outage', () => {
    const broken = historyOf(cleanRun().filter(event => event.at < micros(10)))
    expect(row(broken, 'pg')).toMatchObject({...times, outages: 0, neverBack: 4})
  })

  test('one that wrote nothing before the fault', () => {
    const late = runWith('pg-pool-w1', op => (op.at < micros(0) ? null : op))
    expect(row(late, 'pg-pool')).toMatchObject({
      ...times,
      says: expect.stringMatching(/wrote nothing before the fault/),
    })
  })

  test('one without an outage, which is not an outage of 0', () => {
    const through = runWith('pg-pool-w1', op =>
      op.outcome === 'ok' && op.at < micros(0)
        ? [op, ...Array.from({length: 4}, (_, one) => ({...op, at: op.at + (one + 1) * 6.4e6}))]
        : op,
    )
    expect(row(through, 'pg-pool')).toMatchObject({
      outageP50Micros: null,
      outages: 0,
      says: expect.stringMatching(/no outage/),
    })
  })

  test('nobody, where there was no failover', () => {
    const calm = historyOf(cleanRun().filter(event => event.kind !== 'fault-injecting'))
    expect(row(calm, 'pg')).toMatchObject({...times, says: expect.stringMatching(/no fault was injected/)})
  })

  test('nobody behind the proxy, where nobody saw what it routed to', () => {
    const unseen = historyOf(cleanRun().filter(event => event.kind !== 'proxy'))
    expect(row(unseen, 'pg')).toMatchObject({
      reconnectionP50Micros: null,
      outages: 4,
      says: expect.stringMatching(/nobody saw the proxy/),
    })
  })
})

test('clients that go to one host, and readers, are in no row', () => {
  expect(row(runWith('dw1'), 'pg')).toMatchObject({clients: 3})
  expect(driverTable(historyOf(cleanRun({readsPerSecond: 20}))).map(one => one.clients)).toEqual([4])
})
