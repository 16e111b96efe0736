/** Moments of a run in words: seconds after the first fault, which is what a reader asks about; without a fault, of the run. */

import type {Micros, Report} from '../../lab/index.ts'
import type {PhaseRow} from '../../lab/inside/reading.ts'
import {sayMicros} from '../../lab/inside/start.ts'

/** What every time in a report is counted from. */
export function zeroOf({faults}: Pick<Report, 'faults'>): Micros {
  return faults[0]?.at ?? 0
}

/** `+22.59 s`, `-3.67 s`: as many digits as every other time of a report has. */
export function sayMoment(at: Micros, zero: Micros, digits = 2): string {
  const seconds = ((at - zero) / 1e6).toFixed(digits)
  return `${seconds.startsWith('-') ? '' : '+'}${seconds} s`
}

/** `0.50 to 2.35 s` */
export function sayBounds([least, most]: readonly [Micros, Micros]): string {
  const digits = most < 10e6 ? 2 : 1
  return `${(least / 1e6).toFixed(digits)} to ${(most / 1e6).toFixed(digits)} s`
}

/** How long a phase took, or how near it lies to the one before where nobody can tell more; empty where neither is known. */
export function sayTook({took, apart}: PhaseRow): string {
  if (apart !== undefined) return `at most ${sayMicros(apart)} apart`
  return took === undefined || took === null ? '' : sayMicros(took)
}
