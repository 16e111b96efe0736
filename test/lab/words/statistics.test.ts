import fc from 'fast-check'
import {describe, expect, test} from 'vitest'
import {
  hodgesLehmann,
  holm,
  leastP,
  mannWhitney,
  median,
  neededForEach,
  quantile,
} from '../../../lab/words/statistics.ts'

/** scipy 1.17.1: mannwhitneyu(head, base, alternative='two-sided', method='exact'); shift is numpy's median of head - base. */
const scipy = [
  {
    base: [20.001, 20.299, 19.726, 19.109],
    head: [20.045, 19.508, 20.56, 21.84],
    ...{u: 12, p: 0.34285714285714286, shift: 0.479},
  },
  {
    base: [19.508, 19.38, 20.49, 20.357, 20.105],
    head: [20.07, 20.971, 21.695, 19.656, 20.542, 19.099, 19.71, 19.158],
    ...{u: 21, p: 0.9432789432789432, shift: 0.1},
  },
  {
    base: [19.765, 18.733, 20.271, 20.157, 19.813, 17.483, 19.461, 19.951],
    head: [20.413, 18.77, 19.822, 19.321, 19.491, 21.361, 19.492],
    ...{u: 31, p: 0.778865578865579, shift: 0.034},
  },
  {
    base: [19.967, 20.884, 19.416, 19.888, 20.11, 20.064, 18.775, 20.076, 21.359, 18.453, 20.859, 20.119],
    head: [20.159, 22.8, 21.562, 19.601, 20.875, 21.377, 20.611, 21.483, 20.733],
    ...{u: 88, p: 0.014772224679345422, shift: 0.8355},
  },
  {
    base: [
      20.347, 18.312, 17.965, 19.696, 19.1, 20.164, 22.245, 19.168, 19.376, 20.205, 20.493, 19.824, 19.794, 20.702,
      20.52, 18.966, 19.921, 20.035, 18.946, 20.26,
    ],
    head: [
      19.642, 21.472, 20.693, 20.589, 19.909, 20.381, 18.502, 19.369, 20.863, 18.371, 21.347, 18.754, 21.257, 19.655,
      21.279, 20.631, 18.963, 21.749, 21.942, 20.434,
    ],
    ...{u: 258, p: 0.12069970575556488, shift: 0.582},
  },
]

describe('the exact test', () => {
  test.each(scipy)('has the U, the p and the shift of scipy, for $base.length and $head.length values', one => {
    const {u, p, method} = mannWhitney(one.base, one.head)
    expect(method).toBe('exact')
    expect(u).toBe(one.u)
    expect(p).toBeCloseTo(one.p, 10)
    expect(hodgesLehmann(one.base, one.head).estimate).toBeCloseTo(one.shift, 6)
  })

  test("gives R's answer for the permeability data of Hollander & Wolfe, the example of ?wilcox.test", () => {
    const term = [0.8, 0.83, 1.89, 1.04, 1.45, 1.38, 1.91, 1.64, 0.73, 1.46]
    const early = [1.15, 0.88, 0.9, 0.74, 1.21]
    // R: W = 35, one-sided p-value = 0.1272; the distribution is symmetric.
    const {u, p} = mannWhitney(early, term)
    expect(u).toBe(35)
    expect(p / 2).toBeCloseTo(0.1272, 4)
    // R, with conf.int = TRUE: difference in location 0.305.
    expect(hodgesLehmann(early, term).estimate).toBeCloseTo(0.305, 3)
  })

  /** The printed tables of critical values: the largest U that is significant at 5 %, two-sided. */
  test.each([
    [4, 4, 0],
    [5, 5, 2],
    [6, 6, 5],
    [7, 7, 8],
    [8, 8, 13],
    [10, 10, 23],
    [5, 9, 7],
    [12, 20, 69],
  ])('agrees with the printed table for %i and %i values: U = %i', (n, m, critical) => {
    expect(mannWhitney(...withU(n, m, critical)).p).toBeLessThanOrEqual(0.05)
    expect(mannWhitney(...withU(n, m, critical + 1)).p).toBeGreaterThan(0.05)
  })

  test('with any ties, equals counting every arrangement', () => {
    const small = fc.array(fc.integer({min: 0, max: 4}), {minLength: 1, maxLength: 5})
    fc.assert(
      fc.property(small, small, (base, head) => {
        expect(mannWhitney(base, head).p).toBeCloseTo(counted(base, head), 9)
      }),
      {numRuns: 300},
    )
  })
})

