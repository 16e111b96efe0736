/**
 * What nobody saw of the PostgreSQL servers: stretches in which one may have taken writes, or been promoted, behind our back. One that
 * was unseen and comes back is asked afterwards: a promotion raises the timeline, and what it leads stays to be seen.
 */

import {type HostName, hostsWith} from '../topology/topology.ts'
import {type Micros, sayMicros} from '../words/quantity.ts'
import {atRest, lengthOf, outside, type Stretch} from './at-rest.ts'
import type {Of} from './event.ts'
import {isWritable} from './failover.ts'
import {type History, of, once} from './history.ts'
import {tells} from './lateness.ts'
import {promotionsOf} from './promotions.ts'
import {blind, lacks, sightOf} from './watching.ts'

/** Longer without a look at a living host, and it may have been writable behind our back. */
const unobserved: Micros = 1_000_000

/** Nobody got a word of this server, which lived. */
export interface Blank extends Stretch {
  readonly host: HostName
  readonly before: Of<'postgres'> | undefined
  /** The timeline that it last named before; of a replica that follows nobody no answer tells one. */
  readonly timeline: number | null
  /** The next answer that names a timeline: until then it was seen to be a replica. */
  readonly after: Of<'postgres'> | undefined
  /** It was asked, and kept silent. */
  readonly asked: boolean
}

const samples = once(
  (history): ReadonlyMap<HostName, readonly Of<'postgres'>[]> => Map.groupBy(of(history, 'postgres'), one => one.host),
)

/** Without a word of the server. */
const blanks = once((history): readonly Blank[] => membersOf(history).flatMap(host => blanksOf(history, host, tells)))
/** Without a question to it. */
const unasked = once((history): readonly Blank[] =>
  membersOf(history).flatMap(host => blanksOf(history, host, () => true)),
)

function membersOf(history: History): readonly HostName[] {
  const topology = of(history, 'run-started')[0]?.topology
  return topology ? hostsWith(topology, 'patroni') : []
}

function blanksOf(history: History, host: HostName, counts: (sample: Of<'postgres'>) => boolean): Blank[] {
  const all = samples(history).get(host) ?? []
  const end = history.events.at(-1)?.at ?? 0
  const begin = of(history, 'phase').find(phase => phase.name === 'steps')?.at ?? all[0]?.at ?? 0
  const found: Blank[] = []
  let since: Micros = Number.NEGATIVE_INFINITY
  let before: Of<'postgres'> | undefined
  let timeline: number | null = null
  let asked = false
  const rests = atRest(history, host, 'any')
  const close = (to: Micros, after: Of<'postgres'> | undefined) => {
    if (to - since <= unobserved) return
    // Before the steps begin probes may still be finding their feet; nothing has been broken by then.
    const from = Math.max(since, begin)
    if (lengthOf(outside(rests, {from, to})) > unobserved) found.push({host, from, to, before, timeline, after, asked})
  }
  for (const [index, one] of all.entries()) {
    if (!counts(one)) {
      asked = true
      continue
    }
    if (one.askedAt - since > unobserved)
      close(
        one.askedAt,
        all.slice(index).find(next => next.up && next.timeline !== null),
      )
    since = Math.max(since, one.at)
    asked = false
    if (one.up) before = one
    timeline = one.timeline ?? timeline
  }
  close(end, undefined)
  return found
}

/** Stretches of [from, to] in which one of these servers may have been promoted unseen. */
function unseenPromotions(history: History, from: Micros, to: Micros, hosts?: readonly HostName[]): Blank[] {
  return inside(history, blanks(history), from, to, hosts).filter(one => !wasNotPromoted(history, one))
}

/** Stretches of [from, to] in which this server may have taken writes unseen. */
export function unseenWrites(history: History, host: HostName, from: Micros, to: Micros): Blank[] {
  // One that took writes before may have gone on, unless it died; a replica would have had to be promoted.
  return inside(history, blanks(history), from, to, [host]).filter(
    one =>
      one.before === undefined || (isWritable(one.before) && !hasDied(history, one)) || !wasNotPromoted(history, one),
  )
}

function inside(
  history: History,
  all: readonly Blank[],
  from: Micros,
  to: Micros,
  hosts: readonly HostName[] | undefined,
): Blank[] {
  return all
    .filter(one => one.from < to && one.to > from && (hosts?.includes(one.host) ?? true))
    .filter(one => Math.min(one.to, to) - Math.max(one.from, from) > unobserved)
    .filter(one => lengthOf(outside(atRest(history, one.host, 'any'), clip(one, from, to))) > unobserved)
}

function hasDied(history: History, {host, before, to}: Blank): boolean {
  return atRest(history, host, 'any').some(one => one.from > (before?.at ?? 0) && one.from < to)
}

function clip(one: Stretch, from: Micros, to: Micros): Stretch {
  return {from: Math.max(one.from, from), to: Math.min(one.to, to)}
}

/**
 * It is on the timeline that it was on, or follows one that another server was seen to lead; and its log tells of nothing by which
 * what it did meanwhile could have been taken back.
 */
function wasNotPromoted(history: History, {host, from, to, before, timeline, after}: Blank): boolean {
  if (before === undefined || after === undefined) return false
  // Down in between, it may have been taken back only then.
  const until = Math.max(to, after.at)
  const undone = of(history, 'log').some(
    one => one.host === host && one.at >= from && one.at <= until + unobserved && rewound.has(one.sign),
  )
  if (before.inRecovery === true && (undone || logUnread(history, host, from, until))) return false
  if (timeline === after.timeline) return true
  if (after.inRecovery !== true) return false
  return promotionsOf(history).some(one => one.timeline === after.timeline && one.host !== host)
}

/** Where logs were read at all: whoever was deaf to this one cannot say that nothing was taken back. */
function logUnread(history: History, host: HostName, from: Micros, to: Micros): boolean {
  return sightOf(history, 'logs').length > 0 && blind(history, 'logs', from, to, [host]) !== null
}

const rewound: ReadonlySet<Of<'log'>['sign']> = new Set(['promoting', 'new-timeline', 'pg_rewind', 'basebackup'])

export function sayBlank({host, from, to, asked}: Blank): string {
  return `${asked ? `${host} lived but did not answer` : `nobody asked ${host}`} for ${sayMicros(to - from)} from ${sayMicros(from)} of the run`
}

/** Why nobody knows who was promoted between `from` and `to`, or null. */
export function whyPromotionsUnseen(history: History, from: Micros, to: Micros): string | null {
  if (of(history, 'postgres').length === 0) return 'no PostgreSQL server was ever asked'
  // Who was primary for less than lies between two questions may have acknowledged a write all the same.
  return sayBlanks(unseenPromotions(history, from, to)) ?? lacks(history, 'clients', {from, to})
}

/** Why what these servers answered between `from` and `to` is not all that they would have answered, or null. */
export function whyNotAsked(history: History, from: Micros, to: Micros, hosts?: readonly HostName[]): string | null {
  if (of(history, 'postgres').length === 0) return 'no PostgreSQL server was ever asked'
  return sayBlanks(inside(history, unasked(history), from, to, hosts))
}

function sayBlanks([first, ...more]: readonly Blank[]): string | null {
  if (first === undefined) return null
  return `${sayBlank(first)}${more.length > 0 ? ` (and ${more.length} more such ${more.length === 1 ? 'time' : 'times'})` : ''}`
}
