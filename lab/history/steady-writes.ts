/** How well a gap in the writes can be measured: as well as the clients wrote often before the fault. */

import type {Micros} from '../words/quantity.ts'
import {ownAnsweredWrites} from './attempts.ts'
import type {Failover} from './failover.ts'
import type {History} from './history.ts'

/** 100 writes/s make the gap known to 10 ms. A tenth less passes, for jitter. */
export const fewestWritesPerSecond = 90
/** In this long before the fault. */
export const steadyWindow: Micros = 3_000_000
/** So much of it every run has seen before its first step begins. */
export const sureSteady: Micros = 500_000

function steadyWrites(history: History, {t0}: Failover) {
  return ownAnsweredWrites(history).filter(one => one.at > t0 - steadyWindow && one.at <= t0)
}

/** Clients that write too seldom measure a gap too coarsely to say that it was short enough. */
export function tooThin(history: History, found: Failover): string[] {
  const perSecond = Math.round(steadyWrites(history, found).length / (steadyWindow / 1e6))
  if (perSecond >= fewestWritesPerSecond) return []
  return [
    `clients wrote only ${perSecond}/s in the ${steadyWindow / 1e6} s before the fault, which is too thin to measure a gap (${fewestWritesPerSecond}/s are needed)`,
  ]
}

/** What helps against it; `scenarios validate` knows which of both it is. */
export const forSteady = `let the clients write for ${steadyWindow / 1e6} s before the first fault (a \`hold:\` before it), or raise \`rate:\` where it is below ${fewestWritesPerSecond}/s`

/** Beyond the limit by more than clients that write as seldom as these could have missed. */
export function plainlyTooSlow(history: History, found: Failover, limit: Micros): boolean {
  const {t0, firstWrite} = found
  const times = steadyWrites(history, found).map(one => one.at)
  if (firstWrite === undefined || times.length < 2) return false
  const coarse = Math.max(...[...times.slice(1), t0].map((at, index) => at - times[index]!))
  return firstWrite.at - t0 - coarse > limit
}
