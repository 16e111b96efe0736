/**
 * YAML as PyYAML's safe_load reads it, which is what Patroni gets: YAML 1.1 (on and off are booleans, a leading 0 makes a number
 * octal), of duplicate keys the last, no tabs. `lab/words/decode.ts` reads our own files, in YAML 1.2 and stricter.
 */
import {
  type Alias,
  type YAMLMap as AstMap,
  CST,
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  Lexer,
  LineCounter,
  type Node,
  type Pair,
  parseDocument,
  type Scalar,
} from 'yaml'
import {type Place, refuse} from '../../words/place.ts'

export type YamlNode = YamlMap | YamlList | YamlScalar

export interface YamlMap {
  readonly kind: 'map'
  readonly place: Place
  /** Each key once. */
  readonly entries: readonly YamlEntry[]
}

export interface YamlEntry {
  readonly key: string
  readonly place: Place
  readonly value: YamlNode
}

export interface YamlList {
  readonly kind: 'list'
  readonly place: Place
  readonly items: readonly YamlNode[]
}

export interface YamlScalar {
  readonly kind: 'scalar'
  readonly place: Place
  readonly value: string | number | boolean | null
  /** As it is written, without quotes. */
  readonly text: string
  readonly isPlain: boolean
}

export interface Yaml {
  readonly root: YamlNode
  /** Keys that a later one of the same name overrides. */
  readonly overridden: readonly {readonly key: string; readonly place: Place}[]
  /** All scalars that are written, each once. */
  readonly scalars: readonly YamlScalar[]
}

/** No configuration is deeper; what recurses further is made to harm. */
const deepest = 60

/** @throws LabError `config` for what PyYAML would not read. */
export function readYaml(file: string, text: string): Yaml {
  return new Reader(file, text).read()
}

class Reader {
  readonly #file: string
  readonly #text: string
  readonly #lines = new LineCounter()
  readonly #document: Document
  readonly #made = new Map<Node, YamlNode>()
  readonly #making = new Set<Node>()
  readonly #overridden: {key: string; place: Place}[] = []
  readonly #scalars: YamlScalar[] = []

