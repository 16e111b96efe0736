/**
 * The next step, as a value: commands that can be pasted into a shell, each on a line of its own, and the words that lead to them,
 * apart from those. How the program was called, and which lab it takes when none is named, is known to the command line alone; a
 * library's caller reads plain `pgha-lab`.
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
  readonly #as: string

  constructor(words: readonly string[], lab?: string, as = '') {
    this.#words = words
    this.#lab = lab
    this.#as = as
  }

  /** With `sudo` before it. */
  asRoot(): OwnCommand {
    return new OwnCommand(this.#words, this.#lab, 'sudo ')
  }

  /** On one engine, whatever is in use. @param name a Docker context, or an address as DOCKER_HOST has it. */
  onEngine(name: string): OwnCommand {
    // A DOCKER_HOST that is set wins over any context.
    const by = name.includes('://') ? `DOCKER_HOST=${quoted(name)}` : `DOCKER_HOST= DOCKER_CONTEXT=${quoted(name)}`
    return new OwnCommand(this.#words, this.#lab, `${by} ${this.#as}`)
  }

  /** Quoted for sh; --name stands where the caller's own lab is another. */
  says(caller: Caller): string {
    return this.words(caller).join(' ')
  }

  /** The same word by word: the program, which may be several words, first. */
  words(caller: Caller): readonly string[] {
    return [this.#as + caller.program, ...this.unquoted(caller).map(quoted)]
  }

  /** Behind the program, as the program reads them. */
  unquoted({lab}: Caller): readonly string[] {
    const name = this.#lab === undefined || this.#lab === lab ? [] : ['--name', this.#lab]
    // What comes after -- is not for us to read.
    const end = this.#words.includes('--') ? this.#words.indexOf('--') : this.#words.length
    return [...this.#words.slice(0, end), ...name, ...this.#words.slice(end)]
  }

  toString(): string {
    return this.says(anyCaller)
  }

  /** What it is made of again. */
  get parts(): readonly [words: readonly string[], lab: string | null, as: string] {
    return [this.#words, this.#lab ?? null, this.#as]
  }
}

/** A command of another program, as it is typed. */
export class ShellCommand {
  readonly #text: string

  constructor(text: string) {
    this.#text = text
  }

  says(): string {
    return this.#text
  }
}

/** A next step in a file: a line that is a list is a command of ours, one in an object one of another program. */
export type WrittenHint = readonly (string | OwnCommand['parts'] | {readonly shell: string})[]

export function writtenHint(hint: Hint): WrittenHint {
  return linesOf(hint).map(line =>
    typeof line === 'string' ? line : line instanceof OwnCommand ? line.parts : {shell: line.says()},
  )
}

export function readHint(written: WrittenHint): Hint {
  return new Steps(
    written.map(line => {
      if (typeof line === 'string') return line
      if ('shell' in line) return new ShellCommand(line.shell)
      const [words, lab, as] = line
      return new OwnCommand(words, lab ?? undefined, as)
    }),
  )
}

/** A command stands on a line of its own; a text is words for a person. */
export type HintLine = string | OwnCommand | ShellCommand

export class Steps {
  readonly lines: readonly HintLine[]

  constructor(lines: readonly HintLine[]) {
    this.lines = lines
  }
}

export type Hint = HintLine | Steps

/** ownCommand('chaos', file) */
export function ownCommand(...words: readonly string[]): OwnCommand {
  return new OwnCommand(words)
}

/** onLab('second', 'down'): `pgha-lab down --name second` */
export function onLab(lab: string, ...words: readonly string[]): OwnCommand {
  return new OwnCommand(words, lab)
}

/** shell('docker version') */
export function shell(text: string): ShellCommand {
  return new ShellCommand(text)
}

/** next`to go on: ${onLab(lab, 'up')} to remove it: ${onLab(lab, 'down')}`: two commands, each under the words that lead to it. */
export function next(parts: TemplateStringsArray, ...values: readonly (number | Hint)[]): Steps {
  const lines: HintLine[] = []
  let words = ''
  const end = () => {
    if (words.trim() !== '') lines.push(words.trim())
    words = ''
  }
  for (const [index, part] of parts.entries()) {
    words += part
    const value = values[index]
    if (value === undefined) continue
    if (typeof value === 'string' || typeof value === 'number') words += value
    else {
      end()
      lines.push(...linesOf(value))
    }
  }
  end()
  return new Steps(lines)
}

export function linesOf(hint: Hint): readonly HintLine[] {
  return hint instanceof Steps ? hint.lines : [hint]
}

/** As they are printed, one below the other. */
export function sayLines(hint: Hint, caller: Caller = anyCaller): readonly string[] {
  return linesOf(hint).map(line => (typeof line === 'string' ? line : line.says(caller)))
}

/** The same as one text. */
export function sayHint(hint: Hint, caller: Caller = anyCaller): string {
  return sayLines(hint, caller).join('\n')
}

/** The commands of ours in it, in order. */
export function commandsIn(hint: Hint): readonly OwnCommand[] {
  return linesOf(hint).filter(line => line instanceof OwnCommand)
}

/** What stands before a next step, wherever one is printed: no other word does. */
export const nextWord = 'next:'

/** The lines under a sentence. */
export function nextLine(hint: Hint, caller: Caller = anyCaller): string {
  return labelled(nextWord, sayLines(hint, caller))
}

/** Below each other behind a word that stands at the first. */
export function labelled(label: string, lines: readonly string[], indent = '  '): string {
  return lines.map((line, index) => `${indent}${(index === 0 ? label : '').padEnd(label.length)} ${line}`).join('\n')
}

/** After a disk of the engine's was full. */
export const whatFillsIt: Hint = next`to see what fills it: ${shell('docker system df')}`

/** What another lab may be called: beside this one. */
export function beside(lab: string): string {
  return `${lab.slice(0, longestLab - 2)}-2`
}

/** A lab's name has no more letters than this (`nameRules`). */
const longestLab = 31

/** Words with commands in them, which are no next step: `once more leaves at once; `pgha-lab heal` mends it`. */
export type Sentence = readonly (string | OwnCommand)[]

/** sentence`leaves at once; \`${onLab(lab, 'heal')}\` mends it` */
export function sentence(parts: TemplateStringsArray, ...values: readonly (string | OwnCommand)[]): Sentence {
  return parts.flatMap((part, index) => (values[index] === undefined ? [part] : [part, values[index]]))
}

export function saySentence(words: Sentence, caller: Caller = anyCaller): string {
  return words.map(part => (typeof part === 'string' ? part : part.says(caller))).join('')
}

/**
 * One word of any POSIX shell (dash knows no `$'...'`). What is not seen or would be obeyed is written as its bytes, which printf(1)
 * makes of octal numbers, so that what is pasted is what was meant (but for line breaks at its end, which a shell takes away).
 */
export function quoted(word: string): string {
  if (/^[\w@%+=:,./-]+$/.test(word)) return word
  if (!/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\p{DI}]/u.test(word)) return `'${word.replaceAll("'", `'\\''`)}'`
  const letters = [...word].map(letter => {
    if (letter === '%') return '%%'
    if (/[\w@+=:,./ ()[\]{}]/.test(letter)) return letter
    return [...Buffer.from(letter)].map(byte => `\\${byte.toString(8).padStart(3, '0')}`).join('')
  })
  return `"$(printf '${letters.join('')}')"`
}
