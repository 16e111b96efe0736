/** Draws the screens with Ink. Reached through `screen.tsx` only, which loads it with the right settings. */
import {type Key, render, useAnimation, useInput, useStdout} from 'ink'
import {type ReactNode, useEffect, useState} from 'react'
import type {Event, Micros, Progress} from '../../lab/index.ts'
import {type Above, divert} from './above.ts'
import {actionOf, jumpSeconds, type KeyBinding, keys, replayKeys, stepKeys} from './keys.ts'
import type {Player} from './player.ts'
import {ProgressScreen, type ProgressStep} from './progress-screen.tsx'
import {RunScreen, runHelpPages} from './run-screen.tsx'
import {type Terminal, terminal} from './terminal.ts'
import {emptyView, fold, type View} from './view.ts'

const framesPerSecond = 10

export interface Shown {
  /**
   * Draws the last frame and gives the terminal back (cursor, raw mode). May be called twice.
   * Rejects with what went wrong in a component, which is a bug of ours.
   */
  done(): Promise<void>
}

interface ProgressOptions {
  /** Ctrl-C. By default the signal SIGINT to this process alone, which is what the terminal would have sent. */
  readonly onInterrupt?: () => void
}

/** The steps of `up`. */
export function showProgress(options: ProgressOptions = {}, on: Terminal = terminal()): Shown & {progress: Progress} {
  const onInterrupt = options.onInterrupt ?? (() => process.kill(process.pid, 'SIGINT'))
  const running = new Map<string, ProgressStep>()
  let finished: readonly ProgressStep[] = []
  const progress: Progress = ({step, state, says, fraction}) => {
    const nowMs = performance.now()
    const fresh: ProgressStep = {
      name: step,
      state: 'running',
      says: null,
      fraction: null,
      beganMs: nowMs,
      endedMs: null,
    }
    const known = running.get(step) ?? fresh
    if (state === 'begin') running.set(step, fresh)
    else if (state === 'detail') running.set(step, {...known, says: says ?? known.says, fraction: fraction ?? null})
    else {
      running.delete(step)
      finished = [...finished, {...known, state, says: says ?? null, endedMs: nowMs}]
    }
  }
  const app = () => (
    <ProgressApp on={on} onInterrupt={onInterrupt} read={() => ({finished, running: [...running.values()]})} />
  )
  const shown = draw(app, on)
  return {
    progress,
    done: shown.once(() => {
      // A step that nobody ended is not told as finished: what went wrong is the command's to say.
      running.clear()
      return app()
    }),
  }
}

interface RunOptions {
  /** Ctrl-C, or `q` and yes. Called for every Ctrl-C, also the second. */
  onInterrupt(): void
  /** Micros since the run began: the recorder's clock. */
  now(): Micros
  /** Of `--step`: what it waits before (null: it does not wait), and how it goes on. */
  readonly pause?: {readonly says: string | null; goOn(): void} | undefined
}

/** A run of `chaos` as it is played. */
export function showRun(
  history: {readonly events: readonly Event[]; subscribe(listener: (event: Event) => void): () => void},
  {onInterrupt, now, pause}: RunOptions,
  on: Terminal = terminal(),
): Shown {
  let view: View = emptyView
  for (const event of history.events) view = fold(view, event)
  const unsubscribe = history.subscribe(event => {
    view = fold(view, event)
  })
  const app = (finished: boolean) => (
    <RunApp on={on} onInterrupt={onInterrupt} now={now} read={() => view} finished={finished} pause={pause} />
  )
  const shown = draw(() => app(false), on)
  return {
    done: shown.once(() => {
      unsubscribe()
      return app(true)
    }),
  }
}

interface ReplayOptions {
  /** `q` or Ctrl-C. */
  onQuit(): void
}

/** A recorded run, played on the screen of `chaos`. */
export function showReplay(player: Player, {onQuit}: ReplayOptions, on: Terminal = terminal()): Shown {
  const app = (finished: boolean) => <ReplayApp on={on} player={player} onQuit={onQuit} finished={finished} />
  const shown = draw(() => app(false), on)
  return {
    done: shown.once(() => {
      // What stays on the terminal tells of the whole run, wherever it was left.
      player.seek(Number.POSITIVE_INFINITY)
      return app(true)
    }),
  }
}

