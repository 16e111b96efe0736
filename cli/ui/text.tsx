/** The only way to words on the screen. Ink passes on what a terminal obeys; nothing of a run's may be that. */
import {Text as InkText, type TextProps} from 'ink'
import type {ReactNode} from 'react'
import {inert} from '../../lab/inside/start.ts'

export function Text({children, ...look}: TextProps) {
  return <InkText {...look}>{shown(children)}</InkText>
}

function shown(children: ReactNode): ReactNode {
  if (typeof children === 'string') return inert(children)
  return Array.isArray(children) ? children.map(shown) : children
}
