/** How long etcd waits for its disk: its answers, and with them Patroni's leases, are no faster than its log can be written. */

import {type HostName, hostsWith} from '../topology/topology.ts'
import type {Micros} from '../words/quantity.ts'
import {every} from './every.ts'
import type {Probe, ProbeSite} from './probe.ts'
import {Watching} from './watching.ts'

const periodMs = 1000
const withinMs = 1000
/** Of /metrics; etcd 3.5 has no other way to tell. */
const histogram = 'etcd_disk_wal_fsync_duration_seconds'

/** Once a second and etcd member an `fsync` event. */
export const disk: Probe = {
  name: 'disk',
  async run(on) {
    await Promise.all(hostsWith(on.lab.topology, 'etcd').map(host => watch(on, host)))
  },
}

async function watch(on: ProbeSite, host: HostName): Promise<void> {
  using watching = new Watching(on, 'disk', host)
  let before: Fsyncs | undefined
  await every(periodMs, on, async () => {
    let now: Fsyncs
    try {
      const {body} = await on.lab.ask(host, 'etcd', '/metrics', {withinMs, signal: on.signal, keepAlive: true})
      now = parseFsyncs(body)
    } catch (error) {
      watching.unanswered(error)
      return // the next answer tells of all the time since the last one
    }
    watching.sample(true)
    if (before !== undefined) on.record({kind: 'fsync', host, ...between(before, now)})
    before = now
  })
}

interface Fsyncs {
  readonly count: number
  readonly sumMicros: Micros
  /** How many took at most so long; each bucket counts those of the smaller ones too. */
  readonly buckets: readonly {readonly atMostMicros: Micros; readonly count: number}[]
}

/** Prometheus' text format. Throws when the histogram is not in it. */
export function parseFsyncs(metrics: string): Fsyncs {
  const value = (suffix: string) => {
    const match = new RegExp(`^${histogram}_${suffix} (\\S+)$`, 'm').exec(metrics)
    if (match === null) throw new Error(`etcd's metrics have no ${histogram}_${suffix}`)
    return Number(match[1])
  }
  const buckets = [...metrics.matchAll(new RegExp(`^${histogram}_bucket\\{le="([^"]+)"\\} (\\S+)$`, 'gm'))].map(
    ([, limit, count]) => ({
      atMostMicros: limit === '+Inf' ? Number.POSITIVE_INFINITY : Math.round(Number(limit) * 1e6),
      count: Number(count),
    }),
  )
  return {count: value('count'), sumMicros: Math.round(value('sum') * 1e6), buckets}
}

/** How many there were between two looks, and what the slowest took at most: the bound of its bucket, or all of them together. */
export function between(before: Fsyncs, now: Fsyncs): {count: number; worstMicros: Micros} {
  // An etcd that was started anew counts from 0.
  const since = now.count < before.count ? {count: 0, sumMicros: 0, buckets: []} : before
  const count = now.count - since.count
  if (count === 0) return {count: 0, worstMicros: 0}
  // Cumulative: the slowest is in the first bucket that has all of them.
  const slowest = now.buckets.find((bucket, index) => bucket.count - (since.buckets[index]?.count ?? 0) === count)
  const together = Math.max(0, now.sumMicros - since.sumMicros)
  return {count, worstMicros: Math.min(slowest?.atMostMicros ?? Number.POSITIVE_INFINITY, together)}
}
