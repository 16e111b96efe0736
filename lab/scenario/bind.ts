/** A scenario meets a lab: the topology as it will be in the run, and what has to be changed in the lab for it. */

import {isDeepStrictEqual} from 'node:util'
import {postgresParameters} from '../../compose/patroni.ts'
import {playAgain} from '../history/play-again.ts'
import type {InjectionPhase} from '../history/scenario-values.ts'
import {type Raising, raisingOf, raisingWords} from '../topology/as-set.ts'
import {firstCluster} from '../topology/clusters.ts'
import {patroniConfigOf} from '../topology/dynamic-config.ts'
import {haproxyKeys, haproxyOf, haproxySet} from '../topology/haproxy-settings.ts'
import {pgbouncerKeys, pgbouncerProfiles, withPgbouncer} from '../topology/pgbouncer.ts'
import type {ServiceName} from '../topology/services.ts'
import {type Settings, settings, type Written} from '../topology/settings.ts'
import {type Host, hostsWith, type Topology, withParameters} from '../topology/topology.ts'
import {loadTopology, withSettings} from '../topology/topology-file.ts'
import {LabError} from '../words/errors.ts'
import {type Hint, next, onLab, ownCommand, quoted} from '../words/next-step.ts'
import type {Scenario} from './index.ts'
import {namedHosts} from './params.ts'
import {restartOnly} from './restart-only.ts'
import {hostName} from './whom.ts'

type Pooling = NonNullable<Written['pgbouncer']>
type Proxying = NonNullable<Written['haproxy']>
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
export interface Typed {
  /** The file that the lab was raised from, from the root; undefined: nobody knows, or there was none. */
  readonly topologyFile?: string | undefined
  readonly phase?: InjectionPhase
}

/**
 * @throws LabError `config` when only another lab will do, with the command that raises one; `cannot-run-here` where a lab like this
 * one cannot have what is needed.
 */
