/** The palette of `watch`, and the fault that was chosen in it before it is done. */
import {Box} from 'ink'
import {wrapWords} from '../wrap.ts'
import {Line} from './line.tsx'
import {type Look, laidOut, words} from './look.ts'
import {found, type PaletteEntry} from './palette.ts'
import {Mark} from './steps.tsx'
import {Text} from './text.tsx'
import {bad} from './theme.ts'
import type {Preview, WatchState} from './watch-state.ts'

interface PaletteProps {
  readonly look: Look
  readonly entries: readonly PaletteEntry[]
  readonly state: WatchState
  readonly columns: number
  readonly rows: number
}

/** The line that is typed, and an empty one. */
const besideList = 2
/** What the chosen one is about, whole where so many rows do. As many are kept for all, so that the list stays where it is. */
const mostAbout = 4

function aboutOf(entry: PaletteEntry | undefined, look: Look, columns: number): string[] {
  return wrapWords(words(look, entry?.about ?? ''), columns).slice(0, mostAbout)
}

export function Palette({look, entries, state, columns, rows}: PaletteProps) {
  const fits = found(entries, state.query)
  const aboutRows = Math.max(1, ...fits.map(one => aboutOf(one, look, columns - 2).length))
  const room = Math.max(1, rows - besideList - aboutRows)
  const from = Math.max(0, Math.min(state.chosen - Math.floor(room / 2), fits.length - room))
  const chosen = fits[state.chosen]
  return (
    <Box flexDirection="column" width={columns} paddingX={1}>
      <Line look={look}>
        <Text bold>/ {words(look, state.query)}_</Text>
        <Text dimColor>
          {'   '}
          {fits.length} of {entries.length}
        </Text>
      </Line>
      <Box flexDirection="column" height={room} overflow="hidden">
        {fits.slice(from, from + room).map((entry, offset) => {
          const isChosen = from + offset === state.chosen
          return (
            <Line key={entry.label} look={look}>
              <Text bold={isChosen} inverse={isChosen}>
                {isChosen ? '> ' : '  '}
                {words(look, entry.label)}
              </Text>
            </Line>
          )
        })}
        {fits.length === 0 && (
          <Line look={look}>
            <Text dimColor>
              nothing in the list has these letters; enter asks what it would hit: {words(look, state.query)}
            </Text>
          </Line>
        )}
      </Box>
      <Line look={look}> </Line>
      {aboutOf(chosen, look, columns - 2).map(line => (
        <Line key={line} look={look}>
          <Text dimColor>{line}</Text>
        </Line>
      ))}
    </Box>
  )
}

interface ChosenProps {
  readonly look: Look
  readonly preview: Preview
  readonly spin: number
  readonly columns: number
}

export function Chosen({look, preview, spin, columns}: ChosenProps) {
  // Whole, in as many rows as it takes: it is what somebody decides by.
  const rows = (preview.lines ?? []).flatMap((line, index) =>
    (preview.refused ? [words(look, line)] : underTheirNames(laidOut(look, line), columns - 2)).map(text => ({
      text,
      index,
    })),
  )
  return (
    <Box flexDirection="column" paddingX={1}>
      {preview.lines === null ? (
        <Line look={look}>
          <Mark look={look} state="running" spin={spin} /> {words(look, preview.words.join(' '))}
        </Line>
      ) : (
        rows.map(({text, index}) => (
          <Text key={`${index} ${text}`} bold={index === 0} {...(preview.refused ? bad : {})} wrap="wrap">
            {text}
          </Text>
        ))
      )}
    </Box>
  )
}

/** What goes on stands below what it goes on from, and not below the name before that. */
function underTheirNames(line: string, columns: number): string[] {
  const [name = ''] = /^ +\S+ +|^/.exec(line) ?? []
  return wrapWords(line, columns, ' '.repeat(name.length))
}
