/**
 * A failover as it unfolds: which fault struck whom, and the moment of each phase, read one event at a time. The screen shows it while
 * it happens and the report when it is over, from this one reading. A pure fold: values only, and an event that says nothing new
 * leaves the very same value, so that a hundred thousand cost little.
 */

import {isModelled, type Phase, type Struck} from '../budget/index.ts'
import {areTogether, isOfFirst} from '../topology/clusters.ts'
import type {HostName, Topology} from '../topology/topology.ts'
import type {Micros} from '../words/quantity.ts'
import {type Attempt, groupsIn, isOf} from './attempts.ts'
import {type ClientGroup, isDirect} from './client-group.ts'
import type {Event, Of} from './event.ts'
import {leadingTo} from './leading-proxies.ts'
import {strikes} from './strike.ts'

/** The moments of a failover, each an event that stands as evidence; what nobody saw is undefined. */
export interface Unfolded {
  readonly keyGone: Of<'leader-key'> | undefined
  readonly newKey: Of<'leader-key'> | undefined
  /** The old leader got its own key back, and no other host had it. */
  readonly retaken: Of<'leader-key'> | undefined
  readonly newLeader: HostName | undefined
  /** First sample that found the new leader writable on a higher timeline. */
  readonly promoted: Of<'postgres'> | undefined
  /** First sample that found it writable at all. */
  readonly writable: Of<'postgres'> | undefined
  /** In HAProxy's backend `primary`; of several proxies the last one that leads somebody anywhere. */
  readonly oldDown: Of<'proxy'> | undefined
  readonly newUp: Of<'proxy'> | undefined
  /** First write sent after `t0` and acknowledged by another server than the old one, on a higher timeline. */
  readonly firstWrite: Attempt | undefined
  /** First sample that found the old leader taking no more writes, where it could be asked. */
  readonly demoted: Of<'postgres'> | undefined
  /** The watchdog of its host fired. */
  readonly reset: Of<'watchdog'> | undefined
  /** It takes writes again, and no other host has had the key. */
  readonly restarted: Of<'postgres'> | undefined
  /** First write sent after that and acknowledged by it. */
  readonly resumedWrite: Attempt | undefined
}

/** The event of each phase of the model; what nobody saw is left out. */
export function phaseEvents(found: Unfolded): Readonly<Partial<Record<Phase, Event>>> {
  const {demoted, reset, restarted, oldDown, keyGone, newKey, promoted, newUp, firstWrite, resumedWrite} = found
  const events = {
    demotion: demoted,
    reset,
    restart: restarted,
    oldServerDown: oldDown,
    keyGone,
    election: newKey,
    promotion: promoted,
    newServerUp: newUp,
    firstWrite: firstWrite ?? resumedWrite,
  }
  return Object.fromEntries(Object.entries(events).filter(([, event]) => event !== undefined))
}

/** The first write of each kind of client: which of them counts is known when all clients are. */
interface FirstWrites {
  readonly own?: Attempt
  readonly proxied?: Attempt
}

/** A Map, because a host may be called like what every object has: `constructor`. */
type ByHost<T> = ReadonlyMap<HostName, T>

function withHost<T>(all: ByHost<T>, host: HostName, value: T): ByHost<T> {
  return new Map(all).set(host, value)
}

/** A fault, and what has been seen since it came. */
export interface Followed {
  readonly fault: Of<'fault-injecting'>
  /** Who led when it came; undefined: nobody saw. */
  readonly leader: HostName | undefined
  /** What it is to that leader; undefined: it struck others. */
  readonly struck: Struck | undefined
  /** Of the leader, before the fault. */
  readonly timeline: number | null
  /** What ended the time in which the failover was left alone: its mend, the healing, or the end of the run. */
  readonly ending: Event | undefined
  readonly keyGone: Of<'leader-key'> | undefined
  readonly newKey: Of<'leader-key'> | undefined
  readonly ownKey: Of<'leader-key'> | undefined
  readonly demoted: Of<'postgres'> | undefined
  readonly restarted: Of<'postgres'> | undefined
  readonly reset: Of<'watchdog'> | undefined
  /** First writable samples of the other servers; `promoted`: on a higher timeline. Who is the new leader may be told later. */
  readonly writable: ByHost<Of<'postgres'>>
  readonly promoted: ByHost<Of<'postgres'>>
  /** Per proxy: the old leader's first DOWN. */
  readonly down: ByHost<Of<'proxy'>>
  /** Per other server and proxy: its first UP. */
  readonly up: ByHost<ByHost<Of<'proxy'>>>
  /** Hosts that ended while it was left alone. */
  readonly ended: readonly HostName[]
  readonly written: FirstWrites
  readonly resumed: FirstWrites
}

