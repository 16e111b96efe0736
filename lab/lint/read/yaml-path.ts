/** Ways into a YAML tree. Nothing on the way, or something else than a mapping, is undefined. */
import type {Word} from '../../words/place.ts'
import type {YamlEntry, YamlMap, YamlNode, YamlScalar} from './yaml.ts'

export type Keys = readonly string[]

export function entryAt(node: YamlNode | undefined, ...keys: Keys): YamlEntry | undefined {
  const above = nodeAt(node, ...keys.slice(0, -1))
  return above?.kind === 'map' ? above.entries.find(({key}) => key === keys.at(-1)) : undefined
}

export function nodeAt(node: YamlNode | undefined, ...keys: Keys): YamlNode | undefined {
  return keys.reduce<YamlNode | undefined>(
    (at, name) => (at?.kind === 'map' ? at.entries.find(({key}) => key === name)?.value : undefined),
    node,
  )
}

export function mapAt(node: YamlNode | undefined, ...keys: Keys): YamlMap | undefined {
  const found = nodeAt(node, ...keys)
  return found?.kind === 'map' ? found : undefined
}

export function scalarAt(node: YamlNode | undefined, ...keys: Keys): YamlScalar | undefined {
  const found = nodeAt(node, ...keys)
  return found?.kind === 'scalar' ? found : undefined
}

/** What is written, where something is. */
export function wordAt(node: YamlNode | undefined, ...keys: Keys): Word | undefined {
  const found = scalarAt(node, ...keys)
  return found === undefined || found.value === null ? undefined : found
}

export function entriesAt(node: YamlNode | undefined, ...keys: Keys): readonly YamlEntry[] {
  return mapAt(node, ...keys)?.entries ?? []
}

/** As Python has it: nothing, no, 0, and what is empty. */
export function isFalsy(node: YamlNode): boolean {
  if (node.kind === 'scalar') return !node.value
  return node.kind === 'list' ? node.items.length === 0 : node.entries.length === 0
}

/** A whole number as Python's int() makes it of a number, a boolean or a text. */
export function wholeAt(node: YamlNode | undefined, ...keys: Keys): number | undefined {
  const value = scalarAt(node, ...keys)?.value
  if (typeof value === 'number') return Math.trunc(value)
  if (typeof value === 'boolean') return Number(value)
  const isWhole = typeof value === 'string' && /^\s*[-+]?\d+(_\d+)*\s*$/.test(value)
  return isWhole ? Number(value.replaceAll('_', '')) : undefined
}

/** As Python's bool() has it: a text that says no is not empty, and so is true. Undefined where nothing is written. */
export function isTruthyAt(node: YamlNode | undefined, ...keys: Keys): boolean | undefined {
  const found = nodeAt(node, ...keys)
  return found === undefined || (found.kind === 'scalar' && found.value === null) ? undefined : !isFalsy(found)
}

/** In seconds. */
const seconds = {d: 86_400, h: 3600, min: 60, s: 1, ms: 0.001, us: 0.000_001} as const
export type Unit = keyof typeof seconds

/** A number as Patroni's parse_int reads it (utils.py): of a text too, also hexadecimal, and with a unit only where it is told in which it counts. */
export function numberAt(node: YamlNode | undefined, keys: Keys, counts?: Unit): number | undefined {
  const value = scalarAt(node, ...keys)?.value
  // To Python a boolean is the text True or False here.
  if (value === undefined || value === null || typeof value === 'boolean') return undefined
  const text = String(value).trim()
  const [written = ''] = /^[-+]?(0x[\da-f]+|\d*\.?\d+(e[-+]?\d+)?)/i.exec(text) ?? []
  const unit = text.slice(written.length).trim()
  const isUnit = counts !== undefined && Object.hasOwn(seconds, unit)
  if (written === '' || (unit !== '' && !isUnit)) return undefined
  const number = numeric(written) * (unit === '' ? 1 : seconds[unit as Unit] / seconds[counts!])
  return Math.round(number)
}

/** An integer that begins with 0 is octal. */
function numeric(written: string): number {
  const [, sign, digits = ''] = /^([-+]?)(.*)$/.exec(written) ?? []
  const size = /^0[0-7]+$/.test(digits) ? Number.parseInt(digits, 8) : Number(digits)
  return sign === '-' ? -size : size
}

/** As Patroni's parse_bool: undefined for what is neither. */
export function isOnAt(node: YamlNode | undefined, ...keys: Keys): boolean | undefined {
  const value = scalarAt(node, ...keys)?.value
  if (value === undefined || value === null) return undefined
  const text = String(value).toLowerCase()
  if (/^(on|true|yes|1)$/.test(text)) return true
  return /^(off|false|no|0)$/.test(text) ? false : undefined
}

/** The texts of a list, or of a text with commas. */
export function listAt(node: YamlNode | undefined, ...keys: Keys): readonly Word[] {
  const found = nodeAt(node, ...keys)
  if (found?.kind === 'list')
    return found.items.flatMap(item => (item.kind === 'scalar' && item.value !== null ? [item] : []))
  if (found?.kind !== 'scalar' || found.value === null) return []
  const {text, place} = found
  return text.split(',').flatMap(part => (part.trim() === '' ? [] : [{text: part.trim(), place}]))
}
