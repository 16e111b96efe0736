/** Draws the screen of `watch`, on the terminal's alternate screen. Reached through `screen.tsx` only. */
import type {Key} from 'ink'
import {useEffect, useRef, useState} from 'react'
import {draw, isInterrupt, type Shown, sizeOf, useKeys} from './draw.tsx'
import {helpPages} from './help.tsx'
import {watchKeys} from './keys.ts'
import {type Terminal, terminal} from './terminal.ts'
import {partsOf} from './watch-parts.ts'
import {around, hostsOf, planOf, type WatchFacts, WatchScreen} from './watch-screen.tsx'
import {type Act, calm, pressed, type WatchState} from './watch-state.ts'

/** How often it looks whether there is something to draw. */
const looksPerSecond = 4

/** What a person has asked of the screen: it outlives the screen, which gives way to a shell and comes back. */
interface Asked {
  state: WatchState
  /** How often Ctrl-C was pressed. */
  presses: number
}

interface WatchOptions {
  /** What is shown now. */
  read(): WatchFacts
  onAct(act: Act): void
  /** Every Ctrl-C, also the second. */
  onInterrupt(): void
}

export function newAsked(): Asked {
  return {state: calm, presses: 0}
}

/** `done` gives the terminal back as it was, without a trace. */
export function showWatch(asked: Asked, options: WatchOptions, on: Terminal = terminal()): Shown {
  const app = () => <WatchApp on={on} asked={asked} {...options} />
  return {done: draw(app, on, {alternate: true}).once(app)}
}

function WatchApp({on, asked, read, onAct, onInterrupt}: WatchOptions & {on: Terminal; asked: Asked}) {
  const {columns, rows} = sizeOf(on)
  const [, redraw] = useState(0)
  const facts = read()
  const spin = useChanges(partsOf(facts, asked.state), () => partsOf(read(), asked.state))
  useKeys(on, (input, key) => {
    if (isInterrupt(input, key)) return onInterrupt()
    const plan = planOf(facts, columns, rows)
    const site = {
      entries: facts.entries,
      panes: hostsOf(facts.view).length + 1,
      page: (plan?.log ?? 2) - 1,
      helpPages: helpPages(watchKeys, columns, rows - 1 - around),
    }
    const [state, act] = pressed(asked.state, {input: nameOf(key) ?? input, ctrl: key.ctrl}, site)
    asked.state = state
    if (act !== null) onAct(act)
    redraw(count => count + 1)
  })
  return <WatchScreen {...facts} look={on.look} columns={columns} rows={rows} state={asked.state} spin={spin} />
}

/**
 * Draws anew once the parts differ from those that were drawn last: to look costs next to nothing, and to draw a hundred times that.
 * @returns a number for signs that turn.
 */
function useChanges(drawn: readonly unknown[], look: () => readonly unknown[]): number {
  const last = useRef(drawn)
  last.current = drawn
  const latest = useRef(look)
  latest.current = look
  const [spin, turn] = useState(0)
  useEffect(() => {
    const timer = setInterval(() => {
      const now = latest.current()
      if (now.length !== last.current.length || now.some((part, index) => part !== last.current[index]))
        turn(count => count + 1)
    }, 1000 / looksPerSecond)
    return () => clearInterval(timer)
  }, [])
  return spin
}

function nameOf(key: Key): string | undefined {
  if (key.upArrow) return 'up'
  if (key.downArrow) return 'down'
  if (key.pageUp) return 'page-up'
  if (key.pageDown) return 'page-down'
  if (key.tab) return 'tab'
  if (key.return) return 'enter'
  if (key.escape) return 'escape'
  return key.backspace || key.delete ? 'backspace' : undefined
}
