/**
 * How well the time of an event is known, and so what lies between two of them. A process of ours that slept stamps what it hears
 * when it wakes up: then the event was earlier, by as much as the process was late. Clients and the engine have clocks of their own,
 * known within an uncertainty.
 */

import type {Micros} from '../words/quantity.ts'
import {sayMicros} from '../words/quantity.ts'
import type {Event, Of} from './event.ts'
import {type History, of, once} from './history.ts'
import {names, reportEvery, sightOf} from './watching.ts'

/** It happened at some moment from `from` to `to`; or it lasted at least `from` and at most `to`. */
export interface Interval {
  readonly from: Micros
  readonly to: Micros
}

/** Timers of a machine that is not starved run so late now and then. */
const usual: Micros = 250_000
/** A bound of etcd's own buckets, so that a write of up to 0.5 s is not taken for a longer one. */
const diskUsual: Micros = 512_000
/** Members of etcd that hear nothing of their leader for so long elect another one, and every lease begins anew (--election-timeout). */
const electionTimeout: Micros = 1_000_000

/** Reports come once a second. */
const overdue: Micros = 3_000_000

type Clock = 'runner' | 'clients' | 'engine'

/** By whose clock an event is stamped. */
function clockOf(event: Event): Clock {
  switch (event.kind) {
    case 'op':
    case 'bank':
    case 'transaction':
    case 'client-connected':
    case 'client-disconnected':
    case 'client-notice':
      return 'clients'
    case 'container':
    case 'watchdog':
      return 'engine'
    default:
      return 'runner'
  }
}

/** When it happened. */
export function whenWas(history: History, event: Event): Interval {
  const clock = clockOf(event)
  const off = uncertaintyOf(history, clock)
  const late = clock === 'engine' ? 0 : lateAt(history, clock, event.at)
  // A question was answered after it was asked, however late the answer was heard.
  const asked = event.kind === 'postgres' ? event.askedAt : Number.NEGATIVE_INFINITY
  return {from: Math.max(Math.min(event.at - late, unwatchedSince(history, event)), asked) - off, to: event.at + off}
}

/** What is told when it changes is told late by whoever did not watch before: since when nobody did. */
function unwatchedSince(history: History, event: Event): Micros {
  const sight = watchOf(history, event)
  if (sight === null) return event.at
  const index = sight.findLastIndex(one => one.from <= event.at)
  const during = sight[index]
  if (during === undefined) return event.at
  if (event.at > during.to) return during.to
  // The report that covers the moment is of one who has just begun to watch again.
  const before = sight[index - 1]
  return before !== undefined && event.at - during.from < reportEvery ? before.to : event.at
}

function watchOf(history: History, event: Event) {
  switch (event.kind) {
    case 'leader-key':
    case 'sync-key':
    case 'status-key':
    case 'config-key':
      return sightOf(history, 'etcd')
    case 'proxy':
      return sightOf(history, 'proxy', event.proxy)
    case 'patroni':
      return sightOf(history, 'patroni', event.host)
    default:
      return null
  }
}

/** What lay between them; negative where the second may have been the first. */
export function between(history: History, first: Event, second: Event): Interval {
  const [a, b] = [whenWas(history, first), whenWas(history, second)]
  return {from: b.from - a.to, to: b.to - a.from}
}

const uncertainties = once((history): Readonly<Record<Clock, Micros>> => {
  const most = (who: Of<'clock'>['who']) =>
    of(history, 'clock').reduce((most, one) => (one.who === who ? Math.max(most, one.uncertaintyMicros) : most), 0)
  return {runner: 0, clients: most('clients'), engine: most('engine')}
})

function uncertaintyOf(history: History, clock: Clock): Micros {
  return uncertainties(history)[clock]
}

const reports = once(history => ({
  runner: of(history, 'watching').filter(one => one.who === 'runner'),
  clients: of(history, 'watching').filter(one => one.who === 'clients'),
}))

