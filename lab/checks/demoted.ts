/** The old primary stopped taking writes in time: after the fault that cut it off, or after it woke up. */
import {z} from 'zod'
import type {Of} from '../history/event.ts'
import {isWritable} from '../history/failover.ts'
import {type History, of} from '../history/history.ts'
import {inTime, sayDoubt, starvedFor, tells} from '../history/lateness.ts'
import {momentsOf, whoLedUnseen} from '../history/moments.ts'
import {leaderBefore} from '../history/promotions.ts'
import {reignsOf} from '../history/reigns.ts'
import {sayBlank, unseenWrites, whyNotAsked} from '../history/servers-seen.ts'
import type {Sighting} from '../history/sightings.ts'
import {lacks} from '../history/watching.ts'
import type {HostName} from '../topology/topology.ts'
import {type Micros, sayMicros} from '../words/quantity.ts'
import {positiveDuration} from '../words/schemas.ts'
import type {Check, Finding} from './check.ts'

export interface DemotedParams {
  /** Milliseconds. */
  readonly within: number
  /** From the first fault, or from its mend (when a frozen primary wakes up). */
  readonly after: 'fault' | 'mend'
}

export const demoted: Check<DemotedParams> = {
  about: 'The old primary takes no more writes soon after the fault, or soon after its mend.',
  evidence: ['postgres', 'clients', 'engine', 'runner', 'disk'],
  ofFault: 'any',
  params: z.strictObject({
    within: positiveDuration,
    after: z.enum(['fault', 'mend'], {error: '`after` is fault or mend'}).prefault('fault'),
  }),

  judge(history, {within, after}) {
    const moments = momentsOf(history)
    const leader = leaderBefore(history)
    if (moments?.fault === null)
      return {verdict: 'unknown', says: 'No fault was injected, so there is no time that the claim is about.'}
    if (moments === null || leader === undefined) return {verdict: 'unknown', says: whoLedUnseen(moments)}
    const from = after === 'fault' ? moments.fault : moments.mending
    // With its mend the old leader may well lead again: its time as a demoted one ends there, if it is not about the mend.
    const end = after === 'fault' ? moments.mending : moments.end
    const limit = within * 1000
    const all = reignsOf(history)
      .filter(reign => reign.host === leader)
      .flatMap(reign => [...reign.sightings])
    const led = all.findLast(one => one.to <= from && one.event.timeline !== null)?.event.timeline ?? null
    // Only a standby is promoted: its time as a demoted one was over then.
    const anew = all.find(({event, ...one}) => one.from > from && one.to <= end && isLater(event.timeline, led))
    const to = anew?.from ?? end
    const seen = all.filter(one => one.from > from && one.to <= to && one !== anew)
    const last = seen.at(-1)
    const wrote = last === undefined ? 0 : Math.max(0, last.to - from)
    // Who wakes up may do what it was asked for before; nobody knows whether it had not done that already.
    const asked = all.filter(one => one.from <= from && one.to > from && one.to <= to)
    const over = after === 'mend' ? asked.toSorted((a, b) => a.to - b.to).at(-1) : undefined
    const perhaps = Math.max(wrote, (over?.to ?? from) - from)
    // A time-out is silence: who is frozen, or cut off from us, has not said that it takes no writes.
    const sober = of(history, 'postgres').find(
      one => one.host === leader && one.askedAt > from + perhaps && one.at <= to && tells(one) && !isWritable(one),
    )
    const began = after === 'fault' ? moments.earliest : moments.earliestMending
    const starved = starvedFor(history, began, from + perhaps)
    const until = Math.max(last?.to ?? began, over?.to ?? began)
    const lasted = {from: wrote, to: until - began}
    const timely = inTime(lasted, limit, starved)
    const finding =
      timely === 'pass'
        ? stopped(history, {
            leader,
            after,
            from,
            to,
            began,
            wrote,
            perhaps,
            limit,
            last: last?.event,
            sober,
            anew: anew?.event,
          })
        : {
            verdict: timely,
            says: `${leader} ${wrote < perhaps ? 'may have taken' : 'still took'} writes ${sayMicros(perhaps)} after the ${after}, ${sayMicros(limit)} are allowed${timely === 'unknown' ? `, but ${sayDoubt(starved)}` : ''}.`,
            ...(timely === 'fail' ? {hint: `read the log of ${leader}: when did Patroni notice?`} : {}),
          }
    return {
      measures: {leader, writableForMicros: perhaps, limitMicros: limit},
      evidence: [last?.event, perhaps > wrote ? over?.event : undefined, sober].filter(one => one !== undefined),
      ...finding,
    }
  },
}

