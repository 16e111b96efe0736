/** The limit that a run was judged by: on the time without writes where somebody asked for one, else on the failover. */
import {anyMoment, isModelled, modelOf} from '../budget/index.ts'
import type {Finding} from '../checks/check.ts'
import {findFailover} from '../history/failover.ts'
import type {History} from '../history/history.ts'
import type {Micros} from '../words/quantity.ts'

export interface Limit {
  /** Who set it: the person who asked for this run, the scenario's file, or the timing model for this very run. */
  readonly from: 'asked' | 'scenario' | 'budget'
  /** What it is about: the longest time without an acknowledged write, or the time from the fault to the first one. */
  readonly of: 'time-without-writes' | 'first-write'
  readonly limitMicros: Micros
  /** null: it was not measured, or the evidence does not bear it. */
  readonly measuredMicros: Micros | null
  /** The longest time without writes that the model knows for this fault, whenever in the leader's loop it comes; null: it knows none. */
  readonly worstMicros: Micros | null
  /** How old the leader's lease was at the fault that struck it; null: nobody saw, or none did. */
  readonly leaseAgeMicros: Micros | null
  /** `28.1 of 30 s; the worst moment takes up to 40.0 s by the model` */
  readonly says: string
}

type Judged = Finding & {readonly check: string; readonly params: unknown}

/** So soon after a refresh the lease is as good as new. */
const asGoodAsNew: Micros = 500_000

/** @param asked the finding on the limit that was asked for. */
export function limitOf(history: History, findings: readonly Judged[], asked: Judged | undefined): Limit | null {
  const about = (from: Limit['from'], of: Limit['of'], limit: Micros, finding: Finding, measured: unknown): Limit => {
    const {worstMicros, leaseAgeMicros, why, moment} = worstOf(history)
    // A time that the check itself does not trust is no answer.
    const measuredMicros = finding.verdict === 'unknown' || typeof measured !== 'number' ? null : measured
    const short = measuredMicros === null ? `limit ${sayLimit(limit)} s` : sayOf(measuredMicros, limit)
    const worst = from === 'asked' ? `; ${sayWorst(worstMicros, leaseAgeMicros, why, moment)}` : ''
    return {from, of, limitMicros: limit, measuredMicros, worstMicros, leaseAgeMicros, says: `${short}${worst}`}
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
  return null
}

interface Worst extends Pick<Limit, 'worstMicros' | 'leaseAgeMicros'> {
  /** Why the model knows none. */
  readonly why: string
  /** Whether the moment in the loop makes a difference to this fault. */
  readonly moment: boolean
}

function worstOf(history: History): Worst {
  const found = findFailover(history)
  const none = {worstMicros: null, leaseAgeMicros: null, moment: false}
  if (typeof found === 'string')
    return {...none, why: 'no fault struck the leader, and of others the timing model says nothing'}
  const {struck, topology, facts} = found
  const leaseAgeMicros = facts.refreshAge === null ? null : Math.max(0, facts.refreshAge)
  const unknown = {...none, leaseAgeMicros, why: 'the timing model has no bounds for this fault'}
  if (!isModelled(struck)) return unknown
  const whenever = {...struck, ...anyMoment(topology, struck.fault)}
  const model = modelOf(topology, whenever)
  if ('why' in model) return unknown
  const {outage, key} = model
  const worstMicros = Math.max(0, outage.length.bounds[1])
  return {worstMicros, leaseAgeMicros, why: '', moment: key !== 'given-up' || struck.fault === 'postgres-killed'}
}

function sayWorst(worst: Micros | null, age: Micros | null, why: string, moment: boolean): string {
  if (worst === null) return why
  const takes = `takes up to ${(worst / 1e6).toFixed(1)} s by the model`
  if (!moment) return `this fault ${takes}`
  if (age === null) return `nobody saw which moment of the leader's loop it was; the worst moment ${takes}`
  if (age <= asGoodAsNew) return `the worst moment ${takes}`
  return `it came ${(age / 1e6).toFixed(1)} s after a refresh of the lease; the worst moment, right after one, ${takes}`
}

/** `28.1 of 30 s`: never so short that both look alike when they are not. */
function sayOf(measured: Micros, limit: Micros): string {
  const digits =
    [1, 2, 3].find(count => measured > limit === Number((measured / 1e6).toFixed(count)) > limit / 1e6) ?? 6
  return `${(measured / 1e6).toFixed(digits)} of ${sayLimit(limit)} s`
}

function sayLimit(limit: Micros): string {
  return String(Number((limit / 1e6).toFixed(limit < 10e6 ? 2 : 1)))
}