export interface Reading {
  readonly topology: Topology | undefined
  readonly key: Of<'leader-key'> | undefined
  /** Until a watch has told of the key: when each server was last seen taking writes. */
  readonly writableAt: ByHost<Micros>
  /** On which each server took writes, as it said itself and as its acknowledgements said. */
  readonly timelines: ByHost<{readonly sample?: number; readonly write?: number}>
  readonly proxies: readonly HostName[]
  /** Added to be compared with the others: no expectation is about them. */
  readonly extra: readonly ClientGroup[]
  /** The run's own clients write behind the proxy. */
  readonly proxied: boolean
  /** In the order of time; those alone that may still be asked for. */
  readonly followed: readonly Followed[]
  /** Those of earlier faults that struck the leader and began a failover: the next such fault ended the time in which they were left alone. */
  readonly closed: readonly Followed[]
  /** The fault that is going on, or was last. */
  readonly latest: Of<'fault-injecting'> | undefined
}

export const nothingRead: Reading = {
  topology: undefined,
  key: undefined,
  writableAt: new Map(),
  timelines: new Map(),
  proxies: [],
  extra: [],
  proxied: false,
  followed: [],
  closed: [],
  latest: undefined,
}

export function readOn(so: Reading, event: Event): Reading {
  switch (event.kind) {
    case 'run-started':
      return so.topology ? so : {...so, topology: event.topology, extra: groupsIn(event.scenario).extra}
    case 'fault-injecting':
      return struckAgain(so, event)
    case 'leader-key':
      return isOfFirst(so.topology, event) ? followOn({...so, key: event}, one => keyTold(one, event)) : so
    case 'postgres':
      return followOn(sampled(so, event), one => sampleTold(one, event))
    case 'proxy':
      return event.backend === 'primary' ? followOn(withProxy(so, event.proxy), one => proxyTold(one, event)) : so
    case 'op':
    case 'transaction':
      return event.op === 'write' ? written(so, event) : so
    case 'container':
      return event.action === 'die'
        ? followOn(so, one => (isLeftAlone(one, event) ? {...one, ended: [...one.ended, event.host]} : one))
        : so
    case 'watchdog':
      return event.state === 'fired' ? followOn(so, one => resetTold(one, event)) : so
    case 'fault-mending':
    case 'phase':
    case 'run-ended':
      return followOn(so, one => (one.ending === undefined && ends(event, one) ? {...one, ending: event} : one))
    default:
      return so
  }
}

/**
 * Out of recovery: it may take writes, from whoever asks for it. What a session of the probe's own may do is a matter of that role's
 * settings, which somebody may have changed.
 */
export function isWritable(sample: Of<'postgres'>): boolean {
  return sample.up && sample.inRecovery === false
}

/** Without a watch on the key, a server that took writes within this time led, if it was the only one. */
export const writableLately: Micros = 1_000_000

/**
 * The fault to judge: the first that struck the leader of its moment, one that the model knows rather than another. Else the first
 * of which it is known who led, which the failover is then not about.
 */
export function judged(so: Reading): Followed | undefined {
  return stories(so)[0] ?? so.followed.find(one => one.leader !== undefined) ?? so.followed[0]
}

/** All faults that began a failover, in the order of time: those that the model knows; if it knows none, the first that struck the leader. */
export function stories({closed, followed}: Reading): readonly Followed[] {
  const all = [...closed, ...followed]
  const known = all.filter(isKnown)
  return known.length > 0 ? known : all.filter(one => one.struck !== undefined).slice(0, 1)
}

/** The fault to show while a run goes on: the latest, with the failover that it began. */
export function latest({followed, latest}: Reading): Followed | undefined {
  return followed.find(one => one.fault === latest)
}

export function unfolded({topology, proxies, proxied}: Reading, one: Followed): Unfolded {
  const {keyGone, newKey, ownKey, demoted, reset} = one
  const newLeader = newKey?.holder ?? elsewhere(topology, one)
  const to = newLeader ?? ''
  const restarted = newLeader === undefined ? one.restarted : undefined
  const counting = (writes: FirstWrites) => (proxied ? writes.proxied : writes.own)
  return {
    keyGone,
    newKey,
    retaken: newLeader === undefined ? ownKey : undefined,
    newLeader,
    promoted: one.promoted.get(to),
    writable: one.writable.get(to),
    oldDown: lastOfAll(leadingTo(one.leader, topology, proxies, one).map(proxy => one.down.get(proxy))),
    newUp: lastOfAll(leadingTo(to, topology, proxies, one).map(proxy => one.up.get(to)?.get(proxy))),
    firstWrite: counting(one.written),
    demoted,
    reset,
    restarted,
    resumedWrite: restarted && counting(one.resumed),
  }
}

