/** A run that another command plays, read from its record while that grows. */
import {closeSync, fstatSync, openSync, readdirSync, readSync, statSync} from 'node:fs'
import {join} from 'node:path'
import type {Event, Micros} from '../../lab/index.ts'
import {parseHistory} from '../../lab/inside/reading.ts'
import {runsFolder} from '../../lab/inside/start.ts'
import {emptyView, fold, type View} from '../ui/view.ts'

const newline = 10
/** At once; what is more is read the next time. */
const mostBytes = 4 * 2 ** 20

export class FollowedRun {
  readonly #lab: string
  #file: string | null = null
  #read = 0
  #view: View = emptyView
  /** Wall clock at the beginning of that run, ms. */
  #startedMs = 0

  constructor(lab: string) {
    this.#lab = lab
  }

  /** What is new of the newest run; called while somebody works on the lab. @returns null where no run of this lab can be read. */
  look(): View | null {
    const newest = newestRecord(this.#lab)
    if (newest === null) return null
    if (newest !== this.#file) {
      this.#file = newest
      this.#read = 0
      this.#view = emptyView
    }
    for (const event of this.#more(newest)) {
      this.#view = fold(this.#view, event)
      if (event.kind === 'run-started') this.#startedMs = Date.parse(event.startedAt)
    }
    return this.#view.run === null ? null : this.#view
  }

  /** On the clock of that run. */
  now(nowMs = Date.now()): Micros {
    return (nowMs - this.#startedMs) * 1000
  }

  #more(file: string): readonly Event[] {
    const whole = wholeLines(file, this.#read)
    if (whole === null) return []
    this.#read += whole.length
    try {
      return parseHistory(whole.toString('utf8'), file).events
    } catch {
      return [] // of another version, or torn: the run's own command says so
    }
  }
}

/** From `from` on up to the last line that has ended; null: nothing more. */
function wholeLines(file: string, from: number): Buffer | null {
  let fd: number
  try {
    fd = openSync(file, 'r')
  } catch {
    return null
  }
  try {
    const size = Math.min(fstatSync(fd).size - from, mostBytes)
    if (size <= 0) return null
    const bytes = Buffer.alloc(size)
    const read = readSync(fd, bytes, 0, size, from)
    const end = bytes.subarray(0, read).lastIndexOf(newline) + 1
    return end === 0 ? null : bytes.subarray(0, end)
  } finally {
    closeSync(fd)
  }
}

/** Runs have the time in their names; of a repetition they lie deeper. */
function newestRecord(lab: string): string | null {
  const root = runsFolder(lab)
  const at = (file: string) => {
    try {
      return statSync(file).mtimeMs
    } catch {
      return null
    }
  }
  let names: string[]
  try {
    names = readdirSync(root)
  } catch {
    return null
  }
  const records = names
    .map(name => join(root, name, 'events.ndjson'))
    .flatMap(file => {
      const changed = at(file)
      return changed === null ? [] : [{file, changed}]
    })
  return records.toSorted((a, b) => b.changed - a.changed)[0]?.file ?? null
}
