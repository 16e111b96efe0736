import fc from 'fast-check'
import {describe, expect, test} from 'vitest'
import {compare} from '../../../lab/judge/compare.ts'
import type {MeasuredRun} from '../../../lab/judge/measure-run.ts'
import {type MetricName, metricNames} from '../../../lab/judge/metrics.ts'
import {LabError} from '../../../lab/words/errors.ts'

const second = 1_000_000

function run(values: Partial<Record<MetricName, number>>, more: Partial<MeasuredRun> = {}): MeasuredRun {
  return {
    ...{
      run: 'a-run',
      scenario: 'kill-leader',
      startedAt: '',
      verdict: 'pass',
      headline: '',
      etcdLeaderDied: null,
      leaseAgeMicros: 500_000,
    },
    ...{setting: {postgres: '17.11'}, unfit: null, doubts: []},
    values: {...(Object.fromEntries(metricNames.map(name => [name, null])) as MeasuredRun['values']), ...values},
    ...more,
  }
}

const totals = (...seconds: number[]) => seconds.map(one => run({total: one * second}))
const options = {tolerance: 0.1, judged: []}
const before = totals(20, 20.2, 20.4, 20.6, 20.8)

describe('what was seen before what it waits for was looked at', () => {
  const first = (micros: number, atMost?: number) =>
    run({'first-write': micros}, atMost === undefined ? {} : {atMost: {'first-write': atMost}})
  const sharp = Array.from({length: 5}, (_, index) => first(30_000 + index))
  const bounded = (most: number) => Array.from({length: 5}, () => first(0, most))
  const judged = {tolerance: 0.1, judged: ['first-write'] as const}

  test('is known to have taken at most so long, and decides nothing that depends on how long', () => {
    const {verdict, says, metrics} = compare(bounded(388_000), sharp, judged)
    expect({verdict, says}).toEqual({
      verdict: 'unknown',
      says: 'first-write: of some runs it is known only to be at most 388 ms, and depending on that it is slower or not: compare `total`.',
    })
    expect(metrics.find(({name}) => name === 'first-write')?.base).toMatchObject({
      ...{n: 5, max: 0},
      atMost: {p50: 388_000, max: 388_000},
    })
  })

  test('decides what holds however long it took', () => {
    expect(compare(bounded(10_000), sharp, judged).verdict).toBe('fail')
    expect(compare(sharp, bounded(10_000), judged).verdict).toBe('pass')
  })
})

describe('five runs against five', () => {
  test('that are all a fifth slower fail, with the shift, its interval and p', () => {
    const {verdict, exitCode, says, metrics} = compare(before, totals(24, 24.2, 24.4, 24.6, 24.8), options)
    expect([verdict, exitCode]).toEqual(['fail', 1])
    expect(says).toBe(
      'total: 4.00 s more (worse), 95 % interval +3.40 s to +4.60 s, p = 0.0079: more than the tolerance of 10 % (2.04 s).',
    )
    expect(metrics[0]).toMatchObject({name: 'total', shift: 4 * second, verdict: 'fail'})
    expect(metrics[0]?.share).toBeCloseTo(4 / 20.4, 9)
  })

  test('that are slower for certain, but within the tolerance, pass', () => {
    const {verdict, says} = compare(before, totals(21, 21.2, 21.4, 21.6, 21.8), options)
    expect(verdict).toBe('pass')
    expect(says).toContain('1.00 s more (worse)')
    expect(says).toContain('within the tolerance of 10 %')
    expect(compare(before, totals(21, 21.2, 21.4, 21.6, 21.8), {...options, tolerance: 0.04}).verdict).toBe('fail')
  })

  test('that differ by chance pass, and what cannot be ruled out is said', () => {
    const {verdict, exitCode, says} = compare(before, totals(19, 20.1, 20.5, 24, 25), options)
    expect([verdict, exitCode]).toEqual(['pass', 0])
    expect(says).toMatch(/no difference that chance would not explain; up to \d\.\d\d s worse cannot be ruled out\.$/)
  })

  test('that are faster pass', () => {
    expect(compare(before, totals(10, 10.2, 10.4, 10.6, 10.8), options)).toMatchObject({
      verdict: 'pass',
      says: expect.stringContaining('10.00 s less (better)'),
    })
  })

  test('of which most never failed over fail: what never came is worse than late', () => {
    const never = Number.POSITIVE_INFINITY
    const {verdict, says} = compare(before, totals(20.9, 21, never, never, never), options)
    expect(verdict).toBe('fail')
    expect(says).toContain('in most runs of the head it never came (worse)')
  })
})

