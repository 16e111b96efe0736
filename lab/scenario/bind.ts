/** A scenario meets a lab: the topology as it will be in the run, and what has to be changed in the lab for it. */

import {isDeepStrictEqual} from 'node:util'
import {postgresParameters} from '../../compose/patroni.ts'
import {faults} from '../faults/index.ts'
import {playAgain} from '../history/play-again.ts'
import type {InjectionPhase} from '../history/scenario-values.ts'
import {patroniConfigOf} from '../topology/dynamic-config.ts'
import {type Settings, settings} from '../topology/settings.ts'
import {hostsWith, type Topology, withParameters} from '../topology/topology.ts'
import {withSettings} from '../topology/topology-file.ts'
import {LabError} from '../words/errors.ts'
import {type Hint, next, onLab, quoted} from '../words/next-step.ts'
import {asSet} from './as-set.ts'
import type {Scenario} from './index.ts'
import {namedIn} from './params.ts'
import {restartOnly} from './restart-only.ts'
import {hostName} from './whom.ts'

type Config = Readonly<Record<string, unknown>>

export interface Bound {
  /** As it is during the run; budgets are made from it. */
  readonly topology: Topology
  /** PATCH of Patroni's dynamic configuration before the run; null when the lab has it all already. */
  readonly config: Config | null
  /** PATCH that takes `config` back: the same keys with the lab's own values, null where it has none. */
  readonly previous: Config
}

/** What the commands that raise another lab and play there repeat of those that were typed. */
export interface Asked {
  /** The file that the lab was raised from, from the root; undefined: nobody knows, or there was none. */
  readonly topologyFile?: string | undefined
  readonly phase?: InjectionPhase
}

/** @throws LabError `config` when only another lab will do, with the command that raises one. */
export function bind(scenario: Scenario, topology: Topology, asked: Asked = {}): Bound {
  const wanted = settingsFor(scenario, topology)
  if (wanted.length > 0)
    throw new LabError('config', `${scenario.name} needs ${wanted.join(' and ')}, which only a new lab can have`, {
      hint: commands(scenario, topology, wanted, asked),
    })
  mustHaveHosts(scenario, topology)
  const during = topologyDuring(scenario, topology)
  const before = configOf(topology)
  const after = configOf(during)
  const config = difference(after, before)
  return {
    topology: during,
    config: isEmpty(config) ? null : config,
    previous: difference(before, after),
  }
}

/** The lab's topology with all that the scenario asks for. @throws LabError `config` where that does not go together. */
export function topologyDuring(scenario: Scenario, topology: Topology): Topology {
  try {
    return withSettings(topology, settingsOf(scenario))
  } catch (error) {
    if (!(error instanceof LabError)) throw error
    throw new LabError('config', `${scenario.name} does not go with this lab's own settings: ${error.message}`, {
      cause: error,
      hint: 'the scenario can say ttl, loop_wait and retry_timeout together under `needs: {patroni: ...}`',
    })
  }
}

/**
 * What a lab like `topology` must be raised with for this scenario, each as `--set` takes it, e.g.
 * ['patroni.watchdog=required', 'hosts.node4=patroni']. Empty: it fits as it is, or after a PATCH of its configuration.
 */
export function settingsFor(scenario: Scenario, topology: Topology): string[] {
  const {patroni = {}, postgresql = {}} = settingsOf(scenario)
  const has = topology.patroni
  const parameters = Object.entries(postgresql.parameters ?? {}).filter(
    ([name, value]) => restartOnly.has(name.toLowerCase()) && parameterOf(topology, name) !== String(value),
  )
  return [
    ...hostsFor(scenario, topology),
    ...(patroni.watchdog === undefined || patroni.watchdog === has.watchdog
      ? []
      : [`patroni.watchdog=${patroni.watchdog}`]),
    ...(patroni.watchdog_safety_margin === undefined ||
    patroni.watchdog_safety_margin === has.watchdogSafetyMarginSeconds
      ? []
      : [`patroni.watchdog_safety_margin=${patroni.watchdog_safety_margin}s`]),
    ...(postgresql.data_size === undefined || postgresql.data_size === topology.dataBytes
      ? []
      : [`postgresql.data_size=${String(scenario.needs.postgresql?.data_size)}`]),
    ...parameters.map(([name, value]) => `postgresql.parameters.${name}=${value}`),
  ]
}

