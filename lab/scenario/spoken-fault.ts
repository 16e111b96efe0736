/**
 * A fault in the words that a person types, which are those by which a scenario's step is said: `kill host on leader`,
 * `partition on node1 from=servers limit=30s`. The values of parameters are YAML, as in a scenario file.
 */
import {selectors} from '../cluster/selector.ts'
import {faults} from '../faults/index.ts'
import {yamlValue} from '../words/decode.ts'
import {insteadOf, suggestion} from '../words/did-you-mean.ts'
import {LabError} from '../words/errors.ts'
import {printable} from '../words/printable.ts'
import type {Step} from './index.ts'
import {keysOfParams} from './params.ts'
import {flow} from './write.ts'

type Inject = Extract<Step, {do: 'inject'}>

export interface SpokenFault {
  readonly fault: string
  /** Selectors and hosts; undefined: whom the fault means by itself. */
  readonly on: readonly string[] | undefined
  /** As a scenario file has them; not checked yet. */
  readonly params: Readonly<Record<string, unknown>>
}

/** @throws LabError `usage` for words that are none of a fault's; what it takes, and whom there is, is not asked yet. */
export function spokenFault(words: readonly string[]): SpokenFault {
  const [name = '', ...rest] = words
  if (name === '') throw new LabError('usage', 'say what is to be broken, such as kill host on leader')
  if (!Object.hasOwn(faults, name)) {
    const known = Object.keys(faults)
    throw new LabError(
      'usage',
      `there is no fault \`${printable(name)}\`${suggestion(name, known)}`,
      insteadOf(name, known),
    )
  }
  const first = rest.findIndex(isPair)
  const plain = first === -1 ? rest : rest.slice(0, first)
  const pairs = first === -1 ? [] : rest.slice(first)
  const at = plain.indexOf('on')
  const what = at === -1 ? plain : plain.slice(0, at)
  const on = at === -1 ? undefined : plain.slice(at + 1).flatMap(named)
  if (on?.length === 0) throw new LabError('usage', '`on` names whom, such as leader, replica or node1')
  return {fault: name, on, params: {...asWhat(name, what), ...paired(name, pairs)}}
}

/** A word of a person's, which may be several of theirs: `node1,node2`; the `and` between them is said for people. */
function named(word: string): readonly string[] {
  return word.split(',').filter(part => part !== '' && part !== 'and')
}

function isPair(word: string): boolean {
  return /^[\w-]+=/.test(word)
}

function asWhat(name: string, words: readonly string[]): {readonly what?: string} {
  const [what, second] = words
  if (what === undefined) return {}
  const takes = keysOfParams(faults[name]!.params)
  const wrong = takes.includes('what') ? second : what
  if (wrong === undefined) return {what}
  const meant = takes.includes(wrong) ? `; write it as ${wrong}=...` : '; whom it is done to stands behind `on`'
  throw new LabError('usage', `\`${printable(wrong)}\` cannot stand there in ${name}${meant}`)
}

function paired(name: string, words: readonly string[]): Readonly<Record<string, unknown>> {
  const params = new Map<string, unknown>()
  for (const word of words) {
    const [, key = '', text = ''] = /^([\w-]+)=(.*)$/s.exec(word) ?? []
    const shown = printable(word)
    if (key === '')
      throw new LabError('usage', `\`${shown}\` stands behind a parameter, and is none: write it as key=value`)
    if (params.has(key)) throw new LabError('usage', `\`${key}\` is said twice`)
    const takes = keysOfParams(faults[name]!.params)
    if (!takes.includes(key))
      throw new LabError('usage', `${name} takes no \`${key}\`${suggestion(key, takes)}`, insteadOf(key, takes))
    params.set(key, yamlValue(text, `the value of \`${shown}\``))
  }
  return Object.fromEntries(params)
}

/** The words that `spokenFault` reads as this step; the name of a step is no part of them. */
export function faultWords({fault, on, params}: Inject): readonly string[] {
  const {what, ...rest} = params as Readonly<Record<string, unknown>>
  return [
    fault,
    ...(what === undefined ? [] : [String(what)]),
    ...['on', [on].flat().join(',')],
    ...Object.entries(rest).map(([key, value]) => `${key}=${flow(value)}`),
  ]
}

/** For a shell that completes: the words that may come next. */
export function faultWordsThatFollow(words: readonly string[]): readonly string[] {
  const [name, ...rest] = words
  if (name === undefined) return Object.keys(faults)
  if (!Object.hasOwn(faults, name)) return []
  if (rest.at(-1) === 'on') return selectors
  const said = rest.map(word => word.split('=', 1)[0])
  const keys = keysOfParams(faults[name]!.params).filter(key => key !== 'what' && !said.includes(key))
  return [...(said.includes('on') ? [] : ['on']), ...keys.map(key => `${key}=`)]
}