interface ProgressAppProps {
  readonly on: Terminal
  onInterrupt(): void
  read(): {finished: readonly ProgressStep[]; running: readonly ProgressStep[]}
}

function ProgressApp({on, onInterrupt, read}: ProgressAppProps) {
  const {columns, rows} = sizeOf(on)
  const spin = useFrames()
  useKeys(on, (input, key) => {
    if (isInterrupt(input, key)) onInterrupt()
  })
  return (
    <ProgressScreen {...read()} look={on.look} nowMs={performance.now()} columns={columns} rows={rows} spin={spin} />
  )
}

interface RunAppProps extends RunOptions {
  readonly on: Terminal
  readonly finished: boolean
  read(): View
}

function RunApp({on, onInterrupt, now, read, finished, pause}: RunAppProps) {
  const {columns, rows} = sizeOf(on)
  const spin = useFrames()
  const mode = {...useMode(on, onInterrupt, pause), finished, paused: pause?.says ?? null}
  const bindings = pause === undefined ? keys : stepKeys
  return <RunScreen {...{look: on.look, view: read(), now: now(), columns, rows, spin, mode, bindings}} />
}

interface ReplayAppProps extends ReplayOptions {
  readonly on: Terminal
  readonly player: Player
  readonly finished: boolean
}

function ReplayApp({on, player, onQuit, finished}: ReplayAppProps) {
  const {columns, rows} = sizeOf(on)
  const spin = useFrames()
  const [page, setPage] = useState({help: 0, log: true})
  useKeys(on, (input, key) => {
    if (isInterrupt(input, key)) return onQuit()
    if (key.escape) return setPage(so => ({...so, help: 0}))
    switch (actionOf(arrowOf(key) ?? input, key.ctrl, replayKeys)) {
      case 'pause':
        return player.toggle()
      case 'back':
        return player.seek(-jumpSeconds * 1_000_000)
      case 'forward':
        return player.seek(jumpSeconds * 1_000_000)
      case 'next':
      case 'previous':
        return player.jump(actionOf(input, key.ctrl, replayKeys) === 'next' ? 'next' : 'previous')
      case 'faster':
        return player.accelerate(2)
      case 'slower':
        return player.accelerate(1 / 2)
      case 'help':
        return setPage(so => ({...so, help: nextPage(so.help, on, replayKeys)}))
      case 'log':
        return setPage(so => ({...so, log: !so.log}))
      case 'quit':
        return onQuit()
      default:
        return
    }
  })
  const now = player.now()
  return (
    <RunScreen
      look={on.look}
      view={player.view(now)}
      now={now}
      columns={columns}
      rows={rows}
      spin={spin}
      mode={{...page, asking: false, interrupted: false, finished}}
      bindings={replayKeys}
      playing={player.says()}
    />
  )
}

function arrowOf(key: Key): string | undefined {
  if (key.leftArrow) return 'left'
  if (key.rightArrow) return 'right'
  if (key.upArrow) return 'up'
  return key.downArrow ? 'down' : undefined
}

/** Of the help; 0: behind its last page it is left. */
function nextPage(page: number, on: Terminal, bindings: readonly KeyBinding[]): number {
  const {columns, rows} = sizeOf(on)
  return page >= runHelpPages(bindings, columns, rows) ? 0 : page + 1
}

function useMode(on: Terminal, onInterrupt: () => void, pause: RunOptions['pause']) {
  const [mode, setMode] = useState({help: 0, log: true, asking: false, interrupted: false})
  const interrupt = () => {
    setMode(so => ({...so, asking: false, help: 0, interrupted: true}))
    onInterrupt()
  }
  const bindings = pause === undefined ? keys : stepKeys
  useKeys(on, (input, key) => {
    if (isInterrupt(input, key)) return interrupt()
    if (mode.asking) return /^y$/i.test(input) ? interrupt() : setMode(so => ({...so, asking: false}))
    if (key.escape) return setMode(so => ({...so, help: 0}))
    switch (actionOf(key.return ? ' ' : input, key.ctrl, bindings)) {
      case 'go-on':
        return pause?.goOn()
      case 'help':
        return setMode(so => ({...so, help: nextPage(so.help, on, bindings)}))
      case 'log':
        return setMode(so => ({...so, log: !so.log}))
      case 'quit':
        return setMode(so => ({...so, asking: !so.interrupted}))
      default:
        return
    }
  })
  return mode
}

