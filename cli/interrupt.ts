/**
 * Ctrl-C, SIGTERM and SIGHUP: the first asks the work to end well, the second says what would be left, the third leaves. A child
 * of a suite whose parent has gone does what SIGTERM asks.
 */
import {LabError} from '../lab/inside/start.ts'
import {tell} from './output.ts'

/** 128 + the signal's number, as shells have it. */
const exits = {SIGINT: 130, SIGTERM: 143, SIGHUP: 129} as const

export interface Interrupt extends Disposable {
  readonly signal: AbortSignal
  /** What Ctrl-C does when the terminal is in raw mode and delivers it as a key. */
  press(): void
  /** The exit code the signal asks for; undefined while there was none. */
  code(): number | undefined
}

/** What the first signal of this process has asked for. */
let asked: number | undefined

/** The exit code that a signal has asked for, whichever command was under way; undefined while there was none. */
export function interruptCode(): number | undefined {
  return asked
}

export function onInterrupt(says: {readonly first: string; readonly second: string}): Interrupt {
  const controller = new AbortController()
  let presses = 0
  let code: number | undefined
  const press = (exit = 130) => {
    presses++
    code ??= exit
    asked ??= exit
    if (presses === 1) {
      tell(`\n${says.first}\n`)
      controller.abort(new LabError('interrupted', 'interrupted'))
    } else if (presses === 2) tell(`\n${says.second}\n`)
    else process.exit(code)
  }
  const handlers = Object.entries(exits).map(([signal, exit]) => ({signal, handler: () => press(exit)}))
  for (const {signal, handler} of handlers) process.on(signal, handler)
  // The channel breaks with the parent, however that died.
  const orphaned = () => press(exits.SIGTERM)
  process.on('disconnect', orphaned)
  if (process.connected === false) orphaned() // it was gone before anybody listened
  return {
    signal: controller.signal,
    press: () => press(130),
    code: () => code,
    [Symbol.dispose]() {
      for (const {signal, handler} of handlers) process.off(signal, handler)
      process.off('disconnect', orphaned)
    },
  }
}
