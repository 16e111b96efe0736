/**
 * The vocabulary of a run: everything that can be written into its history. A check sees nothing else.
 *
 * Times are `Micros`: whole microseconds since the run began, on the runner's monotonic clock. Whoever has another
 * clock (an agent of the clients, the engine) converts before recording; the conversion itself is recorded as `clock`.
 */

import type {LogSign} from '../topology/release.ts'
import type {HostName, Topology} from '../topology/topology.ts'
import type {Micros} from '../words/quantity.ts'
import type {Mend} from './mend.ts'
import type {InjectionPhase, Scenario} from './scenario-values.ts'
import type {Slot} from './slot.ts'
import type {Strike} from './strike.ts'

/** happened / did not happen / cannot know. */
export type Outcome = 'ok' | 'fail' | 'unknown'

/** `n`: its number among the lines of its teller (`lineOf`), from 0; absent in runs recorded before lines were numbered. */
export type Event = {readonly at: Micros; readonly n?: number} & Happening

/** `Of<'op'>`: the events of one kind. */
export type Of<K extends Happening['kind']> = Extract<Event, {kind: K}>

export type Happening =
  | RunHappening
  | FaultHappening
  | EtcdHappening
  | PatroniHappening
  | PostgresHappening
  | SettingsHappening
  | ProxyHappening
  | AddressHappening
  | ContainerHappening
  | LogHappening
  | WatchdogHappening
  | DiskHappening
  | ClientHappening

/** The parts that a run goes through, in this order; `play` and `observe` alone record them. */
export type PhaseName = 'leftovers' | 'healthy' | 'steady' | 'steps' | 'healing' | 'recovery' | 'final-reads'

type ProbeName =
  | 'etcd'
  | 'patroni'
  | 'postgres'
  | 'proxy'
  | 'address'
  | 'engine'
  | 'logs'
  | 'watchdog'
  | 'disk'
  | 'room'

export type RunHappening =
  | {
      kind: 'run-started'
      run: string
      /** The scenario as it was played, values resolved (the judge reads the expectations from here); decoded when a history is loaded. */
      scenario: Scenario
      lab: string
      topology: Topology
      /** Versions of what was under test, e.g. {postgres: '17.11', patroni: '4.0.7', etcd, haproxy}. */
      versions: Readonly<Record<string, string>>
      /** Wall clock at `at` 0, ISO 8601 with microseconds: for laying host logs beside the history. */
      startedAt: string
      /** When in the leader's loop a fault was asked to come (`chaos --phase`). */
      phase?: InjectionPhase
      /** What the moment of the first fault was drawn with, where none was asked for. */
      seed?: number
    }
  /** Instead of `run-started`, and alone: nothing of the run could be done. `code` is that of the LabError. */
  | {
      kind: 'never-began'
      run: string
      scenario: Scenario
      lab: string
      startedAt: string
      phase?: InjectionPhase
      code: string
      says: string
    }
  | {kind: 'phase'; name: PhaseName}
  | {kind: 'step-started'; index: number; says: string}
  /** `ok: false`: the step ran out of time or could not be done; `says` tells which. */
  /** `known` false: whether what was waited for came in time is not known, since somebody did not look. */
  | {kind: 'step-ended'; index: number; ok: boolean; says: string; known?: false}
  /** `lines`: how many lines each teller has told. */
  | {
      kind: 'run-ended'
      how: 'complete' | 'interrupted' | 'error'
      says?: string
      lines?: Readonly<Record<string, number>>
    }
  /** Whether the lab was healthy in all its parts (`health-parts`) soon after everything was mended; `says`: what it lacked to the last. */
  | {kind: 'recovery'; recovered: boolean; says: string}
  | {kind: 'note'; says: string} // a line for people; never evidence
  /** How another clock was mapped on ours, and how well. */
  | {
      kind: 'clock'
      who: 'clients' | 'engine'
      host?: HostName
      /** Which one, of a lab on several. */
      engine?: string
      offsetMicros: number
      uncertaintyMicros: number
    }
  /** Once a second and per observer: that it was watching, and how late it ran. Without these, silence is no evidence. */
  | {
      kind: 'watching'
      /** 'runner' and 'clients' are the event loops of this process and of the agent. */
      who: 'runner' | 'clients' | ProbeName
      host?: HostName
      samples: number
      failures: number
      /** Of the failures, those in which the host's kernel said that nobody listens there (ECONNREFUSED). */
      refused?: number
      /** The worst lateness of a timer (runner, clients) or the longest time between two samples (probes). */
      worstMicros: Micros
      /** Of the clients: for how long since their last report somebody on the machine waited for a CPU, where its kernel tells. */
      cpuWaitMicros?: Micros
      /** Why it will see nothing of this host any more. `recorded`: so many events it had told (of this host) before. */
      never?: string
      recorded?: number
      /** Of etcd: it had compacted away changes that no watch had told. */
      compacted?: true
      /** Of a lab on several engines: which of them did not answer. */
      engines?: readonly string[]
    }

