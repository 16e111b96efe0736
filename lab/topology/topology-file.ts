/** A person's lab.yaml, a preset, or `--set key=value`: parsed into a Topology, with what Patroni would change refused. */
import {readdirSync} from 'node:fs'
import {dirname, join, resolve} from 'node:path'
import {Located} from '../words/decode.ts'
import {insteadOf, suggestion} from '../words/did-you-mean.ts'
import {LabError} from '../words/errors.ts'
import {type Hint, next, ownCommand} from '../words/next-step.ts'
import {packageRoot} from '../words/package-root.ts'
import {printable} from '../words/printable.ts'
import {readText} from '../words/read-text.ts'
import {enginesOf} from './engines.ts'
import {filesOf, ownHaproxyOf} from './files-named.ts'
import {haproxyOf} from './haproxy-settings.ts'
import {keepalivedDefaults, withKeepalived} from './keepalived.ts'
import {keptOf} from './kept.ts'
import {changesOfPatroni, type Mistake, mistakesIn} from './mistakes.ts'
import {imagesOf} from './own-images.ts'
import {pgbouncerProfiles, withPgbouncer} from './pgbouncer.ts'
import {type ReleaseName, usualRelease} from './release.ts'
import {securityOf} from './security.ts'
import type {ServiceName} from './services.ts'
import {fileSchema, type Settings, settings, type Written} from './settings.ts'
import {type Host, type ProfileName, profiles, type Topology, withParameters} from './topology.ts'
import {fromSet} from './typed-settings.ts'

const presets = join(packageRoot, 'compose', 'presets')

/** Of a standby cluster that says none; the first's own is `pgha`. */
const usualStandbyScope = 'pgha-standby'

/** Whose hosts a file has that says none. */
export const usualPreset = 'colocated'

export function presetNames(): string[] {
  return readdirSync(presets)
    .filter(file => file.endsWith('.yaml'))
    .map(file => file.replace(/\.yaml$/, ''))
    .sort()
}

export interface Preset {
  readonly name: string
  /** The comment that its file begins with. */
  readonly about: string
  readonly text: string
  readonly topology: Topology
}

