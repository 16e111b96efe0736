/** The keys of the screens: the tables that the footer, the `?` page, the handling and docs/how/many-runs.md are made of. */
type Action = 'quit' | 'interrupt' | 'log' | 'help' | 'pause' | 'back' | 'forward' | 'faster' | 'slower'

export interface KeyBinding {
  readonly action: Action
  /** As a person writes it. */
  readonly name: string
  /** What the terminal sends, or the name of an arrow; `ctrl` with it held. */
  readonly input: string
  readonly ctrl: boolean
  /** For the footer. */
  readonly short: string
  readonly about: string
}

const shared: readonly KeyBinding[] = [
  {action: 'log', name: 'l', input: 'l', ctrl: false, short: 'log', about: 'show or hide the log lines'},
  {action: 'help', name: '?', input: '?', ctrl: false, short: 'help', about: 'show or leave this page'},
]

/** Of `chaos`. */
export const keys: readonly KeyBinding[] = [
  ...shared,
  {
    action: 'quit',
    name: 'q',
    input: 'q',
    ctrl: false,
    short: 'quit',
    about: 'heal every fault and end the run; asks first',
  },
  {
    action: 'interrupt',
    name: 'Ctrl-C',
    input: 'c',
    ctrl: true,
    short: 'interrupt',
    about: 'heal every fault and end the run, at once',
  },
]

/** How far an arrow jumps. */
export const jumpSeconds = 5

/** Of `replay`. */
export const replayKeys: readonly KeyBinding[] = [
  {
    action: 'pause',
    name: 'space',
    input: ' ',
    ctrl: false,
    short: 'pause',
    about: 'pause, or play on; at the end: from the start',
  },
  {
    action: 'back',
    name: 'left',
    input: 'left',
    ctrl: false,
    short: `-${jumpSeconds} s`,
    about: `${jumpSeconds} seconds back`,
  },
  {
    action: 'forward',
    name: 'right',
    input: 'right',
    ctrl: false,
    short: `+${jumpSeconds} s`,
    about: `${jumpSeconds} seconds on`,
  },
  {action: 'faster', name: 'up', input: 'up', ctrl: false, short: 'fast', about: 'twice as fast'},
  {action: 'slower', name: 'down', input: 'down', ctrl: false, short: 'slow', about: 'half as fast'},
  ...shared,
  {action: 'quit', name: 'q', input: 'q', ctrl: false, short: 'quit', about: 'leave, as Ctrl-C does'},
]

export function actionOf(input: string, ctrl: boolean, table: readonly KeyBinding[] = keys): Action | null {
  return table.find(key => key.input === input && key.ctrl === ctrl)?.action ?? null
}
