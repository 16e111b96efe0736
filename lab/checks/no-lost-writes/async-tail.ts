/** Which of the lost writes are the price of asynchronous replication, and of each other one why not. */
import type {Event, Of} from '../../history/event.ts'
import {findFailover} from '../../history/failover.ts'
import {type History, of} from '../../history/history.ts'
import {type Interval, whenWas} from '../../history/lateness.ts'
import {promotionsOf} from '../../history/promotions.ts'
import type {Topology} from '../../topology/topology.ts'
import {type Micros, sayMicros} from '../../words/quantity.ts'
import type {Allowed, LossBound} from './allowed.ts'
import {positionAfter, positions} from './positions.ts'
import {type Succession, successionsOf} from './successions.ts'

/** How old the last look at the promoted replica may be when the leader dies, to say what it had received. */
const staleSample: Micros = 2_000_000

export interface Explained {
  readonly tail: readonly Of<'op'>[]
  /** Acknowledged by the old leader when the new one surely led. */
  readonly split: readonly Of<'op'>[]
  /** Why not -> which. */
  readonly not: ReadonlyMap<string, readonly Of<'op'>[]>
  readonly doubt?: string
  readonly evidence: readonly Event[]
  /** The longest of all failovers, as far as it is known. */
  readonly longest?: Extent
}

/** How much was lost: from what the promoted replica had received to the place of the last lost write, and how long that took. */
interface Extent {
  readonly rows: number
  readonly bytes: Interval
  readonly time: Interval
}

export function nothingExplained(lost: readonly Of<'op'>[], why = 'none may be'): Explained {
  const by = Map.groupBy(lost, op => `${why}; acknowledged by ${op.server ?? '?'} on timeline ${op.timeline ?? '?'}`)
  return {tail: [], split: [], not: by, evidence: []}
}

/**
 * Which losses are the price of asynchronous replication. The promoted replica replays all that it has received, so a write
 * that was within what it had received cannot have been lost for that reason. Where a write lies in the WAL is known from
 * what came after it: anything that the old leader answered to a question put after the acknowledgement lies behind it.
 */
export function explain(history: History, lost: readonly Of<'op'>[], allow: Allowed): Explained {
  if (lost.length === 0) return nothingExplained(lost)
  const topology = of(history, 'run-started')[0]?.topology
  const successions = successionsOf(history)
  if (topology === undefined || successions.length === 0) {
    const found = findFailover(history)
    return nothingExplained(
      lost,
      `no failover explains that, ${typeof found === 'string' ? found : 'nobody was promoted'}`,
    )
  }
  if (topology.patroni.synchronousMode !== 'off')
    return nothingExplained(lost, 'replication is synchronous, which loses none')

  const longest: Extent[] = []
  const not = new Map<string, Of<'op'>[]>()
  const accuse = (why: string, op: Of<'op'>) => {
    const same = not.get(why)
    if (same) same.push(op)
    else not.set(why, [op])
  }
  const tail: Of<'op'>[] = []
  const split: Of<'op'>[] = []
  const evidence: Event[] = []
  const doubts: string[] = []
  let rest = lost
  for (const succession of successions) {
    const [own, others] = [rest.filter(op => isOf(succession, op)), rest.filter(op => !isOf(succession, op))]
    rest = others
    if (own.length === 0) continue
    const {excused, late, perhaps, accused, received, doubt, extent} = explainOwn(history, topology, succession, own)
    for (const [op, why] of accused) accuse(why, op)
    const kinds = [
      {loss: 'async-tail', ops: excused, all: tail, extent},
      {loss: 'split-brain', ops: late, all: split, extent: extentOf(history, succession, late, late[0]?.lsn ?? null)},
    ] as const
    for (const {loss, ops, all, extent} of kinds) {
      const {bad, unsure} = held(loss, ops, extent, allow[loss], succession)
      all.push(...ops)
      if (bad !== undefined) for (const op of ops) accuse(bad, op)
      if (unsure !== undefined) doubts.push(unsure)
    }
    if (extent !== undefined) longest.push(extent)
    if (received) evidence.push(received)
    if (late.length > 0) evidence.push(late[0]!)
    if (doubt !== undefined) doubts.push(doubt)
    if (perhaps > 0 && allow['split-brain']?.of !== 'any')
      doubts.push(`whether ${perhaps} of them came after ${succession.newLeader ?? 'the next one'} led is not known`)
  }
  for (const op of rest) accuse(notByTheDead(op), op)
  const [most] = longest.toSorted((a, b) => b.time.to - a.time.to)
  return {
    ...{tail, split, not, evidence},
    ...(most === undefined ? {} : {longest: most}),
    ...(doubts.length > 0 ? {doubt: doubts.join('; ')} : {}),
  }
}