/** Who was promoted in another cluster, whose key it had all the time: that one took over where this one was lost as a whole. */
function elsewhere(topology: Topology | undefined, {leader, promoted}: Followed): HostName | undefined {
  return promoted.keys().find(host => !areTogether(topology, host, leader ?? ''))
}

/** Undefined as long as one is missing. */
function lastOfAll(events: readonly (Of<'proxy'> | undefined)[]): Of<'proxy'> | undefined {
  return events.reduce((last, event) => last && event && (event.at >= last.at ? event : last), events[0])
}

/** A fault that comes while a failover goes on belongs to its story, unless it is what the model would have it be about. */
function struckAgain(so: Reading, fault: Of<'fault-injecting'>): Reading {
  const leader = leaderNow(so, fault.at)
  const struck = strikes(fault.strike, leader)
  const timelines = so.timelines.get(leader ?? '')
  const one: Followed = {
    ...{fault, leader, struck, timeline: timelines?.sample ?? timelines?.write ?? null, ending: undefined},
    ...{keyGone: undefined, newKey: undefined, ownKey: undefined, demoted: undefined, restarted: undefined},
    ...{reset: undefined, writable: new Map(), promoted: new Map(), down: new Map(), up: new Map(), ended: []},
    ...{written: {}, resumed: {}},
  }
  const running = latest(so)
  const goesOn =
    running !== undefined && isRunning(running, unfolded(so, running)) && !(isKnown(one) && !isKnown(running))
  // The next failover begins with it: what an earlier one has not brought by now it will not bring.
  const ended = isKnown(one) && !goesOn ? so.followed.filter(isKnown) : []
  const next = {
    ...so,
    closed: [...so.closed, ...ended.map(each => ({...each, ending: each.ending ?? fault}))],
    followed: [...so.followed.filter(each => !ended.includes(each)), one],
    latest: goesOn ? so.latest : fault,
  }
  const asked = [...(next.closed.length > 0 ? [] : [judged(next)]), latest(next)]
  return {...next, followed: next.followed.filter(each => isKnown(each) || asked.includes(each))}
}

function isRunning({struck, ending}: Followed, {firstWrite, resumedWrite}: Unfolded): boolean {
  return struck !== undefined && ending === undefined && (firstWrite ?? resumedWrite) === undefined
}

function isKnown({struck}: Followed): boolean {
  return struck !== undefined && isModelled(struck)
}

function leaderNow({key, writableAt}: Reading, at: Micros): HostName | undefined {
  if (key) return key.holder ?? undefined
  const lately = [...writableAt].filter(([, seen]) => seen > at - writableLately)
  return lately.length === 1 ? lately[0]![0] : undefined
}

function sampled(so: Reading, event: Of<'postgres'>): Reading {
  if (!isWritable(event)) return so
  const {host, timeline, at} = event
  const seen = so.key === undefined ? {...so, writableAt: withHost(so.writableAt, host, at)} : so
  const known = so.timelines.get(host)
  if (timeline === null || known?.sample === timeline) return seen
  return {...seen, timelines: withHost(so.timelines, host, {...known, sample: timeline})}
}

function withProxy(so: Reading, proxy: HostName): Reading {
  return so.proxies.includes(proxy) ? so : {...so, proxies: [...so.proxies, proxy]}
}

function written(so: Reading, event: Attempt): Reading {
  if (so.extra.some(group => isOf(group, event.client))) return acknowledged(so, event)
  const proxied = !isDirect(event.client)
  const seen = proxied && !so.proxied ? {...so, proxied} : so
  if (event.outcome !== 'ok') return seen
  return followOn(acknowledged(seen, event), one => writeTold(one, event, proxied))
}

function acknowledged(so: Reading, event: Attempt): Reading {
  const {server, timeline} = event
  if (event.kind !== 'op' || event.outcome !== 'ok' || server === null || timeline === null) return so
  const known = so.timelines.get(server)
  if (known?.write === timeline) return so
  return {...so, timelines: withHost(so.timelines, server, {...known, write: timeline})}
}

function followOn(so: Reading, follow: (one: Followed) => Followed): Reading {
  const told = (one: Followed) => (one.leader === undefined ? one : follow(one))
  // As nearly always: then there is nothing to copy.
  if (so.followed.every(one => told(one) === one)) return so
  return {...so, followed: so.followed.map(told)}
}

