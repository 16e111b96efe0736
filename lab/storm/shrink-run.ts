/**
 * Shrinks a scenario on a lab: plays candidates, each into a folder of its own, until the smallest that still fails is found, and
 * writes that as a scenario file. The same expectation has to fail: a candidate that breaks something else is another finding.
 */
import {mkdirSync} from 'node:fs'
import {join} from 'node:path'
import type {LabError, LabErrorCode} from '../errors.ts'
import type {Recorder} from '../history.ts'
import type {Lab} from '../lab.ts'
import type {Report} from '../report.ts'
import {type Run, runScenario} from '../runs.ts'
import {writeScenario} from '../scenario/write.ts'
import {parseScenario, type Scenario, type Step} from '../scenario.ts'
import {whenDiskIsFull, writeWhole} from '../state.ts'
import {shrink} from './shrink.ts'

export interface ShrinkOptions {
  /** Holds each play and `smallest.yaml`; made when it is not there. */
  readonly folder: string
  readonly signal: AbortSignal
  /** No candidate is begun after this long. */
  readonly withinMs: number
  /** A candidate is played so often, until it fails: more than once for what does not happen every time. */
  readonly tries: number
  /** Which check must fail; unless given, the first that fails when the plan is played as it is. */
  readonly check?: string | undefined
  /** Told when a play's history exists, before anything happens. */
  readonly watch?: (history: Recorder, folder: string) => void
  /** Told after each play. */
  readonly played?: (play: ShrinkPlay) => void | Promise<void>
}

export interface ShrinkPlay {
  /** 0: the plan as it is. */
  readonly nth: number
  /** As many plays as there can be, the plan as it is not counted; null before that is known. */
  readonly most: number | null
  /** What was tried. */
  readonly says: string
  readonly steps: number
  readonly failed: boolean
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
  whenDiskIsFull(() => mkdirSync(folder, {recursive: true, mode: 0o700}), folder)
  const deadline = performance.now() + withinMs
  let error: LabError | undefined
  const over = () => signal.aborted || error !== undefined || performance.now() > deadline

  const play = async (
    steps: readonly Step[],
    as: Omit<ShrinkPlay, 'failed' | 'report' | 'folder' | 'seconds' | 'steps'>,
    check: string | undefined,
  ) => {
    for (let attempt = 1; ; attempt++) {
      const began = performance.now()
      const name = as.nth === 0 ? 'again' : String(as.nth).padStart(3, '0')
      const run = await playOnce(
        lab,
        {...scenario, steps},
        join(folder, tries > 1 ? `${name}-${attempt}` : name),
        options,
      )
      if (run.error !== undefined && endsAll.includes(run.error.code)) error = run.error
      const failing = run.error === undefined && run.report.verdict === 'fail' ? failedChecks(run.report) : []
      const found = check === undefined ? failing[0] : failing.find(one => one === check)
      const seconds = (performance.now() - began) / 1000
      await options.played?.({
        ...as,
        steps: steps.length,
        failed: found !== undefined,
        report: run.report,
        folder: run.folder,
        seconds,
      })
      if (found !== undefined || attempt >= tries || over()) return found
    }
  }

  const check = await play(scenario.steps, {nth: 0, most: null, says: 'the plan as it is'}, options.check)
  const before = [scenario.steps.length, faultsIn(scenario.steps)] as const
  if (check === undefined) {
    const wanted = options.check === undefined ? 'no expectation failed' : `\`${options.check}\` did not fail`
    return {
      ...{smallest: null, check: options.check ?? null, plays: 0, minimal: false, error},
      ...{steps: [before[0], before[0]], faults: [before[1], before[1]]},
      says:
        error === undefined
          ? `${wanted} when the plan was played as it is${tries > 1 ? `, ${tries} times` : ''}: there is nothing to shrink`
          : 'it ended before anybody could see whether the plan fails again',
    }
  }

  const {steps, plays, minimal} = await shrink(
    scenario.steps,
    async candidate => (await play(candidate.steps, candidate, check)) !== undefined,
    over,
  )
  const file = join(folder, 'smallest.yaml')
  const counts = `${steps.length} of ${before[0]} steps and ${faultsIn(steps)} of ${before[1]} faults`
  const how = minimal ? 'without any single one of them it no longer failed' : 'it was ended early, so less may do'
  const about = `The smallest plan found after which \`${check}\` still fails: ${counts} (${plays} plays; ${how}). It was: ${originOf(scenario.about)}`
  whenDiskIsFull(() => writeWhole(file, writeScenario({...scenario, about, steps})), folder)
  return {
    ...{smallest: file, check, plays, minimal, error},
    ...{steps: [before[0], steps.length], faults: [before[1], faultsIn(steps)]},
    says: `\`${check}\` still fails with ${counts}; ${how}`,
  }
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
    mkdirSync(folder, {recursive: true, mode: 0o700})
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
