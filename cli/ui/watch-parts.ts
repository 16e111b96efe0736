/** What the screen of `watch` is made of at a moment, to be compared with what was drawn: where no part differs, it would look the same. */
import type {Micros} from '../../lab/index.ts'
import {isExpected, isRenewed} from './failover.ts'
import {openGap} from './throughput.ts'
import type {Member, View} from './view.ts'
import {hostsOf, type WatchFacts} from './watch-screen.tsx'
import type {WatchState} from './watch-state.ts'

/** Compared one by one, by identity. What is left out is told late by a second: then the clock is another. */
export function partsOf(facts: WatchFacts, state: WatchState): readonly unknown[] {
  const {view, now, quorum, other, load, logOf, entries, doing, notice} = facts
  const {reading: _, lease, members, ...shown} = view
  const host = hostsOf(view)[state.pane - 1]
  return [
    ...[state, quorum, load, entries, doing, notice, other.holder, Math.floor(now / 1e6)],
    ...Object.values(shown),
    ...[lease, ...members.map(one => ({expiresAt: one.firesAt}))].map(one => secondsLeft(one?.expiresAt ?? null, now)),
    ...members.flatMap(partsOfMember),
    host === undefined ? null : logOf(host).at(-1)?.nth,
    hasTenths(facts, state) ? now : null,
  ]
}

/** Countdowns are in whole seconds. */
function secondsLeft(at: Micros | null, now: Micros): number | null {
  return at === null ? null : Math.ceil((at - now) / 1e6)
}

/** Positions are no part of it: what is shown is how far behind they are. */
function partsOfMember({firesAt: _, lsn: __, ...shown}: Member): readonly unknown[] {
  return Object.values(shown)
}

/** Something counts in tenths of a second, or a sign turns. */
function hasTenths({view, now, other, load, doing}: WatchFacts, {preview}: WatchState): boolean {
  if (doing !== null || other.view !== null || view.faults.length > 0 || preview?.lines === null) return true
  return isUnderWay(view) || (load !== null && openGap(view.clients, now) !== null)
}

/** The lease of a leader that is struck runs out, or a phase after it is awaited; one that is paused for a moment goes on as before. */
function isUnderWay({failover, lease}: View): boolean {
  if (failover === null || failover.phases.newServerUp !== undefined) return false
  if (failover.phases.keyGone !== undefined) return true
  return isExpected(failover) && (lease === null || !isRenewed(failover, lease))
}
