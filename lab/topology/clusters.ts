/** The clusters of a topology: whose servers follow one leader, and the scope under which they agree on it in etcd. */
import {type HostName, hostsWith, type Topology} from './topology.ts'

export interface Cluster {
  /** Patroni's: it names the cluster's keys in etcd, `/service/<scope>/leader`. */
  readonly scope: string
  /** Before every scope, e.g. `/service/`. */
  readonly namespace: string
  readonly members: readonly HostName[]
}

/** One today: every host with Patroni is a member of it. Who means that one takes the first. */
export function clusters(topology: Topology): readonly [Cluster, ...Cluster[]] {
  const {scope = 'pgha', namespace = '/service/'} = topology
  return [{scope, namespace, members: hostsWith(topology, 'patroni')}]
}

/** With what every key of a cluster begins. */
export function keyPrefix({scope, namespace}: Pick<Cluster, 'scope' | 'namespace'>): string {
  return `${namespace}${scope}/`
}
