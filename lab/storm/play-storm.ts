/** A storm on a lab: its plan is drawn for what the lab can do, left as a scenario file, and played. */
import {join, resolve} from 'node:path'
import {missing} from '../engine/capabilities.ts'
import type {Lab} from '../engine/lab.ts'
import type {Report} from '../judge/report.ts'
import {pointLatest, type Run, type RunOptions, runScenario} from '../run/runs.ts'
import {parseScenario, type Scenario} from '../scenario/index.ts'
import {makeFolder, runsFolder, whenDiskIsFull, writeWhole} from '../state/folders.ts'
import {clear, runId} from '../state/run-folder.ts'
import {allCapabilities, kindOf} from './catalogue.ts'
import {drawStorm, type Storm} from './draw.ts'

export interface StormPlan {
  /** A whole number from 0 to 4294967295: the same on the same lab draws the same plan. */
  readonly seed: number
  /** How long the steps are to take, about; milliseconds. */
  readonly forMs: number
  /** More may be broken at once than etcd or PostgreSQL can do without. */
  readonly beyondQuorum?: boolean
  /** How much of the tail each failover may lose, as `allow` of `no-lost-writes` has it: `1MB`; any when not given. */
  readonly asyncTail?: string
  /** Told when the plan is drawn, and lies in its file, before anything happens. */
  readonly drawn?: (storm: Storm, file: string) => void
}

export interface PlayedStorm {
  readonly storm: Storm
  /** The plan's file, in the run's folder. */
  readonly plan: string
  /** The plan as it was played. */
  readonly scenario: Scenario
  readonly run: Run
  readonly faults: readonly Held[]
}

/** How many of a kind of fault were drawn, and took hold. */
export interface Held {
  readonly fault: string
  readonly drawn: number
  readonly held: number
}

/** The caller holds the lab's lock. @throws LabError as `runScenario` */
export async function playStorm(
  lab: Lab,
  {seed, forMs, beyondQuorum = false, asyncTail, drawn}: StormPlan,
  {out, place, ...options}: Omit<RunOptions, 'phase'>,
): Promise<PlayedStorm> {
  const absent = new Set((await missing(lab, allCapabilities(lab.topology))).map(one => one.capability))
  const storm = drawStorm({
    seed,
    forMs,
    topology: lab.topology,
    absent,
    beyondQuorum,
    ...(asyncTail !== undefined && {asyncTail}),
  })
  const name = `storm-${seed}`
  const id = runId(name)
  const folder = resolve(out ?? join(runsFolder(lab.name), id))
  const plan = join(folder, 'plan.yaml')
  whenDiskIsFull(() => {
    if (place !== undefined) clear(place)
    makeFolder(folder)
    writeWhole(plan, storm.plan)
  }, folder)
  drawn?.(storm, plan)
  const scenario: Scenario = {...parseScenario(plan, storm.plan), name}
  const run = await runScenario(lab, scenario, {...options, seed, out: folder})
  if (out === undefined) pointLatest(lab.name, id)
  return {storm, plan, scenario, run, faults: heldOf(storm, run.report)}
}

function heldOf({episodes}: Storm, {faults}: Report): Held[] {
  const held = new Set(faults.filter(one => one.held === true).map(one => one.id))
  const drawn = episodes.flat().map((draw, index) => ({kind: kindOf(draw), id: `${draw.fault}-${index + 1}`}))
  return [...Map.groupBy(drawn, one => one.kind)].map(([fault, ones]) => ({
    ...{fault, drawn: ones.length},
    held: ones.filter(one => held.has(one.id)).length,
  }))
}
