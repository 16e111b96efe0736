/**
 * Delta debugging: of the parts that make something fail, the fewest that still do. The algorithm `ddmin` of Zeller and
 * Hildebrandt, "Simplifying and Isolating Failure-Inducing Input" (2002), figure 5.
 */

/**
 * @param fails asked for subsets of `parts`, in their order, and never for all of them, which are known to fail. It decides
 *   itself what an answer costs; here nothing is asked twice within one level. @param over ends early with the fewest so far.
 * @returns 1-minimal when it was not ended early: without any single one of these parts it no longer fails.
 */
export async function ddmin<P>(
  parts: readonly P[],
  fails: (subset: readonly P[]) => Promise<boolean>,
  over: () => boolean = () => false,
): Promise<readonly P[]> {
  let current = parts
  let pieces = 2
  while (current.length >= 2) {
    const chunks = split(current, pieces)
    // With two chunks the complements are the chunks themselves.
    const subset = await first(chunks, fails, over)
    const complement =
      subset === undefined && chunks.length > 2
        ? await first(
            chunks.map(chunk => current.filter(part => !chunk.includes(part))),
            fails,
            over,
          )
        : undefined
    if (over() && subset === undefined && complement === undefined) return current
    if (subset !== undefined) {
      current = subset
      pieces = 2
    } else if (complement !== undefined) {
      current = complement
      pieces = Math.max(pieces - 1, 2)
    } else if (pieces < current.length) pieces = Math.min(current.length, 2 * pieces)
    else return current
  }
  return current
}

/** At most so many questions for so many parts (their theorem: n² + 3n). */
export function ddminBound(parts: number): number {
  return parts < 2 ? 0 : parts * parts + 3 * parts
}

async function first<P>(
  subsets: readonly (readonly P[])[],
  fails: (subset: readonly P[]) => Promise<boolean>,
  over: () => boolean,
): Promise<readonly P[] | undefined> {
  for (const subset of subsets) {
    if (over()) return undefined
    if (await fails(subset)) return subset
  }
  return undefined
}

/** Into so many pieces of nearly the same size, none empty. */
function split<P>(parts: readonly P[], pieces: number): (readonly P[])[] {
  const count = Math.min(pieces, parts.length)
  return Array.from({length: count}, (_, index) =>
    parts.slice(Math.floor((index * parts.length) / count), Math.floor(((index + 1) * parts.length) / count)),
  )
}
