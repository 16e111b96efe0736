/** While the fault was in force, nobody was promoted: no other host took the key or took writes. */
import {z} from 'zod'
import {momentsOf, whoLedUnseen} from '../history/moments.ts'
import {leaderBefore, promotedWithoutKey, saySign, signsOfPromotion} from '../history/promotions.ts'
import {whyPromotionsUnseen} from '../history/servers-seen.ts'
import {lasting, sayMicros} from '../words/quantity.ts'
import type {Check} from './check.ts'

export interface NobodyPromotedParams {
  /** Milliseconds: a claim that something does not happen says for how long; observed for less, it is unknown. */
  readonly for: number
}

export const nobodyPromoted: Check<NobodyPromotedParams> = {
  about: 'From the first fault to its mend, and for at least this long, no other host takes the leader key or writes.',
  evidence: ['postgres', 'clients', 'engine', 'runner', 'etcd', 'logs'],
  ofFault: 'calm',
  params: z.strictObject({for: lasting}),

  contradiction(history) {
    const moments = momentsOf(history)
    const [sign] = moments?.fault == null ? [] : promotedWithoutKey(history, moments.fault, moments.earliestMending)
    return sign === undefined ? null : {sign, verdict: 'fail'}
  },

  judge(history, {for: forMs}) {
    const moments = momentsOf(history)
    const leader = leaderBefore(history)
    if (moments?.fault === null)
      return {verdict: 'unknown', says: 'No fault was injected, so there is no time that the claim is about.'}
    if (moments === null || leader === undefined) return {verdict: 'unknown', says: whoLedUnseen(moments)}
    const {fault, mending} = moments
    const observed = mending - fault
    const measures = {leader, observedMicros: observed, atLeastMicros: forMs * 1000}
    const {sure: signs, perhaps} = signsOfPromotion(
      history,
      leader,
      {from: moments.earliest, to: fault},
      {from: moments.earliestMending, to: mending},
    )
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
      whyPromotionsUnseen(history, moments.earliest, mending) ??
      (perhaps.length > 0
        ? 'somebody took over just when the fault or its mend came, and which was first is not known'
        : null)
    if (blindness) return {verdict: 'unknown', says: `Nobody was seen promoted, but ${blindness}.`, measures}
    return {verdict: 'pass', says: `Nobody was promoted in the ${sayMicros(observed)} until the mend.`, measures}
  },
}
