/** The moments of a run that divide it: checks say "from the fault to its mend" in these words. */

import type {Micros} from '../words/quantity.ts'
import type {Of} from './event.ts'
import {type History, of} from './history.ts'
import {whenWas} from './lateness.ts'

export interface Moments {
  /** The steps began: from here on every probe looks and the clients write at their rate. */
  readonly steps: Micros
  /** The first fault's call, when there was one. */
  readonly fault: Micros | null
  /** It, or without any fault the steps, may have begun this early: the runner may have been late to say so. */
  readonly earliest: Micros
  /** The first mend of any fault, or the healing. */
  readonly mending: Micros
  /** It may have begun this early. */
  readonly earliestMending: Micros
  /** Probes and clients are being stopped from here on; what they say then is about their end. */
  readonly end: Micros
}

/** The moment that a claim begins at, in words: `the fault`, or where there was none, `the steps began`. */
export function sayBegin({fault}: Pick<Moments, 'fault'>): string {
  return fault === null ? 'the steps began' : 'the fault'
}

/** Why a check has nobody to be about: nobody saw who led then. */
export function whoLedUnseen(moments: Moments | null): string {
  const when = moments === null || moments.fault !== null ? 'before the first fault' : 'when the steps began'
  return `Nobody saw who led ${moments === null ? 'when the steps were to begin' : when}.`
}

/** null when the steps never began: nothing was observed then that a verdict could use. */
export function momentsOf(history: History): Moments | null {
  const phase = (name: Of<'phase'>['name']) => of(history, 'phase').find(one => one.name === name)
  const steps = phase('steps')
  if (steps === undefined) return null
  const last = history.events.at(-1)!.at
  const end = phase('final-reads')?.at ?? of(history, 'run-ended')[0]?.at ?? last
  const mending = of(history, 'fault-mending').find(one => one.at > steps.at) ?? phase('healing')
  const fault = of(history, 'fault-injecting')[0]
  return {
    steps: steps.at,
    fault: fault?.at ?? null,
    earliest: whenWas(history, fault ?? steps).from,
    mending: mending?.at ?? end,
    earliestMending: mending === undefined ? end : whenWas(history, mending).from,
    end,
  }
}
