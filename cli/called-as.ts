/** How the person called this program, so that every command it prints can be pasted. The launcher tells. */
import type {Caller, Hint, LabError, Sentence, Slip} from '../lab/inside/start.ts'
import {labelled, linesOf, nextWord, OwnCommand, ownCommand, quoted, Steps, saySentence} from '../lab/inside/start.ts'
import {columns, wrapWords} from './wrap.ts'

export const defaultLab = 'lab'

export function caller(env: NodeJS.ProcessEnv = process.env): Caller {
  const program = env.PGHA_LAB_CALLED_AS || 'pgha-lab'
  return {
    program: program === 'npx pgha-lab' ? program : quoted(program),
    lab: env.PGHA_LAB_NAME || defaultLab,
  }
}

/** The lines with the next step under a sentence, as this caller reads it: words are wrapped, commands are not. */
export function spokenNext(hint: Hint, width = columns()): string {
  const room = width - nextWord.length - 3
  const lines = linesOf(hint).flatMap(line =>
    typeof line === 'string' ? wrapWords(line, room) : [line.says(caller())],
  )
  return labelled(nextWord, lines)
}

/** What was typed in this process, without the program: so that a next step can be the same again. */
let typed: {readonly words: readonly string[]; readonly help: OwnCommand} | undefined

/** @param help the command that shows the help of what was typed. */
export function remember(words: readonly string[], help: OwnCommand): void {
  typed = {words, help}
}

/** What to do next: as the error says; else the command with the word that was meant, its help, or the same again. */
function nextAfterError({next, instead, code}: LabError): Hint | undefined {
  if (typed === undefined) return next
  const {words, help} = typed
  const meant = instead.reduce(putRight, words)
  if (meant !== words) return ownCommand(...meant)
  if (next !== undefined)
    return new Steps(linesOf(next).map(line => (line instanceof OwnCommand ? asTyped(line, words, code) : line)))
  if (code === 'usage') return help
  return code === 'config' ? new Steps(['mend that, then the same again:', ownCommand(...words)]) : undefined
}

/** The words themselves where it is not among them. What follows an option's `=` is a word, too. */
function putRight(words: readonly string[], {written, meant}: Slip): readonly string[] {
  const right = words.flatMap(word => {
    if (word === written) return meant
    const [option = '', value] = word.startsWith('--') ? word.split(/=(.*)/s) : []
    if (value === undefined || typeof meant !== 'string') return word
    if (value === written) return `${option}=${meant}`
    return option === written ? `${meant}=${value}` : word
  })
  return right.every((word, index) => word === words[index]) ? words : right
}

const topologyOption = /^(?:--(?:topology|profile|release|set)(?:=|$)|-[tps])/

/** The same command again is the one that was typed, with all that was asked for: a step says only what it knows of. */
function asTyped(step: OwnCommand, words: readonly string[], code: LabError['code']): OwnCommand {
  // With the lab also where a person need not name it: another one may have been typed.
  const said = step.unquoted({...caller(), lab: ''})
  const [what, scenario = ''] = said
  const isSame = what === words[0]
  // One that names no lab to raise says another topology, for which `config` and its like are asked, too.
  const isTopology = !said.includes('--name') && words.some(word => topologyOption.test(word))
  if (what === 'up' && (isSame || isTopology)) return ownCommand(...withOptions(words, said.slice(1)))
  // What does not go together is taken away by a step that says all that is left.
  return what === 'chaos' && isSame && code !== 'usage' && words.includes(scenario)
    ? ownCommand(...withOptions(words, said.slice(2)))
    : step
}

/** What is typed, with other options: one takes the place of what was typed of it, and of `--set` what is about the same key. */
function withOptions(words: readonly string[], options: readonly string[]): readonly string[] {
  const pairs = options.flatMap((word, index) => (index % 2 === 0 ? [[word, options[index + 1] ?? ''] as const] : []))
  const isReplaced = (option: string, value: string) =>
    pairs.some(([long, other]) => {
      if (option !== long && option !== long.slice(1, 3)) return false
      return long !== '--set' || other.split('=')[0] === value.split('=')[0]
    })
  const kept: string[] = []
  for (let at = 0; at < words.length; at++) {
    const word = words[at] ?? ''
    const [, option = word, joined] = /^(--[^=]+)=(.*)$/s.exec(word) ?? /^(-[a-z])(.+)$/s.exec(word) ?? []
    if (!isReplaced(option, joined ?? words[at + 1] ?? '')) kept.push(word)
    else if (joined === undefined) at++
  }
  if (pairs.every(([option, value]) => words.some((word, at) => word === option && words[at + 1] === value)))
    return words
  const isUsual = ([option, value]: readonly [string, string]) => option === '--name' && value === caller().lab
  return [...kept, ...pairs.filter(pair => !isUsual(pair)).flat()]
}

/** What a person is told of an error, and the next step. */
export function complaint(error: LabError, width = columns()): string {
  const {message} = error
  const next = nextAfterError(error)
  const lines = message.split('\n').flatMap((line, index, all) => {
    // A line of the person's file and the mark below it.
    const mark = [line, all[index + 1] ?? ''].find(one => /^ +\^$/.test(one))
    if (mark === undefined) return wrapWords(line, width, '  ')
    const from = Math.max(0, mark.length - width + 4)
    return [`  ${line.slice(2 + from, from + width)}`.trimEnd()]
  })
  return `${lines.join('\n')}\n${next === undefined ? '' : `${spokenNext(next, width)}\n`}`
}

/** A sentence with commands, as this caller reads it. */
export function spoken(words: Sentence | OwnCommand): string {
  return words instanceof OwnCommand ? words.says(caller()) : saySentence(words, caller())
}
