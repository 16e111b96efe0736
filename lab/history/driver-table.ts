/**
 * How each driver got through the first fault: how long its clients could not write, how soon they wrote to the new primary, and
 * what they were told meanwhile. A comparison, no judgement: clients that were added for it are in it too.
 */

import type {Micros} from '../words/quantity.ts'
import {median, quantile} from '../words/statistics.ts'
import {type Attempt, answeredUntil, attemptsOf, codeOf, groupsOf, type Writes, writesByClient} from './attempts.ts'
import {driverOf, findsPrimaryItself, isDirect, namesOf} from './client-group.ts'
import type {Of} from './event.ts'
import {type Failover, findFailover} from './failover.ts'
import {type History, of} from './history.ts'
import {momentsOf} from './moments.ts'
import {isOnNew, type Ready, readyFor, readyOf} from './reconnection.ts'

/** One driver that writes, or one program, on one way. Plain data; times in microseconds. Null: not known, and `says` has why. */
export interface DriverRow {
  readonly driver: string
  /** Through the proxy, or to all members, of which the driver finds the primary. */
  readonly through: 'proxy' | 'members'
  /** A program counts as one, however many connections it has. */
  readonly clients: number
  /** Clients that had an outage and wrote again. */
  readonly outages: number
  /** From the last acknowledged write to the next one, over the clients that had an outage and wrote again. */
  readonly outageP50Micros: Micros | null
  readonly outageMaxMicros: Micros | null
  /** From the moment that there was a primary for them to their first acknowledged write on it. */
  readonly reconnectionP50Micros: Micros | null
  readonly reconnectionP95Micros: Micros | null
  readonly reconnectionMaxMicros: Micros | null
  /** Clients that wrote before the fault and never after their outage. They are in none of the times. */
  readonly neverBack: number
  /** Writes of the whole run, and how many of them were refused or never answered. */
  readonly attempts: number
  readonly failed: number
  readonly indeterminate: number
  /** Of those writes, by SQLSTATE or errno, most frequent first. */
  readonly errors: readonly {readonly code: string; readonly count: number}[]
  /** Connections that were lost or refused; a client tells the same failure once a second at most. */
  readonly connectionErrors: readonly {readonly code: string; readonly count: number}[]
  /** Why something is null, or what else has to be said. */
  readonly says: string | null
}

/** Shorter than this, no pause is an outage; nor is one of less than three times a client's usual pause. */
const shortestOutage: Micros = 250_000
const usualPauses = 3

/** Pure. Drivers in alphabetical order; those that only read, or that go to one host, have nothing to come back to. */
export function driverTable(history: History): DriverRow[] {
  const found = findFailover(history)
  const span = spanOf(history)
  const writes = writesUntil(history, span?.end ?? Number.POSITIVE_INFINITY)
  const lost = Map.groupBy(
    of(history, 'client-disconnected').filter(one => one.op === 'write' && (span === null || one.at <= span.end)),
    one => one.client,
  )
  const heard = (client: string) => attemptsOf(history).some(one => one.client === client)
  const clients = writersOf(history, [...writes.keys()])
  const rows = Map.groupBy(clients, client => `${driverOf(client)} ${wayOf(client)}`)
  return [...rows.values()]
    .map(names => rowOf(names, {writes, lost, found, span, heard}))
    .toSorted((a, b) => a.driver.localeCompare(b.driver, 'en') || a.through.localeCompare(b.through, 'en'))
}

function writesUntil(history: History, end: Micros): Map<string, Writes> {
  const clients = [...writesByClient(history)].map(([client, {acknowledged, others}]) => {
    const until = (list: readonly Attempt[]) => answeredUntil(list, end)
    return [client, {acknowledged: until(acknowledged), others: until(others)}] as const
  })
  return new Map(clients.filter(([, {acknowledged, others}]) => acknowledged.length + others.length > 0))
}

/** Whoever the scenario has writing, whether it was heard of or not, and whoever wrote. */
function writersOf(history: History, wrote: readonly string[]): readonly string[] {
  const {own, extra} = groupsOf(history)
  const groups = [...own, ...extra]
  const names = namesOf(groups)
  const planned = groups.flatMap((group, index) =>
    group.kind === 'writers' || (group.kind === 'program' && group.through === 'primary') ? names[index]! : [],
  )
  return [...new Set([...planned, ...wrote])].filter(client => !isDirect(client) || findsPrimaryItself(client))
}

function wayOf(client: string): DriverRow['through'] {
  return findsPrimaryItself(client) ? 'members' : 'proxy'
}

interface Span {
  /** The first fault. */
  readonly fault: Micros
  /** An outage that begins later is not of that fault: it was being mended. */
  readonly mending: Micros
  readonly end: Micros
}

function spanOf(history: History): Span | null {
  const moments = momentsOf(history)
  if (moments === null || moments.fault === null) return null
  return {fault: moments.fault, mending: moments.mending, end: moments.end}
}

interface Sources {
  readonly writes: ReadonlyMap<string, Writes>
  readonly lost: ReadonlyMap<string, readonly Of<'client-disconnected'>[]>
  readonly found: Failover | string
  readonly span: Span | null
  /** It sent anything at all. */
  readonly heard: (client: string) => boolean
}

