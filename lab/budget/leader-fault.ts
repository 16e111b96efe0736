/** The faults of a leader that the model knows, and what is known about one of them in a run. */
import {clusterOf, within} from '../topology/clusters.ts'
import {type HostName, hostsWith, type Topology} from '../topology/topology.ts'
import type {Micros} from '../words/quantity.ts'
import type {Bounds} from './variable.ts'

/** What may befall a leader. "The leader died" is several different faults, and each has its own timing. */
export type LeaderFault =
  /** Its machine is gone: nothing answers any more. */
  | 'host-killed'
  /** All its processes are frozen: connections are accepted by the kernel and never answered. */
  | 'host-paused'
  /** Only Patroni is dead: its port refuses, PostgreSQL lives on. */
  | 'patroni-killed'
  /** Only Patroni is frozen: its port accepts and never answers, PostgreSQL lives on. */
  | 'patroni-frozen'
  /** It reaches no etcd; everybody else still reaches it. */
  | 'cut-from-etcd'
  /** It reaches nobody, and nobody reaches it. */
  | 'isolated'
  /** An orderly stop of its Patroni, or of its whole host. */
  | 'stopped'
  /** The operator's switchover, or failover while there is a healthy leader. */
  | 'switchover'
  /** Only PostgreSQL is dead; its Patroni notices at its next loop. */
  | 'postgres-killed'

/** What is known about one fault of a leader. */
export interface FaultFacts {
  readonly fault: LeaderFault
  /** How long before the fault the lease was last refreshed; a little below zero when the call overtook a refresh. */
  readonly refreshAge: Micros | null
  /**
   * What befell etcd's leader. died: it was struck as well. changed: it moved for another reason. `newTerm`: when its
   * successor's term began, after the fault.
   */
  readonly etcd:
    | {readonly leader: 'elsewhere' | 'unknown'}
    | {readonly leader: 'died' | 'changed'; readonly newTerm: Bounds | null}
  /** Etcd elected a leader while the key was free or its new holder not promoted; absent: not known. */
  readonly electedInRace?: boolean
  /** How long the call that breaks took: the effect began within. */
  readonly callTook: Micros
  /** Of a cut: whether packets vanish or are refused; absent: not known. */
  readonly cut?: 'drop' | 'reject'
  /** Of a leader without its Patroni: clients go on writing to it past HAProxy; absent: not known. */
  readonly orphanIsWritten?: boolean
  /** Of an isolation: HAProxy still reaches the leader. */
  readonly proxyReaches?: boolean
  /** How long clients wait for an answer; null: for ever; absent: as long as the lab's own do. */
  readonly answerWithinMs?: number | null
  /** The cluster is in maintenance mode (`patronictl pause`). */
  readonly isPaused?: boolean
}

/** How the old leader looks to whoever asks it. */
export type Look = 'silent' | 'hung' | 'refusing' | 'answering' | 'unknown'

export function lookOf({fault, cut}: Pick<FaultFacts, 'fault' | 'cut'>): Look {
  switch (fault) {
    case 'host-killed':
      return 'silent'
    case 'host-paused':
    case 'patroni-frozen':
      return 'hung'
    case 'isolated':
      return cut === 'drop' ? 'silent' : 'unknown'
    case 'patroni-killed':
    case 'stopped':
      return 'refusing'
    case 'cut-from-etcd':
    case 'switchover':
    case 'postgres-killed':
      return 'answering'
  }
}

/** Whether an etcd member on the leader's own host is struck with it. */
export function strikesEtcd(fault: LeaderFault): boolean {
  return fault === 'host-killed' || fault === 'host-paused' || fault === 'isolated'
}

/**
 * A fault that the model knows, or why it knows none: what was done to the leader's host leaves the leader its key for as long as it
 * lasts (`keepsKey`), or is not modelled.
 */
export type Struck =
  | (Pick<FaultFacts, 'cut' | 'proxyReaches'> & {readonly fault: LeaderFault})
  | {readonly why: string; readonly keepsKey?: true}

export function isModelled<S extends Struck>(struck: S): struck is Exclude<S, {why: string}> {
  return 'fault' in struck
}

export const noBounds = 'the timing model has no bounds for such a fault'

/** Whom a host no longer reaches. */
export interface CutOff {
  readonly host: HostName
  /** May name the host itself: its Patroni is then cut from the etcd member beside it. */
  readonly from: readonly HostName[]
  /** Of which it is the client; null: all traffic, whoever asks. */
  readonly service: string | null
  /** Which packets are lost, seen from the host. */
  readonly ways: 'both' | 'out' | 'in'
}

/**
 * What these cuts are to a leader on this host: quorum and proxies decide. A connection that loses its packets one way only hangs
 * as well as one that loses them both ways, so for a cut from etcd alone the way does not matter.
 */
export function struckByCuts(
  lab: Topology,
  host: HostName,
  {cuts, how}: {readonly cuts: readonly CutOff[]; readonly how: 'drop' | 'reject'},
): Struck {
  const topology = within(lab, clusterOf(lab, host))
  const inPart = {why: 'the timing model has no bounds for a cut in part'}
  const own = cuts.filter(one => one.host === host || (one.service === null && one.from.includes(host)))
  const services = [...new Set(own.map(one => one.service))]
  if (
    own.length > 0 &&
    services.every(service => service !== null && service !== 'etcd') &&
    hasQuorum(topology, cuts, host)
  )
    return {
      why: `a cut of ${services.join(' and ')} alone leaves the leader its key: its Patroni still reaches etcd, and refreshes the lease`,
      keepsKey: true,
    }
  if (services.includes('patroni') || own.some(one => one.service === null && one.ways !== 'both')) return inPart
  if (hasQuorum(topology, cuts, host)) return inPart
  const successors = hostsWith(topology, 'patroni').filter(one => one !== host && hasQuorum(topology, cuts, one))
  if (successors.length === 0) return inPart
  const isGone = (other: HostName) => isSevered(cuts, host, other)
  const proxies = hostsWith(topology, 'haproxy')
  if (successors.every(isGone)) return {fault: 'isolated', cut: how, proxyReaches: proxies.some(one => !isGone(one))}
  return [...successors, ...proxies].some(isGone) ? inPart : {fault: 'cut-from-etcd', cut: how}
}

/** One member of etcd does for a client, if that one has a majority with it. */
function hasQuorum(topology: Topology, cuts: readonly CutOff[], host: HostName): boolean {
  const members = hostsWith(topology, 'etcd')
  const reaches = (member: HostName) =>
    !isSevered(cuts, host, member) &&
    !cuts.some(one => one.service === 'etcd' && one.host === host && one.from.includes(member))
  const isOfMajority = (member: HostName) =>
    members.filter(peer => !isSevered(cuts, member, peer, 'etcd-peer')).length > members.length / 2
  return members.some(member => reaches(member) && isOfMajority(member))
}

/** Nothing gets through between the two, or nothing of this service. */
function isSevered(cuts: readonly CutOff[], one: HostName, other: HostName, service: string | null = null): boolean {
  return cuts.some(
    cut =>
      (cut.service === null || cut.service === service) &&
      one !== other &&
      ((cut.host === one && cut.from.includes(other)) || (cut.host === other && cut.from.includes(one))),
  )
}
