import {setTimeout as sleep} from 'node:timers/promises'
import {afterEach, expect, test, vi} from 'vitest'
import {type Shown, showProgress, showRun} from '../../../cli/ui/draw.tsx'
import type {Event} from '../../../lab/history/event.ts'
import {fakeTerminal} from './fake-terminal.ts'
import {story, storyUntil} from './story.ts'

let shown: Shown | undefined
afterEach(() => shown?.done())

function run(columns: number, rows: number, at = 20) {
  const terminal = fakeTerminal(columns, rows)
  const listeners = new Set<(event: Event) => void>()
  const events = storyUntil(at)
  const history = {
    events,
    subscribe(listener: (event: Event) => void) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
  }
  const onInterrupt = vi.fn()
  const now = vi.fn(() => at * 1_000_000)
  shown = showRun(history, {onInterrupt, now}, terminal.on)
  const press = async (...inputs: string[]) => {
    for (const input of inputs) {
      terminal.keyboard.write(input)
      await sleep(60)
    }
  }
  return {
    ...terminal,
    shown,
    onInterrupt,
    now,
    press,
    listeners,
    tell: (event: Event) => {
      for (const listener of listeners) listener(event)
    },
  }
}

const until = (holds: () => void) => vi.waitFor(holds, {timeout: 3000, interval: 20})

test('what happened before and what happens now are both shown', async () => {
  const {shows, tell} = run(80, 24)
  await until(() => expect(shows()).toContain('NO WRITES for 13.'))
  tell({at: 20_000_000, kind: 'note', says: 'something new'})
  await until(() => expect(shows()).toContain('something new'))
  // A frame that is too tall, or not erased, would leave its head behind.
  expect(shows().match(/lab demo/g)).toHaveLength(1)
})

test('the screen follows a change of size, down to the small table and up again', async () => {
  const {shows, resize} = run(120, 40)
  await until(() => expect(shows()).toMatch(/Members ─+ Clients/))
  resize(50, 12)
  await until(() => expect(shows()).toContain('step 3/7'))
  resize(80, 24)
  await until(() => expect(shows()).toMatch(/Members ─+\n/))
})

test('Ctrl-C interrupts, every time, and the screen stays to show the healing', async () => {
  const {press, onInterrupt, shows} = run(80, 24)
  await press('\u0003')
  expect(onInterrupt).toHaveBeenCalledTimes(1)
  await until(() => expect(shows()).toContain('interrupted: every fault is healed first'))
  await press('\u0003')
  expect(onInterrupt).toHaveBeenCalledTimes(2)
})

test('Ctrl-C is heard among other keys that arrive with it', async () => {
  const {press, onInterrupt} = run(80, 24)
  await press('ll\u0003')
  expect(onInterrupt).toHaveBeenCalled()
})

test('q asks, and only y is a yes', async () => {
  const {press, onInterrupt, shows} = run(80, 24)
  for (const no of ['\r', 'n', 'x', '\u001b']) {
    await press('q')
    await until(() => expect(shows()).toContain('heal and quit? y/N'))
    await press(no)
    await until(() => expect(shows()).not.toContain('heal and quit?'))
  }
  expect(onInterrupt).not.toHaveBeenCalled()
  await press('q', 'y')
  expect(onInterrupt).toHaveBeenCalledTimes(1)
})

test('? shows the keys and hides them again, l hides the log, other keys do nothing', async () => {
  const {press, onInterrupt, shows} = run(80, 24)
  await press('?')
  await until(() => expect(shows()).toContain('show or hide the log lines'))
  await press('?')
  await until(() => expect(shows()).toContain('timeline of PostgreSQL'))
  await press('\u001b')
  await until(() => expect(shows()).toContain('Members'))
  await press('l')
  await until(() => expect(shows()).not.toContain('Log'))
  await press('z', '\u001b[A', '\t', 'y')
  expect(shows()).toContain('Members')
  expect(onInterrupt).not.toHaveBeenCalled()
})

