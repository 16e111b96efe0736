/** What differs between versions of Patroni, each by the first that has it (its release notes, and its sources). */
import type {Topology} from './topology.ts'

export interface PatroniFacts {
  /** As a person is told. */
  readonly title: string
  /** The `role` that a member says it has while it leads, and how a request names it. */
  readonly leads: string
  /** In its dynamic configuration: how long a leader may take to start a crashed PostgreSQL. */
  readonly primaryStartTimeout: string
  /** What its dynamic configuration may have, at the top and under `postgresql` (`docs/dynamic_configuration.rst`, `config.py`). */
  readonly dynamicKeys: {readonly top: readonly string[]; readonly postgresql: readonly string[]}
  /** Tags of a member that it obeys. */
  readonly tags: readonly string[]
  readonly synchronousModes: readonly Topology['patroni']['synchronousMode'][]
  /** Whether it calls other programs of PostgreSQL where `postgresql.bin_name` names them. */
  readonly takesBinNames: boolean
  /** Whether a replica tells that it streams (`replication_state` of GET /patroni); else only its source does. */
  readonly tellsStreaming: boolean
}

/** Before it `primary_start_timeout` and more had other names. */
export const oldestPatroni = '3.0'

const dynamicTop =
  `loop_wait ttl retry_timeout maximum_lag_on_failover maximum_lag_on_syncnode max_timelines_history check_timeline
  primary_start_timeout primary_stop_timeout synchronous_mode synchronous_mode_strict synchronous_node_count failsafe_mode
  slots ignore_slots standby_cluster postgresql pause`.split(/\s+/)
const dynamicPostgresql =
  `use_pg_rewind use_slots recovery_conf parameters pg_hba pg_ident callbacks create_replica_methods pg_ctl_timeout
  remove_data_directory_on_rewind_failure remove_data_directory_on_diverged_timelines rewind use_unix_socket
  use_unix_socket_repl before_stop pre_promote`.split(/\s+/)

/** @param version `4.0.7`, `4.1.0rc1`, `4.2.0.dev1+g1a2b` */
export function patroniFacts(version: string): PatroniFacts {
  const since = (...first: readonly number[]) => isSince(version, first)
  const [major = '', minor = ''] = version.split('.')
  return {
    title: `Patroni ${major}.${minor}`,
    leads: since(4, 0) ? 'primary' : 'master',
    primaryStartTimeout: 'primary_start_timeout',
    dynamicKeys: {top: [...dynamicTop, ...(since(4, 0) ? ['member_slots_ttl'] : [])], postgresql: dynamicPostgresql},
    tags: [
      ...['nofailover', 'noloadbalance', 'clonefrom', 'nosync', 'replicatefrom'],
      ...(since(3, 2) ? ['failover_priority'] : []),
      ...(since(3, 3) ? ['nostream'] : []),
      ...(since(4, 1) ? ['sync_priority'] : []),
    ],
    synchronousModes: ['off', 'on', 'strict', ...(since(4, 0) ? (['quorum'] as const) : [])],
    takesBinNames: since(3, 3),
    tellsStreaming: since(3, 0, 4),
  }
}

function isSince(version: string, first: readonly number[]): boolean {
  const numbers = version.split('.').map(part => Number.parseInt(part, 10))
  for (const [index, least] of first.entries()) {
    const number = numbers[index] ?? 0
    if (number !== least) return number > least
  }
  return true
}