/** More hosts of the lab's own kind: node4, node5, ... with what is short. */
function hostsFor(scenario: Scenario, topology: Topology): string[] {
  const short = {
    etcd: scenario.needs.etcd - hostsWith(topology, 'etcd').length,
    patroni: scenario.needs.postgres - hostsWith(topology, 'patroni').length,
  }
  const taken = new Set(topology.hosts.map(host => host.name))
  const added: string[] = []
  for (let number = 1; short.etcd > 0 || short.patroni > 0; number++) {
    if (taken.has(`node${number}`)) continue
    const services = (['etcd', 'patroni'] as const).filter(service => short[service]-- > 0)
    added.push(`hosts.node${number}=${services.join(',')}`)
  }
  return added
}

/** Patroni's dynamic configuration as a lab of this topology has it. `PATCH /config` with it brings it back. */
export function configOf(topology: Topology): Config {
  return {
    ...patroniConfigOf(topology),
    postgresql: {parameters: parametersOf(topology)},
  }
}

function parametersOf(topology: Topology): Readonly<Record<string, string>> {
  return withParameters(postgresParameters, topology.postgresParameters)
}

function parameterOf(topology: Topology, name: string): string | undefined {
  return Object.entries(parametersOf(topology)).find(([key]) => key.toLowerCase() === name.toLowerCase())?.[1]
}

/** The keys of `to` that `from` has not or has otherwise; null for those that only `from` has. */
function difference(to: Config, from: Config): Config {
  const changes: Record<string, unknown> = {}
  for (const key of new Set([...Object.keys(to), ...Object.keys(from)])) {
    const [wanted, had] = [to[key], from[key]]
    if (isDeepStrictEqual(wanted, had)) continue
    changes[key] = isMapping(wanted) && isMapping(had) ? difference(wanted, had) : (wanted ?? null)
  }
  return changes
}

function isMapping(value: unknown): value is Config {
  return typeof value === 'object' && value !== null
}

function isEmpty(value: object): boolean {
  return Object.keys(value).length === 0
}

/** The parser has checked them, and this decodes them. */
function settingsOf({needs}: Scenario): Settings {
  return {
    patroni: settings.patroni.parse(needs.patroni ?? {}),
    postgresql: settings.postgresql.parse(needs.postgresql ?? {}),
  }
}

/** Whoever is named by a host's name must be there. */
function mustHaveHosts(scenario: Scenario, topology: Topology): void {
  const known = topology.hosts.map(host => host.name)
  const named = [
    ...scenario.steps.flatMap(step => (step.do === 'inject' ? [step.on, ...namedBy(step.fault, step.params)] : [])),
    ...scenario.clients.flatMap(({through}) => (typeof through === 'string' ? [] : [through.to])),
  ]
  const steps = new Set(scenario.steps.flatMap(step => (step.do === 'inject' ? [step.as] : [])))
  const absent = named.find(one => hostName.test(one) && !steps.has(one) && !known.includes(one))
  if (absent !== undefined)
    throw new LabError('config', `${scenario.name} names ${absent}, and this lab has ${known.join(', ')}`, {
      hint: 'name one of those; or a selector such as leader or replica, which means whoever has the part',
    })
}

function namedBy(fault: string, params: unknown): string[] {
  const schema = faults[fault]?.params
  return schema === undefined ? [] : namedIn(schema, params).map(({word}) => word)
}

/** The lab that is raised has what the person's own has, too. */
function commands(
  scenario: Scenario,
  topology: Topology,
  wanted: readonly string[],
  {topologyFile, phase}: Asked,
): Hint {
  const lab = labNameFor(scenario)
  const {set, whole} = asSet(topology)
  const keys = new Set(wanted.map(keyOf))
  const all = [...set.filter(one => !keys.has(keyOf(one))), ...wanted].flatMap(one => ['--set', one])
  const again = playAgain({lab, scenario, ...(phase === undefined ? {} : {phase})})
  if (!whole && topologyFile === undefined)
    return next`raise another lab from the file that this one was raised from, with ${wanted.map(one => `--set ${quoted(one)}`).join(' ')} and --name ${lab}; then play it there: ${again}`
  const file = whole ? [] : ['--topology', topologyFile ?? '']
  return next`${onLab(lab, 'up', ...file, '--profile', topology.profile, ...all)} ${again}`
}

/** As PostgreSQL reads the name of a parameter. */
function keyOf(setting: string): string {
  return (setting.split('=')[0] ?? '').toLowerCase()
}

function labNameFor({name}: Scenario): string {
  return (
    name
      .replace(/[^a-z0-9-]+/gi, '-')
      .toLowerCase()
      .replace(/^-+/, '')
      .slice(0, 31) || 'second'
  )
}
