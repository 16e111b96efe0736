/** Text that is Markdown already. Everything else is escaped when it is put into a template, so that nobody's words are markup. */
import {printable} from '../../lab/inside/start.ts'

export class Markdown {
  readonly text: string

  constructor(text: string) {
    this.text = text
  }
}

type Value = string | number | Markdown | readonly Value[]

/** md`**${words}**`: words are escaped, Markdown is not, lists are joined. */
export function md(parts: TemplateStringsArray, ...values: readonly Value[]): Markdown {
  return new Markdown(parts.map((part, index) => part + (index < values.length ? said(values[index]!) : '')).join(''))
}

/** Lines below each other. */
export function lines(all: readonly Markdown[], between = '\n'): Markdown {
  return new Markdown(all.map(one => one.text).join(between))
}

/** In a code span nothing is markup but the backtick, and in a table the bar. */
export function code(words: string): Markdown {
  return new Markdown(`\`${printable(words).replaceAll('`', "'").replaceAll('|', '¦')}\``)
}

/** @param right the columns that are set flush right. */
export function table(
  head: readonly string[],
  rows: readonly (readonly Value[])[],
  right: readonly number[] = [],
): Markdown[] {
  const line = (cells: readonly Markdown[]) => md`| ${lines(cells, ' | ')} |`
  return [
    line(head.map(cell => md`${cell}`)),
    line(head.map((_, column) => (right.includes(column) ? md`---:` : md`---`))),
    ...rows.map(row => line(row.map(cell => md`${cell}`))),
  ]
}

function said(value: Value): string {
  if (value instanceof Markdown) return value.text
  if (Array.isArray(value)) return value.map(said).join('')
  return escaped(printable(String(value)))
}

/**
 * A word that GitHub or GitLab would make a link or a mention of, even within escapes: an address, a mail address, a person, an
 * issue, a merge request. It becomes a code span, where neither looks; the rest is escaped letter by letter.
 */
const linking = /@|:\/\/|\bwww\.|\bmailto:|\bxmpp:|[#!$~%&]\w|\bGH-\d/i

function escaped(text: string): string {
  return text
    .split(/([\s`|]+)/)
    .map(word => (linking.test(word) ? code(word).text : letters(word)))
    .join('')
    .replace(/^[-+=](?=[\s=-])|^\d{1,9}(?=[.)]\s)/, start => (/\d/.test(start) ? `${start}\\` : `\\${start}`))
}

/** No tag, no emphasis, no link, no end of a table's cell, no entity, no list and no rule. */
function letters(text: string): string {
  return text
    .replace(/&/g, '&amp;')
    .replace(/[\\`*[\]<>|~#]/g, '\\$&')
    .replace(/(?<![a-z0-9])_|_(?![a-z0-9])/gi, '\\_')
}
