/** Who leads and who follows, as every Patroni says of itself. */

import type {Lab} from '../engine/lab.ts'
import {clusters, firstCluster} from '../topology/clusters.ts'
import {releaseOf} from '../topology/release.ts'
import {type HostName, hostsWith} from '../topology/topology.ts'

export interface Member {
  readonly host: HostName
  /** State of the container: running, paused, exited, missing ... */
  readonly container: string
  readonly role: string | null
  readonly state: string | null
  readonly timeline: number | null
  /** Replicas only; null when Patroni doesn't know. */
  readonly lagBytes: number | null
  /** WAL of the leader that it has not even received, by which Patroni says who may take over. */
  readonly missingBytes?: number | null
  /** Who says that this replica streams from it; null: nobody does. */
  readonly source?: HostName | null
  /** Whether the leader waits for this replica's confirmation; null when the leader does not say. */
  readonly sync: boolean | null
}

/** A row of pg_stat_replication. */
export interface Sender {
  readonly application_name?: string
  readonly state?: string
  readonly sync_state?: string
  /** Where its connection comes from; null: a local socket. */
  readonly client_addr?: string | null
}

export interface Members {
  readonly members: readonly Member[]
  /** Who says that it leads, and takes writes. */
  readonly primaries: readonly HostName[]
  /** Who says that it leads a standby cluster. */
  readonly standbyLeaders: readonly HostName[]
  /** null when there is not exactly one who leads, in the one way or the other. */
  readonly leader: HostName | null
  /** Who streams from the leader, as that says. */
  readonly senders: readonly Sender[]
}

/** The role of a leader that takes no writes, because its cluster follows another one (Patroni 4.0, `api.py: get_postgresql_status`). */
const standbyLeads = 'standby_leader'

/**
 * The cluster of a lab that takes writes, as its members say: of a lab with one that is it. Where it is neither or both, the first.
 * @param all of every cluster, in their order, where somebody has asked already.
 */
export async function primaryCluster(lab: Lab, withinMs: number, all?: readonly Members[]): Promise<Lab> {
  const each = clusters(lab.topology)
  if (each.length === 1) return lab
  const seen = all ?? (await Promise.all(each.map(one => members(lab.of(one), withinMs))))
  const found = seen.findIndex(one => one.primaries.length > 0)
  return lab.of(each[Math.max(0, found)]!)
}

/** Asks every Patroni of the (first) cluster for itself: what it says of the others (`/cluster`) comes from etcd and is up to a loop old. */
export async function members(lab: Lab, withinMs: number): Promise<Members> {
  const databases = hostsWith(firstCluster(lab.topology), 'patroni')
  const [containers, answers] = await Promise.all([
    lab.docker.containers(lab.name),
    Promise.all(databases.map(host => askPatroni(lab, host, withinMs))),
  ])
  const {leads, tellsStreaming} = releaseOf(lab.topology).patroni
  const running = (role: string) =>
    databases.filter((_, index) => answers[index]?.role === role && answers[index]?.state === 'running')
  const [primaries, standbyLeaders] = [running(leads), running(standbyLeads)]
  const [first = null, ...others] = primaries.length > 0 ? primaries : standbyLeaders
  const leader = others.length === 0 ? first : null
  const led = answers[databases.indexOf(leader ?? '')]
  const end = led?.xlog?.location ?? led?.xlog?.received_location
  const senders = led?.replication ?? []
  const behind = (position: number | undefined) =>
    end === undefined || position === undefined ? null : Math.max(0, end - position)
  const all = databases.map((host, index): Member => {
    const one = answers[index]
    const {replayed_location: replayed, received_location: received} = one?.xlog ?? {}
    const source = databases.find((_, sender) => isStreaming(answers[sender]?.replication, host)) ?? null
    const heard = tellsStreaming || one?.state !== 'running' || source === null ? one?.state : 'streaming'
    return {
      host,
      container: containers.find(one => one.host === host)?.state ?? 'missing',
      role: host === leader && primaries.length > 0 ? 'leader' : (one?.role ?? null),
      state: one?.replication_state ?? heard ?? null,
      timeline: one?.timeline ?? null,
      lagBytes: behind(replayed),
      source,
      missingBytes: behind(replayed === undefined ? received : Math.max(replayed, received ?? 0)),
      sync: syncOf(senders.find(one => one.application_name === host)?.sync_state),
    }
  })
  return {members: all, primaries, standbyLeaders, leader, senders}
}

function isStreaming(senders: readonly Sender[] = [], host: HostName): boolean {
  return senders.some(one => one.application_name === host && one.state === 'streaming')
}

/** pg_stat_replication.sync_state: async, potential, sync or quorum. */
function syncOf(state: string | undefined): boolean | null {
  return state === undefined ? null : state === 'sync' || state === 'quorum'
}

/** GET /patroni, as far as it is used here (Patroni 3.0 to 4.1, `api.py: do_GET_patroni`). */
interface PatroniAnswer {
  readonly role: string
  readonly state: string
  readonly timeline?: number
  /** A replica's, from its own WAL receiver: 'streaming' ...; since Patroni 3.0.4. */
  readonly replication_state?: string
  /** Who streams from it. */
  readonly replication?: readonly Sender[]
  readonly xlog?: {
    readonly location?: number
    readonly received_location?: number
    readonly replayed_location?: number
  }
}

async function askPatroni(lab: Lab, host: HostName, withinMs: number): Promise<PatroniAnswer | undefined> {
  try {
    return JSON.parse((await lab.ask(host, 'patroni', '/patroni', {withinMs})).body) as PatroniAnswer
  } catch {
    return undefined // down, starting or frozen: the complaint about it says so
  }
}
