/**
 * Two small samples compared without assuming a distribution: the Mann-Whitney U test (Mann & Whitney 1947) with the
 * Hodges-Lehmann shift and its confidence interval (Hollander, Wolfe & Chicken, Nonparametric Statistical Methods, ch. 4).
 * No library in reach of npm has the exact distribution, ties and the interval together; the tests hold this against values
 * of scipy and R and against counting every arrangement.
 *
 * Infinity is a value like another, the largest: something that never came.
 */

interface RankTest {
  /** How often a value of `head` exceeds one of `base`, ties counting half. */
  readonly u: number
  /** Two-sided: how often chance alone, from one and the same source, would part the samples this far or farther. */
  readonly p: number
  /** `exact`: counted over all arrangements of these very values, ties included; `normal`: approximated. */
  readonly method: 'exact' | 'normal'
}

interface Shift {
  /** The median of all differences head - base: by how much head lies higher. */
  readonly estimate: number
  /** Closed; unbounded where the samples are too small for the confidence that was asked for. */
  readonly interval: readonly [low: number, high: number]
  readonly confidence: number
}

/** Beyond this many values together, counting gives way to the normal approximation. */
const mostCounted = 100

/** @throws RangeError when a sample is empty or holds something that is no number. */
export function mannWhitney(base: readonly number[], head: readonly number[]): RankTest {
  refuse(base, head)
  const {doubled, tieTerm} = midranks([...base, ...head])
  const doubledSum = doubled.slice(base.length).reduce((sum, rank) => sum + rank, 0)
  const u = (doubledSum - head.length * (head.length + 1)) / 2
  return base.length + head.length <= mostCounted
    ? {u, p: exactP(doubled, head.length, doubledSum), method: 'exact'}
    : {u, p: normalP(u, base.length, head.length, tieTerm), method: 'normal'}
}

/**
 * The interval is the inversion of the test without ties; its ends belong to it, so with ties it is only wider than needed.
 * @param alpha 0.05 for a confidence of 95 %.
 */
export function hodgesLehmann(base: readonly number[], head: readonly number[], alpha = 0.05): Shift {
  refuse(base, head)
  const differences = head.flatMap(one => base.map(other => (one === other ? 0 : one - other))).sort((a, b) => a - b)
  const cut = lowestKept(base.length, head.length, alpha)
  return {
    estimate: median(differences),
    interval:
      cut === 0
        ? [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY]
        : [differences[cut - 1]!, differences[differences.length - cut]!],
    confidence: 1 - alpha,
  }
}

/** The smallest p that two samples of these sizes can show, when not one value of one reaches into the other. */
export function leastP(base: number, head: number): number {
  return Math.min(1, 2 / choose(base + head, head))
}

/** How many values each sample needs, both as many, before the test can show `alpha` at all. */
export function neededForEach(alpha: number): number {
  let size = 1
  while (leastP(size, size) > alpha) size++
  return size
}

/**
 * Holm's step-down correction for several tests at once (Holm 1979): p-values that may each be held against the same alpha.
 * In the order given.
 */
export function holm(values: readonly number[]): number[] {
  const order = values.map((p, index) => ({p, index})).sort((a, b) => a.p - b.p)
  const adjusted = values.slice()
  let least = 0
  for (const [step, {p, index}] of order.entries()) {
    least = Math.max(least, Math.min(1, p * (values.length - step)))
    adjusted[index] = least
  }
  return adjusted
}

/** The mean of the two in the middle where there is none. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const [low, high] = [sorted[(sorted.length - 1) >> 1], sorted[sorted.length >> 1]]
  if (low === undefined || high === undefined) throw new RangeError('nothing has no median')
  // Between minus and plus infinity lies nothing in particular.
  return low === high ? low : Number.isNaN(low + high) ? 0 : (low + high) / 2
}

/** Nearest rank: always one of the values. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  const found = sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)]
  if (found === undefined) throw new RangeError('nothing has no quantiles')
  return found
}

function refuse(base: readonly number[], head: readonly number[]): void {
  if (base.length === 0 || head.length === 0) throw new RangeError('a sample is empty')
  if ([...base, ...head].some(Number.isNaN)) throw new RangeError('a sample holds something that is no number')
}

/** Ranks times two (the mean rank of a tie may end in a half), and the sum of t^3 - t over all ties. */
function midranks(values: readonly number[]): {doubled: number[]; tieTerm: number} {
  const order = values
    .map((value, index) => ({value, index}))
    .sort((a, b) => (a.value < b.value ? -1 : a.value > b.value ? 1 : 0))
  const doubled = values.map(() => 0)
  let tieTerm = 0
  for (let from = 0; from < order.length; ) {
    let to = from
    while (to < order.length && order[to]!.value === order[from]!.value) to++
    for (let at = from; at < to; at++) doubled[order[at]!.index] = from + 1 + to
    tieTerm += (to - from) ** 3 - (to - from)
    from = to
  }
  return {doubled, tieTerm}
}

