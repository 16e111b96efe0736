/** Clients write as before: what a scenario waits for when nobody is to be promoted. */
import {z} from 'zod'
import {isDirect, type Micros} from '../event.ts'
import {of} from '../history.ts'
import type {Check} from '../unit.ts'

/** This long without any failed attempt, and acknowledged writes in it. */
const calm: Micros = 1_000_000

export const writesFlow: Check<Record<string, never>> = {
  about: 'For a second, writes sent after the last fault or mend are acknowledged and none fails.',
  params: z.strictObject({}),

  judge(history) {
    const since =
      history.events.findLast(event => /^fault-(injecting|injected|proof|mended)$/.test(event.kind))?.at ?? 0
    const now = history.events.at(-1)?.at ?? 0
    const recent = of(history, 'op').filter(
      one => one.op === 'write' && !isDirect(one.client) && one.sentAt > Math.max(since, now - calm),
    )
    const failed = recent.findLast(one => one.outcome !== 'ok')
    const acknowledged = recent.findLast(one => one.outcome === 'ok')
    if (failed)
      return {
        verdict: 'fail',
        says: `Writes still fail: ${failed.sqlstate ?? failed.error ?? 'no answer'}.`,
        evidence: [failed],
      }
    if (now - since < calm || acknowledged === undefined)
      return {verdict: 'fail', says: 'No write has been acknowledged for a second since.'}
    return {
      verdict: 'pass',
      says: `${acknowledged.server} acknowledges writes, and none fails.`,
      evidence: [acknowledged],
    }
  },
}
