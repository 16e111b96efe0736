/** The moment that was chosen for the faults of a run, for each of them as it comes, or drawn for the first. */
import {setTimeout as sleep} from 'node:timers/promises'
import {firstView} from '../history/cluster-view.ts'
import {leaderAt, strikes} from '../history/failover.ts'
import type {Recorder} from '../history/history.ts'
import type {Strike} from '../history/strike.ts'
import {LabError} from '../words/errors.ts'
import {type Micros, sayMicros} from '../words/quantity.ts'
import {Random} from '../words/random.ts'
import {type ChosenMoment, untilInjectionPhase} from './injection-phase.ts'

/** What waits for the moment of faults that come together, and says in the history which it was. */
export function momentOf(
  chosen: ChosenMoment,
  growing: Parameters<typeof untilInjectionPhase>[1] & {history: Pick<Recorder, 'record'>},
): (together: readonly Strike[]) => Promise<void> {
  const {history} = growing
  if (chosen !== 'worst' && typeof chosen !== 'object')
    return async () => void history.record({kind: 'note', says: await untilInjectionPhase(chosen, growing)})
  let struck = false
  return async together => {
    const leader = leaderAt(firstView(history), growing.history.now())
    if (struck || together.every(strike => strikes(strike, leader) === undefined)) return
    struck = true
    try {
      history.record({
        kind: 'note',
        says: await untilInjectionPhase(chosen === 'worst' ? 'just-after-refresh' : chosen, growing),
      })
    } catch (error) {
      if (!(error instanceof LabError) || error.code !== 'timeout') throw error
      history.record({kind: 'note', says: `the moment could not be chosen: ${error.message}`})
    }
  }
}

/** A loop of the profile `fast`, and one of the seconds by which a lease is counted everywhere else. */
const drawnUpTo: Micros = 1_000_000

/** A seed for whoever names none. */
export function drawSeed(): number {
  return Math.floor(Math.random() * 2 ** 31)
}

/**
 * Has the first faults of a run wait a little, drawn anew in each: the steady state that every run begins with is told by a second of
 * the lease, so that without it the fault would come at nearly the same moment of the leader's loop each time.
 */
export function drawnMoment(
  seed: number,
  {history, signal}: {readonly history: Pick<Recorder, 'record'>; readonly signal: AbortSignal},
): (together: readonly Strike[]) => Promise<void> {
  let left: Micros | undefined = Math.floor(new Random(seed).next() * drawnUpTo)
  return async () => {
    if (left === undefined) return
    const wait = left
    left = undefined
    history.record({kind: 'note', says: `the first fault waits ${sayMicros(wait)}, drawn with seed ${seed}`})
    await sleep(wait / 1000, undefined, {signal})
  }
}
