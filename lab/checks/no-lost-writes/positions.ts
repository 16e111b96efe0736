/** Where acknowledged writes lie in the WAL, as what their server was asked afterwards tells. */
import {isWritable} from '../../history/failover.ts'
import {type History, of} from '../../history/history.ts'
import {finalTables} from '../../history/rows.ts'
import type {HostName} from '../../topology/topology.ts'
import type {Micros} from '../../words/quantity.ts'
import {countLeading} from '../../words/search.ts'

interface Position {
  readonly askedAt: Micros
  readonly lsn: number
}

/** What the old leader said about its WAL, in the order of asking. Each lies behind all that was acknowledged before it was asked. */
export function positions(history: History, oldLeader: HostName, oldTimeline: number | null): Position[] {
  // A sample tells what is written, and a commit that does not wait for the disk may be acknowledged before; a write tells what is inserted.
  const waits = !finalTables(history).some(one => one.host === oldLeader && one.synchronousCommit?.setting === 'off')
  const fromSamples = of(history, 'postgres')
    .filter(
      one => waits && one.host === oldLeader && isWritable(one) && one.timeline === oldTimeline && one.lsn !== null,
    )
    .map(one => ({askedAt: one.askedAt, lsn: one.lsn!}))
  const fromWrites = of(history, 'op')
    .filter(op => op.op === 'write' && op.server === oldLeader && op.timeline === oldTimeline && op.lsn !== null)
    .map(op => ({askedAt: op.sentAt, lsn: op.lsn!}))
  const inOrder = [...fromSamples, ...fromWrites].toSorted((a, b) => a.askedAt - b.askedAt)
  // The least position of this and all later questions, so that one look-up gives the tightest of them.
  let least = Number.POSITIVE_INFINITY
  return inOrder
    .toReversed()
    .map(one => {
      least = Math.min(least, one.lsn)
      return {askedAt: one.askedAt, lsn: least}
    })
    .toReversed()
}

/** A position that lies behind every write acknowledged at `at`; infinite when nothing was asked later. */
export function positionAfter(positions: readonly Position[], at: Micros): number {
  return positions[countLeading(positions, one => one.askedAt < at)]?.lsn ?? Number.POSITIVE_INFINITY
}
