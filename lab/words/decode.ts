/** YAML of ours to values, and every complaint as file:line:column with the line shown. Other people's is read by `lab/lint/read/yaml.ts`. */
import {
  type Document,
  isMap,
  isPair,
  isScalar,
  LineCounter,
  type Node,
  parseDocument,
  type Scalar,
  visit,
  type YAMLMap,
  type YAMLSeq,
} from 'yaml'
import type {ZodType, z} from 'zod'
import {nearest, unknownKey} from './did-you-mean.ts'
import {LabError} from './errors.ts'
import {sentence, wordsOf} from './issue-words.ts'
import type {Hint} from './next-step.ts'
import {hasPlainKeys} from './plain-keys.ts'
import {strayCharacter} from './plain-text.ts'
import {inert, printable} from './printable.ts'

export type Path = readonly (string | number)[]

/** Of a longer line, the part around the mistake is shown. */
const widest = 200

/**
 * The value of a JSON text, checked; `what` it is for people, e.g. `report`.
 * @param firstLine where the text begins in the file.
 * @throws LabError `config` with file:line:column.
 */
export function decodeJson<S extends ZodType>(
  {file, text, what, firstLine = 1}: {file: string; text: string; what: string; firstLine?: number},
  schema: S,
): z.output<S> {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    throw jsonComplaint(`${file}:${placeOf(error, firstLine)}`, `this is no ${what}: it is not JSON`, error)
  }
  const checked = schema.safeParse(value)
  const isPlain = hasPlainKeys(text, value)
  if (checked.success && isPlain) return checked.data
  // JSON is YAML, whose parser knows where each value stands; it is asked only now, since it is slow.
  if (text.length <= longestLocated) new Located(file, text, what, {firstLine, anyCharacter: true}).decode(schema)
  const issue = checked.error?.issues[0]
  const why = issue === undefined ? 'a key stands in it twice' : `${issue.path.join('.')}: ${wordsOf(issue, value)}`
  throw jsonComplaint(`${file}:${firstLine}:1`, `this is no ${what}: ${why}`)
}

/** Of a longer text only the first place is told. */
const longestLocated = 4_000_000

/** `line:column`, as JSON.parse tells them in its message; where it does not, the end is missing. */
export function placeOf(error: unknown, firstLine = 1): string {
  const [, line = '1', column = '1'] = /\(line (\d+) column (\d+)\)/.exec((error as Error).message) ?? []
  return `${Number(line) + firstLine - 1}:${column}`
}

function jsonComplaint(place: string, says: string, cause?: unknown): LabError {
  return new LabError('config', `${place}: ${printable(says)}`, {cause})
}

/**
 * A value that a person typed, as a scenario file would have it: `30s`, `true`, `[node1, node2]`.
 * @param what for people. @throws LabError `usage` where it is no YAML.
 */
export function yamlValue(text: string, what: string): unknown {
  const stray = strayCharacter(text)
  if (stray !== null) throw new LabError('usage', `${what}: ${stray} cannot stand in it`)
  const document = parseDocument(text, {prettyErrors: false, stringKeys: true})
  const [error] = document.errors
  if (error !== undefined) throw new LabError('usage', `${what} cannot be read: ${sentence(error.message)}`)
  try {
    return document.toJS({maxAliasCount: 0})
  } catch (cause) {
    throw new LabError('usage', `${what} cannot be read: ${sentence((cause as Error).message)}`, {cause})
  }
}

const yamlTags = 'tag:yaml.org,2002:'
const plainTags = /^(!|tag:yaml\.org,2002:(str|int|float|bool|null|map|seq))$/

/** Of more mistakes only these are told. */
const mostTold = 20
/** To find the place of one takes a walk. */
const mostLocated = 200

interface Mistake {
  readonly offset: number
  readonly says: string
}

/** A YAML document whose places are known, and the mistakes that were found in it. */
export class Located {
  readonly value: unknown
  readonly #file: string
  readonly #text: string
  readonly #document: Document
  readonly #lines = new LineCounter()
  /** Lines of the file before the text. */
  readonly #before: number
  readonly #mistakes: Mistake[] = []
  /** Mistakes whose places were not looked for. */
  #more = 0

