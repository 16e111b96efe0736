/**
 * The lease of the leader key. Patroni refreshes it once per HA loop and nowhere else (`patroni/ha.py:
 * Ha.process_healthy_cluster -> update_lock -> dcs/etcd3.py: Etcd3._update_leader -> _do_refresh_lease`), and writes `/status`
 * right after it, which tells a run's own moment. So at a fault the lease is as old as the time since the last loop, and the
 * next loop is due loop_wait after that (`patroni/__main__.py: Patroni.schedule_next_run`: a fixed cadence).
 */

import type {Timings} from '../topology/timings.ts'
import type {FaultFacts} from './leader-fault.ts'
import {refreshSeenLateMicros, type SmallTerms} from './small-terms.ts'
import {type Bounds, between, either, fixed, none, slowMachine, sum, usually, type Variable} from './variable.ts'

const second = 1_000_000

/** etcd `server/lease/lessor.go: runLoop`: expired leases are looked for every 500 ms. */
const etcdScan = 0.5 * second
/** etcd `server/etcdserver/server.go: applyEntryNormal -> lessor.Promote(ElectionTimeout())`: all leases start anew, and 1 s more. */
const etcdExtension = 1.0 * second
/** etcd `raft/raft.go: resetRandomizedElectionTimeout`: 10 to 19 ticks of 100 ms after the last heartbeat; the first of two mostly wins by 1.6 s. */
const etcdElection: Bounds = [0.9 * second, 2.0 * second]
const etcdElectionUsual: Bounds = [1.0 * second, 1.6 * second]

export interface Lease {
  /** How old the lease is at the fault. Negative: refreshed once more while the call that breaks was under way. */
  readonly age: Variable
  /** The age is from this run and not from the whole loop. */
  readonly known: boolean
  /** The next refresh was due just then and may have come. */
  readonly mayBeNewer: boolean
}

export function leaseAt({refreshAge, callTook}: Pick<FaultFacts, 'refreshAge' | 'callTook'>, timings: Timings): Lease {
  const loopWait = timings.loopWaitSeconds * second
  // A refresh can only be told from `/status` when one is where it must be: no longer ago than a loop and a bit.
  if (refreshAge === null || refreshAge > loopWait + second)
    return {age: between(-callTook, loopWait), known: false, mayBeNewer: false}
  // The fault may have come between the next refresh and its `/status`: possible if that refresh was due before the call returned.
  const mayBeNewer = refreshAge + callTook >= loopWait - refreshSeenLateMicros * slowMachine
  const youngest = mayBeNewer ? Math.max(refreshAge - loopWait, -callTook) : refreshAge
  return {age: between(youngest, refreshAge + refreshSeenLateMicros), known: true, mayBeNewer}
}

/** From the fault to the leader's next HA loop. */
export function loopDue(lease: Lease, timings: Timings): Variable {
  return fixed(timings.loopWaitSeconds * second).minus(lease.age)
}

/**
 * The leader key is gone because its lease ran out: ttl - age, then etcd's next scan and its revocation through raft
 * (`server/etcdserver/server.go: revokeExpiredLeases`). A new etcd leader starts every lease anew at full length plus its
 * election timeout. `struck`: when etcd's leader on the host goes, if it does.
 */
export function leaseExpiry(
  lease: Lease,
  timings: Timings,
  {etcd}: Pick<FaultFacts, 'etcd'>,
  small: SmallTerms,
  struck: Variable = none,
): {readonly at: Variable; readonly basis: 'run' | 'distribution'; readonly says: string} {
  const ttl = timings.ttlSeconds * second
  const tail = sum(between(0, etcdScan), small.revoke)
  const plain = sum(fixed(ttl).minus(lease.age), tail)
  const restarted = (began: Variable) =>
    sum(began, fixed(etcdExtension + ttl), between(-refreshSeenLateMicros, 0), tail)
  const elected = () => sum(struck, usually(etcdElectionUsual, etcdElection))

  if (etcd.leader === 'died' || etcd.leader === 'changed') {
    const what = etcd.leader === 'died' ? "etcd's leader died with it" : "etcd's leader changed meanwhile"
    return etcd.newTerm
      ? {
          at: restarted(between(...etcd.newTerm)),
          basis: 'run',
          says: `${what}: the lease began anew with the new etcd term`,
        }
      : {
          at: restarted(elected()),
          basis: 'distribution',
          says: `${what}: the lease began anew with the new etcd term, whose beginning nobody saw`,
        }
  }
  if (etcd.leader === 'unknown')
    return {
      at: either(plain, restarted(elected())),
      basis: 'distribution',
      says: "nobody saw where etcd's leader was: the bound covers the case that it died as well",
    }
  return {at: plain, ...basisOf(lease)}
}

/** What a prediction that hangs on the age of the lease rests on. */
export function basisOf(lease: Lease): {readonly basis: 'run' | 'distribution'; readonly says: string} {
  if (!lease.known)
    return {
      basis: 'distribution',
      says: 'the last lease refresh before the fault is not known: the bound covers any moment of the HA loop',
    }
  return {
    basis: 'run',
    says: lease.mayBeNewer
      ? 'from the last lease refresh seen before the fault; the next was due just then, so the bound covers both'
      : 'from the last lease refresh seen before the fault',
  }
}
