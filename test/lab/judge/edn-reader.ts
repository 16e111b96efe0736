/**
 * Reads one EDN value (github.com/edn-format/edn), strictly: what this subset does not know is an error. A keyword becomes the
 * string `':name'`, a string `{string}`, so that the two stay apart.
 */
export type Edn = number | boolean | null | string | {readonly string: string} | Edn[] | Map<Edn, Edn>

export function readEdn(text: string): Edn {
  const reader = new Reader(text)
  const value = reader.value()
  reader.end()
  return value
}

class Reader {
  readonly #text: string
  #at = 0

  constructor(text: string) {
    this.#text = text
  }

  end(): void {
    this.#blank()
    if (this.#at < this.#text.length) throw this.#error('something follows the value')
  }

  value(): Edn {
    this.#blank()
    const sign = this.#text[this.#at]
    if (sign === '{') return this.#map()
    if (sign === '[') return this.#list(']')
    if (sign === '"') return {string: this.#string()}
    return this.#atom()
  }

  #map(): Map<Edn, Edn> {
    const items = this.#list('}')
    if (items.length % 2 === 1) throw this.#error('a map has a key without a value')
    const map = new Map<Edn, Edn>()
    for (let index = 0; index < items.length; index += 2) {
      if (map.has(items[index]!)) throw this.#error(`a map has the key ${String(items[index])} twice`)
      map.set(items[index]!, items[index + 1]!)
    }
    return map
  }

  #list(close: string): Edn[] {
    this.#at++
    const items: Edn[] = []
    for (;;) {
      this.#blank()
      if (this.#at >= this.#text.length) throw this.#error(`${close} is missing`)
      if (this.#text[this.#at] === close) {
        this.#at++
        return items
      }
      items.push(this.value())
    }
  }

  #string(): string {
    const found = /"((?:[^"\\\u0000-\u001f]|\\(?:[trn\\"]|u[0-9a-f]{4}))*)"/y
    found.lastIndex = this.#at
    const match = found.exec(this.#text)
    if (!match) throw this.#error('this is no string')
    this.#at = found.lastIndex
    const meant: Readonly<Record<string, string>> = {t: '\t', r: '\r', n: '\n'}
    return match[1]!.replace(/\\(?:u(.{4})|(.))/g, (_, code: string | undefined, sign: string) =>
      code === undefined ? (meant[sign] ?? sign) : String.fromCharCode(Number.parseInt(code, 16)),
    )
  }

  #atom(): number | boolean | null | string {
    const found = /[^\s,()[\]{}"]+/y
    found.lastIndex = this.#at
    const word = found.exec(this.#text)?.[0]
    if (word === undefined) throw this.#error('this begins no value')
    this.#at = found.lastIndex
    if (word === 'nil') return null
    if (word === 'true' || word === 'false') return word === 'true'
    if (/^-?(0|[1-9]\d*)$/.test(word)) return Number(word)
    if (/^:[a-z][a-z-]*$/.test(word)) return word
    throw this.#error(`${word} is no atom`)
  }

  /** A comma is white space. */
  #blank(): void {
    while (/[\s,]/.test(this.#text[this.#at] ?? '')) this.#at++
  }

  #error(why: string): Error {
    return new SyntaxError(`at ${this.#at}: ${why}: ${this.#text.slice(this.#at, this.#at + 40)}`)
  }
}