const distinct = fc
  .uniqueArray(fc.integer({min: -1000, max: 1000}), {minLength: 2, maxLength: 24})
  .chain(values =>
    fc.integer({min: 1, max: values.length - 1}).map(cut => [values.slice(0, cut), values.slice(cut)] as const),
  )

test('the interval excludes zero exactly when the test is significant', () => {
  fc.assert(
    fc.property(distinct, fc.constantFrom(0.01, 0.05, 0.2), ([base, head], alpha) => {
      const {interval} = hodgesLehmann(base, head, alpha)
      expect(interval[0] > 0 || interval[1] < 0).toBe(mannWhitney(base, head).p <= alpha + 1e-12)
    }),
    {numRuns: 500},
  )
})

test('the samples may be swapped: the same p, the opposite shift', () => {
  fc.assert(
    fc.property(distinct, ([base, head]) => {
      expect(mannWhitney(head, base).p).toBeCloseTo(mannWhitney(base, head).p, 12)
      const [there, back] = [hodgesLehmann(base, head), hodgesLehmann(head, base)]
      expect(back.estimate).toBeCloseTo(-there.estimate, 9)
      expect(back.interval[0]).toBeCloseTo(-there.interval[1], 9)
    }),
  )
})

test('only the order counts: stretching all values changes no p', () => {
  fc.assert(
    fc.property(distinct, ([base, head]) => {
      const stretch = (values: readonly number[]) => values.map(value => Math.exp(value / 100))
      expect(mannWhitney(stretch(base), stretch(head)).p).toBe(mannWhitney(base, head).p)
    }),
  )
})

test('moving one sample moves the shift by as much', () => {
  fc.assert(
    fc.property(distinct, fc.integer({min: -50, max: 50}), ([base, head], by) => {
      const moved = hodgesLehmann(
        base,
        head.map(value => value + by),
      )
      expect(moved.estimate).toBeCloseTo(hodgesLehmann(base, head).estimate + by, 9)
    }),
  )
})

test('of two samples of one source, about one in twenty is called different: 2000 trials at 5 %', () => {
  let state = 12345
  const random = () => {
    state = (state * 48271) % 2147483647
    return state / 2147483647
  }
  let alarms = 0
  for (let trial = 0; trial < 2000; trial++) {
    const draw = () => Array.from({length: 8}, random)
    if (mannWhitney(draw(), draw()).p <= 0.05) alarms++
  }
  // Exact tests are at most at their level (8 and 8 values: 4.99 %); four standard deviations are 1.9 %.
  expect(alarms / 2000).toBeGreaterThan(0.03)
  expect(alarms / 2000).toBeLessThan(0.07)
})

test('large samples go to the normal approximation, with the tie correction of scipy', () => {
  const times = (count: number, value: number) => Array.from({length: count}, () => value)
  // scipy 1.17.1: mannwhitneyu(head, base, method='asymptotic', use_continuity=True)
  const base = [...times(20, 1), ...times(25, 2), ...times(15, 3)]
  const head = [...times(12, 1), ...times(22, 2), ...times(26, 3)]
  const {u, p, method} = mannWhitney(base, head)
  expect(method).toBe('normal')
  expect(u).toBe(2200)
  expect(p).toBeCloseTo(0.02549656253684164, 6)
})

