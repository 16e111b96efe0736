/** The append-only record of a run, in memory and as NDJSON on disk while it grows. The only evidence a verdict may use. */
import {createHash} from 'node:crypto'
import {appendFileSync, closeSync, openSync} from 'node:fs'
import type {Micros} from '../words/quantity.ts'
import type {Event, Happening, Of} from './event.ts'
import {often} from './event-table.ts'
import {RowsOfRun} from './rows-of-run.ts'
import {lineOf} from './tellers.ts'

/** What checks see: events in the order of their time. Of a loaded one the keys may not be its own: a copy is made of `plain(event)`. */
export interface History {
  readonly events: readonly Event[]
  /** What is known of the record that it was read from, or is written to; absent for events that were never a file. */
  readonly source?: Source
}

export interface Source {
  /** SHA-256 of events.ndjson, unpacked, in hex; null: it was not read to its end. */
  readonly sha256: string | null
  /** `file:line:column` of a line that is torn: what came after it is not here. Null: it is whole. */
  readonly torn: string | null
  /** What this version does not understand, one sentence each: another version recorded it. */
  readonly foreign: readonly string[]
}

/** All of one kind, in the order in which they stand there. Told from an index, so that asking again and again costs nothing. */
export function of<K extends Happening['kind']>(history: History, kind: K): readonly Of<K>[] {
  const index = indexOf(history)
  if (often.has(kind)) addOften(index, history.events, kind)
  const all: readonly Event[] = index.byKind.get(kind) ?? []
  return all as readonly Of<K>[]
}

/** The last event that is of any of these kinds. */
export function lastOf<K extends Happening['kind']>(history: History, kinds: readonly K[]): Of<K> | undefined {
  return kinds
    .flatMap(kind => of(history, kind).at(-1) ?? [])
    .reduce<Of<K> | undefined>((last, one) => (last === undefined || one.at >= last.at ? one : last), undefined)
}

/** All but what clients and servers answered, in their order: a hundredth of all, for whoever looks for something else. */
export function seldom(history: History): readonly Event[] {
  return indexOf(history).seldom
}

interface Index {
  readonly byKind: Map<Event['kind'], Event[]>
  readonly seldom: Event[]
  /** So many of the events are in it: a history that is being recorded only grows. */
  size: number
  /** The same of each kind that is told often: in it only once it is asked for, as a run asks for them while it begins and never again. */
  readonly sizes: Map<Event['kind'], number>
}

const indexes = new WeakMap<readonly Event[], Index>()

function indexOf({events}: History): Index {
  const index: Index = indexes.get(events) ?? {byKind: new Map(), seldom: [], size: 0, sizes: new Map()}
  indexes.set(events, index)
  for (; index.size < events.length; index.size++) {
    const event = events[index.size]!
    const {kind} = event
    if (often.has(kind)) continue
    push(index, event, kind)
    index.seldom.push(event)
  }
  return index
}

function addOften(index: Index, events: readonly Event[], kind: Event['kind']): void {
  for (let nth = index.sizes.get(kind) ?? 0; nth < events.length; nth++)
    if (events[nth]!.kind === kind) push(index, events[nth]!, kind)
  index.sizes.set(kind, events.length)
}

function push({byKind}: Index, event: Event, kind: Event['kind']): void {
  const same = byKind.get(kind)
  if (same) same.push(event)
  else byKind.set(kind, [event])
}

/** Works something out once for a history, and again only after it has grown: many checks ask for the same. */
export function once<T>(compute: (history: History) => T): (history: History) => T {
  const known = new WeakMap<readonly Event[], {readonly size: number; readonly value: T}>()
  return history => {
    const before = known.get(history.events)
    if (before?.size === history.events.length) return before.value
    const value = compute(history)
    known.set(history.events, {size: history.events.length, value})
    return value
  }
}

/** What is told late is told a few places late: on average no more than so many, or the events are in no order at all. */
const fewPlaces = 100

/**
 * A history from hand-made or loaded events: in the order of time, and those of one time as they were told. What a recorder has
 * appended is nearly in order, and then to put each event in its place, while it is at hand, takes a twentieth of a sort's time;
 * so does the index.
 */
export function historyOf(told: Iterable<Event>): History {
  const growing = new Growing()
  for (const event of told) growing.add(event)
  return {events: growing.events()}
}

/** Events that come one by one, on their way to a history. */
export class Growing {
  readonly #all: InOrder = {events: [], newest: 0}
  readonly #byKind = new Map<Event['kind'], InOrder>()
  readonly #seldom: InOrder = {events: [], newest: 0}
  #moves = 0
  #inOrder = true
  #isGiven = false

  get count(): number {
    return this.#all.events.length
  }

