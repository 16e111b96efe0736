/**
 * A recorded run's events from its file, which may come from anybody: line by line, each checked by its schema, in a buffer of constant
 * size. A file may be as long as its events fit into the memory; what does not is refused before it fills it, packed or not.
 */
import {isUtf8} from 'node:buffer'
import {createHash} from 'node:crypto'
import {getHeapStatistics} from 'node:v8'
import {type ZodType, z} from 'zod'
import {decodeJson, placeOf} from '../words/decode.ts'
import {LabError} from '../words/errors.ts'
import {type Hint, next, ownCommand, quoted, shell} from '../words/next-step.ts'
import {hasPlainKeys} from '../words/plain-keys.ts'
import type {Micros} from '../words/quantity.ts'
import {validUntil} from '../words/regular-file.ts'
import type {Event, Of} from './event.ts'
import {schemaOf} from './event-schema.ts'
import {often} from './event-table.ts'
import {Growing, type History, type Source, widen} from './history.ts'
import {Bytes, KnownLines} from './known-lines.ts'
import {isSurely} from './plain-fields.ts'
import {type InFile, Upcast} from './upcast.ts'
import {longestLine, type Portion, wholeLines} from './whole-lines.ts'

/** Histories pack to a fifteenth at best. */
const mostExpansion = 100
const freeExpansionBytes = 64 * 2 ** 20
/** Whoever records puts an event in its place at most this late: the engine's, told after it did not answer for a while. */
const latestMicros: Micros = 10 * 60 * 1_000_000
/** What an editor or a download leaves. */
const mostEmptyLines = 100_000
const newline = 10

/** Of the memory that this process may have: a judge makes of the events half as much again. */
const mostOfHeap = 0.65

export interface Loading {
  /** Whether the file's SHA-256 is wanted. */
  readonly digest?: boolean
  /** How much may be taken while events are loaded, of the heap and beside it. */
  readonly mostHeapBytes?: number
  /** Every event with keys of its own, for whoever copies and compares them: it takes half as much memory again. */
  readonly asObjects?: boolean
}

/** @throws LabError `config` that names the file, and the line and column of an event that cannot be one. */
export async function loadHistory(
  file: string,
  {digest = false, mostHeapBytes, asObjects = false}: Loading = {},
): Promise<History> {
  const lines = new EventLines(file, asObjects)
  const hash = digest ? createHash('sha256') : null
  const most = mostHeapBytes ?? getHeapStatistics().heap_size_limit * mostOfHeap
  const tooLong = () => refused(file, `line ${lines.number + 1} is longer than ${longestLine / 2 ** 20} MB`)
  try {
    for await (const portion of wholeLines(file, tooLong)) {
      mustFit(file, portion, most)
      hash?.update(portion.bytes)
      if (portion.isLast) lines.takeLast(portion.bytes.toString('utf8'))
      else lines.takeBytes(portion.bytes)
      if (lines.torn !== null) break
    }
  } catch (error) {
    if (error instanceof LabError) throw error
    // Whoever names a file that is not there gets the system's own word; a packed one that breaks off is read up to there.
    const {code} = error as NodeJS.ErrnoException
    if (code === 'Z_BUF_ERROR' && lines.count > 0) lines.tearHere()
    else
      throw new LabError('config', `${file} cannot be read: ${(error as Error).message}`, {
        cause: error,
        hint: next`to see it: ${shell(`ls -l ${quoted(file)}`)}`,
      })
  }
  return lines.history(lines.torn === null ? (hash?.digest('hex') ?? null) : null)
}

/** NDJSON that is in memory already. */
export function parseHistory(text: string, name = 'events.ndjson'): History {
  const lines = new EventLines(name)
  const end = text.lastIndexOf('\n') + 1
  lines.take(text.slice(0, end))
  if (lines.torn === null) lines.takeLast(text.slice(end))
  return lines.history(lines.torn === null ? createHash('sha256').update(text).digest('hex') : null)
}

function mustFit(file: string, {storedBytes, unpackedBytes}: Portion, most: number): void {
  if (unpackedBytes > freeExpansionBytes && unpackedBytes > mostExpansion * storedBytes)
    throw refused(file, `it unpacks to more than ${mostExpansion} times its size, which no history does`)
  const {used_heap_size: objects, external_memory: columns} = getHeapStatistics()
  if (objects + columns > most) throw refused(file, 'its events do not fit into the memory of this process', more)
}

