/** What a scenario's faults will be to the leader, before anybody leads. Pure. */

import type {Struck} from '../budget/index.ts'
import {meant, type Roles} from '../cluster/selector.ts'
import {faults} from '../faults/index.ts'
import {endsEtcd, strikes} from '../history/failover.ts'
import type {Scenario, Step} from '../history/scenario-values.ts'
import {firstCluster} from '../topology/clusters.ts'
import {type HostName, hostsWith, type Topology} from '../topology/topology.ts'
import {topologyDuring} from './bind.ts'
import {namedIn} from './params.ts'

/** Before a run nobody has a role: any host may lead. etcd is led from another one, as two times of three. */
function usualRoles(lab: Topology): Roles {
  const topology = firstCluster(lab)
  const [leader = null, ...others] = hostsWith(topology, 'patroni')
  const etcdLeader = hostsWith(topology, 'etcd').find(host => host !== leader) ?? leader
  return {leader, etcdLeader, replicas: others.map((host, index) => ({host, sync: index === 0}))}
}

/** Whom a step means before anybody leads; null: that is not to be foreseen. */
export function onHosts(step: Extract<Step, {do: 'inject'}>, topology: Topology): HostName[] | null {
  const now = usualRoles(topology)
  const each = [step.on].flat().map(word => meant(topology, word, now))
  return each.includes(null) ? null : [...new Set(each.flatMap(hosts => hosts ?? []))]
}

/** What the fault of a step is to the leader; undefined: it strikes others, or whom is not to be foreseen. */
export function strikesLeader(step: Extract<Step, {do: 'inject'}>, topology: Topology): Struck | undefined {
  const fault = faults[step.fault]
  const now = usualRoles(topology)
  const on = onHosts(step, topology)
  if (fault === undefined || on === null) return undefined
  const named = namedIn(fault.params, step.params).map(({word}) => meant(topology, word, now) ?? [])
  const from = named.length === 0 ? null : named.flat()
  return strikes(fault.strikes(fault.params.parse(step.params), {on, from, topology}), now.leader ?? undefined)
}

/** Whether etcd's leader would go with Patroni's if both were on one host, and can be on another one as well. */
export function mayTakeEtcdLeader(scenario: Scenario, topology: Topology): boolean {
  const during = firstCluster(topologyDuring(scenario, topology))
  const members = hostsWith(during, 'etcd')
  const together = hostsWith(during, 'patroni').every(host => members.includes(host))
  if (!together || members.length < 3) return false
  return scenario.steps.some(step => {
    const struck = step.do === 'inject' ? strikesLeader(step, during) : undefined
    return struck !== undefined && endsEtcd(struck, during)
  })
}
