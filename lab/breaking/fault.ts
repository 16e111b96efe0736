/** What a fault is, and what it is given to work with. */
import type {Fitting} from '../cluster/selector.ts'
import type {Capability} from '../engine/capabilities.ts'
import type {Lab} from '../engine/lab.ts'
import type {Mend} from '../history/event.ts'
import type {Strike} from '../history/strike.ts'
import type {Settings} from '../topology/settings.ts'
import type {HostName, Topology} from '../topology/topology.ts'
import type {Path} from '../words/decode.ts'
import type {Micros} from '../words/quantity.ts'
import type {Unit} from '../words/unit.ts'
import type {InStorms} from './in-storms.ts'
import type {Still} from './lasting.ts'

export interface FaultSite {
  readonly lab: Lab
  /** The step's name: it names what the fault leaves on a host. */
  readonly id: string
  readonly hosts: readonly HostName[]
  /** Whom its parameters name, e.g. the other side of a partition; never empty. null: they name nobody. */
  readonly from: readonly HostName[] | null
  /** Ends the injection, never the mending. */
  readonly signal: AbortSignal
  /**
   * Registers how to undo what comes next, and how it is seen that it is still there: that is asked once a second from the proof on, and
   * right before the mend. Resolves once the mend is safely on disk. Call it *before* each break.
   */
  mend(undo: Mend, still: Still): Promise<void>
  /** Right before and right after the call that breaks. */
  broke<T>(call: () => Promise<T>): Promise<T>
  /** The fault's own evidence that it took hold; `atMicros` on the run's clock when it was seen earlier than now. */
  proof(holds: boolean, says: string, atMicros?: Micros): void
  /** Micros since the run began, now. */
  now(): Micros
  /** What to do to a host that restarts while the fault is in force; without it, the restart ends the fault there. */
  again(host: HostName, apply: () => Promise<void>): void
}

/** The hosts that a fault is done to, however they were written. */
interface StruckHosts {
  readonly on: readonly HostName[]
  /** As for the `FaultSite`. */
  readonly from: readonly HostName[] | null
  readonly topology: Topology
}

export type Fault<P> = Blow<P> & Drawn

/** Whether a storm draws it, and how; or why none ever does. */
type Drawn =
  | {readonly storm: InStorms; readonly neverDrawn?: undefined}
  | {readonly neverDrawn: string; readonly storm?: undefined}

/** What a person looks for a fault under, in the order of the manual. */
export const areas = [
  ...(['the machine and its programs', 'the network', 'replication'] as const),
  ...(['the operator', 'resources', 'nothing'] as const),
] as const

interface Blow<P> extends Unit<P> {
  readonly area: (typeof areas)[number]
  /** Whom a step means that has no `on:`, e.g. 'all' for what concerns the whole cluster; without it, `on:` must be written. */
  readonly on?: string
  /** How long it takes until it has been done, where that is long. */
  takesSeconds?(topology: Topology): number
  needs?(params: P): readonly Capability[]
  /** How long it lasts at most, if nobody mends it: kept by the kernel or by the host itself; null: until it is mended. */
  limitMs?(params: P): number | null
  /** What of the lab nothing brings back, no mend either, for the person who is asked before: `the rows of ...`; null: with these parameters nothing. */
  destroys?(params: P): string | null
  /** Whether it lies between the hosts of `on` and those that its parameters name: then one host has no other side. */
  isBetween?(params: P): boolean
  /** What of its parameters Patroni would ignore or do otherwise, with its place in them; no mistakes, and worth knowing before. */
  doubts?(params: P, patroni: NonNullable<Settings['patroni']>): readonly {readonly path: Path; readonly says: string}[]
  /** Whom it can be done to right now, where that is not everybody that a selector may mean. */
  fits?(params: P): Fitting | undefined
  /** What it does to whom. It goes by these hosts alone: parameters say the same in many ways. */
  strikes(params: P, hosts: StruckHosts): Strike
  inject(on: FaultSite, params: P): Promise<void>
}
