/** The hosts that share a virtual address, as their files have it; and what a lab has of that. */
import type {Written} from '../topology/settings.ts'
import type {Place, Word} from '../words/place.ts'
import {addressesOf, blocksOf, type KeepalivedBlock, type KeepalivedFile, valueIn} from './read/keepalived.ts'
import type {Files} from './read/read.ts'

export interface Instance {
  readonly block: KeepalivedBlock
  readonly file: KeepalivedFile
}

export function instances({keepalived}: Files): readonly Instance[] {
  return keepalived.flatMap(file => blocksOf(file, 'vrrp_instance').map(block => ({block, file})))
}

/** Instances of different hosts that share an address. */
export function groups(files: Files): readonly (readonly Instance[])[] {
  const byAddress = Map.groupBy(instances(files), ({block}) => addressesOf(block).toSorted().join(' '))
  return [...byAddress]
    .filter(([address, group]) => address !== '' && new Set(group.map(({file}) => file.file)).size > 1)
    .map(([, group]) => group)
}

export function priorityOf(block: KeepalivedBlock): number {
  return Number(valueIn(block, 'priority')?.text ?? 100) || 0
}

/** The vrrp_sync_group that an instance is in: it tracks for all of its instances (keepalived.conf(5)). */
function syncGroupOf({block, file}: Instance): KeepalivedBlock | undefined {
  return blocksOf(file, 'vrrp_sync_group').find(group =>
    blocksOf(group, 'group').some(({lines}) => lines.flat().some(({text}) => text === block.name)),
  )
}

/** What is tracked for an instance: in its own blocks and in those of its group. */
export function tracking(instance: Instance): readonly KeepalivedBlock[] {
  const group = syncGroupOf(instance)
  return [...instance.block.blocks, ...(group?.blocks ?? [])].filter(({type}) => type.startsWith('track_'))
}

/** `track_script { chk weight 2 }` */
export function tracked(instance: Instance) {
  return tracking(instance)
    .filter(({type}) => type === 'track_script')
    .flatMap(({lines}) =>
      lines.flatMap(([name, key, weight]) =>
        name === undefined ? [] : [{name, weight: key?.text === 'weight' ? Number(weight?.text) : undefined}],
      ),
    )
}

/** In a group a script has no weight, and one that fails means FAULT, unless the group says otherwise (vrrp.c: vrrp_complete_instance). */
export function hasWeights(instance: Instance): boolean {
  const group = syncGroupOf(instance)
  return group === undefined || group.lines.some(([key]) => /^(sync_group|global)_tracking/.test(key?.text ?? ''))
}

export function declaredWeight(file: KeepalivedFile, name: string): number {
  const script = blocksOf(file, 'vrrp_script').find(block => block.name === name)
  return Number(script === undefined ? 0 : (valueIn(script, 'weight')?.text ?? 0)) || 0
}

type Settings = NonNullable<Written['keepalived']>

export interface Sharing {
  /** The first has the highest priority; those that are given. */
  readonly group: readonly Instance[]
  /** How many hosts share the address. */
  readonly count: number
  readonly settings: Settings
}

/** Why the lab runs no keepalived. */
export interface NotSharing {
  readonly place: Place
  readonly why: string
}

/** Undefined where there is no file of one. */
export function sharingOf(files: Files): Sharing | NotSharing | undefined {
  const [file] = files.keepalived
  if (file === undefined) return undefined
  const all = instances(files)
  const first = all.find(({block}) => addressesOf(block).length > 0)
  if (first === undefined)
    return {place: {file: file.file, line: 1, column: 1}, why: 'no instance in it has a virtual address'}
  const asking = all.flatMap(scriptsOf).find(asksPostgres)
  if (asking !== undefined)
    return {
      place: asking.place,
      why: "it asks who leads, or PostgreSQL: the address follows the leader, where the lab's follows a proxy that answers",
    }
  const key = addressKey(first)
  const group = all.filter(one => addressKey(one) === key).toSorted((a, b) => priorityOf(b.block) - priorityOf(a.block))
  const peers = group.map(({block}) => blocksOf(block, 'unicast_peer').flatMap(({lines}) => lines).length + 1)
  const count = Math.min(9, Math.max(2, group.length, files.haproxy.length, ...peers))
  return {group, count, settings: settingsOf(group, count)}
}

