/** The cluster that a fault is about, in a lab with more than one. */
import type {Lab} from '../engine/lab.ts'
import {clusterOf} from '../topology/clusters.ts'
import type {HostName} from '../topology/topology.ts'
import {LabError} from '../words/errors.ts'

/**
 * The lab as the cluster of these hosts: its members, its etcd, its keys. Of nobody: the first.
 * @throws LabError `no-target` when they are not of one cluster.
 */
export function clusterWith(lab: Lab, hosts: readonly HostName[]): Lab {
  const all = hosts.map(host => clusterOf(lab.topology, host))
  const [first = clusterOf(lab.topology, ''), ...others] = all
  const other = others.find(one => one.scope !== first.scope)
  if (other === undefined) return lab.of(first)
  throw new LabError(
    'no-target',
    `this is done to one cluster, and \`on\` means hosts of two: ${hosts.join(', ')} (${first.scope} and ${other.scope})`,
    {hint: 'name hosts of one of them, such as `on: all` or `on: standby-cluster`'},
  )
}

/** For a mend of a cluster's configuration: a member of the standby cluster, where it is that one's; null for the first's. */
export function ofStandby(lab: Lab, hosts: readonly HostName[]): HostName | null {
  const [host = ''] = hosts
  return clusterOf(lab.topology, host).standby === true ? host : null
}
