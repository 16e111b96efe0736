/** `chaos --repeat N`: the runs one after the other, each with its view, and then what they have in common. */

import {writeFileSync} from 'node:fs'
import {join} from 'node:path'
import type {ChosenMoment, Comparison, Lab, Recorder, Scenario, Summary, Timings} from '../lab/index.ts'
import {LabError} from '../lab/inside/start.ts'
import type {Baseline} from './against.ts'
import {caller} from './called-as.ts'
import type {CiOutputs} from './ci-outputs.ts'
import {complain} from './complain.ts'
import type {Interrupt} from './interrupt.ts'
import {nextAfter} from './next-after.ts'
import {print, printData, tellProgress} from './output.ts'
import {answer} from './render/answer.ts'
import {words} from './render/verdict-words.ts'
import {textOptions} from './text-options.ts'
import {mediansOf, printMedians, timingsOfRun} from './timings.ts'

export interface RepeatRunOptions {
  readonly repeat: number
  readonly phase?: Exclude<ChosenMoment, object> | undefined
  readonly seed?: number | undefined
  readonly failFast?: boolean | undefined
  readonly out?: string | undefined
  readonly json?: boolean | undefined
  /** Whether it is asked where the time went. */
  readonly timings?: boolean | undefined
  readonly outputs?: CiOutputs | undefined
  readonly baseline?: Baseline | undefined
  /** Shows one run as it is played. */
  watch(history: Recorder): Promise<{done(): Promise<void>}>
}

/** Sets the exit code: the merged verdict, or what ended the repetition early. */
export async function repeatRun(
  lab: Lab,
  scenario: Scenario,
  interrupt: Interrupt,
  options: RepeatRunOptions,
): Promise<void> {
  const {repeat} = await import('../lab/inside/engine.ts')
  const {exitCodes} = await import('../lab/inside/start.ts')
  const {writeReports} = await import('./render/write-reports.ts')
  let screen: ReturnType<RepeatRunOptions['watch']> | undefined
  const took: Timings[] = []
  const {folder, summary, error} = await repeat(lab, scenario, {
    times: options.repeat,
    phase: options.phase,
    seed: options.seed,
    failFast: options.failFast === true,
    out: options.out,
    signal: interrupt.signal,
    called: caller(),
    asRows: true,
    watch(history, nth) {
      tellProgress(`run ${nth} of ${options.repeat}\n`)
      screen = options.watch(history)
    },
    async finished(run, nth) {
      const {report, folder, history} = run
      await (await screen)?.done()
      const unwritten = writeReports(folder, report, history)
      if (unwritten !== undefined) complain(unwritten)
      options.outputs?.add(run)
      if (options.timings === true) took.push(await timingsOfRun(run))
      tellProgress(`run ${nth} of ${options.repeat}: ${words[report.verdict]}: ${answer(report)}\n`)
    },
  }).finally(async () => (await screen)?.done())

  // Interrupted between two runs: those that there are have all passed, and what was asked for has not.
  if (error === undefined && summary.runs.length < summary.asked && summary.runs.every(run => run.verdict === 'pass'))
    options.outputs?.addNeverBegan({lab: lab.name, scenario}, new LabError('interrupted', summary.says))

  const {compareWith, endsWith} = await import('./against.ts')
  const comparison = options.baseline && compareWith(options.baseline, summary.runs)
  if (comparison !== undefined) options.outputs?.addComparison(comparison)
  const {renderRepetition} = await import('./render/repeat-text.ts')
  const plain = renderRepetition(summary, {color: false, width: 120, ascii: false})
  writeFileSync(join(folder, 'summary.txt'), plain, {mode: 0o600})
  await printEnd({summary, folder, comparison, took, lab: lab.name, json: options.json})
  process.exitCode = comparison === undefined ? summary.exitCode : endsWith(summary.exitCode, comparison)
  if (error === undefined) return
  complain(error)
  process.exitCode = error.exitCode === exitCodes.healing ? error.exitCode : (interrupt.code() ?? error.exitCode)
}

interface Told {
  readonly summary: Summary
  readonly folder: string
  readonly comparison: Comparison | undefined
  /** Where the time of each run went, where that was asked for. */
  readonly took: readonly Timings[]
  readonly lab: string
  readonly json: boolean | undefined
}

async function printEnd({summary, folder, comparison, took, lab, json}: Told): Promise<void> {
  if (json) {
    const {toJson} = await import('../lab/inside/start.ts')
    const timings = await mediansOf(took)
    return printData(toJson({...summary, folder, ...(comparison && {comparison}), ...(timings && {timings})}))
  }
  const {repetitionOnScreen} = await import('./render/repeat-text.ts')
  // Of the run that the verdict comes from, else of the last.
  const told =
    summary.runs.find(run => run.verdict === summary.verdict && run.verdict !== 'pass') ?? summary.runs.at(-1)
  const next = told === undefined ? [] : nextAfter(told, join(folder, told.folder), lab, false)
  await printMedians(took)
  print(repetitionOnScreen(summary, await textOptions(), [`evidence: ${folder}`, ...next]))
  if (comparison === undefined) return
  const {renderComparison} = await import('./render/compare-text.ts')
  print(`\n${renderComparison(comparison, await textOptions())}`)
}
