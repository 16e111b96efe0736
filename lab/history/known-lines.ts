/**
 * Lines of a record that are like one before: the same keys in the same order, each with a plain value, as a recorder writes thousands
 * of them. They are read from their bytes into the columns of a table, in a fraction of the time that JSON.parse and the checks of a
 * line take. What is unlike in anything (a key more, a space, an escape, a fraction, a value that its schema would refuse) is nothing
 * that is known here: it is read the long way, which can say why it is refused.
 */
import type {Micros} from '../words/quantity.ts'
import type {Event} from './event.ts'
import {EventTable, type Numbers, type TableKey} from './event-table.ts'
import {type Accepts, inNumbers, plainFieldsOf, type Range} from './plain-fields.ts'

interface Key extends TableKey {
  readonly accepts: Accepts
  readonly range: Range | null
  /** What stands behind its value, up to the next one: `,"op":`, or the end of the line. */
  readonly behind: Literal
  /** Words that were met, each with what stands behind it, by what one begins with. */
  readonly met: (MetWord | undefined)[]
}

interface MetWord {
  readonly written: Literal
  readonly value: Word
  /** Tells it from the other words of its key. */
  readonly id: number
}

type Word = string | number | boolean | null

/** Of all kinds; what is optional is there or not. */
const mostShapes = 32

export class KnownLines {
  /** The one that was met last comes first. */
  readonly #shapes: Shape[] = []
  readonly #learnt = new Set<string>()
  readonly #words = new SharedWords()
  readonly #often: ReadonlySet<string>

  /** @param often of which kinds the events stay rows of a table; all others have keys of their own. */
  constructor(often: ReadonlySet<string>) {
    this.#often = often
  }

  /** From an event that was read the long way: each of its keys stands once in its line, and its schema takes it. */
  learn(line: string, event: Readonly<Record<string, unknown>>): void {
    const kind = event.kind as string
    const accepting = plainFieldsOf(kind)
    const names = Object.keys(event)
    const called = [kind, ...names].join(' ')
    if (accepting === undefined || this.#shapes.length >= mostShapes || this.#learnt.has(called)) return
    if (line !== JSON.stringify(event)) return
    this.#learnt.add(called)
    const fields = names.flatMap(name => accepting.get(name) ?? [])
    if (fields.length < names.length) return
    const keys = fields.map(({accepts, range}, nth): Key => {
      const next = names[nth + 1]
      const behind = literal(next === undefined ? '}\n' : `,${JSON.stringify(next)}:`)
      const isNumber = inNumbers(names[nth]!, range)
      return {name: names[nth]!, accepts, range, isNumber, behind, met: isNumber ? [] : Array(metWords).fill(undefined)}
    })
    const shape = {kind: kind as Event['kind'], begin: literal(`{${JSON.stringify(names[0])}:`), keys}
    this.#shapes.unshift(new Shape(shape, this.#words, this.#often.has(kind)))
  }

  /** Where the line that was read last ends, its line break. */
  get end(): number {
    return this.#shapes[0]!.end
  }

  /** Of the event that was read last, without a look into its table. */
  get last(): Readonly<Pick<Shape, 'kind' | 'at' | 'sentAt'>> {
    return this.#shapes[0]!
  }

  /** The event of the line that begins here, in bytes that end in a line break; undefined: it has to be read the long way. */
  read(bytes: Bytes, from: number): Event | undefined {
    for (let nth = 0; nth < this.#shapes.length; nth++) {
      const shape = this.#shapes[nth]!
      const event = shape.read(bytes, from)
      if (event === undefined) continue
      if (nth > 0) {
        for (let to = nth; to > 0; to--) this.#shapes[to] = this.#shapes[to - 1]!
        this.#shapes[0] = shape
      }
      return event
    }
    return undefined
  }
}

/** Lines with the same keys, and the table that they go into. */
class Shape {
  readonly kind: Event['kind']
  readonly #begin: Literal
  readonly #keys: readonly Key[]
  readonly #table: EventTable
  readonly #words: SharedWords
  /** Of the line that is being read, each at the place of its key; those of numbers are in the table already. */
  readonly #values: Word[]
  readonly #isRow: boolean
  /** Of the line that was read last. */
  #row = 0
  readonly #at: number
  readonly #sentAt: number
  /** Where the line that was read last ends, its line break. */
  end = 0

