/** The newest notable lines, oldest first, in as many rows as there are. */

import {Line} from './line.tsx'
import {type Look, words} from './look.ts'
import type {NotableLine} from './notable.ts'
import {Text} from './text.tsx'
import {bad} from './theme.ts'

export function Log({look, lines, rows}: {look: Look; lines: readonly NotableLine[]; rows: number}) {
  return lines
    .slice(lines.length - Math.min(rows, lines.length))
    .map(line => <LogLine key={line.nth} look={look} line={line} />)
}

export function LogLine({look, line}: {look: Look; line: NotableLine}) {
  const paint = line.tone === 'bad' ? bad : {}
  return (
    <Line look={look}>
      <Text dimColor>{`${(line.at / 1_000_000).toFixed(2)} `.padStart(8)}</Text>
      <Text {...paint}>{words(look, line.says)}</Text>
    </Line>
  )
}