const notByTheDead = ({server, timeline}: Of<'op'>) =>
  `acknowledged by ${server ?? 'an unknown server'} on timeline ${timeline ?? '?'}, not by the dead leader`

/** Whether so much of it is allowed: why it is not, or why nobody can tell. */
function held(
  loss: keyof Allowed,
  ops: readonly Of<'op'>[],
  extent: Extent | undefined,
  bound: LossBound | undefined,
  {oldLeader, newLeader}: Succession,
): {readonly bad?: string; readonly unsure?: string} {
  if (ops.length === 0 || extent === undefined || bound?.of === 'any') return {}
  const what =
    loss === 'async-tail'
      ? 'in the tail that asynchronous replication can lose'
      : `acknowledged by ${oldLeader} after ${newLeader ?? 'the new leader'} led, which is a split brain and no tail`
  if (bound === undefined) return {bad: loss === 'async-tail' ? `${what}, which is not allowed here` : what}
  const {from, to} = bound.of === 'rows' ? {from: extent.rows, to: extent.rows} : extent[bound.of]
  if (to <= bound.most) return {}
  const says = (amount: number) =>
    bound.of === 'time' ? sayMicros(amount) : bound.of === 'bytes' ? `${amount} bytes` : `${amount} rows`
  if (from > bound.most) return {bad: `${what}: ${says(from)} at least, and ${bound.written.trim()} are allowed`}
  return {
    unsure: `the writes ${what} are between ${says(from)} and ${says(to)}, and ${bound.written.trim()} are allowed`,
  }
}

/** Of one succession: what its old leader acknowledged and is lost. */
function explainOwn(history: History, topology: Topology, succession: Succession, own: readonly Of<'op'>[]) {
  const {oldLeader, oldTimeline, newLeader, t0, deadAt} = succession
  const received = lastReceived(history, succession)
  const safe = safePosition(history, topology, succession, received)
  const laterPositions = positions(history, oldLeader, oldTimeline)
  const whyNot = (op: Of<'op'>) =>
    op.lsn === null
      ? 'at a place in the WAL that nobody knows'
      : whenWas(history, op).from > deadAt
        ? 'acknowledged after the leader was dead'
        : safe !== null && positionAfter(laterPositions, op.at) <= safe.lsn
          ? safe.why
          : undefined
  const excused: Of<'op'>[] = []
  const late: Of<'op'>[] = []
  const accused: [op: Of<'op'>, why: string][] = []
  const led = ledFrom(history, succession)
  for (const op of own) {
    const when = whenWas(history, op)
    // How far the next leader had come says nothing of what was acknowledged beside it.
    const why = when.from > led.to && when.from <= deadAt ? undefined : whyNot(op)
    if (why !== undefined) accused.push([op, why])
    else if (when.from > led.to) late.push(op)
    else excused.push(op)
  }
  const fresh = received !== undefined && received.at > t0 - staleSample
  const doubt =
    excused.length > 0 && !fresh
      ? `nobody saw what ${newLeader ?? 'the new leader'} had received when ${oldLeader} died, so the tail has no bound`
      : undefined
  const perhaps = excused.filter(op => whenWas(history, op).to > led.from).length
  const extent = extentOf(history, succession, excused, safe?.lsn ?? null)
  return {excused, late, perhaps, accused, received, extent, doubt}
}

