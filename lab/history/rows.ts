/** What is in the tables at the end: which member's counts, and its ids. */

import type {HostName} from '../topology/topology.ts'
import {countLeading} from '../words/search.ts'
import type {Of} from './event.ts'
import {isWritable, leaderAt} from './failover.ts'
import {type History, of} from './history.ts'

/** Of each member the last reading. */
export function finalTables(history: History): readonly Of<'final-rows'>[] {
  return [...new Map<HostName, Of<'final-rows'>>(of(history, 'final-rows').map(one => [one.host, one])).values()]
}

/** Members that said of themselves at the end that they are no replicas; of one that is right, two are a split brain. */
export function primariesAtEnd(history: History): readonly Of<'final-rows'>[] {
  return finalTables(history).filter(one => one.inRecovery === false)
}

export function sayPrimariesAtEnd(all: readonly Of<'final-rows'>[]): string {
  return `${all.map(({host, timeline}) => `${host} (timeline ${timeline})`).join(' and ')} were out of recovery at the end`
}

export interface Reference {
  readonly table: Of<'final-rows'>
  /** False: no primary is known to have been read; this is the member that came furthest. */
  readonly isPrimary: boolean
}

/**
 * The table that tells what became of the rows: the primary's, since a replica may be behind. A member says itself what it is;
 * where older records leave that out, who took writes at the end was the primary.
 */
export function referenceTable(history: History): Reference | undefined {
  const byTimeline = finalTables(history).toSorted((a, b) => b.timeline - a.timeline)
  const said = byTimeline.find(one => one.inRecovery === false)
  if (said !== undefined) return {table: said, isPrimary: true}
  const led = byTimeline.every(one => one.inRecovery === undefined) ? primaryAtEnd(history) : undefined
  const seen = byTimeline.find(one => one.host === led)
  if (seen !== undefined) return {table: seen, isPrimary: true}
  const furthest = byTimeline.find(one => one.caughtUp === true) ?? byTimeline[0]
  return furthest && {table: furthest, isPrimary: false}
}

/** By the last word of each server, or by the leader key. */
function primaryAtEnd(history: History): HostName | undefined {
  const last = new Map(of(history, 'postgres').map(one => [one.host, one]))
  const [primary] = [...last.values()].filter(isWritable).toSorted((a, b) => (b.timeline ?? 0) - (a.timeline ?? 0))
  return primary?.host ?? leaderAt(history, history.events.at(-1)?.at ?? 0)
}

/** Ids as people read them, all of them: `1-5, 9`. */
export function sayIds(ids: Iterable<number>): string {
  const ranges: [number, number][] = []
  for (const id of [...ids].sort((a, b) => a - b)) {
    const last = ranges.at(-1)
    if (last !== undefined && id <= last[1] + 1) last[1] = id
    else ranges.push([id, id])
  }
  return ranges.map(([from, to]) => (from === to ? `${from}` : `${from}-${to}`)).join(', ')
}

/** The ids in a table, as sorted inclusive ranges: asked for single ids and for differences. */
export class Rows {
  readonly #ranges: readonly (readonly [number, number])[]

  constructor({ranges}: {readonly ranges: readonly (readonly [number, number])[]}) {
    this.#ranges = ranges.toSorted((a, b) => a[0] - b[0])
  }

  get count(): number {
    return this.#ranges.reduce((sum, [from, to]) => sum + to - from + 1, 0)
  }

  has(id: number): boolean {
    const first = this.#ranges[countLeading(this.#ranges, ([, to]) => to < id)]
    return first !== undefined && first[0] <= id
  }

  /** How many of the other's rows are not here: both are walked once, range by range. */
  missingFrom(other: Rows): number {
    let missing = other.count
    let index = 0
    for (const [from, to] of other.#ranges) {
      while (index < this.#ranges.length && this.#ranges[index]![1] < from) index++
      for (let at = index; at < this.#ranges.length && this.#ranges[at]![0] <= to; at++)
        missing -= Math.min(to, this.#ranges[at]![1]) - Math.max(from, this.#ranges[at]![0]) + 1
    }
    return missing
  }
}

/** Whoever reads a table works out its checksum; one that was not there has none, though it is known whether the member had caught up. */
export function isTableGone({ranges, checksum, caughtUp}: Of<'final-rows'>): boolean {
  return ranges.length === 0 && checksum === undefined && caughtUp !== undefined
}
