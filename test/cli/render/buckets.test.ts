import {expect, test} from 'vitest'
import {bucketsOf} from '../../../cli/render/buckets.ts'
import type {Of} from '../../../lab/history/event.ts'
import {historyOf} from '../../../lab/history/history.ts'
import {recorded} from './recorded.ts'

const op = (at: number, changes: Partial<Of<'op'>> = {}): Of<'op'> => ({
  ...{kind: 'op', client: 'w1', op: 'write', id: at, sentAt: at - 5000, at, outcome: 'ok', server: 'node1'},
  ...{timeline: 1, lsn: 1, sqlstate: null, error: null},
  ...changes,
})

test('every operation is in the slice in which its answer came', () => {
  const history = historyOf([
    op(1_050_000),
    op(1_060_000, {sentAt: 1_000_000}),
    op(1_070_000, {op: 'read'}),
    op(1_350_000, {outcome: 'fail'}),
    op(1_360_000, {outcome: 'unknown'}),
  ])
  const {width, buckets} = bucketsOf(history, 1_000_000, 2_000_000)
  expect(width).toBe(100_000)
  expect(buckets.length).toBe(10)
  expect(buckets[0]).toEqual({
    from: 1_000_000,
    counts: {write: {ok: 2, fail: 0, unknown: 0}, read: {ok: 1, fail: 0, unknown: 0}},
    latency: {p50: 60_000, p95: 60_000, max: 60_000},
  })
  expect(buckets[3]).toMatchObject({counts: {write: {ok: 0, fail: 1, unknown: 1}}, latency: null})
})

test('however long the run, there are no more slices than asked for', () => {
  for (const seconds of [1, 50, 600, 7200, 100_000])
    expect(bucketsOf(historyOf([]), 0, seconds * 1e6, 400).buckets.length).toBeLessThanOrEqual(400)
})

test('no operation of a recorded run is lost or counted twice', () => {
  const history = recorded('kill-leader.pass')
  const end = history.events.at(-1)!.at
  const {buckets} = bucketsOf(history, 0, end + 1)
  const counted = buckets.reduce(
    (sum, {counts: {write, read}}) => sum + write.ok + write.fail + write.unknown + read.ok + read.fail + read.unknown,
    0,
  )
  expect(counted).toBe(history.events.filter(event => event.kind === 'op').length)
})

test("clients that go past the proxy are not the proxy's throughput, unless all do", () => {
  const both = bucketsOf(historyOf([op(50_000, {client: 'dw1'}), op(60_000, {client: 'w1'})]), 0, 1_000_000)
  expect(both.buckets[0]!.counts.write.ok).toBe(1)
  const direct = bucketsOf(historyOf([op(50_000, {client: 'dw1'})]), 0, 1_000_000)
  expect(direct.buckets[0]!.counts.write.ok).toBe(1)
})
