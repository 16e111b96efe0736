/** What a Fault, a Probe and a Check are. One file per unit in `faults/`, `probes/`, `checks/`, and an index that lists them. */
import type {ZodType} from 'zod'
import type {Event, Happening, Mend} from './event.ts'
import type {History} from './history.ts'
import type {Lab} from './lab.ts'
import type {Micros} from './quantity.ts'
import type {HostName} from './topology.ts'

export interface Unit<P> {
  /** One sentence for the manual. */
  readonly about: string
  /** The parameters as a person may write them; a unit without any takes `z.strictObject({})`. */
  readonly params: ZodType<P>
}

/** Shown to people as passed, failed and inconclusive. */
export type Verdict = 'pass' | 'fail' | 'unknown'

/** What a check found. No evidence is `unknown`, never `pass`. */
export interface Finding {
  readonly verdict: Verdict
  /** One sentence: what was expected and what was seen. */
  readonly says: string
  readonly measures?: Readonly<Record<string, number | string | null>>
  /** The same measures of each of several things: one row a client, say. */
  readonly rows?: readonly Readonly<Record<string, number | string | null>>[]
  /** Rows to show beside each other, e.g. the phases of a failover against the model. */
  readonly phases?: readonly PhaseRow[]
  /** The few events that prove it. */
  readonly evidence?: readonly Event[]
  /** What to try, when it failed. */
  readonly hint?: string
  /** It failed only because something has not come, which a longer record might hold. Not in a report. */
  readonly pending?: boolean
}

/** One phase of a failover; times are micros after the fault. */
export interface PhaseRow {
  readonly name: string
  readonly measured: Micros | null
  readonly predicted: readonly [Micros, Micros] | null
  /** Time since the phase before it, and what the model allows for that: where the seconds went. */
  readonly took?: Micros | null
  readonly allowed?: readonly [Micros, Micros] | null
  /** It was seen before the phase that it waits for, which is only looked at now and then: they lie at most so far apart, and `took` is 0. */
  readonly apart?: Micros
  readonly verdict: Verdict
  /** How it is known, or why it is not. */
  readonly says: string
}

/** A pure function over the history: it performs nothing and knows no clock. */
export interface Check<P> extends Unit<P> {
  judge(history: History, params: P): Finding
}

/** What a fault asks of the kernel, the engine or the lab; `lab/capabilities.ts` finds out whether it is there. */
export type Capability =
  | 'nftables'
  | 'tbf'
  | 'netem'
  | 'freezer'
  | 'cpu-limit'
  | 'network-disconnect'
  | 'faketime'
  /** The data directory is on a volume of a limited size. */
  | 'limited-disk'
  /** The lab's hosts have the emulated watchdog. */
  | 'watchdog'

export interface FaultSite {
  readonly lab: Lab
  /** The step's name: it names what the fault leaves on a host. */
  readonly id: string
  readonly hosts: readonly HostName[]
  /** Whom another selector means right now, e.g. the other side of a partition; never empty. */
  resolve(selector: string): Promise<readonly HostName[]>
  /** Ends the injection, never the mending. */
  readonly signal: AbortSignal
  /** Registers how to undo what comes next; resolves once that is safely on disk. Call it *before* each break. */
  mend(undo: Mend): Promise<void>
  /** Right before and right after the call that breaks. */
  broke<T>(call: () => Promise<T>): Promise<T>
  /** The fault's own evidence that it took hold; `atMicros` on the run's clock when it was seen earlier than now. */
  proof(holds: boolean, says: string, atMicros?: Micros): void
  /** Micros since the run began, now. */
  now(): Micros
  /** What to do to a host that restarts while the fault is in force; without it, the restart ends the fault there. */
  again(host: HostName, apply: () => Promise<void>): void
}

export interface Fault<P> extends Unit<P> {
  /** Whom a step means that has no `on:`, e.g. 'all' for what concerns the whole cluster; without it, `on:` must be written. */
  readonly on?: string
  needs?(params: P): readonly Capability[]
  /** How long it lasts at most, if nobody mends it: kept by the kernel or by the host itself; null: until it is mended. */
  limitMs?(params: P): number | null
  inject(on: FaultSite, params: P): Promise<void>
}

export interface ProbeSite {
  readonly lab: Lab
  record(happening: Happening, at?: Micros): void
  /** Micros since the run began, now. */
  now(): Micros
  readonly signal: AbortSignal
}

/** Watches until its signal is aborted; resolves then, and never throws for what it watches being down. */
export interface Probe {
  readonly name: string
  run(on: ProbeSite): Promise<void>
}

/** fail > unknown > pass. */
export function merge(verdicts: Iterable<Verdict>): Verdict {
  const all = new Set(verdicts)
  if (all.has('fail')) return 'fail'
  return all.has('unknown') || all.size === 0 ? 'unknown' : 'pass'
}
