/** How the person called this program, so that every command it prints can be pasted. The launcher tells. */
import type {Caller, Hint, Sentence} from '../lab/inside/start.ts'
import {nextLine, OwnCommand, quoted, saySentence} from '../lab/inside/start.ts'

export const defaultLab = 'lab'

export function caller(env: NodeJS.ProcessEnv = process.env): Caller {
  const program = env.PGHA_LAB_CALLED_AS || 'pgha-lab'
  return {
    program: program === 'npx pgha-lab' ? program : quoted(program),
    lab: env.PGHA_LAB_NAME || defaultLab,
  }
}

/** The line with the next step under a sentence, as this caller reads it. */
export function spokenNext(hint: Hint): string {
  return nextLine(hint, caller())
}

/** A sentence with commands, as this caller reads it. */
export function spoken(words: Sentence | OwnCommand): string {
  return words instanceof OwnCommand ? words.says(caller()) : saySentence(words, caller())
}
