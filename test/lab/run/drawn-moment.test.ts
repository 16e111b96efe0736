/** The moment of the first fault of a run, drawn where nobody chose one. */
import {expect, test, vi} from 'vitest'
import type {Event, Of} from '../../../lab/history/event.ts'
import {of, Recorder} from '../../../lab/history/history.ts'
import {drawnMoment} from '../../../lab/run/moment-of.ts'
import {play} from '../../../lab/run/play.ts'
import {bind} from '../../../lab/scenario/bind.ts'
import {eachWithItsOwnState, healthyLab} from '../fake/at-rest.ts'
import {passing} from '../fake/clock.ts'
import {hold, kill, newLeader, scenarioOf} from './played.ts'

vi.mock('node:timers/promises', () => import('../fake/timers.ts'))
eachWithItsOwnState()
vi.setConfig({testTimeout: 60_000})

async function playedWith(seed: number | undefined, phase?: 'random'): Promise<readonly Event[]> {
  const {lab} = await healthyLab()
  using history = new Recorder()
  const again = {...kill, as: 'again', on: 'replica'}
  const scenario = scenarioOf([hold, kill, newLeader, again, hold])
  const {signal} = new AbortController()
  const bound = bind(scenario, lab.topology)
  await passing(play({lab, scenario, bound, history, run: 'run', signal, seed, phase}).catch(() => {}))
  return history.sealed().events
}

const waits = (events: readonly Event[]) =>
  of({events}, 'note').flatMap(
    ({says}) => says.match(/^the first fault waits (.*), drawn with seed (\d+)$/)?.slice(1) ?? [],
  )
const started = (events: readonly Event[]) => of({events}, 'run-started')[0] as Of<'run-started'>

/** From the beginning of the first step that breaks to the break. */
function aimed(events: readonly Event[]): number {
  const step = of({events}, 'step-started').find(({index}) => index === 1)
  return of({events}, 'fault-injecting')[0]!.at - step!.at
}

test('the first fault of a run waits up to a second, the same with the same seed, and the record has the seed', async () => {
  const [one, same, other] = [await playedWith(7), await playedWith(7), await playedWith(8)]
  expect(started(one).seed).toBe(7)
  expect(waits(one)).toHaveLength(2)
  expect(waits(one)).toEqual(waits(same))
  expect(waits(other)[0]).not.toBe(waits(one)[0])
  // By the clock of the test, on which nothing else takes that long.
  expect(Math.abs(aimed(one) - aimed(same))).toBeLessThan(20_000)
  expect(Math.abs(aimed(one) - aimed(other))).toBeGreaterThan(50_000)
})

test('without a seed one is drawn, and recorded', async () => {
  const events = await playedWith(undefined)
  const {seed} = started(events)
  expect(seed).toBeGreaterThanOrEqual(0)
  expect(waits(events)[1]).toBe(String(seed))
})

test('where somebody has chosen the moment, none is drawn', async () => {
  const events = await playedWith(undefined, 'random')
  expect(started(events)).not.toHaveProperty('seed')
  expect(waits(events)).toEqual([])
})

test('a thousand seeds spread over the whole second', async () => {
  const tenths = new Array(10).fill(0) as number[]
  for (let seed = 0; seed < 1000; seed++) {
    const told: string[] = []
    const moment = drawnMoment(seed, {
      history: {record: happening => void told.push((happening as Of<'note'>).says)},
      signal: AbortSignal.abort(),
    })
    await moment([]).catch(() => {})
    const [, value = '', unit] = /waits ([\d.]+) (\w+),/.exec(told[0] ?? '') ?? []
    const ms = unit === 's' ? Number(value) * 1000 : Number(value)
    tenths[Math.min(9, Math.floor(ms / 100))]!++
  }
  expect(Math.min(...tenths)).toBeGreaterThan(50)
})
