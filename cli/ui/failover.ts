/** What the screen shows of a failover as it unfolds: the reading is the report's own. */

import type {HostName, Micros} from '../../lab/index.ts'
import type {Phase, Reading} from '../../lab/inside/reading.ts'
import {latest, phaseEvents, unfolded} from '../../lab/inside/reading.ts'

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
  readonly fault: string
  readonly hosts: readonly HostName[]
  /** t0: right before the call that breaks. */
  readonly at: Micros
  /** Who held the leader key then. */
  readonly from: HostName | null
  /** Who took it. */
  readonly to: HostName | null
  /** The fault is about the leader, so that a failover is to be expected. */
  readonly strikesLeader: boolean
  /** Who acknowledged the first write. */
  readonly writer: HostName | null
  readonly phases: Readonly<Partial<Record<Phase, Micros>>>
}

/** The failover that goes on, or was last. */
export function shown(reading: Reading): Failover | null {
  const one = latest(reading)
  if (one === undefined) return null
  const found = unfolded(reading, one)
  const {fault, hosts, at} = one.fault
  return {
    ...{fault, hosts, at, from: one.leader ?? null, to: found.newLeader ?? null},
    strikesLeader: one.struck !== undefined,
    writer: (found.firstWrite ?? found.resumedWrite)?.server ?? null,
    phases: Object.fromEntries(Object.entries(phaseEvents(found)).map(([phase, event]) => [phase, event.at])),
  }
}
