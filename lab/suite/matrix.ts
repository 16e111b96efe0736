/**
 * Scenarios on labs that differ in one thing, or in several: each lab is raised, plays them all, and is removed before the next one is
 * raised, so that none disturbs another. Then each is held against the first.
 */
import {join, resolve} from 'node:path'
import {merge, type Verdict} from '../checks/check.ts'
import {type ComparedMetric, compare} from '../judge/compare.ts'
import {exitCodeOf} from '../judge/judge.ts'
import type {MeasuredRun} from '../judge/measure-run.ts'
import {headline} from '../judge/metrics.ts'
import {type RaisedLab, type RaiseLabOptions, raiseLab} from '../run/raised-lab.ts'
import {repeat, type Summary} from '../run/repeat.ts'
import type {Run} from '../run/runs.ts'
import type {Scenario} from '../scenario/index.ts'
import {makeFolder, whenDiskIsFull, writeWhole} from '../state/folders.ts'
import {type ExitCode, exitCodes, LabError} from '../words/errors.ts'
import type {Caller} from '../words/next-step.ts'
import type {Progress} from '../words/progress.ts'
import {toJson} from '../words/spelled-json.ts'
import {holm, leastP, neededForEach} from '../words/statistics.ts'
import type {Variant} from './variants.ts'

/** What matrix.json holds. */
export interface Matrix {
  /** Version of this shape. */
  readonly schema: 1
  readonly verdict: Verdict
  readonly exitCode: ExitCode
  readonly says: string
  readonly scenarios: readonly string[]
  readonly variants: readonly string[]
  /** By scenario, and for each in the order of the variants. */
  readonly cells: readonly Cell[]
}

export interface Cell {
  readonly scenario: string
  readonly variant: string
  /** Null: it was not played here, and `says` has why. */
  readonly summary: Summary | null
  readonly says: string
  readonly skipped: boolean
  /** Held against the first variant that was played; null: it is that one, or has nothing to be held against. */
  readonly against: Against | null
}

export interface Against extends Pick<ComparedMetric, 'shift' | 'interval' | 'p'> {
  /** After Holm's correction for all that was compared. */
  readonly correctedP: number | null
  /** null: so few runs show no difference, whatever they are. */
  readonly significant: boolean | null
  /** So many runs on each side could show one. */
  readonly needed: number
}

export interface MatrixOptions {
  /** Of each scenario on each lab. */
  readonly times: number
  /** The labs are called so, and by their number. */
  readonly name: string
  /** A folder for the evidence; a folder in it for each cell. */
  readonly out: string
  readonly signal: AbortSignal
  readonly called?: Caller | undefined
  readonly progress?: Progress
  /** Told before each lab is raised, and after each run. */
  readonly began?: (variant: Variant, nth: number) => void
  readonly finished?: (run: Run, variant: Variant, nth: number) => void | Promise<void>
}

/** What a matrix is played with. */
interface Means {
  readonly raise: (options: RaiseLabOptions) => Promise<RaisedLab>
  readonly repeat: typeof repeat
}

/** What was played; `error`: it ended early, by the lab that could not do its work or by whoever interrupted it. */
export interface PlayedMatrix {
  readonly matrix: Matrix
  readonly error: LabError | undefined
}

type Played = Omit<Cell, 'against'>

export async function playMatrix(
  variants: readonly Variant[],
  scenarios: readonly Scenario[],
  options: MatrixOptions,
  means: Means = {raise: raiseLab, repeat},
): Promise<PlayedMatrix> {
  const {out, signal} = options
  whenDiskIsFull(() => makeFolder(out), out)
  const played: Played[] = []
  let error: LabError | undefined
  for (const [index, variant] of variants.entries()) {
    if (signal.aborted || error !== undefined) break
    options.began?.(variant, index + 1)
    // One that cannot be raised takes nothing of what was played with it.
    const {cells, ...ended} = await onOne(variant, index + 1, scenarios, options, means).catch(unraised)
    played.push(...cells)
    error = ended.error
  }
  if (error === undefined && signal.aborted) error = new LabError('interrupted', 'the matrix was interrupted')
  const matrix = matrixOf(variants, scenarios, played)
  whenDiskIsFull(() => writeWhole(join(out, 'matrix.json'), toJson(matrix)), out)
  return {matrix, error}
}

