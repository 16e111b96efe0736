/** `pgha-lab chaos --suite NAME`: many scenarios on labs of their own, several at once. */

import type {RunChild, Topology} from '../../lab/index.ts'
import {Docker, ensureReady, labsFor, runSuite} from '../../lab/inside/engine.ts'
import {comparedDrivers, exitCodeOf, loadTopology} from '../../lab/inside/reading.ts'
import {type AskedLab, LabError, onLab, sentence} from '../../lab/inside/start.ts'
import {spoken} from '../called-as.ts'
import type {CiOutputs} from '../ci-outputs.ts'
import {onInterrupt} from '../interrupt.ts'
import {printJson} from '../options.ts'
import {isQuiet, print, tellProgress, tellWords} from '../output.ts'
import {showProgress} from '../progress.ts'
import {mediansOf, printMedians} from '../timings.ts'
import {allReady, enginesNamed, mustLieWhole, sayPlan} from './engines.ts'
import {addRuns, leaveAll, leaveUnplayed, placesOf} from './never-began.ts'
import {progressLine, table} from './render.ts'
import {type ShardAsked, sharded} from './sharded.ts'
import {SuiteRecorder} from './suite-recorder.ts'

interface SuiteRequest extends ShardAsked {
  readonly suite: string
  readonly name: string
  readonly parallel: number
  /** Names of engines, with commas between. */
  readonly engines?: string | undefined
  /** What its labs are. */
  readonly labs: AskedLab & {readonly profile: string}
  readonly repeat?: number | undefined
  /** Drivers to compare in each scenario, as `chaos --clients` takes them. */
  readonly clients?: string | undefined
  readonly keep?: boolean | undefined
  readonly out?: string | undefined
  readonly overwrite?: boolean | undefined
  readonly json?: boolean | undefined
  /** Whether it is asked where the time went. */
  readonly timings?: boolean | undefined
  readonly outputs?: CiOutputs | undefined
}

/** What a suite is played with. */
export interface SuiteMeans {
  /** Plays in place of pgha-lab itself, as `SuiteOptions` has it. */
  readonly child?: RunChild
  /** Makes an engine with the lab's images of this machine, as `up` does. @throws LabError */
  readonly ready: (
    signal: AbortSignal,
    json: boolean | undefined,
    topology: Topology,
    engine?: string,
  ) => Promise<unknown>
}

/** @throws LabError `usage`, `config`, and what `up` would end with on this machine, before anything is raised. */
export async function playSuite(
  request: SuiteRequest,
  {child, ready}: SuiteMeans = {ready: machineReady},
): Promise<void> {
  const {name, parallel, labs, keep = false, out, overwrite = false, json, clients, outputs, timings} = request
  if (clients !== undefined) comparedDrivers(clients)
  const engines = request.engines === undefined ? undefined : enginesNamed(request.engines)
  if (engines !== undefined) mustLieWhole(loadTopology(labs), labs.topology)
  const {jobs, plan, shard} = sharded(request)
  // Before any lab is raised; each run looks again when its turn comes.
  const places = out === undefined ? undefined : placesOf(out, jobs, overwrite)
  const [first = name] = labsFor({name, parallel, jobs, engines})
  using interrupt = onInterrupt({
    first: 'stopping: what runs is being healed, then the labs are removed ...',
    second: spoken(
      sentence`once more leaves at once: what runs heals itself, and \`${onLab(first, 'down')}\` removes a lab`,
    ),
  })
  if (!isQuiet()) {
    tellWords(sayTimings(labs.profile) + (shard?.says ?? ''))
    if (engines !== undefined) tellWords(sayPlan(jobs, engines))
  }
  const record = new SuiteRecorder({...request, engines, shard, plan})
  // Once, for all labs: what is not to be had here would end each scenario by itself.
  await allReady(engines, engine => ready(interrupt.signal, json, loadTopology(labs), engine)).catch(async error => {
    if (error instanceof LabError) {
      await leaveAll(places, name, error)
      await addRuns(outputs, jobs, name, [], error)
      record.ended({exitCode: error.exitCode, wallSeconds: 0, outcomes: [], unplayed: jobs.length})
    }
    throw error
  })
  const began = performance.now()
  const seconds = () => (performance.now() - began) / 1000
  let done = 0
  const outcomes = await runSuite({
    ...{jobs, parallel, engines, name, labs, keep, out, child},
    more: [
      ...(clients === undefined ? [] : ['--clients', clients]),
      ...(overwrite ? ['--overwrite'] : []),
      ...(timings ? ['--timings'] : []),
    ],
    signal: interrupt.signal,
    tell(news) {
      if (news.outcome !== undefined) done++
      tellProgress(progressLine(news, seconds(), done, jobs.length))
    },
  })
  if (places !== undefined) await leaveUnplayed(places, name, outcomes)
  await addRuns(outputs, jobs, name, outcomes)
  const unplayed = jobs.length - outcomes.length
  process.exitCode = interrupt.code() ?? exitCodeOf(outcomes)
  // Healing that is incomplete wins over every other ending, an interruption included.
  if (outcomes.some(outcome => outcome.ending === 'healing')) process.exitCode = exitCodeOf(outcomes)
  const ended = {exitCode: process.exitCode, wallSeconds: seconds(), outcomes, unplayed}
  record.ended(ended)
  await printEnd(record, ended, json)
}

async function printEnd(
  record: SuiteRecorder,
  ended: Parameters<SuiteRecorder['ended']>[0],
  json: boolean | undefined,
): Promise<void> {
  const {outcomes, wallSeconds, unplayed} = ended
  const took = outcomes.flatMap(one => one.timings ?? [])
  const medians = await mediansOf(took)
  if (json) return printJson({...record.value(ended), ...(medians && {timings: medians})})
  print('\n')
  await printMedians(took)
  print(table(outcomes, wallSeconds, unplayed))
}

function sayTimings(profile: string): string {
  return profile === 'fast'
    ? "the labs have the timings of the profile fast, not those of your lab; `--profile default` takes Patroni's own\n"
    : `the labs have the timings of the profile ${profile}, not those of your lab\n`
}

async function machineReady(
  signal: AbortSignal,
  json: boolean | undefined,
  {release, patroniBuild}: Topology,
  engine?: string,
): Promise<void> {
  const docker = new Docker(engine)
  const shown = await showProgress(json)
  docker.heed(signal)
  await ensureReady(docker, shown.progress, {signal, release, patroniBuild}).finally(() => shown.done())
}
