/**
 * The timing model of one fault of a leader: its phases, each a variable, put together from the parts in this folder. Read
 * from the sources of Patroni 4.0, etcd 3.5 and HAProxy 3.0 (each part names its file and function) and compared with
 * measured runs.
 */

import {firstCluster} from '../topology/clusters.ts'
import {mayLead, withoutSuccessor} from '../topology/succession.ts'
import {effectiveTimings, isWatchdogUnusable, type Timings, watchdogTimeoutSeconds} from '../topology/timings.ts'
import {hostsWith, type Topology} from '../topology/topology.ts'
import {firstWrite, freed} from './client.ts'
import {holdOut} from './hold-out.ts'
import {crashRelease, stopRelease, switchoverRelease} from './key-release.ts'
import {type FaultFacts, type Look, lookOf} from './leader-fault.ts'
import {basisOf, type Lease, leaseAt, leaseExpiry, loopDue} from './lease.ts'
import {serverDown, serverUp} from './proxy.ts'
import {election, electionAfterReset, lostAnswer, lostRounds, promotion} from './race.ts'
import {type SmallTerms, smallTerms} from './small-terms.ts'
import {between, earliest, either, fixed, latest, none, sum, type Variable} from './variable.ts'
import {reset} from './watchdog.ts'

const second = 1_000_000
const ms = 1000

/**
 * demotion: the old leader stops taking writes by itself. reset: its watchdog resets the host. restart: PostgreSQL takes writes
 * again where it was. oldServerDown / newServerUp: HAProxy's view. keyGone: the leader key is gone, because its lease ran out or
 * because its holder gave it up. election: another host holds it. promotion: that host takes writes. firstWrite: a client's write is
 * acknowledged again. Of a virtual address whose holder is lost, addressMoves: another host has it (VRRP). wayIn: a client has a new
 * connection through it (ARP, and what that client had under way). firstRead: a read is answered again.
 */
export type Phase =
  | 'demotion'
  | 'reset'
  | 'restart'
  | 'oldServerDown'
  | 'keyGone'
  | 'election'
  | 'promotion'
  | 'newServerUp'
  | 'firstWrite'
  | 'addressMoves'
  | 'wayIn'
  | 'firstRead'

/** What each is called, and what where there is little room. */
const phaseLabels: Readonly<Record<Phase, {readonly label: string; readonly short: string}>> = {
  demotion: {label: 'demotion of the old leader', short: 'demoted'},
  reset: {label: 'reset by the watchdog', short: 'reset'},
  restart: {label: 'restart in place', short: 'restarted'},
  oldServerDown: {label: 'HAProxy: old server down', short: 'proxy down'},
  keyGone: {label: 'lease expiry', short: 'lease over'},
  election: {label: 'election', short: 'new leader'},
  promotion: {label: 'promotion', short: 'promoted'},
  newServerUp: {label: 'HAProxy: new server up', short: 'proxy up'},
  firstWrite: {label: 'first acknowledged write', short: 'first write'},
  addressMoves: {label: 'VRRP: the address has moved', short: 'address moved'},
  wayIn: {label: 'ARP: a new connection', short: 'connected'},
  firstRead: {label: 'first acknowledged read', short: 'first read'},
}

/** A key that its holder gives up does not wait for its lease. */
export function phaseLabel(phase: Phase, key?: FaultModel['key']): string {
  return phase === 'keyGone' && key === 'given-up' ? 'release of the key' : phaseLabels[phase].label
}

export function shortPhase(phase: Phase): string {
  return phaseLabels[phase].short
}

interface PhaseModel {
  readonly phase: Phase
  /** After the fault. */
  readonly at: Variable
  /** After the phase that it waits for. */
  readonly took: Variable
}

export interface FaultModel {
  readonly takesOver: boolean
  /** Why the key goes: `stays` where no replica takes over. */
  readonly key: 'expires' | 'given-up' | 'stays'
  /** In the order in which they mostly happen. */
  readonly phases: readonly PhaseModel[]
  /** When clients behind the proxy can no longer write, and for how long. */
  readonly outage: {readonly begins: Variable; readonly length: Variable}
  /** From the last moment at which the old leader takes writes (through HAProxy, where nothing else stops it) to the first of the new one. Negative: both at once. */
  readonly margin: {readonly length: Variable; readonly until: string} | null
  /** 'run': from this run's last lease refresh or etcd term. 'distribution': any moment of the HA loop. */
  readonly basis: 'run' | 'distribution'
  /** One sentence on the basis. */
  readonly says: string
}