test('the approximation and the count meet where one gives way to the other', () => {
  const values = (from: number, count: number) => Array.from({length: count}, (_, index) => from + index * 7)
  const [base, head] = [values(0, 50), values(45, 50)]
  const counted = mannWhitney(base, head)
  const approximated = mannWhitney(base, [...head, 175.5])
  expect([counted.method, approximated.method]).toEqual(['exact', 'normal'])
  expect(Math.abs(counted.p - approximated.p)).toBeLessThan(0.02)
})

test('what never came is the worst value, and many of them make the shift infinite', () => {
  const never = Number.POSITIVE_INFINITY
  expect(mannWhitney([1, 2, 3, 4], [5, 6, 7, never]).p).toBe(mannWhitney([1, 2, 3, 4], [5, 6, 7, 8]).p)
  expect(hodgesLehmann([1, 2, 3, 4], [5, never, never, never]).estimate).toBe(never)
  expect(hodgesLehmann([never, never], [never, never]).estimate).toBe(0)
})

test('the smallest p and the runs needed for it: 4 on each side for 5 %, 6 for a twelfth of it', () => {
  expect(leastP(3, 3)).toBeCloseTo(0.1, 12)
  expect(leastP(4, 4)).toBeCloseTo(2 / 70, 12)
  expect(leastP(1, 1)).toBe(1)
  expect(neededForEach(0.05)).toBe(4)
  expect(neededForEach(0.05 / 12)).toBe(6)
  fc.assert(
    fc.property(fc.integer({min: 1, max: 12}), fc.integer({min: 1, max: 12}), (n, m) => {
      expect(mannWhitney(...withU(n, m, 0)).p).toBeCloseTo(leastP(n, m), 9)
    }),
  )
})

test("Holm's correction: the example of its Wikipedia article", () => {
  expect(holm([0.01, 0.04, 0.03, 0.005]).map(p => Number(p.toFixed(6)))).toEqual([0.03, 0.06, 0.06, 0.02])
  expect(holm([0.5])).toEqual([0.5])
})

test('an empty sample and NaN are refused', () => {
  expect(() => mannWhitney([], [1])).toThrow(RangeError)
  expect(() => hodgesLehmann([1], [Number.NaN])).toThrow(RangeError)
})

test('the median lies between the two in the middle; a quantile is always one of the values', () => {
  expect(median([3, 1, 2, 10])).toBe(2.5)
  expect(quantile([3, 1, 2, 10], 0.95)).toBe(10)
  expect(quantile([3, 1, 2, 10], 0.5)).toBe(2)
})

/** Two samples without ties in which `u` pairs have the head above the base. */
function withU(n: number, m: number, u: number): [base: number[], head: number[]] {
  const base = Array.from({length: n}, (_, index) => index + 1)
  let left = u
  const head = Array.from({length: m}, (_, index) => {
    const above = Math.min(n, left)
    left -= above
    return above + 0.5 - (index + 1) / 1000
  })
  return [base, head]
}

/** Every way to call `head.length` of all values the head, and how many of them lie as far from the middle. */
function counted(base: readonly number[], head: readonly number[]): number {
  const all = [...base, ...head]
  const uOf = (chosen: readonly number[], others: readonly number[]) =>
    chosen.flatMap(a => others.map(b => (a > b ? 1 : a === b ? 0.5 : 0))).reduce<number>((sum, one) => sum + one, 0)
  const middle = (base.length * head.length) / 2
  const far = Math.abs(uOf(head, base) - middle)
  let [ways, asFar] = [0, 0]
  for (let mask = 0; mask < 2 ** all.length; mask++) {
    const chosen = all.filter((_, index) => mask & (1 << index))
    if (chosen.length !== head.length) continue
    ways++
    const others = all.filter((_, index) => !(mask & (1 << index)))
    if (Math.abs(uOf(chosen, others) - middle) >= far - 1e-9) asFar++
  }
  return asFar / ways
}
