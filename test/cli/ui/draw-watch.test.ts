import {setTimeout as sleep} from 'node:timers/promises'
import {afterEach, expect, test, vi} from 'vitest'
import type {Shown} from '../../../cli/ui/draw.tsx'
import {newAsked, showWatch} from '../../../cli/ui/draw-watch.tsx'
import type {PaletteEntry} from '../../../cli/ui/palette.ts'
import {view} from '../../../cli/ui/view.ts'
import type {WatchFacts} from '../../../cli/ui/watch-screen.tsx'
import type {Act} from '../../../cli/ui/watch-state.ts'
import type {Quorum} from '../../../lab/run/watch.ts'
import {fakeTerminal} from './fake-terminal.ts'
import {storyUntil} from './story.ts'

let shown: Shown | undefined
afterEach(() => shown?.done())

const words = ['kill', 'host', 'on', 'leader']
const entries: readonly PaletteEntry[] = [{does: {do: 'break', words}, label: words.join(' '), about: 'SIGKILL'}]
const seen = view(storyUntil(5))

function watch(columns: number, rows: number) {
  const terminal = fakeTerminal(columns, rows)
  const facts = {
    ...{view: seen, now: 5e6, quorum: null as Quorum | null, other: {holder: null, view: null, now: 0}},
    ...{load: null, logOf: () => [], entries, doing: null as string | null, notice: null as WatchFacts['notice']},
  }
  // Whatever is drawn has signs in it.
  let drawn = 0
  const {signs, ...look} = terminal.on.look
  const on = {
    ...terminal.on,
    look: {
      ...look,
      get signs() {
        drawn++
        return signs
      },
    },
  }
  const written: string[] = []
  const write = terminal.screen.write.bind(terminal.screen)
  terminal.screen.write = ((chunk: string, ...rest: []) => {
    written.push(String(chunk))
    return write(chunk, ...rest)
  }) as typeof terminal.screen.write
  const acts: Act[] = []
  const onInterrupt = vi.fn()
  const asked = newAsked()
  shown = showWatch(
    asked,
    {
      onInterrupt,
      onAct: act => acts.push(act),
      // No time is like another.
      read: () => ({...facts, now: facts.now++}),
    },
    on,
  )
  const press = async (...inputs: string[]) => {
    await until(() => expect(terminal.keyboard.isRaw).toBe(true)) // it listens
    for (const input of inputs) {
      terminal.keyboard.write(input)
      await sleep(120)
    }
  }
  return {...terminal, shown, acts, asked, onInterrupt, press, written, facts, drawn: () => drawn}
}

const until = (holds: () => void) => vi.waitFor(holds, {timeout: 5000, interval: 30})

test('it is drawn on the alternate screen, and gives the terminal back when it is left', async () => {
  const {shows, shown, written, screen, keyboard} = watch(100, 30)
  await until(() => expect(shows()).toContain('lab demo'))
  expect(written.join('')).toContain('\u001b[?1049h')
  expect(keyboard.isRaw).toBe(true)
  await shown.done()
  expect(written.join('').split('\u001b[?1049l')).toHaveLength(2)
  expect([screen.cursorShown, keyboard.isRaw]).toEqual([true, false])
})

test('letters that come in one piece are typed one by one, and a fault is asked about', async () => {
  const {press, acts, shows} = watch(100, 30)
  await press('/', 'khl')
  await until(() => expect(shows()).toContain('/ khl_'))
  await press('\r')
  await until(() => expect(acts).toHaveLength(1))
  expect(acts).toEqual([{do: 'preview', words}])
})

test('keys without a letter that come in one piece are pressed one by one', async () => {
  const {press, asked, acts} = watch(100, 30)
  await press('\t\t')
  expect(asked.state.pane).toBe(2)
  await press('/killx\u007f\r')
  expect(acts.at(-1)).toEqual({do: 'preview', words})
})

test('q and h are acts, Ctrl-C is an interrupt each time, also while something is typed', async () => {
  const {press, acts, onInterrupt} = watch(100, 30)
  await press('h', 'q', '/', '\u0003', '\u0003')
  await until(() => expect(onInterrupt).toHaveBeenCalledTimes(2))
  expect(acts).toEqual([{do: 'heal'}, {do: 'quit'}])
  expect(onInterrupt).toHaveBeenCalledTimes(2)
})

test('another size is drawn anew, with nothing of the old frame', async () => {
  const {resize, shows} = watch(120, 40)
  await until(() => expect(shows()).toContain('lab demo'))
  for (const [columns, rows] of [
    [80, 24],
    [60, 18],
    [200, 50],
  ] as const) {
    resize(columns, rows)
    await until(() => expect(shows().split('\n').at(-1)).toMatch(/^\? help/))
  }
})

test('what was asked of it outlives the screen', async () => {
  const first = watch(100, 30)
  await first.press('\t', '?')
  await until(() => expect(first.asked.state).toMatchObject({pane: 1, help: 1}))
})

test('what looks as before is not drawn again, and what has changed is, also by a key or by what came of one', async () => {
  const {facts, drawn, shows, press, asked} = watch(100, 30)
  await until(() => expect(shows()).toContain('lab demo'))
  /** Four looks. */
  const rest = () => sleep(1000)
  await rest()
  let before = drawn()
  await rest()
  expect(drawn()).toBe(before)
  facts.quorum = {led: 2, silent: 1, members: 3, needed: 2, isLost: false, alarms: []}
  await until(() => expect(shows()).toContain('2 of 3, 2 needed'))
  facts.now = 6e6
  await until(() => expect(shows()).toContain('0:06'))
  facts.notice = {says: 'healed', tone: 'good'}
  await until(() => expect(shows()).toContain('healed'))
  await press('f', 'x')
  await until(() => expect(shows()).toContain('only x_'))
  asked.state = {...asked.state, typing: null, filter: 'of others'}
  await until(() => expect(shows()).toContain('only of others'))
  await rest()
  before = drawn()
  await rest()
  expect(drawn()).toBe(before)
  facts.doing = 'healing'
  await until(() => expect(shows()).toContain('healing'))
  before = drawn()
  await until(() => expect(drawn()).toBeGreaterThan(before + 10)) // its sign turns
})
