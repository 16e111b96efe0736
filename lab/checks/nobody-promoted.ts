/** While the fault was in force, or until the end of the run, nobody was promoted: no other host took the key or took writes. */
import {z} from 'zod'
import type {Event} from '../history/event.ts'
import {type History, of} from '../history/history.ts'
import {type Interval, whenWas} from '../history/lateness.ts'
import {type Moments, momentsOf, whoLedUnseen} from '../history/moments.ts'
import {
  leaderBefore,
  ledByNobody,
  promotedWithoutKey,
  sayLedByNobody,
  saySign,
  signsOfPromotion,
} from '../history/promotions.ts'
import {whyPromotionsUnseen} from '../history/servers-seen.ts'
import type {HostName} from '../topology/topology.ts'
import {sayMicros} from '../words/quantity.ts'
import {positiveDuration} from '../words/schemas.ts'
import type {Check} from './check.ts'

export interface NobodyPromotedParams {
  /** Milliseconds: a claim that something does not happen says for how long; observed for less, it is unknown. */
  readonly for: number
  /** `mend`: the first one, of whatever fault. After it the old leader may lead anew, but nobody else until the `end`. */
  readonly until: 'mend' | 'end'
}

export const nobodyPromoted: Check<NobodyPromotedParams> = {
  about:
    'From the first fault to its mend (or to the end), and for at least this long, no other host takes the leader key or writes.',
  evidence: ['postgres', 'clients', 'engine', 'runner', 'etcd', 'logs'],
  ofFault: 'calm',
  params: z.strictObject({
    for: positiveDuration,
    until: z.enum(['mend', 'end'], {error: '`until` is mend or end'}).prefault('mend'),
  }),

  contradiction(history, {until}) {
    const moments = momentsOf(history)
    if (moments === null || moments.fault === null) return null
    const {earliest, fault} = moments
    const signs = promotedWithoutKey(history, earliest, endOf(history, moments, until).from)
    const after = signs.find(one => one.at >= fault)
    // The fault may have come before it was told, and the promotion of it.
    const sign = after ?? signs[0]
    return sign === undefined ? null : {sign, verdict: after === undefined ? 'unknown' : 'fail'}
  },

  judge(history, {for: forMs, until}) {
    const moments = momentsOf(history)
    const leader = leaderBefore(history)
    if (moments?.fault === null)
      return {verdict: 'unknown', says: 'No fault was injected, so there is no time that the claim is about.'}
    if (moments === null || leader === undefined) return {verdict: 'unknown', says: whoLedUnseen(moments)}
    const {fault} = moments
    const end = endOf(history, moments, until)
    // Of an end that was told late nobody knows how long before it was.
    const observed = (until === 'mend' ? end.to : end.from) - fault
    const measures = {leader, observedMicros: observed, atLeastMicros: forMs * 1000}
    const found = signsOfPromotion(history, leader, {from: moments.earliest, to: fault}, end)
    const counts = (sign: Event) => until === 'mend' || isOfAnother(sign, leader)
    const signs = found.sure.filter(counts)
    const [first] = signs
    if (first !== undefined) {
      return {
        verdict: 'fail',
        says: `${saySign(first)} ${sayMicros(first.at - fault)} after the fault; nobody was to be promoted.`,
        measures,
        evidence: signs.slice(0, 3),
        hint: 'its log says why it thought itself the healthiest: its lag, the votes, the age of /status',
      }
    }
    if (observed < forMs * 1000)
      return {
        verdict: 'unknown',
        says: `Nobody was promoted in ${sayMicros(observed)}; the claim is for ${sayMicros(forMs * 1000)}.`,
        measures,
      }
    const blindness =
      whyPromotionsUnseen(history, moments.earliest, end.to) ??
      ledByNobody(history, moments.earliest, end.to).map(sayLedByNobody)[0] ??
      (found.perhaps.some(counts)
        ? 'somebody took over just when the fault or its mend came, and which was first is not known'
        : null)
    if (blindness) return {verdict: 'unknown', says: `Nobody was seen promoted, but ${blindness}.`, measures}
    return {verdict: 'pass', says: `Nobody was promoted in the ${sayMicros(observed)} until the ${until}.`, measures}
  },
}

/** As well as it is known. */
function endOf(history: History, moments: Moments, until: NobodyPromotedParams['until']): Interval {
  const {earliestMending, mending, end} = moments
  if (until === 'mend') return {from: earliestMending, to: mending}
  const last = of(history, 'phase').find(one => one.name === 'final-reads')
  return {from: last === undefined ? end : whenWas(history, last).from, to: end}
}

/** Once its fault is mended, the old leader leads anew, on a timeline of its own. */
function isOfAnother(sign: Event, leader: HostName): boolean {
  if (sign.kind === 'leader-key') return true
  return 'server' in sign ? sign.server !== leader : 'host' in sign && sign.host !== leader
}
