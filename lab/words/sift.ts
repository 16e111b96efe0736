/**
 * Those of a long list that are so, in their order: the list itself where all are, else a list that is as long as it has to be.
 * `Array.filter` copies a million again and again while what it has found grows. `isSo` is asked twice of some.
 */
export function sift<T>(list: readonly T[], isSo: (one: T) => boolean): readonly T[] {
  const alike = list.findIndex(one => !isSo(one))
  if (alike < 0) return list
  let count = alike
  for (let index = alike + 1; index < list.length; index++) if (isSo(list[index]!)) count++
  const found = list.slice(0, alike)
  found.length = count
  for (let index = alike + 1, to = alike; to < count; index++) if (isSo(list[index]!)) found[to++] = list[index]!
  return found
}
