/** What the clients got, in slices of time that are wide enough to draw. */

import type {History, Micros, OpName, Outcome} from '../../lab/index.ts'
import {attemptsOf, proxiedOrAll} from '../../lab/inside/reading.ts'

interface Latency {
  readonly p50: Micros
  readonly p95: Micros
  readonly max: Micros
}

export interface Bucket {
  readonly from: Micros
  /** By when the answer came or was given up. */
  readonly counts: Readonly<Record<OpName, Readonly<Record<Outcome, number>>>>
  /** Of acknowledged writes, from sending to the answer; null when there was none. */
  readonly latency: Latency | null
}

export interface Buckets {
  readonly width: Micros
  readonly buckets: readonly Bucket[]
}

const widths: readonly Micros[] = [0.1, 0.25, 0.5, 1, 2, 5, 10, 30, 60, 300].map(seconds => seconds * 1e6)

/** Covers `from` to `to` whole, in at most `most` slices of a round width; clients that go past the proxy are left out where others do the same. */
export function bucketsOf(history: History, from: Micros, to: Micros, most = 400): Buckets {
  const width = widths.find(one => (to - from) / one <= most) ?? Math.ceil((to - from) / most)
  const all = attemptsOf(history)
  const ops = (['write', 'read'] as const)
    .flatMap(kind => proxiedOrAll(all.filter(({op}) => op === kind)))
    .filter(op => op.at >= from && op.at <= to)
  const byBucket = Map.groupBy(ops, op => Math.floor((op.at - from) / width))
  const count = Math.max(1, Math.ceil((to - from) / width))
  return {
    width,
    buckets: Array.from({length: count}, (_, index) => {
      const own = byBucket.get(index) ?? []
      const number = (op: OpName, outcome: Outcome) =>
        own.filter(one => one.op === op && one.outcome === outcome).length
      const counts = (op: OpName) => ({
        ok: number(op, 'ok'),
        fail: number(op, 'fail'),
        unknown: number(op, 'unknown'),
      })
      const took = own.filter(op => op.op === 'write' && op.outcome === 'ok').map(op => op.at - op.sentAt)
      return {
        from: from + index * width,
        counts: {write: counts('write'), read: counts('read')},
        latency: latencyOf(took),
      }
    }),
  }
}

function latencyOf(took: readonly Micros[]): Latency | null {
  if (took.length === 0) return null
  const sorted = took.toSorted((a, b) => a - b)
  const quantile = (q: number) => sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))]!
  return {p50: quantile(0.5), p95: quantile(0.95), max: sorted.at(-1)!}
}
