/** Was somebody looking? Silence of an observer that slept, or that one host did not answer, proves nothing. */

import {type HostName, hostsWith, type Topology} from '../topology/topology.ts'
import {type Micros, sayMicros} from '../words/quantity.ts'
import {atRest, lengthOf, outside, type Stretch} from './at-rest.ts'
import type {Of} from './event.ts'
import {type History, of, once} from './history.ts'

export type Observer = Of<'watching'>['who']
/** An observer, or whoever reads the tables at the end. */
export type Witness = Observer | 'rows'

/** Observers report once a second; this much without a report is blindness. */
const blindAfter: Micros = 3_000_000

/** A report tells about the second before it. */
export const reportEvery: Micros = 1_100_000

/**
 * Why `who` cannot vouch for the time between `from` and `to`, or null when it can. Who watches hosts has to have seen every host
 * that it is about, but for the time in which that one was at rest (dead, frozen, or its service held down by a fault): then it
 * does nothing that anybody could miss. Of etcd one member that answers is enough: the key is the same for all.
 * @param hosts those that the claim is about, where it is not about all.
 */
export function blind(
  history: History,
  who: Observer,
  from: Micros,
  to: Micros,
  hosts: readonly HostName[] | null = hostsOf(history, who),
): string | null {
  if (hosts === null) return unseen(history, who, from, to)
  if (!of(history, 'watching').some(one => one.who === who)) return `${names[who]} never reported that it was watching`
  for (const host of hosts) {
    const why = unseen(history, who, from, to, host)
    if (why !== null) return why
  }
  return null
}

/** The hosts whose each word an observer needs; null: it is about none in particular, or any of them will do. */
function hostsOf(history: History, who: Observer): readonly HostName[] | null {
  const service = serviceOf(who)
  if (service === null) return null
  const topology = of(history, 'run-started')[0]?.topology
  return topology === undefined ? null : hostsWithAny(topology, service)
}

function serviceOf(who: Observer): 'patroni' | 'haproxy' | 'etcd' | 'any' | null {
  if (who === 'postgres' || who === 'patroni' || who === 'watchdog') return 'patroni'
  if (who === 'proxy') return 'haproxy'
  if (who === 'disk') return 'etcd'
  return who === 'logs' ? 'any' : null
}

function hostsWithAny(topology: Topology, service: 'patroni' | 'haproxy' | 'etcd' | 'any'): readonly HostName[] {
  if (service !== 'any') return hostsWith(topology, service)
  return topology.hosts.filter(one => one.services.some(runs => runs !== 'client')).map(one => one.name)
}

function unseen(history: History, who: Observer, from: Micros, to: Micros, host?: HostName): string | null {
  const seen = sightOf(history, who, host)
  if (seen.length === 0) {
    if (host !== undefined && lengthOf(outside(atRestFor(history, who, host), {from, to})) <= blindAfter) return null
    return `${names[who]} never reported that it was watching${host === undefined ? '' : ` ${host}`}`
  }
  const rest = host === undefined ? [] : atRestFor(history, who, host)
  // The report of what is going on right now is still to come.
  const gap = outside(seen, {from, to})
    .map(one => lengthOf(outside(rest, one)) - (one.to === to ? reportEvery : 0))
    .reduce((most, one) => Math.max(most, one), 0)
  if (gap <= blindAfter - reportEvery) return null
  return `${names[who]} told nothing${host === undefined ? '' : ` of ${host}`} for ${sayMicros(gap)}`
}

/** Who reads its log hears of it also when it is held down; who asks its service does not. */
function atRestFor(history: History, who: Observer, host: HostName): readonly Stretch[] {
  return atRest(history, host, who === 'logs' ? 'any' : (serviceOf(who) ?? 'any'))
}

interface Memo {
  readonly sight: Map<string, Stretch[]>
}
const memo = once((): Memo => ({sight: new Map()}))

/** When it was watching (this host): what its reports cover, joined where none is missing. In the order of time. */
export function sightOf(history: History, who: Observer, host?: HostName): readonly Stretch[] {
  const key = `${who} ${host ?? ''}`
  const {sight} = memo(history)
  let stretches = sight.get(key)
  if (stretches === undefined) {
    stretches = []
    for (const one of of(history, 'watching')) {
      if (one.who !== who || (host !== undefined && one.host !== host)) continue
      if (!isLoop(who) && one.failures > 0 && one.samples <= one.failures) continue
      const last = stretches.at(-1)
      if (last && one.at - last.to <= blindAfter) stretches[stretches.length - 1] = {from: last.from, to: one.at}
      else stretches.push({from: one.at - reportEvery, to: one.at})
    }
    sight.set(key, stretches)
  }
  return stretches
}

/** These report how late they are; that they report at all is the proof that they live. The clients' failures are writes that waited. */
function isLoop(who: Observer): boolean {
  return who === 'runner' || who === 'clients'
}

export const names: Readonly<Record<Observer, string>> = {
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