  constructor(file: string, text: string) {
    this.#file = file
    this.#text = text
    this.#document = parseDocument(text, {
      lineCounter: this.#lines,
      version: '1.1',
      // Every scalar as it is written: PyYAML knows fewer booleans and floats than YAML 1.1 itself.
      schema: 'failsafe',
      prettyErrors: false,
      uniqueKeys: false,
      // Else a second document would be passed over.
      logLevel: 'error',
    })
  }

  read(): Yaml {
    this.#mustBeReadable()
    const error = this.#document.errors[0]
    if (error !== undefined) this.#refuseError(error.code, error.message, error.pos[0])
    const {contents} = this.#document
    if (contents === null) refuse('file/cut-off', this.#place(0), ': there is nothing in it')
    return {root: this.#node(contents, 0), overridden: this.#overridden, scalars: this.#scalars}
  }

  /** Tabs and control characters, which YAML's own rules allow in places where PyYAML does not. */
  #mustBeReadable(): void {
    const stray = /[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffc\u{10000}-\u{10ffff}]/u.exec(this.#text)
    // A mark of the byte order at the beginning is none.
    if (stray !== null && !(stray.index === 0 && stray[0] === '\ufeff'))
      refuse('file/not-text', this.#place(stray.index), `: U+${stray[0].codePointAt(0)?.toString(16).padStart(4, '0')}`)
    if (!this.#text.includes('\t')) return
    let offset = 0
    let isBlock = false
    for (const lexeme of new Lexer().lex(this.#text)) {
      const type = CST.tokenType(lexeme)
      if (isMark(lexeme)) continue
      const tab = lexeme.indexOf('\t')
      const mayHold =
        type === 'comment' || type === 'single-quoted-scalar' || type === 'double-quoted-scalar' || isBlock
      if (tab >= 0 && !mayHold) refuse('file/yaml-tab', this.#place(offset + tab))
      isBlock =
        type === 'block-scalar-header' || (isBlock && (type === 'comment' || type === 'newline' || type === 'space'))
      offset += lexeme.length
    }
  }

  #refuseError(code: string, message: string, offset: number): never {
    const place = this.#place(Math.min(offset, this.#text.trimEnd().length))
    if (code === 'MULTIPLE_DOCS') refuse('file/no-yaml', place, ': a second document begins here (---)')
    const isOpen = /Missing closing|end with a [\]}]/.test(message)
    const isLast =
      !this.#text.slice(offset).trim().includes('\n') && /implicit map keys? need|Implicit keys need/i.test(message)
    if (isOpen || isLast)
      refuse('file/cut-off', place, isOpen ? ': a quote or bracket is not closed' : ': a key has no value')
    refuse('file/no-yaml', place, `: ${/call stack/.test(message) ? 'it is nested too deep' : message.split('\n')[0]}`)
  }

  #node(node: Node, depth: number): YamlNode {
    const place = this.#place(node.range?.[0] ?? 0)
    if (depth > deepest) refuse('file/no-yaml', place, ': it is nested too deep')
    if (isAlias(node)) return this.#alias(node, place, depth)
    this.#making.add(node)
    const made = this.#build(node, place, depth)
    this.#making.delete(node)
    this.#made.set(node, made)
    return made
  }

  #build(node: Node, place: Place, depth: number): YamlNode {
    const tag = (node as {tag?: string}).tag
    if (tag !== undefined && !/^(!|tag:yaml\.org,2002:(str|int|float|bool|null|map|seq))$/.test(tag))
      refuseTag(tag, this.#tagPlace(node))
    if (isMap(node)) return {kind: 'map', place, entries: this.#entries(node, depth)}
    if (isSeq(node)) return {kind: 'list', place, items: node.items.map(item => this.#node(item as Node, depth + 1))}
    const scalar = scalarOf(node as Scalar, place)
    this.#scalars.push(scalar)
    return scalar
  }

  #alias(alias: Alias, place: Place, depth: number): YamlNode {
    const target = alias.resolve(this.#document)
    if (target === undefined)
      refuse('file/no-yaml', place, `: an unquoted * begins an alias, and there is no &${alias.source}; quote the text`)
    // What is in the making contains this alias: it would have no end.
    if (this.#making.has(target)) refuse('file/no-yaml', place, ': an alias stands inside of what it names')
    return this.#made.get(target) ?? this.#node(target, depth + 1)
  }

  #entries(map: AstMap, depth: number): readonly YamlEntry[] {
    const own = new Map<string, YamlEntry>()
    const merged = new Map<string, YamlEntry>()
    for (const pair of map.items as Pair<Node, Node | null>[]) {
      const {key} = pair
      if (!isScalar(key)) refuse('file/no-yaml', this.#place(key?.range?.[0] ?? 0), ': a key is a list or a mapping')
      const name = String(key.value ?? '')
      const place = this.#place(key.range?.[0] ?? 0)
      const value = pair.value === null ? nothing(place) : this.#node(pair.value, depth + 1)
      if (name === '<<' && key.type === 'PLAIN') {
        for (const from of value.kind === 'list' ? value.items : [value])
          if (from.kind === 'map')
            for (const entry of from.entries) if (!merged.has(entry.key)) merged.set(entry.key, entry)
        continue
      }
      const earlier = own.get(name)
      if (earlier !== undefined) this.#overridden.push({key: name, place: earlier.place})
      own.delete(name)
      own.set(name, {key: name, place, value})
    }
    return [...[...merged.values()].filter(({key}) => !own.has(key)), ...own.values()]
  }

  /** A node begins behind its tag, which is the last one before it. */
  #tagPlace(node: Node): Place {
    const begin = node.range?.[0] ?? 0
    let [offset, found] = [0, begin]
    for (const lexeme of new Lexer().lex(this.#text)) {
      if (isMark(lexeme)) continue
      if (offset > begin) break
      if (CST.tokenType(lexeme) === 'tag') found = offset
      offset += lexeme.length
    }
    return this.#place(found)
  }

  #place(offset: number): Place {
    const {line, col} = this.#lines.linePos(Math.min(offset, this.#text.length))
    return {file: this.#file, line: line || 1, column: col || 1}
  }
}

/** Marks of the lexer itself stand for nothing in the text. */
function isMark(lexeme: string): boolean {
  return lexeme === CST.DOCUMENT || lexeme === CST.FLOW_END || lexeme === CST.SCALAR
}

/** What PyYAML's SafeConstructor makes of them. */
const unreadTags: Readonly<Record<string, string>> = {
  binary: 'bytes',
  timestamp: 'a date',
  set: 'a set',
  omap: 'a list of pairs',
  pairs: 'a list of pairs',
}

function refuseTag(tag: string, place: Place): never {
  const name = tag.replace(/^tag:yaml\.org,2002:/, '')
  const made = name !== tag && Object.hasOwn(unreadTags, name) ? unreadTags[name] : undefined
  if (made === undefined) refuse('file/no-yaml', place, `: PyYAML does not load the tag ${tag}`)
  refuse(
    'file/unread-tag',
    place,
    `: it makes ${made} of !!${name}; write what is meant as a text, number, list or mapping`,
  )
}

function nothing(place: Place): YamlScalar {
  return {kind: 'scalar', place, value: null, text: '', isPlain: true}
}

function scalarOf(node: Scalar, place: Place): YamlScalar {
  const isPlain = node.type === 'PLAIN' || node.type === undefined
  const text = String(isPlain ? (node.source ?? node.value ?? '') : node.value)
  const isText = node.tag === '!' || node.tag === 'tag:yaml.org,2002:str'
  return {kind: 'scalar', place, value: isPlain && !isText ? resolved(text) : text, text, isPlain}
}

/** PyYAML's implicit resolvers (resolver.py) and what its constructor makes of them. */
function resolved(text: string): YamlScalar['value'] {
  if (/^(~|null|Null|NULL|)$/.test(text)) return null
  if (/^(yes|Yes|YES|true|True|TRUE|on|On|ON)$/.test(text)) return true
  if (/^(no|No|NO|false|False|FALSE|off|Off|OFF)$/.test(text)) return false
  const [, sign = '', digits = ''] = /^([-+]?)([\d.][\w.:+-]*)$/.exec(text) ?? []
  const size = sizeOf(digits)
  return size === undefined ? text : sign === '-' ? -size : size
}

function sizeOf(written: string): number | undefined {
  const digits = written.replaceAll('_', '')
  if (/^0b[01]+$/.test(digits)) return Number.parseInt(digits.slice(2), 2)
  if (/^0[0-7]+$/.test(digits)) return Number.parseInt(digits, 8)
  if (/^0x[\da-fA-F]+$/.test(digits)) return Number.parseInt(digits, 16)
  if (/^(0|[1-9]\d*)$/.test(digits)) return Number(digits)
  if (/^(\d+\.\d*|\.\d+)([eE][-+]\d+)?$/.test(digits)) return Number(digits)
  // 10:30 is 630: sexagesimal.
  if (/^[1-9]\d*(:[0-5]?\d)+$/.test(digits)) return digits.split(':').reduce((sum, part) => sum * 60 + Number(part), 0)
  return undefined
}
