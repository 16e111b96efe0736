/** A person's lab.yaml, a preset, or `--set key=value`: parsed into a Topology, with what Patroni would change refused. */
import {readdirSync} from 'node:fs'
import {join, resolve} from 'node:path'
import {z} from 'zod'
import {insteadOf, Located, readText, suggestion, unknownKey, wordsOf} from '../words/decode.ts'
import {LabError} from '../words/errors.ts'
import {type Hint, next, ownCommand} from '../words/next-step.ts'
import {packageRoot} from '../words/package-root.ts'
import {strayCharacter} from '../words/plain-text.ts'
import {printable} from '../words/printable.ts'
import {usualRelease} from './release.ts'
import type {ServiceName} from './services.ts'
import {fileSchema, type Settings, settings, type Written} from './settings.ts'
import {effectiveTimings, isWatchdogUnusable} from './timings.ts'
import {type Host, hostsWith, type ProfileName, profiles, type Topology, withParameters} from './topology.ts'

const presets = join(packageRoot, 'compose', 'presets')

function presetNames(): string[] {
  return readdirSync(presets)
    .filter(file => file.endsWith('.yaml'))
    .map(file => file.replace(/\.yaml$/, ''))
    .sort()
}

function presetHosts(): NonNullable<Written['hosts']> {
  const file = join(presets, 'default.yaml')
  return new Located(file, readText(file, 'topology'), 'topology').decode(fileSchema).hosts ?? {}
}

interface Wanted {
  /** A preset's name or the path of a file; the preset `default` when not given. */
  readonly topology?: string | undefined
  readonly profile?: string | undefined
  /** `patroni.ttl=40s`, `hosts.node4=etcd,patroni`; later ones win. */
  readonly set?: readonly string[] | undefined
  /** Keep timings that Patroni would change; for who explains what it would make of them. Refused when not given. */
  readonly asPatroniWould?: boolean
}

/** A topology, and how a person is told what PostgreSQL says of the parameters in it. */
export interface Asked {
  readonly topology: Topology
  /** That it stands in, from the root; undefined: it is a preset of ours. */
  readonly file: string | undefined
  /** @throws LabError `config` when anything is refused: with the place in the file, or the `--set` that it came from. */
  readonly mustTake: (refused: readonly Refused[]) => void
}

/** A parameter that PostgreSQL does not take, and its words. */
export interface Refused {
  readonly name: string
  readonly says: string
}

/** As far as it could be read. */
export interface Examined extends Omit<Asked, 'topology'> {
  /** undefined: there are mistakes, and `mustTake` tells them with what PostgreSQL refuses. */
  readonly topology: Topology | undefined
  /** What is written for PostgreSQL, also beside mistakes. */
  readonly parameters: Readonly<Record<string, string>>
}

/** @throws LabError `config` (with file:line:column for what stands in a file) or `usage`. */
export function loadTopology(wanted: Wanted): Topology {
  return readTopology(wanted).topology
}

/** As `loadTopology`. */
export function readTopology(wanted: Wanted): Asked {
  return mustBeRight(examineTopology(wanted))
}

function mustBeRight({topology, file, mustTake}: Examined): Asked {
  mustTake([])
  if (topology === undefined) throw new TypeError('what is not read has a mistake')
  return {topology, file, mustTake}
}

/**
 * Its mistakes are kept for `mustTake`, so that what PostgreSQL refuses is told with them.
 * @throws LabError `config` where nothing can be read: no such file, no YAML.
 */
