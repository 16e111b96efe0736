/**
 * The next step, as a value: words, and commands of this program that can be pasted into a shell. How the program was called,
 * and which lab it takes when none is named, is known to the command line alone; a library's caller reads plain `pgha-lab`.
 */

/** How a person calls the program here. */
export interface Caller {
  /** As it is typed, quoted already: `./pgha-lab`, `npx pgha-lab`. */
  readonly program: string
  /** The lab that a command without --name is about. */
  readonly lab: string
}

/** For what outlives the terminal. */
export const anyCaller: Caller = {program: 'pgha-lab', lab: 'lab'}

/** A command of this program: its words, and the lab that it is about if it is about one. */
export class OwnCommand {
  readonly #words: readonly string[]
  readonly #lab: string | undefined

  constructor(words: readonly string[], lab?: string) {
    this.#words = words
    this.#lab = lab
  }

  /** Quoted for sh; --name stands where the caller's own lab is another. */
  says(caller: Caller): string {
    return this.words(caller).join(' ')
  }

  /** The same word by word: the program, which may be several words, first. */
  words({program, lab}: Caller): readonly string[] {
    const name = this.#lab === undefined || this.#lab === lab ? [] : ['--name', this.#lab]
    // What comes after -- is not for us to read.
    const end = this.#words.includes('--') ? this.#words.indexOf('--') : this.#words.length
    return [program, ...[...this.#words.slice(0, end), ...name, ...this.#words.slice(end)].map(quoted)]
  }

  toString(): string {
    return this.says(anyCaller)
  }
}

export type Hint = string | OwnCommand | readonly (string | OwnCommand)[]

/** ownCommand('chaos', file) */
export function ownCommand(...words: readonly string[]): OwnCommand {
  return new OwnCommand(words)
}

/** onLab('second', 'down'): `pgha-lab down --name second` */
export function onLab(lab: string, ...words: readonly string[]): OwnCommand {
  return new OwnCommand(words, lab)
}

/** next`${onLab(lab, 'up')} goes on, ${onLab(lab, 'down')} removes it` */
export function next(parts: TemplateStringsArray, ...values: readonly (string | number | Hint)[]): Hint {
  return parts.flatMap((part, index) => {
    const value = values[index]
    if (value === undefined) return [part]
    return [part, ...(typeof value === 'number' ? [String(value)] : Array.isArray(value) ? value : [value])]
  }) as readonly (string | OwnCommand)[]
}

export function sayHint(hint: Hint, caller: Caller = anyCaller): string {
  const parts: readonly (string | OwnCommand)[] = Array.isArray(hint) ? hint : [hint as string | OwnCommand]
  return parts.map(part => (part instanceof OwnCommand ? part.says(caller) : part)).join('')
}

/** The commands in it, in order. */
export function commandsIn(hint: Hint): readonly OwnCommand[] {
  return (Array.isArray(hint) ? hint : [hint]).filter(part => part instanceof OwnCommand)
}

/** What stands before a next step, wherever one is printed: no other word does. */
export const nextWord = 'next:'

/** The line under a sentence. */
export function nextLine(hint: Hint, caller: Caller = anyCaller): string {
  const parts: readonly (string | OwnCommand)[] = Array.isArray(hint) ? hint : [hint as string | OwnCommand]
  const lines = parts.map((part, index) =>
    part === ', then ' && parts[index + 1] instanceof OwnCommand ? underNext : part,
  )
  return `  ${nextWord} ${sayHint(lines, caller)}`
}

/** A command that comes after the first stands on a line of its own, so that each can be pasted. */
const underNext = `\n${' '.repeat(nextWord.length + 3)}`

/** One word of a shell. What is not seen or would be obeyed is written as its bytes, so that what is pasted is what was meant. */
export function quoted(word: string): string {
  if (/^[\w@%+=:,./-]+$/.test(word)) return word
  if (!/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\p{DI}]/u.test(word)) return `'${word.replaceAll("'", `'\\''`)}'`
  const letters = [...word].map(letter => {
    if (letter === "'" || letter === '\\') return `\\${letter}`
    if (!/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\p{DI}]/u.test(letter)) return letter
    return [...Buffer.from(letter)].map(byte => `\\${byte.toString(8).padStart(3, '0')}`).join('')
  })
  return `$'${letters.join('')}'`
}
