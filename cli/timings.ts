/** `--timings`: where the time of a run went, and of several the median of each part. */
import type {MedianTimings, Run, Timings} from '../lab/index.ts'
import {print} from './output.ts'
import {textOptions} from './text-options.ts'

export async function timingsOfRun({history, around}: Pick<Run, 'history' | 'around'>): Promise<Timings> {
  const {timingsOf} = await import('../lab/inside/reading.ts')
  return timingsOf(history, around)
}

/** @returns undefined of no runs. */
export async function mediansOf(runs: readonly Timings[]): Promise<MedianTimings | undefined> {
  const {medianTimings} = await import('../lab/inside/reading.ts')
  return runs.length === 0 ? undefined : medianTimings(runs)
}

/** Before the verdict, which stays the last that is read. */
export async function printTimings(timings: Timings): Promise<void> {
  const {renderTimings} = await import('./render/timings.ts')
  print(`${renderTimings(timings, await textOptions())}\n`)
}

/** Nothing of no runs. */
export async function printMedians(runs: readonly Timings[]): Promise<void> {
  const medians = await mediansOf(runs)
  if (medians === undefined) return
  const {renderMedianTimings} = await import('./render/timings.ts')
  print(`${renderMedianTimings(medians, await textOptions())}\n`)
}
