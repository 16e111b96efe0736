/**
 * The timing model of a failover: what the topology's own settings imply for the death of the leader, phase by phase.
 * Read from the sources of Patroni 4.0, etcd 3.5 and HAProxy 3.0 (each formula names its file and function) and compared
 * with measured runs. T = ttl, L = loop_wait, I/Fi/Di = inter/fastinter/downinter, F = fall, N = rise.
 *
 * Every bound is made of structural terms (the lease, etcd's scan, Patroni's hard-coded probe, HAProxy's intervals), which
 * no machine can stretch, and of small terms (round trips, fsyncs, scheduling), which a loaded machine does stretch. A
 * bound is shown as the model has it; a verdict uses its `limit`, where the small terms, and only those, are tripled.
 */
import type {Micros} from './event.ts'
import {hostsWith, type PatroniSettings, type Topology} from './topology.ts'

/** Least and most. */
export type Bounds = readonly [min: Micros, max: Micros]

export interface PhaseBudget {
  /** After the fault. */
  readonly at: Bounds
  /** `at` is late beyond this. */
  readonly limit: Micros
  /** After the phase that it waits for. */
  readonly took: Bounds
  readonly tookLimit: Micros
}

/**
 * leaseExpiry: the leader key is deleted. election: another host holds it. promotion: that host takes writes.
 * oldServerDown / newServerUp: HAProxy's view. firstWrite: a client's write is acknowledged again.
 */
export type FailoverPhase = 'leaseExpiry' | 'election' | 'promotion' | 'oldServerDown' | 'newServerUp' | 'firstWrite'

export interface FailoverBudget {
  readonly phases: Readonly<Record<FailoverPhase, PhaseBudget>>
  /** From the fault to the first acknowledged write. */
  readonly total: PhaseBudget
  /** 'run': from this run's last lease refresh or etcd term. 'distribution': any moment of the HA loop. */
  readonly basis: 'run' | 'distribution'
  /** One sentence on the basis. */
  readonly says: string
}

/** What is known about one death of a leader. */
export interface FaultFacts {
  /** Does the dead host swallow packets (its machine is gone) or refuse them (only its processes are gone)? */
  readonly death: 'silent' | 'refusing' | 'unknown'
  /** How long before the fault the lease was last refreshed; a little below zero when the call overtook a refresh. */
  readonly refreshAge: Micros | null
  /** Was etcd's leader on the dead host? `newTerm`: when its successor's term began, after the fault. */
  readonly etcd:
    | {readonly leader: 'elsewhere' | 'unknown'}
    | {readonly leader: 'died' | 'changed'; readonly newTerm: Bounds | null}
  /** How long the call that breaks took: the death lies within. */
  readonly callTook: Micros
}

const second = 1_000_000
const ms = 1000

/** Structural constants that are not settings of the topology. */
const etcdScan = 0.5 * second // lease/lessor.go: runLoop, expired leases are looked for every 500 ms
const etcdExtension = 1.0 * second // server.go: applyEntryNormal -> lessor.Promote(ElectionTimeout()): all leases start anew, and 1 s more
const etcdElection: Bounds = [0.9 * second, 2.0 * second] // raft.go: 10 to 19 ticks of 100 ms after the last heartbeat
const patroniProbe = 2.0 * second // ha.py: fetch_node_status, GET /patroni of every member with timeout=2
const haproxyRetries = 2 // our haproxy.cfg: `retries 2`; backend.c: back_handle_st_cer waits min(1 s, timeout connect) before each

/** Small terms: the most on a quiet machine. Measured values are in brackets. */
const small = {
  /** `/status` is written after the refresh and seen after it is written, so the key may go this much earlier [30 ms]. */
  refreshSeenLate: 100 * ms,
  /** Revoking through raft, and the watch telling us [190 ms at most, scan included]. */
  revoke: 250 * ms,
  /** IDENTIFY_SYSTEM, two round trips to etcd with an fsync, the watch [95-110 ms]. */
  race: 500 * ms,
  /** promote: end-of-recovery record, history file, our sample 10 times a second [70-100 ms]. */
  promotion: 400 * ms,
  /** The transaction on `/sync` that synchronous mode adds. */
  syncKey: 40 * ms,
  /** A check that succeeds (one query in Patroni), and our look at HAProxy's states. */
  proxy: 300 * ms,
  /** Reconnect pause, authentication, one commit [5-15 ms and the pause]. */
  client: 400 * ms,
} as const