  /** @throws LabError `config` for an empty file, a YAML error, or several documents. */
  constructor(file: string, text: string, what: string, {firstLine = 1, anyCharacter = false} = {}) {
    this.#file = file
    this.#before = firstLine - 1
    this.#text = text
    this.#document = parseDocument(text, {
      lineCounter: this.#lines,
      prettyErrors: false,
      stringKeys: true,
      uniqueKeys: false,
    })
    // What follows a broken line is read otherwise than it was meant: only the first is told.
    const error = this.#document.errors[0]
    if (error !== undefined) throw this.#at(error.pos[0], inOurWords(error, what))
    visit(this.#document, {
      // The library would compare each key with all others.
      Map: (_, map) => {
        this.#tellTag(map)
        const {items} = map
        const seen = new Set<unknown>()
        for (const {key} of items) {
          if (!isScalar(key)) continue
          if (seen.has(key.value))
            this.#mistakes.push({offset: key.range?.[0] ?? 0, says: `\`${key.value}\` stands here twice`})
          seen.add(key.value)
        }
      },
      Pair: (_, {key}) => {
        // Schemas pass over it, for it is something of every object: what stands under it would be dropped without a word.
        if (isScalar(key) && key.value === '__proto__')
          this.#mistakes.push({offset: key.range?.[0] ?? 0, says: unknownKey('__proto__', [])})
      },
      Seq: (_, seq) => this.#tellTag(seq),
      Scalar: (_, scalar) => {
        this.#tellTag(scalar)
        const {value, range} = scalar
        // A text of several lines has its breaks; where a value must stay on one line, its schema says so.
        const stray = typeof value === 'string' && !anyCharacter ? strayCharacter(value, '\n\t') : null
        if (stray !== null) this.#mistakes.push({offset: range?.[0] ?? 0, says: `${stray} cannot stand in a ${what}`})
      },
    })
    this.mustBeRight()
    if (this.#document.contents === null)
      throw this.#at(
        0,
        `the file is empty, a ${what} was expected${what === 'topology' ? ', such as `profile: fast`' : ''}`,
      )
    try {
      this.value = this.#document.toJS({maxAliasCount: 100})
    } catch (cause) {
      throw this.#at(0, sentence((cause as Error).message))
    }
    if (!isMap(this.#document.contents)) throw this.#at(0, `a ${what} is a mapping of keys to values`)
  }

  /** The part at `path`, checked. @throws LabError `config` that names the places of all mistakes. */
  decode<S extends ZodType>(schema: S, path: Path = []): z.output<S> {
    const read = this.read(schema, path)
    this.mustBeRight()
    return read as z.output<S>
  }

  /** The part at `path`, checked; undefined when it has mistakes, which are kept for `mustBeRight`. */
  read<S extends ZodType>(schema: S, path: Path = []): z.output<S> | undefined {
    const checked = schema.safeParse(this.at(path))
    if (checked.success) return checked.data
    const isMissing = (at: Path) => !this.#document.hasIn([...path, ...at])
    for (const issue of firstOfEach(this.#someOf(checked.error.issues), isMissing)) {
      const inside = issue.path as (string | number)[]
      const at = [...path, ...inside]
      if (issue.code === 'unrecognized_keys')
        for (const key of this.#someOf(issue.keys)) this.tell(at, unknownKey(key, keysOf(schema, inside)), key)
      else if (issue.code === 'invalid_key') this.tell(at.slice(0, -1), wordsOf(issue, undefined), String(at.at(-1)))
      else if (issue.code === 'invalid_type' && isMissing(inside))
        this.tell(at.slice(0, -1), `\`${at.at(-1)}\` is missing`)
      else this.tell(at, wordsOf(issue, this.at(path)))
    }
    return undefined
  }

  /** What else YAML can say (sets, dates, bytes) is nothing that a setting takes. */
  #tellTag({tag, range}: Scalar | YAMLMap | YAMLSeq): void {
    if (tag === undefined || plainTags.test(tag)) return
    this.#mistakes.push({offset: range?.[0] ?? 0, says: `\`${tag.replace(yamlTags, '!!')}\` has no meaning here`})
  }

  #someOf<T>(all: readonly T[]): readonly T[] {
    this.#more += Math.max(0, all.length - mostLocated)
    return all.slice(0, mostLocated)
  }

  /** file:line:column of the value at `path`. */
  place(path: Path): string {
    return this.#placeOf(this.#offset(path))
  }

  /** The same, and for what is not in the file its keys. */
  placeOr(path: Path): string {
    return this.at(path) === undefined ? path.join('.') : this.place(path)
  }

  /** The value at `path` as it is written; undefined when there is none. */
  at(path: Path): unknown {
    return path.reduce<unknown>((value, key) => (value as Record<string | number, unknown> | null)?.[key], this.value)
  }

  /** Keeps a mistake in the value at `path`, or in its key `key` when given. */
  tell(path: Path, says: string, key?: string): void {
    this.#mistakes.push({offset: this.#offset(path, key), says})
  }

  /**
   * @param and what is wrong outside of the file, each a line. What was told is told once.
   * @throws LabError `config` with all that was told, by place.
   */
  mustBeRight({hint, and = []}: {hint?: Hint | undefined; and?: readonly string[]} = {}): void {
    const byPlace = this.#mistakes.splice(0).toSorted((a, b) => a.offset - b.offset)
    const [first] = byPlace
    if (first !== undefined && byPlace.length + and.length === 1) throw this.#at(first.offset, first.says, hint)
    const told = [...byPlace.map(({offset, says}) => `${this.#placeOf(offset)}: ${printable(says)}`), ...and]
    if (told.length === 0) return
    const left = told.length - mostTold + this.#more
    const lines = [...told.slice(0, mostTold), ...(left > 0 ? [`and ${left} more`] : [])]
    throw new LabError('config', lines.join('\n'), {hint})
  }

  /** Whether nothing was told. */
  get isRight(): boolean {
    return this.#mistakes.length === 0
  }

  /** The line of the value at `path`, from 1. */
  line(path: Path): number {
    return this.#lines.linePos(this.#offset(path)).line
  }

  #offset(path: Path, key?: string): number {
    for (let length = path.length; length >= 0; length--) {
      const node = length === 0 ? this.#document.contents : this.#document.getIn(path.slice(0, length), true)
      if (key !== undefined && length === path.length && isMap(node)) {
        const pair = node.items.find(item => isPair(item) && isScalar(item.key) && String(item.key.value) === key)
        const range = (pair?.key as Node | undefined)?.range
        if (range) return range[0]
      }
      const range = (node as Node | undefined)?.range
      if (range) return range[0]
    }
    return 0
  }

  #at(offset: number, says: string, hint?: Hint): LabError {
    const {line, col} = this.#lines.linePos(offset)
    const written = this.#text.split('\n')[line - 1] ?? ''
    const whole = inert(written).trimEnd()
    // Counted in what is shown: what is not seen takes no column.
    const before = Math.min(inert(written.slice(0, Math.max(0, col - 1))).length, whole.length)
    const cut = Math.max(0, before - widest / 2)
    const shown = whole.slice(cut, cut + widest)
    const mark = shown === '' ? '' : `\n  ${shown}\n  ${' '.repeat(before - cut)}^`
    return new LabError('config', `${this.#placeOf(offset)}: ${printable(says)}${mark}`, {hint})
  }

  #placeOf(offset: number): string {
    const {line, col} = this.#lines.linePos(offset)
    return `${this.#file}:${(line || 1) + this.#before}:${col || 1}`
  }
}

