/** What a probe is, and what it is given to work with. */
import type {Happening} from './event.ts'
import type {Lab} from './lab.ts'
import type {Micros} from './quantity.ts'

export interface ProbeSite {
  readonly lab: Lab
  record(happening: Happening, at?: Micros): void
  /** Micros since the run began, now. */
  now(): Micros
  readonly signal: AbortSignal
}

/** Watches until its signal is aborted; resolves then, and never throws for what it watches being down. */
export interface Probe {
  readonly name: string
  run(on: ProbeSite): Promise<void>
}
