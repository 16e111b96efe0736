/** A scenario as a value: what is played, what a history keeps of it, and what the judge reads the expectations from. */
import type {ClientGroup} from './client-group.ts'

/** Milliseconds, or what the topology's own timings imply. */
export type Within = number | 'budget'

/**
 * `on`: a selector, a host's name, or the name of an earlier `inject` (`as`), which means the hosts that step hit; or several of them.
 * `params` of faults and checks are kept as written, so that a history can be read by people and judged again.
 */
export type Step =
  | {
      readonly do: 'inject'
      readonly fault: string
      readonly on: string | readonly string[]
      readonly as: string
      readonly params: unknown
      /** At the same moment as the `inject` before it. */
      readonly together?: true
    }
  | {readonly do: 'heal'; readonly as: string}
  | {readonly do: 'hold'; readonly forMs: number}
  | {readonly do: 'until'; readonly check: string; readonly params: unknown; readonly within: Within}
  | {readonly do: 'say'; readonly says: string}

export interface Expectation {
  readonly check: string
  readonly params: unknown
  /** In the scenario's file, from 1; not there: it does not stand in the file. */
  readonly line?: number
  /** The limit that the person who started the run asked for (`chaos --within`). */
  readonly asked?: true
}

/** What the lab must have. `patroni`, `postgresql`, `haproxy` and `pgbouncer` are as written, with the keys of lab.yaml. */
export interface Needs {
  readonly postgres: number
  readonly etcd: number
  readonly patroni?: Readonly<Record<string, unknown>>
  readonly postgresql?: Readonly<Record<string, unknown>>
  readonly haproxy?: Readonly<Record<string, unknown>>
  /** There, also with no key in it: a PgBouncer beside every PostgreSQL. */
  readonly pgbouncer?: Readonly<Record<string, unknown>>
  /** Members of the first cluster that no tag of the topology keeps from leading. */
  readonly candidates?: number
  /** What it claims is so because its faults, up to the first mend, leave etcd without a majority. */
  readonly quorum?: 'lost'
}

/** Just after a refresh of the lease, just before the next one is due, or anywhere in the loop: what `chaos --phase` asks for. */
export const injectionPhases = ['just-after-refresh', 'just-before', 'random'] as const

export type InjectionPhase = (typeof injectionPhases)[number]

/** Read and checked; what it needs of a lab is checked by `bind`. */
export interface Scenario {
  readonly name: string
  /** Seen from the directory in which it was read; absent: it was not read from a file. */
  readonly file?: string
  readonly about: string
  /** The group it is played with; all of ours have one. */
  readonly suite?: string
  readonly needs: Needs
  readonly clients: readonly ClientGroup[]
  /** Groups that were added to be compared with each other (`chaos --clients`); no expectation is about them. */
  readonly extraClients?: readonly ClientGroup[]
  readonly steps: readonly Step[]
  readonly expect: readonly Expectation[]
}
