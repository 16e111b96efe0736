/** Scenarios: what they are made of, and where they are found. Reading one is in `scenario/parse.ts`. */
import {existsSync, readdirSync} from 'node:fs'
import {join} from 'node:path'
import type {ClientGroup} from '../history/client-group.ts'
import {readText, suggestion} from '../words/decode.ts'
import {LabError} from '../words/errors.ts'
import {next, ownCommand} from '../words/next-step.ts'
import {packageRoot} from '../words/package-root.ts'
import {parseScenario} from './parse.ts'

export type {AgentGroup, ClientGroup, ProgramGroup} from '../history/client-group.ts'
export {type Bound, bind, configOf, settingsFor, topologyDuring} from './bind.ts'
export {capabilitiesFor, mustBeAble} from './capabilities.ts'
export {scenarioSchema} from './json-schema.ts'
export {mustTakeParameters, unaskedParameters} from './parameters.ts'
export {parseScenario} from './parse.ts'
export {sayClients, sayNeeds, saySettings, sayStep, sayValue} from './say.ts'
export {tooEarly} from './steady.ts'

/** Milliseconds, or what the topology's own timings imply. */
export type Within = number | 'budget'

/**
 * `on`: a selector, a host's name, or the name of an earlier `inject` (`as`), which means the hosts that step hit.
 * `params` of faults and checks are kept as written, so that a history can be read by people and judged again.
 */
export type Step =
  | {readonly do: 'inject'; readonly fault: string; readonly on: string; readonly as: string; readonly params: unknown}
  | {readonly do: 'heal'; readonly as: string}
  | {readonly do: 'hold'; readonly forMs: number}
  | {readonly do: 'until'; readonly check: string; readonly params: unknown; readonly within: Within}
  | {readonly do: 'say'; readonly says: string}

export interface Expectation {
  readonly check: string
  readonly params: unknown
  /** In the scenario's file, from 1; not there: it does not stand in the file. */
  readonly line?: number
  /** The limit that the person who started the run asked for (`chaos --within`). */
  readonly asked?: true
}

/** What the lab must have. `patroni` and `postgresql` are as written, with the keys of lab.yaml. */
export interface Needs {
  readonly postgres: number
  readonly etcd: number
  readonly patroni?: Readonly<Record<string, unknown>>
  readonly postgresql?: Readonly<Record<string, unknown>>
}

/** A scenario file, read and checked; what it needs of a lab is checked by `bind`. */
export interface Scenario {
  readonly name: string
  /** Seen from the directory in which it was read. */
  readonly file: string
  readonly about: string
  /** The group it is played with; all of ours have one. */
  readonly suite?: string
  readonly needs: Needs
  readonly clients: readonly ClientGroup[]
  /** Groups that were added to be compared with each other (`chaos --clients`); no expectation is about them. */
  readonly extraClients?: readonly ClientGroup[]
  readonly steps: readonly Step[]
  readonly expect: readonly Expectation[]
}

const folder = join(packageRoot, 'scenarios')

/** The scenarios that come with pgha-lab, by name. */
export function scenarioNames(): string[] {
  return readdirSync(folder)
    .filter(file => file.endsWith('.yaml'))
    .map(file => file.replace(/\.yaml$/, ''))
    .sort()
}

/** Where a scenario's file is: a name of ours, or a path. @throws LabError `usage` with the nearest name. */
export function scenarioFile(nameOrPath: string): string {
  if (/[/\\]|\.ya?ml$/.test(nameOrPath)) return nameOrPath
  const file = join(folder, `${nameOrPath}.yaml`)
  if (existsSync(file)) return file
  throw new LabError('usage', `there is no scenario \`${nameOrPath}\`${suggestion(nameOrPath, scenarioNames())}`, {
    hint: next`${ownCommand('scenarios')} lists them; a file of yours is named by its path`,
  })
}

/**
 * @param nameOrPath one of ours, or a file.
 * @throws LabError `usage` for an unknown name, `config` with file:line:column.
 */
export function loadScenario(nameOrPath: string): Scenario {
  const file = scenarioFile(nameOrPath)
  return parseScenario(file, readText(file, 'scenario'))
}

/** Our scenarios by suite, both in alphabetical order; `other` are those without one. */
export function suites(): Map<string, readonly Scenario[]> {
  const grouped = Map.groupBy(scenarioNames().map(loadScenario), scenario => scenario.suite ?? 'other')
  return new Map([...grouped].sort(([a], [b]) => a.localeCompare(b)))
}
