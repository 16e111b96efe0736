/** When a host, or a service on it, did nothing at all that anybody could have missed: dead, frozen, or held down. */

import {firstCluster} from '../topology/clusters.ts'
import {bootSeconds} from '../topology/timings.ts'
import {type HostName, hostsWith} from '../topology/topology.ts'
import type {Micros} from '../words/quantity.ts'
import {clockSet} from './disturbances.ts'
import type {Of} from './event.ts'
import {type History, of, once} from './history.ts'
import type {Strike} from './strike.ts'

export interface Stretch {
  readonly from: Micros
  readonly to: Micros
}

const memo = once((): Map<string, readonly Stretch[]> => new Map())

/**
 * As the engine said it of its container, and as faults said it whose proof saw that they took hold. In the order of time; one
 * that has not ended has no end.
 * @param service that did nothing; of `any` only the host as a whole counts.
 */
export function atRest(history: History, host: HostName, service: string): readonly Stretch[] {
  const known = memo(history)
  const key = `${host} ${service}`
  const found =
    known.get(key) ??
    joined([
      ...byEngine(history, host),
      ...byFaults(history, host, service),
      ...(service === 'haproxy' ? [...booting(history, host), ...byRefusals(history, host)] : []),
    ])
  known.set(key, found)
  return found
}

/** When every member of the (first) cluster's etcd did nothing: no key can have changed then, and nobody can have missed that one did. */
export const etcdAtRest = once((history): readonly Stretch[] => {
  const topology = of(history, 'run-started')[0]?.topology
  if (topology === undefined) return []
  const [first = [], ...others] = hostsWith(firstCluster(topology), 'etcd').map(host => atRest(history, host, 'etcd'))
  return others.reduce((all, own) => all.flatMap(one => outside(outside(own, one), one)), first)
})

/** What the engine told of the host's container, in the order of time; nothing when its clock was set, as nobody knows then what came when. */
export function toldByEngine(history: History, host: HostName): readonly Of<'container'>[] {
  return clockSet(history) === null ? of(history, 'container').filter(one => one.host === host) : []
}

function byEngine(history: History, host: HostName): Stretch[] {
  const rests: {from: Micros; to: Micros}[] = []
  let down: Micros | undefined
  for (const one of toldByEngine(history, host)) {
    if (one.action === 'die' || one.action === 'pause') down ??= one.at
    else if ((one.action === 'start' || one.action === 'unpause') && down !== undefined) {
      rests.push({from: down, to: one.at})
      down = undefined
    }
  }
  return down === undefined ? rests : [...rests, {from: down, to: Number.POSITIVE_INFINITY}]
}

/**
 * A host that its watchdog has reset is cut from the network while it boots, and runs nothing: its proxy leads nobody anywhere. Whoever
 * answered meanwhile knows better. (What its PostgreSQL did is told by the timeline that it comes back with: `servers-seen.ts`.)
 */
function booting(history: History, host: HostName): Stretch[] {
  const topology = of(history, 'run-started')[0]?.topology
  if (topology === undefined) return []
  const told = toldByEngine(history, host)
  return of(history, 'watchdog').flatMap(fired => {
    if (fired.host !== host || fired.state !== 'fired') return []
    const died = told.find(one => one.action === 'die' && one.at >= fired.at)
    const start = told.find(one => one.action === 'start' && died !== undefined && one.at >= died.at)
    if (died === undefined || start === undefined || died.at - fired.at > soonAfter) return []
    const answered = of(history, 'watching').find(
      one => one.host === host && one.who !== 'logs' && one.samples > one.failures && one.at - aReport > start.at,
    )
    const to = Math.min(
      start.at + bootSeconds(topology) * 1_000_000,
      (answered?.at ?? Number.POSITIVE_INFINITY) - aReport,
    )
    return [{from: start.at, to}]
  })
}

/** Between the reset and the engine's word that the container has ended. */
const soonAfter: Micros = 3_000_000

/** A report tells of the second before it. */
const aReport: Micros = 1_100_000

/**
 * HAProxy binds all its ports at once and lets go of them at once: while nobody listens at that of its statistics, it leads nobody
 * anywhere. It ends long before the host does that is shut down.
 */
function byRefusals(history: History, host: HostName): Stretch[] {
  const reports = of(history, 'watching').filter(one => one.who === 'proxy' && one.host === host)
  return reports.flatMap(({at, samples, refused = 0, worstMicros}, index) => {
    if (samples === 0 || refused !== samples || worstMicros > aReport) return []
    return [{from: Math.max(at - aReport, reports[index - 1]?.at ?? Number.NEGATIVE_INFINITY), to: at}]
  })
}

function byFaults(history: History, host: HostName, service: string): Stretch[] {
  return of(history, 'fault-injecting').flatMap(({id, strike}) => {
    if (!stills(strike, host, service)) return []
    const proofs = of(history, 'fault-proof').filter(one => one.id === id)
    const [first] = proofs
    if (first === undefined || proofs.some(one => !one.holds)) return []
    return {from: first.at, to: endOf(history, id, host)}
  })
}

/** The service of the host does nothing at all while the fault is in force. */
export function stills({dead, frozen, down}: Strike, host: HostName, service: string): boolean {
  return (
    dead?.includes(host) === true ||
    frozen?.includes(host) === true ||
    down?.some(one => one.host === host && one.service === service) === true
  )
}

/** Its mend, or whoever else started the host again. */
function endOf(history: History, id: string, host: HostName): Micros {
  const mending = of(history, 'fault-mending').find(one => one.id === id && (one.mend.host ?? host) === host)
  const injected = of(history, 'fault-injecting').find(one => one.id === id)!
  const started = toldByEngine(history, host).find(
    one => one.at > injected.at && (one.action === 'start' || one.action === 'unpause'),
  )
  const lost = of(history, 'fault-lost').find(one => one.id === id)
  return Math.min(...[mending, started, lost].map(one => one?.at ?? Number.POSITIVE_INFINITY))
}

/** In order, without overlaps. */
export function joined(stretches: readonly Stretch[]): readonly Stretch[] {
  const found: {from: Micros; to: Micros}[] = []
  for (const {from, to} of stretches.toSorted((a, b) => a.from - b.from)) {
    const last = found.at(-1)
    if (last && from <= last.to) last.to = Math.max(last.to, to)
    else found.push({from, to})
  }
  return found
}

/** What is left of a stretch without these, which are in order and do not overlap. */
export function outside(rests: readonly Stretch[], {from, to}: Stretch): Stretch[] {
  const left: Stretch[] = []
  let since = from
  for (const one of rests) {
    if (one.to <= since) continue
    if (one.from >= to) break
    if (one.from > since) left.push({from: since, to: one.from})
    since = Math.max(since, one.to)
  }
  return since < to ? [...left, {from: since, to}] : left
}

export function lengthOf(stretches: readonly Stretch[]): Micros {
  return stretches.reduce((sum, {from, to}) => sum + to - from, 0)
}
