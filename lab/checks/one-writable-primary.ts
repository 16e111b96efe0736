/**
 * Never two writable primaries at once. Seen from two sides: what each server answers when it is asked directly, and which
 * server acknowledged which write on which timeline. Both are sightings: at some moment within [from, to] the host took writes.
 */
import {z} from 'zod'
import type {Event, HostName, Micros, Of} from '../event.ts'
import {deathOf, findFailover, isWritable} from '../failover.ts'
import {type History, of} from '../history.ts'
import {sayMicros} from '../quantity.ts'
import {hostsWith} from '../topology.ts'
import type {Check} from '../unit.ts'

/** Longer without a look at a living host, and it may have been writable behind our back. */
const unobserved: Micros = 1_000_000

/** The host took writes at some moment between `from` and `to`. */
interface Sighting {
  readonly from: Micros
  readonly to: Micros
  readonly event: Of<'postgres'> | Of<'op'>
}

/** Sightings of one host on one timeline with no other answer between them: writable from the first to the last. */
interface Reign {
  readonly host: HostName
  readonly timeline: number | null
  readonly sightings: Sighting[]
}

export const oneWritablePrimary: Check<Record<string, never>> = {
  about: 'At no moment do two servers take writes.',
  params: z.strictObject({}),

  judge(history) {
    const topology = of(history, 'run-started')[0]?.topology
    const hosts = topology ? hostsWith(topology, 'patroni') : []
    const reigns = reignsOf(history)
    const overlap = findOverlap(reigns)
    const margin = fencingMargin(history)
    const measures = {
      primaries: new Set(reigns.map(reign => reign.host)).size,
      fencingMarginMicros: margin ?? null,
    }
    if (overlap)
      return {
        verdict: 'fail',
        says: `Two primaries were writable at once: ${sayReign(overlap.of)} and ${sayReign(overlap.during)}, at ${sayMicros(overlap.at)} of the run.`,
        measures,
        evidence: overlap.evidence,
        hint: 'whatever was acknowledged by the one with the lower timeline is gone; look at what kept it from being fenced',
      }
    if (hosts.length === 0)
      return {verdict: 'unknown', says: 'The history names no PostgreSQL hosts to look at.', measures}
    if (reigns.length === 0) return {verdict: 'unknown', says: 'No server was ever seen taking writes.', measures}
    const blind = hosts.flatMap(host => unwatched(history, host, reigns))
    if (blind.length > 0)
      return {
        verdict: 'unknown',
        says: `No two primaries were seen writable at once, but not everything was seen: ${blind.slice(0, 3).join('; ')}.`,
        measures,
      }
    const fenced =
      margin === undefined
        ? ''
        : margin >= 0
          ? `; the old primary had been silent for ${sayMicros(margin)} when the new one took its first write`
          : `; sightings of the old and the new primary touch within ${sayMicros(-margin)}, too close to order them, and none overlaps for certain`
    return {verdict: 'pass', says: `At no moment were two servers seen taking writes${fenced}.`, measures}
  },
}

function reignsOf(history: History): Reign[] {
  const reigns: Reign[] = []
  const current = new Map<HostName, Reign>()
  // Times of the clients come from another clock; their sightings are as much wider as that one is uncertain.
  const uncertain = of(history, 'clock').reduce((most, one) => Math.max(most, one.uncertaintyMicros), 0)
  const see = (host: HostName, timeline: number | null, sighting: Sighting) => {
    let reign = current.get(host)
    const last = reign?.sightings.at(-1)
    if (!reign || reign.timeline !== timeline || (last && sighting.from - last.to > unobserved)) {
      reign = {host, timeline, sightings: []}
      current.set(host, reign)
      reigns.push(reign)
    }
    reign.sightings.push(sighting)
  }
  for (const event of history.events) {
    if (event.kind === 'postgres') {
      if (isWritable(event)) see(event.host, event.timeline, {from: event.askedAt, to: event.at, event})
      // Any other answer, and no answer too, ends what we may claim: two sightings are joined only by unbroken ones.
      else current.delete(event.host)
    } else if (event.kind === 'op' && event.op === 'write' && event.outcome === 'ok' && event.server !== null) {
      see(event.server, event.timeline, {from: event.sentAt - uncertain, to: event.at + uncertain, event})
    }
  }
  return reigns
}

function sayReign({host, timeline, sightings}: Reign): string {
  return `${host} on timeline ${timeline ?? '?'} (${sightings.length} sightings)`
}

/** A sighting of one host that lies surely between two sightings of another's reign. */
function findOverlap(reigns: readonly Reign[]) {
  for (const during of reigns) {
    // The reign surely lasted from the earliest end of a sighting to the latest beginning of one.
    const first = during.sightings.reduce((a, b) => (b.to < a.to ? b : a))
    const last = during.sightings.reduce((a, b) => (b.from > a.from ? b : a))
    for (const one of reigns) {
      if (one.host === during.host) continue
      const inside = one.sightings.find(sighting => sighting.from > first.to && sighting.to < last.from)
      if (inside)
        return {of: one, during, at: inside.to, evidence: [first.event, inside.event, last.event] satisfies Event[]}
      // Two reigns may cross between their sightings.
      const begins = one.sightings.reduce((a, b) => (b.to < a.to ? b : a))
      const ends = one.sightings.reduce((a, b) => (b.from > a.from ? b : a))
      const at = Math.max(first.to, begins.to)
      if (at < Math.min(last.from, ends.from))
        return {of: one, during, at, evidence: [first.event, begins.event, last.event, ends.event] satisfies Event[]}
    }
  }
  return undefined
}

