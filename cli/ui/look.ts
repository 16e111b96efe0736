/** How the screen looks on this terminal: which signs it can show. Colours are Ink's and chalk's business, see `load.ts`. */
import {inert, printable} from '../../lab/inside/start.ts'

export interface Look {
  readonly ascii: boolean
  readonly signs: Signs
}

/** Each is one column wide, also in terminals that draw emoji: none of these has an emoji presentation by default. */
export interface Signs {
  readonly leader: string
  readonly replica: string
  readonly stopped: string
  readonly paused: string
  readonly unknown: string
  readonly done: string
  readonly failed: string
  readonly pending: string
  readonly skipped: string
  readonly up: string
  readonly down: string
  readonly rule: string
  readonly barFull: string
  readonly barEmpty: string
  /** Nothing happened in this second. */
  readonly gap: string
  /** From low to high. */
  readonly levels: string
  readonly spinner: string
}

const unicode: Signs = {
  leader: '●',
  replica: '○',
  stopped: '✖',
  paused: '‖',
  unknown: '?',
  done: '✔',
  failed: '✖',
  pending: '·',
  skipped: '-',
  up: '▲',
  down: '▽',
  rule: '─',
  barFull: '█',
  barEmpty: '░',
  gap: '·',
  levels: '▁▂▃▄▅▆▇█',
  spinner: '⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏',
}

const plain: Signs = {
  leader: '*',
  replica: 'o',
  stopped: 'x',
  paused: '=',
  unknown: '?',
  done: '+',
  failed: 'x',
  pending: '.',
  skipped: '-',
  up: '^',
  down: 'v',
  rule: '-',
  barFull: '#',
  barEmpty: '.',
  gap: '_',
  levels: '.:-=+oO#',
  spinner: '|/-\\',
}

export function lookOf(ascii: boolean): Look {
  return {ascii, signs: ascii ? plain : unicode}
}

/** The locale is UTF-8, as POSIX decides it: the first of these that is set counts. Windows' terminals always are. */
export function isUtf8(env: NodeJS.ProcessEnv, platform: NodeJS.Platform = process.platform): boolean {
  if (platform === 'win32') return true
  return /utf-?8/i.test(env.LC_ALL || env.LC_CTYPE || env.LANG || '')
}

/** Words of ours with their blanks, in which somebody else's may stand. */
export function laidOut(look: Look, text: string): string {
  return inAscii(look, inert(text))
}

/** Somebody else's words, as this terminal can show them. */
export function words(look: Look, text: string): string {
  return inAscii(look, printable(text))
}

function inAscii({ascii}: Look, line: string): string {
  return ascii ? line.replace(/[^\u0020-\u007e]/gu, '?') : line
}
