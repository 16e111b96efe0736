/** The end of what is recorded: whole is a cluster that says so itself and of which the record shows it. */
import {brokenUp} from '../checks/recovered.ts'
import {untilHealthy, waitFor} from '../cluster/wait.ts'
import {of} from '../history/history.ts'
import {LabError} from '../words/errors.ts'
import type {Performance} from './play.ts'

/** After the steps have healed everything; whoever has not come back by then is told by `rejoined`. */
const recoveredWithinMs = 60_000
/** What is recorded already costs nobody anything to look at. */
const recordEveryMs = 100

type Recovering = Pick<Performance, 'lab' | 'history' | 'signal'>

/**
 * Recovery that never comes is a finding for the checks (`recovered`), not a failure of ours. They go by the samples of PostgreSQL
 * alone, and Patroni says that a member streams before the next sample shows it: who ended here would leave nothing to judge by.
 */
export async function recover({lab, history, signal}: Recovering, healthy: typeof untilHealthy = untilHealthy) {
  const deadline = performance.now() + recoveredWithinMs
  const left = () => Math.max(0, Math.ceil((deadline - performance.now()) / 1000)) * 1000
  const over = new AbortController()
  const racing = AbortSignal.any([signal, over.signal])
  const shown = (until: AbortSignal) =>
    waitFor('the record to show it', async () => whyNotYet(history) ?? {}, {
      ...{withinMs: left(), signal: until, everyMs: recordEveryMs},
    })
  const whole = (until: AbortSignal, everyMs: number) =>
    healthy(lab, {withinMs: left(), signal: until, everyMs, toTheEnd: true})
  try {
    // The probe asks every Patroni four times a second already: before the record shows it, nobody else asks as often.
    const asked = whole(racing, 1000)
    const isShownFirst = await Promise.race([
      asked.then(() => false),
      // Where neither comes, what the lab says itself tells more of what is missing.
      shown(racing).then(
        () => true,
        () => asked.then(() => false),
      ),
    ])
    over.abort()
    if (isShownFirst) await whole(signal, 250)
    await shown(signal)
    history.record({kind: 'recovery', recovered: true, says: 'the lab is healthy again'})
  } catch (error) {
    if (!(error instanceof LabError) || error.code !== 'timeout') throw error
    history.record({kind: 'recovery', recovered: false, says: error.message})
  } finally {
    over.abort()
  }
}

function whyNotYet(history: Recovering['history']): string | null {
  const healing = of(history, 'phase').findLast(one => one.name === 'healing')?.at ?? 0
  return brokenUp(history.sealed(), healing, history.now())
}
