/** The limit that a run was judged by: on the time without writes where somebody asked for one, else on the failover. */
import {anyMoment, isModelled, modelOf} from '../budget/index.ts'
import type {Finding} from '../checks/check.ts'
import {find} from '../checks/index.ts'
import {type Failover, findFailover} from '../history/failover.ts'
import {type History, of} from '../history/history.ts'
import {starvedFor} from '../history/lateness.ts'
import {type Micros, sayMicros} from '../words/quantity.ts'
import {changedTimings} from './by-others.ts'

export interface Limit {
  /** Who set it: the person who asked for this run, the scenario's file, or the timing model for this very run; `none`: nobody did. */
  readonly from: 'asked' | 'scenario' | 'budget' | 'none'
  /** What it is about: the longest time without an acknowledged write, or the time from the fault to the first one. */
  readonly of: 'time-without-writes' | 'first-write'
  /** null: there is none, and what was measured is told beside what the model knows. */
  readonly limitMicros: Micros | null
  /** null: it was not measured, or the evidence does not bear it. */
  readonly measuredMicros: Micros | null
  /** The longest time without writes that the model knows for this fault, whenever in the leader's loop it comes; null: it knows none. */
  readonly worstMicros: Micros | null
  /** How old the leader's lease was at the fault that struck it; null: nobody saw, or none did. */
  readonly leaseAgeMicros: Micros | null
  /**
   * `28.10 of 30 s without writes; the worst moment takes up to 40.0 s by the model`. Beyond the model's most it says that, and where to look:
   * a smaller "up to" beside what was measured would be false.
   */
  readonly says: string
}

type Judged = Finding & {readonly check: string; readonly params: unknown}

/** So soon after a refresh the lease is as good as new. */
const asGoodAsNew: Micros = 500_000

/** @param asked the finding on the limit that was asked for. */
export function limitOf(history: History, findings: readonly Judged[], asked: Judged | undefined): Limit | null {
  const about = (from: Limit['from'], of: Limit['of'], limit: Micros, finding: Finding, measured: unknown): Limit => {
    const worst = worstOf(history)
    const {worstMicros, leaseAgeMicros} = worst
    // A time that the check itself does not trust is no answer.
    const measuredMicros = finding.verdict === 'unknown' || typeof measured !== 'number' ? null : measured
    const digits = measuredMicros === null ? usualDigits : digitsApart(measuredMicros, [limit, worstMicros ?? limit])
    // The time to the first write is another one, which the headline tells.
    const what = of === 'time-without-writes' ? ' without writes' : ''
    const short =
      measuredMicros === null
        ? `limit ${sayLimit(limit)} s`
        : `${sayDigits(measuredMicros, digits)} of ${sayLimit(limit)} s${what}`
    const says = from === 'asked' ? `${short}; ${sayWorst(history, worst, measuredMicros, digits)}` : short
    return {from, of, limitMicros: limit, measuredMicros, worstMicros, leaseAgeMicros, says}
  }
  for (const [from, finding] of [
    ['asked', asked] as const,
    ...findings.map(finding => ['scenario', finding] as const),
  ]) {
    const {limitMicros, totalMicros, writeOutageLimitMicros, writeOutageMicros} = finding?.measures ?? {}
    if (finding?.check === 'failover' && typeof limitMicros === 'number') {
      const {within} = (finding.params ?? {}) as {within?: unknown}
      const whose = within === undefined || within === 'budget' ? 'budget' : 'scenario'
      return about(whose, 'first-write', limitMicros, finding, totalMicros)
    }
    if (finding?.check === 'unavailability' && typeof writeOutageLimitMicros === 'number')
      return about(from, 'time-without-writes', writeOutageLimitMicros, finding, writeOutageMicros)
  }
  return unlimited(history)
}

/** Where nobody set one: how long nobody could write all the same, beside what the model says of that. */
function unlimited(history: History): Limit | null {
  const {verdict, measures} = find(history, {check: 'unavailability', params: {writes: {'at-most': '30m'}}})
  const measured = measures?.writeOutageMicros
  if (verdict === 'unknown' || typeof measured !== 'number') return null
  let worst: Worst
  try {
    worst = worstOf(history)
  } catch {
    return null // a stranger's topology, of which every check says that it crashed
  }
  const {worstMicros, leaseAgeMicros} = worst
  const digits = digitsApart(measured, worstMicros === null ? [] : [worstMicros])
  return {
    ...{
      from: 'none',
      of: 'time-without-writes',
      limitMicros: null,
      measuredMicros: measured,
      worstMicros,
      leaseAgeMicros,
    },
    says: `${sayMicros(measured)} without writes, no limit set; ${sayBeside(history, worst, measured, digits)}`,
  }
}

