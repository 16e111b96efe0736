/** A run: play, judge, and a folder that holds the evidence: events.ndjson, report.json, report.txt, logs/<host>.log. */

import {createWriteStream, rmSync, symlinkSync} from 'node:fs'
import {join, resolve} from 'node:path'
import {pipeline} from 'node:stream/promises'
import {imagesMustBeHere} from '../clients/programs.ts'
import type {Lab} from '../engine/lab.ts'
import {broken, sayBroken} from '../healing/broken.ts'
import type {Happening} from '../history/event.ts'
import {type History, historyOf, of, Recorder} from '../history/history.ts'
import type {Begun} from '../history/play-again.ts'
import type {AroundHistory} from '../history/timings.ts'
import {judge} from '../judge/judge.ts'
import type {Report} from '../judge/report.ts'

import {
  type Bound,
  bind,
  mustBeAble,
  mustBreak,
  mustTakeParameters,
  type Scenario,
  type Typed,
  unaskedParameters,
} from '../scenario/index.ts'
import {makeFolder, runsFolder, whenDiskIsFull, writeWhole} from '../state/folders.ts'
import {clear, type Place, runId} from '../state/run-folder.ts'
import {loadLab} from '../state/state.ts'

import {LabError} from '../words/errors.ts'
import {type Caller, onLab} from '../words/next-step.ts'
import type {Micros} from '../words/quantity.ts'
import {toJson} from '../words/spelled-json.ts'
import {asTyped, type ChosenMoment} from './injection-phase.ts'
import {play} from './play.ts'
import type {BeforeStep} from './steps.ts'

/** A scenario played once; its folder holds the evidence. */
export interface Run {
  readonly folder: string
  readonly report: Report
  readonly history: History
  /** Why the run ended before its end, when it did. */
  readonly error: LabError | undefined
  /** What it took besides its history, which knows nothing of that; undefined: nothing was played. */
  readonly around?: AroundHistory
}

export interface RunOptions {
  readonly signal: AbortSignal
  /** Where the run's folder goes; the state directory when not given. */
  readonly out?: string | undefined
  /** When in Patroni's HA loop each fault comes; when not given each with its step, the first up to a second later, by `seed`. */
  readonly phase?: ChosenMoment | undefined
  /** Draws the same moment again, from 0 to 4294967295; one is drawn, and recorded, when not given. */
  readonly seed?: number | undefined
  /** What is at `out` and has to go first. */
  readonly place?: Place | undefined
  /** How the person calls the program, for the commands in the report. */
  readonly called?: Caller | undefined
  /** Told when the history exists, before anything happens: for whoever wants to watch. */
  readonly watch?: (history: Recorder, folder: string) => void
  /** Awaited before each step. */
  readonly before?: BeforeStep | undefined
  /**
   * Half of the memory for a long run: what clients and servers answer has no keys of its own then, in `history.events`, so that a copy
   * of it is empty and `toEqual` tells no two apart. The command line has it so.
   */
  readonly asRows?: boolean
}

/** @throws LabError before anything is touched (`config`, `cannot-run-here`); later ones are returned with the report. */
export async function runScenario(lab: Lab, scenario: Scenario, options: RunOptions): Promise<Run> {
  const called = performance.now()
  const asked = asTyped(options.phase)
  lab.docker.heed(options.signal)
  const bound = await boundTo(lab, scenario, asked)
  mustBreak(scenario, lab.topology)
  await mustBeAble(lab, scenario)
  await mustTakeParameters(lab.docker, lab.allocation.images.host, scenario)
  await imagesMustBeHere(lab.docker, [...scenario.clients, ...(scenario.extraClients ?? [])])
  const id = runId(scenario.name)
  const folder = resolve(options.out ?? join(runsFolder(lab.name), id))
  whenDiskIsFull(() => {
    if (options.place !== undefined) clear(options.place)
    makeFolder(join(folder, 'logs'))
    rmSync(join(folder, 'events.ndjson'), {force: true})
  }, folder)
  using history = new Recorder(join(folder, 'events.ndjson'), undefined, {asRows: options.asRows === true})
  const began = performance.now()
  options.watch?.(history, folder)
  let error: LabError | undefined
  try {
    const {signal, phase, seed, before} = options
    await play({lab, scenario, bound, history, run: id, signal, phase, seed, before})
  } catch (cause) {
    if (!(cause instanceof LabError)) throw cause
    error = cause
    if (of(history, 'run-started').length === 0)
      history.record(neverBegan(id, {lab: lab.name, scenario, ...asked}, cause), 0)
  }
  const latest = options.out === undefined ? id : undefined
  let judgingMs = 0
  const judged = (ms: number) => {
    judgingMs = ms
  }
  const left = await leaveRecord(lab, history, {folder, latest, called: options.called, judged})
  error ??= left.error // what has ended the run, or is still in force, matters more
  await removePrograms(lab)
  if (error !== undefined) error = await withWhatIsLeft(lab, error)
  const playedMs = (left.history.events.at(-1)?.at ?? 0) / 1000
  const around = {
    beforeMicros: micros(began - called),
    judgingMicros: micros(judgingMs),
    evidenceMicros: Math.max(0, micros(performance.now() - began - playedMs - judgingMs)),
  }
  return {...left, folder, error, around}
}