  constructor(
    {kind, begin, keys}: {readonly kind: Event['kind']; readonly begin: Literal; readonly keys: readonly Key[]},
    words: SharedWords,
    isRow: boolean,
  ) {
    this.kind = kind
    this.#isRow = isRow
    this.#begin = begin
    this.#keys = keys
    this.#table = new EventTable(keys)
    this.#words = words
    this.#values = keys.map(() => null)
    this.#at = keys.findIndex(({name}) => name === 'at')
    this.#sentAt = keys.findIndex(({name}) => name === 'sentAt')
  }

  get at(): Micros {
    return this.#table.numbers[this.#at]!.values[this.#row]!
  }

  /** 0: nothing was sent. */
  get sentAt(): Micros {
    return this.#sentAt < 0 ? 0 : this.#table.numbers[this.#sentAt]!.values[this.#row]!
  }

  read(bytes: Bytes, from: number): Event | undefined {
    if (!this.#begin.isAt(bytes, from)) return undefined
    const keys = this.#keys
    const {numbers, next} = this.#table
    let at = from + this.#begin.length
    let hash = 0
    for (let nth = 0; nth < keys.length; nth++) {
      const key = keys[nth]!
      const column = numbers[nth]!
      if (column === null) {
        const met = this.#word(key, bytes, at)
        if (met === undefined) return undefined
        this.#values[nth] = met.value
        hash = (Math.imul(hash, 31) + met.id) | 0
        at += met.written.length
      } else {
        const end = this.#number(key.range!, column, next, bytes, at)
        if (!key.behind.isAt(bytes, end)) return undefined
        at = end + key.behind.length
      }
    }
    const way = this.#table.wayOf(this.#values, hash)
    this.end = at - 1
    this.#row = next
    return this.#isRow ? this.#table.add(way) : this.#table.copy(way)
  }

  /** Into its column. @returns where it ends; where nothing ends: it is none that is allowed, as JSON.stringify writes it. */
  #number({least, most, orNull}: Range, column: Numbers, row: number, bytes: Bytes, from: number): number {
    const first = bytes.view.getUint8(from) - digit0
    if (first < 0 || first > 9) {
      if (!orNull || !nullWord.isAt(bytes, from)) return bytes.length
      column.set(row, null)
      return from + nullWord.length
    }
    let value = first
    let end = from + 1
    for (
      let digit = bytes.view.getUint8(end) - digit0;
      digit >= 0 && digit <= 9;
      digit = bytes.view.getUint8(++end) - digit0
    )
      value = value * 10 + digit
    if ((first === 0 && end - from > 1) || value < least || value > most) return bytes.length
    column.set(row, value)
    return end
  }

  #word(key: Key, bytes: Bytes, at: number): MetWord | undefined {
    // One that was met and what stands behind it are more than eight bytes, but for the shortest at the end of all.
    if (at + 8 > bytes.length) return this.#meet(key, bytes, at, 0)
    const begin =
      Math.imul(bytes.view.getInt32(at, true), 0x9e3779b1) ^ Math.imul(bytes.view.getInt32(at + 4, true), 0x85ebca6b)
    const place = (begin >>> 20) & (metWords - 1)
    const met = key.met[place]
    if (met?.written.isAt(bytes, at)) return met
    const beside = key.met[place ^ 1]
    if (beside?.written.isAt(bytes, at)) return beside
    return this.#meet(key, bytes, at, met === undefined ? place : place ^ 1)
  }

