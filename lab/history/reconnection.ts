/** When clients could write again after a failover, and which of their writes was the first one on the new primary. */

import type {Micros} from '../words/quantity.ts'
import {type Attempt, ownAttempts} from './attempts.ts'
import {isDirect} from './client-group.ts'
import type {Failover} from './failover.ts'
import {type History, of} from './history.ts'
import {type Interval, whenCame} from './lateness.ts'

/** From which moment on a client could write; null: nobody saw that. */
export interface Ready {
  /** Behind the proxy: a primary takes writes, and the proxy routes to it. */
  readonly proxied: Micros | null
  /** Who goes past the proxy needs none: it looks for the primary itself, or stays where it is and is lost. */
  readonly direct: Micros | null
}

export function readyOf({promoted, newUp, newKey, newUpTooEarly}: Failover): Ready {
  // Where the proxy had the new server up all the time, clients wait for the promotion only.
  const routed = newUpTooEarly.length > 0 ? newKey : newUp
  return {
    proxied: promoted && routed ? Math.max(promoted.at, routed.at) : null,
    direct: promoted?.at ?? null,
  }
}

export function readyFor(client: string, ready: Ready): Micros | null {
  return isDirect(client) ? ready.direct : ready.proxied
}

/** The moment from which on this client could write, as well as it is known. */
export function readySpan(history: History, client: string, found: Failover): Interval {
  const {promoted, newUp, newKey, newUpTooEarly} = found
  const routed = newUpTooEarly.length > 0 ? newKey : newUp
  const needed = isDirect(client) ? [promoted] : [promoted, routed]
  const known = needed.flatMap(event => (event === undefined ? [] : [whenCame(history, event)]))
  return {from: Math.max(...known.map(one => one.from)), to: Math.max(...known.map(one => one.to))}
}

/** Answered by the new primary, on a timeline of its own, to something that was sent after the fault. */
export function isOnNew({sentAt, server, timeline}: Attempt, {t0, oldLeader, oldTimeline}: Failover): boolean {
  return sentAt > t0 && server !== oldLeader && (timeline ?? 0) > (oldTimeline ?? Number.POSITIVE_INFINITY)
}

/** When load ended on purpose: what comes after is not trouble. Writers stop together, so the last answer of any of them ends it too. */
export function writersStopped(history: History): Micros {
  const reads = of(history, 'phase').find(phase => phase.name === 'final-reads')
  const last = of(history, 'op').findLast(op => op.op === 'write') ?? ownAttempts(history, 'write').at(-1)
  return Math.min(
    reads?.at ?? Number.POSITIVE_INFINITY,
    last?.at ?? Number.POSITIVE_INFINITY,
    history.events.at(-1)!.at,
  )
}
