/** A step that waits: the growing history is asked again and again for what a check says of it. */
import {setTimeout as sleep} from 'node:timers/promises'
import {find} from '../checks/index.ts'
import {budgetLimit} from '../history/deadline.ts'
import {of, type Recorder} from '../history/history.ts'
import type {Step, Within} from '../scenario/index.ts'
import type {Topology} from '../topology/topology.ts'
import type {Micros} from '../words/quantity.ts'

/** `within: budget` waits a little longer than the bound, so that a late failover is measured and not only missed. */
const lateByMs = 3000
const everyMs = 150

export interface Waiting {
  /** As it is during the run: `within: budget` is made from it. */
  readonly topology: Topology
  readonly history: Recorder
  /** Ends the wait by its reason. */
  readonly signal: AbortSignal
  /** Throws when evidence is being lost: what nobody sees any more is not waited for, it would be called missing. */
  whole(): void
}

/** `ok` once the check passes; not, when it has not within its limit. */
export async function until(
  step: Extract<Step, {do: 'until'}>,
  {topology, history, signal, whole}: Waiting,
): Promise<{ok: boolean; says: string; known?: false}> {
  const limit = limitOf(topology, history, step.within)
  const deadline = history.now() + limit
  for (;;) {
    whole()
    const lost = sayLost(history)
    if (lost !== null) return {ok: false, says: lost}
    const finding = find(history.sealed(), step)
    if (finding.verdict === 'pass') return {ok: true, says: finding.says}
    if (history.now() > deadline) {
      const says = `not within ${Math.round(limit / 1e6)} s: ${finding.says}`
      return finding.verdict === 'unknown' ? {ok: false, says, known: false} : {ok: false, says}
    }
    await sleep(everyMs, undefined, {signal})
  }
}

/** Why there is nothing left to wait for: a fault ended before its mend, and the run is inconclusive whatever comes. Null: none did. */
export function sayLost(history: Recorder): string | null {
  const [lost] = of(history, 'fault-lost')
  return lost === undefined ? null : `${lost.id} was lost: ${lost.says}`
}

function limitOf(topology: Topology, history: Recorder, within: Within): Micros {
  return within === 'budget' ? budgetLimit(topology, history) + lateByMs * 1000 : within * 1000
}
