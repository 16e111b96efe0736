/** How texts for people lie on a page: its width, its colours, lines that are wrapped or cut, and tables. Pure. */

import type {Verdict} from '../../lab/index.ts'
import {paintedLines} from '../../lab/inside/start.ts'
import {goodSign, letterColors, signs} from './verdict-words.ts'

export interface TextOptions {
  readonly color: boolean
  /** Columns; lines are wrapped to it, tables are not. */
  readonly width: number
  /** No characters beyond ASCII. */
  readonly ascii?: boolean
}

type Paint = (text: string) => string

export interface Style {
  readonly width: number
  readonly symbols: Readonly<Record<Verdict, string>>
  readonly paint: Readonly<Record<Verdict | 'goodSign' | 'bold' | 'dim', Paint>>
}

/** The last step of every text for people. */
export function finished(text: string, {ascii}: Pick<TextOptions, 'ascii'>): string {
  const lines = paintedLines(text)
  return ascii ? lines.replace(/[^\u0000-\u007f]/g, '?') : lines
}

export function styleOf({color, width, ascii}: TextOptions): Style {
  const sgr =
    (code: number): Paint =>
    text =>
      color ? `\u001b[${code}m${text}\u001b[0m` : text
  return {
    width: Math.max(40, width),
    symbols: ascii ? {pass: '+', fail: 'x', unknown: '?'} : signs,
    paint: {
      pass: sgr(letterColors.pass),
      fail: sgr(letterColors.fail),
      unknown: sgr(letterColors.unknown),
      goodSign: sgr(goodSign),
      bold: sgr(1),
      dim: sgr(2),
    },
  }
}

export function paintVerdict(line: string, verdict: Verdict, {paint}: Style): string {
  return verdict === 'pass' ? line.replace(/^\S+/, paint.goodSign) : paint[verdict](line)
}

/** Columns two spaces apart; `right` names those that are set flush right. */
export function align(rows: readonly (readonly string[])[], right: readonly number[]): string[] {
  const widths = (rows[0] ?? []).map((_, column) => rows.reduce((most, row) => Math.max(most, row[column]!.length), 0))
  return rows.map(row =>
    row
      .map((cell, column) => (right.includes(column) ? cell.padStart(widths[column]!) : cell.padEnd(widths[column]!)))
      .join('  ')
      .trimEnd(),
  )
}

export function cut(line: string, width: number): string {
  return line.length > width ? `${line.slice(0, width - 3)}...` : line
}

/** At spaces; a longer word stands on a line of its own. */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = []
  for (const word of text.split(' ')) {
    const last = lines.at(-1)
    if (last !== undefined && last.length + 1 + word.length <= width) lines[lines.length - 1] = `${last} ${word}`
    else lines.push(word)
  }
  return lines
}
