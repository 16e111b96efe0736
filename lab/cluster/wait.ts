/** Waiting for a condition: by asking again until it holds, with the last thing seen in the complaint. */

import pRetry, {AbortError} from 'p-retry'
import type {Lab} from '../engine/lab.ts'
import {areTogether, clusters} from '../topology/clusters.ts'
import {LabError, type LabErrorCode} from '../words/errors.ts'
import {type Hint, next, onLab} from '../words/next-step.ts'
import {type Health, health} from './health.ts'
import {cannotFollow, explained} from './last-words.ts'

export interface Wait {
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

interface WaitHealthy extends Wait {
  /** Nothing was mended just now, so that nothing is on its way back: what a member has said for a while, it will go on saying. */
  readonly atRest?: boolean
  /** It has to be so for this long without a break: a leader that could not refresh its lease finds out within a loop, and demotes itself. */
  readonly forMs?: number
  /** Also for what no waiting mends: that it does not come is what is to be found out. */
  readonly toTheEnd?: boolean
}

/** How far back a member's log is read when it should long be at rest. */
const lookBackMs = 30_000

/**
 * Healthy in all its parts (`health-parts`). Asks every Patroni four times a second: more than five would change what HAProxy's own
 * checks see (its backlog is 5).
 * @throws LabError as `waitFor`, with what the hosts' logs say; at once for what does not pass by waiting.
 */
export async function untilHealthy(lab: Lab, wait: WaitHealthy): Promise<Health> {
  const {atRest = false, toTheEnd = false, forMs = 0, ...given} = wait
  const sinceMs = await lab.docker.clockMs().catch(() => Date.now())
  let first = true
  let healthySince: number | undefined
  const look = async () => {
    const now = await health(lab)
    if (now.healthy) {
      healthySince ??= performance.now()
      return performance.now() - healthySince >= forMs ? now : 'it is healthy; waiting whether it stays so'
    }
    healthySince = undefined
    if (!toTheEnd && now.lasting !== undefined) throw stuck(lab, given, now.lasting)
    if (first && atRest) await mustFollow(lab, given, now, sinceMs - lookBackMs)
    first = false
    return now.complaints[0] ?? 'nothing'
  }
  try {
    return await waitFor(`lab ${lab.name} to be healthy`, look, {everyMs: 250, ...given})
  } catch (error) {
    throw error instanceof Stuck ? error : await explained(lab, error, sinceMs)
  }
}

/** It says why itself. */
class Stuck extends LabError {}

function stuck(lab: Lab, {code = 'timeout'}: Wait, {says, cure}: NonNullable<Health['lasting']>): LabError {
  return new Stuck(code, `lab ${lab.name} is not healthy, and waiting does not mend it: ${says}`, {hint: cure})
}

/** Who cannot follow the leader is not waited for: Patroni has made up its mind about it (4.0, `rewind.py: RewindState`). */
async function mustFollow(lab: Lab, wait: Wait, {leader, members}: Health, sinceMs: number): Promise<void> {
  if (leader === null) return
  for (const {host, state} of members) {
    if (host === leader || state === 'streaming') continue
    const why = await cannotFollow(lab, host, sinceMs)
    if (why === null) continue
    const {scope} = clusters(lab.topology)[0]
    const says = `${host} cannot follow ${leader}, its log says: ${why}`
    if (!areTogether(lab.topology, host, leader))
      // Both may be on one timeline that each began by itself: no pg_rewind finds where they parted.
      throw stuck(lab, wait, {
        says,
        cure: next`what parted at a promotion is not mended in place: ${onLab(lab.name, 'down')}`,
      })
    const again = onLab(lab.name, 'shell', leader, '--', 'patronictl', 'reinit', scope, host, '--force')
    throw stuck(lab, wait, {says, cure: next`to copy ${host} from its leader again: ${again}`})
  }
}