/** Some terminals say 0. */
export function sizeOf({stdout}: Terminal): {columns: number; rows: number} {
  return {columns: stdout.columns || 80, rows: stdout.rows || 24}
}

/** Ten times a second. What changes is read when the frame is drawn, however many events came in between. */
function useFrames(): number {
  return useAnimation({interval: 1000 / framesPerSecond}).frame
}

/** In raw mode nothing typed is echoed into the picture. Without a keyboard (stdin is a file) there are no keys. */
export function useKeys(on: Terminal, handle: (input: string, key: Key) => void): void {
  const each = (input: string, key: Key) => {
    for (const one of oneByOne(input, key)) handle(...one)
  }
  useInput(each, {isActive: on.stdin.isTTY === true})
}

/** Hasty keys come in one piece, without what Ink says of each alone. */
function oneByOne(input: string, key: Key): readonly (readonly [input: string, key: Key])[] {
  const letters = [...input]
  if (letters.length < 2 || isInterrupt(input, key)) return [[input, key]]
  return letters.map(letter => [letter, {...key, ...named[letter]}])
}

const named: Readonly<Record<string, Partial<Key>>> = {
  '\t': {tab: true},
  '\r': {return: true},
  '\n': {return: true},
  '\u001b': {escape: true},
  '\u007f': {backspace: true},
}

/** A hasty person's Ctrl-C arrives in one piece with other keys. */
export function isInterrupt(input: string, key: Key): boolean {
  return (key.ctrl && actionOf(input, true) === 'interrupt') || input.includes('\u0003')
}

/** Lines of others go above the frame. */
function Frame({above, children}: {above: Above; children: ReactNode}) {
  const {write} = useStdout()
  useEffect(() => above.through(write), [above, write])
  return children
}

/** Starts drawing, and makes sure that the terminal is given back however this ends. */
export function draw(node: () => ReactNode, {stdin, stdout}: Terminal, {alternate = false} = {}) {
  const above = divert(stdout, [process.stdout, process.stderr])
  // What others say while another screen is shown would be gone with it: it waits until that is left.
  const framed = (inner: ReactNode) => (alternate ? inner : <Frame above={above}>{inner}</Frame>)
  const instance = render(framed(node()), {
    stdin,
    stdout: above.own,
    interactive: true,
    // In raw mode Ctrl-C is a key, and an interrupted run has to heal first.
    exitOnCtrlC: false,
    // What the console prints comes to `above` as well.
    patchConsole: false,
    maxFps: framesPerSecond,
    incrementalRendering: true,
    isScreenReaderEnabled: false,
    alternateScreen: alternate,
  })
  // Before Ink's own listener, which would draw the old frame into the new window.
  const resized = () => instance.rerender(framed(node()))
  stdout.prependListener('resize', resized)
  let isDrawn = true
  const leave = () => {
    isDrawn = false
    stdout.off('resize', resized)
    instance.unmount()
    above.release()
  }
  // Ink itself restores the terminal on exit and on signals that nobody handles. But a stack trace is printed before
  // the exit: without this, Ink's last frame would overwrite it.
  process.on('uncaughtExceptionMonitor', leave)
  process.on('exit', leave)
  // The window was closed. Its streams fail from now on, and that must not keep a run from healing; nor must what is
  // written after `done()`, so stdout keeps its listener.
  stdout.on('error', leave)
  stdin.on('error', leave)

  return {
    /** Draws `last` and ends; what is called twice ends once. */
    once(last: () => ReactNode): () => Promise<void> {
      let ending: Promise<void> | undefined
      const end = async () => {
        if (isDrawn) {
          // Ink would mount again what has left already, and its timer would keep the process.
          instance.rerender(framed(last()))
          await instance.waitUntilRenderFlush()
        }
        leave()
        process.off('uncaughtExceptionMonitor', leave)
        process.off('exit', leave)
        stdin.off('error', leave)
        await instance.waitUntilExit()
      }
      return () => (ending ??= end())
    },
  }
}
