/**
 * One scenario many times over: a folder with every run under `runs/`, and in `summary.json` what they have in common and how
 * far they spread.
 */
import {join, resolve} from 'node:path'
import {merge, type Verdict} from '../checks/check.ts'
import type {Lab} from '../engine/lab.ts'
import type {Recorder} from '../history/history.ts'
import {type Spread, spreadIn, spreadOf} from '../judge/compare.ts'
import {exitCodeOf} from '../judge/judge.ts'
import {isBeyondModel, type Limit} from '../judge/limit.ts'
import {type MeasuredRun, measureRun} from '../judge/measure-run.ts'
import {type MetricName, metricNames} from '../judge/metrics.ts'
import {mayTakeEtcdLeader} from '../scenario/foreseen.ts'
import type {Scenario} from '../scenario/index.ts'
import {makeFolder, runsFolder, whenDiskIsFull, writeWhole} from '../state/folders.ts'
import {runId} from '../state/run-folder.ts'
import type {ExitCode, LabError} from '../words/errors.ts'
import type {Caller} from '../words/next-step.ts'
import type {Micros} from '../words/quantity.ts'
import {Random} from '../words/random.ts'
import {toJson} from '../words/spelled-json.ts'
import type {ChosenMoment, PartOfLoop} from './injection-phase.ts'
import {drawSeed} from './moment-of.ts'
import {pointLatest, type Run, runScenario} from './runs.ts'

export interface RepeatOptions {
  readonly times: number
  /** When not given, the runs are spread evenly over the leader's loop. */
  readonly phase?: Exclude<ChosenMoment, object> | undefined
  /** Which run gets which part of the loop, and which moment of it; random when not given. */
  readonly seed?: number | undefined
  /** Ends after the first run that failed. */
  readonly failFast: boolean
  readonly signal: AbortSignal
  /** Where the folder goes; the state directory when not given. */
  readonly out?: string | undefined
  readonly called?: Caller | undefined
  /** Told when a run's history exists, before anything happens. */
  readonly watch?: (history: Recorder, nth: number) => void
  /** As `runScenario` has it. */
  readonly asRows?: boolean
  /** Told when a run is over and judged. */
  readonly finished?: (run: Run, nth: number) => void | Promise<void>
}

export interface Repetition {
  readonly folder: string
  readonly summary: Summary
  /** Why it ended early, when the lab could not do its work. */
  readonly error: LabError | undefined
}

/** What summary.json holds. Numbers that are not finite are written as words: `"Infinity"` is `never`. */
export interface Summary {
  /** Version of this shape. */
  readonly schema: 1
  readonly scenario: string
  readonly lab: string
  /** fail > unknown > pass; unknown too when fewer runs were played than asked for. */
  readonly verdict: Verdict
  readonly exitCode: ExitCode
  readonly says: string
  readonly asked: number
  /** The moment that was chosen for each fault; `spread`: every part of the leader's loop had as many runs. */
  readonly phase: Exclude<ChosenMoment, object> | 'spread'
  /** Of `spread`: with it the runs get the same moments again; null: nothing was drawn. */
  readonly seed: number | null
  /** Runs in which etcd's leader died with Patroni's: it has to be elected anew, and every lease begins again. */
  readonly withEtcdLeader: {readonly runs: number; readonly total: Spread | null; readonly others: Spread | null}
  readonly leaseAgeMicros: Spread | null
  readonly metrics: Readonly<Record<MetricName, Spread | null>>
  readonly runs: readonly (MeasuredRun & {
    readonly folder: string
    readonly limit?: Limit | null
    readonly recovered?: boolean | null
  })[]
}

/** A second failure of the lab itself would tell nothing new: any LabError ends the repetition. */
export async function repeat(lab: Lab, scenario: Scenario, options: RepeatOptions): Promise<Repetition> {
  const id = runId(`${scenario.name}-x${options.times}`)
  const folder = resolve(options.out ?? join(runsFolder(lab.name), id))
  whenDiskIsFull(() => makeFolder(join(folder, 'runs')), folder)
  const runs: Summary['runs'][number][] = []
  const seed = options.seed ?? drawSeed()
  const moments = spreadOver(options.times, seed, mayTakeEtcdLeader(scenario, lab.topology))
  let error: LabError | undefined
  for (let nth = 1; nth <= options.times; nth++) {
    let history: Recorder | undefined
    const out = join('runs', String(nth).padStart(String(options.times).length, '0'))
    const run = await runScenario(lab, scenario, {
      signal: options.signal,
      out: join(folder, out),
      phase: options.phase ?? moments[nth - 1]!,
      called: options.called,
      asRows: options.asRows === true,
      watch(recorder) {
        history = recorder
        options.watch?.(recorder, nth)
      },
    })
    const {limit, recovered} = run.report
    if (history !== undefined) runs.push({...measureRun(history.sealed()), folder: out, limit, recovered})
    if (options.out === undefined) pointLatest(lab.name, join(id, out))
    await options.finished?.(run, nth)
    error = run.error
    if (error !== undefined || options.signal.aborted) break
    if (options.failFast && run.report.verdict === 'fail') break
  }
  const summary = summarise(runs, {
    scenario: scenario.name,
    lab: lab.name,
    asked: options.times,
    phase: options.phase ?? 'spread',
    seed: options.phase === undefined ? seed : null,
  })
  whenDiskIsFull(() => writeWhole(join(folder, 'summary.json'), toJson(summary)), folder)
  return {folder, summary, error}
}

