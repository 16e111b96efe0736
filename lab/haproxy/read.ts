/** haproxy.cfg as HAProxy splits it: sections of lines of words, with quotes, escapes and comments as its manual has them (2.2). */
import {type Place, refuse, type Word} from '../words/place.ts'

export interface HaproxyLine {
  readonly words: readonly Word[]
  readonly place: Place
}

export interface HaproxySection {
  /** `global`, `defaults`, `listen` ... */
  readonly type: string
  readonly name: string
  /** `defaults` from which it takes what it does not say itself; by default the last ones above. */
  readonly from: string | undefined
  readonly place: Place
  readonly lines: readonly HaproxyLine[]
}

export interface HaproxyFile {
  readonly kind: 'haproxy'
  readonly file: string
  readonly sections: readonly HaproxySection[]
  /** Lines before the first section, where HAProxy takes none. */
  readonly strays: readonly HaproxyLine[]
  /** `.if`: not all of its sections are read. */
  readonly hasConditions: boolean
  /** Where the last line ends, when it ends without a line break. */
  readonly unfinished: Place | undefined
}

export const sectionTypes: ReadonlySet<string> = new Set([
  ...[
    'global',
    'defaults',
    'frontend',
    'backend',
    'listen',
    'resolvers',
    'peers',
    'mailers',
    'userlist',
    'program',
    'ring',
  ],
  ...['cache', 'http-errors', 'log-forward', 'log-profile', 'fcgi-app', 'crt-store', 'traces', 'acme'],
])

export function readHaproxy(file: string, text: string): HaproxyFile {
  const sections: (HaproxySection & {lines: HaproxyLine[]})[] = []
  const strays: HaproxyLine[] = []
  let hasConditions = false
  const written = text.split('\n')
  for (const [index, line] of written.entries()) {
    const words = wordsOf(line, {file, line: index + 1, column: 1})
    const [first, second] = words
    if (first === undefined) continue
    if (/^\.(if|elif|else)$/.test(first.text)) hasConditions = true
    if (sectionTypes.has(first.text)) {
      const from = words.findIndex(word => word.text === 'from')
      const name = from === 1 ? '' : (second?.text ?? '')
      sections.push({
        type: first.text,
        name,
        from: from > 0 ? words[from + 1]?.text : undefined,
        place: first.place,
        lines: [],
      })
    } else if (sections.length > 0) sections.at(-1)?.lines.push({words, place: first.place})
    else if (!first.text.startsWith('.')) strays.push({words, place: first.place})
  }
  const last = written.at(-1) ?? ''
  const unfinished = last.trim() === '' ? undefined : {file, line: written.length, column: last.length + 1}
  return {kind: 'haproxy', file, sections, strays, hasConditions, unfinished}
}

const escapes: Readonly<Record<string, string>> = {n: '\n', r: '\r', t: '\t'}

/** A quote that is not closed ends the file: HAProxy has no text of several lines. */
function wordsOf(line: string, begin: Place): readonly Word[] {
  const words: Word[] = []
  let text: string | undefined
  let start = 0
  let quote = ''
  const end = () => {
    if (text !== undefined) words.push({text, place: {...begin, column: start + 1}})
    text = undefined
  }
  for (let at = 0; at < line.length; at++) {
    const char = line[at] ?? ''
    if (quote === '' && /\s/.test(char)) end()
    else if (quote === '' && char === '#') break
    else {
      if (text === undefined) start = at
      text ??= ''
      if (char === '\\' && quote !== "'") {
        at++
        const escaped = line[at] ?? ''
        text += escapes[escaped] ?? escaped
      } else if (quote === char) quote = ''
      else if (quote === '' && (char === '"' || char === "'")) quote = char
      else text += char
    }
  }
  if (quote !== '') refuse('file/cut-off', {...begin, column: start + 1}, ': a quote is not closed on its line')
  end()
  return words
}

/** Milliseconds of `3s`, `500ms`, `2000`; a bare number means milliseconds. What stands behind a unit HAProxy passes over (tools.c). */
export function haproxyTime(written: string): number | undefined {
  const [, amount = '', unit = 'ms'] = /^(\d{1,12})(?:$|(us|ms|s|m|h|d))/.exec(written) ?? []
  const factor = {us: 0.001, ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000}[unit]
  return amount === '' || factor === undefined ? undefined : Number(amount) * factor
}