/** Every topology that comes with pgha-lab, the usual one first. */
export function presetsOf(profile?: string): readonly Preset[] {
  const names = presetNames().toSorted((a, b) => Number(b === usualPreset) - Number(a === usualPreset))
  return names.map(name => {
    const text = readText(join(presets, `${name}.yaml`), 'topology')
    const [about = ''] = /^(?:#.*\n)+/.exec(text) ?? []
    return {
      name,
      about: about.replaceAll(/^#\s*/gm, '').replaceAll('\n', ' ').trim(),
      text,
      topology: loadTopology({topology: name, profile}),
    }
  })
}

function presetHosts(): NonNullable<Written['hosts']> {
  const file = join(presets, `${usualPreset}.yaml`)
  return new Located(file, readText(file, 'topology'), 'topology').decode(fileSchema).hosts ?? {}
}

interface Wanted {
  /** A preset's name or the path of a file; the preset `colocated` when not given. */
  readonly topology?: string | undefined
  readonly profile?: string | undefined
  /** `bookworm`; that of the file when not given. */
  readonly release?: string | undefined
  /** A checkout or a wheel of Patroni, as `patroni.build` says it. */
  readonly patroni?: string | undefined
  /** `patroni.ttl=40s`, `hosts.node4=etcd,patroni`; later ones win. */
  readonly set?: readonly string[] | undefined
  /** Keep timings that Patroni would change; for who explains what it would make of them. Refused when not given. */
  readonly asPatroniWould?: boolean
}

/** A topology, and how a person is told what PostgreSQL says of the parameters in it. */
export interface AskedTopology {
  readonly topology: Topology
  /** That it stands in, from the root; undefined: it is a preset of ours. */
  readonly file: string | undefined
  /** @throws LabError `config` when anything is refused: with the place in the file, or the `--set` that it came from. */
  readonly mustTake: (refused: readonly Refused[]) => void
  /** What somebody else found wrong with a setting, with its place where it stands in the file: the same error as it is told. */
  readonly toldAt: (path: readonly string[], error: LabError) => LabError
}

/** A parameter that PostgreSQL does not take, and its words. */
export interface Refused {
  readonly name: string
  readonly says: string
}

/** As far as it could be read. */
export interface Examined extends Omit<AskedTopology, 'topology'> {
  /** undefined: there are mistakes, and `mustTake` tells them with what PostgreSQL refuses. */
  readonly topology: Topology | undefined
  /** Of which it is, as far as that could be read. */
  readonly release: ReleaseName
  /** What is written for PostgreSQL, also beside mistakes. */
  readonly parameters: Readonly<Record<string, string>>
}

/** @throws LabError `config` (with file:line:column for what stands in a file) or `usage`. */
export function loadTopology(wanted: Wanted): Topology {
  return readTopology(wanted).topology
}

/** As `loadTopology`. */
export function readTopology(wanted: Wanted): AskedTopology {
  return mustBeRight(examineTopology(wanted))
}

function mustBeRight({topology, file, mustTake, toldAt}: Examined): AskedTopology {
  mustTake([])
  if (topology === undefined) throw new TypeError('what is not read has a mistake')
  return {topology, file, mustTake, toldAt}
}

/**
 * Its mistakes are kept for `mustTake`, so that what PostgreSQL refuses is told with them.
 * @throws LabError `config` where nothing can be read: no such file, no YAML.
 */
export function examineTopology(wanted: Wanted): Examined {
  const named = wanted.topology ?? usualPreset
  const isPath = /[/\\]|\.ya?ml$/.test(named)
  if (!isPath && !presetNames().includes(named))
    throw new LabError('usage', `there is no preset \`${named}\`${suggestion(named, presetNames())}`, {
      ...insteadOf(named, presetNames()),
      hint: 'a file of yours is named by its path',
    })
  const file = isPath ? named : join(presets, `${named}.yaml`)
  return examine(
    file,
    readText(
      file,
      'topology',
      next`name a file that is there, or take our preset: ${ownCommand('up', '--topology', usualPreset)}`,
    ),
    wanted,
    isPath ? resolve(file) : undefined,
  )
}

/**
 * @param file only named in complaints.
 * @throws LabError `config` with file:line:column; `usage` for `--set` and `--profile`.
 */
export function parseTopology(file: string, text: string, wanted: Omit<Wanted, 'topology'> = {}): Topology {
  return mustBeRight(examine(file, text, wanted)).topology
}

function examine(
  file: string,
  text: string,
  {profile, release, patroni, set: typedSettings = [], asPatroniWould = false}: Omit<Wanted, 'topology'>,
  at?: string,
): Examined {
  const source = new Located(file, text, 'topology')
  const whole = source.read(fileSchema)
  // Also where a part has a mistake: who mends a file wants to know of all.
  const written = whole ?? partsOf(source)
  const set = patroni === undefined ? typedSettings : [...typedSettings, `patroni.build=${patroni}`]
  const typed = fromSet(set, {profile, release})
  // A file that says nothing about hosts is about timings: it is the usual lab with those.
  const layers = [...(written.hosts === undefined ? [{hosts: presetHosts()}] : []), written, ...typed.layers]
  const outside: string[] = [...typed.wrong]
  // Where something could not be read, its hosts may be others.
  const isWhole = whole !== undefined && typed.wrong.length === 0
  const folder = dirname(at ?? file)
  const tell: TellOwn = (path, says) => tellOf(source, outside, set, path, says)
  const topology = {
    ...(isWhole ? withProxiesOf(layers, typed.layers, folder, tell) : build(layers)),
    ...filesOf(written, typed.layers, folder, (path, says, isTyped) =>
      isTyped ? outside.push(`${path.join('.')}: ${says}`) : source.tell(path, says),
    ),
  }
  let hint: Hint | undefined
  // Timings of which one could not be read are others.
  const isRead = typed.wrong.length === 0 && (['patroni', 'profile'] as const).every(key => isRight(source, key))
  for (const {path, beside = [], says, hint: out} of [
    ...mistakesIn(topology),
    ...(asPatroniWould || !isRead ? [] : changesOfPatroni(topology)),
  ]) {
    const about = [path, ...beside]
    const typed = about.find(one => isTyped(one, set))
    const inFile = typed === undefined ? about.find(one => source.at(one) !== undefined) : undefined
    if (inFile === undefined) outside.push(`${(typed ?? path).join('.')}: ${says}`)
    else source.tell(inFile, says)
    hint ??= out
  }
  const mustTake = (refused: readonly Refused[]) => {
    const told = refused.flatMap(({name, says}) => {
      const last = set.findLastIndex(one => one.startsWith(`postgresql.parameters.${name}=`))
      if (last !== -1) return [`--set ${printable(set[last] ?? '')}: PostgreSQL says: ${printable(says)}`]
      source.tell(['postgresql', 'parameters'], `PostgreSQL says: ${says}`, name)
      return []
    })
    // What was typed is no mistake of a file.
    if (source.isRight && refused.length === 0 && outside.length > 0 && outside.length === typed.wrong.length)
      throw new LabError('usage', outside.join('\n'), {instead: typed.instead})
    source.mustBeRight({hint, and: [...outside.splice(0), ...told]})
  }
  return {
    topology: source.isRight && outside.length === 0 ? topology : undefined,
    file: at,
    release: topology.release,
    parameters: parametersIn(source, layers),
    mustTake,
    toldAt: (path, error) => error.at(isTyped(path, set) ? path.join('.') : source.placeOr(path)),
  }
}

type TellOwn = (path: readonly string[] | undefined, says: string) => void

/** With what a haproxy.cfg of somebody's own says, where they name one. @param tell told of what is wrong with it. */
function withProxiesOf(layers: readonly Written[], typed: readonly Written[], folder: string, tell: TellOwn): Topology {
  const plain = build(layers)
  const {layer, haproxyFile, mistakes} = ownHaproxyOf(layers, typed, folder, plain)
  for (const {path, says} of mistakes) tell(path, says)
  return layer === undefined || haproxyFile === undefined ? plain : {...build([...layers, layer]), haproxyFile}
}

/** @param path where it stands in the file, or was typed; undefined: in another file, whose place it says. */
function tellOf(
  source: Located,
  outside: string[],
  set: readonly string[],
  path: readonly string[] | undefined,
  says: string,
): void {
  if (path !== undefined && source.at(path) !== undefined && !isTyped(path, set)) source.tell(path, says)
  else outside.push(path === undefined ? says : `${path.join('.')}: ${says}`)
}

/** Whether `--set` says it, or a part of it. */
function isTyped(path: readonly string[], set: readonly string[]): boolean {
  return set.some(one => `${one.split('=')[0]}.`.startsWith(`${path.join('.')}.`))
}

function isRight(source: Located, key: 'patroni' | 'profile'): boolean {
  return fileSchema.shape[key].safeParse(source.at([key])).success
}

/** Those that can be asked about: each by itself, whatever else of the file is wrong. */
function parametersIn(source: Located, layers: readonly Written[]): Readonly<Record<string, string>> {
  const inFile = source.at(['postgresql', 'parameters'])
  const each = Object.entries(typeof inFile === 'object' && inFile !== null ? inFile : {}).flatMap(([name, value]) => {
    const read = settings.postgresql.safeParse({parameters: {[name]: value as unknown}})
    return read.success ? [read.data] : []
  })
  const all = [...each, ...layers.flatMap(({postgresql}) => (postgresql === undefined ? [] : [postgresql]))]
  const written = all.flatMap(one => Object.entries(one.parameters ?? {}))
  return Object.fromEntries(written.map(([name, value]) => [name, String(value)]))
}

/** Those parts of the file that are right. */
function partsOf(source: Located): Written {
  const right = Object.entries(fileSchema.shape).flatMap(([key, part]) => {
    const read = part.safeParse(source.at([key]))
    return read.success && read.data !== undefined ? [[key, read.data]] : []
  })
  return Object.fromEntries(right)
}

function mustBeNone(mistakes: readonly Mistake[]): void {
  if (mistakes.length > 0)
    throw new LabError('config', mistakes.map(({path, says}) => `${path.join('.')}: ${says}`).join('\n'), {
      hint: mistakes[0]?.hint,
    })
}

/**
 * A topology that other files say, with what is typed beside it.
 * @throws LabError `usage` for what is typed wrongly; timings that Patroni would change are kept.
 */
export function topologyFrom(written: Written, {profile, release, set = []}: Omit<Wanted, 'topology'> = {}): Topology {
  const typed = fromSet(set, {profile, release})
  if (typed.wrong.length > 0) throw new LabError('usage', typed.wrong.join('\n'), {instead: typed.instead})
  return build([written, ...typed.layers])
}

/** Later layers win, key by key. */
function build(layers: readonly Written[]): Topology {
  const profile: ProfileName = layers.findLast(layer => layer.profile)?.profile ?? 'default'
  const base = profiles[profile]
  const plain: Topology = {
    profile,
    release: layers.findLast(layer => layer.release)?.release ?? usualRelease,
    hosts: hostsOf(Object.assign({}, ...layers.map(layer => layer.hosts))),
    patroni: base.patroni,
    haproxy: haproxyOf(base.haproxy, layers),
    postgresParameters: base.postgresParameters,
  }
  return layers.reduce(changed, {
    ...plain,
    ...namesOf(layers),
    ...standbyOf(layers),
    ...pgbouncerOf(layers, plain),
    ...keepalivedOf(layers, plain),
    ...keptOf(layers),
    ...securityOf(layers),
    ...imagesOf(layers),
    ...enginesOf(layers),
  })
}

/** None where nobody speaks of it. */
function pgbouncerOf(layers: readonly Written[], {profile, hosts}: Topology): Pick<Topology, 'pgbouncer'> {
  const isThere = hosts.some(({services}) => services.includes('pgbouncer'))
  if (!isThere && layers.every(layer => layer.pgbouncer === undefined)) return {}
  const written = Object.assign({}, ...layers.map(layer => layer.pgbouncer)) as NonNullable<Written['pgbouncer']>
  return {pgbouncer: withPgbouncer(pgbouncerProfiles[profile], written)}
}

/** The same of keepalived. */
function keepalivedOf(layers: readonly Written[], {hosts}: Topology): Pick<Topology, 'keepalived'> {
  const isThere = hosts.some(({services}) => services.includes('keepalived'))
  if (!isThere && layers.every(layer => layer.keepalived === undefined)) return {}
  const written = Object.assign({}, ...layers.map(layer => layer.keepalived)) as NonNullable<Written['keepalived']>
  return {keepalived: withKeepalived(keepalivedDefaults, written)}
}

/** What of the cluster is called otherwise than usual, and where it listens. */
function namesOf(layers: readonly Written[]): Pick<Topology, 'scope' | 'namespace' | 'ports'> {
  const {scope, namespace, port: patroni} = Object.assign({}, ...layers.map(layer => layer.patroni))
  const {
    port: primary,
    replicas_port: replicas,
    stats_port: stats,
  } = Object.assign({}, ...layers.map(layer => layer.haproxy))
  const {port: postgres} = Object.assign({}, ...layers.map(layer => layer.postgresql))
  const {port: pgbouncer} = Object.assign({}, ...layers.map(layer => layer.pgbouncer))
  const ports = Object.fromEntries(
    Object.entries({patroni, postgres, primary, replicas, stats, pgbouncer}).filter(
      ([, number]) => number !== undefined,
    ),
  )
  return {
    ...(scope === undefined ? {} : {scope}),
    ...(namespace === undefined ? {} : {namespace}),
    ...(Object.keys(ports).length === 0 ? {} : {ports}),
  }
}

/** None where nobody speaks of one. */
function standbyOf(layers: readonly Written[]): Pick<Topology, 'standbyCluster'> {
  const written = layers.findLast(layer => layer.standby_cluster !== undefined)?.standby_cluster
  if (written === undefined) return {}
  const {scope = usualStandbyScope, hosts} = written
  return {standbyCluster: {scope, hosts: [...new Set(hosts)]}}
}

/** The topology with other settings. @throws LabError `config` when they do not go together. */
export function withSettings(topology: Topology, written: Settings): Topology {
  const result = changed(topology, written)
  mustBeNone(mistakesIn(result))
  mustBeNone(changesOfPatroni(result))
  return result
}

function changed(topology: Topology, {patroni = {}, postgresql = {}}: Settings): Topology {
  const was = topology.patroni
  const dataBytes = postgresql.data_size ?? topology.dataBytes
  return {
    ...topology,
    patroni: {
      ttlSeconds: patroni.ttl ?? was.ttlSeconds,
      loopWaitSeconds: patroni.loop_wait ?? was.loopWaitSeconds,
      retryTimeoutSeconds: patroni.retry_timeout ?? was.retryTimeoutSeconds,
      maximumLagOnFailoverBytes: patroni.maximum_lag_on_failover ?? was.maximumLagOnFailoverBytes,
      synchronousMode: patroni.synchronous_mode ?? was.synchronousMode,
      primaryStartTimeoutSeconds: patroni.primary_start_timeout ?? was.primaryStartTimeoutSeconds,
      failsafeMode: patroni.failsafe_mode === undefined ? was.failsafeMode : patroni.failsafe_mode === 'on',
      watchdog: patroni.watchdog ?? was.watchdog,
      watchdogSafetyMarginSeconds: patroni.watchdog_safety_margin ?? was.watchdogSafetyMarginSeconds,
      ...slotsOf({...was.slots, ...patroni.slots}),
    },
    postgresParameters: withParameters(
      topology.postgresParameters,
      Object.fromEntries(Object.entries(postgresql.parameters ?? {}).map(([key, value]) => [key, String(value)])),
    ),
    ...(dataBytes === undefined ? {} : {dataBytes}),
  }
}

function slotsOf(slots: NonNullable<Topology['patroni']['slots']>): Pick<Topology['patroni'], 'slots'> {
  return Object.keys(slots).length === 0 ? {} : {slots}
}

function hostsOf(written: Readonly<Record<string, readonly ServiceName[]>>): Host[] {
  return Object.entries(written).map(([name, services]) => ({name, services}))
}
