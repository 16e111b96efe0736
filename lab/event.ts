/**
 * The vocabulary of a run: everything that can be written into its history. A check sees nothing else.
 *
 * Times are `Micros`: whole microseconds since the run began, on the runner's monotonic clock. Whoever has another
 * clock (the agent in app1, the engine) converts before recording; the conversion itself is recorded as `clock`.
 */
import type {Topology} from './topology.ts'

export type Micros = number
export type HostName = string

/** happened / did not happen / cannot know. */
export type Outcome = 'ok' | 'fail' | 'unknown'

export type Event = {readonly at: Micros} & Happening

/** `Of<'op'>`: the events of one kind. */
export type Of<K extends Happening['kind']> = Extract<Event, {kind: K}>

export type Happening =
  | RunHappening
  | FaultHappening
  | EtcdHappening
  | PatroniHappening
  | PostgresHappening
  | ProxyHappening
  | ContainerHappening
  | ClientHappening

/** The parts that a run goes through, in this order; `play` alone records them. */
export type PhaseName = 'leftovers' | 'healthy' | 'steady' | 'steps' | 'healing' | 'recovery' | 'final-reads'

export type RunHappening =
  | {
      kind: 'run-started'
      run: string
      /** The scenario as it was played, values resolved (the judge reads the expectations from here). */
      scenario: unknown
      lab: string
      topology: Topology
      /** Versions of what was under test, e.g. {postgres: '17.11', patroni: '4.0.7', etcd, haproxy}. */
      versions: Readonly<Record<string, string>>
      /** Wall clock at `at` 0, ISO 8601 with microseconds: for laying host logs beside the history. */
      startedAt: string
    }
  | {kind: 'phase'; name: PhaseName}
  | {kind: 'step-started'; index: number; says: string}
  /** `ok: false`: the step ran out of time or could not be done; `says` tells which. */
  | {kind: 'step-ended'; index: number; ok: boolean; says: string}
  | {kind: 'run-ended'; how: 'complete' | 'interrupted' | 'error'; says?: string}
  /** A line for people; never evidence. */
  | {kind: 'note'; says: string}
  /** How another clock was mapped on ours, and how well. */
  | {kind: 'clock'; who: 'app1' | 'engine'; offsetMicros: number; uncertaintyMicros: number}
  /** Once a second and per observer: that it was watching, and how late it ran. Without these, silence is no evidence. */
  | {
      kind: 'watching'
      /** 'runner' and 'clients' are the event loops of this process and of the agent. */
      who: 'runner' | 'clients' | 'etcd' | 'patroni' | 'postgres' | 'proxy' | 'engine'
      host?: HostName
      samples: number
      failures: number
      /** The worst lateness of a timer (runner, clients) or the longest time between two samples (probes). */
      worstMicros: Micros
    }

/** One mend: what undoes a part of a fault. Plain data, so that another process can do it from the journal. */
export type Mend = {readonly do: 'start-host'; readonly host: HostName}

export type FaultHappening =
  /** A selector was resolved; from here on the step's name stands for these hosts. */
  | {kind: 'target'; fault: string; selector: string; hosts: readonly HostName[]}
  | {kind: 'fault-injecting'; id: string; fault: string; what: string; hosts: readonly HostName[]}
  /** The call that breaks returned; `at` of `fault-injecting` is just before it, and is t0. */
  | {kind: 'fault-injected'; id: string}
  /** The fault's own probe saw its effect (`holds`) or saw that it did not take hold. */
  | {kind: 'fault-proof'; id: string; holds: boolean; says: string}
  | {kind: 'fault-mending'; id: string; mend: Mend}
  | {kind: 'fault-mended'; id: string; mend: Mend; ok: boolean; says?: string}

