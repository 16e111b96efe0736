/** What a suite has to play: each of its scenarios, with the lab that it needs and how long it is likely to take. */
import {settingsFor} from '../scenario/index.ts'
import {loadTopology} from '../topology/topology-file.ts'
import {estimateSeconds} from './estimate.ts'
import {suitesNamed} from './named.ts'
import type {SuiteJob} from './plan.ts'
import {learnedSeconds} from './seconds.ts'

export interface SuiteAsked {
  /** One of `suites()`, or `all`. */
  readonly suite: string
  /** Of the labs' timings: `default` or `fast`. */
  readonly profile: string
  /** What the hosts of the labs run; the usual one when not given. */
  readonly release?: string | undefined
  /** Each scenario so many times; once when not given. */
  readonly repeat?: number | undefined
}

/** For `runSuite`. Seconds are those of the last run on this machine, else the timing model's. @throws LabError `usage` for an unknown suite, profile or release. */
export function suiteJobs({suite, profile, release, repeat = 1}: SuiteAsked): SuiteJob[] {
  const topology = loadTopology({profile, ...(release !== undefined && {release})})
  const learned = learnedSeconds(profile)
  const one = [...suitesNamed(suite).values()].flat().map(scenario => ({
    scenario: scenario.name,
    set: settingsFor(scenario, topology),
    seconds: learned.get(scenario.name) ?? estimateSeconds(scenario, topology),
  }))
  return Array.from({length: repeat}, () => one).flat()
}