describe('too few runs', () => {
  test('tell nothing, however far apart they are: 3 against 3 is exit 4, and 4 are needed', () => {
    const {verdict, exitCode, says} = compare(totals(20, 20.1, 20.2), totals(90, 91, 92), options)
    expect([verdict, exitCode]).toEqual(['unknown', 4])
    expect(says).toBe('total: 3 and 3 runs are too few to tell, whatever they show; 4 on each side are needed.')
    expect(compare(totals(20, 20.1, 20.2, 20.3), totals(90, 91, 92, 93), options).verdict).toBe('fail')
  })

  test('are more when several metrics are judged: 5 against 5 can carry 6 metrics, not 7', () => {
    const all = (seconds: number) => run(Object.fromEntries(metricNames.map(name => [name, seconds * second])))
    const [base, head] = [[20, 20.1, 20.2, 20.3, 20.4].map(all), [20.05, 20.15, 20.25, 20.35, 20.45].map(all)]
    expect(compare(base, head, {tolerance: 0.1, judged: metricNames.slice(0, 6)}).verdict).toBe('pass')
    const seven = compare(base, head, {tolerance: 0.1, judged: metricNames.slice(0, 7)})
    expect(seven.verdict).toBe('unknown')
    expect(seven.says).toContain('6 on each side are needed')
  })

  test('are those that are left when runs measure nothing', () => {
    const unfit = run({}, {unfit: 'the run ended early'})
    const {says, verdict} = compare(before, [unfit, unfit, unfit, unfit, unfit], options)
    expect([verdict, says]).toEqual(['unknown', 'total: no run of the head measured it.'])
  })
})

test('several judged metrics are corrected by Holm: what one alone would show is not enough among six', () => {
  const slower = (total: number) => run({total: total * second, election: second, promotion: second})
  const base = [20, 20.2, 20.4, 20.6, 21.9].map(slower)
  const head = [24, 24.2, 24.4, 24.6, 21.8].map(slower)
  const one = compare(base, head, options)
  expect([one.metrics[0]?.p?.toFixed(4), one.verdict]).toEqual(['0.0159', 'fail'])
  const four = compare(base, head, {tolerance: 0.1, judged: ['total', 'election', 'promotion', 'total', 'takeover']})
  expect(four.metrics[0]?.correctedP).toBeCloseTo(0.0635, 3)
  expect(four.metrics[0]?.verdict).toBe('pass')
})

test('metrics that are not judged have a p and no verdict', () => {
  const {metrics} = compare(before, before, options)
  expect(metrics.filter(one => one.verdict !== null).map(one => one.name)).toEqual(['total'])
  expect(metrics.find(one => one.name === 'election')).toMatchObject({correctedP: null, verdict: null, p: null})
})

test('a metric where more is better is worse when it falls', () => {
  const margins = (...seconds: number[]) => seconds.map(one => run({'fencing-margin': one * second}))
  const judged = ['fencing-margin'] as const
  expect(compare(margins(20, 21, 22, 23), margins(10, 11, 12, 13), {tolerance: 0.1, judged}).verdict).toBe('fail')
  expect(compare(margins(10, 11, 12, 13), margins(20, 21, 22, 23), {tolerance: 0.1, judged}).verdict).toBe('pass')
})

