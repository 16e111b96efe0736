/**
 * How well the time of an event is known, and so what lies between two of them. A process of ours that slept stamps what it hears
 * when it wakes up: then the event was earlier, by as much as the process was late. Clients and the engine have clocks of their own,
 * known within an uncertainty.
 */

import type {HostName} from '../topology/topology.ts'
import type {Micros} from '../words/quantity.ts'
import {sayMicros} from '../words/quantity.ts'
import {countLeading} from '../words/search.ts'
import {joined, lengthOf, outside, type Stretch} from './at-rest.ts'
import type {Event, Of} from './event.ts'
import {type History, of, once} from './history.ts'
import {keyUntold} from './key-untold.ts'
import {linesLost, reportEvery, unlooked} from './looks.ts'
import type {Observer} from './tellers.ts'
import {looksOf, names} from './watching.ts'

/** It happened at some moment from `from` to `to`; or it lasted at least `from` and at most `to`. */
export interface Interval {
  readonly from: Micros
  readonly to: Micros
}

/** Timers of a machine that is not starved run so late now and then. */
export const usual: Micros = 250_000
/** A bound of etcd's own buckets, so that a write of up to 0.5 s is not taken for a longer one. */
export const diskUsual: Micros = 512_000
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
  const asked = 'askedAt' in event ? event.askedAt : Number.NEGATIVE_INFINITY
  return {from: Math.max(Math.min(event.at - late, unwatchedSince(history, event)), asked) - off, to: event.at + off}
}

/** What is told when it changes is told late by whoever did not watch before: since when nobody did. */
function unwatchedSince(history: History, event: Event): Micros {
  const sight = watchOf(history, event)
  if (sight === null) return event.at
  if (event.kind === 'proxy') {
    // It told nothing of this server since it was blind: whatever is told of it now may have been so all that time.
    const [gap] = outside(sight, {from: toldBefore(history, event)?.at ?? 0, to: event.at})
    if (sight.length > 0 && gap !== undefined && gap.to - gap.from > reportEvery - 1_000_000) return gap.from
  }
  if (sight.length === 0) return event.at
  const index = sight.findLastIndex(one => one.from <= event.at)
  const during = sight[index]
  if (during === undefined) return 0
  if (event.at > during.to) return during.to
  // The report that covers the moment is of one who has just begun to watch, or to watch again.
  return event.at - during.from <= reportEvery ? (sight[index - 1]?.to ?? 0) : event.at
}

/** Without the seconds of which words are missing: what is told then may have been told too late. */
function watchOf(history: History, event: Event): readonly Stretch[] | null {
  const teller = tellerOfChange(event)
  if (teller === null) return null
  const [who, host] = teller
  const lost = linesLost(history, who, host)
  const seen = looksOf(history, who, host)
  return lost.length === 0 ? seen : seen.flatMap(one => outside(lost, one))
}

/** Who tells it when it changes, and of which host; null: it is told of its own moment. */
function tellerOfChange(event: Event): readonly [Observer, HostName?] | null {
  switch (event.kind) {
    case 'leader-key':
    case 'sync-key':
    case 'status-key':
    case 'config-key':
      return ['etcd']
    case 'etcd-member':
      return ['etcd', event.host]
    case 'proxy':
      return ['proxy', event.proxy]
    case 'patroni':
      return ['patroni', event.host]
    case 'virtual-address':
      return ['address', event.host]
    default:
      return null
  }
}

const ofServers = once(
  (history): ReadonlyMap<string, readonly Of<'proxy'>[]> =>
    Map.groupBy(of(history, 'proxy'), one => `${one.proxy} ${one.backend} ${one.server}`),
)

function toldBefore(history: History, {proxy, backend, server, at}: Of<'proxy'>): Of<'proxy'> | undefined {
  const all = ofServers(history).get(`${proxy} ${backend} ${server}`) ?? []
  return all[countLeading(all, one => one.at < at) - 1]
}

