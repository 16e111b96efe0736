import {type Failover, findFailover, isDead, isWritable} from '../../history/failover.ts'
import {type History, of} from '../../history/history.ts'
import {promotionsOf} from '../../history/promotions.ts'
import type {HostName} from '../../topology/topology.ts'
import type {Micros} from '../../words/quantity.ts'

/** A write sent to a server that is being killed may be answered this long after the call returned. */
const dyingMargin: Micros = 100_000

/** One leader followed by the next, on a higher timeline: what asynchronous replication can lose, it loses between the two. */
export interface Succession {
  readonly oldLeader: HostName
  readonly oldTimeline: number | null
  readonly newLeader: HostName | undefined
  /** When the old one was struck; where that is not known, when it was last seen taking writes. */
  readonly t0: Micros
  /** The new one took no writes yet. */
  readonly before: Micros
  /** Nothing of the old one can have answered after this. */
  readonly deadAt: Micros
}

/** In the order of time. Several where several faults struck, or the cluster changed its leader by itself. */
export function successionsOf(history: History): readonly Succession[] {
  const found = findFailover(history)
  const first = typeof found === 'string' ? undefined : ofFailover(found)
  // Whoever took writes on a timeline that another one led already, or on an older one, succeeded nobody.
  const reigns = promotionsOf(history).filter((one, index, all) =>
    all.slice(0, index).every(before => before.timeline < one.timeline),
  )
  const seen = reigns.slice(1).map((next, index): Succession => {
    const {host: oldLeader, timeline: oldTimeline} = reigns[index]!
    if (first?.oldLeader === oldLeader && first.oldTimeline === oldTimeline)
      return first.newLeader === undefined ? {...first, newLeader: next.host, before: next.at} : first
    const before = next.event.kind === 'postgres' ? next.event.askedAt : next.event.sentAt
    const t0 = lastWrites(history, oldLeader, oldTimeline, before)
    return {
      oldLeader,
      oldTimeline,
      newLeader: next.host,
      t0,
      before,
      deadAt: deathBefore(history, oldLeader, t0, before),
    }
  })
  return seen.length === 0 && first !== undefined ? [first] : seen
}

function ofFailover({fault, injected, t0, oldLeader, oldTimeline, newLeader, newKey, promoted}: Failover): Succession {
  // A leader that is only cut off, frozen or without its Patroni goes on acknowledging until it is fenced, and loses all that.
  const deadAt = isDead(fault, oldLeader) ? (injected?.at ?? t0) + dyingMargin : Number.POSITIVE_INFINITY
  return {oldLeader, oldTimeline, newLeader, t0, before: promoted?.askedAt ?? newKey?.at ?? 0, deadAt}
}

/** When it was last seen taking writes on that timeline. */
function lastWrites(history: History, host: HostName, timeline: number, before: Micros): Micros {
  const sample = of(history, 'postgres').findLast(
    one => one.host === host && one.timeline === timeline && isWritable(one) && one.at <= before,
  )
  const write = of(history, 'op').findLast(
    op => op.op === 'write' && op.outcome === 'ok' && op.server === host && op.timeline === timeline && op.at <= before,
  )
  return Math.max(sample?.at ?? 0, write?.at ?? 0)
}

/** The leader's host lost its power and stayed off until another one led. */
function deathBefore(history: History, host: HostName, lastSeen: Micros, before: Micros): Micros {
  const death = of(history, 'fault-injecting').findLast(
    one => isDead(one, host) && one.at <= Math.min(before, lastSeen + dyingMargin),
  )
  const mended = of(history, 'fault-mending').some(one => one.id === death?.id && one.at < before)
  if (death === undefined || mended) return Number.POSITIVE_INFINITY
  return (of(history, 'fault-injected').find(one => one.id === death.id)?.at ?? death.at) + dyingMargin
}
