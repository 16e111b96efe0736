/** Whether a scenario's faults leave etcd without a majority: that follows from which hosts of a lab run it, and from no number of them. */
import {faults} from '../faults/index.ts'
import {stills} from '../history/at-rest.ts'
import {firstCluster} from '../topology/clusters.ts'
import {hostsWith, type Topology} from '../topology/topology.ts'
import {onHosts} from './foreseen.ts'
import type {Scenario} from './index.ts'

/** Why a scenario that says `quorum: lost` proves nothing on this lab; null: it does, or says no such thing. */
export function quorumKept({needs, steps}: Pick<Scenario, 'needs' | 'steps'>, topology: Topology): string | null {
  if (needs.quorum === undefined) return null
  const cluster = firstCluster(topology)
  const members = hostsWith(cluster, 'etcd')
  const mend = steps.findIndex(step => step.do === 'heal')
  const strikes = steps.slice(0, mend === -1 ? undefined : mend).flatMap(step => {
    const fault = step.do === 'inject' ? faults[step.fault] : undefined
    const on = step.do === 'inject' ? onHosts(step, cluster) : null
    if (step.do !== 'inject' || fault === undefined || on === null) return []
    return fault.strikes(fault.params.parse(step.params), {on, from: null, topology: cluster})
  })
  const left = members.filter(host => !strikes.some(strike => stills(strike, host, 'etcd')))
  if (left.length * 2 <= members.length) return null
  return `what it breaks leaves ${left.length} of ${members.length} members of etcd here (${left.join(', ')}), a majority, and it is about what comes without one`
}
