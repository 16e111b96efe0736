/** Was somebody looking, and was the machine awake? Silence of an observer that slept proves nothing. */

import type {Micros} from '../words/quantity.ts'
import type {Of} from './event.ts'
import {type History, of} from './history.ts'

type Observer = Of<'watching'>['who']

/** Observers report once a second; this much without a report is blindness. */
const blindAfter: Micros = 3_000_000

/** A timer of ours that ran this late makes the times around it unfit for a verdict. */
export const starvedAfter: Micros = 500_000

/** As much for etcd's disk: a bound of its own buckets, so that a write of up to 0.5 s is not taken for a longer one. */
const diskStarvedAfter: Micros = 512_000

/** A report tells about the second before it. */
const reportEvery: Micros = 1_100_000

/**
 * Why `who` cannot vouch for the time between `from` and `to`, or null when it can: some instance of it reported at least
 * every 3 s, and could see something. Observers that look at hosts fail while a host is down; one that only failed is blind.
 */
export function blind(history: History, who: Observer, from: Micros, to: Micros): string | null {
  const reports = of(history, 'watching')
    .filter(one => one.who === who && one.at >= from - blindAfter && one.at <= to + blindAfter)
    .filter(one => isLoop(who) || one.failures === 0 || one.samples > one.failures)
    .map(one => one.at)
  let seen = from
  for (const at of [...reports, to]) {
    if (at - seen > blindAfter) return `${names[who]} told nothing for ${((at - seen) / 1e6).toFixed(1)} s`
    seen = Math.max(seen, at)
  }
  return reports.length === 0 ? `${names[who]} never reported that it was watching` : null
}

/** These report how late they are; that they report at all is the proof that they live. The clients' failures are writes that waited. */
function isLoop(who: Observer): boolean {
  return who === 'runner' || who === 'clients'
}

const names: Readonly<Record<Observer, string>> = {
  runner: 'the runner',
  clients: 'the agent of the clients',
  etcd: 'the watch on etcd',
  patroni: "the probe of Patroni's API",
  postgres: 'the probe of PostgreSQL',
  proxy: 'the probe of HAProxy',
  engine: "the watch on the engine's events",
  logs: "the watch on the hosts' logs",
  watchdog: 'the probe of the watchdogs',
  disk: "the probe of etcd's disk",
}

/** The worst lateness of our own timers (runner and clients) in this time. */
export function lateness(history: History, from: Micros, to: Micros): {who: string; micros: Micros} {
  let worst = {who: '', micros: 0}
  for (const one of of(history, 'watching')) {
    if (!isLoop(one.who)) continue
    if (one.at < from || one.at > to + reportEvery) continue
    if (one.worstMicros > worst.micros) worst = {who: names[one.who], micros: one.worstMicros}
  }
  return worst
}

/**
 * Why etcd's disk makes the times between `from` and `to` unfit for a verdict, or null. A lease runs out and a key changes hands
 * only when a majority of etcd's members has it on disk, so one write that took this long may be in every time that is measured.
 * Runs that were recorded before etcd was asked have no such doubt.
 */
export function slowDisk(history: History, from: Micros, to: Micros): string | null {
  let worst: Of<'fsync'> | undefined
  for (const one of of(history, 'fsync')) {
    // It tells of writes that ended in the second before it, and began as much earlier as they took.
    if (one.at < from || one.at - one.worstMicros > to + reportEvery) continue
    if (one.worstMicros > (worst?.worstMicros ?? diskStarvedAfter)) worst = one
  }
  if (worst === undefined) return null
  return `the machine's disk was starved: etcd on ${worst.host} waited up to ${(worst.worstMicros / 1e6).toFixed(1)} s for one write of its log, so times say nothing`
}
