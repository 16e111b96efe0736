/** Who held the leader key when, as the watches on etcd told it; and when holding it was not asked for. */

import type {HostName} from '../topology/topology.ts'
import type {Micros} from '../words/quantity.ts'
import {etcdAtRest, outside} from './at-rest.ts'
import type {Of} from './event.ts'
import {type History, of, once} from './history.ts'
import {whenWas} from './lateness.ts'
import {sightOf} from './watching.ts'

/** A stretch without a change of holder; `holder` null: nobody had the key. */
export interface Tenure {
  readonly holder: HostName | null
  readonly from: Micros
  /** It may have begun this early: whoever told it may have been late. */
  readonly earliest: Micros
  /** The next change, or the end of what the watches saw; infinite for the last one while they watch to the end. */
  readonly to: Micros
  /** What told its beginning. */
  readonly event: Of<'leader-key'>
}

/** A watch may tell nothing for so long. */
const unwatched: Micros = 2_000_000

/**
 * In the order of time. Nothing is known of what was before the first, nor of times in which no watch was there to tell: those lie
 * between tenures. A change that came meanwhile is told afterwards, by its revision; without one the holder is the same as before.
 */
export function tenuresOf(history: History): Tenure[] {
  const changes = of(history, 'leader-key').filter(
    (one, index, all) => one.holder !== all[index - 1]?.holder || index === 0,
  )
  const end = history.events.at(-1)?.at ?? 0
  const first = changes[0]?.at ?? 0
  const blind = outside(sightOf(history, 'etcd'), {from: first, to: end})
    .flatMap(one => outside(etcdAtRest(history), one))
    .filter(one => one.to - one.from > unwatched)
  return changes.flatMap((event, index) => {
    const whole = {from: event.at, to: changes[index + 1]?.at ?? Number.POSITIVE_INFINITY}
    return outside(
      blind.at(-1)?.to === end ? [...blind.slice(0, -1), {...blind.at(-1)!, to: Number.POSITIVE_INFINITY}] : blind,
      whole,
    ).map(seen => ({
      holder: event.holder,
      ...seen,
      earliest: seen.from === event.at ? whenWas(history, event).from : seen.from,
      event,
    }))
  })
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

/** A leader key that somebody deleted though its lease had not run out, and that its holder took back. */
export interface Deletion {
  readonly gone: Of<'leader-key'>
  readonly back: Of<'leader-key'>
}

/**
 * A lease that has run out cannot hold a key again: one that does was there all the time, and so was Patroni, which gives its key
 * back only when it stops leading, and then PostgreSQL takes no more writes.
 */
export const deletionsOf = once((history): readonly Deletion[] => {
  const keys = of(history, 'leader-key')
  return keys.flatMap((gone, index): Deletion[] => {
    const [before, back] = [keys[index - 1], keys[index + 1]]
    if (gone.holder !== null || before?.holder == null || back?.holder !== before.holder) return []
    if (before.lease === null || back.lease !== before.lease) return []
    const demoted = of(history, 'postgres').some(
      one => one.host === back.holder && one.at >= gone.at && one.askedAt <= back.at && one.inRecovery === true,
    )
    return demoted ? [] : [{gone, back}]
  })
})
