/** The chance behind a sample: seeded, so that a prediction is the same each time it is asked for. */
import type {Micros} from '../words/quantity.ts'
import type {Source} from './variable.ts'

export class Dice {
  #state: number
  readonly #thrown = new Map<Source, Micros>()

  constructor(seed: number) {
    this.#state = seed >>> 0
  }

  /** Between 0 and 1, 1 left out. Mulberry32: 32 bits of state are plenty for some ten thousand runs. */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0
    let mixed = this.#state
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }

  /** Within one run, a source has one value, wherever it stands. */
  valueOf(source: Source): Micros {
    let value = this.#thrown.get(source)
    if (value === undefined) {
      value = source.draw(this)
      this.#thrown.set(source, value)
    }
    return value
  }

  nextRun(): void {
    this.#thrown.clear()
  }
}
