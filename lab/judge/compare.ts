/**
 * Did failover get slower? Two sets of runs, metric by metric, by ranks: no distribution is assumed, and one odd run moves
 * little. Pure.
 *
 * One headline metric is judged, or those that were asked for; the others are shown beside it, not judged. Judging a dozen at
 * once would either cry wolf (one in twenty differs by chance) or need many more runs to correct for it. Where several are asked
 * for, their p-values are corrected by Holm's method.
 */

import {merge, type Verdict} from '../checks/check.ts'
import {exitCodes, LabError} from '../words/errors.ts'
import {next, ownCommand} from '../words/next-step.ts'
import {hodgesLehmann, holm, leastP, mannWhitney, median, neededForEach, quantile} from '../words/statistics.ts'
import {type MeasuredRun, sayValue} from './measure-run.ts'
import {headline, type Metric, type MetricName, metricNames, metrics} from './metrics.ts'

/** The share of comparisons of two alike builds that may be called different by mistake. */
const alpha = 0.05

/** Of `n` values that are known, in the unit of their metric; Infinity: it never happened. */
export interface Spread {
  readonly n: number
  readonly min: number
  readonly p50: number
  readonly p95: number
  readonly max: number
}

/** What `compare` found; times in microseconds. */
export interface Comparison {
  /** Version of this shape. */
  readonly schema: 1
  readonly scenario: string
  /** fail: slower for certain and by more than the tolerance. unknown: too few runs to tell. */
  readonly verdict: Verdict
  readonly says: string
  readonly exitCode: 0 | 1 | 4
  readonly alpha: number
  /** 0.1: a tenth of the base's median. */
  readonly tolerance: number
  /** What differs between the two sides besides chance: versions, timings, the moment of the fault. */
  readonly differs: readonly string[]
  readonly metrics: readonly ComparedMetric[]
  readonly base: readonly MeasuredRun[]
  readonly head: readonly MeasuredRun[]
}

export interface ComparedMetric extends Metric {
  readonly name: MetricName
  /** Null: no run of that side has it. */
  readonly base: Spread | null
  readonly head: Spread | null
  /** Hodges-Lehmann, head less base; null where a side has no values. Infinite: it never happens on one side. */
  readonly shift: number | null
  /** Of the shift, at 1 - alpha; null where there are too few runs for it. */
  readonly interval: readonly [number, number] | null
  /** The shift as a share of the base's median; null where that is zero or not finite. */
  readonly share: number | null
  /** Mann-Whitney, two-sided. */
  readonly p: number | null
  /** After the correction for all judged metrics; null: not judged. */
  readonly correctedP: number | null
  readonly method: 'exact' | 'normal' | null
  /** Null: not judged. */
  readonly verdict: Verdict | null
  readonly says: string
}

interface CompareOptions {
  /** 0.1: a tenth of the base's median is no regression. */
  readonly tolerance: number
  /** Judged; the headline alone when empty. */
  readonly judged: readonly MetricName[]
}

/** @throws LabError `usage` when the runs are not all of one scenario, or a side has none. */
export function compare(
  base: readonly MeasuredRun[],
  head: readonly MeasuredRun[],
  options: CompareOptions,
): Comparison {
  const scenario = sameScenario([...base, ...head])
  const judged = options.judged.length === 0 ? [headline] : [...new Set(options.judged)]
  const tested = metricNames.map(name => testOf(name, base, head))
  const judgedTests = judged.map(name => tested.find(one => one.name === name)!)
  // One that cannot be tested counts all the same: it was asked for.
  const corrected = holm(judgedTests.map(one => one.p ?? 1))
  const compared = tested.map(one => {
    const index = judgedTests.indexOf(one)
    if (index < 0) return {...one, correctedP: null, verdict: null, says: describe(one)}
    return {
      ...one,
      correctedP: corrected[index]!,
      ...judgeMetric(one, corrected[index]!, judged.length, options.tolerance),
    }
  })
  const verdict = merge(compared.flatMap(one => one.verdict ?? []))
  return {
    schema: 1,
    scenario,
    verdict,
    says: compared
      .filter(one => one.verdict === verdict)
      .map(one => one.says)
      .join(' '),
    exitCode: {pass: exitCodes.passed, fail: exitCodes.failed, unknown: exitCodes.inconclusive}[verdict],
    alpha,
    tolerance: options.tolerance,
    differs: differences(base, head),
    metrics: compared,
    base,
    head,
  }
}

export function spreadOf(values: readonly number[]): Spread | null {
  if (values.length === 0) return null
  return {
    n: values.length,
    min: Math.min(...values),
    p50: median(values),
    p95: quantile(values, 0.95),
    max: Math.max(...values),
  }
}

/** Those runs that know this metric. */
export function valuesOf(runs: readonly MeasuredRun[], name: MetricName): number[] {
  return runs.flatMap(run => run.values[name] ?? [])
}

type Tested = Omit<ComparedMetric, 'correctedP' | 'verdict' | 'says'>