/** When the new leader began to: after it last said that it takes no writes, and before it first showed that it does. */
function ledFrom(history: History, {newLeader, oldTimeline}: Succession): Interval {
  const promotion = promotionsOf(history).find(one => one.host === newLeader && one.timeline > (oldTimeline ?? 0))
  if (promotion === undefined) return {from: Number.NEGATIVE_INFINITY, to: Number.POSITIVE_INFINITY}
  const replica = of(history, 'postgres').findLast(
    one => one.host === newLeader && one.inRecovery === true && one.at <= promotion.at,
  )
  return {from: replica?.askedAt ?? Number.NEGATIVE_INFINITY, to: whenWas(history, promotion.event).to}
}

/** @param received null: unknown. */
function extentOf(
  history: History,
  {t0}: Succession,
  ops: readonly Of<'op'>[],
  received: number | null,
): Extent | undefined {
  const [first, last] = [ops[0], ops.at(-1)]
  if (first === undefined || last === undefined) return undefined
  const places = ops.flatMap(op => op.lsn ?? [])
  const furthest = places.reduce((most, one) => Math.max(most, one), 0)
  const nearest = places.reduce((least, one) => Math.min(least, one), Number.POSITIVE_INFINITY)
  const [began, ended] = [whenWas(history, first), whenWas(history, last)]
  // A leader that goes on after it was struck loses what it acknowledges until it is fenced.
  const time = {from: Math.max(t0, ended.from) - began.to, to: Math.max(t0, ended.to) - began.from}
  return {
    rows: ops.length,
    bytes: {
      from: Math.max(0, furthest - nearest),
      to: received === null ? Number.POSITIVE_INFINITY : furthest - received,
    },
    time: {from: Math.round(Math.max(0, time.from)), to: Math.round(Math.max(0, time.to))},
  }
}

function isOf({oldLeader, oldTimeline}: Succession, op: Of<'op'>): boolean {
  return op.server === oldLeader && op.timeline === oldTimeline
}

/**
 * The promoted replica's furthest received position before its promotion, as it was last seen. What it said on an earlier
 * timeline may have been of a branch that was left.
 */
function lastReceived(history: History, {newLeader, oldTimeline, before}: Succession): Of<'postgres'> | undefined {
  return of(history, 'postgres')
    .filter(one => one.host === newLeader && one.up && one.inRecovery === true && one.lsn !== null && one.at <= before)
    .filter(one => one.timeline === null || oldTimeline === null || one.timeline >= oldTimeline)
    .reduce<Of<'postgres'> | undefined>((most, one) => (most && most.lsn! > one.lsn! ? most : one), undefined)
}

/**
 * Up to where nothing can be lost: what the new leader had received, and what Patroni promises, since a replica more than
 * maximum_lag_on_failover behind `/status` may not race (`ha.py: Ha.is_lagging`).
 */
function safePosition(
  history: History,
  {patroni}: Topology,
  {t0, newLeader}: Succession,
  received: Of<'postgres'> | undefined,
) {
  const status = of(history, 'status-key').findLast(event => event.at <= t0)
  const promised = status ? status.optime - patroni.maximumLagOnFailoverBytes : Number.NEGATIVE_INFINITY
  const reached = received?.lsn ?? Number.NEGATIVE_INFINITY
  if (Math.max(promised, reached) === Number.NEGATIVE_INFINITY) return null
  return reached >= promised
    ? {lsn: reached, why: `${newLeader} had received as much before it was promoted`}
    : {lsn: promised, why: 'further back than maximum_lag_on_failover lets a new leader be behind'}
}
