/**
 * How many different whole numbers there are among very many that are nearly all of a range: a bit each, where a Set takes 30 bytes
 * and more.
 */
export class Distinct {
  #bits = new Uint32Array(32)
  /** What is too far off for a bit. */
  readonly #others = new Set<number>()
  #size = 0

  get size(): number {
    return this.#size + this.#others.size
  }

  /** @param number a whole one, not negative. */
  add(number: number): void {
    const word = Math.floor(number / 32)
    if (word >= this.#bits.length) {
      // As long as a bit is cheaper: a single number that is far off would take all the memory there is.
      if (word > 2 * (this.#bits.length + this.size)) {
        this.#others.add(number)
        return
      }
      const more = new Uint32Array(2 * word)
      more.set(this.#bits)
      this.#bits = more
      for (const one of this.#others) if (one < 32 * more.length && this.#others.delete(one)) this.add(one)
    }
    const bit = 1 << (number % 32)
    if ((this.#bits[word]! & bit) === 0) this.#size++
    this.#bits[word]! |= bit
  }
}