const more = 'NODE_OPTIONS=--max-old-space-size=16384 and the same command again, on a machine that has so much'

function refused(file: string, why: string, hint?: Hint): LabError {
  return new LabError('config', `${file} is not read: ${why}`, {hint})
}

function isAsked(event: Event): event is Of<'op'> | Of<'bank'> | Of<'transaction'> {
  return event.kind === 'op' || event.kind === 'bank' || event.kind === 'transaction'
}

/** The lines of a file as they come, to events. */
class EventLines {
  readonly #file: string
  readonly #growing = new Growing()
  readonly #upcast = new Upcast()
  readonly #known: KnownLines
  /** Kinds of which the first that is an object of its own came. */
  readonly #wide = new Set<string>()
  #hasBegun = false
  #hasEnded = false
  /** Kinds, and keys of a kind, that this version does not know: how often, and where first. */
  readonly #foreign = new Map<string, {count: number; readonly place: string}>()
  #number = 0
  #empty = 0
  #newest: Micros = 0
  #rows = 0
  torn: string | null = null

  constructor(file: string, asObjects = false) {
    this.#file = file
    this.#known = new KnownLines(asObjects ? new Set() : often)
  }

  get count(): number {
    return this.#growing.count
  }

  /** Of the line that was read last. */
  get number(): number {
    return this.#number
  }

  /** Whole lines. @throws LabError `config` for one that is not UTF-8: its bytes would be read as other letters. */
  takeBytes(bytes: Buffer): void {
    const isWhole = isUtf8(bytes)
    const end = isWhole ? bytes.length : validUntil(bytes)
    const view = new Bytes(bytes)
    for (let from = 0; from < end; ) {
      this.#number++
      const known = this.#known.read(view, from)
      const to = known === undefined ? bytes.indexOf(newline, from) : this.#known.end
      if (known === undefined) this.#line(bytes.toString('utf8', from, to))
      else this.#told(known, this.#known.last)
      if (this.torn !== null) return
      from = to + 1
    }
    if (isWhole) return
    this.#number++
    throw this.#complaint('it is not UTF-8')
  }

  /** Whole lines. */
  take(text: string): void {
    for (let from = 0, to = text.indexOf('\n'); to >= 0; from = to + 1, to = text.indexOf('\n', from)) {
      this.#number++
      this.#line(text.slice(from, to))
      if (this.torn !== null) return
    }
  }

  /** What stands after the last line break: an event, or what a crash has left of one. */
  takeLast(text: string): void {
    if (text === '' || this.torn !== null) return
    this.#number++
    this.#line(text)
  }

  tearHere(): void {
    this.torn = `${this.#file}:${this.#number + 1}:1`
  }

