/**
 * The moment of a fault within Patroni's HA loop. The leader refreshes its lease once per `loop_wait` (`ha.py:
 * process_healthy_cluster -> update_lock`) and writes `/status` right after, so a watch on that key tells the last refresh to
 * some 10-50 ms, and the next one is due a loop later. How old the lease is at the fault decides how long it outlives its
 * holder, which is the larger part of a failover and most of what differs between two runs.
 */
import {setTimeout as sleep} from 'node:timers/promises'
import type {Event} from '../history/event.ts'
import {of} from '../history/history.ts'
import type {InjectionPhase} from '../history/scenario-values.ts'
import {isOfFirst} from '../topology/clusters.ts'
import {LabError} from '../words/errors.ts'
import type {Micros} from '../words/quantity.ts'

/**
 * `worst`: just after a refresh. `inLoop`: at this share of a loop after a refresh, from 0 to 1. Both are for the first fault that strikes
 * the leader; it alone, and it comes even where no refresh is seen.
 */
export type ChosenMoment = InjectionPhase | 'worst' | PartOfLoop

export interface PartOfLoop {
  readonly inLoop: number
  /** From where etcd is led when the fault comes: the host of Patroni's leader, so that both end at once, or another one. */
  readonly etcdLeader?: 'beside' | 'elsewhere' | undefined
}

/** What a record has of it: a phase that somebody typed, by which the same can be asked for again. */
export function asTyped(chosen: ChosenMoment | undefined): {phase?: InjectionPhase} {
  return chosen === undefined || chosen === 'worst' || typeof chosen === 'object' ? {} : {phase: chosen}
}

/** A refresh may be told late, and the call that breaks takes its time: `just before` is this much before the next one. */
const aheadOf = (loopWait: Micros): Micros => Math.min(loopWait / 2, Math.max(300_000, loopWait / 10))
/** Loops that run late (a slow machine, a long query) are waited for. */
const patienceLoops = 3
const patienceMicros: Micros = 3_000_000

/** The history as it grows: what `Recorder` is. */
export interface Growing {
  readonly events: readonly Event[]
  subscribe(listener: (event: Event) => void): () => void
  now(): Micros
}

/**
 * Resolves at the moment, with a sentence on it for the history. `random`: anywhere in a loop, each moment as likely.
 * @throws LabError `timeout` when no refresh is seen: the moment cannot be chosen then, and a fault at another one would lie.
 */
export async function untilInjectionPhase(
  phase: Exclude<ChosenMoment, 'worst'>,
  {history, loopWaitMicros, signal}: {history: Growing; loopWaitMicros: Micros; signal: AbortSignal},
  random: () => number = Math.random,
): Promise<string> {
  const refreshedAt = await nextRefresh(history, loopWaitMicros, signal)
  const after =
    typeof phase === 'object'
      ? loopWaitMicros * phase.inLoop
      : {
          'just-after-refresh': 0,
          'just-before': loopWaitMicros - aheadOf(loopWaitMicros),
          random: loopWaitMicros * random(),
        }[phase]
  const leftMicros = refreshedAt + after - history.now()
  if (leftMicros > 0) await sleep(leftMicros / 1000, undefined, {signal})
  const age = ((history.now() - refreshedAt) / 1e6).toFixed(2)
  const chosen = typeof phase === 'object' ? `${Math.round(phase.inLoop * 100)} % of the loop` : phase
  return `injection phase ${chosen}: the lease was refreshed ${age} s ago`
}

/** When the next `/status` was written from now on. The one before may be of any age, and may be the last of a leader. */
async function nextRefresh(history: Growing, loopWait: Micros, signal: AbortSignal): Promise<Micros> {
  const withinMs = (patienceLoops * loopWait + patienceMicros) / 1000
  const {promise, resolve, reject} = Promise.withResolvers<Micros>()
  const topology = of(history, 'run-started')[0]?.topology
  const unsubscribe = history.subscribe(event => {
    if (event.kind === 'status-key' && isOfFirst(topology, event)) resolve(event.at)
  })
  const tooLong = setTimeout(
    () =>
      reject(
        new LabError('timeout', `waited ${withinMs / 1000} s for the leader to refresh its lease, and saw no refresh`, {
          hint: 'leave out --phase; the moment can be chosen only where a leader leads and something is written',
        }),
      ),
    withinMs,
  )
  const aborted = () => reject(signal.reason)
  signal.addEventListener('abort', aborted)
  try {
    signal.throwIfAborted()
    return await promise
  } finally {
    unsubscribe()
    clearTimeout(tooLong)
    signal.removeEventListener('abort', aborted)
  }
}
