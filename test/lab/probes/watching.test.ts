import {afterEach, beforeEach, expect, it, vi} from 'vitest'
import type {Happening} from '../../../lab/history/event.ts'
import {every} from '../../../lab/probes/every.ts'
import type {ProbeSite} from '../../../lab/probes/probe.ts'
import {Watching} from '../../../lab/probes/watching.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

function site() {
  const told: Happening[] = []
  const began = performance.now()
  const on: ProbeSite = {
    lab: undefined as never,
    record: happening => told.push(happening),
    now: () => Math.round((performance.now() - began) * 1000),
    signal: new AbortController().signal,
  }
  return {told, on}
}

it('an account has the samples, those without an answer, and the longest time between two', () => {
  const {told, on} = site()
  const watching = new Watching(on, 'postgres', 'node1')
  vi.advanceTimersByTime(100)
  watching.sample(true)
  vi.advanceTimersByTime(400)
  watching.sample(false)
  vi.advanceTimersByTime(500)
  expect(told).toEqual([
    {kind: 'watching', who: 'postgres', host: 'node1', samples: 2, failures: 1, worstMicros: 500_000},
  ])
  watching[Symbol.dispose]()
})

it('an account tells how many were refused, where nobody listens any more', () => {
  const {told, on} = site()
  const watching = new Watching(on, 'proxy', 'node1')
  vi.advanceTimersByTime(400)
  watching.unanswered(Object.assign(new Error('connect ECONNREFUSED'), {code: 'ECONNREFUSED'}))
  vi.advanceTimersByTime(400)
  watching.unanswered(Object.assign(new Error('no answer within 1 s'), {code: 'ETIMEDOUT'}))
  vi.advanceTimersByTime(1200)
  expect(told).toMatchObject([
    {samples: 2, failures: 2, refused: 1},
    {samples: 0, failures: 0},
  ])
  expect(told[1]).not.toHaveProperty('refused')
  watching[Symbol.dispose]()
})

it('a silence that lasts grows in every account, and the last one comes at the end', () => {
  const {told, on} = site()
  const watching = new Watching(on, 'engine')
  vi.advanceTimersByTime(3000)
  vi.advanceTimersByTime(250)
  watching[Symbol.dispose]()
  vi.advanceTimersByTime(5000)
  expect(told.map(one => one.kind === 'watching' && one.worstMicros)).toEqual([
    1_000_000, 2_000_000, 3_000_000, 3_250_000,
  ])
})

it('a beat keeps its cadence, leaves out what slow work missed, and ends with the signal', async () => {
  vi.useRealTimers()
  const stop = new AbortController()
  const began = performance.now()
  const starts: number[] = []
  await every(20, stop, async () => {
    starts.push(performance.now() - began)
    if (starts.length === 2) await new Promise(resolve => setTimeout(resolve, 100))
    if (starts.length === 4) stop.abort()
  })
  expect(starts.length).toBe(4)
  expect(starts[2]! - starts[1]!).toBeGreaterThanOrEqual(99)
  expect(performance.now() - began).toBeLessThan(1000)
})