/**
 * The share of all ways to choose `size` of the ranks whose sum lies as far from the middle as `sum`, or farther. Counted sum
 * by sum (the shift algorithm of Streitberg & Röhmel 1986); the shares are kept instead of the counts, which get too large.
 */
function exactP(doubled: readonly number[], size: number, sum: number): number {
  const total = doubled.reduce((all, rank) => all + rank, 0)
  // ways[k][s]: the share of all choices so far that took k ranks of the sum s.
  const ways = Array.from({length: size + 1}, () => new Float64Array(total + 1))
  ways[0]![0] = 1
  for (const [seen, rank] of doubled.entries())
    for (let k = Math.min(size, seen + 1); k >= 0; k--) {
      // Going through the ranks, each subset of a size is equally likely: its weight is that of choosing k of seen + 1.
      const stay = (seen + 1 - k) / (seen + 1)
      const take = k / (seen + 1)
      const to = ways[k]!
      const from = k > 0 ? ways[k - 1]! : undefined
      for (let s = total; s >= 0; s--)
        to[s] = to[s]! * stay + (from !== undefined && s >= rank ? from[s - rank]! * take : 0)
    }
  const middle = (size * total) / doubled.length
  const far = Math.abs(sum - middle) - 1e-9
  return Math.min(
    1,
    ways[size]!.reduce((p, share, s) => (Math.abs(s - middle) >= far ? p + share : p), 0),
  )
}

function normalP(u: number, n: number, m: number, tieTerm: number): number {
  const all = n + m
  const variance = ((n * m) / 12) * (all + 1 - tieTerm / (all * (all - 1)))
  if (variance === 0) return 1
  // Half a step towards the middle: U moves in steps, the normal distribution does not.
  const distance = Math.max(0, Math.abs(u - (n * m) / 2) - 0.5)
  return Math.min(1, 2 * upperTail(distance / Math.sqrt(variance)))
}

/** How many of the ordered differences are cut off at each end, plus one; 0: not even the outermost may go. */
function lowestKept(n: number, m: number, alpha: number): number {
  if (n + m > mostCounted) {
    const cut = Math.floor((n * m) / 2 - quantileOfNormal(1 - alpha / 2) * Math.sqrt((n * m * (n + m + 1)) / 12))
    return Math.max(0, cut)
  }
  let below = 0
  for (const [u, share] of distributionOfU(n, m).entries()) {
    below += share
    // Ends that may not go: the chance of a U this small is already more than half of alpha.
    if (below > alpha / 2 + 1e-12) return u
  }
  return 0
}

/** How likely each U is, of samples without ties: f(n, m, u) = n/(n+m) f(n-1, m, u-m) + m/(n+m) f(n, m-1, u). */
function distributionOfU(n: number, m: number): Float64Array {
  // One row for each size of the second sample, built up over the sizes of the first.
  let rows: Float64Array[] = Array.from({length: m + 1}, () => Float64Array.of(1))
  for (let i = 1; i <= n; i++) {
    const next: Float64Array[] = [Float64Array.of(1)]
    for (let j = 1; j <= m; j++) {
      const row = new Float64Array(i * j + 1)
      const [shorter, narrower] = [rows[j]!, next[j - 1]!]
      for (let u = 0; u <= i * j; u++)
        row[u] = ((u >= j ? (shorter[u - j] ?? 0) : 0) * i + (narrower[u] ?? 0) * j) / (i + j)
      next.push(row)
    }
    rows = next
  }
  return rows[m]!
}

function choose(n: number, k: number): number {
  let ways = 1
  for (let i = 1; i <= Math.min(k, n - k); i++) ways = (ways * (n - Math.min(k, n - k) + i)) / i
  return ways
}

/** P(Z > z) for z >= 0, to 7.5e-8 (Abramowitz & Stegun 26.2.17). */
function upperTail(z: number): number {
  const t = 1 / (1 + 0.2316419 * z)
  const series = [1.330274429, -1.821255978, 1.781477937, -0.356563782, 0.31938153].reduce((sum, c) => (sum + c) * t, 0)
  return (Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI)) * series
}

/** By halving: needed once, for samples that are too large to count. */
function quantileOfNormal(share: number): number {
  let [low, high] = [0, 40]
  for (let step = 0; step < 60; step++) {
    const middle = (low + high) / 2
    if (1 - upperTail(middle) < share) low = middle
    else high = middle
  }
  return (low + high) / 2
}