  #meet(key: Key, bytes: Bytes, at: number, place: number): MetWord | undefined {
    const value = this.#words.read(bytes, at)
    if (value === undefined || !key.accepts(value) || !key.behind.isAt(bytes, this.#words.end)) return undefined
    const written = new Literal(
      new Uint8Array(bytes.view.buffer, bytes.view.byteOffset + at, this.#words.end + key.behind.length - at).slice(),
    )
    key.met[place] = {written, value, id: this.#words.hash}
    return key.met[place]
  }
}

/** Whole lines; a view's own length is looked up again and again. */
export class Bytes {
  readonly view: DataView
  readonly length: number

  constructor({buffer, byteOffset, length}: Uint8Array) {
    this.view = new DataView(buffer, byteOffset, length)
    this.length = length
  }
}

/** Text that stands in many lines, told by four bytes at once. */
class Literal {
  readonly length: number
  readonly #bytes: Uint8Array
  readonly #fours: Int32Array

  constructor(bytes: Uint8Array) {
    this.length = bytes.length
    this.#bytes = bytes
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
    this.#fours = Int32Array.from({length: bytes.length >> 2}, (_, nth) => view.getInt32(4 * nth, true))
  }

  isAt(bytes: Bytes, at: number): boolean {
    if (at + this.length > bytes.length) return false
    const fours = this.#fours
    let from = at
    for (let nth = 0; nth < fours.length; nth++, from += 4)
      if (bytes.view.getInt32(from, true) !== fours[nth]) return false
    for (let nth = fours.length * 4; nth < this.length; nth++, from++)
      if (bytes.view.getUint8(from) !== this.#bytes[nth]) return false
    return true
  }
}

const literal = (text: string) => new Literal(new Uint8Array(Buffer.from(text)))

/** The words of many events, each string once: names of hosts and clients, outcomes. */
class SharedWords {
  readonly #known = new Array<string>(2 ** 12).fill('')
  /** Of what was read last: where it ends, and what is the same for the same words. */
  end = 0
  hash = 0

  /** A string that is not long, in plain ASCII and without escapes, a small number, true, false or null, as JSON.stringify writes them; undefined: something else. */
  read(bytes: Bytes, from: number): Word | undefined {
    const first = bytes.view.getUint8(from)
    if (first === quote) return this.#string(bytes, from + 1)
    if (first >= digit0 && first <= digit9) return this.#number(bytes, from)
    for (const [nth, {value, written}] of plainWords.entries()) {
      if (!written.isAt(bytes, from)) continue
      this.end = from + written.length
      this.hash = nth - plainWords.length
      return value
    }
    return undefined
  }

  /** Of few digits, such as recur. */
  #number(bytes: Bytes, from: number): number | undefined {
    let [value, end] = [0, from]
    for (let one = bytes.view.getUint8(end); one >= digit0 && one <= digit9; one = bytes.view.getUint8(++end))
      value = value * 10 + one - digit0
    this.end = end
    this.hash = value
    const hasLeadingZero = end - from > 1 && bytes.view.getUint8(from) === digit0
    return hasLeadingZero || end - from > mostDigits ? undefined : value
  }

  /** The string from here to the next quote. */
  #string(bytes: Bytes, from: number): string | undefined {
    let hash = 0
    let end = from
    for (let code = bytes.view.getUint8(end); code !== quote; code = bytes.view.getUint8(++end)) {
      if (code < space || code >= delete_ || code === backslash || end - from === longest) return undefined
      hash = (Math.imul(hash, 31) + code) | 0
    }
    this.end = end + 1
    this.hash = hash
    const place = (hash ^ (hash >>> 12)) & (this.#known.length - 1)
    const known = this.#known[place]!
    if (known.length === end - from && isAt(known, bytes, from)) return known
    let fresh = ''
    for (let at = from; at < end; at++) fresh += String.fromCharCode(bytes.view.getUint8(at))
    this.#known[place] = fresh
    return fresh
  }
}

function isAt(text: string, bytes: Bytes, from: number): boolean {
  for (let nth = 0; nth < text.length; nth++) if (text.charCodeAt(nth) !== bytes.view.getUint8(from + nth)) return false
  return true
}

const longest = 64
const quote = 0x22
const backslash = 0x5c
const space = 0x20
const delete_ = 0x7f
const digit0 = 0x30
const digit9 = 0x39
const mostDigits = 9
const nullWord = literal('null')
const plainWords = [null, true, false].map(value => ({value, written: literal(String(value))}))
/** Of each key. A power of two. */
const metWords = 256