test('done gives the terminal back: cursor, raw mode, listeners; and may be called twice', async () => {
  const {shown, screen, keyboard, listeners, shows} = run(80, 24)
  await until(() => expect(keyboard.isRaw).toBe(true))
  expect(screen.cursorShown).toBe(false)
  const before = process.listenerCount('uncaughtExceptionMonitor')
  await Promise.all([shown.done(), shown.done()])
  expect(screen.cursorShown).toBe(true)
  expect(keyboard.isRaw).toBe(false)
  expect(listeners.size).toBe(0)
  expect(process.listenerCount('uncaughtExceptionMonitor')).toBe(before - 1)
  // The dashboard gives way to the steps, which stay above the report.
  expect(shows()).not.toContain('Members')
  expect(shows()).toContain('1. hold 2 s')
})

test('a crash gives the terminal back before the stack trace is printed', async () => {
  const {screen, keyboard} = run(80, 24)
  await until(() => expect(keyboard.isRaw).toBe(true))
  process.emit('uncaughtExceptionMonitor' as never, new Error('a bug') as never)
  expect(screen.cursorShown).toBe(true)
  expect(keyboard.isRaw).toBe(false)
})

test('a terminal that went away ends the screen, and nothing else; no frame is drawn any more', async () => {
  const {screen, keyboard, shown, onInterrupt, now} = run(80, 24)
  await until(() => expect(keyboard.isRaw).toBe(true))
  screen.emit('error', new Error('EIO'))
  await shown.done()
  const frames = now.mock.calls.length
  await sleep(300)
  expect(now).toHaveBeenCalledTimes(frames)
  expect(onInterrupt).not.toHaveBeenCalled()
})

test('what others write to the terminal goes above the frame, whole lines at a time', async () => {
  const {screen, shows, shown} = run(80, 24)
  await until(() => expect(shows()).toContain('Members'))
  screen.write('a warning ')
  screen.write('of somebody\n')
  await until(() => expect(shows()).toMatch(/^a warning of somebody\nkill-leader/))
  screen.write('not ended')
  await shown.done()
  expect(shows()).toMatch(/not ended$/)
  expect(shows()).toMatch(/^a warning of somebody\n/)
})

test('where stdin is no terminal there are no keys, and the screen works', async () => {
  const terminal = fakeTerminal(80, 24)
  Object.defineProperty(terminal.keyboard, 'isTTY', {value: false})
  shown = showRun({events: story(2), subscribe: () => () => {}}, {onInterrupt() {}, now: () => 41_000_000}, terminal.on)
  await until(() => expect(terminal.shows()).toContain('Members'))
  expect(terminal.keyboard.isRaw).toBe(false)
})

test('finished steps of `up` stay in their order, with what came of them; the running one shows its detail', async () => {
  const terminal = fakeTerminal(80, 24)
  const view = showProgress({}, terminal.on)
  shown = view
  const {progress} = view
  progress({step: 'find Docker', state: 'begin'})
  progress({step: 'find Docker', state: 'done', says: '26.1.5'})
  progress({step: 'build the image', state: 'begin'})
  progress({step: 'build the image', state: 'detail', says: 'apt', fraction: 0.5})
  await until(() => expect(terminal.shows()).toMatch(/✔ find Docker .*\n. build the image .* 50 % {2}apt/))
  progress({step: 'build the image', state: 'failed'})
  await view.done()
  expect(terminal.shows()).toMatch(/^✔ find Docker +\d\.\d s {2}26\.1\.5\n✖ build the image +\d\.\d s failed/)
  expect(terminal.screen.cursorShown).toBe(true)
  expect(terminal.keyboard.isRaw).toBe(false)
})

test('Ctrl-C during `up` reaches the command; other keys are not echoed into the picture', async () => {
  const terminal = fakeTerminal(50, 12)
  const onInterrupt = vi.fn()
  shown = showProgress({onInterrupt}, terminal.on)
  await until(() => expect(terminal.keyboard.isRaw).toBe(true))
  terminal.keyboard.write('x')
  await sleep(50)
  terminal.keyboard.write('\u0003')
  await until(() => expect(onInterrupt).toHaveBeenCalledTimes(1))
})
