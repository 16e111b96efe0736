/**
 * Shrinks a scenario on a lab: plays candidates, each into a folder of its own, until the smallest that still fails is found, and
 * writes that as a scenario file. The same expectation has to fail: a candidate that breaks something else is another finding.
 */
import {join} from 'node:path'
import type {Lab} from '../engine/lab.ts'
import type {Recorder} from '../history/history.ts'
import type {Report} from '../judge/report.ts'
import {type Run, runScenario} from '../run/runs.ts'
import {parseScenario, type Scenario, type Step} from '../scenario/index.ts'
import {writeScenario} from '../scenario/write.ts'
import {makeFolder, whenDiskIsFull, writeWhole} from '../state/folders.ts'
import type {LabError, LabErrorCode} from '../words/errors.ts'
import {type Candidate, type Shrunk, shrink} from './shrink.ts'

export interface ShrinkOptions {
  /** Holds each play and `smallest.yaml`; made when it is not there. */
  readonly folder: string
  readonly signal: AbortSignal
  /** No candidate is begun after this long. */
  readonly withinMs: number
  /** A candidate is played so often, until it fails: more than once for what does not happen every time. */
  readonly tries: number
  /** Of these the first that fails when the plan is played as it is; unless given, of all. */
  readonly checks?: readonly string[] | undefined
  /** Told when a play's history exists, before anything happens. */
  readonly watch?: (history: Recorder, folder: string) => void
  /** Told after each play. */
  readonly played?: (play: ShrinkPlay) => void | Promise<void>
}

export interface ShrinkPlay {
  /** 0: the plan as it is. */
  readonly nth: number
  /** From 1 to `tries`. */
  readonly attempt: number
  /** What was tried. */
  readonly says: string
  /** Of the plan that was tried. */
  readonly steps: number
  readonly faults: number
  readonly failed: boolean
  /** Why it was not played to its end; null: it was. */
  readonly ended: string | null
  readonly report: Report
  readonly folder: string
  readonly seconds: number
}

export interface ShrinkResult {
  /** The scenario file; null when the plan did not fail again. */
  readonly smallest: string | null
  readonly check: string | null
  readonly says: string
  readonly plays: number
  /** Nothing more can be left out one at a time. */
  readonly minimal: boolean
  /** Steps and faults, before and after. */
  readonly steps: readonly [number, number]
  readonly faults: readonly [number, number]
  /** What ended it, when the lab could not do its work. */
  readonly error: LabError | undefined
}

/** After one of these no further play would tell anything. Others are about the candidate: a selector that finds nobody, say. */
const endsAll: readonly LabErrorCode[] = ['interrupted', 'heal-failed', 'disk-full', 'not-ready', 'no-lab', 'image']