/** A fault that ends in no failover and in no recovery of the model's, with the reason. */
export interface NoModel {
  readonly why: string
}

/** Everything that a fault's model is made from. The lease and the small terms are one and the same wherever they are used. */
interface Parts {
  readonly topology: Topology
  readonly facts: FaultFacts
  readonly timings: Timings
  readonly look: Look
  readonly lease: Lease
  /** From the fault to the leader's next HA loop. */
  readonly due: Variable
  readonly small: SmallTerms
}

export function modelOf(lab: Topology, facts: FaultFacts): FaultModel | NoModel {
  const topology = firstCluster(lab)
  const why = whyNot(topology, facts)
  if (why !== null) return {why}
  const timings = effectiveTimings(topology.patroni)
  const lease = leaseAt(facts, timings)
  const due = loopDue(lease, timings)
  const parts: Parts = {topology, facts, timings, look: lookOf(facts), lease, due, small: smallTerms()}
  switch (facts.fault) {
    case 'host-killed':
    case 'host-paused':
      return gone(parts)
    case 'patroni-killed':
    case 'patroni-frozen':
      return orphaned(parts)
    case 'cut-from-etcd':
    case 'isolated':
      return cutOff(parts)
    case 'stopped':
      return stopped(parts)
    case 'switchover':
      return switchedOver(parts)
    case 'postgres-killed':
      return crashed(parts)
  }
}

function whyNot(topology: Topology, {fault, isPaused = false}: FaultFacts): string | null {
  // Whom an operator names takes over also then.
  if (isPaused && fault !== 'switchover')
    return 'the cluster is paused: until `patronictl resume` Patroni promotes nobody and starts no PostgreSQL by itself (global_config.py: is_paused)'
  const alone = withoutSuccessor(topology)
  if (alone !== null && (fault !== 'postgres-killed' || mayLead(topology).length === 0)) return alone
  if (isWatchdogUnusable(topology.patroni))
    return 'the watchdog is required, and it would fire sooner than after a loop_wait, so Patroni does without one and nobody can lead'
  if (fault === 'cut-from-etcd' && topology.patroni.failsafeMode)
    return 'failsafe_mode is on and every member answers, so the leader stays (ha.py: Ha.check_failsafe_topology)'
  const etcd = hostsWith(topology, 'etcd')
  const struck = hostsWith(topology, 'patroni').some(host => etcd.includes(host)) ? 1 : 0
  const lost = fault === 'host-killed' || fault === 'host-paused' || fault === 'isolated'
  if (lost && etcd.length - struck < Math.floor(etcd.length / 2) + 1)
    return `etcd has no quorum without the leader's host (${etcd.length - struck} of ${etcd.length} ${etcd.length === 1 ? 'member' : 'members'} left), so the key cannot expire and nobody can be promoted`
  return null
}

/** Nothing of the old leader does anything any more. */
function gone(parts: Parts): FaultModel {
  const {facts, look, small} = parts
  return takeover(parts, {
    ...expiry(parts),
    race: election(look, small),
    down: serverDown(parts.topology.haproxy, look, facts.callTook, small),
    writesEnd: [none],
    isMute: true,
  })
}

/** Patroni is gone and PostgreSQL is not: nobody stops it but HAProxy, and the watchdog where there is one. */
function orphaned(parts: Parts): FaultModel {
  const {topology, facts, look, lease, small} = parts
  const down = serverDown(topology.haproxy, look, facts.callTook, small)
  const timeoutSeconds = watchdogTimeoutSeconds(topology.patroni)
  if (timeoutSeconds === null)
    return takeover(parts, {
      ...expiry(parts),
      race: sum(election(look, small), lostRounds(topology, facts.orphanIsWritten)),
      down,
      writesEnd: [down],
      // With its sessions left alone, HAProxy stops nobody: the last write of the old leader has no bound.
      ...(topology.haproxy.onMarkedDown === 'none'
        ? {}
        : {last: {at: down, says: 'HAProxy takes it out; nobody stops who writes past HAProxy'}}),
    })
  const resetAt = reset(timeoutSeconds, lease, small)
  return takeover(parts, {
    ...expiry(parts, resetAt),
    race: electionAfterReset(small),
    down,
    writesEnd: [down, resetAt],
    first: [{phase: 'reset', at: resetAt, took: resetAt}],
    last: {at: resetAt, says: 'its watchdog resets the host'},
  })
}

