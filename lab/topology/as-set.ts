/** A topology as what `up` takes: so that a lab is raised again as it was, or beside a person's own one like that. */
import {isDeepStrictEqual} from 'node:util'
import {LabError} from '../words/errors.ts'
import {clusters} from './clusters.ts'
import {haproxyKeys, haproxySet} from './haproxy-settings.ts'
import {keepalivedDefaults, keepalivedKeys} from './keepalived.ts'
import {pgbouncerKeys, pgbouncerProfiles} from './pgbouncer.ts'
import {securityKeys} from './security.ts'
import {type PatroniSettings, portNumber, type Topology} from './topology.ts'
import {loadTopology, presetNames, usualPreset} from './topology-file.ts'

/** What `up` takes for a lab. */
export interface Raising {
  /** A person's own file, or a preset; undefined: the usual one. */
  readonly file: string | undefined
  /** undefined: that of the file. */
  readonly profile: string | undefined
  /** What it has beyond those, each as `--set` takes it. */
  readonly set: readonly string[]
}

/**
 * What raises it: from the file that it was raised from if that is still there, or from the preset that is nearest, with what it has beyond.
 * @returns undefined when that can't be said: that a host of the preset is not there, that a parameter is empty, or a slot, only a file says.
 */
export function raisingOf(topology: Topology, file: string | undefined): Raising | undefined {
  // A person's own file may say something else by now.
  if (file !== undefined) return found(topology, file)
  const known = raisings.get(topology) ?? {raising: found(topology, undefined)}
  raisings.set(topology, known)
  return known.raising
}

/** From our files alone, found once: a list of scenarios asks for the same lab whenever one needs another. */
const raisings = new WeakMap<Topology, {readonly raising: Raising | undefined}>()

function found(topology: Topology, file: string | undefined): Raising | undefined {
  const {profile} = topology
  const own = file === undefined ? undefined : ifReadable(file, undefined)
  const base = own?.profile === profile ? own : file === undefined ? undefined : ifReadable(file, profile)
  if (base !== undefined) {
    const {set, whole} = beyond(topology, base)
    if (whole) return {file, profile: own?.profile === profile ? undefined : profile, set}
  }
  const beside = profile === 'default' ? undefined : profile
  const [nearest] = presetsAt(profile)
    .map(({preset, base}) => ({preset, ...beyond(topology, base)}))
    .filter(({whole}) => whole)
    .toSorted(
      (a, b) =>
        hostsIn(a.set) - hostsIn(b.set) ||
        Number(b.preset === usualPreset) - Number(a.preset === usualPreset) ||
        a.set.length - b.set.length,
    )
  if (nearest !== undefined) {
    const {preset, set} = nearest
    return {file: preset === usualPreset ? undefined : preset, profile: beside, set}
  }
  if (file === undefined || base !== undefined) return undefined
  return {file, profile: beside, set: beyond(topology, loadTopology({profile})).set}
}

/** Read once: a list of scenarios asks for each that needs another lab. */
const presetsRead = new Map<string, ReturnType<typeof presetsAt>>()

function presetsAt(profile: string): readonly {readonly preset: string; readonly base: Topology}[] {
  const known = presetsRead.get(profile)
  if (known !== undefined) return known
  const read = presetNames().map(preset => ({preset, base: loadTopology({topology: preset, profile})}))
  presetsRead.set(profile, read)
  return read
}

/** How many hosts are said; a preset that has them all is the nearer one. */
function hostsIn(set: readonly string[]): number {
  return set.filter(one => one.startsWith('hosts.')).length
}

/** The same as words behind `up`. */
export function raisingWords({file, profile, set}: Raising): readonly string[] {
  return [
    ...(file === undefined ? [] : ['--topology', file]),
    ...(profile === undefined ? [] : ['--profile', profile]),
    ...set.flatMap(one => optionOf(one)),
  ]
}

/** What has an option of its own is said by that. */
function optionOf(set: string): readonly string[] {
  const own = {'release=': '--release', 'patroni.build=': '--patroni'}
  const [begins, option] = Object.entries(own).find(([begin]) => set.startsWith(begin)) ?? ['', '--set']
  return [option, set.slice(begins.length)]
}

function ifReadable(file: string, profile: string | undefined): Topology | undefined {
  try {
    return loadTopology({topology: file, profile})
  } catch (error) {
    if (!(error instanceof LabError)) throw error
    return undefined
  }
}