/**
 * Of several issues about one value the first, which the others follow from; and a key that is missing because it is mistyped is
 * told as that.
 */
export function firstOfEach(
  issues: readonly z.core.$ZodIssue[],
  isMissing: (path: Path) => boolean,
): readonly z.core.$ZodIssue[] {
  const mistyped = issues.flatMap(issue => (issue.code === 'unrecognized_keys' ? [issue] : []))
  const seen = new Set<string>()
  return issues.filter(issue => {
    const path = issue.path as (string | number)[]
    // A mapping with an unknown key may have another mistake of its own.
    const about = JSON.stringify([path, issue.code === 'unrecognized_keys'])
    if (seen.has(about)) return false
    seen.add(about)
    const key = String(path.at(-1))
    const isSibling = (of: readonly PropertyKey[]) => JSON.stringify(of) === JSON.stringify(path.slice(0, -1))
    const slip = mistyped.some(one => isSibling(one.path) && one.keys.some(wrong => nearest(wrong, [key]) === key))
    return !(slip && isMissing(path))
  })
}

/** What the YAML library says of a file is said to a program's author, where it is about more than one line. */
function inOurWords({code, message}: {readonly code: string; readonly message: string}, what: string): string {
  if (code === 'NON_STRING_KEY') return `a key of a ${what} is a text`
  if (code === 'MULTIPLE_DOCS') return `a second document begins here (\`---\`): a ${what} is one`
  if (/call stack/.test(message)) return 'it is nested deeper than anything that has a meaning here'
  return sentence(message)
}

/** The keys a schema knows at a path; walks objects, arrays, records and wrappers. */
function keysOf(schema: ZodType, path: readonly (string | number)[]): readonly string[] {
  let at: unknown = schema
  for (const key of path) {
    const def = definition(at)
    at = def.shape?.[String(key)] ?? def.element ?? def.valueType
  }
  return Object.keys(definition(at).shape ?? {})
}

interface Definition {
  shape?: Record<string, unknown>
  element?: unknown
  valueType?: unknown
  innerType?: unknown
  in?: unknown
}

function definition(schema: unknown): Definition {
  const def = (schema as {_zod?: {def: Definition}} | undefined)?._zod?.def ?? {}
  const inner = def.innerType ?? def.in
  return inner === undefined ? def : definition(inner)
}