/** How much a loaded or slow machine may stretch the small terms, never the lease. */
export const slowMachine = 3

/** A term of a sum. `small` is how much of `max` is small terms. */
interface Term {
  readonly min: Micros
  readonly max: Micros
  readonly small: Micros
}

const between = (min: Micros, max: Micros): Term => ({min, max, small: 0})
const upTo = (most: Micros): Term => ({min: 0, max: most, small: most})
const sum = (...terms: readonly Term[]): Term => ({
  min: terms.reduce((total, term) => total + term.min, 0),
  max: terms.reduce((total, term) => total + term.max, 0),
  small: terms.reduce((total, term) => total + term.small, 0),
})
const latest = (a: Term, b: Term): Term => {
  const max = Math.max(a.max, b.max)
  const limit = Math.max(limitOf(a), limitOf(b))
  return {min: Math.max(a.min, b.min), max, small: (limit - max) / (slowMachine - 1)}
}
const limitOf = (term: Term): Micros => term.max + (slowMachine - 1) * term.small

/** The bounds of the failover after one fault, as far as its facts are known. */
export function failoverBudget(topology: Topology, facts: FaultFacts): FailoverBudget {
  const lease = leaseExpiry(topology, facts)
  const race = election(facts.death)
  const promote = promotion(topology)
  const down = serverDown(topology, facts)
  const up = serverUp(topology)
  const write = firstWrite(topology)

  const key = sum(lease.term, race)
  const writable = sum(key, promote)
  const routed = sum(key, up)
  // The client waits for both: a primary that can write, and the proxy's way to it.
  const acknowledged = sum(latest(writable, routed), write)

  return {
    phases: {
      leaseExpiry: phase(lease.term, lease.term),
      election: phase(key, race),
      promotion: phase(writable, promote),
      oldServerDown: phase(down, down),
      newServerUp: phase(routed, up),
      firstWrite: phase(acknowledged, write),
    },
    total: phase(acknowledged, acknowledged),
    basis: lease.basis,
    says: lease.says,
  }
}

/**
 * Bounds before any run: the leader's host dies silently at any moment, and with it etcd's leader if that can be there.
 * Maxima are limits, small terms tripled: for deadlines such as `until ... within: budget`.
 */
export function failoverBounds(topology: Topology): Readonly<Record<FailoverPhase | 'total', Bounds>> {
  const {phases, total} = failoverBudget(topology, {
    death: 'silent',
    refreshAge: null,
    etcd: {leader: canHoldBoth(topology) ? 'unknown' : 'elsewhere'},
    callTook: 0,
  })
  const bounds = (budget: PhaseBudget): Bounds => [budget.at[0], budget.limit]
  return {
    leaseExpiry: bounds(phases.leaseExpiry),
    election: bounds(phases.election),
    promotion: bounds(phases.promotion),
    oldServerDown: bounds(phases.oldServerDown),
    newServerUp: bounds(phases.newServerUp),
    firstWrite: bounds(phases.firstWrite),
    total: bounds(total),
  }
}

/**
 * Patroni's own correction of its three timings: minima 1, 3 and 20, then loop_wait + 2 * retry_timeout <= ttl, for which
 * loop_wait is reduced first (`patroni/config.py: Config._validate_and_adjust_timeouts`, since 3.2.0). It happens in memory
 * with a warning in the log; the cluster's `/config` keeps what was written. Whole seconds in and out, cut off as `int()` does.
 */