export function isSharing(found: Sharing | NotSharing | undefined): found is Sharing {
  return found !== undefined && 'group' in found
}

function addressKey({block}: Instance): string {
  return addressesOf(block).toSorted().join(' ')
}

/** Those that are declared: what names another watches nothing. */
export function scriptsOf(instance: Instance): readonly KeepalivedBlock[] {
  const names = new Set(tracked(instance).map(({name}) => name.text))
  return blocksOf(instance.file, 'vrrp_script').filter(({name}) => names.has(name))
}

/** Everything behind `script`, which may be many words without quotes. */
export function commandOf(script: KeepalivedBlock): string {
  const line = script.lines.find(([key]) => key?.text === 'script')
  return (line ?? [])
    .slice(1)
    .map(({text}) => text)
    .join(' ')
}

function asksPostgres(script: KeepalivedBlock): boolean {
  const command = commandOf(script)
  return (
    /:8008|:5432|patroni|\/(primary|master|leader|read-write|replica)\b|psql|pg_isready|postgres/i.test(command) &&
    !/haproxy/i.test(command)
  )
}

/** keepalived's own where it is not said (keepalived.conf(5)). */
export function amountIn(
  block: KeepalivedBlock | undefined,
  key: string,
): {readonly said: Word | undefined; readonly whole: number} {
  const said = block === undefined ? undefined : valueIn(block, key)
  const number = Number(said?.text ?? 1)
  return {said, whole: Number.isFinite(number) ? Math.max(1, Math.ceil(number)) : 1}
}

/** With the initial state MASTER keepalived takes no notice of nopreempt. */
export function preempts({block}: Instance): boolean {
  const isNamed = block.lines.some(([key]) => key?.text === 'nopreempt')
  return !isNamed || valueIn(block, 'state')?.text === 'MASTER'
}

function settingsOf(group: readonly Instance[], count: number): Settings {
  const first = group[0]!
  const [script] = scriptsOf(first)
  const isWatched = script !== undefined || tracking(first).some(({type}) => /^track_(process|file)$/.test(type))
  const weight = weightOf(first)
  return {
    advert_int: Math.min(255, amountIn(first.block, 'advert_int').whole),
    interval: Math.min(255, amountIn(script, 'interval').whole),
    fall: Math.min(1000, amountIn(script, 'fall').whole),
    rise: Math.min(1000, amountIn(script, 'rise').whole),
    preempt: preempts(first) ? 'on' : 'off',
    ...(isWatched ? {} : {check: 'none' as const}),
    ...(weight === 0 ? {} : {weight}),
    priority: prioritiesOf(group, count),
  }
}

export function weightOf(instance: Instance): number {
  const {file} = instance
  if (!hasWeights(instance)) return 0
  const known = new Set(scriptsOf(instance).map(({name}) => name))
  const [first] = tracked(instance).filter(({name}) => known.has(name.text))
  const weight = first === undefined ? 0 : (first.weight ?? declaredWeight(file, first.name.text))
  return Math.min(253, Math.max(-253, Math.trunc(weight) || 0))
}

/** Whose file is not given comes next. */
function prioritiesOf(group: readonly Instance[], count: number): Readonly<Record<string, number>> {
  const said = group.map(({block}) => Math.min(254, Math.max(1, priorityOf(block))))
  const least = said.at(-1) ?? 100
  const all = Array.from({length: count}, (_, index) => said[index] ?? Math.max(1, least - (index - said.length + 1)))
  return Object.fromEntries(all.map((priority, index) => [`proxy${index + 1}`, priority]))
}
