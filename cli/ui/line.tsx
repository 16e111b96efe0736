/** One row of the screen: cut, never wrapped. With ASCII it is cut without an ellipsis, which is not ASCII. */
import {Box} from 'ink'
import type {ReactNode} from 'react'
import type {Look} from './look.ts'
import {Text} from './text.tsx'

export function Line({look, children}: {look: Look; children: ReactNode}) {
  return (
    <Box height={1} flexShrink={0} overflow="hidden">
      <Text wrap={look.ascii ? 'hard' : 'truncate-end'}>{children}</Text>
    </Box>
  )
}
