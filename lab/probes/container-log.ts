/** The log of a host's container as it grows, each line once, through every restart of the host. */
import {createInterface} from 'node:readline'
import type {HostName} from '../topology/topology.ts'
import {printable} from '../words/printable.ts'
import type {Micros} from '../words/quantity.ts'
import {isDown} from './down.ts'
import {engineClock} from './engine-clock.ts'
import {sleep} from './every.ts'
import type {ProbeSite} from './probe.ts'

/** The engine ends the stream when a host goes down; so soon it is asked again. */
const reconnectMs = 300
/** And so seldom while it says that the host is down, where nobody writes to the log. */
const whileDownMs = 3000

interface LogLine {
  readonly text: string
  /** The engine's time, on the run's clock. */
  readonly at: Micros
}

/**
 * What the engine says in the stream itself, instead of a line, before it ends it. json-file cannot read on where a full disk has cut a
 * record short, nor can it follow a file that such a record has made longer than it counts: until the container is made anew.
 */
const complaint = /Error grabbing logs: (.*)$/ // behind the frame of a kind of its own (3), which docker-modem leaves on it
/** Once may be a file that was being put away. Lines in between prove nothing: it finds the next whole record now and then. */
const complaintsToBelieve = 3

/** Whoever follows a log. */
interface Listener {
  /** True when the engine has given the stream, false when it has ended; a host that is down has none, and what it said last has been heard by then. */
  listening(now: boolean): void
  /** The engine cannot read it any more. */
  unreadable(why: string): void
}

/** From the beginning of the run until its signal. */
export async function followLog(
  on: ProbeSite,
  host: HostName,
  hear: (line: LogLine) => void,
  {listening, unreadable}: Listener = {listening: () => {}, unreadable: () => {}},
): Promise<void> {
  /** The engine's own stamps; all of one length, so that their order is that of their text. */
  let newest = ''
  let complaints = 0
  while (!on.signal.aborted) {
    try {
      const clock = await engineClock(on, host)
      const {id} = await on.lab.container(host)
      const heard = newest
      const sinceSeconds = heard === '' ? clock.toTheirs(0) / 1000 : Date.parse(heard) / 1000
      const stream = await on.lab.engineOf(host).logs(id, {follow: true, timestamps: true, sinceSeconds})
      const lines = createInterface({input: stream, crlfDelay: Number.POSITIVE_INFINITY})
      // A stream that is destroyed ends no lines: without `close` the loop below would wait for ever.
      const hangUp = () => {
        lines.close()
        stream.destroy()
      }
      on.signal.addEventListener('abort', hangUp, {once: true})
      stream.on('error', () => {}) // what broke it also ends the lines
      listening(true)
      for await (const line of on.signal.aborted ? [] : lines) {
        const stamped = parseLogLine(line)
        const why = stamped === null ? complaint.exec(line)?.[1] : undefined
        if (why !== undefined && ++complaints === complaintsToBelieve) unreadable(printable(why))
        // `since` has whole milliseconds at best: what the last stream has told comes again.
        if (stamped === null || stamped.stamp <= heard) continue
        if (stamped.stamp > newest) newest = stamped.stamp
        hear({text: stamped.text, at: clock.toOurs(stamped.atMs)})
      }
      on.signal.removeEventListener('abort', hangUp)
      hangUp()
    } catch {
      // The host or the engine is away: asked again until they are back or the run is over.
    }
    listening(false)
    const endedAt = performance.now()
    do await sleep(reconnectMs, on.signal)
    while (!on.signal.aborted && isDown(on, host) && performance.now() - endedAt < whileDownMs)
  }
}

/** `2026-11-20T16:13:07.322271186Z text`, as the engine puts its stamp before each line; `atMs` has microseconds. */
export function parseLogLine(line: string): {stamp: string; atMs: number; text: string} | null {
  const match = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z) (.*)$/s.exec(line)
  if (match === null) return null
  const [, stamp = '', text = ''] = match
  return {stamp, atMs: Date.parse(`${stamp.slice(0, 23)}Z`) + Number(stamp.slice(23, 26)) / 1000, text}
}
