/** How the run of a scenario ended, told by its exit code, and what that makes of the whole suite. */
import {exitCodes} from '../../lab/errors.ts'

export type Ending = 'passed' | 'failed' | 'inconclusive' | 'lab' | 'usage' | 'healing' | 'skipped' | 'interrupted'

export interface Outcome {
  readonly scenario: string
  readonly lab: string | null
  readonly ending: Ending
  readonly seconds: number
  /** The report's headline; else why there is none. */
  readonly headline: string
  /** Expectations that hold, and all of them; null without a report. */
  readonly held: readonly [number, number] | null
  /** Where the evidence is. */
  readonly folder: string | null
}

export function endingOf(exitCode: number | undefined): Ending {
  if (exitCode === 130 || exitCode === 143 || exitCode === 129) return 'interrupted'
  const found = Object.entries(exitCodes).find(([, code]) => code === exitCode)?.[0]
  return found === undefined || found === 'terminated' ? 'lab' : (found as Ending)
}

/** The worst comes first: what needs a person, then what was found, then what could not be found out. */
const worst: readonly Ending[] = [
  'healing',
  'interrupted',
  'failed',
  'lab',
  'usage',
  'inconclusive',
  'skipped',
  'passed',
]

export function exitCodeOf(outcomes: readonly Outcome[]): number {
  const ending = worst.find(one => outcomes.some(outcome => outcome.ending === one)) ?? 'passed'
  return exitCodes[ending]
}
