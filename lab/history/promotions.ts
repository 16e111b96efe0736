/** Who was promoted when: seen by the leader key, by servers that take writes on a higher timeline, and by what the tables say. */

import type {HostName} from '../topology/topology.ts'
import type {Micros} from '../words/quantity.ts'
import type {Event, Of} from './event.ts'
import {isWritable, leaderAt} from './failover.ts'
import {type History, of, once} from './history.ts'

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

/** Everything after `from` that says that somebody but `leader` leads, or that it leads anew: the first few, in order of time. */
export function signsOfPromotion(history: History, leader: HostName, from: Micros, to: Micros): Event[] {
  const before = promotionsOf(history).filter(one => one.at <= from)
  const timeline = Math.max(...before.map(one => one.timeline), Number.NEGATIVE_INFINITY)
  return history.events.filter(event => {
    if (event.at <= from || event.at > to) return false
    if (event.kind === 'leader-key') return event.holder !== null && event.holder !== leader
    if (event.kind === 'postgres')
      return isWritable(event) && (event.host !== leader || (event.timeline ?? 0) > timeline)
    if (event.kind === 'op' && event.op === 'write' && event.outcome === 'ok')
      return (event.server !== null && event.server !== leader) || (event.timeline ?? 0) > timeline
    return false
  })
}

/** Who led when the first fault came (or when the steps began, without any fault); undefined when nobody saw. */
export function leaderBefore(history: History): HostName | undefined {
  const at = of(history, 'fault-injecting')[0]?.at ?? of(history, 'phase').find(one => one.name === 'steps')?.at
  return at === undefined ? undefined : leaderAt(history, at)
}
