/** What a suite has to play: each of its scenarios, with the lab that it needs and how long it is likely to take. */
import {settingsFor, together} from '../scenario/index.ts'
import type {AskedLab} from '../topology/asked-lab.ts'
import {loadTopology} from '../topology/topology-file.ts'
import {LabError} from '../words/errors.ts'
import {estimateSeconds} from './estimate.ts'
import {suitesNamed} from './named.ts'
import type {SuiteJob} from './plan.ts'
import {learnedSeconds} from './seconds.ts'

/** What its labs are is asked for as of `up`. */
export interface SuiteAsked extends AskedLab {
  /** One of `suites()`, or `all`. */
  readonly suite: string
  readonly profile: string
  /** Each scenario so many times; once when not given. */
  readonly repeat?: number | undefined
  /** Scenario -> seconds; those of the last run on this machine when not given. What is not in it is estimated. */
  readonly durations?: ReadonlyMap<string, number> | undefined
}

/**
 * For `runSuite`. Seconds are the known ones, else the timing model's.
 * @throws LabError `usage` for an unknown suite, profile or release, `config` for a topology with a mistake.
 */
export function suiteJobs({suite, repeat = 1, durations, ...asked}: SuiteAsked): SuiteJob[] {
  const topology = loadTopology(asked)
  const learned = durations ?? learnedSeconds(asked.profile)
  const one = [...suitesNamed(suite).values()].flat().map((scenario): SuiteJob => {
    const set = settingsFor(scenario, topology)
    try {
      if (set.length > 0) together(scenario, set, () => loadTopology({...asked, set: [...(asked.set ?? []), ...set]}))
      const seconds = learned.get(scenario.name) ?? estimateSeconds(scenario, topology)
      return {scenario: scenario.name, set, seconds}
    } catch (error) {
      if (!(error instanceof LabError)) throw error
      return {scenario: scenario.name, set, seconds: 0, cannot: error.message}
    }
  })
  return Array.from({length: repeat}, () => one).flat()
}
