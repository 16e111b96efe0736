/** How the person called this program, so that every command it prints can be pasted. The launcher tells. */
import type {Caller, Hint, LabError, Sentence} from '../lab/inside/start.ts'
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
  if (instead !== undefined && words.includes(instead.written))
    return ownCommand(...words.map(word => (word === instead.written ? instead.meant : word)))
  if (next !== undefined)
    return new Steps(linesOf(next).map(line => (line instanceof OwnCommand ? asTyped(line, words) : line)))
  if (code === 'usage') return help
  return code === 'config' ? new Steps(['mend that, then the same again:', ownCommand(...words)]) : undefined
}

/** The same command again is the one that was typed, with all that was asked for: a step says only what it knows of. */
function asTyped(step: OwnCommand, words: readonly string[]): OwnCommand {
  const [, ...said] = step.words(caller())
  const typedWords = words.map(quoted)
  const isPart = said[0] === typedWords[0] && said.every(word => typedWords.includes(word))
  return isPart && ['up', 'chaos'].includes(said[0] ?? '') ? ownCommand(...words) : step
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