/**
 * The leader cannot refresh its lease, and demotes itself once it has held out (`hold-out.ts`). Whoever still reaches it gets an
 * answer. With failsafe_mode an isolated leader first asks every member, 2 s and one retry each (`ha.py: check_failsafe_topology`).
 */
function cutOff(parts: Parts): FaultModel {
  const {topology, facts, timings, look, due, small} = parts
  const members = hostsWith(topology, 'etcd').length
  const failsafe = topology.patroni.failsafeMode ? between(0, 4 * second) : none
  const round = holdOut(members, timings.retryTimeoutSeconds, facts.cut)
  const demotion = sum(due, round, anotherRound(parts, round), failsafe, small.sessionsEnd)
  const reached = facts.fault === 'cut-from-etcd' || facts.proxyReaches === true
  return takeover(parts, {
    ...expiry(parts),
    race: election(look, small),
    down: reached
      ? sum(demotion, stopReturns(small), serverDown(topology.haproxy, 'answering', 0, small))
      : serverDown(topology.haproxy, look, facts.callTook, small),
    writesEnd: reached ? [demotion] : [none],
    isMute: !reached,
    first: [{phase: 'demotion', at: demotion, took: demotion}],
    last: {at: demotion, says: 'it demotes itself'},
  })
}

/**
 * `/primary` answers 200 until the stop of PostgreSQL has returned, and a PostgreSQL that is not gone at once is looked at again
 * a second later (`ha.py: Ha.demote -> set_is_leader(False)`, `postgresql/__init__.py: STOP_POLLING_INTERVAL`).
 */
function stopReturns(small: SmallTerms): Variable {
  return sum(between(0, second), small.slowStop)
}

/**
 * An isolated leader still reaches the etcd member on its own host, which accepts connections and answers nothing, or only that
 * it has no leader. Then a first round may end without a demotion ("No more machines in the cluster", and yet "no action. I am
 * the leader with the lock"), and only the next one demotes: measured 4.3 and 16.7 s at ttl 20, loop_wait 1, retry_timeout 3.
 */
function anotherRound({topology, facts}: Parts, round: Variable): Variable {
  const shared = topology.hosts.some(({services}) => services.includes('etcd') && services.includes('patroni'))
  return facts.fault === 'isolated' && shared ? between(0, round.max + 2.5 * second) : none
}

/** While it stops, its checks hang until its process ends; each may also run into its own time-out first. */
function stopped(parts: Parts): FaultModel {
  const {topology, small} = parts
  const {haproxy} = topology
  const release = stopRelease(small)
  const ended = sum(release.at, small.exit)
  return takeover(parts, {
    ...givenUp(release.at, 'an orderly stop gives the key up itself, whatever is left of the lease'),
    race: sum(small.exit, election('refusing', small)),
    down: either(
      sum(ended, serverDown(haproxy, 'refusing', 0, small)),
      fixed((haproxy.fall - 1) * Math.min(haproxy.fastinterMs, haproxy.checkTimeoutMs) * ms),
    ),
    writesEnd: [release.begins],
  })
}

function switchedOver(parts: Parts): FaultModel {
  const {topology, look, small} = parts
  const release = switchoverRelease(small)
  return takeover(parts, {
    ...givenUp(release.at, 'a switchover gives the key up itself, whatever is left of the lease'),
    race: election(look, small),
    down: sum(release.at, serverDown(topology.haproxy, look, 0, small)),
    writesEnd: [release.begins],
  })
}

/**
 * Nothing wakes the HA loop when PostgreSQL dies, so it is found at the next one. With primary_start_timeout > 0 it is started
 * again where it is (`ha.py: Ha.recover`, "starting primary after failure"): `/primary` stays 200 and HAProxy keeps it up. It
 * starts with the synchronous standbys that it had, and acknowledges nothing before one of them streams again.
 */