export type {Mend} from './mend.ts'

export type FaultHappening =
  /** A selector was resolved; from here on the step's name stands for these hosts. */
  | {kind: 'target'; fault: string; selector: string; hosts: readonly HostName[]}
  | {
      kind: 'fault-injecting'
      id: string
      fault: string
      what: string
      hosts: readonly HostName[]
      /** The step's own parameters as written, e.g. {what: 'patroni'}; absent in runs recorded before they were kept. */
      params?: unknown
      /** False: the fault leaves nothing that has to be mended (a switchover, a service that its supervisor starts again). */
      needsMend?: boolean
      /** Older recorded runs: `upcast.ts`. */
      strike: Strike
    }
  /** The call that breaks returned; `at` of `fault-injecting` is just before it, and is t0. */
  | {kind: 'fault-injected'; id: string}
  /** The fault's own probe saw its effect (`holds`) or saw that it did not take hold; `at` is when it saw that. */
  | {kind: 'fault-proof'; id: string; holds: boolean; says: string}
  /** The fault was put in force again on a host that had restarted. */
  | {kind: 'fault-again'; id: string; host: HostName}
  /** The fault ended before it was mended: its time limit ran out, a restarted host could not be given it again, or somebody else ended it. */
  | {kind: 'fault-lost'; id: string; host: HostName | null; says: string}
  | {kind: 'fault-mending'; id: string; mend: Mend}
  | {kind: 'fault-mended'; id: string; mend: Mend; ok: boolean; says?: string}

/** `scope`: of the cluster that it is about. Runs recorded before it was kept are given it when they are read (`upcast.ts`). */
export type EtcdHappening =
  /**
   * The leader key of the cluster as a watch told it. `holder` null: deleted. Deduplicated by `revision`; `told` is the
   * etcd member whose watch was first. A lease refresh does not touch this key.
   */
  | {
      kind: 'leader-key'
      scope: string
      holder: HostName | null
      revision: number
      lease: string | null
      term: number
      told: HostName
    }
  /**
   * The leader wrote `/status`, which it does right after each lease refresh if the WAL position moved: the best
   * sign of the last refresh (10-50 ms late). `optime` is the LSN as a number of bytes.
   */
  | {kind: 'status-key'; scope: string; optime: number; revision: number; term: number; told: HostName}
  /** `/sync` of synchronous mode. */
  | {
      kind: 'sync-key'
      scope: string
      leader: HostName | null
      standbys: readonly HostName[]
      revision: number
      told: HostName
    }
  /** `/config`, Patroni's dynamic configuration, as the probe found it and on every change; null: deleted, or not to be read. */
  | {
      kind: 'config-key'
      scope: string
      config: Readonly<Record<string, unknown>> | null
      revision: number
      told: HostName
    }
  /**
   * etcd's own answer about the leader's lease; whole seconds. `refreshedAt`: what the answer before and this one tell of its last refresh,
   * at the latest then and at most 100 ms before; it may be before the run began.
   */
  | {
      kind: 'lease'
      scope: string
      lease: string
      leftSeconds: number
      grantedSeconds: number
      told: HostName
      refreshedAt?: Micros
    }
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
    /** Who streams from it; from a replica, where that is the source of a cascade. */
    streaming: readonly {name: string; state: string; sync: string}[]
    tookMicros: Micros
    /** The cluster is in maintenance mode (`patronictl pause`). These three are absent in older recorded runs. */
    paused?: boolean
    pendingRestart?: boolean
    /** Tags of the member, e.g. {nofailover: true}. */
    tags?: Readonly<Record<string, unknown>>
  }

export type LogHappening = {
  kind: 'log'
  host: HostName
  service: 'patroni' | 'postgres' | 'etcd' | 'haproxy' | 'watchdog'
  sign: LogSign
  says: string
}

