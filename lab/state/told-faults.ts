/**
 * What commands have just broken in a lab, told to whoever watches it from another command. Nobody mends by it: that is the journal's, which
 * has no word of when and what for. So it is not made sure of on the disk, and one that cannot be written is not told.
 */
import {appendFileSync, rmSync, statSync} from 'node:fs'
import {join} from 'node:path'
import {z} from 'zod'
import type {Of} from '../history/event.ts'
import {schemaOf} from '../history/event-schema.ts'
import {labFolder} from './folders.ts'
import {readKept} from './state.ts'

type Happening = Omit<Of<'fault-injecting'>, 'at'>

export interface ToldFault {
  readonly pid: number
  /** Wall clock, when the call that breaks was about to begin. */
  readonly atMs: number
  readonly happening: Happening
}

/** Who watches has heard what is older. */
const mostBytes = 64 * 1024

const line = z.object({pid: z.int(), atMs: z.number(), happening: z.looseObject({kind: z.literal('fault-injecting')})})

function fileOf(lab: string): string {
  return join(labFolder(lab), 'told-faults.ndjson')
}

/** Never fails a fault. It writes to a file, so it is called before the moment that a fault is timed from. */
export function tellFault(lab: string, happening: Happening): void {
  const told: ToldFault = {pid: process.pid, atMs: Date.now(), happening}
  try {
    if ((statSync(fileOf(lab), {throwIfNoEntry: false})?.size ?? 0) > mostBytes) rmSync(fileOf(lab))
    appendFileSync(fileOf(lab), `${JSON.stringify(told)}\n`, {mode: 0o600})
  } catch {
    // The lab is gone, or its disk is full: the fault itself is what counts.
  }
}

/** Another one whenever something was told: who looks twice a second reads nothing in between. */
export function stampOfTold(lab: string): string {
  const found = statSync(fileOf(lab), {throwIfNoEntry: false})
  return found === undefined ? '' : `${found.ino} ${found.size} ${found.mtimeMs}`
}

/** Those that are kept, oldest first. */
export function toldFaults(lab: string): readonly ToldFault[] {
  return (readKept(fileOf(lab)) ?? '').split('\n').flatMap(written => parse(written) ?? [])
}

/** Null: it is none of ours, or was cut short. */
function parse(written: string): ToldFault | null {
  try {
    const told = line.safeParse(JSON.parse(written)).data
    if (told === undefined) return null
    const {at: _, ...happening} = schemaOf('fault-injecting')!.parse({
      ...told.happening,
      at: 0,
    }) as Of<'fault-injecting'>
    return happening.strike === undefined ? null : {...told, happening}
  } catch {
    return null
  }
}
