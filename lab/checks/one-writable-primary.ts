/**
 * Never two writable primaries at once. Seen from two sides: what each server answers when it is asked directly, and which
 * server acknowledged which write on which timeline. Both are sightings: at some moment within [from, to] the host took writes.
 */
import {z} from 'zod'
import {foreignWrites, sayForeign} from '../history/acknowledgements.ts'
import {findFailover} from '../history/failover.ts'
import {type History, of} from '../history/history.ts'
import {momentsOf} from '../history/moments.ts'
import {promotedWithoutKey} from '../history/promotions.ts'
import {findOverlap, type Reign, reignsOf, sayReign} from '../history/reigns.ts'
import {primariesAtEnd, sayPrimariesAtEnd} from '../history/rows.ts'
import {sayBlank, unseenWrites} from '../history/servers-seen.ts'
import {blind, lacks} from '../history/watching.ts'
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

/** A line of a log is stamped by its host, whose clock may be that much off. */
const besideLog: Micros = 1_000_000

export const oneWritablePrimary: Check<OneWritablePrimaryParams> = {
  about: 'At no moment do two servers take writes.',
  evidence: ['postgres', 'rows', 'clients', 'engine', 'runner', 'etcd', 'logs'],
  params: z
    .strictObject({
      'seen-by': z
        .enum(['anyone', 'proxied-clients'], {error: '`seen-by` is anyone or proxied-clients'})
        .prefault('anyone'),
    })
    .transform(written => ({seenBy: written['seen-by']})),

  // Clients behind the proxy got nothing of it, as far as their acknowledgements tell.
  contradiction(history, {seenBy}) {
    const moments = momentsOf(history)
    if (moments === null || seenBy !== 'anyone') return null
    const [sign] = promotedWithoutKey(history, moments.steps, moments.end)
    if (sign === undefined) return null
    const beside = reignsOf(history).some(
      ({host, sightings}) =>
        host !== sign.host && sightings.at(0)!.to < sign.at - besideLog && sightings.at(-1)!.from > sign.at + besideLog,
    )
    return {sign, verdict: beside ? 'fail' : 'unknown'}
  },

  judge(history, {seenBy}) {
    const topology = of(history, 'run-started')[0]?.topology
    const hosts = topology ? hostsWith(topology, 'patroni') : []
    const by = seenBy === 'anyone' ? 'all' : 'proxied-clients'
    const reigns = reignsOf(history, by)
    const overlap = findOverlap(reigns)
    const {margin, byProbe, byClients} = fencingMargins(history, reigns)
    const foreign = foreignWrites(history, by)
    const measures = {
      primaries: new Set(reigns.map(reign => reign.host)).size,
      fencingMarginMicros: margin,
      // The same by one side alone: what the servers answered the probe, and what they acknowledged to clients.
      fencingMarginByProbeMicros: byProbe,
      fencingMarginByClientsMicros: byClients,
      foreignWrites: foreign.length,
    }
    const strange = foreign.length > 0 ? sayForeign(foreign) : undefined
    if (overlap)
      return {
        verdict: 'fail',
        says: `Two primaries were writable at once: ${sayReign(overlap.of)} and ${sayReign(overlap.during)}, at ${sayMicros(overlap.at)} of the run${strange === undefined ? '' : `; ${strange}`}.`,
        measures,
        evidence: [...overlap.evidence, ...foreign.slice(0, 1)],
        hint: 'whatever the one without the leader key acknowledged is gone; look at what let it take writes',
      }
    if (strange !== undefined)
      return {
        verdict: 'fail',
        says: `Beside the members another server takes writes: ${strange}.`,
        measures,
        evidence: foreign.slice(0, 3),
        hint: 'what else listens where the clients go? compare addresses, ports and the system identifier of each server',
      }
    const last = seenBy === 'anyone' ? primariesAtEnd(history) : []
    if (last.length > 1)
      return {
        verdict: 'fail',
        says: `More than one primary was left: ${sayPrimariesAtEnd(last)}.`,
        measures,
        evidence: last,
        hint: 'only one of them holds the leader key; whatever the others acknowledge is gone when they follow it',
      }
    if (hosts.length === 0)
      return {verdict: 'unknown', says: 'The history names no PostgreSQL hosts to look at.', measures}
    if (reigns.length === 0) return {verdict: 'unknown', says: 'No server was ever seen taking writes.', measures}
    const unseen = seenBy === 'anyone' ? unseenOf(history, hosts, reigns) : clientsBlind(history)
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

function unseenOf(history: History, hosts: readonly HostName[], reigns: readonly Reign[]): string[] {
  const lost = lacks(history, 'clients')
  return [...hosts.flatMap(host => unwatched(history, host, reigns)), ...(lost === null ? [] : [lost])]
}

function clientsBlind(history: History): string[] {
  const moments = momentsOf(history)
  const why =
    moments === null
      ? 'the steps never began'
      : (lacks(history, 'clients') ?? blind(history, 'clients', moments.steps, moments.end))
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
    for (const [by, {from, to}] of [['postgres', sightings.byProbe] as const, ['op', sightings.byClients] as const]) {
      if (isOld) ended[by] = Math.max(ended[by], to)
      else began[by] = Math.min(began[by], from)
    }
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
  const moments = momentsOf(history)
  if (moments === null) return ['the steps never began']
  if (!of(history, 'postgres').some(one => one.host === host)) return [`${host} was never asked`]
  const others = reigns.filter(reign => reign.host !== host)
  return unseenWrites(history, host, moments.steps, moments.end)
    .filter(({from, to}) => others.some(({sightings}) => sightings.at(0)!.from < to && sightings.at(-1)!.to > from))
    .map(one => `${sayBlank(one)}, while another server took writes`)
}