export type EtcdHappening =
  /**
   * The leader key of the cluster as a watch told it. `holder` null: deleted. Deduplicated by `revision`; `told` is the
   * etcd member whose watch was first. A lease refresh does not touch this key.
   */
  | {kind: 'leader-key'; holder: HostName | null; revision: number; lease: string | null; term: number; told: HostName}
  /**
   * The leader wrote `/status`, which it does right after each lease refresh if the WAL position moved: the best
   * sign of the last refresh (10-50 ms late). `optime` is the LSN as a number of bytes.
   */
  | {kind: 'status-key'; optime: number; revision: number; term: number; told: HostName}
  /** `/sync` of synchronous mode. */
  | {kind: 'sync-key'; leader: HostName | null; standbys: readonly HostName[]; revision: number; told: HostName}
  /** etcd's own answer about the leader's lease; whole seconds. */
  | {kind: 'lease'; lease: string; leftSeconds: number; grantedSeconds: number; told: HostName}
  /** Recorded on change: who etcd's leader is according to this member, in which raft term; null: it knows none. */
  | {kind: 'etcd-member'; host: HostName; up: boolean; leader: HostName | null; term: number | null}

export type PatroniHappening =
  /** GET /patroni, as answered. Recorded on change and at least once a second. `code` null: no answer. */
  {
    kind: 'patroni'
    host: HostName
    code: number | null
    role: string | null
    state: string | null
    timeline: number | null
    /** A replica's replayed LSN in bytes, or the leader's current one. */
    lsn: number | null
    /** On the leader: who streams from it. */
    streaming: readonly {name: string; state: string; sync: string}[]
    tookMicros: Micros
  }

export type PostgresHappening =
  /**
   * One direct question to one PostgreSQL server, asked at `askedAt`, answered at `at`. All samples are recorded.
   * `up` false: no answer, everything else null. It could take writes iff up, `inRecovery` false and `readOnly` false.
   */
  {
    kind: 'postgres'
    host: HostName
    askedAt: Micros
    up: boolean
    inRecovery: boolean | null
    readOnly: boolean | null
    timeline: number | null
    /** Current write LSN of a primary, received LSN of a replica; bytes. */
    lsn: number | null
    replayedLsn: number | null
    /** SQLSTATE or the errno of the connection, when not up. */
    error: string | null
    /** On a replica: the WAL receiver's status ('streaming'), null when there is none. */
    receiver: string | null
  }

export type ProxyHappening =
  /** A server of a backend changed its state as HAProxy sees it ('UP', 'DOWN', 'UP 1/2', 'no check' ...). */
  {
    kind: 'proxy'
    proxy: HostName
    backend: 'primary' | 'replicas'
    server: HostName
    status: string
    up: boolean
    /** HAProxy's last check: status, code and duration, e.g. 'L7STS 503 2ms'. */
    check: string
  }

export type ContainerHappening =
  /** What the engine says happened to a host's container, at the engine's own time. */
  {kind: 'container'; host: HostName; action: string; exitCode: number | null}

/** What a client does: a writer inserts one row per operation, a reader reads through the replicas' port. */
export type OpName = 'write' | 'read'

export type ClientHappening =
  | {kind: 'client-connected'; client: string; op: OpName; server: HostName | null; tookMicros: Micros}
  | {kind: 'client-disconnected'; client: string; op: OpName; error: string; sqlstate: string | null}
  /** `at` is when the answer came (or was given up); `id` is unique in the run. Every attempt is a new id. */
  | {
      kind: 'op'
      client: string
      op: OpName
      id: number
      sentAt: Micros
      outcome: Outcome
      /** For ok: which server answered, on which timeline, at which LSN (bytes). For others mostly null. */
      server: HostName | null
      timeline: number | null
      lsn: number | null
      sqlstate: string | null
      /** What the driver said, one line. */
      error: string | null
    }
  /** Warnings that come with an answer, e.g. 01000 'canceling the wait for synchronous replication'. */
  | {kind: 'client-notice'; client: string; id: number; sqlstate: string; says: string}
  /**
   * After everything has rejoined and the writers have stopped: what is in the table of a host, as inclusive ranges of
   * ids, plus every id that is there more than once.
   */
  | {
      kind: 'final-rows'
      host: HostName
      timeline: number
      ranges: readonly (readonly [number, number])[]
      duplicates: readonly number[]
    }
