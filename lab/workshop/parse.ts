/** A lesson's file: parsed, every name resolved, every page measured, before anybody is taught. */
import {createHash} from 'node:crypto'
import {basename} from 'node:path'
import {predictedNames} from '../budget/prediction.ts'
import {selectors} from '../cluster/selector.ts'
import {scenarioNames} from '../scenario/index.ts'
import {loadTopology} from '../topology/topology-file.ts'
import {Located, type Path} from '../words/decode.ts'
import {didYouMean, suggestion} from '../words/did-you-mean.ts'
import {LabError} from '../words/errors.ts'
import {factNames, isFact} from './facts.ts'
import {formOf, isNumber} from './forms.ts'
import {conditions, head, parts, sources, type Verb, verbs} from './grammar.ts'
import type {Answer, Condition, Lesson, NeededLab, Part, Source} from './lesson.ts'
import {linesOfPage, mostLines} from './page.ts'
import {isRunValue, runValueNames} from './run-values.ts'

/** @throws LabError `config` that names file, line and column of every mistake; nothing else, whatever the text is. */
export function parseLesson(file: string, text: string): Lesson {
  const source = new Located(file, text, 'lesson')
  const written = source.read(head)
  const read = new Reader(source)
  const lab = neededLab(source, written?.lab)
  const listed = source.at(['parts'])
  const found = (Array.isArray(listed) ? listed : []).flatMap((one, index) =>
    isMapping(one) ? (read.part(['parts', index]) ?? []) : [],
  )
  source.mustBeRight()
  if (written === undefined) throw new TypeError('what is not read has a mistake')
  const {title, about, minutes} = written
  return {
    name: basename(file)
      .replace(/\.ya?ml$/, '')
      .replace(/^\d+-/, ''),
    ...{title, minutes, lab, parts: found},
    about: about.replace(/\s+/g, ' '),
    digest: createHash('sha256').update(text).digest('hex'),
  }
}

