/** A client's write is acknowledged, once there is a primary that can write and a way to it; and how long clients wait meanwhile. */
import {firstCluster} from '../topology/clusters.ts'
import {hostsWith, type Topology} from '../topology/topology.ts'
import type {FaultFacts} from './leader-fault.ts'
import type {SmallTerms} from './small-terms.ts'
import {between, none, sum, usually, type Variable} from './variable.ts'

const second = 1_000_000
const ms = 1000

/** How long clients wait for a connection, and for an answer, before they give up and try anew; milliseconds. */
export interface Patience {
  readonly connectMs: number
  readonly statementMs: number
}

/** Of the lab's own clients, where nobody says how long they wait. */
export const usualPatience: Patience = {connectMs: 2000, statementMs: 3000}

/** Our haproxy.cfg has `retries 2`; `src/backend.c: back_handle_st_cer` waits min(1 s, timeout connect) before each. */
const haproxyRetries = 2

/**
 * Its reconnection, and the waits of a connection that HAProxy parked on a dying server that it still believes up: to be
 * expected where the failover is quick (`parks`), possible everywhere. Then the wait for a synchronous standby, and a pooler's.
 */
export function firstWrite(topology: Topology, parks: boolean, takesOver: boolean, small: SmallTerms): Variable {
  const parked = haproxyRetries * Math.min(second, topology.haproxy.connectTimeoutMs * ms)
  const standby = standbyReturns(topology, takesOver)
  return sum(
    usually([0, parks ? parked : 0], [0, parked]),
    usually([standby / 5, standby], [0, standby]),
    pooler(topology, takesOver),
    small.client,
  )
}

/**
 * When somebody is free of a server that answers no more, where HAProxy leaves its sessions (`on-marked-down none`) and new ones reach it
 * until `down`: the client gives up waiting, or neither side said anything for `timeout client` or `timeout server`.
 */
export function freed(
  {haproxy}: Topology,
  {answerWithinMs = usualPatience.statementMs}: FaultFacts,
  down: Variable,
): Variable {
  const most = Math.min(answerWithinMs ?? Number.POSITIVE_INFINITY, haproxy.clientTimeoutMs, haproxy.serverTimeoutMs)
  return sum(down, between(0, most * ms))
}

/**
 * PgBouncer leaves a server alone for `server_login_retry` after a connection to it failed (`doc/config.md`), and
 * such a try takes up to `server_connect_timeout`. Beside a server that was up all the time it has connections already.
 */
function pooler(topology: Topology, takesOver: boolean): Variable {
  const {pgbouncer} = topology
  if (pgbouncer === undefined) return none
  const members = hostsWith(firstCluster(topology), 'patroni')
  const isBefore = hostsWith(firstCluster(topology), 'pgbouncer').some(host => !members.includes(host))
  const retry = pgbouncer.serverLoginRetryMs * ms
  return usually([0, takesOver && !isBefore ? 0 : retry], [0, retry + pgbouncer.serverConnectTimeoutMs * ms])
}

/**
 * At most. A new primary waits for a standby under strict synchronous mode alone, one that was started again in place under any:
 * the names of its standbys are still in its configuration. A standby's WAL receiver tries again every `wal_retrieve_retry_interval`.
 */
function standbyReturns(topology: Topology, takesOver: boolean): number {
  const {synchronousMode} = topology.patroni
  const again = retryInterval(topology.postgresParameters.wal_retrieve_retry_interval)
  if (takesOver) return synchronousMode === 'strict' ? second + again : 0
  return synchronousMode !== 'off' && hostsWith(firstCluster(topology), 'patroni').length > 1 ? again : 0
}

/** PostgreSQL's notation; 5 s is its default, also for what we cannot read, since this only widens an upper bound. */
function retryInterval(setting: string | undefined): number {
  const parts = /^(\d+)\s*(ms|s|min)?$/.exec(setting ?? '')
  if (!parts) return 5 * second
  return Number(parts[1]) * {ms, s: second, min: 60 * second}[(parts[2] ?? 'ms') as 'ms' | 's' | 'min']
}
