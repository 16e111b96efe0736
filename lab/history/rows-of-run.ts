/**
 * What clients and servers tell while a run is recorded, as rows of tables: the same as of a file that is read (`known-lines.ts`), only
 * that each event is there already. Hundreds a second for hours would fill the memory as objects of their own.
 */
import type {Event} from './event.ts'
import {EventTable, often, type TableKey} from './event-table.ts'
import {inNumbers, plainFieldsOf} from './plain-fields.ts'

export class RowsOfRun {
  readonly #shapes = new Map<Event['kind'], readonly Shape[]>()
  readonly #words = new Words()

  /** @returns a row that says the same; the event itself where it is seldom told, or no table holds it as it is. */
  keep(event: Event): Event {
    if (!often.has(event.kind)) return event
    const shapes = this.#shapes.get(event.kind) ?? none
    for (const shape of shapes) if (shape.isOf(event)) return shape.keep(event) ?? event
    if (shapes.length >= mostShapes) return event
    const shape = Shape.of(event, this.#words)
    if (shape === null) return event
    this.#shapes.set(event.kind, [...shapes, shape])
    return shape.keep(event) ?? event
  }
}

const none: readonly Shape[] = []

/** Of one kind: what is optional is there or not. */
const mostShapes = 8

/** Events with the same keys in the same order, and the table that they go into. */
class Shape {
  readonly #names: readonly string[]
  readonly #table: EventTable
  readonly #words: Words
  /** Of the event that is being kept, each at the place of its key; numbers are in the table already. */
  readonly #values: unknown[]

  private constructor(keys: readonly TableKey[], words: Words) {
    this.#names = keys.map(({name}) => name)
    this.#table = new EventTable(keys)
    this.#words = words
    this.#values = keys.map(() => null)
  }

  /** null: it has a key that the schema of its kind does not know, or knows no plain values for. */
  static of(event: Event, words: Words): Shape | null {
    const fields = plainFieldsOf(event.kind)
    const keys = Object.keys(event).map((name): TableKey | null => {
      const field = fields?.get(name)
      return field === undefined ? null : {name, isNumber: inNumbers(name, field.range)}
    })
    return keys.includes(null) ? null : new Shape(keys as TableKey[], words)
  }

  isOf(event: Event): boolean {
    let nth = 0
    for (const name in event) if (this.#names[nth++] !== name) return false
    return nth === this.#names.length
  }

  /** undefined: it has a value that the table would give back as another one, or a word more than are kept. */
  keep(event: Event): Event | undefined {
    const {numbers, next} = this.#table
    let hash = 0
    for (let nth = 0; nth < this.#names.length; nth++) {
      const value = (event as unknown as Readonly<Record<string, unknown>>)[this.#names[nth]!]
      const column = numbers[nth]!
      if (column === null) {
        const id = this.#words.idOf(value)
        if (id === undefined) return undefined
        this.#values[nth] = value
        hash = (Math.imul(hash, 31) + id) | 0
      } else if (value === null || (typeof value === 'number' && !Number.isNaN(value))) column.set(next, value)
      else return undefined
    }
    return this.#table.add(this.#table.wayOf(this.#values, hash))
  }
}

/** Of hosts and clients, outcomes, and what errors say: each is kept once. */
class Words {
  readonly #ids = new Map<unknown, number>([null, true, false].map((word, id) => [word, id]))

  /** undefined: it is no word, or one of so many that they do not recur. */
  idOf(word: unknown): number | undefined {
    const known = this.#ids.get(word)
    if (known !== undefined) return known
    const isWord = typeof word === 'string' || Number.isSafeInteger(word)
    if (!isWord || this.#ids.size >= mostWords) return undefined
    this.#ids.set(word, this.#ids.size)
    return this.#ids.size - 1
  }
}

const mostWords = 2 ** 14