/** Nothing was asked, so what is longer accuses nobody: the model knows one fault, and what a scenario makes of it may be more. */
function sayBeside(history: History, worst: Worst, measured: Micros, digits: number): string {
  const {worstMicros, found} = worst
  if (worstMicros === null || found === null || measured <= worstMicros)
    return sayWorst(history, worst, measured, digits)
  return `of ${found.fault.id} alone the timing model allows up to ${sayDigits(worstMicros, digits)} s`
}

interface Worst extends Pick<Limit, 'worstMicros' | 'leaseAgeMicros'> {
  /** Why the model knows none. */
  readonly why: string
  /** Whether the moment in the loop makes a difference to this fault. */
  readonly moment: boolean
  readonly found: Failover | null
}

/** Longer than the model has it, at any moment of the loop. */
export function isBeyondModel({measuredMicros, worstMicros}: Pick<Limit, 'measuredMicros' | 'worstMicros'>): boolean {
  return measuredMicros !== null && worstMicros !== null && measuredMicros > worstMicros
}

function worstOf(history: History): Worst {
  const found = findFailover(history)
  const none = {worstMicros: null, leaseAgeMicros: null, moment: false, found: null}
  if (typeof found === 'string')
    return {...none, why: 'no fault struck the leader, and of others the timing model says nothing'}
  const {struck, topology, facts} = found
  const leaseAgeMicros = facts.refreshAge === null ? null : Math.max(0, facts.refreshAge)
  const unknown = {...none, leaseAgeMicros, why: 'the timing model has no bounds for this fault'}
  if (!isModelled(struck)) return unknown
  if (changedTimings(history).length > 0) return {...unknown, why: 'the timing model is of values that no longer held'}
  const whenever = {...struck, ...anyMoment(topology, struck.fault)}
  const model = modelOf(topology, whenever)
  if ('why' in model) return unknown
  const {outage, key} = model
  const worstMicros = Math.max(0, outage.length.bounds[1])
  return {worstMicros, leaseAgeMicros, why: '', moment: key !== 'given-up' || struck.fault === 'postgres-killed', found}
}

function sayWorst(
  history: History,
  {worstMicros: worst, leaseAgeMicros: age, why, moment, found}: Worst,
  measured: Micros | null,
  digits: number,
): string {
  if (worst === null || found === null) return why
  if (measured !== null && isBeyondModel({measuredMicros: measured, worstMicros: worst})) {
    const most = `${sayDigits(worst, digits)} s${moment ? ' at the worst moment' : ''}`
    return `above what the model allows, ${most}: ${sayWhereToLook(history, found, measured)}`
  }
  // As `predict` says it, unless that would be less than what was measured here.
  const rough = (worst / 1e6).toFixed(1)
  const most =
    measured !== null && Number(sayDigits(measured, digits)) > Number(rough) ? sayDigits(worst, digits) : rough
  const takes = `takes up to ${most} s by the model`
  if (!moment) return `this fault ${takes}`
  if (age === null) return `nobody saw which moment of the leader's loop it was; the worst moment ${takes}`
  if (age <= asGoodAsNew) return `the worst moment ${takes}`
  return `it came ${sayDigits(age, usualDigits)} s after a refresh of the lease; the worst moment, right after one, ${takes}`
}

/** The run's own evidence tells a machine that was too busy from a cluster that did something else. */
function sayWhereToLook(history: History, {t0, fault}: Failover, measured: Micros): string {
  const others = of(history, 'fault-injecting').filter(one => one !== fault && one.at < t0 + measured).length
  if (others > 0)
    return `it allows that for ${fault.id} alone, and ${others} more fault${others > 1 ? 's were' : ' was'} made by then`
  const {says} = starvedFor(history, t0, t0 + measured)
  if (says !== '') return `the machine was too busy: ${says}`
  return "no clock of ours ran late, so look for the phase that took longer in the run's story and the hosts' logs"
}

/** What was held against the limit, with the digits that the first line has of it; null: it was not measured. */
export function sayMeasured(limit: Limit | null): string | null {
  const {measuredMicros = null, limitMicros = null, worstMicros = null} = limit ?? {}
  if (measuredMicros === null) return null
  const digits =
    limitMicros === null ? usualDigits : digitsApart(measuredMicros, [limitMicros, worstMicros ?? limitMicros])
  return digits === usualDigits ? sayMicros(measuredMicros) : `${sayDigits(measuredMicros, digits)} s`
}

/** Never so few that the measured one looks like another that it is above. */
function digitsApart(measured: Micros, others: readonly Micros[]): number {
  const isTold = (count: number) =>
    others.every(other => measured > other === Number((measured / 1e6).toFixed(count)) > other / 1e6)
  return [usualDigits, 3].find(isTold) ?? 6
}

/** As `sayMicros` has them, so that one time is one number in all of a report. */
const usualDigits = 2

function sayDigits(micros: Micros, digits: number): string {
  return (micros / 1e6).toFixed(digits)
}

function sayLimit(limit: Micros): string {
  return limit % 1e6 === 0 ? String(limit / 1e6) : sayDigits(limit, usualDigits)
}
