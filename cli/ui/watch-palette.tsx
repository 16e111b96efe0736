/** The palette of `watch`, and the fault that was chosen in it before it is done. */
import {Box} from 'ink'
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

/** The line that is typed, and what the chosen one is about. */
const besideList = 3

export function Palette({look, entries, state, columns, rows}: PaletteProps) {
  const fits = found(entries, state.query)
  const room = Math.max(1, rows - besideList)
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
            <Text dimColor>nothing has these letters; enter takes them as `break` does: kill host on node2</Text>
          </Line>
        )}
      </Box>
      <Line look={look}> </Line>
      <Line look={look}>
        <Text dimColor>{words(look, chosen?.about ?? '')}</Text>
      </Line>
    </Box>
  )
}

export function Chosen({look, preview, spin}: {look: Look; preview: Preview; spin: number}) {
  return (
    <Box flexDirection="column" paddingX={1}>
      {preview.lines === null ? (
        <Line look={look}>
          <Mark look={look} state="running" spin={spin} /> {words(look, preview.words.join(' '))}
        </Line>
      ) : (
        // Whole, in as many rows as it takes: it is what somebody decides by.
        preview.lines.map((line, index) => (
          <Text key={line} bold={index === 0} {...(preview.refused ? bad : {})} wrap="wrap">
            {preview.refused ? words(look, line) : laidOut(look, line)}
          </Text>
        ))
      )}
    </Box>
  )
}
