import {describe, expect, test} from 'vitest'
import {checks} from '../../../lab/checks/index.ts'
import {bank} from '../../../lab/history/bank.ts'
import type {Event, Of} from '../../../lab/history/event.ts'
import {historyOf} from '../../../lab/history/history.ts'
import {cleanRun, micros, quickRun, withRows} from './history-builder.ts'

const clean = cleanRun({...quickRun, readsPerSecond: 20, bankPerSecond: 20})
const isRead = (event: Event): event is Of<'op'> => event.kind === 'op' && event.op === 'read'
const newest = (at: number) =>
  clean.findLast(
    (event): event is Of<'op'> =>
      event.kind === 'op' && event.op === 'write' && event.outcome === 'ok' && event.at < micros(at),
  )!
const read = (at: number, more: Partial<Of<'op'>>): Of<'op'> => ({
  ...{at: micros(at), sentAt: micros(at) - 2000, kind: 'op', client: 'r2', op: 'read', id: 1_500_000_000},
  ...{outcome: 'ok', server: 'node2', timeline: 2, lsn: 1, sqlstate: null, error: null, seen: newest(at).id},
  ...more,
})

describe.each(['read-your-writes', 'monotonic-reads'] as const)('%s', name => {
  const judge = (events: readonly Event[]) => checks[name].judge(historyOf(events), {})

  test('passes where every read saw what was there', () => {
    expect(judge(clean)).toMatchObject({verdict: 'pass', measures: {reads: clean.filter(isRead).length}})
  })

  test('fails for a read that an ex-primary answered, even if what it saw was not recorded', () => {
    const stale = read(25, {server: 'node1', timeline: 1})
    delete (stale as {seen?: unknown}).seen
    const found = judge([...clean, stale])
    expect(found).toMatchObject({verdict: 'fail', says: expect.stringContaining('by node1 on timeline 1')})
    expect(found.evidence).toContain(stale)
  })

  test('fails for a read that missed rows on the right timeline', () => {
    const found = judge([...clean, read(25, {seen: newest(24.5).id})])
    expect(found).toMatchObject({verdict: 'fail', says: expect.stringContaining(`newer than write ${newest(24.5).id}`)})
    expect(judge([...clean, read(25, {seen: null})]).verdict).toBe('fail')
  })

  test('does not call a read stale that was sent before, through another port, or past the proxy', () => {
    const old = {seen: newest(24).id, server: 'node3'}
    expect(judge([...clean, read(25, {...old, sentAt: micros(24)})]).verdict).toBe('pass')
    for (const client of ['r1', 'dr2']) expect(judge([...clean, read(25, {...old, client})]).verdict).toBe('pass')
  })

  test('does not ask for rows that were lost: that is for another check', () => {
    const last = newest(0).id
    const before = read(0, {server: 'node1', timeline: 1, seen: last})
    const early = [...clean, before, read(22.09, {seen: last - 1})]
    expect(judge(early).verdict).toBe('fail')
    const lossy = withRows(early, rows => rows.delete(last))
    expect(judge(lossy).verdict).toBe('pass')
  })

  test.each<[string, (event: Event) => Event | null]>([
    [
      'nobody reads through the primary port',
      event => (event.kind === 'run-started' ? {...event, scenario: {...event.scenario, clients: []}} : event),
    ],
    ['no read was answered', event => (isRead(event) ? {...event, outcome: 'fail'} : event)],
    ['none was answered after the fault', event => (isRead(event) && event.at > micros(0) ? null : event)],
    ['the tables were not read at the end', event => (event.kind === 'final-rows' ? null : event)],
    ['the clients were not watched', event => (event.kind === 'watching' && event.who === 'clients' ? null : event)],
    [
      'it was recorded before what a read saw was kept',
      event => {
        if (!isRead(event)) return event
        const {seen: _, ...rest} = event
        return rest
      },
    ],
  ])('is unknown when %s', (_, change) => {
    expect(judge(clean.flatMap(event => change(event) ?? [])).verdict).toBe('unknown')
  })
})

