/** Waiting for a condition: by asking again until it holds, with the last thing seen in the complaint. */

import pRetry, {AbortError} from 'p-retry'
import type {Lab} from '../engine/lab.ts'
import {LabError, type LabErrorCode} from '../words/errors.ts'
import type {Hint} from '../words/next-step.ts'
import {type Health, health} from './health.ts'

interface Wait {
  readonly withinMs: number
  readonly signal: AbortSignal
  /** Told whenever what is missing changes. */
  readonly seen?: (says: string) => void
  readonly code?: LabErrorCode
  readonly hint?: Hint
  readonly everyMs?: number
}

/**
 * Asks `look` until it answers with a value; a string says what is still missing.
 * @throws LabError (`timeout` or the given code): "waited 60 s for X; last seen: Y"; `interrupted` when the signal fires.
 */
export async function waitFor<T extends object>(what: string, look: () => Promise<T | string>, wait: Wait): Promise<T> {
  const {withinMs, signal, seen, code = 'timeout', hint, everyMs = 100} = wait
  const deadline = performance.now() + withinMs
  let last = 'nothing yet'
  // A look may take as long as an engine that does not answer.
  const {promise: interrupted, reject} = Promise.withResolvers<never>()
  interrupted.catch(() => {})
  const stop = () => reject(signal.reason)
  signal.addEventListener('abort', stop, {once: true})
  try {
    return await pRetry(
      async () => {
        const found = await Promise.race([look(), interrupted])
        if (typeof found === 'object') return found
        if (found !== last) seen?.(found)
        last = found
        const late = new LabError(code, `waited ${withinMs / 1000} s for ${what}; last seen: ${last}`, {hint})
        throw performance.now() > deadline ? new AbortError(late) : new StillMissing(found)
      },
      {
        retries: Number.POSITIVE_INFINITY,
        factor: 1,
        minTimeout: everyMs,
        maxTimeout: everyMs,
        signal,
        shouldRetry: ({error}) => error instanceof StillMissing,
      },
    )
  } catch (error) {
    if (signal.aborted) throw new LabError('interrupted', `stopped while waiting for ${what}`, {cause: error})
    throw error
  } finally {
    signal.removeEventListener('abort', stop)
  }
}

class StillMissing extends Error {}

/**
 * Every host up, one leader, all others streaming from it, the proxies routing accordingly. Asks every Patroni four times a
 * second: more than five would change what HAProxy's own checks see (its backlog is 5).
 */
export function untilHealthy(lab: Lab, wait: Wait): Promise<Health> {
  return waitFor(
    `lab ${lab.name} to be healthy`,
    async () => {
      const now = await health(lab)
      return now.healthy ? now : (now.complaints[0] ?? 'nothing')
    },
    {everyMs: 250, ...wait},
  )
}
