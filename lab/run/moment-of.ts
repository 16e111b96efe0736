/** The moment that was chosen for the faults of a run, for each of them as it comes. */
import type {Strike} from '../history/event.ts'
import {leaderAt, strikes} from '../history/failover.ts'
import type {Recorder} from '../history/history.ts'
import {LabError} from '../words/errors.ts'
import {type ChosenMoment, untilInjectionPhase} from './injection-phase.ts'

/** What waits for the moment of a fault, and says in the history which it was. */
export function momentOf(
  chosen: ChosenMoment,
  growing: Parameters<typeof untilInjectionPhase>[1] & {history: Pick<Recorder, 'record'>},
): (strike: Strike) => Promise<void> {
  const {history} = growing
  if (chosen !== 'worst' && typeof chosen !== 'object')
    return async () => void history.record({kind: 'note', says: await untilInjectionPhase(chosen, growing)})
  let struck = false
  return async strike => {
    if (struck || strikes(strike, leaderAt(history, growing.history.now())) === undefined) return
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