export function effectiveTimings(
  given: Pick<PatroniSettings, 'ttlSeconds' | 'loopWaitSeconds' | 'retryTimeoutSeconds'>,
): {
  readonly ttlSeconds: number
  readonly loopWaitSeconds: number
  readonly retryTimeoutSeconds: number
  readonly adjusted: readonly {
    readonly key: 'ttl' | 'loop_wait' | 'retry_timeout'
    readonly given: number
    readonly becomes: number
  }[]
} {
  const ttl = Math.max(20, Math.trunc(given.ttlSeconds))
  let loopWait = Math.max(1, Math.trunc(given.loopWaitSeconds))
  let retryTimeout = Math.max(3, Math.trunc(given.retryTimeoutSeconds))
  if (1 + 2 * retryTimeout > ttl) {
    loopWait = 1
    retryTimeout = Math.floor((ttl - 1) / 2)
  } else if (loopWait + 2 * retryTimeout > ttl) {
    loopWait = ttl - 2 * retryTimeout
  }
  const adjusted = [
    {key: 'ttl' as const, given: given.ttlSeconds, becomes: ttl},
    {key: 'loop_wait' as const, given: given.loopWaitSeconds, becomes: loopWait},
    {key: 'retry_timeout' as const, given: given.retryTimeoutSeconds, becomes: retryTimeout},
  ].filter(one => one.given !== one.becomes)
  return {ttlSeconds: ttl, loopWaitSeconds: loopWait, retryTimeoutSeconds: retryTimeout, adjusted}
}

/**
 * The leader key is gone. Patroni refreshes the lease once per HA loop (`ha.py: process_healthy_cluster -> update_lock ->
 * dcs/etcd3.py: Etcd3._update_leader`), so T - U(0, L) of it is left at a random death; etcd deletes it at its next scan
 * (`lease/lessor.go: runLoop`, `server.go: revokeExpiredLeases`). The leader writes `/status` right after each refresh, which
 * tells this run's own moment. A new etcd leader restarts every lease at full length plus its election timeout.
 */
function leaseExpiry(topology: Topology, facts: FaultFacts) {
  const timings = effectiveTimings(topology.patroni)
  const ttl = timings.ttlSeconds * second
  const loopWait = timings.loopWaitSeconds * second
  const tail = sum(between(0, etcdScan), upTo(small.revoke))
  const {etcd, refreshAge, callTook} = facts

  // A refresh can only be told from `/status` when one is where it must be: no longer ago than a loop and a bit.
  const known = refreshAge !== null && refreshAge <= loopWait + second
  // The death may have come between the next refresh and its `/status`: possible if that refresh was due before the call returned.
  const mayBeNewer = known && refreshAge + callTook >= loopWait - small.refreshSeenLate * slowMachine
  const newest = mayBeNewer ? Math.min(ttl - refreshAge + loopWait, ttl + callTook) : ttl - (refreshAge ?? 0)
  const plain: Term = known
    ? sum(between(ttl - refreshAge - small.refreshSeenLate, newest), tail)
    : sum(between(ttl - loopWait, ttl + callTook), tail)

  const restarted = (began: Bounds): Term =>
    sum(between(began[0] + etcdExtension + ttl - small.refreshSeenLate, began[1] + etcdExtension + ttl), tail)

  if (etcd.leader === 'died' || etcd.leader === 'changed') {
    const what = etcd.leader === 'died' ? "etcd's leader died with it" : "etcd's leader changed meanwhile"
    return etcd.newTerm
      ? {
          term: restarted(etcd.newTerm),
          basis: 'run' as const,
          says: `${what}: the lease began anew with the new etcd term`,
        }
      : {
          term: restarted(etcdElection),
          basis: 'distribution' as const,
          says: `${what}: the lease began anew with the new etcd term, whose beginning nobody saw`,
        }
  }
  if (etcd.leader === 'unknown') {
    const worst = restarted(etcdElection)
    return {
      term: {min: plain.min, max: worst.max, small: worst.small},
      basis: 'distribution' as const,
      says: "nobody saw where etcd's leader was: the bound covers the case that it died as well",
    }
  }
  return known
    ? {
        term: plain,
        basis: 'run' as const,
        says: mayBeNewer
          ? 'from the last lease refresh seen before the fault; the next was due just then, so the bound covers both'
          : 'from the last lease refresh seen before the fault',
      }
    : {
        term: plain,
        basis: 'distribution' as const,
        says: 'the last lease refresh before the fault is not known: the bound covers any moment of the HA loop',
      }
}