test('monotonic-reads tells apart what a client could tell by itself', () => {
  const judge = (events: readonly Event[]) => checks['monotonic-reads'].judge(historyOf(events), {})
  const alone = judge([...clean, read(25, {client: 'r3', seen: newest(24).id})])
  expect(alone.measures).toMatchObject({backward: 1, backwardForTheirClient: 1})
  const early = clean.filter(event => !(isRead(event) && event.client === 'r3'))
  const between = judge([...early, read(25, {client: 'r3', seen: newest(24).id})])
  expect(between).toMatchObject({verdict: 'fail', measures: {backward: 1, backwardForTheirClient: 0}})
})

describe('bank', () => {
  const judge = (events: readonly Event[]) => checks.bank.judge(historyOf(events), {})
  const without = (drop: (event: Event) => boolean) => judge(clean.filter(event => !drop(event)))
  const isAudit = (event: Event) => event.kind === 'bank' && event.op === 'audit'
  const audit = (total: number | null): Event => ({
    ...{at: micros(26), sentAt: micros(26) - 900, kind: 'bank', client: 'b1', op: 'audit', id: 500_000_000},
    ...{outcome: 'ok', server: 'node2', timeline: 2, lsn: 1, sqlstate: null, error: null, total},
  })

  test('passes while every audit and every member finds the same total', () => {
    expect(judge(clean)).toMatchObject({verdict: 'pass', measures: {wrongAudits: 0, total: bank.total}})
    expect(judge([...clean, audit(bank.total)]).verdict).toBe('pass')
  })

  test.each([bank.total - 1, bank.total + 5, null])('fails for an audit that found %s', total => {
    expect(judge([...clean, audit(total)])).toMatchObject({
      verdict: 'fail',
      says: expect.stringContaining(`found ${total ?? 'no account'} on node2`),
      measures: {wrongAudits: 1},
    })
  })

  test('fails for a member with another total at the end', () => {
    const poor = clean.map(event =>
      event.kind === 'final-rows' && event.host === 'node3' ? {...event, bankTotal: bank.total - 1} : event,
    )
    expect(judge(poor)).toMatchObject({verdict: 'fail', says: expect.stringContaining('of node3 make 7999')})
  })

  test('is unknown without bankers, without audits after the fault, without transfers, or unwatched', () => {
    expect(without(event => event.kind === 'bank').verdict).toBe('unknown')
    expect(without(event => isAudit(event) && event.at > micros(0)).verdict).toBe('unknown')
    expect(without(event => event.kind === 'bank' && event.op === 'transfer').verdict).toBe('unknown')
    expect(without(event => event.kind === 'final-rows').verdict).toBe('unknown')
    expect(without(event => event.kind === 'watching').verdict).toBe('unknown')
    expect(judge([]).verdict).toBe('unknown')
  })
})

describe('replicas-identical', () => {
  const judge = (change: (final: Of<'final-rows'>) => Event | null) =>
    checks['replicas-identical'].judge(
      historyOf(clean.flatMap(event => (event.kind === 'final-rows' ? (change(event) ?? []) : event))),
      {},
    )
  const on3 = (change: Partial<Of<'final-rows'>>) =>
    judge(event => (event.host === 'node3' ? {...event, ...change} : event))

  test('passes when all members told the same', () => {
    expect(judge(event => event)).toMatchObject({verdict: 'pass', measures: {compared: 3, contents: 1}})
  })

  test('fails when one that had caught up told another', () => {
    expect(on3({checksum: '1:2'})).toMatchObject({
      verdict: 'fail',
      says: 'The members hold different rows: node1 and node2 against node3.',
    })
  })

  test('is unknown for a member that had not caught up or told nothing, and for older runs', () => {
    expect(on3({checksum: '1:2', caughtUp: false})).toMatchObject({
      verdict: 'unknown',
      says: expect.stringContaining('node3 had not caught up'),
    })
    expect(on3({caughtUp: null}).verdict).toBe('unknown')
    expect(judge(event => (event.host === 'node3' ? null : event)).verdict).toBe('unknown')
    expect(judge(({checksum: _, ...old}) => old)).toMatchObject({verdict: 'unknown'})
    expect(judge(() => null).verdict).toBe('unknown')
  })
})
