/** Who held the leader key when, as the watches on etcd told it; and when holding it was not asked for. */

import type {HostName} from '../topology/topology.ts'
import type {Micros} from '../words/quantity.ts'
import type {Of} from './event.ts'
import {type History, of} from './history.ts'

/** A stretch without a change of holder; `holder` null: nobody had the key. */
export interface Tenure {
  readonly holder: HostName | null
  readonly from: Micros
  /** Infinite for the last one. */
  readonly to: Micros
  /** What told its beginning. */
  readonly event: Of<'leader-key'>
}

/** In the order of time; nothing is known of what was before the first. */
export function tenuresOf(history: History): Tenure[] {
  const changes = of(history, 'leader-key').filter(
    (one, index, all) => one.holder !== all[index - 1]?.holder || index === 0,
  )
  return changes.map((event, index) => ({
    holder: event.holder,
    from: event.at,
    to: changes[index + 1]?.at ?? Number.POSITIVE_INFINITY,
    event,
  }))
}

/** Stretches in which some member said that the cluster is in maintenance mode; an open one ends at infinity. */
export function pausesOf(history: History): {readonly from: Micros; readonly to: Micros}[] {
  const pauses: {from: Micros; to: Micros}[] = []
  const paused = new Set<HostName>()
  for (const {host, paused: says, at} of of(history, 'patroni')) {
    if (says === undefined) continue
    if (says && paused.size === 0) pauses.push({from: at, to: Number.POSITIVE_INFINITY})
    if (says) paused.add(host)
    else if (paused.delete(host) && paused.size === 0) pauses.at(-1)!.to = at
  }
  return pauses
}
