/** The clusters of a topology: whose servers follow one leader, and the scope under which they agree on it in etcd. */
import {type HostName, hostsWith, type Topology} from './topology.ts'

export interface Cluster {
  /** Patroni's: it names the cluster's keys in etcd, `/service/<scope>/leader`. */
  readonly scope: string
  readonly members: readonly HostName[]
}

/** Before every scope. */
export const namespace = '/service/'

/** One today: every host with Patroni is a member of it. Who means that one takes the first. */
export function clusters(topology: Topology): readonly [Cluster, ...Cluster[]] {
  return [{scope: 'pgha', members: hostsWith(topology, 'patroni')}]
}

/** With what every key of a cluster begins. */
export function keyPrefix({scope}: Pick<Cluster, 'scope'>): string {
  return `${namespace}${scope}/`
}
