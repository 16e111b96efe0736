/**
 * The old primary took no more writes before the new one could take any, and by how much: the fencing margin. Where a watchdog
 * reset its host: that it did so before the leader key was free for others.
 */
import {z} from 'zod'
import {toldByEngine} from '../history/at-rest.ts'
import type {Event, Of} from '../history/event.ts'
import {type Failover, failoversOf, isDead, isWritable} from '../history/failover.ts'
import {type History, of} from '../history/history.ts'
import {between, whenWas} from '../history/lateness.ts'
import {reignsOf} from '../history/reigns.ts'
import {sayBlank, unseenWrites} from '../history/servers-seen.ts'
import type {Sighting} from '../history/sightings.ts'
import {lacks} from '../history/watching.ts'
import type {HostName} from '../topology/topology.ts'
import {type Micros, sayMicros} from '../words/quantity.ts'
import {duration} from '../words/schemas.ts'
import {type Check, type Finding, together} from './check.ts'

export interface FencedParams {
  /** Milliseconds: the fencing margin must be at least this. */
  readonly margin: number
}

export const fenced: Check<FencedParams> = {
  about:
    'The old primary is reset, demoted or dead before the new one can take writes; a watchdog that resets it does so before the leader key expires.',
  evidence: ['postgres', 'clients', 'etcd', 'engine', 'watchdog', 'runner'],
  ofFault: 'of-leader',
  params: z.strictObject({margin: duration.optional().transform(ms => ms ?? 0)}),

  judge(history, {margin}) {
    const all = failoversOf(history)
    if (typeof all === 'string') return unknown(`Nobody had to be fenced: ${all}.`)
    return together(
      all,
      all.map(found => marginOf(history, found, margin)),
      'endedMicros',
    )
  },
}

function marginOf(history: History, found: Failover, margin: number): Finding {
  const {oldLeader, newLeader, oldTimeline, t0} = found
  if (oldTimeline === null) return unknown(`Nobody saw ${oldLeader} take writes before the fault.`)
  if (newLeader === undefined || !found.promoted)
    return unknown(`No new primary was seen taking writes, so there was nobody to fence ${oldLeader} from.`)

  const old = lastSighting(history, oldLeader, oldTimeline)
  if (old === undefined) return unknown(`Nobody saw ${oldLeader} take writes on timeline ${oldTimeline}.`)
  const end = endOf(history, oldLeader, old)
  const fresh = beginOf(history, found)
  // The margin lies between these two: what is sure, and what the sightings leave room for.
  const least =
    end === undefined ? Number.NEGATIVE_INFINITY : fresh.earliest - Math.max(whenWas(history, end.event).to, old.to)
  const most = fresh.latest - old.from
  const how = howEnded(found, end)
  const clockwork = judgeWatchdog(history, found)
  const evidence = [found.fault, found.reset, old.event, end?.event, found.keyGone, fresh.event]
    .filter(event => event !== undefined)
    .toSorted((a, b) => a.at - b.at)
  const finding = {
    measures: {
      marginMicros: end === undefined ? null : least,
      marginAtMostMicros: most,
      endedMicros: end === undefined ? null : end.at - t0,
      how,
      ...clockwork.measures,
    },
    evidence,
  }

  const seen = {least, most, needed: margin * 1000, how, clockwork, stopped: end !== undefined}
  const unseen =
    unseenWrites(history, oldLeader, old.to, fresh.latest).map(sayBlank)[0] ??
    lacks(history, 'clients', {from: t0, to: Number.POSITIVE_INFINITY})
  return {...ruling({oldLeader, newLeader}, seen, unseen), ...finding}
}

/** The margin lies between `least` and `most`. */
interface Margin {
  readonly least: Micros
  readonly most: Micros
  readonly needed: Micros
  readonly how: string
  readonly clockwork: Clockwork
  /** Somebody saw how the old primary stopped taking writes. */
  readonly stopped: boolean
}

function ruling(
  {oldLeader, newLeader}: {readonly oldLeader: HostName; readonly newLeader: HostName},
  {least, most, needed, how, clockwork, stopped}: Margin,
  unseen: string | null,
): Pick<Finding, 'verdict' | 'says' | 'hint'> {
  const wanted = needed === 0 ? '' : ` (at least ${sayMicros(needed)} are wanted)`
  if (most < needed)
    return {
      verdict: 'fail',
      says:
        most < 0
          ? `${oldLeader} still took writes ${sayMicros(-most)} after ${newLeader} took its first: nothing had fenced it.`
          : `${oldLeader} ${how} only ${sayMicros(most)} before ${newLeader} took writes${wanted}.`,
      hint: 'look at what should have stopped the old primary: its Patroni, or a watchdog (patroni.watchdog: required)',
    }
  if (clockwork.verdict === 'fail')
    return {
      verdict: 'fail',
      says: clockwork.says,
      hint: 'a larger patroni.watchdog_safety_margin makes the watchdog fire sooner',
    }
  const doubts = [
    ...(stopped ? [] : [`nobody saw how ${oldLeader} stopped taking writes`]),
    ...(stopped && least < needed
      ? [`the margin is ${sayBetween(least, most)}, and ${sayMicros(needed)} are wanted`]
      : []),
    ...(unseen === null ? [] : [unseen]),
    ...(clockwork.verdict === 'unknown' ? [clockwork.says] : []),
  ]
  if (doubts.length > 0)
    return {
      verdict: 'unknown',
      says: `Whether ${oldLeader} was fenced in time cannot be told: ${doubts.join('; ')}.`,
    }
  return {
    verdict: 'pass',
    says: `${oldLeader} ${how} ${sayMicros(least)} before ${newLeader} could take writes${wanted}${clockwork.says}.`,
  }
}

