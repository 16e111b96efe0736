/**
 * What differs between the releases that a lab can run: one record each, and no other file says the number of one. The timing
 * model alone is about one release (`lab/budget/small-terms.ts`).
 */
import type {Topology} from './topology.ts'

/** What a host's own log says, when it is one of the few lines that are evidence. */
export type LogSign =
  | 'pg_rewind' // Patroni runs it
  | 'basebackup' // a replica is made anew
  | 'promoting' // Patroni promotes
  | 'new-timeline' // PostgreSQL leaves recovery and begins a timeline
  | 'rejected' // PostgreSQL lets a connection not in (pg_hba.conf)
  | 'demoting' // Patroni demotes
  | 'crash-recovery' // PostgreSQL was not properly shut down
  | 'panic' // PostgreSQL: PANIC
  | 'bug' // Patroni: "please report it as a BUG"
  | 'slow-disk' // etcd: slow fdatasync
  | 'disk-full'
  | 'cannot-follow' // a standby has what the leader's timeline has not, or not what it needs of it

export interface Release {
  /** As a person is told. */
  readonly title: string
  /** Where PostgreSQL's programs are in the image of the hosts. */
  readonly bin: string
  /** Debian's package of the server. */
  readonly serverPackage: string
  /** What both images are built with, as `docker build --build-arg` takes it. */
  readonly imageArguments: Readonly<Record<string, string>>
  /** Parameters of earlier releases that it refuses. */
  readonly goneParameters: readonly string[]
  readonly patroni: {
    /** The `role` that a member says it has while it leads, and how a request names it. */
    readonly leads: string
    /** In its dynamic configuration: how long a leader may take to start a crashed PostgreSQL. */
    readonly primaryStartTimeout: string
    /** What its dynamic configuration may have, at the top and under `postgresql` (`docs/dynamic_configuration.rst`, `config.py`). */
    readonly dynamicKeys: {readonly top: readonly string[]; readonly postgresql: readonly string[]}
  }
  /** Which lines of a host's log are evidence. Each deed has one line. */
  readonly logSigns: readonly {
    readonly service: 'patroni' | 'postgres' | 'etcd'
    readonly sign: LogSign
    readonly words: RegExp
  }[]
}

/** PostgreSQL 17 with Patroni 4.0, etcd 3.5 and HAProxy 3.0, as Debian 13 has them. */
const postgresql17: Release = {
  title: 'PostgreSQL 17',
  bin: '/usr/lib/postgresql/17/bin',
  serverPackage: 'postgresql-17',
  imageArguments: {POSTGRESQL: '17'},
  goneParameters:
    `checkpoint_segments db_user_namespace default_with_oids force_parallel_mode old_snapshot_threshold operator_precedence_warning
    promote_trigger_file replacement_sort_tuples sql_inheritance ssl_renegotiation_limit standby_mode stats_temp_directory
    trace_recovery_messages trigger_file vacuum_cleanup_index_scale_factor vacuum_defer_cleanup_age`.split(/\s+/),
  patroni: {
    leads: 'primary',
    primaryStartTimeout: 'primary_start_timeout',
    dynamicKeys: {
      top: `loop_wait ttl retry_timeout maximum_lag_on_failover maximum_lag_on_syncnode max_timelines_history check_timeline
        primary_start_timeout primary_stop_timeout synchronous_mode synchronous_mode_strict synchronous_node_count failsafe_mode
        member_slots_ttl slots ignore_slots standby_cluster postgresql pause`.split(/\s+/),
      postgresql:
        `use_pg_rewind use_slots recovery_conf parameters pg_hba pg_ident callbacks create_replica_methods pg_ctl_timeout
        remove_data_directory_on_rewind_failure remove_data_directory_on_diverged_timelines rewind use_unix_socket
        use_unix_socket_repl before_stop pre_promote`.split(/\s+/),
    },
  },
  logSigns: [
    // rewind.py: pg_rewind, with its connection string; ha.py says it twice more, with a name and `in progress`
    {service: 'patroni', sign: 'pg_rewind', words: /running pg_rewind from .*=/},
    // bootstrap.py: create_replica, with the method that did it
    {service: 'patroni', sign: 'basebackup', words: /replica has been created using \w+/},
    // ha.py: enforce_primary_role, the one call that promotes
    {service: 'patroni', sign: 'promoting', words: /promoted self to /},
    // ha.py: demote, with its mode
    {service: 'patroni', sign: 'demoting', words: /Demoting self \([\w-]+\)/},
    {service: 'patroni', sign: 'bug', words: /please report it as a BUG/},
    // rewind.py: ensure_clean_shutdown; while it runs, the same words with `in progress`
    {service: 'patroni', sign: 'crash-recovery', words: /doing crash recovery in a single user mode$/},
    {service: 'postgres', sign: 'crash-recovery', words: /database system was not properly shut down/},
    // xlogrecovery.c, xlog.c: StartupXLOG at the end of archive recovery, whoever promoted it
    {service: 'postgres', sign: 'new-timeline', words: /selected new timeline ID: \d+/},
    // auth.c: ClientAuthentication; a standby's walreceiver repeats it
    {service: 'postgres', sign: 'rejected', words: /pg_hba\.conf rejects|no pg_hba\.conf entry for/},
    {service: 'postgres', sign: 'panic', words: /\bPANIC: /},
    // xlogrecovery.c: rescanLatestTimeLine; once a try to follow, for ever
    {service: 'postgres', sign: 'cannot-follow', words: /new timeline \d+ forked off current database system timeline/},
    // xlogrecovery.c: InitWalRecovery, at its start
    {
      service: 'postgres',
      sign: 'cannot-follow',
      words: /requested timeline \d+ is not a child of this server's history/,
    },
    // walsender.c: StartReplication, as the standby is told it
    {
      service: 'postgres',
      sign: 'cannot-follow',
      words: /requested starting point \S+ is ahead of the WAL flush position/,
    },
    {service: 'postgres', sign: 'cannot-follow', words: /requested WAL segment \w+ has already been removed/},
    // rewind.py: pg_rewind failed, with its exit code; 0 it says too
    {service: 'patroni', sign: 'cannot-follow', words: /pg_rewind exit code=[1-9]/},
    // wal.go: sync
    {service: 'etcd', sign: 'slow-disk', words: /slow fdatasync/},
    ...(['patroni', 'postgres', 'etcd'] as const).map(
      service => ({service, sign: 'disk-full', words: /no space left on device/i}) as const,
    ),
  ],
}

export const releases = {'postgresql-17': postgresql17} as const satisfies Readonly<Record<string, Release>>

export type ReleaseName = keyof typeof releases

export const releaseNames = Object.keys(releases) as ReleaseName[]

/** Of a topology that says nothing else, and of labs and runs that are older than the word. */
export const usualRelease: ReleaseName = 'postgresql-17'

export function releaseOf({release}: Pick<Topology, 'release'>): Release {
  return releases[release]
}
