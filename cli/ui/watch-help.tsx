/** The `?` pages of `watch`: its keys, its signs and its words, from the tables that docs/watch.md is made of. */
import {Box} from 'ink'
import {type Explained, signsExplained, wordsExplained} from './glossary.ts'
import {watchKeys} from './keys.ts'
import {Line} from './line.tsx'
import type {Look} from './look.ts'
import {Text} from './text.tsx'

interface Props {
  readonly look: Look
  readonly columns: number
  readonly rows: number
  /** From 1. */
  readonly page: number
}

/** Its longest line stands whole in so many columns. */
const columnsOfOne = 86
const explained = [...signsExplained, ...wordsExplained]

/** Keys on the first and words on the second, where there is no room for both. */
export function helpPages(columns: number, rows: number): number {
  return columns >= 2 * columnsOfOne || rows >= watchKeys.length + explained.length + 1 ? 1 : 2
}

export function WatchHelp({look, columns, rows, page}: Props) {
  const keys = watchKeys.map(({name, about}) => [name, about] as const)
  const words = explained.map(one => [nameOf(look, one), one.means] as const)
  if (helpPages(columns, rows) === 2)
    return (
      <Box paddingX={1}>
        <Rows look={look} rows={page === 1 ? keys : words} columns={columns - 2} />
      </Box>
    )
  const isBeside = columns >= 2 * columnsOfOne
  return (
    <Box flexDirection={isBeside ? 'row' : 'column'} rowGap={1} paddingX={1}>
      <Rows look={look} rows={keys} columns={isBeside ? columnsOfOne : columns - 2} />
      <Rows look={look} rows={words} columns={isBeside ? columns - columnsOfOne - 2 : columns - 2} />
    </Box>
  )
}

function nameOf(look: Look, {sign, word}: Explained): string {
  return sign === undefined ? (word ?? '') : look.signs[sign]
}

function Rows({look, rows, columns}: {look: Look; rows: readonly (readonly [string, string])[]; columns: number}) {
  return (
    <Box flexDirection="column" width={columns} flexShrink={0} overflow="hidden">
      {rows.map(([name, about]) => (
        <Line key={`${name} ${about}`} look={look}>
          <Text bold>{name.padEnd(7)}</Text>
          {about}
        </Line>
      ))}
    </Box>
  )
}