export async function shrinkScenario(lab: Lab, scenario: Scenario, options: ShrinkOptions): Promise<ShrinkResult> {
  const {folder, signal, withinMs, tries} = options
  whenDiskIsFull(() => makeFolder(folder), folder)
  const deadline = performance.now() + withinMs
  let error: LabError | undefined
  let report: Report | undefined
  const stopped = () => signal.aborted || error !== undefined
  const over = () => stopped() || performance.now() > deadline

  /** The first of `checks` that failed. */
  const play = async ({steps, nth, says}: Candidate, checks: readonly string[] | undefined) => {
    for (let attempt = 1; ; attempt++) {
      const began = performance.now()
      const name = nth === 0 ? 'again' : String(nth).padStart(3, '0')
      const place = join(folder, tries > 1 ? `${name}-${attempt}` : name)
      const run = await playOnce(lab, {...scenario, steps}, place, options)
      if (run.error !== undefined && endsAll.includes(run.error.code)) error = run.error
      report = run.report
      const failed = run.error === undefined && run.report.verdict === 'fail' ? failedChecks(run.report) : []
      const found = failed.find(one => checks === undefined || checks.includes(one))
      const seconds = (performance.now() - began) / 1000
      const counts = {steps: steps.length, faults: faultsIn(steps)}
      await options.played?.({
        ...{nth, attempt, says, ...counts, failed: found !== undefined, ended: run.error?.message ?? null, seconds},
        ...{report: run.report, folder: run.folder},
      })
      if (found !== undefined || attempt >= tries || over()) return found
    }
  }

  const original = {steps: scenario.steps, nth: 0, says: 'the plan as it is'}
  const check = await play(original, options.checks)
  if (check === undefined) {
    const says = stopped()
      ? 'it ended before anybody could see whether the plan fails again'
      : `${sayPassed(options.checks, report!)} when the plan was played as it is${tries > 1 ? `, ${tries} times` : ''}: there is nothing to shrink`
    return unshrunk(scenario.steps, error, says)
  }

  const file = join(folder, 'smallest.yaml')
  const write = (smallest: Shrunk) => {
    const about = `The smallest plan found after which \`${check}\` still fails: ${sayShrunk(scenario.steps, smallest)} (${smallest.plays} plays). It was: ${originOf(scenario.about)}`
    whenDiskIsFull(() => writeWhole(file, writeScenario({...scenario, about, steps: smallest.steps})), folder)
  }
  // Written each time it gets smaller: whoever is killed leaves it, too.
  write({...original, plays: 0, minimal: false})
  const shrunk = await shrink(
    scenario.steps,
    async candidate => {
      const fails = (await play(candidate, [check])) !== undefined
      if (fails) write({steps: candidate.steps, plays: candidate.nth, minimal: false})
      return fails
    },
    over,
  )
  // A play that was cut short has answered nothing.
  const smallest = {...shrunk, minimal: shrunk.minimal && !stopped()}
  write(smallest)
  return {...shrunkTo(scenario.steps, smallest, check), smallest: file, error}
}

function shrunkTo(plan: readonly Step[], smallest: Shrunk, check: string): Omit<ShrinkResult, 'smallest' | 'error'> {
  const {steps, plays, minimal} = smallest
  return {
    ...{check, plays, minimal},
    ...{steps: [plan.length, steps.length], faults: [faultsIn(plan), faultsIn(steps)]},
    says: `\`${check}\` still fails with ${sayShrunk(plan, smallest)}`,
  }
}

/** The plan did not fail again. */
function unshrunk(plan: readonly Step[], error: LabError | undefined, says: string): ShrinkResult {
  const [steps, faults] = [plan.length, faultsIn(plan)]
  return {
    ...{smallest: null, check: null, plays: 0, minimal: false, error, says},
    ...{steps: [steps, steps], faults: [faults, faults]},
  }
}

/** What is left of a plan, and whether less would do. */
function sayShrunk(before: readonly Step[], {steps, minimal}: Shrunk): string {
  const faults = faultsIn(steps)
  const counts = `${steps.length} of ${before.length} steps and ${faults} of ${faultsIn(before)} faults`
  if (faults === 0) return `${counts}: it fails without any fault, so the lab itself is not as it should be`
  return `${counts}; ${minimal ? 'without any single one of them it did not fail' : 'it was ended early, so less may do'}`
}

function sayPassed(checks: readonly string[] | undefined, {verdict, headline}: Report): string {
  const wanted =
    checks === undefined ? 'no expectation failed' : `${checks.map(one => `\`${one}\``).join(' and ')} did not fail`
  return verdict === 'unknown' ? `${wanted} (it was inconclusive: ${headline})` : wanted
}

async function playOnce(
  lab: Lab,
  scenario: Scenario,
  folder: string,
  {signal, watch}: Pick<ShrinkOptions, 'signal' | 'watch'>,
): Promise<Run> {
  const file = join(folder, 'plan.yaml')
  const text = writeScenario(scenario)
  whenDiskIsFull(() => {
    makeFolder(folder)
    writeWhole(file, text)
  }, folder)
  const candidate = {...parseScenario(file, text), name: scenario.name}
  return runScenario(lab, candidate, {signal, out: folder, ...(watch === undefined ? {} : {watch})})
}

/** In the order of the scenario. */
export function failedChecks({findings}: Report): string[] {
  return findings.filter(one => one.verdict === 'fail').map(one => one.check)
}

function faultsIn(steps: readonly Step[]): number {
  return steps.filter(step => step.do === 'inject').length
}

/** Of a plan that was shrunk before, where that one came from. */
function originOf(about: string): string {
  return about.replace(/^The smallest plan .*? It was: /, '')
}