export function examineTopology(wanted: Wanted): Examined {
  const named = wanted.topology ?? 'default'
  const isPath = /[/\\]|\.ya?ml$/.test(named)
  if (!isPath && !presetNames().includes(named))
    throw new LabError('usage', `there is no preset \`${named}\`${suggestion(named, presetNames())}`, {
      ...insteadOf(named, presetNames()),
      hint: 'a file of yours is named by its path',
    })
  const file = isPath ? named : join(presets, `${named}.yaml`)
  return examine(
    file,
    readText(file, 'topology', `name a file that is there, or one of our presets: ${presetNames().join(', ')}`),
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
  {profile, set = [], asPatroniWould = false}: Omit<Wanted, 'topology'>,
  at?: string,
): Examined {
  const source = new Located(file, text, 'topology')
  const whole = source.read(fileSchema)
  // Also where a part has a mistake: who mends a file wants to know of all.
  const written = whole ?? partsOf(source)
  const typed = fromSet(set, profile)
  // A file that says nothing about hosts is about timings: it is the usual lab with those.
  const layers = [...(written.hosts === undefined ? [{hosts: presetHosts()}] : []), written, ...typed.layers]
  const topology = build(layers)
  const outside: string[] = [...typed.wrong]
  let hint: Hint | undefined
  // Timings of which one could not be read are others.
  const isRead = typed.wrong.length === 0 && (['patroni', 'profile'] as const).every(key => isRight(source, key))
  for (const {path, says, hint: out} of [
    ...mistakesIn(topology),
    ...(asPatroniWould || !isRead ? [] : changesOfPatroni(topology)),
  ]) {
    if (set.length === 0 && source.at(path) !== undefined) source.tell(path, says)
    else outside.push(`${path.join('.')}: ${says}`)
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
      throw new LabError('usage', outside.join('\n'))
    source.mustBeRight({hint, and: [...outside.splice(0), ...told]})
  }
  const isWrong = !source.isRight || outside.length > 0
  return {topology: isWrong ? undefined : topology, file: at, parameters: parametersIn(source, layers), mustTake}
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

/** What was typed, and what is wrong with it. */
function fromSet(
  set: readonly string[],
  profile: string | undefined,
): {readonly layers: Written[]; readonly wrong: readonly string[]} {
  const layers: Written[] = []
  const wrong: string[] = []
  const read = (layer: () => Written) => {
    try {
      layers.push(layer())
    } catch (error) {
      if (!(error instanceof LabError)) throw error
      wrong.push(error.message)
    }
  }
  for (const text of set) read(() => setting(text))
  if (profile !== undefined) read(() => fromCommandLine(`--profile ${profile}`, {profile}))
  return {layers, wrong}
}

function setting(text: string): Written {
  const where = `--set ${printable(text)}`
  const stray = strayCharacter(text)
  if (stray !== null) throw new LabError('usage', `${where}: ${stray} cannot stand in a setting`)
  const [, path = '', value = ''] = /^([^=]+)=(.+)$/.exec(text) ?? []
  if (path === '') throw new LabError('usage', `${where}: write it as key=value, such as patroni.ttl=40s`)
  const plain = path.startsWith('hosts.') ? value.split(',') : /^\d{1,15}$/.test(value) ? Number(value) : value
  const keys = keysOf(path)
  // A schema would look it up as what every object has, and not see it.
  if (keys.includes('__proto__')) throw new LabError('usage', `${where}: ${unknownKey('__proto__', [])}`)
  return fromCommandLine(
    where,
    keys.reduceRight<unknown>((inner, key) => ({[key]: inner}), plain),
  )
}

/** Of `postgresql.parameters.auto_explain.log_format`, all behind the mapping is one name. */
function keysOf(path: string): string[] {
  const parameters = 'postgresql.parameters.'
  return path.startsWith(parameters)
    ? [...parameters.split('.').filter(Boolean), path.slice(parameters.length)]
    : path.split('.')
}

function fromCommandLine(where: string, value: unknown): Written {
  const result = fileSchema.safeParse(value)
  if (result.success) return result.data
  const [issue] = result.error.issues
  const known = issue?.code === 'unrecognized_keys' ? keysAt(issue.path as string[]) : []
  const says =
    issue?.code === 'unrecognized_keys'
      ? `unknown key \`${issue.keys[0]}\`${suggestion(issue.keys[0] ?? '', known)}`
      : issue && wordsOf(issue, value)
  throw new LabError('usage', `${where}: ${says}`)
}

function keysAt(path: readonly string[]): string[] {
  let at: z.ZodType = fileSchema
  for (const key of path) {
    const shape: Record<string, z.ZodType> = at instanceof z.ZodObject ? at.shape : {}
    const next = shape[key]
    if (next === undefined) return []
    at = next instanceof z.ZodOptional ? (next.unwrap() as z.ZodType) : next
  }
  return at instanceof z.ZodObject ? Object.keys(at.shape) : []
}

/** What cannot be of a topology, or of a running one. */
interface Mistake {
  readonly path: readonly string[]
  readonly says: string
  readonly hint?: Hint
}

function mustBeNone(mistakes: readonly Mistake[]): void {
  if (mistakes.length > 0)
    throw new LabError('config', mistakes.map(({path, says}) => `${path.join('.')}: ${says}`).join('\n'), {
      hint: mistakes[0]?.hint,
    })
}

/** Later layers win, key by key. */
function build(layers: readonly Written[]): Topology {
  const profile: ProfileName = layers.findLast(layer => layer.profile)?.profile ?? 'default'
  const base = profiles[profile]
  const haproxy = Object.assign({}, ...layers.map(layer => layer.haproxy)) as NonNullable<Written['haproxy']>
  const inter = haproxy.inter ?? base.haproxy.interMs
  // HAProxy: fastinter and downinter are inter unless they are set; a person who sets inter alone means all three.
  const checkedOften = haproxy.inter === undefined ? base.haproxy : {fastinterMs: inter, downinterMs: inter}
  const plain: Topology = {
    profile,
    release: usualRelease,
    hosts: hostsOf(Object.assign({}, ...layers.map(layer => layer.hosts))),
    patroni: base.patroni,
    haproxy: {
      interMs: inter,
      fastinterMs: haproxy.fastinter ?? checkedOften.fastinterMs,
      downinterMs: haproxy.downinter ?? checkedOften.downinterMs,
      fall: haproxy.fall ?? base.haproxy.fall,
      rise: haproxy.rise ?? base.haproxy.rise,
      connectTimeoutMs: haproxy.timeout_connect ?? base.haproxy.connectTimeoutMs,
      checkTimeoutMs: haproxy.timeout_check ?? base.haproxy.checkTimeoutMs,
    },
    postgresParameters: base.postgresParameters,
  }
  return layers.reduce(changed, plain)
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
    },
    postgresParameters: withParameters(
      topology.postgresParameters,
      Object.fromEntries(Object.entries(postgresql.parameters ?? {}).map(([key, value]) => [key, String(value)])),
    ),
    ...(dataBytes === undefined ? {} : {dataBytes}),
  }
}

