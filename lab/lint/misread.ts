/** Values of Patroni's settings that it takes otherwise than they are written, each as its own code reads it (4.0.7), with what it takes. */
import type {Place} from '../words/place.ts'
import {dcsOf, watchdogMode} from './read/patroni.ts'
import type {Files} from './read/read.ts'
import type {YamlNode} from './read/yaml.ts'
import {isOnAt, nodeAt, numberAt, scalarAt, type Unit, wholeAt} from './read/yaml-path.ts'

export interface Misread {
  readonly place: Place
  readonly key: string
  /** As it is written, where it is a text, a number or a word; else what it is. */
  readonly written: string
  /** Why it is none: `is neither on nor off`. */
  readonly why: string
  readonly taken: string
  readonly fix: string
}

/** By check_mode of global_config.py, which makes nothing of what parse_bool does not know. */
const switches = ['synchronous_mode', 'synchronous_mode_strict', 'failsafe_mode', 'pause', 'check_timeline'] as const

/** By get_int of global_config.py: what it has otherwise, and the unit in which it counts where it takes one. */
const numbers: Readonly<Record<string, {readonly otherwise: number; readonly in?: Unit}>> = {
  maximum_lag_on_failover: {otherwise: 1_048_576},
  maximum_lag_on_syncnode: {otherwise: -1},
  primary_start_timeout: {otherwise: 300},
  master_start_timeout: {otherwise: 300},
  primary_stop_timeout: {otherwise: 0},
  master_stop_timeout: {otherwise: 0},
  synchronous_node_count: {otherwise: 1},
  max_timelines_history: {otherwise: 0},
  member_slots_ttl: {otherwise: 1800, in: 's'},
}

/** By Python's bool(), to which every text is true that is not empty: tags.py, postgresql/rewind.py, postgresql/config.py. */
const boolTags = ['nofailover', 'nosync', 'noloadbalance', 'clonefrom'] as const
const boolSettings = [
  ...['use_pg_rewind', 'remove_data_directory_on_rewind_failure', 'remove_data_directory_on_diverged_timelines'],
  ...['use_unix_socket', 'use_unix_socket_repl'],
] as const

/** In the order of the files, each place once. */
export function misread(files: Files): readonly Misread[] {
  const shared = dcsOf(files).map(({map}) => map)
  return [
    ...shared.flatMap(map => [
      ...switches.flatMap(key => noSwitch(map, key)),
      ...Object.keys(numbers).flatMap(key => noNumber(map, key)),
      ...noSwitch(nodeAt(map, 'postgresql'), 'use_slots'),
      ...boolSettings.flatMap(key => noBool(nodeAt(map, 'postgresql'), key)),
    ]),
    ...files.patroni.flatMap(({root, tags}) => [
      ...boolSettings.flatMap(key => noBool(nodeAt(root, 'postgresql'), key)),
      ...boolTags.flatMap(key => noBool(tags, key)),
      ...noSwitch(tags, 'nostream'),
      ...['failover_priority', 'sync_priority'].flatMap(key => noNumber(tags, key)),
      ...noMode(root),
    ]),
  ]
}

function noSwitch(map: YamlNode | undefined, key: string): readonly Misread[] {
  const node = nodeAt(map, key)
  const isQuorum = key === 'synchronous_mode' && scalarAt(map, key)?.text.toLowerCase() === 'quorum'
  if (node === undefined || isNothing(node) || isQuorum || isOnAt(map, key) !== undefined) return []
  return [said(node, key, 'is neither on nor off', 'off', `${key}: on, or off`)]
}

function noNumber(map: YamlNode | undefined, key: string): readonly Misread[] {
  const node = nodeAt(map, key)
  const {otherwise, in: unit} = numbers[key] ?? {otherwise: 1}
  if (node === undefined || isNothing(node) || numberAt(map, [key], unit) !== undefined) return []
  const fix = unit === undefined ? `${key}: a number without a unit` : `${key}: a number of seconds`
  return [said(node, key, 'is no number', String(otherwise), fix)]
}

function noBool(map: YamlNode | undefined, key: string): readonly Misread[] {
  const node = nodeAt(map, key)
  const isText = node?.kind === 'scalar' && typeof node.value === 'string' && node.value !== ''
  return isText && isOnAt(map, key) !== true
    ? [said(node, key, 'is a text', 'true', `${key}: false without quotes, or true`)]
    : []
}

/** An empty section is none: Patroni then uses a watchdog where it finds one. */
function noMode(root: YamlNode): readonly Misread[] {
  const node = nodeAt(root, 'watchdog', 'mode')
  if (node === undefined || watchdogMode(root) !== 'unknown') return []
  return [said(node, 'watchdog.mode', 'is no mode', 'off', 'mode: required, automatic or off')]
}

function said(node: YamlNode, key: string, why: string, taken: string, fix: string): Misread {
  const written = node.kind === 'scalar' ? node.text : node.kind === 'list' ? 'a list' : 'a mapping'
  return {place: node.place, key, written, why, taken, fix}
}

/** The settings in the DCS as Patroni takes them, in one order: two that are alike here are alike to it. */
export function settingsTaken(map: YamlNode): unknown {
  if (map.kind !== 'map') return withoutPlaces(map)
  return map.entries
    .toSorted((a, b) => (a.key < b.key ? -1 : 1))
    .map(({key, value}) => [key, taken(map, key) ?? withoutPlaces(value)])
}

function taken(map: YamlNode, key: string): unknown {
  if (/^(ttl|loop_wait|retry_timeout)$/.test(key)) return wholeAt(map, key)
  if (Object.hasOwn(numbers, key)) return numberAt(map, [key], numbers[key]?.in)
  return switches.some(one => one === key) ? isOnAt(map, key) : undefined
}

/** Without places, with keys in one order, and each value as PostgreSQL has it: the text of a number, and a switch as on or off. */
export function withoutPlaces(node: YamlNode): unknown {
  if (node.kind === 'scalar')
    return typeof node.value === 'boolean'
      ? node.value
        ? 'on'
        : 'off'
      : node.value === null
        ? null
        : String(node.value)
  if (node.kind === 'list') return node.items.map(withoutPlaces)
  return node.entries.toSorted((a, b) => (a.key < b.key ? -1 : 1)).map(({key, value}) => [key, withoutPlaces(value)])
}

function isNothing(node: YamlNode): boolean {
  return node.kind === 'scalar' && node.value === null
}
