/** What the readers behind the proxy's primary port were answered, and which rows can be expected in an answer. */

import type {Micros} from '../words/quantity.ts'
import {countLeading} from '../words/search.ts'
import {sift} from '../words/sift.ts'
import {groupsOf} from './attempts.ts'
import {type ClientGroup, isDirect, namesOf, readersLookBelow} from './client-group.ts'
import type {Of} from './event.ts'
import {type History, of, once} from './history.ts'
import {Rows, referenceTable} from './rows.ts'

/**
 * The answered reads of the clients that read through the primary port, in the order in which they were sent; or a sentence that
 * says why there are none. Which port a client uses stands in the scenario.
 */
export function primaryReads(history: History): readonly Of<'op'>[] | string {
  const readers = primaryReaders(history)
  if (readers.size === 0) return 'no client of the scenario reads through the primary port'
  const reads = of(history, 'op').filter(op => op.op === 'read' && op.outcome === 'ok' && readers.has(op.client))
  if (reads.length === 0) return 'no read through the primary port was answered'
  return reads.toSorted((a, b) => a.sentAt - b.sentAt)
}

function primaryReaders(history: History): ReadonlySet<string> {
  const {own} = groupsOf(history)
  const names = namesOf(own)
  return new Set(own.flatMap((group, index) => (isPrimaryReader(group) ? names[index]! : [])))
}

/** Not those of psycopg: they have a clock of their own, and before and after are told to the microsecond here. */
function isPrimaryReader(group: ClientGroup): boolean {
  return group.kind === 'readers' && group.through === 'primary' && group.driver !== 'psycopg'
}

/** Acknowledged writes that came through the proxy and that readers look for, in the order of their acknowledgements. */
export function proxiedWrites(history: History): readonly Of<'op'>[] {
  return sift(
    of(history, 'op'),
    op => op.op === 'write' && op.outcome === 'ok' && !isDirect(op.client) && op.id < readersLookBelow,
  )
}

/** Whether a row is in the cluster at the end. null when no table was read, or only of members that may have been behind. */
export function keptRows(history: History): ((id: number) => boolean) | null {
  const reference = referenceTable(history)
  if (reference === undefined || (!reference.isPrimary && reference.table.caughtUp !== true)) return null
  const rows = new Rows(reference.table)
  return id => rows.has(id)
}

/** A read, and an earlier event that it ought to have come after but did not see. */
interface Stale {
  readonly read: Of<'op'>
  readonly missed: Of<'op'>
  /** `timeline`: it was answered on an older one; `row`: it did not see a row that was there before it was sent. */
  readonly by: 'timeline' | 'row'
  /** From the answer to `missed` to the sending of the read. */
  readonly late: Micros
}

/**
 * Walks reads and what was answered before each of them was sent, and tells the reads that are behind.
 * @param before in the order of `at`. @param rowOf the row that an answer proves to be there; null: none that counts.
 */
export function staleReads(
  reads: readonly Of<'op'>[],
  before: readonly Of<'op'>[],
  rowOf: (answer: Of<'op'>) => number | null,
): Stale[] {
  const found: Stale[] = []
  let newest: Of<'op'> | undefined
  let highest: {readonly row: number; readonly answer: Of<'op'>} | undefined
  let next = 0
  for (const read of reads) {
    for (; next < before.length && before[next]!.at < read.sentAt; next++) {
      const answer = before[next]!
      if (answer.timeline !== null && answer.timeline > (newest?.timeline ?? 0)) newest = answer
      const row = rowOf(answer)
      if (row !== null && row > (highest?.row ?? 0)) highest = {row, answer}
    }
    if (newest && read.timeline !== null && read.timeline < newest.timeline!)
      found.push({read, missed: newest, by: 'timeline', late: read.sentAt - newest.at})
    else if (highest && read.seen !== undefined && (read.seen ?? 0) < highest.row)
      found.push({read, missed: highest.answer, by: 'row', late: read.sentAt - highest.answer.at})
  }
  return found
}

/** An answered read of the read-only way in, and the first acknowledged write that it does not see. */
export interface ReplicaRead {
  readonly read: Of<'op'>
  readonly unseen: Of<'op'> | undefined
  /** As long as that had been acknowledged when it was sent. */
  readonly behind: Micros
}

/**
 * In the order in which they were sent. A read that does not see a row is as far behind as the row had been acknowledged when it was
 * sent; of several that it does not see the first counts. A row that was lost in the end was not there to be seen.
 */
export const behindOf = once((history): readonly ReplicaRead[] => {
  const {own} = groupsOf(history)
  const names = namesOf(own)
  const readers = new Set(
    own.flatMap((group, index) =>
      group.kind === 'readers' && group.through === 'replicas' && group.driver !== 'psycopg' ? names[index]! : [],
    ),
  )
  const reads = of(history, 'op').filter(
    op => op.op === 'read' && op.outcome === 'ok' && op.seen !== undefined && readers.has(op.client),
  )
  if (reads.length === 0) return []
  const kept = keptRows(history)
  const writes = proxiedWrites(history)
    .filter(op => kept === null || kept(op.id))
    .toSorted((a, b) => a.id - b.id)
  // From each row on: which of it and all later ones was acknowledged first.
  const earliest = [...writes]
  for (let index = earliest.length - 2; index >= 0; index--)
    if (earliest[index + 1]!.at < earliest[index]!.at) earliest[index] = earliest[index + 1]!
  return reads
    .map(read => {
      const unseen = earliest[countLeading(writes, one => one.id <= (read.seen ?? 0))]
      return {read, unseen, behind: unseen === undefined ? 0 : Math.max(0, read.sentAt - unseen.at)}
    })
    .toSorted((a, b) => a.read.sentAt - b.read.sentAt)
})

/** How far behind the acknowledged writes answers of the read-only way in were. */
export interface ReplicaReads {
  readonly count: number
  readonly medianMicros: Micros
  readonly maxMicros: Micros
}

/** null: nobody read there, or nobody kept what was seen. */
export const replicaReadsOf = once((history): ReplicaReads | null => {
  const behind = behindOf(history)
    .map(one => one.behind)
    .toSorted((a, b) => a - b)
  if (behind.length === 0) return null
  return {count: behind.length, medianMicros: behind[(behind.length - 1) >> 1]!, maxMicros: behind.at(-1)!}
})
