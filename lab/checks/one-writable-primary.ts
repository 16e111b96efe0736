/**
 * Never two writable primaries at once. Seen from two sides: what each server answers when it is asked directly, and which
 * server acknowledged which write on which timeline. Both are sightings: at some moment within [from, to] the host took writes.
 */
import {z} from 'zod'
import type {Of} from '../history/event.ts'
import {findFailover, isDead, isWritable} from '../history/failover.ts'
import {type History, of} from '../history/history.ts'
import {momentsOf} from '../history/moments.ts'
import {findOverlap, type Reign, reignsOf, sayReign, unobserved} from '../history/reigns.ts'
import {blind} from '../history/watching.ts'
import {type HostName, hostsWith} from '../topology/topology.ts'
import {type Micros, sayMicros} from '../words/quantity.ts'
import type {Check} from './check.ts'

export interface OneWritablePrimaryParams {
  /**
   * `anyone`: no two servers may be able to take writes, whoever asks. `proxied-clients`: no two may have acknowledged writes
   * that came through the proxy, which is all that matters where nobody goes past it.
   */
  readonly seenBy: 'anyone' | 'proxied-clients'
}

export const oneWritablePrimary: Check<OneWritablePrimaryParams> = {
  about: 'At no moment do two servers take writes.',
  params: z
    .strictObject({
      'seen-by': z
        .enum(['anyone', 'proxied-clients'], {error: '`seen-by` is anyone or proxied-clients'})
        .prefault('anyone'),
    })
    .transform(written => ({seenBy: written['seen-by']})),

  judge(history, {seenBy}) {
    const topology = of(history, 'run-started')[0]?.topology
    const hosts = topology ? hostsWith(topology, 'patroni') : []
    const by = seenBy === 'anyone' ? 'all' : 'proxied-clients'
    const reigns = reignsOf(history, by)
    const overlap = findOverlap(reigns)
    const {margin, byProbe, byClients} = fencingMargins(history, reigns)
    const measures = {
      primaries: new Set(reigns.map(reign => reign.host)).size,
      fencingMarginMicros: margin,
      // The same by one side alone: what the servers answered the probe, and what they acknowledged to clients.
      fencingMarginByProbeMicros: byProbe,
      fencingMarginByClientsMicros: byClients,
    }
    if (overlap)
      return {
        verdict: 'fail',
        says: `Two primaries were writable at once: ${sayReign(overlap.of)} and ${sayReign(overlap.during)}, at ${sayMicros(overlap.at)} of the run.`,
        measures,
        evidence: overlap.evidence,
        hint: 'whatever the one without the leader key acknowledged is gone; look at what let it take writes',
      }
    if (hosts.length === 0)
      return {verdict: 'unknown', says: 'The history names no PostgreSQL hosts to look at.', measures}
    if (reigns.length === 0) return {verdict: 'unknown', says: 'No server was ever seen taking writes.', measures}
    const unseen = seenBy === 'anyone' ? hosts.flatMap(host => unwatched(history, host, reigns)) : clientsBlind(history)
    if (unseen.length > 0)
      return {
        verdict: 'unknown',
        says: `No two primaries were seen writable at once, but not everything was seen: ${unseen.slice(0, 3).join('; ')}.`,
        measures,
      }
    const fenced =
      margin === null
        ? ''
        : margin >= 0
          ? `; the old primary had been silent for ${sayMicros(margin)} when the new one took its first write`
          : `; sightings of the old and the new primary touch within ${sayMicros(-margin)}, too close to order them, and none overlaps for certain`
    return {verdict: 'pass', says: `At no moment were two servers seen taking writes${fenced}.`, measures}
  },
}

function clientsBlind(history: History): string[] {
  const moments = momentsOf(history)
  const why = moments === null ? 'the steps never began' : blind(history, 'clients', moments.steps, moments.end)
  return why === null ? [] : [why]
}

/**
 * From the end of the old primary's last sighting to the beginning of the new one's first: so long at least nobody was seen to take
 * writes. Negative when the new one may have begun before the old one had ended. `fenced` tells how sure that is, and bounds it.
 */
function fencingMargins(
  history: History,
  reigns: readonly Reign[],
): Readonly<Record<'margin' | 'byProbe' | 'byClients', Micros | null>> {
  const found = findFailover(history)
  if (typeof found === 'string' || found.newLeader === undefined) return {margin: null, byProbe: null, byClients: null}
  const {oldLeader, oldTimeline, newLeader} = found
  const ended = {postgres: Number.NEGATIVE_INFINITY, op: Number.NEGATIVE_INFINITY}
  const began = {postgres: Number.POSITIVE_INFINITY, op: Number.POSITIVE_INFINITY}
  for (const {host, timeline, sightings} of reigns) {
    const isOld = host === oldLeader && timeline === oldTimeline
    const isNew = host === newLeader && timeline !== null && timeline > (oldTimeline ?? timeline)
    if (!isOld && !isNew) continue
    for (const {from, to, event} of sightings)
      if (isOld) ended[event.kind] = Math.max(ended[event.kind], to)
      else began[event.kind] = Math.min(began[event.kind], from)
  }
  const between = (end: Micros, begin: Micros) => (Number.isFinite(begin - end) ? begin - end : null)
  return {
    margin: between(Math.max(ended.postgres, ended.op), Math.min(began.postgres, began.op)),
    byProbe: between(ended.postgres, began.postgres),
    byClients: between(ended.op, began.op),
  }
}

/** Stretches in which this host may have been writable, unseen, while another one was. */
function unwatched(history: History, host: HostName, reigns: readonly Reign[]): string[] {
  const all = of(history, 'postgres')
  const samples = all.filter(one => one.host === host)
  if (samples.length === 0) return [`${host} was never asked`]
  // Before the steady state probes may still be finding their feet; nothing has been broken by then.
  const begin = of(history, 'phase').find(phase => phase.name === 'steps')?.at ?? all[0]!.at
  const finalReads = of(history, 'phase').find(phase => phase.name === 'final-reads')
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
  const killed = of(history, 'fault-injecting').filter(one => isDead(one, host))
  const died = of(history, 'container').filter(one => one.host === host && one.action === 'die')
  const proven = of(history, 'fault-proof').filter(one => one.holds && killed.some(fault => fault.id === one.id))
  return [...died, ...proven].map(one => one.at)
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
