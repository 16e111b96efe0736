/**
 * A suite dealt to several jobs of CI, none of which hears of the others: each deals out the whole suite by itself, and takes its own
 * part. So nothing goes into it that one machine knows and another does not, such as what was played there last. Pure.
 */
import {LabError} from '../words/errors.ts'
import {changeSeconds, kindOf, type SuiteJob} from './plan.ts'

/** Which part of how many, as people count: from 1. */
export interface Shard {
  readonly index: number
  readonly count: number
}

/** Of one shard. */
export interface Part {
  /** All runs of a scenario are in one part: they are compared with each other, and so are played on one machine. */
  readonly jobs: readonly SuiteJob[]
  /** How long it will take, the raising of its labs included. */
  readonly seconds: number
}

const mostShards = 1000

/** @param written `2/3`. @throws LabError `usage` */
export function parseShard(written: string): Shard {
  const [, index = 0, count = 0] = (/^([1-9]\d{0,3})\/([1-9]\d{0,3})$/.exec(written) ?? []).map(Number)
  if (index >= 1 && index <= count && count <= mostShards) return {index, count}
  throw new LabError('usage', `--shard ${written}: it is a part of how many, from 1/N to N/N`, {
    hint: 'for three jobs: --shard 1/3, --shard 2/3 and --shard 3/3',
  })
}

/**
 * The longest scenario first, each to the part that would be through with it first; a part that has no lab of the kind that it needs
 * raises one. Equal ones go by their names, so that the order in which jobs are given changes nothing.
 * @throws LabError `usage` when a part would have nothing to play: a job that plays nothing must not be green.
 */
export function deal(jobs: readonly SuiteJob[], count: number): readonly Part[] {
  const scenarios = [...Map.groupBy(jobs, job => job.scenario).values()]
    .map(all => ({all, seconds: sum(all), kind: kindOf(all[0]!.set), name: all[0]!.scenario}))
    .toSorted((a, b) => b.seconds - a.seconds || (a.name < b.name ? -1 : 1))
  if (scenarios.length < count)
    throw new LabError(
      'usage',
      `of ${count} shards ${count - scenarios.length} would have nothing to play: there ${scenarios.length === 1 ? 'is 1 scenario' : `are ${scenarios.length} scenarios`}`,
      {hint: `deal them to ${scenarios.length} at most`},
    )
  const parts = Array.from({length: count}, () => ({jobs: [] as SuiteJob[], kinds: new Set<string>(), seconds: 0}))
  for (const {all, seconds, kind} of scenarios) {
    const after = parts.map(part => part.seconds + seconds + (part.kinds.has(kind) ? 0 : changeSeconds))
    const first = parts[after.indexOf(Math.min(...after))]!
    first.jobs.push(...all)
    first.kinds.add(kind)
    first.seconds = Math.min(...after)
  }
  return parts.map(part => ({jobs: part.jobs, seconds: part.seconds}))
}

function sum(jobs: readonly SuiteJob[]): number {
  return jobs.reduce((total, {seconds}) => total + seconds, 0)
}
