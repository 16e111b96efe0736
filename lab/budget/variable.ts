/**
 * A time that is not known but bounded, and whose distribution is known: a fixed part and a sum of independent sources. From
 * one and the same expression come its bounds, its limit for a slow machine, and any number of drawn samples, so that bounds
 * always contain the samples. A source that stands in two variables is the same moment in both: the age of the lease at the
 * fault decides both when the lease ends and when the next HA loop begins, and in a difference it cancels out.
 */
import type {Micros} from '../words/quantity.ts'
import type {Dice} from './dice.ts'

/** Least and most. */
export type Bounds = readonly [min: Micros, max: Micros]

/** How much a loaded or slow machine may stretch the small terms, never the lease. */
export const slowMachine = 3

/** One thing that chance, or the machine, decides. */
export interface Source {
  readonly min: Micros
  readonly max: Micros
  /** How much of `max` is small terms. */
  readonly small: Micros
  draw(dice: Dice): Micros
}

export class Variable {
  readonly fixed: Micros
  readonly parts: ReadonlyMap<Source, number>

  constructor(fixed: Micros, parts: ReadonlyMap<Source, number> = new Map()) {
    this.fixed = fixed
    this.parts = parts
  }

  get min(): Micros {
    return this.#total(
      source => source.min,
      source => source.max,
    )
  }

  get max(): Micros {
    return this.#total(
      source => source.max,
      source => source.min,
    )
  }

  /** How much of `max` is small terms, which are those that a slow machine stretches. */
  get small(): Micros {
    let small = 0
    for (const [source, times] of this.parts) small += Math.max(0, times) * source.small
    return small
  }

  /** Later than this cannot be blamed on a slow machine. */
  get limit(): Micros {
    return this.max + (slowMachine - 1) * this.small
  }

  get bounds(): Bounds {
    return [this.min, this.max]
  }

  draw(dice: Dice): Micros {
    let value = this.fixed
    for (const [source, times] of this.parts) value += times * dice.valueOf(source)
    return value
  }

  plus(other: Variable, times = 1): Variable {
    const parts = new Map(this.parts)
    for (const [source, more] of other.parts) parts.set(source, (parts.get(source) ?? 0) + times * more)
    return new Variable(this.fixed + times * other.fixed, parts)
  }

  minus(other: Variable): Variable {
    return this.plus(other, -1)
  }

  #total(most: (source: Source) => Micros, least: (source: Source) => Micros): Micros {
    let total = this.fixed
    for (const [source, times] of this.parts) total += times * (times > 0 ? most(source) : least(source))
    return total
  }
}

export const none = new Variable(0)

export function fixed(micros: Micros): Variable {
  return new Variable(micros)
}

/** Any moment in between, each as likely as the other. Structural: no machine can stretch it. */
export function between(min: Micros, max: Micros): Variable {
  return one({min, max, small: 0, draw: dice => min + (max - min) * dice.next()})
}

/** Bounded by `bounds`, but on most machines within `usual`. Structural all the same. */
export function usually(usual: Bounds, [min, max]: Bounds): Variable {
  return one({min, max, small: 0, draw: dice => usual[0] + (usual[1] - usual[0]) * dice.next()})
}

/** A round trip, an fsync, a start: as `usual` on a quiet machine, at most `most`, and more on a slow one. */
export function smallTerm(usual: Bounds, most: Micros): Variable {
  return one({min: 0, max: most, small: most, draw: dice => usual[0] + (usual[1] - usual[0]) * dice.next()})
}

/** `each` as often as `chance` has it, `most` times at most: each time with the same chance. */
export function repeated(each: Micros, chance: number, most: number): Variable {
  return one({
    min: 0,
    max: most * each,
    small: 0,
    draw(dice) {
      let times = 0
      while (times < most && dice.next() < chance) times++
      return times * each
    },
  })
}

export function sum(...variables: readonly Variable[]): Variable {
  return variables.reduce((total, variable) => total.plus(variable), none)
}

/** Whichever is later. Wait for what they have in common outside of it: inside, its bounds would be counted twice. */
export function latest(a: Variable, b: Variable): Variable {
  const max = Math.max(a.max, b.max)
  return one({
    min: Math.max(a.min, b.min),
    max,
    small: (Math.max(a.limit, b.limit) - max) / (slowMachine - 1),
    draw: dice => Math.max(a.draw(dice), b.draw(dice)),
  })
}

/** Whichever is earlier. */
export function earliest(a: Variable, b: Variable): Variable {
  const max = Math.min(a.max, b.max)
  return one({
    min: Math.min(a.min, b.min),
    max,
    small: (Math.min(a.limit, b.limit) - max) / (slowMachine - 1),
    draw: dice => Math.min(a.draw(dice), b.draw(dice)),
  })
}

/** One of the two and nobody knows which: bounded by both, drawn as the first. */
export function either(likely: Variable, other: Variable): Variable {
  const max = Math.max(likely.max, other.max)
  return one({
    min: Math.min(likely.min, other.min),
    max,
    small: (Math.max(likely.limit, other.limit) - max) / (slowMachine - 1),
    draw: dice => likely.draw(dice),
  })
}

function one(source: Source): Variable {
  return new Variable(0, new Map([[source, 1]]))
}
