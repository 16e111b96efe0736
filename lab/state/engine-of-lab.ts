/** A lab's own engine, by the lab's name alone. */
import {Docker} from '../engine/docker.ts'
import {engineNameInUse} from '../engine/named.ts'
import {SeveralEngines} from '../engine/several.ts'
import {engineNames} from '../topology/engines.ts'
import type {Topology} from '../topology/topology.ts'
import {LabError} from '../words/errors.ts'
import {next, shell} from '../words/next-step.ts'
import {loadLab, loadLabs, type SavedLab} from './state.ts'

/**
 * The engine that a lab was raised on, or those, whatever is in use now; of one that is not here, or cannot be read, the engine in use.
 * @param wanted what a lab is raised as that is not here yet.
 * @throws LabError `docker-missing` when its context is not there any more, `remote-engine`
 */
export function engineOfLab(name: string, wanted?: Topology): Docker {
  const saved = savedLab(name)
  const {topology = wanted, engine} = saved ?? {}
  try {
    if (topology?.engines !== undefined) return new SeveralEngines(topology)
    return engine === undefined ? new Docker() : new Docker(engine)
  } catch (error) {
    if (!(error instanceof LabError) || error.code !== 'docker-missing' || saved === undefined) throw error
    const on = topology?.engines === undefined ? `the engine ${engine}` : 'several engines'
    throw new LabError(error.code, `lab ${name} is on ${on}: ${error.message}`, {
      cause: error,
      hint: next`to see which engines Docker knows: ${shell('docker context ls')}`,
    })
  }
}

/** The engines that labs here lie on besides the one in use, each with the names of its labs. */
export function otherEngines(inUse = engineNameInUse()): ReadonlyMap<string, readonly string[]> {
  const lies = loadLabs().readable.flatMap(({topology, allocation, engine}) =>
    (engineNames(topology) ?? (engine === undefined ? [] : [engine])).map(on => ({on, lab: allocation.lab})),
  )
  const byEngine = Map.groupBy(
    lies.filter(({on}) => on !== inUse),
    ({on}) => on,
  )
  return new Map([...byEngine].map(([on, labs]) => [on, labs.map(({lab}) => lab)]))
}

function savedLab(name: string): SavedLab | undefined {
  try {
    return loadLab(name)
  } catch (error) {
    if (!(error instanceof LabError)) throw error
    return undefined // whoever needs what it says is told
  }
}
