/** A steady beat for probes. */
import {setTimeout as pause} from 'node:timers/promises'
import type {ProbeSite} from './probe.ts'

/**
 * Does `work` every `periodMs`, or as seldom as the site has it, until the signal, never two at once: work that takes longer than the
 * period delays the next one, which then begins at once, and the beats in between are left out.
 */
export async function every(
  periodMs: number,
  {signal, leastMs = () => 0}: Pick<ProbeSite, 'signal' | 'leastMs'>,
  work: () => Promise<void> | void,
): Promise<void> {
  let due = performance.now()
  while (!signal.aborted) {
    await work()
    due = Math.max(due + Math.max(periodMs, leastMs()), performance.now())
    await sleep(due - performance.now(), signal)
  }
}

/** Resolves after `ms` or when the signal is aborted, whichever comes first. */
export async function sleep(ms: number, signal: AbortSignal): Promise<void> {
  await pause(Math.max(0, ms), undefined, {signal}).catch(error => {
    if (!signal.aborted) throw error
  })
}
