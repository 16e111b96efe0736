/** The race for the key once it is free, and the promotion of whoever won it. */

import {firstCluster} from '../topology/clusters.ts'
import {effectiveTimings, type Timings} from '../topology/timings.ts'
import {hostsWith, type Topology} from '../topology/topology.ts'
import {share} from './hold-out.ts'
import type {Look} from './leader-fault.ts'
import type {SmallTerms} from './small-terms.ts'
import {none, repeated, sum, usually, type Variable} from './variable.ts'

const second = 1_000_000

/** `patroni/ha.py: Ha.fetch_node_status`: GET /patroni of every other member, the old leader too, with timeout=2. */
const patroniProbe = 2.0 * second

/**
 * Another host takes the key. Replicas are woken by their watch (`patroni/dcs/etcd3.py: KVCache._process_event`), and before
 * they race they ask every known member (`ha.py: Ha._is_healthiest_node`). An old leader that answers or refuses costs
 * nothing; one that is silent costs 2 s. An address that nobody has may be answered earlier with "no route to host", so 2 s is
 * the most, not the least.
 */
export function election(look: Look, small: SmallTerms): Variable {
  return sum(probe(look), small.race)
}

function probe(look: Look): Variable {
  if (look === 'refusing' || look === 'answering') return none
  return usually([patroniProbe, patroniProbe], [0, patroniProbe])
}

/** What is left of a host after a reset may refuse, be silent, or answer again. */
export function electionAfterReset(small: SmallTerms): Variable {
  return sum(usually([0, 0], [0, patroniProbe]), small.race)
}

/** Two of five orphans that were written to directly cost a round; more than two in a row were never seen. */
const lostRound = {chance: 0.4, most: 2}

/**
 * An orphan that goes on writing and streaming lets both replicas find the other ahead, and both decline
 * (`ha.py: Ha._is_healthiest_node`, "Wal position of ... is ahead of my wal position"): the next try is a loop later. Static
 * WAL loses no round, nor does a lone candidate; in synchronous mode the orphan starves of acknowledgements itself. HAProxy
 * has taken the orphan out long before, so it is only written to by who goes past HAProxy; not known counts as possible.
 */
export function lostRounds(topology: Topology, orphanIsWritten: boolean | undefined): Variable {
  const candidates = hostsWith(firstCluster(topology), 'patroni').length - 1
  if (candidates < 2 || topology.patroni.synchronousMode !== 'off' || orphanIsWritten === false) return none
  const timings: Timings = effectiveTimings(topology.patroni)
  const each = (timings.loopWaitSeconds + 0.6) * second
  return repeated(each, orphanIsWritten ? lostRound.chance : 0, lostRound.most)
}

/** The key's new holder takes writes (`ha.py: Ha.enforce_primary_role`, then PostgreSQL's own promotion). Replay backlog is taken as small. */
export function promotion({patroni}: Topology, small: SmallTerms): Variable {
  return patroni.synchronousMode === 'off' ? small.promotion : sum(small.promotion, small.syncKey)
}

/**
 * A request that is under way when etcd elects a leader may be carried out and never answered. Patroni gives it up after its share of
 * retry_timeout (`dcs/etcd.py: AbstractEtcdClientWithFailover._calculate_timeouts`), takes the key for not won ("Could not take out TTL lock"),
 * and finds at its next loop that it holds it. Its watch of the key has ended with the request, so nothing wakes it sooner.
 */
export function lostAnswer(topology: Topology): Variable {
  const {retryTimeoutSeconds, loopWaitSeconds} = effectiveTimings(topology.patroni)
  const {eachSeconds} = share(hostsWith(topology, 'etcd').length, retryTimeoutSeconds)
  return usually([0, 0], [0, Math.max(eachSeconds, loopWaitSeconds) * second])
}