/** How late the process that stamped it may have been at that moment. */
function lateAt(history: History, who: 'runner' | 'clients', at: Micros): Micros {
  const all = reports(history)[who]
  let low = 0
  let high = all.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (all[middle]!.at < at) low = middle + 1
    else high = middle
  }
  // Who has not reported for so long has been late by that, for all that anybody knows.
  const before = all[low - 1]?.at
  const after = all[low]?.at ?? Number.POSITIVE_INFINITY
  let late = before !== undefined && after - before > overdue && at - before > overdue / 2 ? at - before : 0
  // A report tells the worst lateness since the one before it.
  for (const one of all.slice(low, low + 3))
    if (one.at - one.worstMicros - reportEvery <= at) late = Math.max(late, one.worstMicros)
  return late
}

/** The worst lateness of our own timers (runner and clients) in this time. */
export function lateness(history: History, from: Micros, to: Micros): {who: string; micros: Micros} {
  let worst = {who: '', micros: 0}
  for (const who of ['runner', 'clients'] as const)
    for (const one of reports(history)[who])
      if (one.at >= from && one.at - one.worstMicros <= to + reportEvery && one.worstMicros > worst.micros)
        worst = {who: names[who], micros: one.worstMicros}
  return worst
}

/** How much longer than on a machine that is not starved something may have taken, at most; infinite where nobody can say. */
export interface Starved {
  readonly micros: Micros
  /** What starved it, as a clause; empty when nothing did. */
  readonly says: string
}

/**
 * A machine that lets our timers wait, or etcd for its disk, lets the cluster wait as well: a time that was measured meanwhile is
 * so much shorter on another machine. A lease runs out and a key changes hands only when a majority of etcd's members has it on disk.
 */
export function starvedFor(history: History, from: Micros, to: Micros): Starved {
  const timers = lateness(history, from, to)
  const disk = slowestDisk(history, from, to)
  const late = [...lateSeconds(history, from, to).values()].reduce((sum, one) => sum + one, 0)
  const says = [
    ...(timers.micros > usual ? [`a timer of ${timers.who} ran ${sayMicros(timers.micros)} late`] : []),
    ...(disk.worst === undefined
      ? []
      : [`etcd on ${disk.worst.host} waited up to ${sayMicros(disk.worst.worstMicros)} for one write of its log`]),
  ].join(', and ')
  return {micros: late + disk.micros, says}
}

/** Per second what the later of both was late beyond what is usual. */
function lateSeconds(history: History, from: Micros, to: Micros): Map<number, Micros> {
  const seconds = new Map<number, Micros>()
  for (const who of ['runner', 'clients'] as const)
    for (const one of reports(history)[who]) {
      if (one.at < from || one.at - one.worstMicros > to + reportEvery || one.worstMicros <= usual) continue
      const second = Math.floor(one.at / 1e6)
      seconds.set(second, Math.max(seconds.get(second) ?? 0, one.worstMicros))
    }
  return seconds
}

function slowestDisk(history: History, from: Micros, to: Micros): {micros: Micros; worst: Of<'fsync'> | undefined} {
  const perHost = new Map<string, Micros>()
  let worst: Of<'fsync'> | undefined
  for (const one of of(history, 'fsync')) {
    // It tells of writes that ended in the second before it, and began as much earlier as they took.
    if (one.at < from || one.at - one.worstMicros > to + reportEvery || one.worstMicros <= diskUsual) continue
    perHost.set(one.host, (perHost.get(one.host) ?? 0) + one.worstMicros)
    if (one.worstMicros > (worst?.worstMicros ?? 0)) worst = one
  }
  const unbounded = (worst?.worstMicros ?? 0) > electionTimeout
  return {micros: unbounded ? Number.POSITIVE_INFINITY : Math.max(0, ...perHost.values()), worst}
}

/**
 * Whether something that lasted so long was in time: what is above the limit only because the machine was starved, or within what is
 * not known better, is neither.
 */
export function inTime(lasted: Interval, limit: Micros, starved: Starved): 'pass' | 'fail' | 'unknown' {
  if (lasted.to <= limit) return 'pass'
  return lasted.from - starved.micros > limit ? 'fail' : 'unknown'
}

/** Why a time that is above its limit is no failure. */
export function sayDoubt({says}: Starved): string {
  return says === '' ? 'the times are not known that well' : says
}