function isMapping(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

interface WrittenLab {
  readonly topology?: string | undefined
  readonly profile?: string | undefined
  readonly set?: readonly string[] | undefined
}

const widestPercent = 50

/** Such a lab has to be one that `up` would raise. */
function neededLab(source: Located, written: 'none' | WrittenLab | undefined): NeededLab | null {
  if (written === undefined || written === 'none') return null
  const {topology, profile, set = []} = written
  try {
    loadTopology({topology, profile: profile ?? 'fast', set})
  } catch (error) {
    if (!(error instanceof LabError)) throw error
    source.tell(['lab'], `no such lab can be raised: ${error.message.split('\n')[0]}`)
  }
  return {...(topology === undefined ? {} : {topology}), ...(profile === undefined ? {} : {profile}), set}
}

class Reader {
  readonly #source: Located
  /** Questions so far whose answers can be recalled. */
  readonly #names = new Set<string>()

  constructor(source: Located) {
    this.#source = source
  }

  part(path: Path): Part | undefined {
    const written = this.#source.at(path) as Readonly<Record<string, unknown>>
    const verb = verbs.find(one => one in written)
    if (verb === undefined) {
      const [first = ''] = Object.keys(written)
      const not = first === '' ? '' : `, not \`${first}\`${didYouMean(first, verbs)}`
      this.#source.tell(path, `a part begins with one of ${verbs.join(', ')}${not}`, first)
      return undefined
    }
    const part = this.#of(verb, path)
    if (part !== undefined) this.#mustFit(part, path, verb)
    return part
  }

  #of(verb: Verb, path: Path): Part | undefined {
    const source = this.#source
    switch (verb) {
      case 'say': {
        const read = source.read(parts.say, path)
        return read && {do: 'say', title: read.title ?? null, paragraphs: paragraphsOf(read.say)}
      }
      case 'type':
        return this.#type(path)
      case 'ask':
        return this.#ask(path)
      case 'recall': {
        const read = source.read(parts.recall, path)
        if (read === undefined) return undefined
        if (!this.#names.has(read.recall))
          source.tell(
            [...path, 'recall'],
            `no earlier question is called \`${read.recall}\`${suggestion(read.recall, [...this.#names])}`,
          )
        this.#scenario(read.run, [...path, 'run'])
        const value = this.#runValue(read.of, [...path, 'of'])
        return value && {do: 'recall', of: read.recall, run: read.run, value, why: read.why ?? null}
      }
      case 'phases': {
        const read = source.read(parts.phases, path)
        if (read === undefined) return undefined
        this.#scenario(read.phases, [...path, 'phases'])
        return {do: 'phases', run: read.phases}
      }
    }
  }

  #type(path: Path): Part | undefined {
    const read = this.#source.read(parts.type, path)
    if (read === undefined) return undefined
    const words = typeof read.type === 'string' ? read.type.split(/\s+/) : read.type
    for (const [, name = ''] of words.join(' ').matchAll(/\{([^{}]*)\}/g))
      if (!(selectors as readonly string[]).includes(name))
        this.#source.tell([...path, 'type'], `\`{${name}}\` stands for no host${suggestion(name, selectors)}`)
    const done = this.#done(path)
    if (done.length === 0 && this.#source.at([...path, 'done']) === undefined && !this.#isAskedNext(path))
      this.#source.tell(
        path,
        'nothing would show whether this was typed: say `done`, or ask for something of its output right after it',
        'type',
      )
    return {do: 'type', words, look: read.look ?? null, done, hints: read.hints ?? []}
  }

  #isAskedNext([list, index]: Path): boolean {
    const next = typeof index === 'number' ? this.#source.at([list!, index + 1]) : undefined
    return isMapping(next) && 'ask' in next
  }

  #done(path: Path): Condition[] {
    const at = [...path, 'done']
    const written = this.#source.at(at)
    if (written === undefined) return []
    const all = Array.isArray(written) ? written.map((_, index) => [...at, index]) : [at]
    if (all.length === 0) this.#source.tell(at, '`done` is empty: leave it out')
    return all.flatMap(one => this.#condition(one) ?? [])
  }

  #condition(path: Path): Condition | undefined {
    const kind = this.#kindOf(path, Object.keys(conditions) as (keyof typeof conditions)[])
    if (kind === 'run') {
      const read = this.#source.read(conditions.run, path)
      if (read) this.#scenario(read.run, [...path, 'run'])
      return read
    }
    if (kind === 'query') return this.#source.read(conditions.query, path)
    const read = kind && this.#source.read(conditions.lab, path)
    if (read === undefined) return undefined
    const fact = this.#fact(read.lab, [...path, 'lab'])
    if ((read.is === undefined) === (read.changed === undefined))
      this.#source.tell(path, 'what it has to be is missing: either `is` with a value, or `changed: true`')
    if (fact === undefined) return undefined
    return read.is === undefined ? {lab: fact, changed: true} : {lab: fact, is: read.is}
  }

  #ask(path: Path): Part | undefined {
    const source = this.#source
    const read = source.read(parts.ask, path)
    if (read === undefined) return undefined
    if (read.as !== undefined) {
      if (this.#names.has(read.as)) source.tell([...path, 'as'], `an earlier question is called \`${read.as}\` already`)
      this.#names.add(read.as)
    }
    const answer = this.#answer(path, read)
    if (answer === undefined) return undefined
    const {ask, as, why, wrong, hints} = read
    return {
      ...{do: 'ask', asks: ask.replace(/\s+/g, ' '), name: as ?? null, answer},
      ...{why: why ?? null, wrong: wrong ?? null, hints: hints ?? []},
    }
  }

  #answer(
    path: Path,
    {
      choices,
      within,
    }: {
      choices?: readonly {says: string; right?: boolean | undefined; why: string}[] | undefined
      within?: number | undefined
    },
  ): Answer | undefined {
    const source = this.#source
    const hasAnswer = source.at([...path, 'answer']) !== undefined
    if ((choices === undefined) === !hasAnswer) {
      source.tell(path, 'a question has either `answer` or `choices`', 'ask')
      return undefined
    }
    if (choices !== undefined) {
      if (choices.filter(one => one.right === true).length !== 1)
        source.tell([...path, 'choices'], 'exactly one choice is `right: true`')
      if (within !== undefined) source.tell([...path, 'within'], '`within` is for numbers, and choices have none')
      return {kind: 'choices', choices: choices.map(one => ({...one, right: one.right === true}))}
    }
    const from = this.#sourceAt([...path, 'answer'])
    if (from && within !== undefined) this.#mustRefuseSome(from, within, [...path, 'within'])
    return from && {kind: 'source', source: from, withinPercent: within ?? null}
  }

  /** A tolerance that takes whatever is typed holds an answer against nothing. */
  #mustRefuseSome(from: Source, within: number, path: Path): void {
    const form = formOf(from)
    if (form !== null && !isNumber(form))
      this.#source.tell(path, '`within` is for numbers, and the answer here is none')
    else if (within > widestPercent)
      this.#source.tell(
        path,
        `within ${within}% nearly whatever is typed would be right: say at most ${widestPercent}%`,
      )
  }

  #sourceAt(path: Path): Source | undefined {
    const source = this.#source
    const kind = this.#kindOf(path, Object.keys(sources) as (keyof typeof sources)[])
    switch (kind) {
      case undefined:
        return undefined
      case 'lab': {
        const fact = this.#fact(source.read(sources.lab, path)?.lab, [...path, 'lab'])
        return fact && {from: 'lab', fact}
      }
      case 'run': {
        const read = source.read(sources.run, path)
        if (read === undefined) return undefined
        this.#scenario(read.run, [...path, 'run'])
        const of = this.#runValue(read.of, [...path, 'of'])
        return of && {from: 'run', scenario: read.run, of}
      }
      case 'model': {
        const read = source.read(sources.model, path)
        const fault = predictedNames.find(one => one === read?.model)
        if (read !== undefined && fault === undefined)
          source.tell(
            [...path, 'model'],
            `there is no fault \`${read.model}\` to predict${suggestion(read.model, predictedNames)}`,
          )
        return read && fault && {from: 'model', fault, of: read.of, set: read.set ?? []}
      }
      case 'query': {
        const read = source.read(sources.query, path)
        return read && {from: 'query', sql: read.query}
      }
      case 'number': {
        const read = source.read(sources.number, path)
        return read && {from: 'lesson', number: read.number}
      }
    }
  }

  #kindOf<K extends string>(path: Path, kinds: readonly K[]): K | undefined {
    const written = this.#source.at(path)
    const kind = isMapping(written) ? kinds.find(one => one in written) : undefined
    if (kind === undefined) this.#source.tell(path, `this is a mapping that begins with one of ${kinds.join(', ')}`)
    return kind
  }

  #scenario(name: string, path: Path): void {
    const known = scenarioNames()
    if (!known.includes(name)) this.#source.tell(path, `there is no scenario \`${name}\`${suggestion(name, known)}`)
  }

  #fact(name: string | undefined, path: Path) {
    if (name === undefined) return undefined
    if (isFact(name)) return name
    this.#source.tell(path, `nothing of a lab is called \`${name}\`${suggestion(name, factNames)}`)
    return undefined
  }

  #runValue(name: string, path: Path) {
    if (isRunValue(name)) return name
    this.#source.tell(path, `nothing of a run is called \`${name}\`${suggestion(name, runValueNames)}`)
    return undefined
  }

  /** One idea a page, on a terminal of 80 columns and 24 lines. */
  #mustFit(part: Part, path: Path, verb: Verb): void {
    const lines = linesOfPage(part)
    if (lines > mostLines)
      this.#source.tell(
        path,
        `this page has ${lines} lines on a terminal of 80 columns, and ${mostLines} fit: make two of it`,
        verb,
      )
  }
}

function paragraphsOf(text: string): readonly string[] {
  return text.split(/\n\s*\n/).map(one => one.replace(/\s+/g, ' ').trim())
}
