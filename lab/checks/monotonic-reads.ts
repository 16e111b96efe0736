/**
 * Whoever reads through the primary port never sees time run backwards. A read that is sent after another one was answered
 *
 * - must not be answered on an older timeline than that one was: it would come from a branch of the history that was left, and
 * - must see the row that was the newest then, or a newer one: the highest id in the table never falls.
 *
 * It holds for each client, and for all of them together, since there is one primary at a time; the measures tell both. A row that
 * is not in the table at the end was lost, which `no-lost-writes` tells: a read that saw it binds no later one. Sending and
 * answers are times of one clock, that of the clients' agent.
 */
import {z} from 'zod'
import {momentsOf, sayBegin} from '../history/moments.ts'
import {keptRows, primaryReads, staleReads} from '../history/reads.ts'
import {blind, lacks} from '../history/watching.ts'
import {sayMicros} from '../words/quantity.ts'
import type {Check} from './check.ts'

export const monotonicReads: Check<Record<string, never>> = {
  about: 'No read through the primary port sees less than a read that was answered before it was sent.',
  evidence: ['clients', 'rows'],
  params: z.strictObject({}),

  judge(history) {
    const moments = momentsOf(history)
    if (moments === null) return {verdict: 'unknown', says: 'The steps never began.'}
    const reads = primaryReads(history)
    if (typeof reads === 'string') return {verdict: 'unknown', says: `No reads to judge: ${reads}.`}
    const kept = keptRows(history)
    const rowOf = ({seen = null}: {readonly seen?: number | null}) =>
      seen !== null && (kept === null || kept(seen)) ? seen : null
    const answered = reads.toSorted((a, b) => a.at - b.at)
    const all = staleReads(reads, answered, rowOf)
    const backward = kept === null ? all.filter(one => one.by === 'timeline') : all
    const byClient = Map.groupBy(reads, read => read.client)
    const own = [...byClient.values()].flatMap(ones => staleReads(ones, ones, rowOf))
    const measures = {
      reads: reads.length,
      backward: backward.length,
      // Of these, how many a client alone could tell by what it had read itself.
      backwardForTheirClient: own.filter(one => kept !== null || one.by === 'timeline').length,
    }
    const [first] = backward
    if (first) {
      const {read, missed, by, late} = first
      const how =
        by === 'timeline'
          ? `was answered by ${read.server ?? 'an unknown server'} on timeline ${read.timeline}, ${sayMicros(late)} after ${missed.client} had been answered on timeline ${missed.timeline}`
          : `saw nothing newer than write ${read.seen ?? 'none'} on ${read.server ?? 'an unknown server'}, ${sayMicros(late)} after ${missed.client} had seen write ${missed.seen}`
      return {
        verdict: 'fail',
        says: `${backward.length} of ${reads.length} reads through the primary port went back in time; the first (of ${read.client}) ${how}.`,
        measures,
        evidence: backward.slice(0, 3).flatMap(one => [one.missed, one.read]),
        hint: 'look at which server the proxy sent these readers to, and why it still took it for the primary',
      }
    }
    const doubts = [
      lacks(history, 'clients') ?? blind(history, 'clients', moments.steps, moments.end),
      kept === null ? "no primary's table was read at the end, so nobody knows which rows were lost" : null,
      reads.some(read => read.seen === undefined) ? 'what the readers saw was not recorded' : null,
      reads.at(-1)!.sentAt <= (moments.fault ?? moments.steps) ? `none was answered after ${sayBegin(moments)}` : null,
      reads.length < 2 ? 'one read cannot go back' : null,
    ].filter(one => one !== null)
    if (doubts.length > 0)
      return {verdict: 'unknown', says: `No read was seen going back, but ${doubts.join('; ')}.`, measures}
    return {
      verdict: 'pass',
      says: `None of ${reads.length} reads through the primary port, by ${byClient.size} clients, saw less than one before it.`,
      measures,
    }
  },
}
