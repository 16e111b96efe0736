/** Random numbers that are the same for the same seed, on every machine and in every version: a plan can be drawn again. */

/** `mulberry32` of Tommy Ettinger (public domain): 32 bits of state, good enough to choose faults. */
export class Random {
  #state: number

  /** @param seed a whole number from 0 to 4294967295. */
  constructor(seed: number) {
    this.#state = seed >>> 0
  }

  /** From 0 up to, and never, 1. */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0
    let mixed = this.#state
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }

  /** A whole number, both ends included. */
  int(least: number, most: number): number {
    return least + Math.floor(this.next() * (most - least + 1))
  }

  one<T>(of: readonly T[]): T {
    if (of.length === 0) throw new TypeError('nothing to choose from')
    return of[this.int(0, of.length - 1)]!
  }

  /** True so often: 0 never, 1 always. */
  chance(share: number): boolean {
    return this.next() < share
  }
}