function crashed(parts: Parts): FaultModel {
  const {topology, look, lease, due, small} = parts
  const basis = basisOf(lease)
  // With nobody to fail over to it is started where it is (`ha.py: Ha.recover`, is_failover_possible).
  if (topology.patroni.primaryStartTimeoutSeconds === 0 && withoutSuccessor(topology) === null) {
    const release = crashRelease(due, small)
    return takeover(parts, {
      ...givenUp(release, basis.says),
      basis: basis.basis,
      race: election(look, small),
      down: sum(release, serverDown(topology.haproxy, look, 0, small)),
      writesEnd: [none],
    })
  }
  const restart = sum(due, small.restart, small.syncData)
  const write = firstWrite(topology, true, false, small)
  const acknowledged = sum(restart, write)
  return {
    takesOver: false,
    key: 'stays',
    phases: [
      {phase: 'restart', at: restart, took: restart},
      {phase: 'firstWrite', at: acknowledged, took: write},
    ],
    outage: {begins: none, length: acknowledged},
    margin: null,
    ...basis,
  }
}

/** What differs from one takeover to the next. */
interface Takeover {
  readonly key: 'expires' | 'given-up'
  readonly keyGone: Variable
  readonly race: Variable
  /** HAProxy has taken the old server out. */
  readonly down: Variable
  /** What ends the writes of clients behind the proxy: whichever comes first. */
  readonly writesEnd: readonly [Variable, ...Variable[]]
  /** What the old leader, or its watchdog, does meanwhile. */
  readonly first?: readonly PhaseModel[]
  /** The last moment at which the old leader takes writes, where the fault itself does not end them. */
  readonly last?: {readonly at: Variable; readonly says: string}
  /** Sessions with the old leader get no answer any more and do not end by themselves. */
  readonly isMute?: boolean
  readonly basis: FaultModel['basis']
  readonly says: string
}

function expiry({lease, timings, facts, small}: Parts, struck: Variable = none) {
  const {at, basis, says} = leaseExpiry(lease, timings, facts, small, struck)
  return {key: 'expires', keyGone: at, basis, says} as const
}

function givenUp(at: Variable, says: string) {
  return {key: 'given-up', keyGone: at, basis: 'distribution', says} as const
}

/** An orderly stop of a host ends its member of etcd with the key; where etcd's leader is lost otherwise, the lease outlives the election. */
function mayElect(topology: Topology, {fault}: FaultFacts): boolean {
  const etcd = hostsWith(topology, 'etcd')
  return fault === 'stopped' && hostsWith(topology, 'patroni').some(host => etcd.includes(host))
}

function takeover({topology, facts, small}: Parts, path: Takeover): FaultModel {
  const promote = promotion(topology, small)
  const up = serverUp(topology.haproxy, small)
  const write = firstWrite(topology, path.key === 'given-up', true, small)

  // One election loses one answer: before the key is taken, or that it is.
  const lost =
    facts.electedInRace === true || (facts.electedInRace === undefined && mayElect(topology, facts))
      ? lostAnswer(topology)
      : none
  const held = sum(path.keyGone, path.race, lost)
  const writable = sum(held, promote)
  // The client waits for both: a primary that can write, and the proxy's way to it.
  const open = sum(held, latest(promote, up))
  const leaves = path.isMute === true && topology.haproxy.onMarkedDown === 'none'
  const acknowledged = sum(leaves ? latest(open, freed(topology, facts, path.down)) : open, write)
  const down: PhaseModel = {phase: 'oldServerDown', at: path.down, took: path.down}
  const first = path.first ?? []
  return {
    takesOver: true,
    key: path.key,
    phases: [
      ...(path.key === 'expires' ? [...first, down] : first),
      {phase: 'keyGone', at: path.keyGone, took: path.keyGone},
      {phase: 'election', at: held, took: sum(path.race, lost)},
      {phase: 'promotion', at: writable, took: sum(promote, lost)},
      ...(path.key === 'expires' ? [] : [down]),
      // Patroni calls itself no leader before it knows.
      {phase: 'newServerUp', at: sum(held, up), took: sum(up, lost)},
      {phase: 'firstWrite', at: acknowledged, took: write},
    ],
    outage: {
      begins: path.writesEnd.reduce((a, b) => earliest(a, b)),
      // From each of what ends them, and not from whichever is earlier, whose bounds know of nothing in common with the lease. None
      // where the new leader takes writes before the old one has stopped.
      length: path.writesEnd.map(end => acknowledged.minus(end)).reduce((a, b) => latest(a, b), none),
    },
    margin: path.last ? {length: writable.minus(path.last.at), until: path.last.says} : null,
    basis: path.basis,
    says: path.says,
  }
}
