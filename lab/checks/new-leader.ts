/** Another host leads, and a client's write has been acknowledged by it: the moment a scenario waits for. */
import {z} from 'zod'
import {failoversOf} from '../history/failover.ts'
import {lacks} from '../history/watching.ts'
import type {Check} from './check.ts'

export const newLeader: Check<Record<string, never>> = {
  about: 'A new leader has acknowledged a write.',
  evidence: ['etcd', 'postgres', 'clients'],
  ofFault: 'of-leader',
  params: z.strictObject({}),

  judge(history) {
    const all = failoversOf(history)
    if (typeof all === 'string') return {verdict: 'unknown', says: `No new leader to look for: ${all}.`}
    // A step waits for what the fault before it began.
    const found = all.at(-1)!
    const {newLeader, promoted, firstWrite, retaken, oldLeader, keyGone} = found
    if (firstWrite !== undefined)
      return {
        verdict: 'pass',
        says: `${firstWrite.server} acknowledges writes on timeline ${firstWrite.timeline}.`,
        evidence: [firstWrite],
      }
    if (retaken !== undefined)
      return {verdict: 'fail', says: `${oldLeader} took its own key again.`, evidence: [retaken]}
    if (newLeader === undefined)
      return {
        verdict: 'fail',
        says: keyGone ? 'The key is free and nobody has taken it.' : `${oldLeader} still holds the key.`,
      }
    const untold = lacks(history, 'clients', {from: found.t0, to: Number.POSITIVE_INFINITY})
    if (untold !== null) return {verdict: 'unknown', says: `${newLeader} holds the key, but ${untold}.`}
    return {
      verdict: 'fail',
      says: `${newLeader} holds the key ${promoted ? 'and is writable, but no write has been acknowledged' : 'and is not writable yet'}.`,
    }
  },
}
