import type {Of} from './event.ts'

/** The ids in a table, as sorted inclusive ranges: asked for single ids and for differences. */
export class Rows {
  readonly #ranges: readonly (readonly [number, number])[]

  constructor({ranges}: {readonly ranges: readonly (readonly [number, number])[]}) {
    this.#ranges = ranges.toSorted((a, b) => a[0] - b[0])
  }

  get count(): number {
    return this.#ranges.reduce((sum, [from, to]) => sum + to - from + 1, 0)
  }

  has(id: number): boolean {
    let low = 0
    let high = this.#ranges.length
    while (low < high) {
      const middle = (low + high) >> 1
      if (this.#ranges[middle]![1] < id) low = middle + 1
      else high = middle
    }
    return (this.#ranges[low]?.[0] ?? Number.POSITIVE_INFINITY) <= id
  }

  /** How many of the other's rows are not here: both are walked once, range by range. */
  missingFrom(other: Rows): number {
    let missing = other.count
    let index = 0
    for (const [from, to] of other.#ranges) {
      while (index < this.#ranges.length && this.#ranges[index]![1] < from) index++
      for (let at = index; at < this.#ranges.length && this.#ranges[at]![0] <= to; at++)
        missing -= Math.min(to, this.#ranges[at]![1]) - Math.max(from, this.#ranges[at]![0]) + 1
    }
    return missing
  }
}

/** Whoever reads a table works out its checksum; one that was not there has none, though it is known whether the member had caught up. */
export function isTableGone({ranges, checksum, caughtUp}: Of<'final-rows'>): boolean {
  return ranges.length === 0 && checksum === undefined && caughtUp !== undefined
}
