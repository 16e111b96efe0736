/** How well a gap in the writes can be measured: as well as the clients wrote often before the fault. */

import type {Micros} from '../words/quantity.ts'
import {ownAttempts} from './attempts.ts'
import type {OpName} from './event.ts'
import type {Failover} from './failover.ts'
import type {History} from './history.ts'

/** 100 writes/s make the gap known to 10 ms. A tenth less passes, for jitter. */
const fewestWritesPerSecond = 90
/** In this long before the fault. */
export const steadyWindow: Micros = 3_000_000
/** So much of it every run has seen before its first step begins. */
export const sureSteady: Micros = 500_000

/** What helps against it; `scenarios validate` knows which of both it is. */
export const forSteady = `let the clients write for ${steadyWindow / 1e6} s before the first fault (a \`hold:\` before it), or raise \`rate:\` where it is below ${fewestWritesPerSecond}/s`

/**
 * How much earlier than the first acknowledged write (or answered read) clients could have had one, had they tried: the longest time
 * between two of them before the fault. Infinite where fewer than two were answered then.
 */
export function coarseness(history: History, {t0}: Pick<Failover, 't0'>, op: OpName = 'write'): Micros {
  const times = ownAttempts(history, op)
    .filter(one => one.at > t0 - steadyWindow && one.at <= t0 && one.outcome === 'ok')
    .map(one => one.at)
  if (times.length < 2) return Number.POSITIVE_INFINITY
  return Math.max(...[...times.slice(1), t0].map((at, index) => at - times[index]!))
}
