/** A titled part of the screen. A rule instead of a box: it costs one row, and it can be copied and read aloud. */
import {Box} from 'ink'
import type {ReactNode} from 'react'
import {Line} from './line.tsx'
import type {Look} from './look.ts'
import {Text} from './text.tsx'

interface Props {
  readonly look: Look
  readonly title: string
  readonly columns: number
  readonly rows: number
  readonly children: ReactNode
}

/** `rows` counts the title. */
export function Section({look, title, columns, rows, children}: Props) {
  const rest = Math.max(0, columns - title.length - 4)
  return (
    <Box flexDirection="column" width={columns} height={rows} flexShrink={0} overflow="hidden">
      <Line look={look}>
        <Text dimColor>{look.signs.rule.repeat(2)} </Text>
        <Text bold>{title}</Text>
        <Text dimColor> {look.signs.rule.repeat(rest)}</Text>
      </Line>
      <Box flexDirection="column" paddingX={1}>
        {children}
      </Box>
    </Box>
  )
}
