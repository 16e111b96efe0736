/** The failover as it unfolds: after a fault, each mark that is reached, with its time. */
import type {Event, HostName, Micros} from '../../lab/index.ts'
import type {View} from './view.ts'

/** In the order in which they happen. */
export const marks = ['lease', 'leader', 'promoted', 'routed', 'write'] as const
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
  readonly marks: Readonly<Partial<Record<Mark, Micros>>>
}

/** Whether the fault struck the leader, so that a failover is to be expected. */
export function strikesLeader(failover: Failover): boolean {
  return failover.from !== null && failover.hosts.includes(failover.from)
}

export function failoverAfter(before: View, after: View, event: Event): Failover | null {
  if (event.kind === 'fault-injecting') return begun(before, event.at, event.fault, event.hosts)
  const so = after.failover
  // A write may be acknowledged before a probe has seen what it waited for: that mark still comes.
  if (so === null || marks.every(mark => so.marks[mark] !== undefined)) return so
  const to = so.to ?? successor(so, event)
  const reached = {...so.marks, ...keyMarks(so, event), ...(to === null ? {} : reachedBy(so, to, after, event))}
  return to === so.to && marks.every(mark => reached[mark] === so.marks[mark]) ? so : {...so, to, marks: reached}
}

/** A second fault while a failover runs belongs to its story; otherwise a new one begins. */
function begun(before: View, at: Micros, fault: string, hosts: readonly HostName[]): Failover {
  const running = before.failover
  if (running !== null && strikesLeader(running) && running.marks.write === undefined && before.faults.length > 0)
    return running
  return {fault, hosts, at, from: before.holder, to: null, marks: {}}
}

function successor(so: Failover, event: Event): HostName | null {
  return event.kind === 'leader-key' && event.at >= so.at && event.holder !== so.from ? event.holder : null
}

function keyMarks(so: Failover, event: Event): Failover['marks'] {
  if (event.kind !== 'leader-key' || event.at < so.at) return {}
  if (so.marks.write !== undefined) return {}
  if (event.holder === null) return so.marks.lease === undefined ? {lease: event.at} : {}
  return event.holder !== so.from && so.marks.leader === undefined ? {leader: event.at} : {}
}

function reachedBy(so: Failover, to: HostName, after: View, event: Event): Failover['marks'] {
  const writableSince = after.members.find(one => one.host === to)?.writableSince ?? null
  const route = after.backends.find(one => one.backend === 'primary' && one.server === to && one.up)
  const wrote =
    (event.kind === 'op' || event.kind === 'transaction') &&
    event.op === 'write' &&
    event.outcome === 'ok' &&
    event.server === to
  return {
    ...(so.marks.promoted === undefined && writableSince !== null && writableSince >= so.at
      ? {promoted: writableSince}
      : {}),
    ...(so.marks.routed === undefined && route !== undefined && route.since >= so.at ? {routed: route.since} : {}),
    ...(wrote && so.marks.write === undefined && event.at > so.at ? {write: event.at} : {}),
  }
}
