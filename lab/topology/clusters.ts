/** The clusters of a topology: whose servers follow one leader, and the scope and the etcd in which they agree on it. */
import {type HostName, hostsWith, portNumber, type Topology} from './topology.ts'

export interface Cluster {
  /** Patroni's: it names the cluster's keys in etcd, `/service/<scope>/leader`. */
  readonly scope: string
  /** Before every scope, e.g. `/service/`. */
  readonly namespace: string
  readonly members: readonly HostName[]
  /** It was raised as a Patroni standby cluster: its leader follows the first cluster, and nobody in it takes writes. */
  readonly standby?: true
}

/** The first one, which has every host that no other has (the clients' too), and behind it the standby cluster. */
export function clusters(topology: Topology): readonly [Cluster, ...Cluster[]] {
  const {scope = 'pgha', namespace = '/service/', standbyCluster} = topology
  const first = {scope, namespace, members: hostsWith(firstCluster(topology), 'patroni')}
  if (standbyCluster === undefined) return [first]
  const members = hostsWith(topology, 'patroni').filter(host => standbyCluster.hosts.includes(host))
  return [first, {scope: standbyCluster.scope, namespace, members, standby: true}]
}

/** Whether a key is the first one's: the other's leader is no leader of the run. */
export function isOfFirst(topology: Topology | undefined, {scope}: Pick<Cluster, 'scope'>): boolean {
  return topology?.standbyCluster?.scope !== scope
}

/** That of a host: whichever it belongs to, whatever runs there. */
export function clusterOf(topology: Topology, host: HostName): Cluster {
  const [first, standby = first] = clusters(topology)
  return topology.standbyCluster?.hosts.includes(host) === true ? standby : first
}

/** Whether two hosts are of one cluster: a proxy leads nobody to the servers of another one. */
export function areTogether(topology: Topology | undefined, one: HostName, other: HostName): boolean {
  const hosts = topology?.standbyCluster?.hosts ?? []
  return hosts.includes(one) === hosts.includes(other)
}

/** A topology as its first cluster knows it: of its own hosts alone. Who means the cluster asks this one for its hosts. */
export function firstCluster(topology: Topology): Topology {
  const {standbyCluster, ...own} = topology
  if (standbyCluster === undefined) return topology
  return {...own, hosts: topology.hosts.filter(({name}) => !standbyCluster.hosts.includes(name))}
}

/** The same of any of its clusters. */
export function within(topology: Topology, {scope}: Pick<Cluster, 'scope'>): Topology {
  const {standbyCluster, ...own} = topology
  if (standbyCluster?.scope !== scope) return firstCluster(topology)
  return {...own, scope, hosts: topology.hosts.filter(({name}) => standbyCluster.hosts.includes(name))}
}

/** The slot through which a cluster follows another one: whichever of the two takes writes has it. */
export const followersSlot = 'standby_cluster'

/** Patroni's `standby_cluster` of a cluster that follows. */
export type Following = Readonly<Record<'host' | 'primary_slot_name', string>> & {readonly port: number}

/**
 * Where a standby cluster finds the server that it follows: among the other one's members, of which Patroni asks for the one that takes
 * writes (4.0, `postgresql/config.py: build_recovery_params`). Not through a proxy: HAProxy may hold a connection open to a server that
 * has just died, and a WAL receiver that waits to be let in waits for ever (PostgreSQL 17, `libpqwalreceiver.c: libpqrcv_connect`).
 */
export function following(
  topology: Topology,
  {members}: Pick<Cluster, 'members'>,
  addresses: Readonly<Record<HostName, string>>,
): Following {
  return {
    host: members.map(host => addresses[host]).join(','),
    port: portNumber(topology, 'postgres'),
    // Patroni asks for the one that takes writes only where a slot is named.
    primary_slot_name: followersSlot,
  }
}

/** With what every key of a cluster begins. */
export function keyPrefix({scope, namespace}: Pick<Cluster, 'scope' | 'namespace'>): string {
  return `${namespace}${scope}/`
}