/** From the last moment at which the old primary can have acknowledged to the first at which the new one can have; negative when they cannot be told apart. */
function fencingMargin(history: History): Micros | undefined {
  const found = findFailover(history)
  if (typeof found === 'string' || found.newLeader === undefined) return undefined
  const sightings = (host: HostName, timeline: (timeline: number | null) => boolean) =>
    reignsOf(history)
      .filter(reign => reign.host === host && timeline(reign.timeline))
      .flatMap(reign => reign.sightings)
  const old = sightings(found.oldLeader, timeline => timeline === found.oldTimeline)
  const fresh = sightings(found.newLeader, timeline => timeline !== null && timeline > (found.oldTimeline ?? timeline))
  if (old.length === 0 || fresh.length === 0) return undefined
  return Math.min(...bounds(fresh, 'from')) - Math.max(...bounds(old, 'to'))
}

/** Reduced first: a spread over a hundred thousand sightings would overflow the stack. */
function bounds(sightings: readonly Sighting[], edge: 'from' | 'to'): [number] {
  const values = sightings.map(sighting => sighting[edge])
  return [values.reduce((a, b) => (edge === 'from' ? Math.min(a, b) : Math.max(a, b)))]
}

/** Stretches in which this host may have been writable, unseen, while another one was. */
function unwatched(history: History, host: HostName, reigns: readonly Reign[]): string[] {
  const all = of(history, 'postgres')
  const samples = all.filter(one => one.host === host)
  if (samples.length === 0) return [`${host} was never asked`]
  // Before the steady state probes may still be finding their feet; nothing has been broken by then.
  const begin = history.events.find(event => event.kind === 'phase' && event.name === 'steps')?.at ?? all[0]!.at
  const finalReads = history.events.find(event => event.kind === 'phase' && event.name === 'final-reads')
  const end = Math.min(finalReads?.at ?? Number.POSITIVE_INFINITY, all.at(-1)!.at)
  const others = reigns.filter(reign => reign.host !== host)
  const someoneElse = (from: Micros, to: Micros) =>
    others.some(({sightings}) => sightings[0]!.from < to && sightings.at(-1)!.to > from)

  const gaps: string[] = []
  let last: Of<'postgres'> | undefined
  let seen = begin
  let silentSince: Micros | undefined
  let before: Of<'postgres'> | undefined
  const judgeGap = (since: Micros, to: Micros, next: Of<'postgres'> | undefined, why: string) => {
    const from = Math.max(since, begin)
    if (to - from <= unobserved || !someoneElse(from, to) || wasDown(history, host, from, to)) return
    // A promotion raises the timeline: a replica on the same one before and after was a replica all along.
    if (before?.inRecovery && next?.inRecovery && before.timeline !== null && before.timeline === next.timeline) return
    gaps.push(`${why} for ${sayMicros(to - from)} from ${sayMicros(from)} of the run, while another server took writes`)
  }
  const deaths = deathsOf(history, host)
  const diedSince = (from: Micros, to: Micros) => deaths.some(at => at > from && at <= to)
  for (const one of [...samples.filter(one => one.at <= end), undefined]) {
    const now = one?.askedAt ?? end
    if (now - seen > unobserved) judgeGap(seen, now, one?.up ? one : undefined, `nobody asked ${host}`)
    if (!one) {
      if (silentSince !== undefined) judgeGap(silentSince, end, undefined, `${host} lived but did not answer`)
      break
    }
    seen = Math.max(seen, one.at)
    if (one.up) {
      if (silentSince !== undefined) judgeGap(silentSince, one.askedAt, one, `${host} lived but did not answer`)
      silentSince = undefined
      before = one
    } else if (isSilence(one) && (before === undefined || isWritable(before)) && !diedSince(before?.at ?? 0, one.at)) {
      // A refusal proves that nobody serves there. A time-out proves nothing of a host that was last seen writable.
      silentSince ??= Math.max(one.askedAt, last?.at ?? one.askedAt)
    } else {
      silentSince = undefined
    }
    last = one
  }
  return gaps
}

function isSilence({error}: Of<'postgres'>): boolean {
  return error === null || /time|EHOSTUNREACH|ENETUNREACH|EHOSTDOWN/i.test(error)
}

/** When the host lost its processes: the engine's word, and the proof of a fault that takes its power. */
function deathsOf(history: History, host: HostName): Micros[] {
  const killed = of(history, 'fault-injecting').filter(one => one.hosts.includes(host) && deathOf(one) === 'silent')
  return history.events.flatMap(event =>
    (event.kind === 'container' && event.host === host && event.action === 'die') ||
    (event.kind === 'fault-proof' && event.holds && killed.some(one => one.id === event.id))
      ? [event.at]
      : [],
  )
}

/** Dead or frozen for all of this time but a moment, as the engine or the fault's own proof says. */
function wasDown(history: History, host: HostName, from: Micros, to: Micros): boolean {
  const deaths = new Set(deathsOf(history, host))
  let down: Micros | undefined
  let covered = 0
  const up = (at: Micros) => {
    if (down !== undefined) covered += Math.max(0, Math.min(at, to) - Math.max(down, from))
    down = undefined
  }
  for (const event of history.events) {
    const own = event.kind === 'container' && event.host === host ? event.action : ''
    if (own === 'pause' || deaths.has(event.at)) down ??= event.at
    else if (own === 'start' || own === 'unpause') up(event.at)
  }
  up(Number.POSITIVE_INFINITY)
  return to - from - covered <= unobserved
}