function ends(event: Of<'fault-mending'> | Of<'phase'> | Of<'run-ended'>, {fault}: Followed): boolean {
  if (event.at <= fault.at) return false
  return event.kind === 'fault-mending' ? event.id === fault.id : event.kind === 'run-ended' || event.name === 'healing'
}

/** After the fault, and before anybody mended it. */
function isLeftAlone({fault, ending}: Followed, {at}: Event): boolean {
  return at > fault.at && (ending === undefined || at <= ending.at)
}

/** While a run goes on, what is told late is told a little out of order. */
function first<T extends Event>(known: T | undefined, event: T): T {
  return known === undefined || event.at < known.at ? event : known
}

function keyTold(one: Followed, event: Of<'leader-key'>): Followed {
  if (!isLeftAlone(one, event)) return one
  if (event.holder === one.leader) return {...one, ownKey: first(one.ownKey, event)}
  const keyGone = first(one.keyGone, event)
  return event.holder === null ? {...one, keyGone} : {...one, keyGone, newKey: first(one.newKey, event)}
}

function sampleTold(one: Followed, event: Of<'postgres'>): Followed {
  if (event.host !== one.leader) return isWritable(event) && event.at > one.fault.at ? otherWritable(one, event) : one
  if (!isLeftAlone(one, event)) return one
  if (one.demoted === undefined) return tookNoWrites(event, one.struck) ? {...one, demoted: event} : one
  const again = one.restarted === undefined && event.at > one.demoted.at && isWritable(event)
  return again ? {...one, restarted: event} : one
}

function otherWritable(one: Followed, event: Of<'postgres'>): Followed {
  const {writable, promoted} = one
  const {host} = event
  const [known, knownAbove] = [writable.get(host), promoted.get(host)]
  const since = first(known, event)
  const above = isAbove(event.timeline, one) ? first(knownAbove, event) : knownAbove
  if (since === known && above === knownAbove) return one
  return {
    ...one,
    writable: withHost(writable, host, since),
    promoted: above === undefined ? promoted : withHost(promoted, host, above),
  }
}

function isAbove(timeline: number | null, {timeline: old}: Followed): boolean {
  return timeline !== null && old !== null && timeline > old
}

/** A server that answers tells it itself. One that refuses is down, unless the fault itself keeps us from it. */
function tookNoWrites(sample: Of<'postgres'>, struck: Struck | undefined): boolean {
  if (sample.up) return !isWritable(sample)
  // 57P01 to 57P03: it says itself that it is shutting down or not up yet.
  if (sample.error?.startsWith('57P0')) return true
  const cutFromUs =
    struck === undefined || !isModelled(struck) || struck.fault === 'isolated' || struck.fault === 'host-paused'
  return !cutFromUs && sample.error !== null && sample.error !== 'timeout'
}

function proxyTold(one: Followed, event: Of<'proxy'>): Followed {
  const {proxy, server, up} = event
  if (event.at <= one.fault.at) return one
  if (server !== one.leader) {
    const known: ByHost<Of<'proxy'>> = one.up.get(server) ?? new Map()
    const since = known.get(proxy)
    if (!up || first(since, event) === since) return one
    return {...one, up: withHost(one.up, server, withHost(known, proxy, event))}
  }
  const since = one.down.get(proxy)
  if (up || !isLeftAlone(one, event) || first(since, event) === since) return one
  return {...one, down: withHost(one.down, proxy, event)}
}

function resetTold(one: Followed, event: Of<'watchdog'>): Followed {
  return event.host === one.leader && one.reset === undefined && isLeftAlone(one, event) ? {...one, reset: event} : one
}

function writeTold(one: Followed, event: Attempt, proxied: boolean): Followed {
  const {server, sentAt} = event
  if (server === one.leader) {
    if (one.demoted === undefined || sentAt <= one.demoted.at) return one
    const resumed = withWrite(one.resumed, event, proxied)
    return resumed === one.resumed ? one : {...one, resumed}
  }
  if (sentAt <= one.fault.at || !isAbove(event.timeline, one)) return one
  const written = withWrite(one.written, event, proxied)
  return written === one.written ? one : {...one, written}
}

function withWrite(so: FirstWrites, event: Attempt, proxied: boolean): FirstWrites {
  const own = first(so.own, event)
  const behind = proxied ? first(so.proxied, event) : so.proxied
  if (own === so.own && behind === so.proxied) return so
  return behind === undefined ? {own} : {own, proxied: behind}
}
