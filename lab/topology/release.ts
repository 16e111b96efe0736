/**
 * What differs between the releases that a lab can run: one record each, and no other file says the number of one. The timing
 * model alone is about one release (`lab/budget/small-terms.ts`).
 */
import {type PatroniFacts, patroniFacts} from './patroni-facts.ts'
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
  /** Debian's number of it. */
  readonly debian: string
  /** Where PostgreSQL's programs are in the image of the hosts. */
  readonly bin: string
  /** Debian's package of the server. */
  readonly serverPackage: string
  /** What an image is built with, as `docker build --build-arg` takes it. */
  readonly imageArguments: Readonly<Record<string, string>>
  /** What the image of its hosts has of Debian beside what all have. */
  readonly morePackages: readonly string[]
  /** Parameters of earlier releases that it refuses. */
  readonly goneParameters: readonly string[]
  readonly patroni: PatroniFacts
  /** What its etcd has to be told beside what all are told. */
  readonly etcd: {readonly settings: Readonly<Record<string, string>>}
  /** Settings of ours that its PgBouncer does not know, and so would not start with. */
  readonly pgbouncer: {readonly lacks: readonly string[]}
  /** Which lines of a host's log are evidence. Each deed has one line. */
  readonly logSigns: readonly {
    readonly service: 'patroni' | 'postgres' | 'etcd'
    readonly sign: LogSign
    readonly words: RegExp
  }[]
}

/** They have had the same words from the first of these releases to the last. */
const logSigns: Release['logSigns'] = [
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
]

/** Names that PostgreSQL does not know any more, by the first release without them. */
const gone = {
  15: `checkpoint_segments default_with_oids operator_precedence_warning replacement_sort_tuples sql_inheritance
    ssl_renegotiation_limit standby_mode stats_temp_directory trigger_file vacuum_cleanup_index_scale_factor`.split(
    /\s+/,
  ),
  16: 'force_parallel_mode promote_trigger_file vacuum_defer_cleanup_age'.split(' '),
  17: 'db_user_namespace old_snapshot_threshold trace_recovery_messages'.split(' '),
}

function ofPostgresql(major: number) {
  return {
    title: `PostgreSQL ${major}`,
    bin: `/usr/lib/postgresql/${major}/bin`,
    serverPackage: `postgresql-${major}`,
    imageArguments: {POSTGRESQL: String(major)},
    goneParameters: Object.entries(gone).flatMap(([since, names]) => (Number(since) <= major ? names : [])),
  }
}

/** Debian 12: PostgreSQL 15 with Patroni 3.0, etcd 3.4, HAProxy 2.6, PgBouncer 1.18 and keepalived 2.2. */
const bookworm: Release = {
  ...ofPostgresql(15),
  debian: '12',
  morePackages: [], // its python3 has no netfilterqueue, so where the kernel has no netem no packet can be delayed
  patroni: patroniFacts('3.0.2'),
  // As of 3.5 its log is zap's; told nothing, 3.4 writes one of another form and says a slow fdatasync in other words (wal.go: sync).
  etcd: {settings: {logger: 'zap'}},
  pgbouncer: {lacks: ['auth_dbname', 'max_prepared_statements']},
  logSigns,
}

/** Debian 13: PostgreSQL 17 with Patroni 4.0, etcd 3.5, HAProxy 3.0, PgBouncer 1.24 and keepalived 2.3. */
const trixie: Release = {
  ...ofPostgresql(17),
  debian: '13',
  morePackages: ['python3-netfilterqueue'],
  patroni: patroniFacts('4.0.7'),
  etcd: {settings: {}},
  pgbouncer: {lacks: []},
  logSigns,
}

/** Debian testing: PostgreSQL 18 with Patroni 4.1, etcd 3.5, HAProxy 3.2, PgBouncer 1.26 and keepalived 2.3. */
const forky: Release = {
  ...trixie,
  ...ofPostgresql(18),
  debian: 'testing',
  patroni: patroniFacts('4.1.5'),
}

/** By the name that Debian gives them, the oldest first. */
export const releases = {bookworm, trixie, forky} as const satisfies Readonly<Record<string, Release>>

export type ReleaseName = keyof typeof releases

export const releaseNames = Object.keys(releases) as ReleaseName[]

/** Of a topology that says nothing else, and of labs and runs that are older than the word. */
export const usualRelease: ReleaseName = 'trixie'

/** As it was called in labs and runs when there was one. */
export const formerRelease = {name: 'postgresql-17', is: 'trixie'} as const satisfies {name: string; is: ReleaseName}

/** With what is known of a Patroni of somebody's own in the place of its own. */
export function releaseOf({release, patroniBuild}: Pick<Topology, 'release' | 'patroniBuild'>): Release {
  if (patroniBuild === undefined) return releases[release]
  return {...releases[release], patroni: patroniFacts(patroniBuild.version)}
}