function beyond(topology: Topology, base: Topology): {readonly set: readonly string[]; readonly whole: boolean} {
  const names = new Set(topology.hosts.map(({name}) => name))
  const parameters = changed(topology.postgresParameters, base.postgresParameters)
  const said = parameters.filter(([, value]) => value !== '')
  const hosts = topology.hosts.filter(host => !base.hosts.some(one => isDeepStrictEqual(one, host)))
  const path = topology.patroniBuild?.path
  const set = [
    ...(topology.release === base.release ? [] : [`release=${topology.release}`]),
    ...(isSameBuild(topology, base) || path === undefined ? [] : [`patroni.build=${path}`]),
    ...hosts.map(({name, services}) => `hosts.${name}=${services.join(',')}`),
    ...changed(patroniKeys(topology.patroni), patroniKeys(base.patroni)).map(
      ([key, value]) => `patroni.${key}=${value}`,
    ),
    ...haproxyChanges(topology, base).map(([key, value]) => `haproxy.${key}=${value}`),
    ...pgbouncerChanges(topology, base).map(([key, value]) => `pgbouncer.${key}=${value}`),
    ...keepalivedChanges(topology, base).map(([key, value]) => `keepalived.${key}=${value}`),
    ...changed(securityKeys(topology), securityKeys(base)).map(([key, value]) => `${key}=${value}`),
    ...changed(namesIn(topology), namesIn(base)).map(([key, value]) => `${key}=${value}`),
    ...said.map(([name, value]) => `postgresql.parameters.${name}=${value}`),
    ...(topology.dataBytes === base.dataBytes ? [] : [`postgresql.data_size=${topology.dataBytes}B`]),
  ]
  const isLess =
    (!isSameBuild(topology, base) && path === undefined) || // a history does not say where it lay
    Object.keys(base.postgresParameters).some(name => !Object.hasOwn(topology.postgresParameters, name)) ||
    (base.dataBytes !== undefined && topology.dataBytes === undefined) ||
    (base.pgbouncer !== undefined && topology.pgbouncer === undefined) ||
    (base.keepalived !== undefined && topology.keepalived === undefined) ||
    Object.keys(securityKeys(base)).some(key => !Object.hasOwn(securityKeys(topology), key)) ||
    !isDeepStrictEqual(onlyInFile(topology), onlyInFile(base))
  return {set, whole: !isLess && said.length === parameters.length && base.hosts.every(({name}) => names.has(name))}
}

function isSameBuild(one: Topology, other: Topology): boolean {
  return one.patroniBuild?.digest === other.patroniBuild?.digest
}

function changed<T>(now: Readonly<Record<string, T>>, base: Readonly<Record<string, T>>): [string, T][] {
  return Object.entries(now).filter(([key, value]) => base[key] !== value)
}

/** What no `--set` says, or nobody would. */
function onlyInFile({
  patroni,
  haproxy,
  haproxyFile,
  images,
  engines,
  keepalived = keepalivedDefaults,
  network,
  dynamic,
  tags,
  etcd,
  standIns,
  hba,
  callbacks,
  postBootstrap,
  standbyCluster,
}: Topology) {
  const {checkPrimary, checkReplicas, checkTls, maxconn, retries, redispatch, balance, tcpka} = haproxy
  const entry = {checkPrimary, checkReplicas, checkTls, maxconn, retries, redispatch, balance, tcpka}
  const {check, weight, priorities} = keepalived
  const address = {check, weight, priorities}
  return {
    slots: patroni.slots,
    haproxyFile: haproxyFile?.digest,
    images,
    engines,
    entry,
    address,
    network,
    dynamic,
    tags,
    etcd,
    standIns,
    hba,
    callbacks,
    postBootstrap,
    standbyCluster,
  }
}

/** What it is called and where it listens, by the keys of a file. */
function namesIn(topology: Topology): Readonly<Record<string, string>> {
  const [{scope, namespace}] = clusters(topology)
  const ports = {
    'patroni.port': portNumber(topology, 'patroni'),
    'postgresql.port': portNumber(topology, 'postgres'),
    'haproxy.port': portNumber(topology, 'primary'),
    'haproxy.replicas_port': portNumber(topology, 'replicas'),
    'haproxy.stats_port': portNumber(topology, 'stats'),
    'pgbouncer.port': portNumber(topology, 'pgbouncer'),
  }
  const texts = Object.entries(ports).map(([key, number]) => [key, String(number)] as const)
  return {'patroni.scope': scope, 'patroni.namespace': namespace, ...Object.fromEntries(texts)}
}

function patroniKeys(patroni: PatroniSettings): Readonly<Record<string, string>> {
  return {
    ttl: `${patroni.ttlSeconds}s`,
    loop_wait: `${patroni.loopWaitSeconds}s`,
    retry_timeout: `${patroni.retryTimeoutSeconds}s`,
    maximum_lag_on_failover: `${patroni.maximumLagOnFailoverBytes}B`,
    synchronous_mode: patroni.synchronousMode,
    primary_start_timeout: `${patroni.primaryStartTimeoutSeconds}s`,
    failsafe_mode: patroni.failsafeMode ? 'on' : 'off',
    watchdog: patroni.watchdog,
    watchdog_safety_margin: `${patroni.watchdogSafetyMarginSeconds}s`,
  }
}

function haproxyChanges({haproxy}: Topology, base: Topology): [string, string][] {
  return haproxySet(haproxyKeys(haproxy), haproxyKeys(base.haproxy))
}

function pgbouncerChanges({profile, pgbouncer}: Topology, base: Topology): [string, string][] {
  if (pgbouncer === undefined) return []
  return changed(pgbouncerKeys(pgbouncer), pgbouncerKeys(base.pgbouncer ?? pgbouncerProfiles[profile]))
}

function keepalivedChanges({keepalived}: Topology, base: Topology): [string, string][] {
  if (keepalived === undefined) return []
  return changed(keepalivedKeys(keepalived), keepalivedKeys(base.keepalived ?? keepalivedDefaults))
}
