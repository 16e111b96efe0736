/** `chaos --repeat N --against BASE`: whether what was just played is slower than recorded runs. */
import type {Comparison} from '../lab/index.ts'
import {compare, findRuns, loadRun, type MeasuredRun, measureRun} from '../lab/inside/reading.ts'
import {exitCodes, LabError, next, onLab} from '../lab/inside/start.ts'
import {judged} from './judged.ts'

export interface Baseline {
  readonly runs: readonly MeasuredRun[]
  /** 0.1: a tenth of the base's median. */
  readonly tolerance: number
}

/** @throws LabError `usage` where there are no such runs, or they are of another scenario. */
export async function baselineOf(written: string, lab: string, scenario: string, tolerance: number): Promise<Baseline> {
  const runs = await measuredRuns(written, lab)
  const other = runs.find(one => one.scenario !== scenario)
  if (other === undefined) return {runs, tolerance}
  throw new LabError('usage', `--against ${written} is of ${other.scenario}, and this is ${scenario}`, {
    hint: next`to record a base of its own: ${onLab(lab, 'chaos', scenario, '--repeat', '6', '--out', 'base')}`,
  })
}

/** Recorded runs, judged and measured, as `findRuns` finds them. */
export async function measuredRuns(written: string, lab: string): Promise<readonly MeasuredRun[]> {
  const runs: MeasuredRun[] = []
  // One after the other: the histories need not be in memory at once.
  for (const one of findRuns(written, lab)) {
    const run = await loadRun(one)
    await judged(run)
    runs.push(measureRun(run.history))
  }
  return runs
}

export function compareWith({runs, tolerance}: Baseline, head: readonly MeasuredRun[]): Comparison {
  return compare(runs, head, {tolerance, judged: []})
}

/** Only what is slower for certain, beyond the tolerance, makes a failure of a repetition that did its work. */
export function endsWith(own: number, {verdict}: Comparison): number {
  const didItsWork = own === exitCodes.passed || own === exitCodes.inconclusive
  return verdict === 'fail' && didItsWork ? exitCodes.failed : own
}
