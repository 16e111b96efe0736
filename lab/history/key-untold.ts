/**
 * Changes of the leader key that are not in the record, as what is there shows: a lease that nobody told of, a leader's word (only who
 * holds the key writes /status) while nobody is known to hold it, a holder that follows another with no deletion between. And after a
 * time in which no watch was there, or of which words are missing, nobody knows who holds it before the next word on it or its lease.
 */

import type {Micros} from '../words/quantity.ts'
import type {Stretch} from './at-rest.ts'
import type {Event, Of} from './event.ts'
import {type History, once, seldom} from './history.ts'
import {gapsOf, reportEvery} from './looks.ts'

interface Untold {
  /** The key changed and no watch told it: who had it is not known before the next word on it. In the order of time. */
  readonly stretches: readonly Stretch[]
  /** Of those in which the record itself shows that a change is not in it: watches that were there were deaf. */
  readonly deaf: readonly Stretch[]
  /** Who took the key though nobody was told to have given it up, and until when its holder is known to have had it. */
  readonly taken: ReadonlyMap<Of<'leader-key'>, Micros>
}

export const keyUntold = once((history): Untold => {
  const stretches: Stretch[] = []
  const deaf: Stretch[] = []
  const taken = new Map<Of<'leader-key'>, Micros>()
  /** What stood last, and until when it is known to have; undefined while nobody knows. */
  let key: Of<'leader-key'> | undefined
  let sure: Micros = 0
  let lost = false
  /** Since the last word on it there was a time in which nobody would have told. */
  let doubtful = false
  let within = false
  /** Until the first such time it stood: a change would have been told. */
  let toldUntil: Micros = 0
  const untold = (to: Micros): Stretch => ({from: lost ? sure : Math.max(sure, toldUntil), to})
  const leases = new Set<string>()
  for (const event of inOrder(history)) {
    if (event.kind === 'gap') {
      within = event.begins
      if (!doubtful) toldUntil = event.at - reportEvery // its last look was somewhere in there
      doubtful = key !== undefined
      continue
    }
    if (event.kind === 'leader-key') {
      if (lost) deaf.push(untold(event.at))
      if (lost || doubtful) stretches.push(untold(event.at))
      else if (key !== undefined && key.holder !== event.holder && key.holder !== null && event.holder !== null)
        taken.set(event, sure)
      if (event.lease !== null) leases.add(event.lease)
      key = event
      sure = event.at
      lost = false
      doubtful = within // another one may have followed that is not in the record
    } else if (!lost) {
      // The answer on a lease may have come after the key had gone; of one that nobody told of it is news.
      if (event.kind === 'lease') lost = !leases.has(event.lease)
      else lost = key !== undefined && key.holder === null && event.revision > key.revision
      // Whoever holds the key writes /status: after a gap that may be another.
      const stands = event.kind === 'lease' ? key?.lease === event.lease : key?.holder != null && !doubtful
      if (!lost && stands) sure = event.at
      if (stands) doubtful = within
    }
  }
  if (lost) deaf.push(untold(Number.POSITIVE_INFINITY))
  if (lost || doubtful) stretches.push(untold(Number.POSITIVE_INFINITY))
  return {stretches, deaf, taken}
})

type Sign = Of<'leader-key'> | Of<'lease'> | Of<'status-key'>
interface Gap {
  readonly kind: 'gap'
  readonly at: Micros
  readonly begins: boolean
}

/** What is told as a gap ends is told because it has ended. Of what is told in it nobody knows what else there was. */
function inOrder(history: History): readonly (Sign | Gap)[] {
  const signs = seldom(history).filter((one: Event): one is Sign => kinds.has(one.kind))
  // Older records have no leases, by which it could show afterwards that the same host holds it still.
  const shows = signs.some(one => one.kind === 'lease')
  const gaps = (shows ? gapsOf(history, 'etcd') : []).flatMap(({from, to}): Gap[] => [
    {kind: 'gap', at: from, begins: true},
    {kind: 'gap', at: to, begins: false},
  ])
  return gaps.length === 0 ? signs : [...gaps, ...signs].toSorted((a, b) => a.at - b.at)
}

const kinds: ReadonlySet<Event['kind']> = new Set(['leader-key', 'lease', 'status-key'])
