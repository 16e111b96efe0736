/** What the hosts said around the moments that matter, in one order of time and on the history's clock. */

import type {History, HostName, Micros} from '../../lab/index.ts'
import {countLeading, engineNameOf, of} from '../../lab/inside/reading.ts'
import {printable} from '../../lab/inside/start.ts'

export interface LogLine {
  readonly at: Micros
  readonly host: HostName
  /** Who on the host; empty when the line does not tell. */
  readonly service: string
  readonly says: string
  readonly level: 'error' | 'warning' | null
  /** How many lines like this one (but for their numbers) this host's service said in a row, and when the last came. */
  readonly times: number
  readonly last: Micros
}

export type Window = readonly [from: Micros, to: Micros]

export interface LogExcerpt {
  readonly lines: readonly LogLine[]
  /** Lines within the windows that were too many. */
  readonly left: number
}

/** Nobody reads more; the files have all. */
const mostLines = 800
const longestLine = 4000

function shortened(says: string): string {
  return says.length > longestLine ? `${says.slice(0, longestLine)}...` : says
}

/** @param logs each host's log as the run's folder has it: every line begins with the engine's time, RFC 3339. */
export function logExcerpt(
  logs: ReadonlyMap<HostName, string>,
  history: History,
  windows: readonly Window[],
): LogExcerpt {
  const lines = [...logs]
    .flatMap(([host, text]) => {
      const zero = zeroOnTheWall(history, host)
      return zero === null ? [] : folded(linesOf(host, text, zero), windows)
    })
    .toSorted((a, b) => a.at - b.at)
  return {lines: lines.slice(0, mostLines), left: Math.max(0, lines.length - mostLines)}
}

/** Micros since 1970 at the run's beginning, on the clock of the engine that has the host: as it was measured, or else as the runner's has it. */
function zeroOnTheWall(history: History, host: HostName): Micros | null {
  const [started] = of(history, 'run-started')
  const name = started === undefined ? undefined : engineNameOf(started.topology, host)
  const engine = of(history, 'clock').find(event => event.who === 'engine' && event.engine === name)
  if (engine) return -engine.offsetMicros
  return started === undefined ? null : microsOf(started.startedAt)
}

/** A `Date` knows milliseconds; the digits after them are read apart. */
function microsOf(time: string): Micros | null {
  const ms = Date.parse(time)
  if (Number.isNaN(ms)) return null
  const digits = /\.\d{3}(\d{1,3})/.exec(time)?.[1] ?? ''
  return ms * 1000 + Number(digits.padEnd(3, '0'))
}

function linesOf(host: HostName, text: string, zero: Micros): LogLine[] {
  const lines: LogLine[] = []
  for (const line of text.split('\n')) {
    const [, time = '', rest = ''] = /^(\d{4}-\d\d-\d\dT\S+) (.*)$/.exec(line) ?? []
    const wall = time === '' ? null : microsOf(time)
    if (wall === null) continue
    const [, service, body = rest] = /^([a-z][a-z0-9-]*) *\| (.*)$/.exec(rest) ?? []
    const says = shortened(wordsOf(body.slice(0, 4 * longestLine)))
    if (says === '') continue
    const before = lines.at(-1)
    // PostgreSQL goes on in further lines, which carry no name.
    if (service === undefined && before !== undefined)
      lines[lines.length - 1] = {...before, says: shortened(`${before.says} ${says}`)}
    else {
      const at = wall - zero
      lines.push({at, host, service: service ?? '', says, level: levelOf(body), times: 1, last: at})
    }
  }
  return lines
}

/** Without the writer's own time of day, which the engine's says already; etcd's JSON as a sentence. */
function wordsOf(body: string): string {
  if (body.startsWith('{')) {
    try {
      const {level, msg, error, reason} = JSON.parse(body) as Record<string, unknown>
      if (typeof msg === 'string')
        return printable([level, msg, error, reason].filter(part => typeof part === 'string').join(': '))
    } catch {
      // a line cut short, or not JSON after all: shown as it is
    }
  }
  return printable(body.replace(/^\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d\S*( UTC)? /, ''))
}

function levelOf(body: string): LogLine['level'] {
  if (/\b(ERROR|FATAL|PANIC|CRITICAL)\b|"level":"(error|dpanic|panic|fatal)"/.test(body)) return 'error'
  return /\bWARN(ING)?\b|"level":"warn"/.test(body) ? 'warning' : null
}

/**
 * The lines within the windows. One that says the same as this service's line before it, but for numbers, is counted and not
 * shown again; what was said outside the windows is not counted, so nothing is counted across their edges.
 */
function folded(lines: readonly LogLine[], windows: readonly Window[]): LogLine[] {
  const told: LogLine[] = []
  const newest = new Map<string, {index: number; edge: Window}>()
  const merged = union(windows)
  const edgeOf = (at: Micros) => {
    // Windows are in order and apart: the last that begins by then is the only one it can lie in.
    const edge = merged[countLeading(merged, ([from]) => from <= at) - 1]
    return edge !== undefined && at <= edge[1] ? edge : undefined
  }
  for (const line of lines) {
    const edge = edgeOf(line.at)
    if (edge === undefined) continue
    const known = newest.get(line.service)
    const before = known?.edge === edge ? told[known.index]! : undefined
    if (before !== undefined && masked(before.says) === masked(line.says)) {
      told[known!.index] = {...before, times: before.times + 1, last: line.at}
      continue
    }
    newest.set(line.service, {index: told.length, edge})
    told.push(line)
  }
  return told
}

/** Overlapping windows as one. */
function union(windows: readonly Window[]): Window[] {
  const found: [Micros, Micros][] = []
  for (const [from, to] of windows.toSorted((a, b) => a[0] - b[0])) {
    const last = found.at(-1)
    if (last !== undefined && from <= last[1]) last[1] = Math.max(last[1], to)
    else found.push([from, to])
  }
  return found
}

/** Words of hex digits with a decimal one among them are numbers. Each letter is looked at once, however long the word. */
export function masked(says: string): string {
  return says.replace(/[0-9a-f]+/gi, word => (/\d/.test(word) ? '#' : word))
}
