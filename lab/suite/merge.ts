/** The parts of a suite put together again: whose evidence is missing, and what is odd about what came. Pure. */
import {exitCodes, LabError} from '../words/errors.ts'
import {type Ending, endingOf, exitCodeOf} from './outcome.ts'
import type {SuiteRecord} from './record.ts'

export interface GivenRecord {
  readonly file: string
  readonly record: SuiteRecord
}

/** A run whose evidence is here. */
export interface GivenRun {
  readonly run: string
  readonly scenario: string
  /** Where it lies. */
  readonly place: string
  readonly exitCode: number
}

export interface Merged {
  /** Each was to be played, and nobody shows that it was. */
  readonly missing: readonly {readonly scenario: string; readonly says: string}[]
  /** What a reader has to know besides. */
  readonly odd: readonly string[]
  readonly says: string
  /** The worst of all runs, of what each part itself ended with, and of what is missing: that is no pass. */
  readonly exitCode: number
}

/** @param records of one suite: `mustBelongTogether`. */
export function merge(records: readonly GivenRecord[], runs: readonly GivenRun[]): Merged {
  const count = records[0]?.record.shard?.count ?? 1
  const played = new Set(runs.map(one => one.scenario))
  const missing = [...plannedBy(records)].filter(scenario => !played.has(scenario))
  const absent = Array.from({length: count}, (_, index) => index + 1).filter(
    index => !records.some(one => indexOf(one) === index),
  )
  const passed = runs.filter(one => one.exitCode === exitCodes.passed).length
  const endings: Ending[] = [
    ...runs.map(one => endingOf(one.exitCode)),
    ...records.map(({record}) => (record.exitCode === null ? 'inconclusive' : endingOf(record.exitCode))),
    ...(missing.length > 0 || absent.length > 0 ? (['lab'] as const) : []),
  ]
  return {
    missing: missing.map(scenario => ({scenario, says: why(scenario, records, absent)})),
    odd: [...oddRecords(records, absent), ...oddRuns(records, runs)],
    says: `${count - absent.length} of ${count} ${count === 1 ? 'shard' : 'shards'}: ${passed} of ${runs.length + missing.length} runs passed${missing.length === 0 ? '' : `, ${missing.length} without evidence`}`,
    exitCode: exitCodeOf(endings.map(ending => ({ending}))),
  }
}

/** @throws LabError `usage` for records that are no parts of one suite. */
export function mustBelongTogether([first, ...others]: readonly GivenRecord[]): void {
  for (const one of others)
    if (first !== undefined && identity(one) !== identity(first))
      throw new LabError(
        'usage',
        `these are no shards of one suite: ${first.file} is of ${identity(first)}, ${one.file} of ${identity(one)}`,
        {hint: 'name the reports of one suite'},
      )
}

function identity({record: {suite, profile, shard}}: GivenRecord): string {
  return `${suite} with the timings of ${profile}, dealt to ${shard?.count ?? 1}`
}

function indexOf({record}: GivenRecord): number {
  return record.shard?.index ?? 1
}

function plannedBy(records: readonly GivenRecord[]): ReadonlySet<string> {
  return new Set(records.flatMap(({record}) => [...record.plan.flat(), ...record.scenarios.map(one => one.scenario)]))
}

function why(scenario: string, records: readonly GivenRecord[], absent: readonly number[]): string {
  for (const {file, record} of records) {
    const ended = record.scenarios.find(one => one.scenario === scenario)
    if (ended?.folder === null) return `not played: ${ended.headline}`
    if (ended !== undefined) return `its evidence is not beside ${file}, which says that it ${ended.ending}`
  }
  const owners = [...new Set(records.flatMap(({record}) => record.plan.findIndex(part => part.includes(scenario)) + 1))]
  const silent = owners.find(index => absent.includes(index))
  if (silent !== undefined) return `shard ${silent}, which was to play it, has left no report`
  return `shard ${owners.join(' or ')} was to play it, and its report does not have it`
}

function oddRecords(records: readonly GivenRecord[], absent: readonly number[]): readonly string[] {
  const plans = Map.groupBy(records, ({record}) => JSON.stringify(record.plan))
  const twice = [...Map.groupBy(records, indexOf)].filter(([, all]) => all.length > 1)
  return [
    ...absent.map(index => `shard ${index} has left no report`),
    ...twice.map(
      ([index, all]) => `shard ${index} is there ${all.length} times: ${all.map(one => one.file).join(', ')}`,
    ),
    ...records.flatMap(one =>
      one.record.exitCode === null ? [`shard ${indexOf(one)} had not ended when ${one.file} was written`] : [],
    ),
    ...(plans.size > 1
      ? [
          `${[...plans.values()].map(all => `shard ${all.map(indexOf).join(', ')}`).join(' and ')} dealt the suite out differently: give all of them one version and the same --durations`,
        ]
      : []),
  ]
}

function oddRuns(records: readonly GivenRecord[], runs: readonly GivenRun[]): readonly string[] {
  const places = [...Map.groupBy(runs, one => one.run)].filter(([, all]) => all.length > 1)
  const owners = [...plannedBy(records)].map(scenario => ({
    scenario,
    shards: new Set(records.filter(({record}) => record.scenarios.some(one => one.scenario === scenario)).map(indexOf)),
  }))
  return [
    ...places.map(([run, all]) => `${run} is there ${all.length} times: ${all.map(one => one.place).join(', ')}`),
    ...owners
      .filter(({shards}) => shards.size > 1)
      .map(({scenario, shards}) => `${scenario} was played by more than one shard: ${[...shards].join(', ')}`),
  ]
}