  add(event: Event, kind = event.kind, at = event.at): void {
    if (this.#isGiven) this.#goOn()
    if (!this.#inOrder) {
      this.#all.events.push(event)
      return
    }
    this.#moves += insert(this.#all, event, at)
    this.#inOrder = this.#moves <= fewPlaces * (this.#all.events.length + fewPlaces)
    let same = this.#byKind.get(kind)
    if (same === undefined) {
      same = {events: [], newest: 0}
      this.#byKind.set(kind, same)
    }
    insert(same, event, at)
    if (!often.has(kind)) insert(this.#seldom, event, at)
  }

  /** Those that have come until now; what comes later changes none of them. The same array as long as nothing comes. */
  events(): readonly Event[] {
    const {events} = this.#all
    if (!this.#inOrder) return events.toSorted((a, b) => a.at - b.at)
    if (this.#isGiven) return events
    this.#isGiven = true
    const byKind = new Map([...this.#byKind].map(([kind, same]) => [kind, same.events]))
    const sizes = new Map([...often].map(kind => [kind, events.length]))
    indexes.set(events, {byKind, seldom: this.#seldom.events, size: events.length, sizes})
    return events
  }

  /** What has been given away stays as it is. */
  #goOn(): void {
    this.#isGiven = false
    for (const each of [this.#all, this.#seldom, ...this.#byKind.values()]) each.events = each.events.slice()
  }
}

/** Events in the order of time, and the latest time of any. */
interface InOrder {
  events: Event[]
  newest: Micros
}

/** @returns by how many places it came late. */
function insert(into: InOrder, event: Event, at: Micros): number {
  const {events} = into
  const end = events.push(event) - 1
  if (at >= into.newest) {
    into.newest = at
    return 0
  }
  let place = end
  for (; place > 0 && events[place - 1]!.at > at; place--) events[place] = events[place - 1]!
  events[place] = event
  return end - place
}

/**
 * For the first of very many objects that are made in one way and hold times. V8 takes the numbers of all of them for small integers
 * until one is none: the first `at` beyond 2^31, 36 minutes into a run. Then it converts every earlier object when that is next
 * touched, which for events takes half as long as parsing them did. Not so where a field has once held something that is no number.
 */
export function widen(object: object): void {
  const fields = object as Record<string, unknown>
  for (const [name, value] of Object.entries(fields)) {
    if (typeof value !== 'number') continue
    fields[name] = null
    fields[name] = value
  }
}

/**
 * The history as it grows. Events may arrive a little out of order (another clock, a late answer); `events` is as
 * appended, `sealed()` is sorted, which is what the judge gets.
 */
export class Recorder implements History {
  readonly events: Event[] = []
  /** performance.now() in micros at `at` 0. */
  readonly #zero: number
  readonly #file: number | undefined
  readonly #listeners = new Set<(event: Event) => void>()
  #pending: string[] = []
  #flushing: NodeJS.Timeout | undefined
  #failed: unknown
  /** How many lines each teller has told. */
  readonly #lines = new Map<string, number>()
  /** Of what has been written. */
  readonly #hash = createHash('sha256')
  /** null: each event is kept as an object of its own. */
  readonly #rows: RowsOfRun | null
  /** What `sealed` has told: a step that waits asks ten times a second, and to begin anew takes as long as the run is long. */
  readonly #sorted = new Growing()

  /**
   * @param clock whose time it has; its own, from now on, when not given.
   * @param asRows what is told hundreds a second is kept in half of the memory, and a copy of it is made of `plain(event)`.
   */
  constructor(file?: string, clock?: Recorder, {asRows = false}: {readonly asRows?: boolean} = {}) {
    this.#rows = asRows ? new RowsOfRun() : null
    this.#zero = clock === undefined ? performance.now() * 1000 : clock.#zero
    this.#file = file === undefined ? undefined : openSync(file, 'a', 0o600)
  }

  now(): Micros {
    return Math.round(performance.now() * 1000 - this.#zero)
  }

  /** Wall clock (ms since 1970, as `Date.now`) at `at` 0. */
  get startedAtMs(): number {
    return performance.timeOrigin + this.#zero / 1000
  }

  record(happening: Happening, at: Micros = this.now()): void {
    // Another clock may place what was there before us a little before the beginning.
    const event = {at: Math.max(0, Math.round(at)), ...happening} as Event
    this.events.push(this.#rows?.keep(event) ?? event)
    if (this.#file !== undefined) {
      this.#pending.push(this.#lineOf(event))
      this.#flushing ??= setTimeout(() => this.flush(), 50)
    }
    for (const listener of this.#listeners) listener(event)
  }

  /** With its number, in the file alone: what is in memory is whole. */
  #lineOf(event: Event): string {
    const line = lineOf(event)
    const n = this.#lines.get(line) ?? 0
    this.#lines.set(line, n + 1)
    if (event.kind === 'run-ended') return JSON.stringify({...event, n, lines: Object.fromEntries(this.#lines)})
    // Most need no copy for it.
    return 'n' in event ? JSON.stringify({...event, n}) : `${JSON.stringify(event).slice(0, -1)},"n":${n}}`
  }

  subscribe(listener: (event: Event) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  sealed(): History {
    this.flush()
    const all = this.events
    while (this.#sorted.count < all.length) this.#sorted.add(all[this.#sorted.count]!)
    const events = this.#sorted.events()
    return this.#file === undefined ? {events} : {events, source: this.#source()}
  }

  #source(): Source {
    return {sha256: this.#failed === undefined ? this.#hash.copy().digest('hex') : null, torn: null, foreign: []}
  }

  /** Why the file could not be written (disk full), if so; the run must end then: evidence would be lost. */
  get failure(): unknown {
    return this.#failed
  }

  flush(): void {
    clearTimeout(this.#flushing)
    this.#flushing = undefined
    if (this.#file === undefined || this.#pending.length === 0) return
    const text = `${this.#pending.join('\n')}\n`
    this.#pending = []
    // What is on disk stays the beginning of the run, without a hole, also when there is room again.
    if (this.#failed !== undefined) return
    try {
      appendFileSync(this.#file, text)
      this.#hash.update(text)
    } catch (error) {
      this.#failed ??= error
    }
  }

  [Symbol.dispose](): void {
    this.flush()
    if (this.#file !== undefined) closeSync(this.#file)
  }
}
