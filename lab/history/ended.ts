/** How a run ended that did not come to its end, as one sentence: why, up to when it counts; and what to do next. */

import {anyCaller, type Caller, type Hint, next, onLab, ownCommand, sayLines} from '../words/next-step.ts'
import {type Micros, sayMicros} from '../words/quantity.ts'
import {type History, of} from './history.ts'
import {ofSettings} from './holes.ts'
import {type Begun, playAgain} from './play-again.ts'

export interface Ended {
  /** Skipped: it cannot run here, and nothing was touched. Of the last two nobody knows: its record breaks off, or is torn. */
  readonly how: 'skipped' | 'never-began' | 'interrupted' | 'error' | 'breaks-off' | 'torn'
  /** Up to when it counts, in micros since the run began: what was healed after that is no part of the scenario. */
  readonly at: Micros
  readonly says: string
  /** What to do next: a command each, in this order, as the program was called. */
  readonly next: readonly string[]
}

/**
 * null: it came to its end, and its record has all of it.
 * @param disturbed what befell the machine meanwhile, for which it proves nothing.
 */
export function endedOf(history: History, disturbed: readonly string[], called: Caller = anyCaller): Ended | null {
  const last = of(history, 'run-ended').at(-1)
  const torn = history.source?.torn ?? null
  if (torn === null && last?.how === 'complete') return null
  const at = countsUntil(history)
  const proves = disturbed.length > 0 ? `: ${disturbed.join('; ')}` : ', and counts up to there'
  const begun = of(history, 'run-started')[0] ?? of(history, 'never-began')[0]
  const ended = (how: Ended['how'], says: string): Ended => ({
    ...{how, at, says},
    next: sayLines(stepAfter(how, begun), called),
  })
  if (torn !== null) return ended('torn', `the record is torn at ${torn}; it was judged up to there`)
  const never = of(history, 'run-started').length === 0 ? of(history, 'never-began')[0] : undefined
  if (never?.code === 'cannot-run-here') return ended('skipped', `skipped: ${never.says}`)
  if (never !== undefined) return ended('never-began', `the run never began: ${never.says}`)
  if (history.events.length === 0) return ended('breaks-off', 'the record is empty')
  const when = sayWhen(history, at)
  if (last === undefined) return ended('breaks-off', `the record breaks off ${when}${proves}`)
  const why = last.says === undefined || /\binterrupted\b/.test(last.says) ? '' : ` (${last.says})`
  return last.how === 'interrupted'
    ? ended('interrupted', `the run was interrupted ${when}${why}${proves}`)
    : ended('error', `the run ended early, ${when}${why}${proves}`)
}

/** The steps end with the healing; a run that was cut short there has no recovery. */
function countsUntil(history: History): Micros {
  const phases = of(history, 'phase')
  const healing = phases.find(one => one.name === 'healing')
  const end = of(history, 'run-ended').at(-1)?.at ?? history.events.at(-1)?.at ?? 0
  return healing === undefined || phases.some(one => one.name === 'recovery') ? end : healing.at
}

function sayWhen(history: History, at: Micros): string {
  const [first, ...more] = of(history, 'fault-injecting')
  if (first === undefined) {
    const mending = of(history, 'fault-mending').some(one => one.id !== ofSettings)
    return `${sayMicros(at)} after it began, ${mending ? 'in the middle of its first fault' : 'before any fault'}`
  }
  return `${sayMicros(Math.max(0, at - first.at))} after the ${more.length > 0 ? 'first ' : ''}fault`
}

/** What to type after a run that ended so. */
function stepAfter(how: Ended['how'], begun: Begun | undefined): Hint {
  if (begun === undefined) return ownCommand('chaos', 'kill-leader')
  // To play it again here changes nothing.
  if (how === 'skipped') return ownCommand('doctor')
  const {lab, scenario} = begun
  // A storm that never began has no plan that could be played.
  if (how === 'never-began' && /^storm-\d+$/.test(scenario.name)) return ownCommand('doctor')
  const again = playAgain(begun)
  if (how === 'never-began') return next`${ownCommand('doctor')} ${again}`
  // What ended it may have left something broken.
  return how === 'interrupted' || how === 'torn' ? again : next`${onLab(lab, 'heal')} ${again}`
}
