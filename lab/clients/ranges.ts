/** Ids in rising order, told one by one, as inclusive ranges; ids that come twice or more are kept apart, once each. */
export class Ranges {
  readonly ranges: [number, number][] = []
  readonly duplicates: number[] = []

  add(id: number): void {
    const last = this.ranges.at(-1)
    if (last !== undefined && id < last[1]) throw new RangeError(`ids must rise: ${id} after ${last[1]}`)
    if (last !== undefined && id === last[1]) {
      if (this.duplicates.at(-1) !== id) this.duplicates.push(id)
    } else if (last !== undefined && id === last[1] + 1) last[1] = id
    else this.ranges.push([id, id])
  }
}
