/** Was somebody looking? Silence of an observer that slept, or that one host did not answer, proves nothing. */

import {type HostName, hostsWith, type Topology} from '../topology/topology.ts'
import {type Micros, sayMicros} from '../words/quantity.ts'
import {atRest, etcdAtRest, joined, lengthOf, outside, type Stretch} from './at-rest.ts'
import {type History, of, once} from './history.ts'
import {keyUntold} from './key-untold.ts'
import {blindAfter, linesLost, looked, reportEvery, reported, unlooked} from './looks.ts'
import type {Observer} from './tellers.ts'

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

function serviceOf(who: Observer): 'patroni' | 'haproxy' | 'keepalived' | 'etcd' | 'any' | null {
  if (who === 'postgres' || who === 'patroni' || who === 'watchdog') return 'patroni'
  if (who === 'proxy') return 'haproxy'
  if (who === 'address') return 'keepalived'
  if (who === 'disk') return 'etcd'
  return who === 'logs' ? 'any' : null
}

function hostsWithAny(
  topology: Topology,
  service: 'patroni' | 'haproxy' | 'keepalived' | 'etcd' | 'any',
): readonly HostName[] {
  if (service !== 'any') return hostsWith(topology, service)
  return topology.hosts.filter(one => one.services.some(runs => runs !== 'client')).map(one => one.name)
}

function unseen(history: History, who: Observer, from: Micros, to: Micros, host?: HostName): string | null {
  const seen = sightOf(history, who, host)
  if (seen.length === 0) {
    if (host !== undefined && lengthOf(outside(atRestFor(history, who, host), {from, to})) <= blindAfter) return null
    return `${names[who]} never reported that it was watching${host === undefined ? '' : ` ${host}`}`
  }
  const rest = atRestFor(history, who, host)
  const lost = lacks(history, who, {from, to}, host)
  if (lost !== null) return lost
  // The report of what is going on right now is still to come.
  const gap = outside(seen, {from, to})
    .map(one => lengthOf(outside(rest, one)) - (one.to === to ? reportEvery : 0))
    .reduce((most, one) => Math.max(most, one), 0)
  if (gap <= blindAfter - reportEvery) return null
  return `${names[who]} told nothing${host === undefined ? '' : ` of ${host}`} for ${sayMicros(gap)}`
}

/** What it told is known to be missing from the record, of all the time or of a part of it; null: nothing is. */
export function lacks(
  history: History,
  who: Observer,
  {from, to}: Stretch = {from: Number.NEGATIVE_INFINITY, to: Number.POSITIVE_INFINITY},
  host?: HostName,
): string | null {
  const lost = linesLost(history, who, host).find(one => one.from < to && one.to > from)
  if (lost === undefined) return null
  return `the record lacks what ${names[who]} told${host === undefined ? '' : ` of ${host}`} at ${sayMicros(lost.to)} of the run`
}

/**
 * Why a change of a key may never have been told, whenever it was; null: each was, if late. While no member of etcd answers nothing is
 * told, but each watch goes on at the revision where it stopped: whoever looks again has missed nothing.
 */
export function keyChangesMissed(history: History, from: Micros, to: Micros): string | null {
  const lost = lacks(history, 'etcd', {from, to})
  if (lost !== null) return lost
  if (keyUntold(history).deaf.some(one => one.from < to && one.to > from))
    return `${names.etcd} missed a change of the leader key`
  const last = sightOf(history, 'etcd').at(-1)
  if (last === undefined) return `${names.etcd} never reported that it was watching`
  return to - last.to <= blindAfter ? null : `${names.etcd} told nothing for ${sayMicros(to - last.to)}`
}

/** Who reads its log hears of it also when it is held down; who asks its service does not. */
function atRestFor(history: History, who: Observer, host: HostName | undefined): readonly Stretch[] {
  if (host === undefined) return who === 'etcd' ? etcdAtRest(history) : []
  return atRest(history, host, who === 'logs' ? 'any' : (serviceOf(who) ?? 'any'))
}

interface Memo {
  readonly sight: Map<string, readonly Stretch[]>
}
const memo = once((): Memo => ({sight: new Map()}))

/** When it was watching (this host): what its reports cover, joined where none is missing. In the order of time. */
export function sightOf(history: History, who: Observer, host?: HostName): readonly Stretch[] {
  const key = `${who} ${host ?? ''}`
  const {sight} = memo(history)
  const known = sight.get(key)
  if (known !== undefined) return known
  const seen = told(history, who, host, reported(history, who, host))
  sight.set(key, seen)
  return seen
}

/** Where a change of the leader key is not in the record, the watches were deaf, whatever their reports say. */
function told(
  history: History,
  who: Observer,
  host: HostName | undefined,
  seen: readonly Stretch[],
): readonly Stretch[] {
  if (who !== 'etcd' || host !== undefined) return seen
  return seen.flatMap(one => outside(joined(keyUntold(history).stretches), one))
}

/**
 * For which moments it surely had its eyes open (on this host): as `sightOf`, but one report that is missing counts, and so does one
 * that tells of a long time between two looks. Of several hosts any will do. In the order of time.
 */
export function looksOf(history: History, who: Observer, host?: HostName): readonly Stretch[] {
  const key = `looks ${who} ${host ?? ''}`
  const {sight} = memo(history)
  const known = sight.get(key)
  if (known !== undefined) return known
  const all = told(history, who, host, looked(history, who, host))
  sight.set(key, all)
  return all
}

/** Why what changed only for a moment between `from` and `to`, or once, may not have been told; null: it would have been. */
export function missed(
  history: History,
  who: Observer,
  from: Micros,
  to: Micros,
  hosts: readonly HostName[] | null = hostsOf(history, who),
): string | null {
  for (const host of hosts ?? [undefined]) {
    const lost = lacks(history, who, {from, to}, host)
    if (lost !== null) return lost
    const rest = atRestFor(history, who, host)
    const gap = outside(looksOf(history, who, host), {from, to})
      .map(one => lengthOf(outside(rest, one)) - (one.to === to ? reportEvery : 0))
      .reduce((most, one) => Math.max(most, one), 0)
    if (gap > unlooked)
      return `${names[who]} told nothing${host === undefined ? '' : ` of ${host}`} for ${sayMicros(gap)}`
  }
  return null
}

export const names: Readonly<Record<Observer, string>> = {
  runner: 'the runner',
  clients: 'the agent of the clients',
  etcd: 'the watch on etcd',
  patroni: "the probe of Patroni's API",
  postgres: 'the probe of PostgreSQL',
  proxy: 'the probe of HAProxy',
  address: 'the probe of the virtual address',
  engine: "the watch on the engine's events",
  logs: "the watch on the hosts' logs",
  watchdog: 'the probe of the watchdogs',
  disk: "the probe of etcd's disk",
  room: "the watch on the room of the engine's disk",
}