function unknown(says: string): Finding {
  return {verdict: 'unknown', says}
}

/** The last moment at which the host can have taken a write on this timeline, by its own word or by an acknowledged write. */
function lastSighting(history: History, host: HostName, timeline: number): Sighting | undefined {
  let last: Sighting | undefined
  for (const reign of reignsOf(history)) {
    if (reign.host !== host || reign.timeline !== timeline) continue
    for (const one of reign.sightings) if (last === undefined || one.to > last.to) last = one
  }
  return last
}

interface End {
  /** It surely took no more writes from here. */
  readonly at: Micros
  readonly event: Of<'postgres'> | Of<'container'>
}

/** The first proof after its last sighting: it says itself that it takes none, it refuses, or the engine says that its host is dead or frozen. */
function endOf(history: History, host: HostName, last: Sighting): End | undefined {
  const stopped = new Set<Event>(
    toldByEngine(history, host).filter(({action}) => action === 'die' || action === 'pause'),
  )
  for (const event of history.events) {
    if (event.at < last.from) continue
    if (event.kind === 'container' && stopped.has(event)) return {at: event.at, event}
    if (event.kind === 'postgres' && event.host === host && event.askedAt >= last.from && refuses(event))
      return {at: event.at, event}
  }
  return undefined
}

/** A time-out proves nothing: a server that is cut off from us answers others. */
function refuses(sample: Of<'postgres'>): boolean {
  if (sample.up) return !isWritable(sample)
  return sample.error !== null && !/time|unreach|hostdown/i.test(sample.error)
}

/** When the new primary began: after it last said that it takes no writes, and before it first said or showed that it does. */
function beginOf(
  history: History,
  {newLeader, oldTimeline}: Failover,
): {earliest: Micros; latest: Micros; event: Event} {
  const first = reignsOf(history)
    .filter(reign => reign.host === newLeader && reign.timeline !== null && reign.timeline > oldTimeline!)
    .flatMap(reign => [...reign.sightings])
    .reduce((a, b) => (b.to < a.to ? b : a))
  const before = of(history, 'postgres').findLast(
    one => one.host === newLeader && one.at <= first.to && one.up && !isWritable(one),
  )
  return {
    earliest: Math.min(before?.askedAt ?? Number.NEGATIVE_INFINITY, first.from),
    latest: first.to,
    event: first.event,
  }
}

function howEnded({fault, oldLeader, reset}: Failover, end: End | undefined): string {
  if (reset !== undefined && end !== undefined && end.at - reset.at < 2_000_000) return 'was reset by its watchdog'
  if (isDead(fault, oldLeader)) return 'was dead'
  if (end?.event.kind === 'container') return end.event.action === 'pause' ? 'was frozen' : 'was down'
  return end?.event.kind === 'postgres' && end.event.up ? 'took no more writes' : 'refused connections'
}

interface Clockwork {
  readonly verdict: 'pass' | 'fail' | 'unknown'
  readonly says: string
  readonly measures: Readonly<Record<string, number | null>>
}

/** A reset must come before the key is free; where none came, the old primary was fenced in another way, or was not. */
function judgeWatchdog(history: History, found: Failover): Clockwork {
  const {reset, keyGone, t0, oldLeader, topology} = found
  if (topology.patroni.watchdog === 'off' || reset === undefined) return {verdict: 'pass', says: '', measures: {}}
  const fed = of(history, 'watchdog').findLast(
    one => one.host === oldLeader && one.at <= reset.at && (one.state === 'fed' || one.state === 'armed'),
  )
  const spare = keyGone === undefined ? null : keyGone.at - reset.at
  const measures = {
    resetMicros: reset.at - t0,
    unfedMicros: fed === undefined ? null : reset.at - fed.at,
    spareMicros: spare,
  }
  if (spare === null) return {verdict: 'unknown', says: 'nobody saw the leader key expire', measures}
  // What we hear late we take for late; the watchdog stamps with a clock that is known within its uncertainty.
  const known = between(history, reset, keyGone!)
  if (known.to < 0)
    return {
      verdict: 'fail',
      says: `The watchdog of ${oldLeader} reset it ${sayMicros(-spare)} after its leader key was free: too late to protect anybody.`,
      measures,
    }
  if (known.from <= 0)
    return {
      verdict: 'unknown',
      says: `the watchdog fired ${sayMicros(spare)} before the key was seen to go, and that is known to ${sayMicros(known.to - known.from)} only`,
      measures,
    }
  return {
    verdict: 'pass',
    says: `; its watchdog fired ${sayMicros(reset.at - t0)} after the fault, with ${sayMicros(spare)} to spare before its leader key was gone`,
    measures,
  }
}

/** Who had not looked before may have missed when it began: then there is no least. */
function sayBetween(least: Micros, most: Micros): string {
  return Number.isFinite(least)
    ? `somewhere from ${sayMicros(least)} to ${sayMicros(most)}`
    : `at most ${sayMicros(most)}, and nobody saw how much less`
}
