/**
 * Our list of scenarios as the build has worked it out: for the usual topology with each profile, when no engine is asked. To work it out
 * takes ten times as long as to read it. It is taken only where every scenario and every preset says what it said when it was built, and
 * where a lab that is there is as that topology; else all is worked out as ever.
 */
import {createHash} from 'node:crypto'
import {existsSync, readdirSync, readFileSync} from 'node:fs'
import {join} from 'node:path'
import {fileURLToPath} from 'node:url'
import {isDeepStrictEqual} from 'node:util'
import type {Scenario, Topology} from '../../lab/index.ts'
import {
  bySuite,
  calledAs,
  labFolder,
  learnedSeconds,
  readAhead,
  scenarioFolder,
  scenarioNames,
} from '../../lab/inside/listing.ts'
import {
  askedWords,
  type OwnCommand,
  onLab,
  packageRoot,
  readHint,
  type WrittenHint,
  writtenHint,
} from '../../lab/inside/start.ts'
import type {TopologyOptions} from '../options.ts'
import type {Listed} from './here.ts'

export const knownListFile = 'list.json'

/** Why nobody can tell what the kernel of a lab can do that was not named. */
export const notAsked = 'an engine is asked about a lab that is named (--name)'

export interface Kept {
  /** Of every preset: another lab may be raised from any. */
  readonly presets: string
  /** By the profile. */
  readonly of: Readonly<Record<string, {readonly topology: Topology; readonly listed: ByName}>>
}

type ByName = Readonly<Record<string, KeptEntry>>

interface KeptEntry extends Pick<Listed, 'abilities' | 'takes'> {
  /** Of its file's text. */
  readonly text: string
  readonly here: Omit<Listed['here'], 'next'> & {readonly next: WrittenHint | null}
}

/** @param list of every scenario on a topology. */
export function listToKeep(
  profiles: readonly {readonly topology: Topology; readonly list: readonly Listed[]}[],
): string {
  const of = profiles.map(({topology, list}) => {
    const listed = list.map(({scenario: {name}, abilities, takes, here}) => {
      const next = here.next === null ? null : writtenHint(here.next)
      return [name, {text: sumOf(textOf(name)), abilities, takes, here: {...here, next}}]
    })
    return [topology.profile, {topology, listed: Object.fromEntries(listed)}]
  })
  return JSON.stringify({presets: presetsNow(), of: Object.fromEntries(of)} satisfies Kept)
}

export interface KnownList {
  readonly groups: ReadonlyMap<string, readonly Listed[]>
  readonly lab: string | undefined
  readonly up: OwnCommand
  readonly profile: string
}

/** undefined: it has to be worked out. */
export async function knownList(
  {name, suite = 'all', ...options}: TopologyOptions & {readonly name: string; readonly suite?: string},
  named: boolean,
  kept = fromBuild(),
): Promise<KnownList | undefined> {
  const {topology, profile, release, patroni, set} = options
  if (named || [topology, release, patroni, set].some(one => one !== undefined)) return undefined
  if (kept === undefined || kept.presets !== presetsNow()) return undefined
  const isThere = profile === undefined && existsSync(join(labFolder(name), 'lab.json'))
  const found = isThere ? await asThere(kept, name) : own(kept.of, profile ?? 'default')
  if (found === undefined) return undefined
  const learned = learnedSeconds(found.topology.profile)
  const all = scenarioNames().map(one => entryOf(one, found.listed, learned))
  if (!all.every(one => one !== undefined)) return undefined
  const byName = new Map(all.map(one => [one.scenario.name, one]))
  const groups = [...bySuite(all.map(one => one.scenario))]
  const chosen = groups.filter(([one]) => suite === 'all' || one === suite)
  if (chosen.length === 0) return undefined
  return {
    groups: new Map(chosen.map(([one, members]) => [one, members.map(({name}) => byName.get(name)!)])),
    lab: isThere ? name : undefined,
    up: onLab(name, 'up', ...askedWords(options)),
    profile: found.topology.profile,
  }
}

/** The list of a lab that is there, where that is as the usual one. */
async function asThere(kept: Kept, name: string): Promise<Kept['of'][string] | undefined> {
  const {loadLab} = await import('../../lab/inside/kept.ts')
  const saved = loadLab(name)
  const found = saved && own(kept.of, saved.topology.profile)
  return saved?.topologyFile === undefined && isDeepStrictEqual(found?.topology, saved?.topology) ? found : undefined
}

function entryOf(name: string, listed: ByName, learned: ReadonlyMap<string, number>): Listed | undefined {
  const text = textOf(name)
  const [known, scenario] = [own(listed, name), readAhead(text)]
  if (known === undefined || scenario === undefined || known.text !== sumOf(text)) return undefined
  const seconds = learned.get(name)
  const next = known.here.next === null ? null : readHint(known.here.next)
  return {
    scenario: {...scenario, ...calledAs(fileOf(name))} satisfies Scenario,
    abilities: known.abilities,
    takes: seconds === undefined ? known.takes : {seconds, basis: 'played'},
    here: {...known.here, next},
  }
}

function own<T>(from: Readonly<Record<string, T>>, key: string): T | undefined {
  return Object.hasOwn(from, key) ? from[key] : undefined
}

function fromBuild(): Kept | undefined {
  const file = fileURLToPath(new URL(knownListFile, import.meta.url))
  return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : undefined
}

function presetsNow(): string {
  const folder = join(packageRoot, 'compose', 'presets')
  const texts = readdirSync(folder)
    .toSorted()
    .map(file => [file, readFileSync(join(folder, file), 'utf8')])
  return sumOf(JSON.stringify(texts))
}

function fileOf(name: string): string {
  return join(scenarioFolder, `${name}.yaml`)
}

function textOf(name: string): string {
  return readFileSync(fileOf(name), 'utf8')
}

function sumOf(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}
