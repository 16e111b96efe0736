/** Which moments of the leader's loop the faults of two sets of runs had, and what of a difference between them that explains. */
import type {Micros} from '../words/quantity.ts'
import {median} from '../words/statistics.ts'
import {type MeasuredRun, sayValue} from './measure-run.ts'
import type {MetricName} from './metrics.ts'

/** Nearer than that they are alike: a refresh is told so late. */
const alike: Micros = 250_000

/** Metrics that have the rest of the lease in them: the older it was at the fault, the shorter they are. */
const withLease: ReadonlySet<MetricName> = new Set(['total', 'lease-expiry', 'write-outage'])

/** One sentence a side, without a full stop. */
export function sayMoments(base: readonly MeasuredRun[], head: readonly MeasuredRun[]): string[] {
  return [`${sayOf(base)} in the base`, `${sayOf(head)} in the head`].map(one => `the fault came ${one}`)
}

function sayOf(runs: readonly MeasuredRun[]): string {
  const ages = agesOf(runs)
  if (ages.length === 0) return 'at moments of the loop that nobody knows'
  const [least, most] = [Math.min(...ages), Math.max(...ages)].map(one => sayValue(one, 'micros'))
  const span = least === most ? least : `${least} to ${most} (half by ${sayValue(median(ages), 'micros')})`
  const known = runs.filter(one => one.etcdLeaderDied !== null)
  const died = known.filter(one => one.etcdLeaderDied).length
  const etcd = known.length === 0 ? '' : `, with etcd's leader in ${died} of ${known.length}`
  return `${span} after a refresh of the lease${etcd}`
}

function agesOf(runs: readonly MeasuredRun[]): number[] {
  return runs.flatMap(run => run.leaseAgeMicros ?? [])
}

/** By how much the head is longer for its moments alone; 0 where they are alike, or nobody knows. */
export function shiftByMoments(base: readonly MeasuredRun[], head: readonly MeasuredRun[], name: MetricName): Micros {
  const [before, after] = [agesOf(base), agesOf(head)]
  if (!withLease.has(name) || before.length === 0 || after.length === 0) return 0
  const shift = median(before) - median(after)
  return Math.abs(shift) > alike ? shift : 0
}