function micros(ms: number): Micros {
  return Math.round(ms * 1000)
}

/** @param latest what the run is called where it is to be the latest of its lab. @returns `error` when not all could be written. */
export async function leaveRecord(
  lab: Lab,
  history: Recorder,
  {
    folder,
    latest,
    called,
    judged,
  }: {
    readonly folder: string
    readonly latest?: string | undefined
    readonly called?: Caller | undefined
    /** Told how many milliseconds judging took. */
    readonly judged?: (ms: number) => void
  },
): Promise<Omit<Run, 'folder'>> {
  history.flush()
  const began = performance.now()
  const sealed = history.sealed()
  const report = judge(sealed, undefined, called)
  judged?.(performance.now() - began)
  try {
    whenDiskIsFull(() => writeWhole(join(folder, 'report.json'), toJson(report)), folder)
    await collectLogs(lab, join(folder, 'logs'), history.startedAtMs)
    if (latest !== undefined) whenDiskIsFull(() => pointLatest(lab.name, latest), folder)
    return {report, history: sealed, error: undefined}
  } catch (error) {
    if (!(error instanceof LabError)) throw error
    return {report, history: sealed, error}
  }
}

/** @throws LabError `config`: what PostgreSQL refuses goes before what only a new lab can have, which could not have it either. */
async function boundTo(lab: Lab, scenario: Scenario, asked: Typed): Promise<Bound> {
  try {
    return bind(scenario, lab.topology, {...asked, topologyFile: loadLab(lab.name)?.topologyFile})
  } catch (error) {
    await unaskedParameters(lab.docker, lab.allocation.images.host, scenario, scenario.file ?? '')
    throw error
  }
}

/** A run that ended early has mended its own faults, or said which it could not; what else is broken is said here. */
async function withWhatIsLeft(lab: Lab, error: LabError): Promise<LabError> {
  if (error.code === 'heal-failed') return error
  const left = await broken(lab).then(
    found => {
      const left = sayBroken(found)
      return left.length === 0 ? null : `left to do in lab ${lab.name}: ${left.join(', ')}`
    },
    (cause: Error) =>
      `whether lab ${lab.name} is whole is not known${cause.message === error.message ? '' : `: ${cause.message}`}`,
  )
  if (left === null) return error
  return new LabError(error.code, `${error.message}; ${left}`, {cause: error, hint: onLab(lab.name, 'heal')})
}

/** A run that could not even begin leaves a report that says so, where one was asked for. */
export function leaveNeverBegan(out: string, begun: Begun, error: LabError, called?: Caller): Run {
  const folder = resolve(out)
  whenDiskIsFull(() => makeFolder(folder), folder)
  using history = new Recorder(join(folder, 'events.ndjson'))
  history.record(neverBegan(runId(begun.scenario.name), begun, error), 0)
  const sealed = history.sealed()
  const report = judge(sealed, undefined, called)
  whenDiskIsFull(() => writeWhole(join(folder, 'report.json'), toJson(report)), folder)
  return {folder, report, history: sealed, error}
}

/** The same, with no place of its own. */
export function judgeNeverBegan(begun: Begun, error: LabError, called?: Caller): Pick<Run, 'report' | 'history'> {
  const history = historyOf([{at: 0, ...neverBegan(runId(begun.scenario.name), begun, error)}])
  return {report: judge(history, undefined, called), history}
}

function neverBegan(run: string, begun: Begun, {code, message}: LabError): Happening {
  return {kind: 'never-began', run, ...begun, startedAt: new Date().toISOString(), code, says: message}
}

/** The words of each host and each program since the run began. One whose log cannot be had says so in its file. */
async function collectLogs(lab: Lab, folder: string, sinceMs: number): Promise<void> {
  const {docker} = lab
  const hosts = await docker.containers(lab.name).catch(() => [])
  const programs = await docker.programs(lab.name).catch(() => [])
  const all = [
    ...hosts.map(({id, host}) => ({id, name: host, engine: lab.engineOf(host)})),
    ...programs.map(({id, program}) => ({id, name: program, engine: docker})),
  ]
  for (const {id, name, engine} of all) {
    const file = join(folder, `${name}.log`)
    try {
      const log = await engine.logs(id, {sinceSeconds: Math.floor(sinceMs / 1000), timestamps: true})
      await pipeline(log, createWriteStream(file, {mode: 0o600}))
    } catch (error) {
      whenDiskIsFull(
        () => writeWhole(file, `the log of ${name} could not be read: ${(error as Error).message}\n`),
        folder,
      )
    }
  }
}

/** They have ended with the run, and were kept for their logs. What cannot be removed now is a leftover, which `heal` finds. */
async function removePrograms(lab: Lab): Promise<void> {
  const programs = await lab.docker.programs(lab.name).catch(() => [])
  for (const {program} of programs) await lab.docker.removeProgram(lab.name, program).catch(() => {})
}

export function pointLatest(lab: string, id: string): void {
  const link = join(runsFolder(lab), 'latest')
  rmSync(link, {force: true})
  symlinkSync(id, link)
}
