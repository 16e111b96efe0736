/** Prose is broken between words, so that no terminal breaks it inside one; what is to be pasted is not broken. */

import {Help, type HelpConfiguration} from 'commander'

/** Narrower than this a help's second column is put below its first. */
const leastColumn = 30

/** Of this terminal; what is read elsewhere is not broken into lines. */
export function columns(stream: NodeJS.WriteStream = process.stderr): number {
  return Math.max(40, stream.columns ?? Number.POSITIVE_INFINITY)
}

/** @param hang what the second and the following lines begin with. A part in backticks stays in one piece where it fits. */
export function wrapWords(text: string, width: number, hang = ''): string[] {
  if (text.length <= width) return [text]
  const room = width - hang.length
  const words = (text.match(/`[^`]*`\S*|\S+/g) ?? []).flatMap(word => (word.length > room ? word.split(' ') : [word]))
  const [indent = ''] = /^ */.exec(text) ?? []
  const lines: string[] = []
  let line = indent
  for (const word of words) {
    const isFirst = line.trim() === ''
    if (!isFirst && line.length + 1 + word.length > width) {
      lines.push(line)
      line = `${hang}${word}`
    } else line = isFirst ? `${line}${word}` : `${line} ${word}`
  }
  return [...lines, line]
}

/** A help of any width from 40 columns on. */
export const helpLayout: HelpConfiguration = {
  sortSubcommands: false,
  minWidthToWrap: 1,
  /** A line that begins with blanks is an example. */
  boxWrap: (text: string, width: number) =>
    text
      .split('\n')
      .flatMap(line => (line.startsWith(' ') ? [line] : wrapWords(line, width)))
      .join('\n'),
  commandUsage(command) {
    const usage = Help.prototype.commandUsage.call(this as Help, command)
    return wrapWords(usage, (this.helpWidth ?? 80) - 'Usage: '.length).join('\n       ')
  },
  formatItem(term, termWidth, description, helper) {
    const width = this.helpWidth ?? 80
    if (description === '' || width - termWidth - 4 >= leastColumn)
      return Help.prototype.formatItem.call(helper, term, termWidth, description, helper)
    const below = wrapWords(description, width - 6).map(line => `      ${line}`)
    return [`  ${term}`, ...below].join('\n')
  },
}
