/** The append-only record of a run, in memory and as NDJSON on disk while it grows. The only evidence a verdict may use. */
import {appendFileSync, closeSync, openSync, readFileSync} from 'node:fs'
import type {Event, Happening, Micros, Of} from './event.ts'

/** What checks see: events in the order of their time. */
export interface History {
  readonly events: readonly Event[]
}

/** All of one kind, in the order in which they stand there. Told from an index, so that asking again and again costs nothing. */
export function of<K extends Happening['kind']>(history: History, kind: K): readonly Of<K>[] {
  return (indexOf(history).get(kind) ?? []) as readonly Of<K>[]
}

interface Index {
  readonly byKind: Map<Event['kind'], Event[]>
  /** So many of the events are in it: a history that is being recorded only grows. */
  size: number
}

const indexes = new WeakMap<readonly Event[], Index>()

function indexOf({events}: History): ReadonlyMap<Event['kind'], readonly Event[]> {
  const index = indexes.get(events) ?? {byKind: new Map(), size: 0}
  indexes.set(events, index)
  for (; index.size < events.length; index.size++) {
    const event = events[index.size]!
    const same = index.byKind.get(event.kind)
    if (same) same.push(event)
    else index.byKind.set(event.kind, [event])
  }
  return index.byKind
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

/** A history from hand-made or loaded events; sorts by time, keeps the order of equal times. */
export function historyOf(events: readonly Event[]): History {
  return {events: events.toSorted((a, b) => a.at - b.at)}
}

/** A recorded run's events.ndjson. */
export function loadHistory(file: string): History {
  return parseHistory(readFileSync(file, 'utf8'))
}

/** NDJSON to a history. A last line cut short by a crash is dropped. */
export function parseHistory(text: string): History {
  const lines = text.split('\n')
  lines.pop()
  return historyOf(lines.map(line => JSON.parse(line) as Event))
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

  constructor(file?: string) {
    this.#zero = performance.now() * 1000
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
    const event = {at: Math.round(at), ...happening} as Event
    this.events.push(event)
    if (this.#file !== undefined) {
      this.#pending.push(JSON.stringify(event))
      this.#flushing ??= setTimeout(() => this.flush(), 50)
    }
    for (const listener of this.#listeners) listener(event)
  }

  subscribe(listener: (event: Event) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  sealed(): History {
    return historyOf(this.events)
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
    try {
      appendFileSync(this.#file, text)
    } catch (error) {
      this.#failed ??= error
    }
  }

  [Symbol.dispose](): void {
    this.flush()
    if (this.#file !== undefined) closeSync(this.#file)
  }
}
