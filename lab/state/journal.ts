/** Faults in force, on disk before they exist: whoever comes after a crash finds here what to mend. */
import {closeSync, fsyncSync, openSync, rmSync, writeSync} from 'node:fs'
import {dirname, join} from 'node:path'
import {z} from 'zod'
import type {Mend} from '../history/event.ts'
import {labFolder, makeFolder, whenDiskIsFull} from './folders.ts'
import {readKept} from './state.ts'

/** What another version wrote may know other mends: who mends says so. */
const mend = z.looseObject({do: z.string()}).transform(written => written as unknown as Mend)
const entry = z.object({id: z.string(), fault: z.string(), mend})
const line = z.discriminatedUnion('state', [
  entry.extend({state: z.literal('planned')}),
  z.object({state: z.literal('mended'), id: z.string()}),
])
type Entry = Readonly<z.output<typeof entry>>
type Line = z.output<typeof line>

function fileOf(lab: string): string {
  return join(labFolder(lab), 'journal.ndjson')
}

/** On disk when this returns. */
export function plan(lab: string, entry: Entry): void {
  append(lab, {state: 'planned', ...entry})
}

export function mended(lab: string, id: string): void {
  append(lab, {state: 'mended', id})
  if (inForce(lab).length === 0) rmSync(fileOf(lab), {force: true})
}

/** What was planned and never mended, newest first: the order to mend in. */
export function inForce(lab: string): Entry[] {
  const text = readKept(fileOf(lab)) ?? ''
  const open = new Map<string, Entry>()
  for (const written of text.split('\n')) {
    const line = parse(written)
    if (line?.state === 'planned') open.set(line.id, {id: line.id, fault: line.fault, mend: line.mend})
    else if (line?.state === 'mended') open.delete(line.id)
  }
  return [...open.values()].reverse()
}

function append(lab: string, line: Line): void {
  const file = fileOf(lab)
  whenDiskIsFull(() => {
    makeFolder(dirname(file))
    const fd = openSync(file, 'a', 0o600)
    try {
      writeSync(fd, `\n${JSON.stringify(line)}\n`) // a line cut short by a crash stays a line of its own
      fsyncSync(fd)
    } finally {
      closeSync(fd)
    }
  })
}

/**
 * A line cut short by a crash was never acted on: its write comes before the break. What is none of ours is nobody's fault to mend,
 * and what is broken shows without it.
 */
function parse(written: string): Line | undefined {
  try {
    return line.safeParse(JSON.parse(written)).data
  } catch {
    return undefined
  }
}
