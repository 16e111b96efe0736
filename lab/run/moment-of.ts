/** The moment that was chosen for the faults of a run, for each of them as it comes. */

import {firstView} from '../history/cluster-view.ts'
import {leaderAt, strikes} from '../history/failover.ts'
import type {Recorder} from '../history/history.ts'
import type {Strike} from '../history/strike.ts'
import {LabError} from '../words/errors.ts'
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