const isLater = (timeline: number | null, led: number | null) => timeline !== null && led !== null && timeline > led

/** What is known of an old primary that was seen taking no write after the limit. */
interface Stopped {
  readonly leader: HostName
  readonly after: DemotedParams['after']
  readonly from: Micros
  readonly to: Micros
  readonly began: Micros
  readonly wrote: Micros
  /** Up to when it did what it had been asked for before it woke up, as well as that is known. */
  readonly perhaps: Micros
  readonly limit: Micros
  readonly last: Sighting['event'] | undefined
  /** It said that it takes none, or refused. */
  readonly sober: Of<'postgres'> | undefined
  /** It took writes again, on a later timeline. */
  readonly anew: Sighting['event'] | undefined
}

function stopped(
  history: History,
  {leader, after, from, to, began, wrote, perhaps, limit, last, sober, anew}: Stopped,
): Finding {
  const unasked = whyNotAsked(history, began, to, [leader])
  const silent = sober === undefined && anew === undefined && unasked === null
  const again = silent ? ledOn(history, leader, to, last?.timeline ?? null) : undefined
  if (again)
    return {
      verdict: 'fail',
      says: `${leader} was silent after the ${after}, not demoted: it took writes again ${sayMicros(again.at - from)} after it, still on timeline ${again.timeline}.`,
      evidence: [last, again].filter(event => event !== undefined),
      hint: `read the log of ${leader}: what stopped it, and did Patroni notice?`,
    }
  const silence = (since: Micros) =>
    unseenWrites(history, leader, since, to).map(sayBlank)[0] ?? whyNotAsked(history, since, to, [leader])
  // What it did unseen before the limit was allowed.
  const unseen = silence(began + limit) ?? lacks(history, 'clients', {from: began, to})
  if (unseen) return {verdict: 'unknown', says: `Whether ${leader} took writes is not known: ${unseen}.`}
  if (sober === undefined && anew === undefined)
    return {verdict: 'unknown', says: `Nobody got any answer or refusal from ${leader} after the ${after}.`}
  const early = silence(began)
  const seen = early === null ? '' : 'was seen taking '
  const window =
    perhaps > wrote
      ? `${seen || 'took '}what it had been asked for before, at most ${sayMicros(perhaps)}`
      : last === undefined
        ? `${seen || 'took '}no write`
        : `${seen || 'took '}its last write ${sayMicros(wrote)}`
  const later = [
    ...(anew === undefined ? [] : [`, and was promoted anew, to timeline ${anew.timeline}`]),
    ...(early === null ? [] : [`; ${early}, in which it may have`]),
  ].join('')
  return {
    verdict: 'pass',
    says: `${leader} ${window} after the ${after} (${sayMicros(limit)} are allowed)${later}.`,
    ...(early === null ? {} : {measures: {leader, writableForMicros: null, limitMicros: limit}}),
  }
}

/** Its first answer after it was silent: it takes writes on the timeline that it led. */
function ledOn(history: History, host: HostName, from: Micros, timeline: number | null): Of<'postgres'> | undefined {
  const before =
    timeline ??
    of(history, 'postgres').findLast(one => one.host === host && one.at <= from && isWritable(one))?.timeline
  const next = of(history, 'postgres').find(one => one.host === host && one.askedAt > from && one.up)
  return next && isWritable(next) && next.timeline === before ? next : undefined
}
