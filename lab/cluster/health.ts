/** How the lab is: members as Patroni says, routes as HAProxy says. */

import type {Lab} from '../engine/lab.ts'
import {releaseOf} from '../topology/release.ts'
import {type HostName, hostsWith} from '../topology/topology.ts'
import {parseHaproxyCsv, takesTraffic} from './haproxy-csv.ts'
import {unnamedStandby} from './synchronous.ts'

export interface Member {
  readonly host: HostName
  /** State of the container: running, paused, exited, missing ... */
  readonly container: string
  readonly role: string | null
  readonly state: string | null
  readonly timeline: number | null
  /** Replicas only; null when Patroni doesn't know. */
  readonly lagBytes: number | null
  /** Whether the leader waits for this replica's confirmation; null when the leader does not say. */
  readonly sync: boolean | null
}

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
  readonly leader: HostName | null
  readonly members: readonly Member[]
  readonly routes: readonly Route[]
}

/**
 * Asks every layer once; takes at most twice `withinMs` when hosts do not answer. Every Patroni is asked for itself: what it says of
 * the others (`/cluster`) comes from etcd and is up to a loop old.
 */
export async function health(lab: Lab, withinMs = 1000): Promise<Health> {
  const databases = hostsWith(lab.topology, 'patroni')
  const [containers, observer, answers, routes] = await Promise.all([
    lab.docker.containers(lab.name),
    lab.docker.observer(lab.name),
    Promise.all(databases.map(host => askPatroni(lab, host, withinMs))),
    routesOf(lab, withinMs),
  ])
  const {leads} = releaseOf(lab.topology).patroni
  const stateOf = (host: HostName) => containers.find(one => one.host === host)?.state ?? 'missing'
  const primaries = databases.filter(
    (_, index) => answers[index]?.role === leads && answers[index]?.state === 'running',
  )
  const leader = primaries.length === 1 ? (primaries[0] ?? null) : null
  const end = answers[databases.indexOf(leader ?? '')]?.xlog?.location
  const senders = answers[databases.indexOf(leader ?? '')]?.replication ?? []
  const members = databases.map((host, index): Member => {
    const one = answers[index]
    const replayed = one?.xlog?.replayed_location
    return {
      host,
      container: stateOf(host),
      role: host === leader ? 'leader' : (one?.role ?? null),
      state: one?.replication_state ?? one?.state ?? null,
      timeline: one?.timeline ?? null,
      lagBytes: end === undefined || replayed === undefined ? null : Math.max(0, end - replayed),
      sync: syncOf(senders.find(one => one.application_name === host)?.sync_state),
    }
  })
  const layers = [
    ...(observer?.state === 'running' ? [] : [`the observer is ${sayState(observer?.state ?? 'missing')}`]),
    ...lab.topology.hosts
      .map(({name}) => ({name, state: stateOf(name)}))
      .filter(({state}) => state !== 'running')
      .map(({name, state}) => `the host ${name} is ${sayState(state)}`),
    ...clusterComplaints(members, primaries),
    // Before the routes: the hosts answer a disguised proxy's checks as little as anybody else outside of the lab's network.
    ...(leader === null ? [] : disguised(leader, senders, lab.allocation.addresses)),
    ...(leader === null ? [] : routeComplaints(lab, routes, leader, databases)),
  ]
  const complaints = layers.length > 0 || leader === null ? layers : await standbyComplaints(lab, leader, withinMs)
  return {healthy: complaints.length === 0, complaints, leader, members, routes}
}

/** Asked last, when all else is well: it comes last, too. */
async function standbyComplaints(lab: Lab, leader: HostName, withinMs: number): Promise<string[]> {
  const replicas = hostsWith(lab.topology, 'patroni').filter(host => host !== leader)
  const missing = await unnamedStandby(lab, leader, replicas, withinMs)
  return missing === null ? [] : [missing]
}

function sayState(state: string): string {
  return state === 'exited' ? 'down' : state
}

/**
 * Replicas that come to the leader under another address than their own: then the packets of a host do not meet rules made for it,
 * and a partition lets them through. The engine leaves the MASQUERADE rule of a network behind when it is killed while it removes
 * that; where its machine has bridge-nf-call-iptables, such a rule takes a later network of the same addresses for traffic to
 * the outside.
 */