export function summarise(
  runs: Summary['runs'],
  of: Pick<Summary, 'scenario' | 'lab' | 'asked' | 'phase' | 'seed'>,
): Summary {
  const failed = runs.filter(run => run.verdict === 'fail')
  const unsure = runs.filter(run => run.verdict === 'unknown')
  const verdict = merge([...runs.map(run => run.verdict), ...(runs.length < of.asked ? (['unknown'] as const) : [])])
  const [worst] = [...failed, ...unsure]
  const unhealthy = runs.filter(run => run.recovered === false).length
  const counts = [
    `${runs.length - failed.length - unsure.length} of ${of.asked} runs passed`,
    ...(failed.length > 0 ? [`${failed.length} failed`] : []),
    ...(unsure.length > 0 ? [`${unsure.length} inconclusive`] : []),
    ...(runs.length < of.asked ? [`${of.asked - runs.length} not played`] : []),
    ...(unhealthy > 0 ? [`${unhealthy} left the lab unhealthy`] : []),
  ].join(', ')
  return {
    schema: 1,
    ...of,
    verdict,
    exitCode: exitCodeOf(
      verdict,
      false,
      runs.every(run => run.recovered !== false),
    ),
    says: [counts, ...sayAsked(runs), ...(worst ? [`first ${worst.folder}: ${worst.headline}`] : [])].join('; '),
    leaseAgeMicros: spreadOf(
      runs.flatMap((run): Micros[] => (run.leaseAgeMicros === null ? [] : [run.leaseAgeMicros])),
    ),
    withEtcdLeader: withEtcdLeader(runs),
    metrics: Object.fromEntries(metricNames.map(name => [name, spreadIn(runs, name)])) as Summary['metrics'],
    runs,
  }
}

/**
 * A moment of the loop for each run, as shares of it: each of as many equal parts has one, drawn within it, in an order drawn as well,
 * so that a run that is missing at the end leaves no side out. Else all would have the same, since a run waits for a refresh before it begins.
 * @param both from every second part of the loop on etcd's leader ends with Patroni's, in the others it does not: what makes a failover
 * longer is then as often so at each moment, and no matter of chance.
 */
export function spreadOver(times: number, seed: number, both: boolean): readonly PartOfLoop[] {
  const random = new Random(seed)
  const first = both ? random.int(0, 1) : 0
  const moments = Array.from({length: times}, (_, part): PartOfLoop => {
    const inLoop = (part + random.next()) / times
    return both && times > 1 ? {inLoop, etcdLeader: part % 2 === first ? 'beside' : 'elsewhere'} : {inLoop}
  })
  for (let last = times - 1; last > 0; last--) {
    const other = random.int(0, last)
    ;[moments[last], moments[other]] = [moments[other]!, moments[last]!]
  }
  return moments
}

function withEtcdLeader(runs: Summary['runs']): Summary['withEtcdLeader'] {
  const died = runs.filter(run => run.etcdLeaderDied === true)
  const others = runs.filter(run => run.etcdLeaderDied === false)
  return {runs: died.length, total: spreadIn(died, 'total'), others: spreadIn(others, 'total')}
}

/** Of a limit that was asked for: the run that took longest, and what the worst moment takes. */
function sayAsked(runs: Summary['runs']): string[] {
  const asked = runs.flatMap(({limit}) => (limit?.from === 'asked' ? [limit] : []))
  const [longest] = asked.toSorted((a, b) => (b.measuredMicros ?? -1) - (a.measuredMicros ?? -1))
  if (longest === undefined) return []
  const beyond = asked.filter(isBeyondModel).length
  return [
    longest.measuredMicros === null ? longest.says : `longest ${longest.says}`,
    ...(beyond > 0 && asked.length > 1 ? [`${beyond} of ${asked.length} runs were above it`] : []),
  ]
}