function hostsOf(written: Readonly<Record<string, readonly ServiceName[]>>): Host[] {
  return Object.entries(written).map(([name, services]) => ({name, services}))
}

/** What must hold of every topology, and does not. */
function mistakesIn(topology: Topology): Mistake[] {
  const limits = [
    ['etcd', 1, 7],
    ['patroni', 1, 9],
    ['haproxy', 1, 2],
    ['client', 1, 1],
  ] as const
  const counts = limits.flatMap(([service, least, most]): Mistake[] => {
    const {length} = hostsWith(topology, service)
    if (length >= least && length <= most) return []
    const says = `${length} hosts run ${service}; a lab has ${least === most ? `exactly ${least}` : `${least} to ${most}`}`
    return [{path: ['hosts'], says}]
  })
  return [...counts, ...watchdogMistake(topology)]
}

/** With a watchdog that it cannot use Patroni lets nobody lead: the first host would wait for ever ("Cancelling bootstrap"). */
function watchdogMistake({patroni}: Topology): Mistake[] {
  if (!isWatchdogUnusable(patroni)) return []
  const {ttlSeconds, loopWaitSeconds} = effectiveTimings(patroni)
  const most = ttlSeconds - loopWaitSeconds
  return [
    {
      path: ['patroni', 'watchdog_safety_margin'],
      says: `nobody could ever lead: the watchdog is required, and it would fire ttl - watchdog_safety_margin = ${ttlSeconds} - ${patroni.watchdogSafetyMarginSeconds} s after it was fed, which must not be less than loop_wait (${loopWaitSeconds} s)`,
      hint: `say a margin of at most ${most}s: --set patroni.watchdog_safety_margin=${Math.min(5, most)}s`,
    },
  ]
}

/** Patroni would run with other timings than the person wrote: one mistake, however many of them it changes. */
function changesOfPatroni(topology: Topology): Mistake[] {
  const {ttlSeconds, loopWaitSeconds, retryTimeoutSeconds} = topology.patroni
  const used = effectiveTimings(topology.patroni)
  const [first] = used.adjusted
  if (first === undefined) return []
  const timings = {ttl: used.ttlSeconds, loop_wait: used.loopWaitSeconds, retry_timeout: used.retryTimeoutSeconds}
  // All three: so they are right beside what was typed, and in its place.
  const flags = Object.entries(timings).flatMap(([key, seconds]) => ['--set', `patroni.${key}=${seconds}s`])
  return [
    {
      path: ['patroni', first.key],
      says: `Patroni would silently use ${first.key} ${first.becomes}s instead of ${first.given}s (it wants ttl >= 20s, loop_wait >= 1s, retry_timeout >= 3s and loop_wait + 2 * retry_timeout <= ttl; here ${loopWaitSeconds} + 2 * ${retryTimeoutSeconds} and ttl ${ttlSeconds})`,
      hint: next`say other timings that fit, or what Patroni would use: ${ownCommand('up', ...flags)}`,
    },
  ]
}
