/** When the leader had last refreshed its lease, as far as anybody told. */

import {isOfFirst} from '../topology/clusters.ts'
import type {Micros} from '../words/quantity.ts'
import type {Of} from './event.ts'
import {type History, of} from './history.ts'

export interface Refresh {
  /** The refresh was no later, and at most as much earlier as one is told late. */
  readonly at: Micros
  /** From here on a later one would have been told. */
  readonly knownAt: Micros
}

/**
 * The last one that was told until `until`: by the `/status` that the leader writes after it, or before the first of these by what etcd said
 * of the lease. What `/status` was when the watch began is of any age, and counts only where etcd said nothing of the kind, as in older
 * records.
 */
export function lastRefresh(history: History, until: Micros): Refresh | undefined {
  const written = of(history, 'status-key')
  const status = written.findLast(event => event.at <= until)
  const lease = of(history, 'lease').findLast(event => event.at <= until && isKnown(event))
  const byLease = lease && {at: lease.refreshedAt!, knownAt: lease.at}
  if (status === undefined || (byLease !== undefined && isFound(written, status))) return byLease
  const byStatus = {at: status.at, knownAt: status.at}
  return byLease !== undefined && byLease.at > status.at ? byLease : byStatus
}

/** Whether somebody has told of one by now, for a run that waits for it. */
export function isRefreshKnown(history: History): boolean {
  const topology = of(history, 'run-started')[0]?.topology
  const isOwn = (event: {readonly scope: string}) => isOfFirst(topology, event)
  // The first is what the probe found when it began; a refresh is one that comes while it watches.
  return (
    of(history, 'status-key').filter(isOwn).length >= 2 ||
    of(history, 'lease').some(event => isOwn(event) && isKnown(event))
  )
}

function isKnown({refreshedAt}: Of<'lease'>): boolean {
  return refreshedAt !== undefined
}

/** Of each cluster the first is what was there when the watch began. */
function isFound(written: readonly Of<'status-key'>[], status: Of<'status-key'>): boolean {
  return written.find(one => one.scope === status.scope) === status
}