  history(sha256: string | null): History {
    const foreign = [...this.#foreign].map(
      ([what, {count, place}]) =>
        `${what} is nothing that this version knows (${count === 1 ? 'once' : `${count} times, first`} at ${place}): another version recorded it`,
    )
    const source: Source = {sha256, torn: this.torn, foreign}
    return {events: this.#growing.events(), source}
  }

  /** The long way: whatever it is, and why it is refused. */
  #line(line: string): void {
    if (line === '') {
      if (++this.#empty <= mostEmptyLines) return
      throw refused(this.#file, `it has more than ${mostEmptyLines} empty lines, of which no run records any`)
    }
    let value: unknown
    try {
      value = JSON.parse(line)
    } catch (error) {
      if (this.#growing.count === 0) throw this.#noEvent(placeOf(error, this.#number))
      this.torn = `${this.#file}:${placeOf(error, this.#number)}`
      return
    }
    const recorded = this.#checked(value, line)
    if (recorded === null) return
    const event = this.#upcast.of(recorded)
    if (event === recorded && isSurely(event.kind, event)) this.#known.learn(line, event as never)
    if (!this.#wide.has(event.kind)) widen(event)
    this.#wide.add(event.kind)
    this.#told(event, {kind: event.kind, at: event.at, sentAt: isAsked(event) ? event.sentAt : 0})
  }

  /** @param sentAt 0: nobody asked for it. */
  #told(
    event: Event,
    {kind, at, sentAt}: {readonly kind: Event['kind']; readonly at: Micros; readonly sentAt: Micros},
  ) {
    if (this.#hasEnded) {
      this.#strange(`an event behind the end of the run (\`${kind}\`)`)
      return
    }
    if (kind === 'run-started' && this.#hasBegun) throw this.#complaint('the run has begun already')
    if (at < this.#newest - latestMicros)
      throw this.#complaint(`this event is ${Math.round((this.#newest - at) / 1e6)} s older than one before it`)
    if (at > this.#newest) this.#newest = at
    if (sentAt > at) throw this.#complaint('it was answered before it was sent')
    if (kind === 'final-rows') this.#count(event as Of<'final-rows'>)
    this.#hasBegun ||= kind === 'run-started'
    this.#hasEnded ||= kind === 'run-ended'
    this.#growing.add(event, kind, at)
  }

  #count({ranges, duplicates, altered}: Of<'final-rows'>): void {
    this.#rows += ranges.length + duplicates.length + (altered?.length ?? 0)
    if (this.#rows > mostRanges) throw this.#complaint(`the rows of a run are in at most ${mostRanges} ranges`)
  }

  /** Null: an event of a kind that is not known. Keys that are not known stay in the event, where no check looks at them. */
  #checked(value: unknown, line: string): InFile | null {
    const {kind} = (typeof value === 'object' && value !== null ? value : {}) as {kind?: unknown}
    if (typeof kind !== 'string') throw this.#noEvent(`${this.#number}:1`)
    if (!hasPlainKeys(line, value)) throw this.#misshapen(line, z.unknown())
    if (isSurely(kind, value as object)) return value as Event
    const schema = schemaOf(kind)
    if (schema === undefined) {
      this.#strange(`an event of the kind \`${kind.slice(0, 60)}\``)
      return null
    }
    const checked = schema.safeParse(value)
    // The events with a scenario are as decoded: an older record leaves out what nobody had thought of.
    if (checked.success) return 'scenario' in (value as object) ? checked.data : (value as Event)
    const {issues} = checked.error
    const keys = issues.flatMap(issue => (issue.code === 'unrecognized_keys' ? issue.keys : []))
    if (keys.length > 0 && issues.every(issue => issue.code === 'unrecognized_keys')) {
      for (const key of keys) this.#strange(`the key \`${key.slice(0, 60)}\` of \`${kind}\``)
      return value as Event
    }
    throw this.#misshapen(line, schema)
  }

  /** The first that is wrong with it. */
  #misshapen(line: string, schema: ZodType): Error {
    try {
      decodeJson({file: this.#file, text: line, what: 'event of a run', firstLine: this.#number}, schema)
    } catch (error) {
      if (!(error instanceof LabError)) throw error
      return new LabError('config', error.message.split('\n')[0]!, {cause: error, hint: this.#before()})
    }
    return new TypeError('a schema refused an event and then took it')
  }

  /** What stands before the line can be judged, up to there. */
  #before(): Hint {
    const [file, count] = [quoted(this.#file), this.#number - 1]
    const head = (what: string) =>
      this.#file.endsWith('.gz') ? `gzip -dc ${file} | head ${what}` : `head ${what} ${file}`
    if (this.#growing.count === 0)
      return next`each line of a run's events.ndjson is one JSON object with \`at\` and \`kind\`; to see how this one begins: ${shell(head('-c 300'))}`
    const keep = `${head(`-n ${count}`)} > before.ndjson`
    return next`to judge what stands before it: ${shell(keep)} ${ownCommand('judge', 'before.ndjson')}`
  }

  #strange(what: string): void {
    const known = this.#foreign.get(what)
    if (known) known.count++
    else if (this.#foreign.size < 20) this.#foreign.set(what, {count: 1, place: `${this.#file}:${this.#number}`})
  }

  #noEvent(place: string): LabError {
    return new LabError('config', `${this.#file}:${place}: this line is no event of a run`, {hint: this.#before()})
  }

  #complaint(says: string): LabError {
    return new LabError('config', `${this.#file}:${this.#number}:1: ${says}`, {hint: this.#before()})
  }
}

/** All hosts together. */
const mostRanges = 2_000_000
