/** Whatever happened, the leader stayed the leader on its timeline, to the end of the run. */
import {z} from 'zod'
import {stepThatPromoted} from '../history/by-hand.ts'
import {viewOf, viewsOf} from '../history/cluster-view.ts'
import type {Event} from '../history/event.ts'
import {isWritable, leaderAt} from '../history/failover.ts'
import {type History, of} from '../history/history.ts'
import {type Moments, momentsOf, sayBegin, whoLedUnseen} from '../history/moments.ts'
import {
  leaderBefore,
  ledByNobody,
  promotedWithoutKey,
  sayLedByNobody,
  saySign,
  signsOfPromotion,
} from '../history/promotions.ts'
import {primariesAtEnd} from '../history/rows.ts'
import {whyPromotionsUnseen} from '../history/servers-seen.ts'
import {blind} from '../history/watching.ts'
import type {HostName} from '../topology/topology.ts'
import {type Micros, sayMicros} from '../words/quantity.ts'
import type {Check, Finding} from './check.ts'

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
    if (signs.length > 0) return {...tookOver(history, signs, leader, moments), measures}
    const followers = ofFollowers(history, moments)
    if (followers?.verdict === 'fail') return {...followers, measures}
    const otherwise = atTheEnd(history, leader, moments)
    if (otherwise !== null) return {...otherwise, measures}
    const [unled] = ledByNobody(history, moments.earliest, moments.end)
    const unseen = whyPromotionsUnseen(history, moments.earliest, moments.end)
    // Whoever was unseen when it was promoted: the leader stayed on its timeline, or there would be no other one.
    const beyond = before !== undefined && (unled?.timeline ?? 0) > (before.timeline ?? Number.POSITIVE_INFINITY)
    if (unled && (unseen === null || beyond))
      return {
        verdict: 'fail',
        says: `${sayLedByNobody(unled)}, ${sayMicros(unled.at - from)} after ${sayBegin(moments)}: somebody was promoted, and ${leader} was to stay the leader.`,
        measures,
        evidence: [unled],
      }
    const back = of(history, 'postgres').findLast(
      one => one.host === leader && one.at <= moments.end && isWritable(one),
    )
    const doubts = [
      unseen,
      followers?.says ?? null,
      unled === undefined ? null : sayLedByNobody(unled),
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

function tookOver(history: History, signs: readonly Event[], leader: HostName, moments: Moments): Finding {
  const [first] = signs
  const withoutKey = first?.kind === 'postgres' && leaderAt(viewOf(history, first.host), first.at) !== first.host
  return {
    verdict: 'fail',
    says: `${saySign(first!)}${withoutKey ? ' without the leader key' : ''} ${sayMicros(first!.at - (moments.fault ?? moments.steps))} after ${sayBegin(moments)}; ${leader} was to stay the leader.`,
    evidence: signs.slice(0, 3),
    hint: withoutKey
      ? whoPromoted(history, first!)
      : "read that host's log around this moment: what made Patroni race for the key?",
  }
}

/** Whoever leads a cluster that follows this one takes no writes: that another host leads there shows by its key alone. */
function ofFollowers(
  history: History,
  {earliest, end}: Moments,
): Pick<Finding, 'verdict' | 'says' | 'evidence'> | null {
  for (const view of viewsOf(history).slice(1)) {
    const leader = leaderAt(view, earliest)
    const taken = of(view, 'leader-key').find(
      one => one.at > earliest && one.at <= end && one.holder !== null && one.holder !== leader,
    )
    if (taken !== undefined && leader !== undefined)
      return {
        verdict: 'fail',
        says: `${taken.holder} took the leader key of ${taken.scope}; ${leader} was to stay the standby leader.`,
        evidence: [taken],
      }
    const unseen = leader === undefined ? 'no watch told of its key' : blind(view, 'etcd', earliest, end)
    if (unseen !== null)
      return {verdict: 'unknown', says: `it is not known whether the standby cluster kept its leader: ${unseen}`}
  }
  return null
}

/** Another timeline, or another server out of recovery, when the tables were read; null: neither. */
function atTheEnd(
  history: History,
  leader: HostName,
  moments: Moments,
): Pick<Finding, 'verdict' | 'says' | 'evidence'> | null {
  const from = moments.fault ?? moments.steps
  const finals = of(history, 'final-rows')
  const before = of(history, 'postgres').findLast(one => one.host === leader && one.at <= from && isWritable(one))
  const other = finals.find(one => before !== undefined && one.timeline !== before.timeline)
  if (other && before)
    return {
      verdict: 'fail',
      says: `${other.host} is on timeline ${other.timeline} at the end; it was ${before.timeline} before ${sayBegin(moments)}.`,
      evidence: [before, other],
    }
  const usurper = primariesAtEnd(history).find(one => one.host !== leader)
  if (usurper)
    return {
      verdict: 'fail',
      says: `${usurper.host} was out of recovery at the end, on timeline ${usurper.timeline}; ${leader} was to stay the leader.`,
      evidence: [usurper],
    }
  return null
}

function whoPromoted(history: History, {host, at}: {readonly host: HostName; readonly at: Micros}): string {
  const step = stepThatPromoted(history, host, at)
  return step === null
    ? 'Patroni did not promote it: somebody did so by hand, or its Patroni has another scope or namespace'
    : `Patroni did not promote it: ${step} did so by hand`
}
