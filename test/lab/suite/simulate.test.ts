/** The plan of a suite on one to eight engines: simulated, since no machine of ours has as many cores. */
import {mkdtempSync, rmSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import fc from 'fast-check'
import {expect, test, vi} from 'vitest'
import {suiteJobs} from '../../../lab/suite/jobs.ts'
import {changeSeconds, type SuiteJob} from '../../../lab/suite/plan.ts'
import {simulate} from '../../../lab/suite/simulate.ts'
import '../../property-seed.ts'

const engines = [1, 2, 3, 4, 5, 6, 7, 8]
const sum = (all: readonly number[]) => all.reduce((total, one) => total + one, 0)

/** Nobody is done sooner: not with the longest, and not with all of it shared out evenly. */
function atLeast(jobs: readonly SuiteJob[], seats: number): number {
  const seconds = jobs.map(job => job.seconds)
  return Math.max(...seconds, sum(seconds) / seats)
}

/** What raising the labs takes at least: each kind once, and no seat plays without one. */
function raising(jobs: readonly SuiteJob[], seats: number): number {
  const kinds = new Set(jobs.map(job => JSON.stringify(job.set))).size
  return Math.max(changeSeconds, (kinds * changeSeconds) / seats)
}

test('every scenario on 1 to 8 engines: done within a third of the least, and the raising of the labs', () => {
  const state = mkdtempSync(join(tmpdir(), 'pgha-simulate-'))
  vi.stubEnv('XDG_STATE_HOME', state)
  const jobs = suiteJobs({suite: 'all', profile: 'fast'})
  vi.unstubAllEnvs()
  rmSync(state, {recursive: true})
  expect(jobs.length).toBeGreaterThan(40)
  const took = engines.map(seats => {
    const {seconds, played} = simulate(jobs, seats)
    expect(played.map(one => one.scenario).toSorted()).toEqual(jobs.map(job => job.scenario).toSorted())
    expect(seconds / atLeast(jobs, seats), `on ${seats}`).toBeLessThan(1.3)
    expect(seconds, `on ${seats}`).toBeLessThanOrEqual(atLeast(jobs, seats) * (4 / 3) + raising(jobs, seats))
    return seconds
  })
  // One engine more never makes it longer.
  expect(took).toEqual(took.toSorted((a, b) => b - a))
})

test('whatever was learned: labs that are all alike are done when Graham says, and two raises later at most', () => {
  const durations = fc.array(fc.double({min: 5, max: 600, noNaN: true}), {minLength: 1, maxLength: 80})
  fc.assert(
    fc.property(durations, fc.constantFrom(...engines), (learned, seats) => {
      const jobs = learned.map((seconds, index): SuiteJob => ({scenario: `s${index}`, set: [], seconds}))
      const {seconds, played} = simulate(jobs, seats)
      expect(played).toHaveLength(jobs.length)
      // Graham 1966: the last one to begin does so when no seat is free any more. A second raise, where one was not worth it.
      const [longest] = learned.toSorted((a, b) => b - a)
      expect(seconds).toBeLessThanOrEqual(sum(learned) / seats + 2 * changeSeconds + longest! * (1 - 1 / seats) + 1e-6)
    }),
  )
})

test('of several kinds each is played once, and no seat plays two at once', () => {
  const kind = fc.constantFrom<readonly string[]>([], ['a=1'], ['b=1'], ['a=1', 'b=1'])
  const job = fc.record({set: kind, seconds: fc.integer({min: 5, max: 300})})
  fc.assert(
    fc.property(fc.array(job, {minLength: 1, maxLength: 40}), fc.constantFrom(...engines), (given, seats) => {
      const jobs = given.map((one, index): SuiteJob => ({...one, scenario: `s${index}`}))
      const {seconds, played} = simulate(jobs, seats)
      expect(new Set(played.map(one => one.scenario)).size).toBe(jobs.length)
      expect(played).toHaveLength(jobs.length)
      for (const [, own] of Map.groupBy(played, one => one.seat))
        for (const [index, one] of own.entries()) expect(one.from).toBeGreaterThanOrEqual(own[index - 1]?.to ?? 0)
      expect(seconds).toBeLessThanOrEqual(2 * (atLeast(jobs, seats) + 4 * changeSeconds))
    }),
  )
})
