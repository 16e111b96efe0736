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
import type {Micros} from '../words/quantity.ts'
import {hodgesLehmann, holm, leastP, mannWhitney, median, neededForEach, quantile} from '../words/statistics.ts'
import {type MeasuredRun, sayValue} from './measure-run.ts'
import {headline, type Metric, type MetricName, metricNames, metrics} from './metrics.ts'
import {sayMoments, shiftByMoments} from './moments.ts'

/** The share of comparisons of two alike builds that may be called different by mistake. */
const alpha = 0.05

/** Of `n` values that are known, in the unit of their metric; Infinity: it never happened. */
export interface Spread extends Quantiles {
  readonly n: number
  /** The same of the longest that each may have taken; not there where all are known. */
  readonly atMost?: Quantiles
}

export interface Quantiles {
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
  /** What differs between the two sides besides chance: versions, timings. */
  readonly differs: readonly string[]
  /** When in the leader's loop the faults came, a sentence a side. */
  readonly moments: readonly string[]
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
    const factor = corrected[index]! / (one.p || 1)
    const judgeAs = (other: Tested) =>
      judgeMetric(other, Math.min(1, (other.p ?? 1) * factor), judged.length, options.tolerance)
    const found = atEitherEnd(judgeAs(one), one, () =>
      ends.map(ofEach => judgeAs(testOf(one.name, base, head, ofEach))),
    )
    const byMoments = shiftByMoments(base, head, one.name)
    return {
      ...{...one, correctedP: corrected[index]!},
      ...(byMoments === 0 ? found : atOtherMoments(one, found, byMoments, options.tolerance)),
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
    moments: sayMoments(base, head),
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

/** Of a metric over runs. */
export function spreadIn(runs: readonly MeasuredRun[], name: MetricName): Spread | null {
  const spread = spreadOf(valuesOf(runs, name))
  if (spread === null || runs.every(run => run.atMost?.[name] === undefined)) return spread
  const {n: _, ...atMost} = spreadOf(longestOf(runs, name))!
  return {...spread, atMost}
}

/** As `sayValue`; where it is known only between two: `at most 388 ms`, `12 ms to 388 ms`. */
export function sayQuantile(of: Spread, which: keyof Quantiles, unit: Metric['unit']): string {
  const [least, most] = [of[which], of.atMost?.[which] ?? of[which]]
  if (least === most) return sayValue(least, unit)
  return least === 0 ? `at most ${sayValue(most, unit)}` : `${sayValue(least, unit)} to ${sayValue(most, unit)}`
}

function longestOf(runs: readonly MeasuredRun[], name: MetricName): number[] {
  return runs.flatMap(run => (run.values[name] === null ? [] : (run.atMost?.[name] ?? run.values[name])))
}

/** Those runs that know this metric. */
function valuesOf(runs: readonly MeasuredRun[], name: MetricName): number[] {
  return runs.flatMap(run => run.values[name] ?? [])
}

type Tested = Omit<ComparedMetric, 'correctedP' | 'verdict' | 'says'>

type ValuesOf = (runs: readonly MeasuredRun[], name: MetricName) => number[]

function testOf(
  name: MetricName,
  baseRuns: readonly MeasuredRun[],
  headRuns: readonly MeasuredRun[],
  [ofBase, ofHead]: readonly [ValuesOf, ValuesOf] = [valuesOf, valuesOf],
): Tested {
  const [base, head] = [ofBase(baseRuns, name), ofHead(headRuns, name)]
  const shown = {name, ...metrics[name], base: spreadIn(baseRuns, name), head: spreadIn(headRuns, name)}
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

/** What is known to lie between two values only is as it is at either end of them, or nobody knows. */
const ends = [
  [valuesOf, longestOf],
  [longestOf, valuesOf],
] as const satisfies readonly (readonly [ValuesOf, ValuesOf])[]

function atEitherEnd(
  found: {verdict: Verdict; says: string},
  {name, unit, base, head}: Tested,
  others: () => readonly {verdict: Verdict; says: string}[],
): {verdict: Verdict; says: string} {
  const most = Math.max(base?.atMost?.max ?? 0, head?.atMost?.max ?? 0)
  if (most === 0 || found.verdict === 'unknown' || others().every(({verdict}) => verdict === found.verdict))
    return found
  return {
    verdict: 'unknown',
    says: `${name}: of some runs it is known only to be at most ${sayValue(most, unit)}, and depending on that it is slower or not: compare \`total\`.`,
  }
}

/** The moments of the faults explain a difference, or hide one: only what is beyond them tells of the builds. */
function atOtherMoments(
  one: Tested,
  found: {verdict: Verdict; says: string},
  byMoments: Micros,
  tolerance: number,
): {verdict: Verdict; says: string} {
  const {base, shift, unit} = one
  if (found.verdict === 'unknown' || base === null || shift === null || !Number.isFinite(shift)) return found
  const isSlower = shift - byMoments > Math.abs(base.p50) * tolerance
  if (isSlower === (found.verdict === 'fail')) return found
  const says = found.says.replace(/\.$/, '')
  const why = isSlower ? 'and without them it would be slower' : 'which explains it'
  return {
    verdict: 'unknown',
    says: `${says}; but the moments of the faults make ${sign(byMoments, unit)} of it by themselves, ${why}: compare \`takeover\`, or record both with the same --phase.`,
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
  return keys.flatMap(key => {
    const [of, against] = [base, head].map(runs =>
      [...new Set(runs.map(run => run.setting[key] ?? '?'))].sort().join(', '),
    )
    return of === against ? [] : `${key}: ${of} in the base, ${against} in the head`
  })
}