function testOf(name: MetricName, baseRuns: readonly MeasuredRun[], headRuns: readonly MeasuredRun[]): Tested {
  const [base, head] = [valuesOf(baseRuns, name), valuesOf(headRuns, name)]
  const shown = {name, ...metrics[name], base: spreadOf(base), head: spreadOf(head)}
  if (base.length === 0 || head.length === 0)
    return {...shown, shift: null, interval: null, share: null, p: null, method: null}
  const {p, method} = mannWhitney(base, head)
  const {estimate, interval} = hodgesLehmann(base, head, alpha)
  const typical = median(base)
  return {
    ...shown,
    shift: estimate,
    // Two infinite ends say only that nothing is known.
    interval: interval[0] === Number.NEGATIVE_INFINITY && interval[1] === Number.POSITIVE_INFINITY ? null : interval,
    share: typical === 0 || !Number.isFinite(typical) ? null : estimate / Math.abs(typical),
    p,
    method,
  }
}

function judgeMetric(
  one: Tested,
  correctedP: number,
  tests: number,
  tolerance: number,
): {verdict: Verdict; says: string} {
  const {name, base, head, shift} = one
  if (base === null || head === null || shift === null) {
    const side = base === null ? 'the base' : 'the head'
    return {verdict: 'unknown', says: `${name}: no run of ${side} measured it.`}
  }
  const worse = one.better === 'lower' ? shift : -shift
  const tolerated = Math.abs(base.p50) * tolerance
  const percent = `${Number((tolerance * 100).toFixed(1))} %`
  const significant = correctedP <= alpha
  if (significant && worse > tolerated) {
    const allowed = `the tolerance of ${percent} (${sayValue(tolerated, one.unit)})`
    return {verdict: 'fail', says: `${describe(one)}: more than ${allowed}.`}
  }
  if (leastP(base.n, head.n) > alpha / tests) {
    const needed = neededForEach(alpha / tests)
    return {
      verdict: 'unknown',
      says: `${name}: ${base.n} and ${head.n} runs are too few to tell, whatever they show; ${needed} on each side are needed.`,
    }
  }
  if (!significant)
    return {verdict: 'pass', says: `${describe(one)}: no difference that chance would not explain${ruledOut(one)}.`}
  return {
    verdict: 'pass',
    says: worse > 0 ? `${describe(one)}: within the tolerance of ${percent}.` : `${describe(one)}: not worse.`,
  }
}

/** A comparison that finds nothing has not shown that there is nothing: how much may hide in it. */
function ruledOut({interval, better, unit}: Tested): string {
  if (interval === null) return ''
  const most = better === 'lower' ? interval[1] : -interval[0]
  return most > 0 ? `; up to ${sayValue(most, unit)} worse cannot be ruled out` : ''
}

function describe({name, base, head, shift, interval, unit, better, p}: Tested): string {
  if (base === null || head === null || shift === null) return `${name}: not measured on both sides`
  const word = wordFor(shift, unit)
  const judged = shift === 0 ? '' : (better === 'lower') === shift > 0 ? ' (worse)' : ' (better)'
  const range = interval === null ? '' : `, 95 % interval ${interval.map(end => sign(end, unit)).join(' to ')}`
  return `${name}: ${word}${judged}${range}, p = ${sayP(p ?? 1)}`
}

function wordFor(shift: number, unit: Metric['unit']): string {
  if (!Number.isFinite(shift)) return `in most runs of the ${shift > 0 ? 'head' : 'base'} it never came`
  return shift === 0 ? 'the same' : `${sayValue(Math.abs(shift), unit)} ${shift > 0 ? 'more' : 'less'}`
}

function sign(value: number, unit: Metric['unit']): string {
  return `${value > 0 ? '+' : value < 0 ? '-' : ''}${sayValue(Math.abs(value), unit)}`
}

function sayP(p: number): string {
  return p < 0.0001 ? '<0.0001' : p.toFixed(4)
}

function sameScenario(runs: readonly MeasuredRun[]): string {
  const names = [...new Set(runs.map(run => run.scenario))]
  if (names.length === 1) return names[0]!
  throw new LabError('usage', `these runs are of different scenarios: ${names.join(', ')}`, {
    hint: next`compare runs of one scenario; to record some: ${ownCommand('chaos', names[0]!, '--repeat', '6')}`,
  })
}

function differences(base: readonly MeasuredRun[], head: readonly MeasuredRun[]): string[] {
  const keys = [...new Set([...base, ...head].flatMap(run => Object.keys(run.setting)))]
  const found = keys.flatMap(key => {
    const [of, against] = [base, head].map(runs =>
      [...new Set(runs.map(run => run.setting[key] ?? '?'))].sort().join(', '),
    )
    return of === against ? [] : `${key}: ${of} in the base, ${against} in the head`
  })
  const ages = [base, head].map(runs => runs.flatMap(run => run.leaseAgeMicros ?? []))
  const [ageOfBase, ageOfHead] = ages.map(each => (each.length === 0 ? null : median(each)))
  // The wait for the lease is the largest part of a failover, and the moment of the fault decides it.
  if (typeof ageOfBase === 'number' && typeof ageOfHead === 'number' && Math.abs(ageOfBase - ageOfHead) > 250_000)
    found.push(
      `the lease was ${sayValue(ageOfBase, 'micros')} old at the fault in the base, ${sayValue(ageOfHead, 'micros')} in the head: compare \`takeover\`, or record both with the same --phase`,
    )
  return found
}
