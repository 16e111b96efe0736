/**
 * What was acknowledged is seen by whoever reads next through the primary port. All clients are one application here: a read that
 * is sent after the proxy's primary acknowledged write X to anybody
 *
 * - must not be answered on an older timeline than X was (the row of X cannot be there), and
 * - must see X: the highest id in the table at that moment is X's or a higher one.
 *
 * Both follow from there being one primary at a time. Ids rise in the order of sending, not of committing, so a read that sees a
 * higher id may still miss a lower one: this check finds no such read, and accuses none. Rows that are not in the table at the
 * end were lost, which `no-lost-writes` tells; a read that misses them is not called stale for that. Sending and answers are
 * times of one clock, that of the clients' agent.
 */
import {z} from 'zod'
import {of} from '../history/history.ts'
import {momentsOf, sayBegin} from '../history/moments.ts'
import {keptRows, primaryReads, proxiedWrites, staleReads} from '../history/reads.ts'
import {blind, lacks} from '../history/watching.ts'
import {sayMicros} from '../words/quantity.ts'
import type {Check} from './check.ts'

export const readYourWrites: Check<Record<string, never>> = {
  about: 'Every read through the primary port sees all that was acknowledged through it before the read was sent.',
  evidence: ['clients', 'rows'],
  params: z.strictObject({}),

  judge(history) {
    const moments = momentsOf(history)
    if (moments === null) return {verdict: 'unknown', says: 'The steps never began.'}
    const reads = primaryReads(history)
    if (typeof reads === 'string') return {verdict: 'unknown', says: `No reads to judge: ${reads}.`}
    const kept = keptRows(history)
    const writes = proxiedWrites(history)
    const stale = staleReads(reads, writes, write => (kept === null || kept(write.id) ? write.id : null))
    // Without the tables of the end a row that is missed may have been lost; a timeline says enough by itself.
    const certain = kept === null ? stale.filter(one => one.by === 'timeline') : stale
    const measures = {
      reads: reads.length,
      stale: certain.length,
      onOldTimeline: certain.filter(one => one.by === 'timeline').length,
      lostWritesLeftOut: kept === null ? null : writes.filter(write => !kept(write.id)).length,
    }
    const [first] = certain
    if (first) {
      const {read, missed, by, late} = first
      const how =
        by === 'timeline'
          ? `was answered by ${read.server ?? 'an unknown server'} on timeline ${read.timeline}, ${sayMicros(late)} after ${missed.server} had acknowledged write ${missed.id} on timeline ${missed.timeline}`
          : `saw nothing newer than write ${read.seen ?? 'none'} on ${read.server ?? 'an unknown server'}, ${sayMicros(late)} after ${missed.server} had acknowledged write ${missed.id}`
      return {
        verdict: 'fail',
        says: `${certain.length} of ${reads.length} reads through the primary port were stale; the first (of ${read.client}) ${how}.`,
        measures,
        evidence: certain.slice(0, 3).flatMap(one => [one.missed, one.read]),
        hint: 'look at which server the proxy sent these readers to, and why it still took it for the primary',
      }
    }
    const doubts = [
      lacks(history, 'clients') ?? blind(history, 'clients', moments.steps, moments.end),
      kept === null ? "no primary's table was read at the end, so nobody knows which rows were lost" : null,
      reads.some(read => read.seen === undefined) ? 'what the readers saw was not recorded' : null,
      reads.at(-1)!.sentAt <= (moments.fault ?? moments.steps) ? `none was answered after ${sayBegin(moments)}` : null,
      !of(history, 'op').some(op => op.op === 'write' && op.outcome === 'ok' && op.at < reads.at(-1)!.sentAt)
        ? 'no write was acknowledged before any of them'
        : null,
    ].filter(one => one !== null)
    if (doubts.length > 0)
      return {verdict: 'unknown', says: `No stale read was found, but ${doubts.join('; ')}.`, measures}
    return {
      verdict: 'pass',
      says: `All ${reads.length} reads through the primary port saw what had been acknowledged before them.`,
      measures,
    }
  },
}
