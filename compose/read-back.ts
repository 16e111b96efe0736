/** What Compose reads from a file, compared with what is meant: neither more nor less, and nothing otherwise. */
import {isDeepStrictEqual} from 'node:util'
import {type ComposeFile, withDollarsDoubled} from './render.ts'

/** A place where Compose reads something else than is meant. `undefined`: nothing stands there. */
interface Difference {
  readonly path: readonly (string | number)[]
  readonly meant: unknown
  readonly read: unknown
}

/**
 * Where what Compose reads differs from what is meant; empty when it does not.
 * @param read the answer of `docker compose config --format json`, decoded.
 */
export function differences(meant: ComposeFile, read: unknown): Difference[] {
  // Compose prints every dollar twice, so that what it prints is a compose file again.
  return [...compare([], withDollarsDoubled(meant), read)]
}

function* compare(path: readonly (string | number)[], meant: unknown, read: unknown): Generator<Difference> {
  if (isDeepStrictEqual(meant, read)) return
  if (Array.isArray(meant) && Array.isArray(read)) {
    for (let index = 0; index < Math.max(meant.length, read.length); index++)
      yield* compare([...path, index], meant[index], read[index])
    return
  }
  if (!isMapping(meant) || !isMapping(read)) {
    if (!isAddedByCompose(path, meant, read)) yield {path, meant, read}
    return
  }
  for (const key of new Set([...Object.keys(meant), ...Object.keys(read)]))
    yield* compare([...path, key], own(meant, key), own(read, key))
}

/** A file may have a key `constructor` or `__proto__`. */
function own(mapping: Readonly<Record<string, unknown>>, key: string): unknown {
  return Object.hasOwn(mapping, key) ? mapping[key] : undefined
}

/**
 * What Compose adds of its own, which says the same as nothing: the null of an entrypoint that is the image's, in all versions; and
 * in some the empty options of a volume. A null of anything else is a difference.
 */
function isAddedByCompose(path: readonly (string | number)[], meant: unknown, read: unknown): boolean {
  if (meant !== undefined || path[0] !== 'services') return false
  const [key, ...inside] = path.slice(2)
  if (key === 'entrypoint') return inside.length === 0 && read === null
  return key === 'volumes' && inside.length === 2 && inside[1] === 'volume' && isDeepStrictEqual(read, {})
}

function isMapping(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** In a sentence. What a lab's configurations say is not repeated: they hold passwords. */
export function sayDifference({path, meant, read}: Difference): string {
  const where = path.join('.')
  if (path[0] === 'configs' && typeof meant === 'string' && typeof read === 'string')
    return `${where} differs from its line ${firstDifferentLine(meant, read)} on`
  return `${where} is ${say(read)}, where ${say(meant)} is meant`
}

/** Counted from 1. */
export function firstDifferentLine(a: string, b: string): number {
  const [left, right] = [a.split('\n'), b.split('\n')]
  return left.findIndex((line, index) => line !== right[index]) + 1 || left.length + 1
}

const longest = 120

function say(value: unknown): string {
  if (value === undefined) return 'nothing'
  const text = JSON.stringify(value)
  return text.length > longest ? `${text.slice(0, longest)}…` : text
}
