/**
 * A history as Jepsen writes it into `history.edn` (`jepsen/store.clj: write-history!`): one EDN map a line, in the order of
 * time, with the keys and rules of jepsen.history's README. Each row that a writer inserted is an `:add` and each final look
 * at a host's table a `:read` of the whole set, which is what `jepsen.checker/set` and `set-full` read.
 *
 * - A process is single-threaded, and whoever invoked something that ended in `:info` never invokes again: its client goes on
 *   under a new number, a whole round of threads higher, so that process mod threads is still the client.
 * - The nemesis invokes and completes with `:info`. A fault is `:start`, its mend `:stop`: the names that Jepsen's plots shade.
 * - Our readers look for the newest row alone. They are `:newest` with what they saw (a row's number, or nil), and not `:read`,
 *   which is the whole set: no checker may take one for the other. Transactions of programs are none of these, and left out.
 */

import type {Event, Of, Outcome} from '../history/event.ts'
import {type History, of} from '../history/history.ts'
import type {HostName} from '../topology/topology.ts'
import {LabError} from '../words/errors.ts'
import type {Micros} from '../words/quantity.ts'
import {toJsonLine} from '../words/spelled-json.ts'

/** An operation's beginning or end, before it gets its index. */
interface Entry {
  readonly at: Micros
  readonly edn: Readonly<Record<string, string>>
}

/** The lines of `history.edn`, without line breaks. */
export function jepsenHistory(history: History): string[] {
  const lanes = lanesOf(history)
  const threads = lanes.length + 1
  const streams = [
    ...lanes.map((ops, thread) => clientEntries(ops, thread, threads)),
    finalReads(history, threads - 1),
    nemesisEntries(history),
  ]
  // Each stream is in order already, and the sort is stable: an end stays before the next beginning of the same process.
  return streams
    .flat()
    .toSorted((a, b) => a.at - b.at)
    .map(({at, edn}, index) => map({...edn, ':time': String(Math.max(0, at) * 1000), ':index': String(index)}))
}

/** One list of operations for each thread, never two at once. A client is one thread, unless its operations overlap. */
function lanesOf(history: History): Of<'op'>[][] {
  const byClient = Map.groupBy(of(history, 'op'), op => op.client)
  return [...byClient]
    .toSorted(([a], [b]) => a.localeCompare(b, 'en', {numeric: true}))
    .flatMap(([, ops]) => {
      const lanes: Of<'op'>[][] = []
      for (const op of ops.toSorted((a, b) => a.sentAt - b.sentAt || a.at - b.at)) {
        const free = lanes.find(lane => lane.at(-1)!.at <= op.sentAt)
        if (free) free.push(op)
        else lanes.push([op])
      }
      return lanes
    })
}

const types: Readonly<Record<Outcome, string>> = {ok: ':ok', fail: ':fail', unknown: ':info'}

function clientEntries(ops: readonly Of<'op'>[], thread: number, threads: number): Entry[] {
  let process = thread
  return ops.flatMap(op => {
    const told = {
      ':process': String(process),
      ':f': op.op === 'write' ? ':add' : ':newest',
      ':value': op.op === 'write' ? String(op.id) : 'nil',
      ':client': string(op.client),
    }
    const seen = op.seen === undefined || op.seen === null ? {} : {':value': String(op.seen)}
    if (op.outcome === 'unknown') process += threads
    return [
      {at: Math.min(op.sentAt, op.at), edn: {':type': ':invoke', ...told}},
      {at: op.at, edn: {':type': types[op.outcome], ...told, ...seen, ...answerOf(op)}},
    ]
  })
}

function answerOf({server, timeline, lsn, sqlstate, error}: Of<'op'>): Record<string, string> {
  return {
    ...(server === null ? {} : {':node': string(server)}),
    ...(timeline === null ? {} : {':timeline': String(timeline)}),
    ...(lsn === null ? {} : {':lsn': String(lsn)}),
    ...(sqlstate === null && error === null
      ? {}
      : {':error': `[${sqlstate === null ? 'nil' : string(sqlstate)} ${error === null ? 'nil' : string(error)}]`}),
  }
}

/** One host after the other, by one process. A row that is there twice stands in the vector twice. */
function finalReads(history: History, process: number): Entry[] {
  const finals = of(history, 'final-rows')
  for (const final of finals) mustBeListable(final)
  const began = of(history, 'phase').findLast(event => event.name === 'final-reads')?.at
  return finals.flatMap((final, index) => {
    const told = {':process': String(process), ':f': ':read', ':node': string(final.host)}
    const ids = final.ranges.flatMap(([from, to]) => Array.from({length: to - from + 1}, (_, step) => from + step))
    const rows = `[${[...ids, ...final.duplicates].join(' ')}]`
    // When the question was sent is not recorded: no earlier than the answer before it.
    const at = Math.min(final.at, finals[index - 1]?.at ?? began ?? final.at)
    return [
      {at, edn: {':type': ':invoke', ...told, ':value': 'nil'}},
      {at: final.at, edn: {':type': ':ok', ...told, ':value': rows, ':timeline': String(final.timeline)}},
    ]
  })
}

/** Jepsen's set is a list of its members: ranges that say thousands of millions in a few letters are not written out. */
const mostRows = 10_000_000

function mustBeListable({host, ranges, duplicates}: Of<'final-rows'>): void {
  const rows = ranges.reduce((sum, [from, to]) => sum + to - from + 1, duplicates.length)
  if (!(rows <= mostRows))
    throw new LabError('config', `the history says that ${host} holds ${rows} rows, and at most ${mostRows} are listed`)
}

/** Beginnings and ends in turn. An end that was not recorded (the call failed) is left out, as for any crashed operation. */
function nemesisEntries(history: History): Entry[] {
  return history.events.flatMap(event => {
    const edn = nemesisOp(event)
    return edn === undefined ? [] : {at: event.at, edn: {':type': ':info', ':process': ':nemesis', ...edn}}
  })
}

function nemesisOp(event: Event): Record<string, string> | undefined {
  switch (event.kind) {
    case 'fault-injecting':
      return {
        ':f': ':start',
        ':value': map({':fault': string(event.what), ':id': string(event.id), ':hosts': hosts(event.hosts)}),
      }
    case 'fault-injected':
      return {':f': ':start', ':value': map({':id': string(event.id), ':done': 'true'})}
    case 'fault-mending':
      return {':f': ':stop', ':value': map({':id': string(event.id), ':mend': string(event.mend.do)})}
    case 'fault-mended':
      return {
        ':f': ':stop',
        ':value': map({':id': string(event.id), ':mend': string(event.mend.do), ':done': String(event.ok)}),
      }
    default:
      return undefined
  }
}

function hosts(names: readonly HostName[]): string {
  return `[${names.map(string).join(' ')}]`
}

function map(entries: Readonly<Record<string, string>>): string {
  return `{${Object.entries(entries)
    .map(([key, value]) => `${key} ${value}`)
    .join(', ')}}`
}

/**
 * EDN knows \t, \r, \n, \\ and \" in a string; other control characters have no place in one. What a terminal or a CI system
 * obeys is spelled `\uXXXX`, which Clojure's reader (clojure.lang.EdnReader) takes in strings as well.
 */
function string(text: string): string {
  const shown = text.toWellFormed().replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f]/g, ' ')
  return toJsonLine(shown)
}
