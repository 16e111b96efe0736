/**
 * How far behind the acknowledged writes the answers of the read-only way in are: a replica that lags, or is cut from its leader, goes
 * on serving what it has, for as long as the proxy leads anybody there. An answer is as old as the first write that it does not see had
 * been acknowledged when it was asked for (`history/reads.ts`). Where nobody writes, nothing gets old.
 */
import {z} from 'zod'
import type {Of} from '../history/event.ts'
import type {History} from '../history/history.ts'
import {type Interval, whenWas} from '../history/lateness.ts'
import {type Moments, momentsOf, sayBegin} from '../history/moments.ts'
import {behindOf, keptRows, proxiedWrites, type ReplicaRead} from '../history/reads.ts'
import {lacks, missed} from '../history/watching.ts'
import {type Micros, sayMicros} from '../words/quantity.ts'
import {duration, positiveDuration} from '../words/schemas.ts'
import type {Check, Finding} from './check.ts'

export interface StaleReadsParams {
  /** Milliseconds. */
  readonly 'at-least'?: number | undefined
  readonly 'at-most'?: number | undefined
}

export const staleReads: Check<StaleReadsParams> = {
  about:
    'After the first fault the oldest answer through the read-only way in is as far behind the acknowledged writes as expected, no further, no less.',
  evidence: ['clients', 'rows', 'runner'],
  ofFault: 'any',
  params: z
    .strictObject({'at-least': duration.optional(), 'at-most': positiveDuration.optional()})
    .refine(one => one['at-least'] !== undefined || one['at-most'] !== undefined, 'say `at-most`, `at-least`, or both')
    .refine(
      one => (one['at-least'] ?? 0) <= (one['at-most'] ?? Number.POSITIVE_INFINITY),
      '`at-least` is longer than `at-most`: no answer is both',
    ),

  judge(history, {'at-least': leastMs, 'at-most': mostMs}) {
    const moments = momentsOf(history)
    if (moments === null) return {verdict: 'unknown', says: 'The steps never began.'}
    const [least, most] = [(leastMs ?? 0) * 1000, (mostMs ?? Number.POSITIVE_INFINITY) * 1000]
    const limits = mostMs === undefined ? {} : {staleLimitMicros: most}
    const reads = behindOf(history).filter(
      ({read}) => read.sentAt > (moments.fault ?? moments.steps) && read.sentAt <= moments.end,
    )
    const [worst] = reads.toSorted((a, b) => b.behind - a.behind)
    if (worst === undefined)
      return {
        verdict: 'unknown',
        says: `No reads to judge: none through the read-only way in was answered after ${sayBegin(moments)}.`,
        measures: limits,
      }
    const lasted = longestStale(reads, Math.min(most, Math.max(least, second)))
    const measures = {reads: reads.length, staleMicros: worst.behind, staleForMicros: lasted.micros, ...limits}
    const found = {measures, evidence: worst.unseen === undefined ? [] : [worst.unseen, worst.read]}
    return {...ruling(history, moments, {reads, worst, lasted, least, most}), ...found}
  },
}

const second: Micros = 1_000_000

interface Judged {
  readonly reads: readonly ReplicaRead[]
  readonly worst: ReplicaRead
  readonly lasted: Lasted
  readonly least: Micros
  readonly most: Micros
}

function ruling(history: History, moments: Moments, {reads, worst, lasted, least, most}: Judged): Finding {
  const {read, behind} = worst
  const from = lasted.micros === 0 ? '' : `; ${lasted.server} gave such answers for ${sayMicros(lasted.micros)}`
  const says = `The oldest answer through the read-only way in was ${sayMicros(behind)} behind the acknowledged writes (${read.client} on ${read.server ?? 'an unknown server'}, ${sayMicros(read.sentAt - (moments.fault ?? moments.steps))} after ${sayBegin(moments)}${from})`
  const ages = reads.map(one => ageOf(history, one))
  const known = Math.max(...ages.map(one => one.from))
  const atWorst = Math.max(...ages.map(one => one.to))
  const lost = keptRows(history) === null
  const rows = "no primary's table was read at the end, so nobody knows which rows were lost"
  const blindness = lacks(history, 'clients') ?? missed(history, 'clients', moments.earliest, moments.end)
  if (known > most)
    return lost
      ? {verdict: 'unknown', says: `${says}, but ${rows}.`}
      : {
          verdict: 'fail',
          says: `${says}; ${sayMicros(most)} are allowed.`,
          hint: 'the proxy asks Patroni whether it is a replica, not how far behind: its check can ask /replica?lag=1MB instead',
        }
  const doubts = [
    ...(blindness === null ? [] : [blindness]),
    ...(lost && known >= least && least > 0 ? [rows] : []),
    ...(atWorst > most || (known < least && atWorst >= least) ? ['the times are not known that well'] : []),
    ...(proxiedWrites(history).some(one => one.at > moments.earliest && one.at <= moments.end)
      ? []
      : ['nobody wrote anything that could have been missed']),
  ]
  if (doubts.length > 0) return {verdict: 'unknown', says: `${says}, but ${doubts.join('; ')}.`}
  if (atWorst < least)
    return {verdict: 'fail', says: `${says}; at least ${sayMicros(least)} was expected.`, pending: true}
  return {verdict: 'pass', says: `${says}.`}
}

/** How old an answer was, as well as that is known: the write may have been acknowledged before its client heard of it. */
function ageOf(history: History, {read, unseen, behind}: ReplicaRead): Interval {
  if (unseen === undefined) return {from: 0, to: 0}
  const when = whenWas(history, unseen)
  return {from: Math.max(0, read.sentAt - when.to), to: Math.max(behind, read.sentAt - when.from)}
}

interface Lasted {
  readonly server: string
  readonly micros: Micros
}

/** The longest time in which a server gave such answers, from the first to the last without a newer one between them. */
function longestStale(reads: readonly ReplicaRead[], limit: Micros): Lasted {
  let longest: Lasted = {server: '', micros: 0}
  const since = new Map<string, Of<'op'>>()
  for (const {read, behind} of reads) {
    const server = read.server ?? 'an unknown server'
    if (behind < limit) since.delete(server)
    else {
      const first = since.get(server) ?? read
      since.set(server, first)
      if (read.at - first.at > longest.micros) longest = {server, micros: read.at - first.at}
    }
  }
  return longest
}