const samples = once(
  (history): ReadonlyMap<HostName, readonly Of<'postgres'>[]> =>
    Map.groupBy(of(history, 'postgres').filter(tells), one => one.host),
)

/** Every sample is told: what this one tells may have been so since the server's word before it. */
function lastTold(history: History, {host, askedAt}: Of<'postgres'>): Micros {
  const all = samples(history).get(host) ?? []
  const before = all[countLeading(all, one => one.askedAt < askedAt) - 1]
  // That word is of its own moment as well, however late it was heard.
  return before === undefined ? Number.NEGATIVE_INFINITY : Math.min(askedAt, whenWas(history, before).from)
}

/** A refusal proves that nobody serves there. A time-out proves nothing, nor does one for want of room (but for a full disk), or of a right. */
export function tells({up, error}: Of<'postgres'>): boolean {
  return up || (error !== null && !/time|unreach|hostdown|^53[23]|^28|^3D/i.test(error))
}

/** When it came to be so. A sample is of its own moment; what it is the first to tell may have been so since the word before it. */
export function whenCame(history: History, event: Event): Interval {
  const {from, to} = whenWas(history, event)
  return {from: Math.min(from, sinceWord(history, event)), to}
}

function sinceWord(history: History, event: Event): Micros {
  if (event.kind === 'postgres') return lastTold(history, event)
  // The word that its last holder gave it up may be lost: the key went at some time since he had it for certain.
  if (event.kind === 'leader-key') return keyUntold(history).taken.get(event) ?? event.at
  return event.at
}

/** What lay between their coming to be; negative where the second may have been the first. */
export function between(history: History, first: Event, second: Event): Interval {
  const [a, b] = [whenCame(history, first), whenCame(history, second)]
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
  const next = countLeading(all, one => one.at < at)
  // Who has not reported for so long has been late by that, for all that anybody knows.
  const before = all[next - 1]?.at
  const after = all[next]?.at ?? Number.POSITIVE_INFINITY
  let late = before !== undefined && after - before > overdue && at - before > overdue / 2 ? at - before : 0
  // A report tells the worst lateness since the one before it.
  for (const one of all.slice(next, next + 3))
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
  const silent = unreported(history, from, to)
  const busy = busySeconds(history, from, to)
  const lates = lateSeconds(history, from, to)
  const late = [...new Set([...busy.keys(), ...lates.keys()])].reduce(
    (sum, second) => sum + Math.max(busy.get(second) ?? 0, lates.get(second) ?? 0),
    silent.micros,
  )
  const says = [
    ...(silent.micros > 0 ? [`${silent.who} did not say for ${sayMicros(silent.micros)} how late it was`] : []),
    ...(timers.micros > usual ? [`a timer of ${timers.who} ran ${sayMicros(timers.micros)} late`] : []),
    ...(busy.size > 0 ? [`somebody on the machine waited for a CPU for nearly all of ${busy.size} s of it`] : []),
    ...(disk.worst === undefined
      ? []
      : [`etcd on ${disk.worst.host} waited up to ${sayMicros(disk.worst.worstMicros)} for one write of its log`]),
  ].join(', and ')
  return {micros: late + disk.micros, says}
}

/** How long the process that said least did not report how late it was: it may have been so late as well. */
function unreported(history: History, from: Micros, to: Micros): {who: string; micros: Micros} {
  const until = Math.min(to, history.events.at(-1)?.at ?? to)
  let most = {who: '', micros: 0}
  for (const who of ['runner', 'clients'] as const) {
    const gaps = outside(covered(history)[who], {from, to: until})
    // The report of what is going on right now is still to come.
    const longer = gaps.filter(one => one.to - one.from - (one.to === until ? reportEvery : 0) > unlooked)
    const micros = lengthOf(longer)
    if (micros > most.micros) most = {who: names[who], micros}
  }
  return most
}

