/** Who was promoted when: seen by the leader key, by servers that take writes on a higher timeline, and by what the tables say. */

import type {HostName} from '../topology/topology.ts'
import type {Micros} from '../words/quantity.ts'
import {joined, outside} from './at-rest.ts'
import {viewsOf} from './cluster-view.ts'
import {clockSet} from './disturbances.ts'
import type {Event, Of} from './event.ts'
import {isWritable, leaderAt, writableAt} from './failover.ts'
import {type History, of, once} from './history.ts'
import {type Interval, whenWas} from './lateness.ts'
import {tenuresOf} from './tenures.ts'

/** A server took writes on a timeline that it had not led before. */
export interface Promotion {
  readonly host: HostName
  readonly timeline: number
  readonly at: Micros
  readonly event: Of<'postgres'> | Of<'op'>
}

/** In the order of time, the reign that the run began with included. */
export const promotionsOf = once((history): readonly Promotion[] => {
  const found = new Map<string, Promotion>()
  const latest = new Map<HostName, number>()
  const see = (host: HostName, timeline: number, event: Promotion['event']) => {
    const last = latest.get(host)
    if (last === timeline) return
    latest.set(host, timeline)
    const key = `${host} ${timeline}`
    if (!found.has(key)) found.set(key, {host, timeline, at: event.at, event})
  }
  for (const event of history.events) {
    if (event.kind === 'postgres' && isWritable(event) && event.timeline !== null)
      see(event.host, event.timeline, event)
    else if (event.kind === 'op' && event.op === 'write' && event.outcome === 'ok' && event.server !== null)
      if (event.timeline !== null) see(event.server, event.timeline, event)
  }
  return [...found.values()]
})

/**
 * Replicas that were on a timeline that nobody was ever seen to lead: it was made by a promotion that nobody saw, one that lasted less
 * than lies between two looks, say, or that of a server that is none of the members.
 */
export function ledByNobody(history: History, from: Micros, to: Micros): readonly Of<'postgres'>[] {
  const led = new Set(promotionsOf(history).map(one => one.timeline))
  const first = Math.min(...led)
  return of(history, 'postgres').filter(
    ({at, inRecovery, timeline}) =>
      at > from && at <= to && inRecovery === true && timeline !== null && timeline > first && !led.has(timeline),
  )
}

export function sayLedByNobody({host, timeline}: Of<'postgres'>): string {
  return `${host} was a replica on timeline ${timeline}, which nobody was seen to lead`
}

/** What says that somebody but `leader` leads, or that it leads anew, in the order of time. */
export interface Signs {
  /** Surely in the time that is asked about. */
  readonly sure: readonly Event[]
  /** Perhaps before it, or after it: whoever told it was late. */
  readonly perhaps: readonly Event[]
}

/** @param to both ends as well as they are known. */
export function signsOfPromotion(history: History, leader: HostName, from: Interval, to: Interval): Signs {
  const before = promotionsOf(history).filter(one => one.at <= from.to)
  const timeline = Math.max(...before.map(one => one.timeline), Number.NEGATIVE_INFINITY)
  const says = (event: Event): boolean => {
    if (event.kind === 'leader-key') return event.holder !== null && event.holder !== leader
    if (event.kind === 'postgres')
      return isWritable(event) && (event.host !== leader || (event.timeline ?? 0) > timeline)
    if (event.kind === 'op' && event.op === 'write' && event.outcome === 'ok')
      return (event.server !== null && event.server !== leader) || (event.timeline ?? 0) > timeline
    return false
  }
  const sure: Event[] = []
  const perhaps: Event[] = []
  for (const event of history.events) {
    if (event.at <= from.from || !says(event)) continue
    const when = whenWas(history, event)
    if (when.from > from.to && when.to <= to.from) sure.push(event)
    else if (when.from <= to.to) perhaps.push(event)
  }
  return {sure, perhaps}
}

/** `node2 took writes on timeline 3` */
export function saySign(event: Event): string {
  if (event.kind === 'leader-key') return `${event.holder} took the leader key`
  if (event.kind === 'postgres') return `${event.host} took writes on timeline ${event.timeline}`
  return 'a write was acknowledged by another server or on another timeline'
}

/** A leader may write its key this much before or after what its log says of the promotion. */
const besideKey: Micros = 1_000_000

/**
 * Promotions that a log tells of whose host did not hold the leader key: somebody promoted it past Patroni, or it leads a cluster of
 * its own. Nothing is said of a time in which nobody watched the key. A server may be primary for less than lies between two questions.
 */
export function promotedWithoutKey(history: History, from: Micros, to: Micros): readonly Of<'log'>[] {
  return viewsOf(history).flatMap(one => withoutOwnKey(one, from, to))
}

function withoutOwnKey(history: History, from: Micros, to: Micros): readonly Of<'log'>[] {
  // Times of a log are of a clock that was set in between.
  if (clockSet(history) !== null) return []
  const tenures = tenuresOf(history)
  return of(history, 'log').filter(({sign, host, at}) => {
    if ((sign !== 'new-timeline' && sign !== 'promoting') || at < from || at > to) return false
    const around = {from: at - besideKey, to: at + besideKey}
    if (outside(joined(tenures), around).length > 0) return false
    // A watch may have told late that it took the key.
    return !tenures.some(
      one => one.holder === host && whenWas(history, one.event).from <= around.to && one.to >= around.from,
    )
  })
}

/** Who led when the first fault came (or when the steps began, without any fault); undefined when nobody saw. */
export function leaderBefore(history: History): HostName | undefined {
  const at = of(history, 'fault-injecting')[0]?.at ?? of(history, 'phase').find(one => one.name === 'steps')?.at
  if (at === undefined) return undefined
  // Where words on the key are missing, its last holder may be another one by then: who takes writes tells who leads.
  const isKnown = tenuresOf(history).some(one => one.from <= at && one.to >= at)
  return isKnown || of(history, 'leader-key').every(one => one.at > at)
    ? leaderAt(history, at)
    : writableAt(history, at)
}
