/**
 * Events that have the same keys, as columns: of the hundreds a second that clients and probes tell, a file has a million. As an object
 * of its own each takes some 150 bytes; here it takes its numbers, and for all its words together one number, since few words recur in
 * few ways. What stands for an event knows its row alone, and is read like any other event (`event.at`, `'seen' in event`, JSON); its
 * keys are not its own, so that a copy is made of `plain(event)`.
 */
import type {Event} from './event.ts'

/** What is told hundreds a second, and kept in tables: what clients and servers answered. */
export const often: ReadonlySet<Event['kind']> = new Set(['op', 'bank', 'transaction', 'postgres'])

/** What the columns of a table are: a key holds numbers and null, or words (strings, true, false, null). */
export interface TableKey {
  readonly name: string
  readonly isNumber: boolean
}

/** The event with keys of its own, for whoever copies it or lists its keys; of one event always the same. */
export function plain<E extends object>(event: E): E {
  if (!(event instanceof Row)) return event
  const known = plains.get(event) ?? event.toJSON()
  plains.set(event, known)
  return known as E
}

const plains = new WeakMap<Row, object>()

export class EventTable {
  /** By the place of a key that holds numbers, its value in each row. */
  readonly numbers: readonly (Numbers | null)[]
  readonly #keys: readonly TableKey[]
  readonly #words: readonly (unknown[] | null)[]
  /** Of each row: which of the ways in which its words recur it has. */
  readonly #way = new Ways()
  /** Ways that were met, by the hash of their words. */
  readonly #met = new Int32Array(2 ** 10).fill(-1)
  #ways = 0
  #rows = 0
  readonly #Row: new (
    row: number,
  ) => Row

  /** @param keys in the order in which they are written. */
  constructor(keys: readonly TableKey[]) {
    this.#keys = keys
    this.numbers = keys.map(key => (key.isNumber ? new Numbers() : null))
    this.#words = keys.map(key => (key.isNumber ? null : []))
    this.#Row = rowOf(
      keys.map(({name}, nth) => {
        const words = this.#words[nth]
        return [name, words == null ? Row.number(this.numbers[nth]!) : Row.word(words, this.#way)]
      }),
    )
  }

  /** The row that comes next: its numbers are set, and then it is added. */
  get next(): number {
    return this.#rows
  }

  /** Which way these words are. @param values each at the place of its key. @param hash the same for the same words. */
  wayOf(values: readonly unknown[], hash: number): number {
    const first = hash ^ (hash >>> 10) ^ (hash >>> 20)
    let free = first & (this.#met.length - 1)
    for (let nth = 0; nth < waysAside; nth++) {
      const place = (first + nth) & (this.#met.length - 1)
      const way = this.#met[place]!
      if (way >= 0 && this.#isWay(way, values)) return way
      if (way >= 0) continue
      free = place
      break
    }
    this.#met[free] = this.#addWay(values)
    return this.#met[free]!
  }

  #isWay(way: number, values: readonly unknown[]): boolean {
    for (let nth = 0; nth < this.#words.length; nth++) {
      const words = this.#words[nth]
      if (words != null && words[way] !== values[nth]) return false
    }
    return true
  }

  #addWay(values: readonly unknown[]): number {
    for (const [nth, words] of this.#words.entries()) words?.push(values[nth])
    return this.#ways++
  }

  add(way: number): Event {
    this.#way.set(this.#rows, way)
    return new this.#Row(this.#rows++) as unknown as Event
  }

  /** With keys of its own; the next event takes its row. */
  copy(way: number): Event {
    const event: Record<string, unknown> = {}
    for (const [nth, {name}] of this.#keys.entries())
      event[name] = this.#words[nth]?.[way] ?? this.numbers[nth]?.at(this.#rows) ?? null
    return event as unknown as Event
  }
}

/** Of the ways of one table so many share a place. */
const waysAside = 4

/** Freed at once when it has to grow, and what is not written yet of it takes no memory. */
export class Numbers {
  values = new Float64Array(2 ** 10)

  /** @param value null: it is none. */
  set(row: number, value: number | null): void {
    if (row >= this.values.length) this.values = new Float64Array(this.values.buffer.transfer(8 * (row + (row >> 2))))
    this.values[row] = value ?? Number.NaN
  }

  at(row: number): number | null {
    const value = this.values[row]!
    return Number.isNaN(value) ? null : value
  }
}

class Ways {
  values = new Uint32Array(2 ** 10)

  set(row: number, value: number): void {
    if (row >= this.values.length) this.values = new Uint32Array(this.values.buffer.transfer(4 * (row + (row >> 2))))
    this.values[row] = value
  }
}

type Getter = (this: Row) => unknown

class Row {
  readonly #row: number

  constructor(row: number) {
    this.#row = row
  }

  static number(column: Numbers): Getter {
    return function () {
      return column.at(this.#row)
    }
  }

  static word(words: readonly unknown[], way: Ways): Getter {
    return function () {
      return words[way.values[this.#row]!]
    }
  }

  toJSON(): object {
    const event: Record<string, unknown> = {}
    for (const name in this) event[name] = this[name]
    return event
  }
}

/** Those of one table are laid out alike. */
function rowOf(getters: readonly (readonly [name: string, get: Getter])[]): new (row: number) => Row {
  class RowOfTable extends Row {}
  for (const [name, get] of getters)
    Object.defineProperty(RowOfTable.prototype, name, {get, enumerable: true, configurable: true})
  return RowOfTable
}
