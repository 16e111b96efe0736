/** The keys of the screens: the tables that the footer, the `?` page, the handling, docs/how/many-runs.md and docs/watch.md are made of. */
type Action = RunAction | ReplayAction | WatchAction
type RunAction = 'quit' | 'interrupt' | 'log' | 'help' | 'go-on'
type ReplayAction = 'pause' | 'back' | 'forward' | 'faster' | 'slower' | 'next' | 'previous'
type WatchAction =
  | 'palette'
  | 'heal'
  | 'pane'
  | 'filter'
  | 'up'
  | 'down'
  | 'page-up'
  | 'page-down'
  | 'shell'
  | 'psql'
  | 'patronictl'

export interface KeyBinding {
  readonly action: Action
  /** As a person writes it. */
  readonly name: string
  /** What the terminal sends, or the name of an arrow; `ctrl` with it held. */
  readonly input: string
  readonly ctrl: boolean
  /** For the footer; empty: it stands on the `?` page alone. */
  readonly short: string
  readonly about: string
}

const shared: readonly KeyBinding[] = [
  {action: 'log', name: 'l', input: 'l', ctrl: false, short: 'log', about: 'show or hide the log lines'},
  {action: 'help', name: '?', input: '?', ctrl: false, short: 'help', about: 'keys, signs and words, page by page'},
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

/** Of `chaos --step`. */
export const stepKeys: readonly KeyBinding[] = [
  {
    action: 'go-on',
    name: 'space',
    input: ' ',
    ctrl: false,
    short: 'go on',
    about: 'begin the step that it waits before; enter does, too',
  },
  ...keys,
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
  {
    action: 'next',
    name: 'n',
    input: 'n',
    ctrl: false,
    short: 'next',
    about: 'to the next phase, step or moment of a failover',
  },
  {action: 'previous', name: 'b', input: 'b', ctrl: false, short: 'back', about: 'to the one before that'},
  ...shared,
  {action: 'faster', name: 'up', input: 'up', ctrl: false, short: 'fast', about: 'twice as fast'},
  {action: 'slower', name: 'down', input: 'down', ctrl: false, short: 'slow', about: 'half as fast'},
  {action: 'quit', name: 'q', input: 'q', ctrl: false, short: 'quit', about: 'leave, as Ctrl-C does'},
]

/** Of `watch`. */
export const watchKeys: readonly KeyBinding[] = [
  {action: 'help', name: '?', input: '?', ctrl: false, short: 'help', about: 'keys, signs and words, page by page'},
  {
    action: 'palette',
    name: '/',
    input: '/',
    ctrl: false,
    short: 'break',
    about: 'find a fault or a scenario, and do it',
  },
  {
    action: 'heal',
    name: 'h',
    input: 'h',
    ctrl: false,
    short: 'heal',
    about: 'mend whatever is broken, whoever broke it',
  },
  {
    action: 'pane',
    name: 'tab',
    input: 'tab',
    ctrl: false,
    short: 'log',
    about: 'whose log is shown: what happens, then each host',
  },
  {
    action: 'filter',
    name: 'f',
    input: 'f',
    ctrl: false,
    short: 'filter',
    about: 'only lines of the log with these letters',
  },
  {action: 'up', name: 'up', input: 'up', ctrl: false, short: '', about: 'scroll the log back by a line'},
  {action: 'down', name: 'down', input: 'down', ctrl: false, short: '', about: 'scroll it on; at its end it follows'},
  {action: 'page-up', name: 'PgUp', input: 'page-up', ctrl: false, short: '', about: 'scroll the log back by a page'},
  {action: 'page-down', name: 'PgDn', input: 'page-down', ctrl: false, short: '', about: 'scroll it on by a page'},
  {
    action: 'shell',
    name: 's',
    input: 's',
    ctrl: false,
    short: 'shell',
    about: 'a shell on the host of the log, else on the leader; exit comes back',
  },
  {
    action: 'psql',
    name: 'p',
    input: 'p',
    ctrl: false,
    short: 'psql',
    about: 'psql to the leader, as clients get there',
  },
  {
    action: 'patronictl',
    name: 'c',
    input: 'c',
    ctrl: false,
    short: 'ctl',
    about: 'patronictl list, every two seconds; Ctrl-C comes back',
  },
  {
    action: 'quit',
    name: 'q',
    input: 'q',
    ctrl: false,
    short: 'quit',
    about: 'leave, as Ctrl-C does; what it broke is healed first',
  },
]

export function actionOf(input: string, ctrl: boolean, table: readonly KeyBinding[] = keys): Action | null {
  return table.find(key => key.input === input && key.ctrl === ctrl)?.action ?? null
}

/**
 * Those that a row has room for, each with so many blanks behind it. How to leave is told in any case; those for whose word there is no
 * room, from the last on, have their name alone, and `?` has the others.
 */
export function inFooter(
  table: readonly KeyBinding[],
  columns: number,
  gap: number,
): readonly (KeyBinding & {readonly gap: number})[] {
  const shown = table.filter(key => key.short !== '')
  const width = (keys: readonly KeyBinding[], blanks: number) =>
    keys.reduce((sum, {name, short}) => sum + name.length + (short === '' ? 0 : 1 + short.length) + blanks, 0)
  if (width(shown, gap) <= columns) return shown.map(key => ({...key, gap}))
  const fits = shown.slice()
  for (let index = fits.length - 1; index >= 0 && width(fits, 1) > columns; index--)
    if (fits[index]!.action !== 'quit') fits[index] = {...fits[index]!, short: ''}
  while (fits.length > 1 && width(fits, 1) > columns) fits.splice(-2, 1)
  return fits.map(key => ({...key, gap: 1}))
}