function rowOf(clients: readonly string[], {writes, lost, found, span, heard}: Sources): DriverRow {
  const wrote = clients.flatMap(client => writes.get(client) ?? [])
  const attempts = wrote.reduce((sum, one) => sum + one.acknowledged.length + one.others.length, 0)
  const outages = clients.map(client => outageOf(writes.get(client)?.acknowledged ?? [], span))
  const over = outages.flatMap(one => (typeof one === 'number' ? one : []))
  const back = reconnectionsOf(clients, writes, found)
  const reconnections = typeof back === 'string' ? [] : back
  const unanswered = wrote.flatMap(one => one.others)
  const neverBack = outages.filter(one => one === 'never-back').length
  return {
    driver: driverOf(clients[0]!),
    through: wayOf(clients[0]!),
    clients: clients.length,
    outages: over.length,
    outageP50Micros: over.length === 0 ? null : quantile(over, 0.5),
    outageMaxMicros: over.length === 0 ? null : quantile(over, 1),
    reconnectionP50Micros: reconnections.length === 0 ? null : quantile(reconnections, 0.5),
    reconnectionP95Micros: reconnections.length === 0 ? null : quantile(reconnections, 0.95),
    reconnectionMaxMicros: reconnections.length === 0 ? null : quantile(reconnections, 1),
    neverBack,
    attempts,
    failed: unanswered.filter(one => one.outcome === 'fail').length,
    indeterminate: unanswered.filter(one => one.outcome === 'unknown').length,
    errors: counted(unanswered),
    connectionErrors: counted(clients.flatMap(client => lost.get(client) ?? [])),
    says:
      attempts === 0
        ? clients.some(heard)
          ? 'sent no write'
          : 'sent nothing'
        : remarks({outages, over, neverBack, back, span}),
  }
}

/** What a client was without; `silent`: no write of it was acknowledged before the fault, so nobody knows. */
type Outage = Micros | 'none' | 'never-back' | 'silent'

/** The longest time without an acknowledged write that ends after the fault and begins before its mend. */
function outageOf(writes: readonly Attempt[], span: Span | null): Outage {
  if (span === null) return 'none'
  const acknowledged = writes.map(one => one.at)
  const before = acknowledged.filter(at => at <= span.fault)
  if (before.length === 0) return 'silent'
  const pauses = before.slice(1).map((at, index) => at - before[index]!)
  const least = Math.max(shortestOutage, usualPauses * (pauses.length === 0 ? 0 : median(pauses)))
  const last = acknowledged.at(-1)!
  if (last < span.mending && span.end - last > least) return 'never-back'
  let longest = 0
  let since = before.at(-1)!
  for (const at of acknowledged.slice(before.length)) {
    if (since >= span.mending) break
    longest = Math.max(longest, at - since)
    since = at
  }
  return longest > least ? longest : 'none'
}

/** A sentence where there was no failover, or where nobody saw it. A client that had tried nothing before has nothing to come back to. */
function reconnectionsOf(
  clients: readonly string[],
  writes: Sources['writes'],
  found: Failover | string,
): Micros[] | string {
  if (typeof found === 'string') return found
  const times: Ready = readyOf(found)
  if (readyFor(clients[0]!, times) === null)
    return times.direct === null
      ? 'nobody saw a new primary taking writes'
      : 'nobody saw the proxy routing to a new primary'
  return clients.flatMap(client => {
    const acknowledged = writes.get(client)?.acknowledged ?? []
    const first = acknowledged.find(one => isOnNew(one, found))
    if (first === undefined || !acknowledged.some(one => one.at <= found.t0)) return []
    return Math.max(0, first.at - readyFor(client, times)!)
  })
}

function remarks({
  outages,
  over,
  neverBack,
  back,
  span,
}: {
  outages: readonly Outage[]
  over: readonly Micros[]
  neverBack: number
  back: Micros[] | string
  span: Span | null
}): string | null {
  const silent = outages.filter(one => one === 'silent').length
  const none = outages.filter(one => one === 'none').length
  const parts: string[] = []
  if (span === null) parts.push('no outage: no fault was injected')
  else {
    if (silent > 0) parts.push(`${ofAll(silent, outages)} wrote nothing before the fault`)
    if (neverBack > 0) parts.push(`${ofAll(neverBack, outages)} had not written again at the end`)
    if (none > 0)
      parts.push(over.length === 0 && neverBack === 0 ? 'no outage' : `${ofAll(none, outages)} had no outage`)
  }
  if (typeof back === 'string') parts.push(`no reconnection: ${back}`)
  else if (back.length === 0 && silent < outages.length) parts.push('no write on a new primary was seen')
  return parts.length === 0 ? null : parts.join('; ')
}

function ofAll(some: number, all: readonly unknown[]): string {
  return all.length === 1 ? 'it' : `${some} of ${all.length}`
}

function counted(failures: readonly {readonly sqlstate: string | null; readonly error: string | null}[]) {
  const counts = new Map<string, number>()
  for (const one of failures) counts.set(codeOf(one), (counts.get(codeOf(one)) ?? 0) + 1)
  return [...counts]
    .map(([code, count]) => ({code, count}))
    .toSorted((a, b) => b.count - a.count || (a.code < b.code ? -1 : 1))
}
