/**
 * What a fault says of itself for storms: whom it may hit, with which parameters, for how long, what that takes out of the cluster,
 * and with which others it goes together. Nothing else knows: a storm draws from what the faults say.
 */

import {failoverBounds} from '../budget/index.ts'
import {firstCluster} from '../topology/clusters.ts'
import {hostsWith, type Topology} from '../topology/topology.ts'

/** How many hosts a fault takes out, at the very most, while it is in force. */
export interface Impairs {
  /** Members of etcd that cannot vote. */
  readonly etcd: number
  /** Members of PostgreSQL that could not lead. */
  readonly postgres: number
}

/** Parameters as in a scenario file. */
export type Written = Readonly<Record<string, unknown>>

type Milliseconds = readonly [least: number, most: number]

export interface StormLine {
  /** Selectors. */
  readonly on: readonly string[]
  /** The dice choose one of them; none unless given. */
  readonly params?: readonly Written[]
  /** What tells it from other lines of the fault, where `what`, `shape` or `from` do not. */
  readonly kind?: string
  /** Not in this topology. */
  readonly unless?: (topology: Topology) => boolean
  /** It takes more than a cluster is built to survive, which may then stop, but must break no promise. */
  readonly beyondQuorum?: true
  /** Whether it has to be healed; what a supervisor or Patroni mends, and what is no damage, has not. */
  readonly heals: boolean | ((params: Written) => boolean)
  readonly holdMs: Milliseconds | ((topology: Topology, on: string) => Milliseconds)
  readonly impairs: Impairs | ((topology: Topology) => Impairs)
  /** Whether another leader may be needed afterwards; unless given, when it is on the leader. */
  readonly strikesLeader?: boolean
  /** It takes nothing from the leader but its replicas' company: the leader may be struck while it is in force. */
  readonly sparesLeader?: true
  /** Only when the cluster is whole and nothing else is in force: an operator's request is refused otherwise. */
  readonly alone?: true
  /** It needs nothing from the cluster: what it does to the leader it does to any host, whatever state that is in. */
  readonly blow?: true
  /** The cluster must have been whole for so long before. */
  readonly afterMs?: (topology: Topology) => number
  /**
   * Its place among the lines of all faults, on which it depends what a seed draws. Lines of one place are one choice, and the dice
   * say which. Without it, it comes after those that have one.
   */
  readonly place?: number
}

/**
 * What the proof of a fault needs from the hosts around it. `line`: packets that reach whom they are for. `quick`: hosts that
 * answer at once. `answers`: replicas that answer at all.
 */
export type Company = 'line' | 'quick' | 'answers'

export interface InStorms {
  readonly lines: readonly StormLine[]
  /** What it leaves nobody else while it is in force: a fault that minds cannot show then that it took hold. */
  readonly spoils?: readonly Company[]
  readonly minds?: readonly Company[]
  /** Whoever it stops must go on in time: it is healed before others, and on the leader nothing else comes while it is in force. */
  readonly mustWake?: true
}

export const impairsNobody: Impairs = {etcd: 0, postgres: 0}
export const oneOfPostgres: Impairs = {etcd: 0, postgres: 1}
export const oneOfEtcd: Impairs = {etcd: 1, postgres: 0}

/** Hosts with PostgreSQL may have a member of etcd beside it. */
export function wholeHost(topology: Topology): Impairs {
  const etcd = hostsWith(firstCluster(topology), 'etcd')
  return {etcd: hostsWith(firstCluster(topology), 'patroni').some(host => etcd.includes(host)) ? 1 : 0, postgres: 1}
}

export function wholeHosts(topology: Topology, many: number): Impairs {
  return {etcd: wholeHost(topology).etcd * many, postgres: many}
}

export function seconds(from: number, to: number): Milliseconds {
  return [from * 1000, to * 1000]
}

const longest = new WeakMap<Topology, number>()

/** The longest that a failover takes. Worked out once a topology: each draw asks. */
export function failoverMs(topology: Topology): number {
  const known = longest.get(topology) ?? failoverBounds(topology).total[1] / 1000
  longest.set(topology, known)
  return known
}

/** On the leader from much shorter than a failover to a little longer: what is healed in the middle of one is worth a look, too. */
export function aroundFailover(topology: Topology, on: string): Milliseconds {
  return on === 'leader' ? [3000, Math.min(60_000, Math.round(failoverMs(topology)) + 3000)] : seconds(3, 30)
}

/**
 * A leader that does nothing and cannot be asked goes on taking writes when it wakes, until its Patroni looks; if its key is
 * taken by then there are two. A third of its lease is sure to be over before that.
 */
export function withinLease({patroni}: Topology, on: string): Milliseconds {
  if (on !== 'leader') return seconds(3, 30)
  const {ttlSeconds, loopWaitSeconds} = patroni
  // Right before a refresh a loop of its lease is gone already.
  return [1000, Math.floor(Math.min(ttlSeconds / 3, (ttlSeconds - loopWaitSeconds) / 2) * 1000)]
}

export function isSynchronous({patroni}: Topology): boolean {
  return patroni.synchronousMode !== 'off'
}

export function fewerThan(members: number): (topology: Topology) => boolean {
  return topology => hostsWith(firstCluster(topology), 'patroni').length < members
}
