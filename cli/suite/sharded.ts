/** What of a suite is to be played here: all of it, or the part of one job of several. */
import type {SuiteJob} from '../../lab/index.ts'
import {deal, durationsFrom, type Part, parseShard, type Shard, suiteJobs} from '../../lab/inside/engine.ts'
import {type AskedLab, LabError} from '../../lab/inside/start.ts'

export interface ShardAsked {
  readonly suite: string
  readonly labs: AskedLab & {readonly profile: string}
  readonly repeat?: number | undefined
  /** As it was written: `2/3`. */
  readonly shard?: string | undefined
  /** Where an earlier suite tells how long each takes. */
  readonly durations?: string | undefined
}

export interface Sharded {
  readonly jobs: readonly SuiteJob[]
  /** The scenarios of every part, so that a part whose job has died is known to be missing. */
  readonly plan: readonly (readonly string[])[]
  readonly shard: (Shard & {readonly says: string}) | undefined
}

/**
 * Seconds come from what all shards are given alike: the durations that were named, else the timing model. What was played on this
 * machine would be another on the next, and a scenario that each leaves to the other is played by none.
 * @throws LabError `usage`, `config`
 */
export function sharded({suite, labs, repeat, shard: written, durations: place}: ShardAsked): Sharded {
  const asked = {...labs, suite, repeat}
  if (written === undefined) {
    if (place !== undefined) throw new LabError('usage', '--durations goes with --shard')
    const jobs = suiteJobs(asked)
    return {jobs, plan: [namesOf(jobs)], shard: undefined}
  }
  const shard = parseShard(written)
  const durations = place === undefined ? new Map<string, number>() : durationsFrom(place, labs.profile)
  const parts = deal(suiteJobs({...asked, durations}), shard.count)
  const plan = parts.map(part => namesOf(part.jobs))
  const {jobs} = parts[shard.index - 1]!
  return {jobs, plan, shard: {...shard, says: say(shard, parts, plan)}}
}

function say({index, count}: Shard, parts: readonly Part[], plan: readonly (readonly string[])[]): string {
  const each = parts.map(({seconds}) => seconds)
  const all = plan.reduce((total, names) => total + names.length, 0)
  return `shard ${index} of ${count}: ${plan[index - 1]!.length} of ${all} scenarios, about ${minutes(each[index - 1]!)} with its labs; the shortest shard takes ${minutes(Math.min(...each))}, the longest ${minutes(Math.max(...each))}\n`
}

function minutes(seconds: number): string {
  return `${Math.floor(seconds / 60)}:${String(Math.floor(seconds % 60)).padStart(2, '0')}`
}

function namesOf(jobs: readonly SuiteJob[]): readonly string[] {
  return [...new Set(jobs.map(job => job.scenario))]
}