export type WatchdogHappening = {
  /**
   * The emulated watchdog of a host. `armed`: Patroni opened it, or set its timeout; `fed`: at most four a second are
   * recorded; `starving`: nothing for longer than a loop_wait; `disarmed`: orderly; `fired`: it resets the host.
   */
  kind: 'watchdog'
  host: HostName
  state: 'armed' | 'fed' | 'starving' | 'disarmed' | 'fired'
  timeoutSeconds: number
  /** Until it fires, counted from `at`; null when it is not armed. */
  leftMicros: Micros | null
}

export type DiskHappening =
  /** Once a second and etcd member: the slowest fsync of its write-ahead log in that second (upper bound of its bucket). */
  | {kind: 'fsync'; host: HostName; count: number; worstMicros: Micros}
  /** The engine's disk, under everything in the lab, has no room for what PostgreSQL takes at once; or has it again. */
  | {kind: 'room'; freeBytes: number; full: boolean}

export type PostgresHappening =
  /**
   * One direct question to one PostgreSQL server, asked at `askedAt`, answered at `at`. All samples are recorded.
   * `up` false: no answer, everything else null. It may take writes iff up and `inRecovery` false; `readOnly`: so was the session that asked.
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

/**
 * What a server's sessions get, at first and on every change: the few settings on which a verdict rests, and what a role or a
 * database has of its own, as `synchronous_commit of role app`. A setting that the probe's own role has otherwise is left out.
 */
export type SettingsHappening =
  | {kind: 'settings'; host: HostName; settings: Readonly<Record<string, string>>}
  /** Its replication slots but for those of its members, four times a second; that there are none, on change and every two seconds. */
  | {kind: 'slots'; host: HostName; askedAt: Micros; slots: readonly Slot[]}

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

export type AddressHappening =
  /** Whether this host has the virtual address that hosts with keepalived share: at first, and on change. Two may have it. */
  {kind: 'virtual-address'; host: HostName; held: boolean}

export type ContainerHappening =
  /** A file that the lab gave a service of a host, e.g. '/etc/haproxy/haproxy.cfg', at the first look and on every change. */
  | {kind: 'file'; host: HostName; file: string; as: 'given' | 'changed' | 'gone'}
  /** What the engine says happened to a host's container, at the engine's own time. */
  | {kind: 'container'; host: HostName; action: string; exitCode: number | null}

/** What a client does: a writer inserts one row per operation, a reader reads. */
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
      /** Of an answered read: the highest id in the table; null: it was empty. Absent in others, and in older recorded runs. */
      seen?: number | null
    }
  /**
   * A banker's operation: a `transfer` moves some money between two accounts, an `audit` sums up all of them in one snapshot.
   * `at` and the rest as for `op`; the ids count apart from those of `op`.
   */
  | {
      kind: 'bank'
      client: string
      op: 'transfer' | 'audit'
      id: number
      sentAt: Micros
      outcome: Outcome
      server: HostName | null
      timeline: number | null
      lsn: number | null
      sqlstate: string | null
      error: string | null
      /** What an answered audit found (see `bank.ts`); null: there was not a single account. */
      total: number | null
    }
  /**
   * A transaction of a program that knows nothing of us, as it was seen on the wire in front of the proxy: asked at `sentAt`,
   * answered (or the connection lost) at `at`. `write`: a command that changes something was carried out or asked for. A
   * transaction that the program itself rolled back is none. Nobody looks for its rows.
   */
  | {
      kind: 'transaction'
      client: string
      op: OpName
      sentAt: Micros
      outcome: Outcome
      /** What its connection was led to. */
      server: HostName | null
      timeline: number | null
      sqlstate: string | null
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
      /** Count and sum of the hashes of all rows of each of the run's tables, as the server itself worked them out; absent: they were gone. */
      checksum?: string
      /** It had replayed all that the primary had written; null: no primary told how much that is. */
      caughtUp?: boolean | null
      /** The sum over all accounts of the bank; absent without a bank. */
      bankTotal?: number | null
      /** Ids whose row is not what was written: its content does not follow from the rest of it. */
      altered?: readonly (readonly [number, number])[]
      /** Its own word; false: it was a primary when it was read. */
      inRecovery?: boolean
      /** How commits of the clients are acknowledged there, and what says so (`pg_settings.source`). All these are absent in older recorded runs. */
      synchronousCommit?: {readonly setting: string; readonly source: string}
    }