function unraised(error: unknown): {cells: Played[]; error: LabError} {
  if (error instanceof LabError) return {cells: [], error}
  throw error
}

/** What one lab cannot do says nothing of the next: a lab that is broken is told in its cells, and removed. */
async function onOne(
  variant: Variant,
  nth: number,
  scenarios: readonly Scenario[],
  options: MatrixOptions,
  {raise, repeat}: Means,
): Promise<{cells: Played[]; error: LabError | undefined}> {
  const cells: Played[] = []
  const {name, out, times, signal, called, progress, finished} = options
  // The value that was read, and not the words once more: a word that was forgotten here would make labs of one kind of all.
  const {topology} = variant.topology
  await using raised = await raise({topology, name: `${name}-${nth}`, signal, ...(progress && {progress})})
  for (const scenario of scenarios) {
    if (signal.aborted) break
    const {summary, error} = await repeat(raised.lab, scenario, {
      ...{times, failFast: false, signal, called},
      // The same seed for each lab: their runs have the same moments of the leader's loop, and differ in what is varied.
      seed: 1,
      out: resolve(out, `${nth}-${scenario.name}`),
      ...(finished && {finished: (run: Run) => finished(run, variant, nth)}),
    })
    const of = {scenario: scenario.name, variant: variant.says}
    if (error?.code === 'cannot-run-here') cells.push({...of, summary: null, says: error.message, skipped: true})
    else cells.push({...of, summary, says: summary.says, skipped: false})
    if (error !== undefined && error.code !== 'cannot-run-here') return {cells, error}
  }
  return {cells, error: undefined}
}

/** @param played those that are missing were not played any more. */
export function matrixOf(
  variants: readonly Pick<Variant, 'says'>[],
  scenarios: readonly Pick<Scenario, 'name'>[],
  played: readonly Played[],
): Matrix {
  const cells = scenarios.flatMap(({name}) =>
    variants.map(
      ({says}): Played =>
        played.find(one => one.scenario === name && one.variant === says) ?? {
          ...{scenario: name, variant: says, summary: null, says: 'not played', skipped: false},
        },
    ),
  )
  const compared = withDifferences(cells)
  const wanted = cells.filter(cell => !cell.skipped)
  const verdict = merge(wanted.map(({summary}) => summary?.verdict ?? 'unknown'))
  const passed = wanted.filter(({summary}) => summary?.verdict === 'pass').length
  const differ = compared.filter(({against}) => against?.significant === true).length
  return {
    schema: 1,
    verdict,
    exitCode:
      wanted.length === 0
        ? exitCodes.skipped
        : exitCodeOf(
            verdict,
            false,
            wanted.every(({summary}) => summary?.runs.every(run => run.recovered !== false) ?? true),
          ),
    says: `${passed} of ${cells.length} passed, ${differ} ${differ === 1 ? 'differs' : 'differ'} from the first by more than chance`,
    scenarios: scenarios.map(one => one.name),
    variants: variants.map(one => one.says),
    cells: compared,
  }
}

function withDifferences(cells: readonly Played[]): Cell[] {
  const runsOf = ({summary}: Played): readonly MeasuredRun[] => summary?.runs ?? []
  const found = cells.map(cell => {
    const first = cells.find(one => one.scenario === cell.scenario && runsOf(one).length > 0)
    if (first === undefined || first === cell || runsOf(cell).length === 0) return null
    const {metrics} = compare(runsOf(first), runsOf(cell), {tolerance: 0, judged: []})
    return metrics.find(one => one.name === headline) ?? null
  })
  const tested = found.filter(one => one?.p != null)
  const corrected = new Map(holm(tested.map(one => one!.p!)).map((p, index) => [tested[index], p]))
  const alpha = 0.05
  return cells.map((cell, index): Cell => {
    const one = found[index]
    if (!one || one.base === null || one.head === null) return {...cell, against: null}
    const {shift, interval, p} = one
    const correctedP = corrected.get(one) ?? null
    const canTell = leastP(one.base.n, one.head.n) * tested.length <= alpha
    const significant = correctedP !== null && correctedP <= alpha ? true : canTell ? false : null
    return {
      ...cell,
      against: {shift, interval, p, correctedP, significant, needed: neededForEach(alpha / tested.length)},
    }
  })
}
