/** The old primary stopped taking writes in time: after the fault that cut it off, or after it woke up. */
import {z} from 'zod'
import {isWritable} from '../history/failover.ts'
import {of} from '../history/history.ts'
import {momentsOf} from '../history/moments.ts'
import {leaderBefore} from '../history/promotions.ts'
import {reignsOf} from '../history/reigns.ts'
import {blind, lateness, slowDisk, starvedAfter} from '../history/watching.ts'
import {duration, sayMicros} from '../words/quantity.ts'
import type {Check} from './check.ts'

export interface DemotedParams {
  /** Milliseconds. */
  readonly within: number
  /** From the first fault, or from its mend (when a frozen primary wakes up). */
  readonly after: 'fault' | 'mend'
}

export const demoted: Check<DemotedParams> = {
  about: 'The old primary takes no more writes soon after the fault, or soon after its mend.',
  ofFault: 'any',
  params: z.strictObject({
    within: duration,
    after: z.enum(['fault', 'mend'], {error: '`after` is fault or mend'}).prefault('fault'),
  }),

  judge(history, {within, after}) {
    const moments = momentsOf(history)
    const leader = leaderBefore(history)
    if (moments === null || moments.fault === null || leader === undefined)
      return {verdict: 'unknown', says: 'Nobody saw who led before the first fault.'}
    const from = after === 'fault' ? moments.fault : moments.mending
    // With its mend the old leader may well lead again: its time as a demoted one ends there, if it is not about the mend.
    const to = after === 'fault' ? moments.mending : moments.end
    const limit = within * 1000
    const seen = reignsOf(history)
      .filter(reign => reign.host === leader)
      .flatMap(reign => reign.sightings)
      .filter(one => one.from > from && one.to <= to)
    const last = seen.at(-1)
    const wrote = last === undefined ? 0 : last.to - from
    const sober = of(history, 'postgres').find(
      one => one.host === leader && one.askedAt > from + wrote && one.at <= to && !isWritable(one),
    )
    const measures = {leader, writableForMicros: wrote, limitMicros: limit}
    const evidence = [last?.event, sober].filter(one => one !== undefined)
    const blindness = blind(history, 'postgres', from, to)
    if (blindness)
      return {verdict: 'unknown', says: `Whether ${leader} took writes is not known: ${blindness}.`, measures}
    if (wrote > limit) {
      const late = lateness(history, from, to)
      const disk = slowDisk(history, from, to)
      const says = `${leader} still took writes ${sayMicros(wrote)} after the ${after}, ${sayMicros(limit)} are allowed`
      if (late.micros > starvedAfter || disk !== null)
        return {
          verdict: 'unknown',
          says: `${says}, but ${disk ?? `a timer of ${late.who} ran ${sayMicros(late.micros)} late`}.`,
          measures,
          evidence,
        }
      return {
        verdict: 'fail',
        says: `${says}.`,
        measures,
        evidence,
        hint: `read the log of ${leader}: when did Patroni notice?`,
      }
    }
    if (sober === undefined)
      return {
        verdict: 'unknown',
        says: `Nobody got any answer or refusal from ${leader} after the ${after}.`,
        measures,
        evidence,
      }
    const window = last === undefined ? 'took no write' : `took its last write ${sayMicros(wrote)}`
    return {
      verdict: 'pass',
      says: `${leader} ${window} after the ${after} (${sayMicros(limit)} are allowed).`,
      measures,
      evidence,
    }
  },
}
