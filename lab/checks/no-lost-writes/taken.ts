/** Rows that are gone because somebody took them: with their table, or all that were there at some moment. */
import {stepThatTookTable, whoTookTable} from '../../history/by-hand.ts'
import type {Of} from '../../history/event.ts'
import {type History, of} from '../../history/history.ts'
import {finalTables, isTableGone, Rows} from '../../history/rows.ts'
import {hostsWith} from '../../topology/topology.ts'
import {type Micros, sayMicros} from '../../words/quantity.ts'
import {positionAfter, positions} from './positions.ts'

/** So many rows at least: of fewer nobody knows whether the rest came after them. */
const fewest = 20

export function meddledWith(history: History, acknowledged: readonly Of<'op'>[], lost: readonly Of<'op'>[]): string[] {
  const finals = finalTables(history)
  const who = whoTookTable(history)
  if (finals.length > 0 && finals.every(isTableGone))
    return [`the table of the run is gone on all members: ${who} dropped it`]
  const [earliest, last] = [lost[0], lost.at(-1)]
  const first = acknowledged[lost.length]
  if (earliest === undefined || last === undefined || lost.length < fewest || last !== acknowledged[lost.length - 1])
    return []
  const rows = finals.map(one => new Rows(one))
  if (rows.some(one => lost.some(op => one.has(op.id)))) return []
  // A failover, or a crash of who commits asynchronously, may lose all that there was, where that was in one place only.
  if (stepThatTookTable(history) === null && !wasEverywhere(history, earliest, last.at)) return []
  return [
    first === undefined
      ? `the table of the run is empty on all members: ${who} emptied it`
      : `all that was acknowledged up to ${sayMicros(last.at)} of the run is gone on all members, and nothing after it: ${who} emptied the table`,
  ]
}

/** Whether every other member had received it by then: what is sent to one is on its server's disk, so no crash loses it either. */
function wasEverywhere(history: History, {server, timeline, at}: Of<'op'>, by: Micros): boolean {
  const topology = of(history, 'run-started')[0]?.topology
  if (topology === undefined || server === null || timeline === null) return false
  const behind = positionAfter(positions(history, server, timeline), at)
  const others = hostsWith(topology, 'patroni').filter(host => host !== server)
  const received = of(history, 'postgres').filter(
    one => one.at <= by && one.inRecovery === true && one.timeline === timeline && (one.lsn ?? 0) >= behind,
  )
  return others.length > 0 && others.every(host => received.some(one => one.host === host))
}
