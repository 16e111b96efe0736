/** What the screen shows of a failover as it unfolds: the reading is the report's own. */

import type {HostName, Micros, Topology} from '../../lab/index.ts'
import type {Bounds, Phase, Reading} from '../../lab/inside/reading.ts'
import {
  anyMoment,
  failoverBudget,
  isModelled,
  isUnannounced,
  latest,
  phaseEvents,
  unfolded,
} from '../../lab/inside/reading.ts'
import type {Lease} from './lease.ts'

/** The phases that a person waits for, in the order in which they wait for each other. */
export const marks = [
  'keyGone',
  'election',
  'promotion',
  'newServerUp',
  'firstWrite',
] as const satisfies readonly Phase[]
export type Mark = (typeof marks)[number]

export interface Failover {
  /** What it comes after: `kill on node1`, or what nobody has announced: `the container of node1 died`. */
  readonly after: string
  readonly hosts: readonly HostName[]
  /** t0: right before the call that breaks. */
  readonly at: Micros
  /** Who held the leader key then. */
  readonly from: HostName | null
  /** Who took it. */
  readonly to: HostName | null
  /** The fault is about the leader, so that a failover is to be expected. */
  readonly strikesLeader: boolean
  /** Why the leader keeps its key, so that none is; null: nothing says so. */
  readonly keepsKey: string | null
  /** Who acknowledged the first write. */
  readonly writer: HostName | null
  readonly phases: Readonly<Partial<Record<Phase, Micros>>>
  /** What the timing model says for a fault like it, after the fault; empty where it does not know it. */
  readonly predicted: Predicted
}

/** The leader is about to lose its key, by all that is known. */
export function isExpected({strikesLeader, keepsKey}: Failover): boolean {
  return strikesLeader && keepsKey === null
}

/** The leader goes on. A refresh that was under way when the fault struck may still be told a moment later. */
export function isRenewed({at}: Failover, lease: Lease): boolean {
  return lease.refreshedAt > at + 500_000
}

/** Whose title it is: what has not cost the leader its key, and will not, is no failover. */
export function titleOf(failover: Failover | null): string {
  if (failover === null) return 'Failover'
  const isOne = isExpected(failover) || failover.phases.keyGone !== undefined
  return `${isOne ? 'Failover after' : 'After'} ${failover.after}`
}

function afterOf({fault, struck}: Followed): string {
  if (!isUnannounced(fault)) return `${fault.fault} on ${fault.hosts.join(', ')}`
  return struck === undefined ? `${fault.what}: nobody said why, so the model has no figures` : fault.what
}

type Predicted = Readonly<Partial<Record<Phase, Bounds>>>

/** The failover that goes on, or was last. */
export function shown(reading: Reading, topology: Topology | null): Failover | null {
  const one = latest(reading)
  if (one === undefined) return null
  const found = unfolded(reading, one)
  const {hosts, at} = one.fault
  return {
    ...{after: afterOf(one), hosts, at, from: one.leader ?? null, to: found.newLeader ?? null},
    strikesLeader: one.struck !== undefined,
    keepsKey: one.struck !== undefined && !isModelled(one.struck) && one.struck.keepsKey ? one.struck.why : null,
    writer: (found.firstWrite ?? found.resumedWrite)?.server ?? null,
    predicted: topology === null ? {} : predictedFor(one, topology),
    phases: Object.fromEntries(Object.entries(phaseEvents(found)).map(([phase, event]) => [phase, event.at])),
  }
}

type Followed = NonNullable<ReturnType<typeof latest>>

/** The same for as long as a failover goes on, so it is worked out once for each fault. */
const known = new WeakMap<Followed['fault'], Predicted>()

function predictedFor({fault, struck}: Followed, topology: Topology): Predicted {
  if (struck === undefined || !isModelled(struck)) return {}
  const before = known.get(fault)
  if (before !== undefined) return before
  const budget = failoverBudget(topology, anyMoment(topology, struck.fault))
  const phases = 'why' in budget ? [] : Object.entries(budget.phases).map(([phase, {at}]) => [phase, at])
  const predicted = Object.fromEntries(phases) as Predicted
  known.set(fault, predicted)
  return predicted
}
