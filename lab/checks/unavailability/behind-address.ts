/** How long clients behind a virtual address may go without an answer when its holder is lost, by the model and by their own patience. */
import {type AddressGap, addressGap, type Patience} from '../../budget/index.ts'
import {groupsIn} from '../../history/attempts.ts'
import {type ClientGroup, labsOwn} from '../../history/client-group.ts'
import type {Of, OpName} from '../../history/event.ts'
import {type History, of} from '../../history/history.ts'
import {momentsOf} from '../../history/moments.ts'
import {holderStruck, holdsOf, lossOf} from '../../history/virtual-address.ts'
import type {HostName} from '../../topology/topology.ts'
import type {Micros} from '../../words/quantity.ts'

/** The fault that struck the holder, and what the model allows each part of the clients' gap. */
export interface BehindAddress {
  readonly fault: Of<'fault-injecting'>
  readonly holder: HostName
  /** Until then the holder is lost. */
  readonly mending: Micros
  readonly gap: AddressGap
}

/** A text: why there is no such limit. */
export function behindAddress(history: History, op: OpName): BehindAddress | string {
  const topology = of(history, 'run-started')[0]?.topology
  const moments = momentsOf(history)
  const [fault] = of(history, 'fault-injecting')
  if (topology?.keepalived === undefined) return 'there is no budget for it where clients come in by no virtual address'
  if (moments === null || fault === undefined) return 'there is no budget for it without a fault'
  const holder = holderStruck(fault, holdsOf(history, moments.end))
  if (holder === undefined) return `there is no budget for it: nobody saw the fault strike who had the virtual address`
  const {loss, best} = lossOf(topology, fault, holder)
  if (loss === 'none') return `there is no budget for it: by keepalived's own settings the address stays with ${holder}`
  const patience = patienceOf(groupsIn(of(history, 'run-started')[0]?.scenario).own, op)
  if (typeof patience === 'string') return patience
  return {fault, holder, mending: moments.mending, gap: addressGap(topology.keepalived, best, loss, patience)}
}

/** The one that waits longest of those that are asked about. */
function patienceOf(groups: readonly ClientGroup[], op: OpName): Patience | string {
  const asked = groups.filter(one => one.kind === 'program' || (one.kind === 'readers') === (op === 'read'))
  const each = asked.map(one => (one.kind === 'program' ? null : {...labsOwn, ...one.timeouts}))
  const known = each.flatMap(one =>
    one === null || one.connectMs === null || one.statementMs === null
      ? []
      : [{connectMs: one.connectMs ?? labsOwn.connectMs, statementMs: one.statementMs ?? labsOwn.statementMs}],
  )
  if (known.length === 0 || known.length < each.length)
    return 'there is no budget for it: how long these clients wait for an answer is not known'
  return {
    connectMs: Math.max(...known.map(one => one.connectMs)),
    statementMs: Math.max(...known.map(one => one.statementMs)),
  }
}
