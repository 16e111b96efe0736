/**
 * A clean kill-leader run by hand, drawn out: 200 writes/s and 40 reads/s for as long as it takes, every server asked ten times a
 * second, and a bank. The file has it as a recorder writes it: what clients say comes up to 20 ms late, in batches.
 */
import {closeSync, openSync, writeSync} from 'node:fs'
import type {Event} from '../../lab/history/event.ts'
import {cleanRun, quickRun} from '../lab/checks/history-builder.ts'

/** What 200 writes, 40 reads and 20 transfers and audits a second make, with the samples of all probes: as many events a second. */
const perSecond = 290
const shape = {...quickRun, writers: 8, writesPerSecond: 200, readsPerSecond: 40, bankPerSecond: 20}

/** @returns how many events there are, some more than were asked for. */
export function recordLong(file: string, events: number): number {
  const made = cleanRun({...shape, finalReads: events / perSecond})
  const end = made.reduce((last, {at}) => Math.max(last, at), 0)
  const told = (event: Event) => {
    if (event.kind === 'run-ended') return end + 1
    return event.kind === 'op' || event.kind === 'bank' ? Math.ceil(event.at / 20_000) * 20_000 : event.at
  }
  made.sort((a, b) => told(a) - told(b))
  const out = openSync(file, 'w')
  for (let from = 0; from < made.length; from += 1000) {
    const lines = made.slice(from, from + 1000).map(event => `${JSON.stringify(event)}\n`)
    writeSync(out, lines.join(''))
  }
  closeSync(out)
  return made.length
}
