/** The keys of the screen of `chaos`: the one table that the footer, the `?` page and the handling are made of. */
export type Action = 'quit' | 'interrupt' | 'log' | 'help'

export interface KeyBinding {
  readonly action: Action
  /** As a person writes it. */
  readonly name: string
  /** What the terminal sends; `ctrl` with it held. */
  readonly input: string
  readonly ctrl: boolean
  /** For the footer. */
  readonly short: string
  readonly about: string
}

export const keys: readonly KeyBinding[] = [
  {action: 'log', name: 'l', input: 'l', ctrl: false, short: 'log', about: 'show or hide the log lines'},
  {action: 'help', name: '?', input: '?', ctrl: false, short: 'help', about: 'show or leave this page'},
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

export function actionOf(input: string, ctrl: boolean): Action | null {
  return keys.find(key => key.input === input && key.ctrl === ctrl)?.action ?? null
}
