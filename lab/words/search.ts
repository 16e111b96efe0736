/** Where something is in a list that is in order, by halving. */

/** How many at the head of the list are so; `isSo` holds of none behind the first of which it does not. */
export function countLeading<T>(list: readonly T[], isSo: (one: T) => boolean): number {
  let low = 0
  let high = list.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (isSo(list[middle]!)) low = middle + 1
    else high = middle
  }
  return low
}