/** A report tells of the time since the one before it, which is longer where it was late itself. */
const covered = once(history => {
  const cover = (all: readonly Of<'watching'>[]) =>
    joined(all.map(({at, worstMicros}) => ({from: at - reportEvery - worstMicros, to: at})))
  return {runner: cover(reports(history).runner), clients: cover(reports(history).clients)}
})

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

/** Where somebody waited for a CPU for so much of the time, everybody may have, without a timer of ours being late for long at once. */
const busyShare = 0.9

/** Per second what was waited in it, of those in which the machine had no CPU to spare. */
function busySeconds(history: History, from: Micros, to: Micros): Map<number, Micros> {
  const seconds = new Map<number, Micros>()
  let last = Number.NEGATIVE_INFINITY
  const onPurpose = slowedCpus(history)
  for (const one of reports(history).clients) {
    const {at, cpuWaitMicros: waited} = one
    const since = at - last
    last = at
    if (onPurpose(one) || waited === undefined || at < from || at - Math.min(since, waited) > to) continue
    if (waited >= busyShare * Math.min(since, reportEvery)) seconds.set(Math.floor(at / 1e6), waited)
  }
  return seconds
}

function slowestDisk(history: History, from: Micros, to: Micros): {micros: Micros; worst: Of<'fsync'> | undefined} {
  const perHost = new Map<string, Micros>()
  let worst: Of<'fsync'> | undefined
  const onPurpose = slowedDisks(history)
  for (const one of of(history, 'fsync')) {
    if (onPurpose(one)) continue
    // It tells of writes that ended in the second before it, and began as much earlier as they took.
    if (one.at < from || one.at - one.worstMicros > to + reportEvery || one.worstMicros <= diskUsual) continue
    perHost.set(one.host, (perHost.get(one.host) ?? 0) + one.worstMicros)
    if (one.worstMicros > (worst?.worstMicros ?? 0)) worst = one
  }
  const unbounded = (worst?.worstMicros ?? 0) > electionTimeout
  return {micros: unbounded ? Number.POSITIVE_INFINITY : Math.max(0, ...perHost.values()), worst}
}

/** A fault let it wait, in force then or just before: what the cluster makes of that is what is asked. */
export const slowedDisks = once((history): ((one: Of<'fsync'>) => boolean) => {
  const all = slowed(history, 'slowDisk')
  return one => all.some(({host, from, to}) => one.host === host && one.at >= from && one.at <= to)
})

const slowedCpus = once((history): ((one: Event) => boolean) => {
  const all = slowed(history, 'slowCpu')
  return one => all.some(({from, to}) => one.at >= from && one.at <= to)
})

function slowed(history: History, by: 'slowDisk' | 'slowCpu'): readonly ({host: HostName} & Stretch)[] {
  return of(history, 'fault-injecting').flatMap(({id, at, strike}) => {
    const until = of(history, 'fault-mended').find(one => one.id === id)?.at ?? Number.POSITIVE_INFINITY
    return (strike[by] ?? []).map(host => ({host, from: at, to: until + 2 * reportEvery}))
  })
}

/**
 * Whether something that lasted so long was in time: what is above the limit only because the machine was starved, or within what is
 * not known better, is neither.
 */
export function inTime(lasted: Interval, limit: Micros, starved: Starved): 'pass' | 'fail' | 'unknown' {
  if (lasted.to <= limit) return 'pass'
  return lasted.from - starved.micros > limit ? 'fail' : 'unknown'
}

/** How long it lasted as it was seen, and up to how long it may have where that is not known well: whoever slept has seen no time pass. */
export function sayLasted(seen: Micros, {to}: Interval): string {
  return to - seen > usual ? `${sayMicros(seen)} to ${sayMicros(to)}` : sayMicros(seen)
}

/** Why a time that is above its limit is no failure. */
export function sayDoubt({says}: Starved): string {
  return says === '' ? 'the times are not known that well' : says
}
