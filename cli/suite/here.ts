/** What stands between a scenario and a lab: whether it can be played there, how long it takes, and what to type where it cannot. */

import type {Scenario, Topology} from '../../lab/index.ts'
import {
  type Ability,
  bind,
  capabilitiesFor,
  estimateSeconds,
  isAbility,
  lacking,
  mustBreak,
  settingsFor,
  type Tried,
} from '../../lab/inside/scenarios.ts'
import type {Hint} from '../../lab/inside/start.ts'
import {LabError, next, ownCommand} from '../../lab/inside/start.ts'

/** A lab that is there or could be, and the engine that it is on. */
export interface Standing {
  readonly topology: Topology
  /** The file that it stands in, from the root. */
  readonly topologyFile?: string | undefined
  /** What this kernel and engine can do; in words why nobody knows. */
  readonly tried: readonly Tried[] | string
  /** Scenario -> seconds of its last run. */
  readonly learned: ReadonlyMap<string, number>
}

interface Here {
  /** null: nobody can tell. */
  readonly can: boolean | null
  /** Why not, or why nobody can tell; null when it can. */
  readonly why: string | null
  readonly next: Hint | null
}

export interface Listed {
  readonly scenario: Scenario
  /** Of the kernel and the engine. */
  readonly abilities: readonly Ability[]
  /** `predicted`: from the timings of the topology; null: they do not go with those of the scenario. */
  readonly takes: {readonly seconds: number; readonly basis: 'played' | 'predicted'} | null
  readonly here: Here
}

export function listed(scenario: Scenario, place: Standing): Listed {
  return {
    scenario,
    abilities: capabilitiesFor(scenario).filter(isAbility),
    takes: takesOf(scenario, place),
    here: hereOf(scenario, place),
  }
}

function takesOf(scenario: Scenario, {topology, learned}: Standing): Listed['takes'] {
  const seconds = learned.get(scenario.name)
  if (seconds !== undefined) return {seconds, basis: 'played'}
  try {
    return {seconds: estimateSeconds(scenario, topology), basis: 'predicted'}
  } catch (error) {
    if (!(error instanceof LabError)) throw error
    return null // `hereOf` says why
  }
}

function hereOf(scenario: Scenario, {topology, topologyFile, tried}: Standing): Here {
  try {
    bind(scenario, topology, {topologyFile})
    mustBreak(scenario, topology)
  } catch (error) {
    if (!(error instanceof LabError)) throw error
    const wanted = error.code === 'cannot-run-here' ? [] : settingsFor(scenario, topology)
    const why = wanted.length > 0 ? `only a new lab can have ${wanted.join(' and ')}` : error.message
    return {can: false, why, next: error.next ?? null}
  }
  const needs = capabilitiesFor(scenario)
  if (typeof tried === 'string')
    return needs.some(isAbility) ? {can: null, why: tried, next: null} : {can: true, why: null, next: null}
  const absent = lacking(topology, tried, needs)
  if (absent.length === 0) return {can: true, why: null, next: null}
  return {
    can: false,
    why: absent.map(one => one.why).join('; '),
    next: next`to see what this kernel and engine can do: ${ownCommand('doctor')}`,
  }
}
