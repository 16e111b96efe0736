/** Who may take over from whom, by the tags of a lab's members and its replication mode. */
import {firstCluster} from './clusters.ts'
import {neverLeads, neverSynchronous} from './kept.ts'
import {type HostName, hostsWith, type Topology} from './topology.ts'

/** Members of the first cluster that may lead. */
export function mayLead(topology: Topology): readonly HostName[] {
  return hostsWith(firstCluster(topology), 'patroni').filter(host => !neverLeads(topology.tags?.[host]))
}

/** Of a synchronous cluster only a synchronous standby takes over (Patroni, ha.py: is_healthiest_node). */
function successorsOf(topology: Topology, leader: HostName): readonly HostName[] {
  const isSynchronous = topology.patroni.synchronousMode !== 'off'
  return mayLead(topology).filter(
    host => host !== leader && !(isSynchronous && neverSynchronous(topology.tags?.[host])),
  )
}

/** Why nobody takes over, whoever leads; null: somebody may. */
export function withoutSuccessor(topology: Topology): string | null {
  if (hostsWith(firstCluster(topology), 'patroni').length < 2) return 'there is no replica that could take over'
  const leaders = mayLead(topology)
  if (leaders.length === 0) return 'nobody may lead: every member has a tag that forbids it'
  if (leaders.length === 1) return `nobody else may lead: all members but ${leaders[0]} have a tag that forbids it`
  return leaders.some(leader => successorsOf(topology, leader).length > 0)
    ? null
    : 'nobody else may take over: in synchronous mode a synchronous standby does, and tags keep all members from being one'
}

/** Leaders of whom nobody may take over, where of others somebody may; each a sentence. */
export function successionDoubts(topology: Topology): readonly string[] {
  if (withoutSuccessor(topology) !== null) return []
  const alone = mayLead(topology).filter(leader => successorsOf(topology, leader).length === 0)
  return alone.map(
    leader =>
      `While ${leader} leads, nobody else may take over (tags of the others): these times are not those of its loss.`,
  )
}
