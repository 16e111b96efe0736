/** How the lab is: everything that healthy is made of (`health-parts`), asked at once. */

import type {Lab} from '../engine/lab.ts'
import {clusterOf, clusters} from '../topology/clusters.ts'
import {routeOf} from '../topology/own-haproxy.ts'
import {type HostName, hostsWith} from '../topology/topology.ts'
import type {Hint} from '../words/next-step.ts'
import {badCertificates} from './certificates.ts'
import {etcdMembers} from './etcd-members.ts'
import {objectIn} from './etcd-messages.ts'
import {parseHaproxyCsv, takesTraffic} from './haproxy-csv.ts'
import {following, type LabSeen, parts, type Wrong} from './health-parts.ts'
import {type Member, members} from './members.ts'
import {keysOf} from './synchronous.ts'
import {holdersOf} from './virtual-address.ts'

export interface Route {
  readonly proxy: HostName
  readonly backend: 'primary' | 'replicas'
  readonly server: HostName
  readonly up: boolean
}

/** How a lab is right now; `complaints` are sentences, empty when it is healthy. */
export interface Health {
  readonly healthy: boolean
  /** Empty when healthy; else what is not as it should be, most important first. */
  readonly complaints: readonly string[]
  /** What neither waiting nor any command of ours mends: the first such complaint, and what does. */
  readonly lasting?: {readonly says: string; readonly cure: Hint} | undefined
  /** Of the cluster that takes writes; a standby cluster's is told by its role. */
  readonly leader: HostName | null
  /** Of every cluster. */
  readonly members: readonly Member[]
  readonly routes: readonly Route[]
  /** Who has the virtual address, in a lab that has one. */
  readonly holders?: readonly HostName[]
}

/**
 * Asks every layer once, and writes once when all else is well; takes at most twice `withinMs` (in a lab with TLS thrice) and the time of a write when hosts do
 * not answer.
 */
export async function health(lab: Lab, withinMs = 1000): Promise<Health> {
  const all = await Promise.all(clusters(lab.topology).map(cluster => look(lab.of(cluster), withinMs)))
  const seen = all.find(one => one.primaries.length > 0) ?? all[0]!
  const told: readonly Wrong[] = [...parts.flatMap(part => wrongIn(part, all)), ...following(all).map(says => ({says}))]
  const wrong = told.length > 0 ? told : await unwritable(lab, seen.leader ?? '')
  const [lasting] = wrong.flatMap(({says, cure}) => (cure === undefined ? [] : [{says, cure}]))
  return {
    healthy: wrong.length === 0,
    complaints: wrong.map(one => one.says),
    ...(lasting !== undefined && {lasting}),
    leader: seen.leader,
    members: all.flatMap(one => one.members),
    routes: all.flatMap(one => one.routes),
    ...(lab.topology.keepalived === undefined ? {} : {holders: seen.holders}),
  }
}

const patienceMs = 3000

/**
 * For whoever looks once: where no Patroni at all answered in a second, everybody is asked again with more time. The first questions of a
 * process that has just begun are its slowest, in a lab with TLS on a busy machine above all.
 */
export async function healthOf(lab: Lab, ask: typeof health = health): Promise<Health> {
  const quick = await ask(lab)
  return quick.members.some(one => one.role !== null) ? quick : ask(lab, patienceMs)
}

/** What is wrong of a part, of whichever cluster; where a lab has several, with the name of that which it is about. */
function wrongIn(part: (typeof parts)[number], all: readonly LabSeen[]): Wrong[] {
  const each = all.map(seen => ({
    scope: clusters(seen.topology)[0].scope,
    wrong: part.wrong(seen).map((one): Wrong => (typeof one === 'string' ? {says: one} : one)),
  }))
  const [first, ...others] = each
  if (first === undefined || others.length === 0) return first?.wrong ?? []
  // What is about the whole lab is said of each.
  const isShared = ({says}: Wrong) => each.every(({wrong}) => wrong.some(one => one.says === says))
  return [
    ...first.wrong.filter(isShared),
    ...each.flatMap(({scope, wrong}) =>
      wrong.filter(one => !isShared(one)).map(one => ({...one, says: `in ${scope}, ${one.says}`})),
    ),
  ]
}

async function look(lab: Lab, withinMs: number): Promise<LabSeen> {
  const {topology} = lab
  const [containers, observer, seen, routes, etcd, keys, holders] = await Promise.all([
    lab.docker.containers(lab.name),
    lab.docker.observer(lab.name),
    members(lab, withinMs),
    routesOf(lab, withinMs),
    etcdMembers(lab, withinMs),
    keysOf(lab, withinMs),
    holdersOf(lab),
  ])
  const silent = {
    etcd: etcd.flatMap(({host, says}) => (says === null ? [host] : [])),
    patroni: seen.members.flatMap(({host, role}) => (role === null ? [host] : [])),
  }
  const certificates = await badCertificates(lab, silent, withinMs)
  const hosts = topology.hosts.map(({name: host}) => ({
    host,
    state: containers.find(one => one.host === host)?.state ?? 'missing',
  }))
  return {
    ...{lab: lab.name, topology, hosts, observer: observer?.state ?? 'missing', etcd, keys},
    ...{...seen, addresses: addressesIn(lab), routes, holders, certificates},
    config: keys === null ? null : objectIn(keys.get('config') ?? null),
  }
}

/** Of its own hosts: who comes from another cluster comes through a proxy, under the address of that. */
function addressesIn({topology, allocation}: Lab): LabSeen['addresses'] {
  const own = topology.hosts.flatMap(({name}) => {
    const address = allocation.addresses[name]
    return address === undefined ? [] : [[name, address] as const]
  })
  return Object.fromEntries(own)
}

/** Asked last, when all else is well: whether writes go through every way in is the sum of it, and poolers stand before it. */
async function unwritable(lab: Lab, leader: HostName): Promise<Wrong[]> {
  try {
    // What only reads and draws loads no driver.
    const {firstWrite, throughPoolers} = await import('./first-write.ts')
    await firstWrite(lab.of(clusterOf(lab.topology, leader))).catch(error => {
      throw new Error(`a write through HAProxy does not succeed: ${(error as Error).message}`, {cause: error})
    })
    await throughPoolers(lab)
    return []
  } catch (error) {
    return [{says: (error as Error).message}]
  }
}

async function routesOf(lab: Lab, withinMs: number): Promise<Route[]> {
  const all = await Promise.all(
    hostsWith(lab.topology, 'haproxy').map(async proxy => {
      const csv = await lab.ask(proxy, 'stats', '/;csv', {withinMs}).catch(() => undefined)
      if (csv?.code !== 200) return []
      return parseHaproxyCsv(csv.body).flatMap((line): Route[] => {
        const route = routeOf(lab.topology, line)
        return route === undefined
          ? []
          : [{proxy, backend: route.backend, server: route.host, up: takesTraffic(line.status)}]
      })
    }),
  )
  return all.flat()
}
