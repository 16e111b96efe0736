/** Clients write as before: what a scenario waits for when nobody is to be promoted. */
import {z} from 'zod'
import {ownAttempts} from '../history/attempts.ts'
import {lastOf, of} from '../history/history.ts'
import {lacks} from '../history/watching.ts'
import type {Micros} from '../words/quantity.ts'
import type {Check} from './check.ts'

/** This long without any failed attempt, and acknowledged writes in it. */
const calm: Micros = 1_000_000

export const writesFlow: Check<Record<string, never>> = {
  about: 'For a second, writes sent after the last fault or mend are acknowledged and none fails.',
  evidence: ['clients'],
  params: z.strictObject({}),

  judge(history) {
    const since = lastOf(history, ['fault-injecting', 'fault-injected', 'fault-proof', 'fault-mended'])?.at ?? 0
    // Asked of a finished run it is about the end of the writers.
    const stopped = of(history, 'phase').some(one => one.name === 'final-reads')
    const last = stopped ? ownAttempts(history, 'write').at(-1) : history.events.at(-1)
    const now = last?.at ?? 0
    const recent = ownAttempts(history, 'write').filter(one => one.sentAt > Math.max(since, now - calm))
    const failed = recent.findLast(one => one.outcome !== 'ok')
    const acknowledged = recent.findLast(one => one.outcome === 'ok')
    if (failed)
      return {
        verdict: 'fail',
        says: `Writes still fail: ${failed.sqlstate ?? failed.error ?? 'no answer'}.`,
        evidence: [failed],
      }
    const untold = lacks(history, 'clients', {from: Math.max(since, now - calm), to: now})
    if (untold !== null) return {verdict: 'unknown', says: `No write was seen failing, but ${untold}.`}
    if (stopped && now - since < calm)
      return {verdict: 'unknown', says: 'The writers stopped less than a second after the last fault or mend.'}
    if (now - since < calm || acknowledged === undefined)
      return {verdict: 'fail', says: 'No write has been acknowledged for a second since.'}
    return {
      verdict: 'pass',
      says: `${acknowledged.server} acknowledges writes, and none fails.`,
      evidence: [acknowledged],
    }
  },
}
