/** The `?` pages of a screen: its keys, and the signs and words of all screens, from the tables that docs/watch.md is made of. */
import {Box} from 'ink'
import {wrapped} from '../../lab/inside/reading.ts'
import {signsExplained, wordsExplained} from './glossary.ts'
import type {KeyBinding} from './keys.ts'
import {Line} from './line.tsx'
import type {Look, Signs} from './look.ts'
import {Text} from './text.tsx'

type Bindings = readonly KeyBinding[]

interface Props {
  readonly look: Look
  readonly bindings: Bindings
  readonly columns: number
  readonly rows: number
  /** From 1. */
  readonly page: number
}

/** Its longest line stands whole in so many columns. */
const columnsOfOne = 86
/** The longest word and a blank. */
const columnsOfName = 8

interface Row {
  readonly name: string
  readonly says: string
}
const blank: Row = {name: '', says: ''}

/** Keys first and then words, each group on pages of its own where there is no room for both. */
export function helpPages(bindings: Bindings, columns: number, rows: number): number {
  if (isBeside(bindings, columns, rows)) return 1
  const groups = groupsOf(bindings, columns - 2, name => name)
  return pagesOf(groups, rows).length
}

export function Help({look, bindings, columns, rows, page}: Props) {
  const signed = (sign: keyof Signs) => look.signs[sign]
  if (isBeside(bindings, columns, rows)) {
    const {keys, words} = groupsOf(bindings, columnsOfOne, signed)
    return (
      <Box paddingX={1}>
        <Rows look={look} rows={keys} columns={columnsOfOne} />
        <Rows look={look} rows={words} columns={columns - columnsOfOne - 2} />
      </Box>
    )
  }
  const pages = pagesOf(groupsOf(bindings, columns - 2, signed), rows)
  return (
    <Box paddingX={1}>
      <Rows look={look} rows={pages[page - 1] ?? []} columns={columns - 2} />
    </Box>
  )
}

function isBeside(bindings: Bindings, columns: number, rows: number): boolean {
  if (columns < 2 * columnsOfOne) return false
  const {keys, words} = groupsOf(bindings, columnsOfOne, name => name)
  return Math.max(keys.length, words.length) <= rows
}

interface Groups {
  readonly keys: readonly Row[]
  readonly words: readonly Row[]
}

/** Each explanation in as many rows as it takes. */
function groupsOf(bindings: Bindings, columns: number, signed: (sign: keyof Signs) => string): Groups {
  const rowsOf = (name: string, says: string): Row[] =>
    wrapped(says, columns - columnsOfName).map((line, index) => ({name: index === 0 ? name : '', says: line}))
  return {
    keys: bindings.flatMap(({name, about}) => rowsOf(name, about)),
    words: [...signsExplained, ...wordsExplained].flatMap(({sign, word, means}) =>
      rowsOf(sign === undefined ? (word ?? '') : signed(sign), means),
    ),
  }
}

function pagesOf({keys, words}: Groups, rows: number): readonly (readonly Row[])[] {
  if (keys.length + 1 + words.length <= rows) return [[...keys, blank, ...words]]
  return [keys, words].flatMap(group => chunks(group, Math.max(1, rows)))
}

/** What takes several rows stays on one page. */
function chunks(all: readonly Row[], size: number): Row[][] {
  if (all.length === 0) return []
  const whole = all.findLastIndex((row, index) => index <= size && (row.name !== '' || index === 0))
  const end = all.length <= size ? all.length : whole > 0 ? whole : size
  return [all.slice(0, end), ...chunks(all.slice(end), size)]
}

function Rows({look, rows, columns}: {look: Look; rows: readonly Row[]; columns: number}) {
  return (
    <Box flexDirection="column" width={columns} flexShrink={0} overflow="hidden">
      {rows.map(({name, says}, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: a row that goes on has no name of its own, and they never move
        <Line key={index} look={look}>
          <Text bold>{name.padEnd(columnsOfName)}</Text>
          {says}
        </Line>
      ))}
    </Box>
  )
}
