/**
 * Lines of a record that are like one before: the same keys in the same order, each with a plain value, as a recorder writes thousands
 * of them. They are read from their bytes, in a third of the time that JSON.parse and the checks of a line take, and hold each string
 * once. What is unlike in anything (a key more, a space, an escape, a fraction, a value that its schema would refuse) is nothing that
 * is known here: it is read the long way, which can say why it is refused.
 */
import {type Accepts, plainFieldsOf} from './event-schema.ts'

interface Key {
  readonly name: string
  /** What stands before its value, such as `,"client":`. */
  readonly before: Uint8Array
  readonly accepts: Accepts
}

interface Shape {
  readonly keys: readonly Key[]
  /** Copied for each event, so that all are laid out alike. */
  readonly like: Readonly<Record<string, unknown>>
}

/** Of all kinds; what is optional is there or not. */
const mostShapes = 32

export class KnownLines {
  /** The one that was met last comes first. */
  readonly #shapes: Shape[] = []
  readonly #learnt = new Set<string>()
  readonly #strings = new SharedStrings()
  /** Of the line that is being read. */
  readonly #values: unknown[] = []
  /** Where what was read last ends. */
  #end = 0

  /** From an event that was read the long way: each of its keys stands once in its line, and its schema takes it. */
  learn(line: string, event: Readonly<Record<string, unknown>>): void {
    const kind = event.kind as string
    const accepting = plainFieldsOf(kind)
    const names = Object.keys(event)
    const called = [kind, ...names].join(' ')
    if (accepting === undefined || this.#shapes.length >= mostShapes || this.#learnt.has(called)) return
    if (line !== JSON.stringify(event)) return
    this.#learnt.add(called)
    const keys = names.flatMap((name, index): Key[] => {
      const accepts = accepting.get(name)?.accepts
      const before = Buffer.from(`${index === 0 ? '{' : ','}${JSON.stringify(name)}:`)
      return accepts === undefined ? [] : [{name, before, accepts}]
    })
    if (keys.length === names.length) this.#shapes.unshift({keys, like: event})
  }

  /** Where the line that was read last ends, its line break. */
  get end(): number {
    return this.#end
  }

  /** The event of the line that begins here, in bytes that end in a line break; undefined: it has to be read the long way. */
  read(bytes: Uint8Array, from: number): object | undefined {
    for (let nth = 0; nth < this.#shapes.length; nth++) {
      const shape = this.#shapes[nth]!
      const event = this.#readAs(shape, bytes, from)
      if (event === undefined) continue
      for (let to = nth; to > 0; to--) this.#shapes[to] = this.#shapes[to - 1]!
      this.#shapes[0] = shape
      return event
    }
    return undefined
  }

  #readAs({keys, like}: Shape, bytes: Uint8Array, from: number): object | undefined {
    let at = from
    for (let index = 0; index < keys.length; index++) {
      const {before, accepts} = keys[index]!
      for (let nth = 0; nth < before.length; nth++) if (bytes[at + nth] !== before[nth]) return undefined
      const value = this.#value(bytes, at + before.length)
      if (value === undefined || !accepts(value)) return undefined
      this.#values[index] = value
      at = this.#end
    }
    if (bytes[at] !== closes || bytes[at + 1] !== newline) return undefined
    this.#end = at + 1
    const event: Record<string, unknown> = {...like}
    for (let index = 0; index < keys.length; index++) event[keys[index]!.name] = this.#values[index]
    return event
  }

  /** A string, an integer, true, false or null as JSON.stringify writes them; undefined: something else. Every line ends in a line break. */
  #value(bytes: Uint8Array, at: number): string | number | boolean | null | undefined {
    const first = bytes[at]!
    if (first === quote) {
      const value = this.#strings.read(bytes, at + 1)
      if (value !== undefined) this.#end = at + value.length + 2
      return value
    }
    if (first >= digit0 && first <= digit9) return this.#integer(bytes, at)
    const word = words.find(({written}) => written.every((one, nth) => bytes[at + nth] === one))
    if (word === undefined) return undefined
    this.#end = at + word.written.length
    return word.value
  }

  #integer(bytes: Uint8Array, at: number): number | undefined {
    let value = bytes[at]! - digit0
    let end = at + 1
    for (let one = bytes[end]!; one >= digit0 && one <= digit9; one = bytes[++end]!) value = value * 10 + one - digit0
    this.#end = end
    const hasLeadingZero = bytes[at] === digit0 && end - at > 1
    return hasLeadingZero || value > Number.MAX_SAFE_INTEGER ? undefined : value
  }
}

/** The strings of many events, each once: names of hosts and clients, outcomes. */
class SharedStrings {
  readonly #known = new Array<string>(2 ** 12).fill('')

  /** The string from here to the next quote; undefined: it is long, or has anything but plain ASCII. */
  read(bytes: Uint8Array, from: number): string | undefined {
    let hash = 0
    let end = from
    for (; bytes[end] !== quote; end++) {
      const code = bytes[end]!
      if (code < space || code >= delete_ || code === backslash || end - from === longest) return undefined
      hash = (Math.imul(hash, 31) + code) | 0
    }
    const place = (hash ^ (hash >>> 12)) & (this.#known.length - 1)
    const known = this.#known[place]!
    if (known.length === end - from && isAt(known, bytes, from)) return known
    let fresh = ''
    for (let at = from; at < end; at++) fresh += String.fromCharCode(bytes[at]!)
    this.#known[place] = fresh
    return fresh
  }
}

function isAt(text: string, bytes: Uint8Array, from: number): boolean {
  for (let nth = 0; nth < text.length; nth++) if (text.charCodeAt(nth) !== bytes[from + nth]) return false
  return true
}

const longest = 64
const quote = 0x22
const backslash = 0x5c
const closes = 0x7d
const newline = 0x0a
const space = 0x20
const delete_ = 0x7f
const digit0 = 0x30
const digit9 = 0x39
const words = [null, true, false].map(value => ({value, written: [...Buffer.from(String(value))]}))
