import {setTimeout as sleep} from 'node:timers/promises'
import {afterEach, beforeEach, expect, test, vi} from 'vitest'
import type {Docker} from '../../../lab/engine/docker.ts'
import {Lab} from '../../../lab/engine/lab.ts'
import type {Happening} from '../../../lab/history/event.ts'
import {engineClock, watchEngineClock} from '../../../lab/probes/engine-clock.ts'
import type {ProbeSite} from '../../../lab/probes/probe.ts'
import type {Micros} from '../../../lab/words/quantity.ts'
import {FakeEngine} from '../fake/engine.ts'
import {allocationOf, fakeTopology} from '../fake/lab.ts'

const startMs = Date.parse('2026-01-01T00:00:00Z')

let now: Micros
let wallMs: number
let engineAheadMs: number
let recorded: Happening[]
let stop: AbortController
let on: ProbeSite

beforeEach(() => {
  vi.useFakeTimers({toFake: ['Date']})
  vi.setSystemTime(startMs)
  now = 0
  wallMs = startMs
  engineAheadMs = 0
  recorded = []
  stop = new AbortController()
  const engine = new FakeEngine()
  engine.clockMs = async () => wallMs + engineAheadMs
  on = {
    lab: new Lab(engine, fakeTopology, allocationOf(fakeTopology, {})),
    record: happening => void recorded.push(happening),
    now: () => now,
    signal: stop.signal,
  }
})
afterEach(() => {
  stop.abort()
  vi.useRealTimers()
})

/** Both clocks go on; the wall clock is set by so much besides. */
function pass(ms: number, setByMs = 0): void {
  now += ms * 1000
  wallMs += ms + setByMs
  vi.setSystemTime(wallMs)
}

const clocks = () => recorded.filter(one => one.kind === 'clock')

/** As the probe does it, until so many have been recorded or that many seconds are over; `vi.waitUntil` would move the clock. */
async function looks(count: number, seconds: number): Promise<void> {
  const watching = watchEngineClock(on, on.lab.engines[0]!)
  for (let waited = 0; clocks().length < count && waited < seconds * 50; waited++) await sleep(20)
  stop.abort()
  await watching
}

test('a clock that nobody sets is recorded once', async () => {
  await engineClock(on, 'node1')
  pass(3000)
  await looks(2, 2)
  expect(clocks()).toHaveLength(1)
})

test.each([
  ['ours', 0],
  ['another', 5000],
])(
  'a wall clock that is set is recorded again, and what the engine stamps from then on is told right (%s)',
  async (_, aheadMs) => {
    engineAheadMs = aheadMs
    const clock = await engineClock(on, 'node1')
    expect(clock.toOurs(wallMs + engineAheadMs)).toBe(0)
    pass(1000, -3000)
    await looks(2, 15)
    const [before, after] = clocks()
    expect(after!.offsetMicros - before!.offsetMicros).toBe(3_000_000)
    expect(clock.toOurs(wallMs + engineAheadMs)).toBe(now)
  },
)

test('each of several engines has a clock of its own, measured and recorded by its name', async () => {
  const [first, second] = [on.lab.docker as FakeEngine, new FakeEngine()]
  second.clockMs = async () => wallMs + 60_000
  const named = (engine: FakeEngine, name: string) => Object.assign(engine, {name}) as unknown as Docker
  const engines = [named(first, 'big'), named(second, 'small')]
  Object.assign(first, {several: {engines, of: (host: string) => engines[host === 'node2' ? 1 : 0]}})
  const clock = await engineClock(on, 'node1')
  const other = await engineClock(on, 'node2')
  expect([clock.toOurs(wallMs), other.toOurs(wallMs + 60_000)]).toEqual([0, 0])
  expect(other.toOurs(wallMs)).toBe(-60_000_000)
  await engineClock(on, 'node3')
  expect(clocks().map(one => one.engine)).toEqual(['big', 'small'])
})