/**
 * Another host takes the key. Replicas are woken by the watch (`dcs/etcd3.py: KVCache._process_event`), and before they race
 * they ask every known member, the dead one too, with a time-out of 2 s (`ha.py: _is_healthiest_node, fetch_node_status`).
 * An address that nobody has may be answered earlier with "no route to host", so 2 s is the most, not the least. No round is
 * lost: nothing writes any more, so no replica sees another one ahead of itself.
 */
function election(death: FaultFacts['death']): Term {
  return sum(between(0, death === 'refusing' ? 0 : patroniProbe), upTo(small.race))
}

/** The key's new holder takes writes (`ha.py: enforce_primary_role`, then PostgreSQL's own promotion). Replay backlog is taken as small. */
function promotion({patroni}: Topology): Term {
  return sum(upTo(small.promotion), upTo(patroni.synchronousMode === 'off' ? 0 : small.syncKey))
}

/**
 * HAProxy takes the dead server out: U(0, I) + d + (F - 1)(Fi + d), since the next check is scheduled after the end of the
 * one before (`check.c: process_chk_conn`, `server.c: srv_getinter`). d, a failing check, is nothing where it is refused, and
 * min(I, timeout connect) where the packet is lost (`tcpcheck.c: tcpcheck_eval_connect`).
 */
function serverDown({haproxy}: Topology, {death, callTook}: FaultFacts): Term {
  const inter = haproxy.interMs * ms
  const fastinter = haproxy.fastinterMs * ms
  const longest = death === 'refusing' ? 0 : Math.min(inter, haproxy.connectTimeoutMs * ms)
  const more = haproxy.fall - 1
  return sum(between(more * fastinter, inter + longest + more * (fastinter + longest) + callTook), upTo(small.proxy))
}

/** HAProxy takes the new one in: U(0, Di) + (N - 1) Fi after the lock, not the promotion: `/primary` reports the lock (`api.py: do_GET`). */
function serverUp({haproxy}: Topology): Term {
  const more = (haproxy.rise - 1) * haproxy.fastinterMs * ms
  return sum(between(more, haproxy.downinterMs * ms + more), upTo(small.proxy))
}

/**
 * A client's write is acknowledged: its reconnection, and the waits of a connection that HAProxy had parked on a dying server
 * (`backend.c: back_handle_st_cer`). Under strict synchronous mode the new primary waits for a standby first, whose WAL
 * receiver tries again every `wal_retrieve_retry_interval`.
 */
function firstWrite({haproxy, patroni, postgresParameters}: Topology): Term {
  const parked = haproxyRetries * Math.min(second, haproxy.connectTimeoutMs * ms)
  const standby =
    patroni.synchronousMode === 'strict' ? second + retryInterval(postgresParameters.wal_retrieve_retry_interval) : 0
  return sum(between(0, parked + standby), upTo(small.client))
}

/** PostgreSQL's notation; 5 s is its default, also for what we cannot read, since this only widens an upper bound. */
function retryInterval(setting: string | undefined): Micros {
  const parts = /^(\d+)\s*(ms|s|min)?$/.exec(setting ?? '')
  if (!parts) return 5 * second
  return Number(parts[1]) * {ms, s: second, min: 60 * second}[(parts[2] ?? 'ms') as 'ms' | 's' | 'min']
}

function canHoldBoth(topology: Topology): boolean {
  const etcd = hostsWith(topology, 'etcd')
  return hostsWith(topology, 'patroni').some(host => etcd.includes(host))
}

function phase(at: Term, took: Term): PhaseBudget {
  return {at: [at.min, at.max], limit: limitOf(at), took: [took.min, took.max], tookLimit: limitOf(took)}
}