export function disguised(
  leader: HostName,
  senders: readonly {readonly application_name?: string; readonly client_addr?: string | null}[],
  addresses: Readonly<Record<HostName, string>>,
): string[] {
  const wrong = senders.flatMap(({application_name: host, client_addr: seen}) => {
    const own = host === undefined ? undefined : addresses[host]
    const agrees = own === undefined || seen === undefined || seen === null || seen === own
    return agrees ? [] : [`${host} as ${seen}, not as ${own}`]
  })
  if (wrong.length === 0) return []
  return [
    `${leader} sees ${wrong.join(', and ')}: a NAT rule of the engine's machine rewrites the lab's packets, and no partition would hold; look there for one of a bridge that no longer exists (iptables -t nat -S POSTROUTING), delete it, and raise the lab anew`,
  ]
}

/** pg_stat_replication.sync_state: async, potential, sync or quorum. */
function syncOf(state: string | undefined): boolean | null {
  return state === undefined ? null : state === 'sync' || state === 'quorum'
}

function clusterComplaints(members: readonly Member[], primaries: readonly HostName[]): string[] {
  if (members.every(one => one.role === null)) return ['no Patroni answers yet']
  const [leader, second] = primaries
  if (leader === undefined) return ['the cluster has no leader']
  if (second !== undefined) return [`${primaries.join(' and ')} are primaries at once`]
  const timeline = members.find(one => one.host === leader)?.timeline
  return members
    .filter(one => one.host !== leader)
    .filter(one => !(one.state === 'streaming' && one.timeline === timeline))
    .map(one =>
      one.state === 'streaming'
        ? `${one.host} streams on timeline ${one.timeline ?? '?'}, ${leader} is on ${timeline ?? '?'}`
        : `${one.host} is ${one.state ?? 'not a member yet'}, not streaming from ${leader}`,
    )
}

function routeComplaints(
  lab: Lab,
  routes: readonly Route[],
  leader: HostName,
  databases: readonly HostName[],
): string[] {
  return hostsWith(lab.topology, 'haproxy').flatMap(proxy => {
    const up = (backend: Route['backend']) =>
      routes.filter(one => one.proxy === proxy && one.backend === backend && one.up).map(one => one.server)
    const [primary, replicas] = [up('primary'), up('replicas')]
    if (primary.length !== 1 || primary[0] !== leader)
      return [`${proxy} sends writes to ${primary.join(' and ') || 'nobody'}, the leader is ${leader}`]
    const missing = databases.filter(host => host !== leader && !replicas.includes(host))
    return missing.length > 0 ? [`${proxy} does not send reads to ${missing.join(' and ')} yet`] : []
  })
}

/** GET /patroni, as far as it is used here (Patroni 4.0, `api.py: do_GET_patroni`). */
interface PatroniAnswer {
  readonly role: string
  readonly state: string
  readonly timeline?: number
  /** A replica's, from its own WAL receiver: 'streaming' ... */
  readonly replication_state?: string
  /** The leader's: who streams from it. */
  readonly replication?: readonly {
    readonly application_name?: string
    readonly sync_state?: string
    /** Where its connection comes from; null: a local socket. */
    readonly client_addr?: string | null
  }[]
  readonly xlog?: {readonly location?: number; readonly replayed_location?: number}
}

async function askPatroni(lab: Lab, host: HostName, withinMs: number): Promise<PatroniAnswer | undefined> {
  try {
    return JSON.parse((await lab.ask(host, 'patroni', '/patroni', {withinMs})).body) as PatroniAnswer
  } catch {
    return undefined // down, starting or frozen: the complaint about it says so
  }
}

async function routesOf(lab: Lab, withinMs: number): Promise<Route[]> {
  const all = await Promise.all(
    hostsWith(lab.topology, 'haproxy').map(async proxy => {
      const csv = await lab.ask(proxy, 'stats', '/;csv', {withinMs}).catch(() => undefined)
      if (csv?.code !== 200) return []
      return parseHaproxyCsv(csv.body).flatMap((line): Route[] => {
        const {proxy: backend, server, status} = line
        return backend === 'primary' || backend === 'replicas'
          ? [{proxy, backend, server, up: takesTraffic(status)}]
          : []
      })
    }),
  )
  return all.flat()
}
