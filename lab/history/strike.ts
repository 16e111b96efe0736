/** What a fault does, as it says itself: recorded with it, and kept apart from the events because faults and the timing model say it too. */
import type {CutOff, Struck} from '../budget/index.ts'
import type {HostName} from '../topology/topology.ts'

/**
 * What a fault does, and to whom: the fault itself says it when it is injected, from the hosts that it is done to and not from how
 * they were written. All that a check or the timing model needs to know of a fault.
 */
export interface Strike {
  /**
   * Whom it strikes, each with what it is to a leader there. Whoever asks for another leader strikes them all, whichever host the
   * request names.
   */
  readonly struck: readonly ({readonly host: HostName} & Struck)[]
  /** Hosts that lose all their processes at once: nothing of them can answer any more. */
  readonly dead?: readonly HostName[]
  /** Hosts whose processes all stand still. */
  readonly frozen?: readonly HostName[]
  readonly cut?: readonly CutOff[]
  /** Services that stay down until they are mended. */
  readonly down?: readonly {readonly host: HostName; readonly service: string}[]
  /** What it sets of Patroni's: a patch of the dynamic configuration, and tags of the hosts that it is done to. */
  readonly sets?: {
    readonly config?: Readonly<Record<string, unknown>>
    readonly tags?: Readonly<Record<string, unknown>>
  }
  /** Hosts whose data volume it fills. */
  readonly full?: readonly HostName[]
  /** Hosts whose etcd it lets wait for the disk: no sign that their machine is starved. */
  readonly slowDisk?: readonly HostName[]
  /** Hosts that it leaves too little CPU: no sign that their machine is starved. */
  readonly slowCpu?: readonly HostName[]
  /** What it does by hand, past Patroni: else somebody else did it. The table is that of the clients. */
  readonly byHand?: {
    readonly promotes?: readonly HostName[]
    readonly deletesKey?: true
    readonly takesTable?: true
  }
}

/** What a fault is to the leader; undefined: it does not strike it. */
export function strikes({struck}: Strike, leader: HostName | undefined): Struck | undefined {
  const own = struck.find(one => one.host === leader)
  if (own === undefined) return undefined
  const {host: _, ...is} = own
  return is
}
