/** Whatever happened, the leader stayed the leader on its timeline, to the end of the run. */
import {z} from 'zod'
import {isWritable, leaderAt} from '../history/failover.ts'
import {of} from '../history/history.ts'
import {momentsOf, sayBegin, whoLedUnseen} from '../history/moments.ts'
import {leaderBefore, promotedWithoutKey, saySign, signsOfPromotion} from '../history/promotions.ts'
import {whyPromotionsUnseen} from '../history/servers-seen.ts'
import {sayMicros} from '../words/quantity.ts'
import type {Check} from './check.ts'

export const noFailover: Check<Record<string, never>> = {
  about: 'The leader stays the leader, on the same timeline, from the first fault to the end of the run.',
  evidence: ['postgres', 'rows', 'clients', 'engine', 'runner', 'etcd', 'logs'],
  ofFault: 'calm',
  params: z.strictObject({}),

  contradiction(history) {
    const moments = momentsOf(history)
    const [sign] = moments === null ? [] : promotedWithoutKey(history, moments.earliest, moments.end)
    return sign === undefined ? null : {sign, verdict: 'fail'}
  },

  judge(history) {
    const moments = momentsOf(history)
    const leader = leaderBefore(history)
    if (moments === null || leader === undefined) return {verdict: 'unknown', says: whoLedUnseen(moments)}
    const from = moments.fault ?? moments.steps
    const {sure: signs, perhaps} = signsOfPromotion(
      history,
      leader,
      {from: moments.earliest, to: from},
      {from: moments.end, to: moments.end},
    )
    const finals = of(history, 'final-rows')
    const before = of(history, 'postgres').findLast(one => one.host === leader && one.at <= from && isWritable(one))
    const measures = {leader, timeline: before?.timeline ?? null, observedMicros: moments.end - from}
    if (signs.length > 0) {
      const [first] = signs
      const withoutKey = first?.kind === 'postgres' && leaderAt(history, first.at) !== first.host
      return {
        verdict: 'fail',
        says: `${saySign(first!)}${withoutKey ? ' without the leader key' : ''} ${sayMicros(first!.at - from)} after ${sayBegin(moments)}; ${leader} was to stay the leader.`,
        measures,
        evidence: signs.slice(0, 3),
        hint: withoutKey
          ? 'Patroni did not promote it: somebody did so by hand, or its Patroni has another scope or namespace'
          : "read that host's log around this moment: what made Patroni race for the key?",
      }
    }
    const other = finals.find(one => before !== undefined && one.timeline !== before.timeline)
    if (other && before)
      return {
        verdict: 'fail',
        says: `${other.host} is on timeline ${other.timeline} at the end; it was ${before.timeline} before ${sayBegin(moments)}.`,
        measures,
        evidence: [before, other],
      }
    const back = of(history, 'postgres').findLast(
      one => one.host === leader && one.at <= moments.end && isWritable(one),
    )
    const doubts = [
      whyPromotionsUnseen(history, moments.earliest, moments.end),
      perhaps.length > 0
        ? `somebody took over just when ${moments.fault === null ? 'the steps began' : 'the fault came'}, and which was first is not known`
        : null,
      finals.length === 0 ? 'no table was read at the end, so nobody knows the timeline then' : null,
      before === undefined ? `nobody saw the timeline of ${leader} before ${sayBegin(moments)}` : null,
      back === undefined || back.at <= moments.end - 2_000_000 ? `${leader} was not seen writable at the end` : null,
    ].filter(one => one !== null)
    if (doubts.length > 0)
      return {verdict: 'unknown', says: `No failover was seen, but ${doubts.join('; ')}.`, measures}
    return {
      verdict: 'pass',
      says: `${leader} stayed the leader on timeline ${before!.timeline} for all of ${sayMicros(moments.end - from)}.`,
      measures,
      evidence: [before!, back!],
    }
  },
}