export function bind(scenario: Scenario, topology: Topology, asked: Typed = {}): Bound {
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

/** Of a lab, by what is asked of it: most scenarios ask for nothing, and a list of them asks for each of them twice. */
const during = new WeakMap<Topology, Map<string, Topology>>()

/** The lab's topology with all that the scenario asks for. @throws LabError `config` where that does not go together. */
export function topologyDuring(scenario: Scenario, topology: Topology): Topology {
  const {patroni, postgresql} = scenario.needs
  const asked = JSON.stringify({patroni, postgresql})
  const known = during.get(topology) ?? new Map<string, Topology>()
  during.set(topology, known)
  const before = known.get(asked)
  if (before !== undefined) return before
  try {
    const now = withSettings(topology, settingsOf(scenario))
    known.set(asked, now)
    return now
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
  const {patroni = {}, postgresql = {}, haproxy, pgbouncer} = settingsOf(scenario)
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
    ...haproxyFor(topology, haproxy),
    ...pgbouncerFor(topology, pgbouncer),
  ]
}

/** What it asks of its proxies and they do not do; they read it when they start. */
function haproxyFor({haproxy: has}: Topology, wanted: Proxying): string[] {
  const set = haproxySet(haproxyKeys(haproxyOf(has, [{haproxy: wanted}])), haproxyKeys(has))
  return set.map(([key, value]) => `haproxy.${key}=${value}`)
}

/** What it asks of its poolers and they do not do; they read it when they start. */
function pgbouncerFor({profile, pgbouncer: has = pgbouncerProfiles[profile]}: Topology, wanted: Pooling): string[] {
  const now = pgbouncerKeys(has)
  return Object.entries(pgbouncerKeys(withPgbouncer(has, wanted))).flatMap(([key, value]) =>
    value === now[key] ? [] : [`pgbouncer.${key}=${value}`],
  )
}

/** More hosts of the lab's own kind: node4, node5, ... with what is short; and poolers where some are to be and there are none. */
function hostsFor({needs}: Scenario, topology: Topology): string[] {
  const short = {
    etcd: needs.etcd - hostsWith(firstCluster(topology), 'etcd').length,
    patroni: needs.postgres - hostsWith(firstCluster(topology), 'patroni').length,
  }
  const taken = new Set(topology.hosts.map(host => host.name))
  const added: Host[] = []
  for (let number = 1; short.etcd > 0 || short.patroni > 0; number++) {
    if (taken.has(`node${number}`)) continue
    const services = (['etcd', 'patroni'] as const).filter(service => short[service]-- > 0)
    added.push({name: `node${number}`, services})
  }
  const pooled = (host: Host) => (needs.pgbouncer === undefined ? host : {...host, services: beside(host)})
  const has = new Map(topology.hosts.map(({name, services}) => [name, services.join(',')]))
  return [...topology.hosts, ...added]
    .map(pooled)
    .flatMap(({name, services}) =>
      has.get(name) === services.join(',') ? [] : [`hosts.${name}=${services.join(',')}`],
    )
}

/** Its services with a pooler beside PostgreSQL, and nowhere else. */
function beside({services}: Host): readonly ServiceName[] {
  const others = services.filter(one => one !== 'pgbouncer')
  if (services.includes('patroni')) return services.includes('pgbouncer') ? services : [...services, 'pgbouncer']
  return others.length === 0 ? services : others
}

/** Patroni's dynamic configuration as a lab of this topology has it. `PATCH /config` with it brings it back. */
export function configOf(topology: Topology): Config {
  return {
    ...patroniConfigOf(topology),
    ...(topology.patroni.slots === undefined ? {} : {slots: topology.patroni.slots}),
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
function settingsOf({needs}: Scenario): Settings & {readonly haproxy: Proxying; readonly pgbouncer: Pooling} {
  return {
    patroni: settings.patroni.parse(needs.patroni ?? {}),
    postgresql: settings.postgresql.parse(needs.postgresql ?? {}),
    haproxy: settings.haproxy.parse(needs.haproxy ?? {}),
    pgbouncer: settings.pgbouncer.parse(needs.pgbouncer ?? {}),
  }
}

/** Whoever is named by a host's name must be there. */
function mustHaveHosts(scenario: Scenario, topology: Topology): void {
  const known = topology.hosts.map(host => host.name)
  const absent = namedHosts(scenario).find(one => hostName.test(one) && !known.includes(one))
  if (absent !== undefined)
    throw new LabError('config', `${scenario.name} names ${absent}, and this lab has ${known.join(', ')}`, {
      hint: 'name one of those; or a selector such as leader or replica, which means whoever has the part',
    })
}

/** The lab that is raised has what the person's own has, too. */
function commands(
  scenario: Scenario,
  topology: Topology,
  wanted: readonly string[],
  {topologyFile, phase}: Typed,
): Hint {
  const lab = labNameFor(scenario)
  const raising = raisingOf(topology, topologyFile)
  const again = playAgain({lab, scenario, ...(phase === undefined ? {} : {phase})})
  if (raising === undefined)
    return next`raise another lab from the file that this one was raised from, with ${wanted.map(one => `--set ${quoted(one)}`).join(' ')} and --name ${lab}; then play it there: ${again}`
  const keys = new Set(wanted.map(keyOf))
  const set = [...raising.set.filter(one => !keys.has(keyOf(one))), ...wanted]
  const whole = {...raising, profile: topology.profile, set}
  const raised = together(scenario, wanted, () => nearest(whole, topologyFile))
  return next`${onLab(lab, 'up', ...raisingWords(raised))} ${again}`
}

/**
 * `load`, which reads a topology with `wanted` besides.
 * @throws LabError `cannot-run-here` where they do not go together, such as a pooler on the port of PostgreSQL.
 */
export function together<T>(scenario: Pick<Scenario, 'name'>, wanted: readonly string[], load: () => T): T {
  try {
    return load()
  } catch (error) {
    if (!(error instanceof LabError)) throw error
    const [why] = error.message.split('\n') // what follows shows the line of the file
    const says = `${scenario.name} needs ${wanted.join(' and ')}, and a lab like this cannot have that: ${why}`
    throw new LabError('cannot-run-here', says, {
      cause: error,
      hint: next`other labs: ${ownCommand('topologies')}`,
    })
  }
}

/** The same lab in fewer words, where a preset is nearer to it than what this one was raised from. */
function nearest(raised: Raising, file: string | undefined): Raising {
  if (file !== undefined) return raised
  const {profile} = raised
  const other = raisingOf(loadTopology({topology: raised.file, profile, set: raised.set}), undefined)
  const isShorter = other !== undefined && raisingWords({...other, profile}).length < raisingWords(raised).length
  return isShorter ? {...other, profile} : raised
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
