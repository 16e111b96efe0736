/** How the run of a scenario ended, told by its exit code, and what that makes of the whole suite. */

import type {Timings} from '../history/timings.ts'
import type {Report} from '../judge/report.ts'
import {exitCodes} from '../words/errors.ts'

export type Ending =
  | 'passed'
  | 'failed'
  | 'inconclusive'
  | 'crashed'
  | 'lab'
  | 'usage'
  | 'healing'
  | 'skipped'
  | 'interrupted'

export interface SuiteOutcome {
  readonly scenario: string
  readonly lab: string | null
  readonly ending: Ending
  readonly seconds: number
  /** The report's headline; else why there is none. */
  readonly headline: string
  /** The report's; null: there is none. */
  readonly limit: Report['limit']
  /** Whether the lab was healthy again after the run; not known where it is not said. */
  readonly recovered?: boolean | null | undefined
  /** Expectations that hold, and all of them; null without a report. */
  readonly held: readonly [number, number] | null
  /** Where the evidence is. */
  readonly folder: string | null
  /** Where it was played; there where engines were named. */
  readonly engine?: string
  /** Where its time went, where that was asked for and it was played. */
  readonly timings?: Timings
  /** How it went before; absent: it was played once. */
  readonly again?: readonly Again[]
}

/** A run that does not count, because of the engine that it was played on. */
export interface Again {
  /** Where; there where engines were named. */
  readonly engine?: string
  readonly lab: string
  /** What became of it, as a clause. */
  readonly why: string
}

/** `played again: the engine far did not answer any more` */
export function sayAgain({why}: Again): string {
  return `played again: ${why}`
}

export function endingOf(exitCode: number | undefined): Ending {
  const found = (Object.keys(exitCodes) as (keyof typeof exitCodes)[]).find(name => exitCodes[name] === exitCode)
  if (found === undefined) return 'lab'
  return found === 'terminated' || found === 'hangup' ? 'interrupted' : found
}

/** The worst comes first: what needs a person, then what was found, then what could not be found out. */
const worst: readonly Ending[] = [
  'healing',
  'interrupted',
  'failed',
  'crashed',
  'lab',
  'usage',
  'inconclusive',
  'skipped',
  'passed',
]

export function exitCodeOf(outcomes: readonly Pick<SuiteOutcome, 'ending'>[]): number {
  const ending = worst.find(one => outcomes.some(outcome => outcome.ending === one)) ?? 'passed'
  return exitCodes[ending]
}
