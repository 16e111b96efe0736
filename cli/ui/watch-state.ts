/** What a person has asked of the screen of `watch`, one key at a time: values only, no lab and no terminal. */
import {actionOf, watchKeys} from './keys.ts'
import {found, type PaletteEntry} from './palette.ts'

type Tool = 'shell' | 'psql' | 'patronictl'

/** What the command is to do. */
export type Act =
  | {readonly do: 'quit' | 'heal'}
  | {readonly do: 'preview' | 'break'; readonly words: readonly string[]}
  | {readonly do: 'scenario'; readonly name: string}
  | {readonly do: 'open'; readonly tool: Tool}

/** A fault or a scenario that was chosen, before it is done. */
export interface Preview {
  readonly words: readonly string[]
  /** Null: the lab is being asked. */
  readonly lines: readonly string[] | null
  /** Only a `y` does it: of a scenario always. */
  readonly destroys: boolean
  /** Why it cannot be done; then `lines` is what was wrong. */
  readonly refused: boolean
}

export interface WatchState {
  /** Which page of it; 0: none. */
  readonly help: number
  /** What letters go to. */
  readonly typing: 'palette' | 'filter' | null
  readonly query: string
  /** Which of those found. */
  readonly chosen: number
  readonly preview: Preview | null
  readonly filter: string
  /** 0: what happens; then the hosts in their order. */
  readonly pane: number
  /** Lines that the log is scrolled back. */
  readonly back: number
}

export const calm: WatchState = {
  help: 0,
  typing: null,
  query: '',
  chosen: 0,
  preview: null,
  filter: '',
  pane: 0,
  back: 0,
}

/** A key as it came. */
export interface Pressed {
  /** What was typed, or the name of a key that types nothing: `up`, `page-up`, `tab`, `enter`, `escape`, `backspace`. */
  readonly input: string
  readonly ctrl: boolean
}

interface Around {
  readonly entries: readonly PaletteEntry[]
  /** How many logs there are, what happens among them. */
  readonly panes: number
  /** Rows of the log. */
  readonly page: number
  /** Of the help. */
  readonly helpPages: number
}

type After = readonly [WatchState, Act | null]

export function pressed(so: WatchState, key: Pressed, around: Around): After {
  if (so.preview !== null) return onPreview(so, key)
  if (so.typing === 'palette') return onPalette(so, key, around)
  if (so.typing === 'filter') return onFilter(so, key)
  if (key.input === 'escape') return [{...so, help: 0, filter: '', back: 0}, null]
  return onScreen(so, key, around)
}

function onScreen(so: WatchState, key: Pressed, {panes, page, helpPages}: Around): After {
  const action = actionOf(key.input, key.ctrl, watchKeys)
  switch (action) {
    case 'help':
      return [{...so, help: so.help >= helpPages ? 0 : so.help + 1}, null]
    case 'palette':
      return [{...so, help: 0, typing: 'palette', query: '', chosen: 0}, null]
    case 'filter':
      return [{...so, help: 0, typing: 'filter', back: 0}, null]
    case 'pane':
      return [{...so, pane: (so.pane + 1) % panes, back: 0}, null]
    case 'up':
      return [{...so, back: so.back + 1}, null]
    case 'down':
      return [{...so, back: Math.max(0, so.back - 1)}, null]
    case 'page-up':
      return [{...so, back: so.back + Math.max(1, page)}, null]
    case 'page-down':
      return [{...so, back: Math.max(0, so.back - Math.max(1, page))}, null]
    case 'heal':
    case 'quit':
      return [so, {do: action}]
    case 'shell':
    case 'psql':
    case 'patronictl':
      return [so, {do: 'open', tool: action}]
    default:
      return [so, null]
  }
}

function onPalette(so: WatchState, key: Pressed, {entries}: Around): After {
  const fits = found(entries, so.query)
  switch (key.input) {
    case 'escape':
      return [{...so, typing: null}, null]
    case 'up':
      return [{...so, chosen: Math.max(0, so.chosen - 1)}, null]
    case 'down':
    case 'tab':
      return [{...so, chosen: Math.min(Math.max(0, fits.length - 1), so.chosen + 1)}, null]
    case 'enter': {
      const does = fits[so.chosen]?.does
      // What no scenario has in this form may be typed whole, as `break` takes it.
      const words = so.query.trim().split(/\s+/).filter(Boolean)
      const meant = does?.do === 'scenario' ? ['scenario', does.name] : (does?.words ?? words)
      if (meant.length === 0) return [so, null]
      const preview: Preview = {words: meant, lines: null, destroys: false, refused: false}
      return [
        {...so, typing: null, preview},
        {do: 'preview', words: meant},
      ]
    }
    default:
      return [{...so, query: typed(so.query, key), chosen: 0}, null]
  }
}

function onPreview(so: WatchState, key: Pressed): After {
  const {words, lines, destroys, refused} = so.preview!
  const over = {...so, preview: null}
  const isYes = destroys ? /^y$/i.test(key.input) : key.input === 'enter' || /^y$/i.test(key.input)
  if (isYes && lines !== null && !refused) {
    const name = scenarioIn(words)
    return [over, name === null ? {do: 'break', words} : {do: 'scenario', name}]
  }
  // A hasty second enter is no answer to a question that is not there yet.
  if (key.input === 'enter' && lines === null) return [so, null]
  return [over, null]
}

/** Its name; null: these are the words of a fault. */
export function scenarioIn([first, name]: readonly string[]): string | null {
  return first === 'scenario' && name !== undefined ? name : null
}

function onFilter(so: WatchState, key: Pressed): After {
  switch (key.input) {
    case 'escape':
      return [{...so, typing: null, filter: ''}, null]
    case 'enter':
      return [{...so, typing: null}, null]
    default:
      return [{...so, filter: typed(so.filter, key), back: 0}, null]
  }
}

const longest = 60

function typed(text: string, {input, ctrl}: Pressed): string {
  if (input === 'backspace') return [...text].slice(0, -1).join('')
  if (ctrl && input === 'u') return ''
  // Names of keys are no letters; what was pasted is taken as far as it is one line.
  if (ctrl || named.has(input)) return text
  return `${text}${input.replaceAll(/[^\P{C}]/gu, '')}`.slice(0, longest)
}

const named = new Set(['up', 'down', 'left', 'right', 'tab', 'enter', 'escape', 'page-up', 'page-down'])
