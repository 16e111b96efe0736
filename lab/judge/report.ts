/** The judged run: what `judge` returns, what `report.json` holds, and what the renderers show. */

import type {Finding, Verdict} from '../checks/check.ts'
import type {DriverRow} from '../history/driver-table.ts'
import type {Ended} from '../history/ended.ts'
import type {Event} from '../history/event.ts'
import type {ReplicaReads} from '../history/reads.ts'
import type {HostName} from '../topology/topology.ts'
import type {ExitCode} from '../words/errors.ts'
import type {Micros} from '../words/quantity.ts'
import type {Limit} from './limit.ts'

/** Plain data, the same as in report.json; docs/reference/report.md has each field, and its units. */
export interface Report {
  /** Version of this shape; rises when a field changes its meaning or goes away. */
  readonly schema: 1
  readonly run: string
  readonly lab: string
  readonly scenario: string
  /** The scenario's file, seen from the directory in which the run was started; null where the history does not tell. */
  readonly file: string | null
  readonly about: string
  readonly startedAt: string
  /** From the beginning of the run to its last event. */
  readonly durationMicros: Micros
  readonly verdict: Verdict
  /** The one sentence to read: the number that matters, or the first thing that is wrong. */
  readonly headline: string
  /** The limit on the time without writes, or on the failover, that it was judged by; null: there is none in it. */
  readonly limit: Limit | null
  /** Why the run as a whole is not a pass, when it is not because of a single finding (a fault that did not take hold, say). */
  readonly reasons: readonly string[]
  /** What a reader has to know besides, which touches no verdict: a key that somebody deleted, reads that were old, times that are not sharp. */
  readonly remarks: readonly string[]
  /** Why it did not come to its end, and up to when it counts; null: it came to its end. The first of `reasons` says the same. */
  readonly ended: Ended | null
  /** What to type next, a command each, in this order, as the program was called; of a run that passed there is nothing. */
  readonly next: readonly string[]
  /** Whether the lab was healthy again after everything was mended; null: nobody looked, or the record is older than that. */
  readonly recovered: boolean | null
  /** What it lacked to the last; null: nothing, or nobody looked. */
  readonly notRecovered: string | null
  readonly exitCode: ExitCode
  readonly profile: string
  readonly versions: Readonly<Record<string, string>>
  readonly faults: readonly {
    readonly id: string
    readonly what: string
    readonly hosts: readonly HostName[]
    /** Micros since the run began. */
    readonly at: Micros
    readonly mendedAt: Micros | null
    /** Whether it was seen to take hold; null: nobody looked. */
    readonly held: boolean | null
    readonly proof: string | null
  }[]
  /** `check` and `params` as the scenario has them; `expectation` is both on one line. */
  readonly findings: readonly (Omit<Finding, 'pending' | 'hint'> & {
    /** What to try, in words. */
    readonly hint?: string
    /** The commands that belong to them, as the program was called. */
    readonly next?: readonly string[]
    readonly expectation: string
    readonly check: string
    readonly params: unknown
    /** The expectation's line in the scenario's file, from 1; null where the history does not tell. */
    readonly line: number | null
  })[]
  readonly clients: {
    readonly writes: {readonly ok: number; readonly fail: number; readonly unknown: number}
    readonly reads: {readonly ok: number; readonly fail: number; readonly unknown: number}
    /** How far behind the acknowledged writes reads through the read-only way in were; null: there were none. */
    readonly replicaReads: ReplicaReads | null
    /** How often each SQLSTATE or errno came, most frequent first. */
    readonly errors: readonly {readonly code: string; readonly says: string; readonly count: number}[]
  }
  /** How each driver that writes got through the first fault. */
  readonly drivers: readonly DriverRow[]
  /** The run as a story: leadership, timelines, proxy, faults; a few dozen events. */
  readonly story: readonly {readonly at: Micros; readonly says: string; readonly event: Event['kind']}[]
  /** SHA-256 of the events.ndjson that was judged, unpacked, in hex; null: it was not judged from one, or not all of it. */
  readonly eventsSha256: string | null
}
