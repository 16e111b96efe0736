/**
 * Who took writes, seen from two sides: what each server answers when it is asked directly, and which server acknowledged which
 * write on which timeline. Both are sightings: at some moment within [from, to] the host took writes.
 */

import type {HostName} from '../topology/topology.ts'
import type {Micros} from '../words/quantity.ts'
import {isWrite} from './acknowledgements.ts'
import {isDirect} from './client-group.ts'
import type {Event} from './event.ts'
import {isWritable} from './failover.ts'
import {type History, of, once} from './history.ts'
import {type Sighting, Sightings, sightingBy} from './sightings.ts'

/** Two sightings of a reign are no further apart. */
const unobserved: Micros = 1_000_000

/** Sightings of one host on one timeline with no other answer between them: writable from the first to the last. */
export interface Reign {
  readonly host: HostName
  readonly timeline: number | null
  readonly sightings: Sightings
}

/** @param by whose sightings count: direct questions of the probe, acknowledged writes of clients behind the proxy, or all. */
export function reignsOf(history: History, by: 'all' | 'proxied-clients' = 'all'): readonly Reign[] {
  return by === 'all' ? seenByAll(history) : seenByProxiedClients(history)
}

const seenByAll = once(history => gather(history, 'all'))
const seenByProxiedClients = once(history => gather(history, 'proxied-clients'))

function gather(history: History, by: 'all' | 'proxied-clients'): Reign[] {
  const reigns: Reign[] = []
  const current = new Map<HostName, Reign>()
  const uncertain = of(history, 'clock').reduce((most, one) => Math.max(most, one.uncertaintyMicros), 0)
  const see = (host: HostName, timeline: number | null, event: Sighting['event']) => {
    let reign = current.get(host)
    const one = sightingBy(event, uncertain)
    if (reign === undefined || reign.timeline !== timeline || one.from - reign.sightings.lastTo > unobserved) {
      reign = {host, timeline, sightings: new Sightings(uncertain)}
      current.set(host, reign)
      reigns.push(reign)
    }
    reign.sightings.add(one)
  }
  for (const event of history.events) {
    if (event.kind === 'postgres') {
      if (by !== 'all') continue
      if (isWritable(event)) see(event.host, event.timeline, event)
      // Any other answer, and no answer too, ends what we may claim: two sightings are joined only by unbroken ones.
      else current.delete(event.host)
    } else if (isWrite(event) && event.outcome === 'ok' && event.server !== null) {
      if (by === 'proxied-clients' && isDirect(event.client)) continue
      // A program's connection told its timeline when it was new.
      const known = event.kind === 'transaction' ? current.get(event.server) : undefined
      see(event.server, known?.timeline ?? event.timeline, event)
    }
  }
  return reigns
}

export function sayReign({host, timeline, sightings}: Reign): string {
  return `${host} on timeline ${timeline ?? '?'} (${sightings.length} sightings)`
}

/** A sighting of one host that lies surely between two sightings of another's reign. */
export function findOverlap(reigns: readonly Reign[]) {
  for (const during of reigns) {
    const {first, last} = during.sightings.ends
    for (const one of reigns) {
      if (one.host === during.host) continue
      const {first: begins, last: ceases} = one.sightings.ends
      const inside = firstBetween(one.sightings, first.to, last.from)
      if (inside)
        return {of: one, during, at: inside.to, evidence: [first.event, inside.event, last.event] satisfies Event[]}
      // Two reigns may cross between their sightings.
      const at = Math.max(first.to, begins.to)
      if (at < Math.min(last.from, ceases.from))
        return {of: one, during, at, evidence: [first.event, begins.event, last.event, ceases.event] satisfies Event[]}
    }
  }
  return undefined
}

function firstBetween(sightings: Sightings, after: Micros, before: Micros): Sighting | undefined {
  const {first, last} = sightings.ends
  if (last.from <= after || first.to >= before) return undefined
  for (const sighting of sightings) if (sighting.from > after && sighting.to < before) return sighting
  return undefined
}
