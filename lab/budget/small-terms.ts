/**
 * The small terms of the model: what takes milliseconds on a quiet machine and more on a slow one. Each is [usual range] and
 * the most that a quiet machine was seen to need, with room; verdicts allow three times that. Measured on Debian 13's
 * packages (Patroni 4.0.7, etcd 3.5.16, HAProxy 3.0.11, PostgreSQL 17), small database, no replay backlog.
 */
import {smallTerm} from './variable.ts'

const ms = 1000

/** `/status` is written after the refresh and seen after it is written, so the key may go this much earlier. */
export const refreshSeenLateMicros = 100 * ms

/** Fresh ones for each model: within one run of it they are drawn once. */
export const smallTerms = () => ({
  /** Revoking through raft, and the watch telling us [190 ms at most, etcd's scan included]. */
  revoke: smallTerm([10 * ms, 60 * ms], 250 * ms),
  /** IDENTIFY_SYSTEM, two round trips to etcd with an fsync, the watch [95-110 ms]. */
  race: smallTerm([90 * ms, 120 * ms], 500 * ms),
  /** End-of-recovery record, history file, our sample ten times a second [70-100 ms]. */
  promotion: smallTerm([70 * ms, 130 * ms], 400 * ms),
  /** The transaction on `/sync` that synchronous mode adds. */
  syncKey: smallTerm([10 * ms, 40 * ms], 40 * ms),
  /** A check that succeeds (one query in Patroni), and our look at HAProxy's states. */
  proxy: smallTerm([5 * ms, 40 * ms], 300 * ms),
  /** Reconnect pause, authentication, one commit [5-15 ms and the pause]. */
  client: smallTerm([10 * ms, 80 * ms], 400 * ms),
  /** Reconnect pause, and authentication through the proxy [51-81 ms]. */
  connects: smallTerm([10 * ms, 70 * ms], 300 * ms),
  /** One commit, or one read, of a client that has just connected [2-37 ms]. */
  answers: smallTerm([1 * ms, 40 * ms], 100 * ms),
  /** A signal, through the engine or the supervisor, until the process acts on it. */
  signal: smallTerm([10 * ms, 80 * ms], 500 * ms),
  /** A stop of PostgreSQL that outlasts Patroni's first look at it: a big shutdown checkpoint, a busy archiver. */
  slowStop: smallTerm([0, 0], 1000 * ms),
  /** The transaction that deletes the leader key, and the watch telling us. */
  release: smallTerm([10 * ms, 60 * ms], 300 * ms),
  /** Between deleting its key and the end of its process, a stopping Patroni accepts connections and answers none [0.1-0.2 s]. */
  exit: smallTerm([100 * ms, 200 * ms], 400 * ms),
  /** The request that asks for a switchover, until the leader's loop runs [0.1-0.5 s with patronictl], and the CHECKPOINT before the stop. */
  switchover: smallTerm([50 * ms, 500 * ms], 1000 * ms),
  /** From giving up on etcd to the end of all sessions: a fast shutdown begins with them. */
  sessionsEnd: smallTerm([20 * ms, 200 * ms], 500 * ms),
  /** Asking the replicas, an immediate stop, and the release of the key [0.1-0.4 s]. */
  giveUp: smallTerm([100 * ms, 350 * ms], 600 * ms),
  /** Start of PostgreSQL, redo of little WAL with the checkpoint that ends it, and our sample [0.2-0.5 s]. */
  restart: smallTerm([200 * ms, 600 * ms], 1500 * ms),
  /**
   * Before the redo PostgreSQL syncs every file of its data directory, a thousand in an empty cluster (`xlog.c: StartupXLOG ->
   * fd.c: SyncDataDirectory`) [0.1-0.2 s on a bare disk, 1.2-1.9 s in a container's].
   */
  syncData: smallTerm([100 * ms, 1900 * ms], 2500 * ms),
  /** The watchdog is fed after the lease is refreshed and `/status` written; the reset itself. */
  reset: smallTerm([10 * ms, 50 * ms], 300 * ms),
})

export type SmallTerms = ReturnType<typeof smallTerms>