test('lost writes where there were none are a regression whatever the tolerance: a share of nothing is nothing', () => {
  const lost = (...counts: number[]) => counts.map(one => run({'lost-writes': one}))
  const judged = ['lost-writes'] as const
  expect(compare(lost(0, 0, 0, 0), lost(3, 4, 3, 5), {tolerance: 0.5, judged}).verdict).toBe('fail')
  expect(compare(lost(0, 0, 0, 0), lost(0, 0, 0, 0), {tolerance: 0.5, judged}).verdict).toBe('pass')
})

test('runs of different scenarios are not compared', () => {
  expect(() => compare(before, [run({}, {scenario: 'stop-leader'})], options)).toThrow(LabError)
})

test('what differs besides is told, and which moments of the loop the faults had', () => {
  const after = before.map((one, index) => ({
    ...{...one, setting: {postgres: '18.0'}, leaseAgeMicros: (8 + index / 2) * second, etcdLeaderDied: index === 0},
  }))
  const {differs, moments} = compare(before, after, options)
  expect(differs).toEqual(['postgres: 17.11 in the base, 18.0 in the head'])
  expect(moments).toEqual([
    'the fault came 500 ms after a refresh of the lease in the base',
    "the fault came 8.00 s to 10.00 s (half by 9.00 s) after a refresh of the lease, with etcd's leader in 1 of 5 in the head",
  ])
})

describe('runs whose faults had other moments of the loop', () => {
  const aged = (seconds: number, runs: readonly MeasuredRun[]) =>
    runs.map(one => ({...one, leaseAgeMicros: seconds * second}))
  const base = aged(5, before)

  test('are not called slower for what the moments explain', () => {
    const found = compare(base, aged(1, totals(24, 24.2, 24.4, 24.6, 24.8)), options)
    expect(found).toMatchObject({verdict: 'unknown', exitCode: 4})
    expect(found.says).toMatch(
      /moments of the faults make \+4\.00 s of it by themselves, which explains it: compare `takeover`/,
    )
    expect(compare(base, aged(4.9, totals(24, 24.2, 24.4, 24.6, 24.8)), options).verdict).toBe('fail')
    expect(compare(base, aged(4, totals(24, 24.2, 24.4, 24.6, 24.8)), options).verdict).toBe('fail')
  })

  test('are not called alike where the moments hide it', () => {
    const found = compare(base, aged(9, before), options)
    expect(found.verdict).toBe('unknown')
    expect(found.says).toMatch(/make -4\.00 s of it by themselves, and without them it would be slower/)
  })

  test('are compared by what has no lease in it', () => {
    const takeovers = (...seconds: number[]) => seconds.map(one => run({takeover: one * second}))
    const judged = ['takeover'] as const
    const slower = compare(aged(5, takeovers(2, 2.1, 2.2, 2.3)), aged(1, takeovers(4, 4.1, 4.2, 4.3)), {
      ...options,
      judged,
    })
    expect(slower.verdict).toBe('fail')
  })
})

test('a slowdown is never called one when head and base are swapped, nor of a side with itself', () => {
  const sample = fc.array(fc.integer({min: 1, max: 100}), {minLength: 1, maxLength: 9})
  fc.assert(
    fc.property(sample, sample, fc.constantFrom(0, 0.1, 0.5), (some, others, tolerance) => {
      const [base, head] = [totals(...some), totals(...others)]
      const there = compare(base, head, {tolerance, judged: []})
      const back = compare(head, base, {tolerance, judged: []})
      expect(there.verdict === 'fail' && back.verdict === 'fail').toBe(false)
      expect(compare(base, base, {tolerance, judged: []}).verdict).not.toBe('fail')
      if (there.verdict === 'fail') {
        expect(there.metrics[0]!.p).toBeLessThanOrEqual(0.05)
        expect(there.metrics[0]!.shift).toBeGreaterThan(tolerance * there.metrics[0]!.base!.p50)
      }
    }),
    {numRuns: 300},
  )
})
