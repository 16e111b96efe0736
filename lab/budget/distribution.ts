/** Many runs of a model: how the times are distributed between their bounds. Seeded, so the same question has the same answer. */
import type {Micros} from '../words/quantity.ts'
import {Dice} from './dice.ts'
import type {Bounds, Variable} from './variable.ts'

export interface Distribution {
  readonly bounds: Bounds
  /** `bounds` on a slow machine. */
  readonly limit: Micros
  readonly mean: Micros
  readonly p5: Micros
  readonly p50: Micros
  readonly p95: Micros
  /** Drawn values, ascending. */
  readonly samples: Float64Array
}

/** Enough for a p95 that is steady to some 2 % of the spread. */
const defaultRuns = 2000
const defaultSeed = 20

/** All variables are drawn together, run by run: what they share is the same moment in each. */
export function distributionsOf<Name extends string>(
  variables: Readonly<Record<Name, Variable>>,
  {runs = defaultRuns, seed = defaultSeed}: {readonly runs?: number; readonly seed?: number} = {},
): Readonly<Record<Name, Distribution>> {
  const names = Object.keys(variables) as Name[]
  const dice = new Dice(seed)
  const drawn = names.map(() => new Float64Array(runs))
  for (let run = 0; run < runs; run++) {
    dice.nextRun()
    for (const [index, name] of names.entries()) drawn[index]![run] = variables[name].draw(dice)
  }
  return Object.fromEntries(
    names.map((name, index) => [name, described(variables[name], drawn[index]!.sort())]),
  ) as Record<Name, Distribution>
}

function described(variable: Variable, samples: Float64Array): Distribution {
  const at = (share: number) => samples[Math.min(samples.length - 1, Math.floor(share * samples.length))]!
  return {
    bounds: variable.bounds,
    limit: variable.limit,
    mean: samples.reduce((total, one) => total + one, 0) / samples.length,
    p5: at(0.05),
    p50: at(0.5),
    p95: at(0.95),
    samples,
  }
}

/** How many of the samples fall in each of `columns` equal parts of `from`..`to`. */
export function histogram(samples: Float64Array, from: Micros, to: Micros, columns: number): number[] {
  const counts = new Array<number>(columns).fill(0)
  for (const one of samples) {
    const column = Math.floor(((one - from) / (to - from)) * columns)
    if (column >= 0 && column < columns) counts[column]!++
    else if (column === columns) counts[columns - 1]!++
  }
  return counts
}
