/** What a probe is, and what it is given to work with. */

import type {Lab} from '../engine/lab.ts'
import type {Happening} from '../history/event.ts'
import type {Micros} from '../words/quantity.ts'

export interface ProbeSite {
  readonly lab: Lab
  record(happening: Happening, at?: Micros): void
  /** Micros since the run began, now. */
  now(): Micros
  readonly signal: AbortSignal
  /** The least time between two looks, now: for whoever judges nothing. A run has none, and every probe looks as often as its evidence needs. */
  readonly leastMs?: () => number
}

/** Watches until its signal is aborted; resolves then, and never throws for what it watches being down. */
export interface Probe {
  readonly name: string
  run(on: ProbeSite): Promise<void>
}
