/** The end of what is recorded: whole is a cluster that says so itself and of which the record shows it. */
import {brokenUp} from '../checks/recovered.ts'
import {untilHealthy, waitFor} from '../cluster/wait.ts'
import {of} from '../history/history.ts'
import {LabError} from '../words/errors.ts'
import type {Performance} from './play.ts'

/** After the steps have healed everything; whoever has not come back by then is told by `rejoined`. */
const recoveredWithinMs = 60_000

type Recovering = Pick<Performance, 'lab' | 'history' | 'signal'>

/**
 * Recovery that never comes is a finding for the checks (`recovered`), not a failure of ours. They go by the samples of PostgreSQL
 * alone, and Patroni says that a member streams before the next sample shows it: who ended here would leave nothing to judge by.
 */
export async function recover({lab, history, signal}: Recovering, healthy: typeof untilHealthy = untilHealthy) {
  const deadline = performance.now() + recoveredWithinMs
  try {
    // The probe asks every Patroni four times a second already.
    await healthy(lab, {withinMs: recoveredWithinMs, signal, everyMs: 1000, toTheEnd: true})
    const withinMs = Math.max(0, deadline - performance.now())
    await waitFor('the record to show it', async () => whyNotYet(history) ?? {}, {withinMs, signal, everyMs: 250})
    history.record({kind: 'recovery', recovered: true, says: 'the lab is healthy again'})
  } catch (error) {
    if (!(error instanceof LabError) || error.code !== 'timeout') throw error
    history.record({kind: 'recovery', recovered: false, says: error.message})
  }
}

function whyNotYet(history: Recovering['history']): string | null {
  const healing = of(history, 'phase').findLast(one => one.name === 'healing')?.at ?? 0
  return brokenUp(history.sealed(), healing, history.now())
}
