/** After the mend the old leader follows the new one: a streaming replica, and every member on one timeline. */
import {z} from 'zod'
import {clockSet} from '../history/disturbances.ts'
import type {Event, Of} from '../history/event.ts'
import {type Failover, failoversOf} from '../history/failover.ts'
import {type History, of} from '../history/history.ts'
import {between, inTime, sayDoubt, starvedFor} from '../history/lateness.ts'
import {primariesAtEnd, sayPrimariesAtEnd} from '../history/rows.ts'
import {whyNotAsked} from '../history/servers-seen.ts'
import {blind, missed} from '../history/watching.ts'
import {type HostName, hostsWith} from '../topology/topology.ts'
import {type Micros, sayMicros} from '../words/quantity.ts'
import {positiveDuration} from '../words/schemas.ts'
import {type Check, type Finding, together} from './check.ts'

export interface RejoinedParams {
  /** Milliseconds from the beginning of the mend. */
  readonly within: number
  /** How it came back, as its log says; `streaming`: neither by pg_rewind nor by a new base backup. */
  readonly how?: 'streaming' | 'pg_rewind' | 'basebackup' | undefined
}

export const rejoined: Check<RejoinedParams> = {
  about:
    'After the mend the old leader is a streaming replica of the new one within a limit, and all members share a timeline.',
  evidence: ['etcd', 'postgres', 'rows', 'patroni', 'logs', 'engine', 'runner', 'disk'],
  ofFault: 'of-leader',
  params: z.strictObject({
    within: positiveDuration,
    how: z
      .enum(['streaming', 'pg_rewind', 'basebackup'], {error: '`how` is streaming, pg_rewind or basebackup'})
      .optional(),
  }),

  judge(history, {within, how}) {
    const all = failoversOf(history)
    if (typeof all === 'string') return {verdict: 'unknown', says: `Nobody had to rejoin: ${all}.`}
    return together(
      all,
      all.map(found => backFrom(history, found, within * 1000, how)),
      'rejoinedMicros',
    )
  },
}

/** From one failover: until the next that strikes who came back from it. */
function backFrom(history: History, found: Failover, limit: Micros, how: RejoinedParams['how']): Finding {
  const {oldLeader, newLeader, promoted, fault, topology} = found
  const timeline = promoted?.timeline ?? null
  if (newLeader === undefined || timeline === null)
    return {verdict: 'unknown', says: `There was no new leader for ${oldLeader} to follow.`}
  const mending = of(history, 'fault-mending').find(event => event.id === fault.id)
  // What is broken has a mend; without one (a switchover) the old leader may come back from the promotion on.
  const since = mending ?? (fault.needsMend === false ? promoted : undefined)
  if (!since) return {verdict: 'unknown', says: `${oldLeader} was not mended, so it could not come back.`}
  const mended = of(history, 'fault-mended').find(event => event.id === fault.id)
  if (mended && !mended.ok)
    return {
      verdict: 'unknown',
      says: `${oldLeader} could not be mended: ${mended.says ?? 'no reason was given'}.`,
      evidence: [mended],
    }

  const end = Math.min(endOf(history), found.next)
  const {replica, streams} = comeback(history, oldLeader, since.at, timeline)
  const took = replica && streams ? Math.max(replica.at, streams.at) - since.at : undefined
  const measures = {rejoinedMicros: took ?? null, limitMicros: limit, timeline, member: oldLeader}
  const evidence = [since, mended, replica, streams].filter(event => event !== undefined)
  if (took === undefined) {
    const {log, ...finding} = notBack(history, found, {replica, streams}, since.at, end, limit)
    return {...finding, measures, evidence: [...evidence, ...log]}
  }
  const back = `${oldLeader} was a streaming replica of ${newLeader} ${sayMicros(took)} after its mend began`
  const late = notInTime(history, since, replica!.at > streams!.at ? replica! : streams!, limit)
  if (late) return {...late, says: `${back}${late.says}`, measures, evidence}
  // Between two failovers the members need not be one cluster again.
  const apart = Number.isFinite(found.next) ? undefined : timelines(history, hostsWith(topology, 'patroni'), end)
  if (apart)
    return {
      verdict: apart.verdict,
      says: `${back}, but ${apart.says}.`,
      measures,
      evidence: [...evidence, ...apart.evidence],
    }
  const still = Number.isFinite(found.next) ? undefined : leftPrimary(history, oldLeader)
  if (still)
    return {
      verdict: 'fail',
      says: `${back}, but ${sayPrimariesAtEnd(still)}.`,
      measures,
      evidence: [...evidence, ...still],
    }
  const came = wayBack(history, found, end)
  const otherwise = otherWay(how, came, missed(history, 'logs', since.at, end, [oldLeader]))
  if (otherwise)
    return {...otherwise, says: `${back}${otherwise.says}.`, measures: {...measures, ...otherwise.measures}, evidence}
  return {
    verdict: 'pass',
    says: `${back}${came === null ? '' : ` by ${came}`} (${sayMicros(limit)} are allowed)${Number.isFinite(found.next) ? '' : `, all on timeline ${lastTimeline(history, oldLeader, end)}`}.`,
    measures,
    evidence,
  }
}

/** At the end it said itself that it is no replica, beside another one. Alone it leads again. */
function leftPrimary(history: History, host: HostName): readonly Of<'final-rows'>[] | undefined {
  const all = primariesAtEnd(history)
  return all.length > 1 && all.some(one => one.host === host) ? all : undefined
}

/** It came back later than is allowed, or may have. */
function notInTime(
  history: History,
  since: Event,
  back: Event,
  limit: Micros,
): Pick<Finding, 'verdict' | 'says'> | null {
  const starved = starvedFor(history, since.at, back.at)
  const verdict = inTime({from: between(history, since, back).from, to: back.at - since.at}, limit, starved)
  if (verdict === 'pass') return null
  return {
    verdict,
    says: `, ${sayMicros(limit)} are allowed${verdict === 'unknown' ? `, but ${sayDoubt(starved)}` : ''}.`,
  }
}

/** The first signs that it is a replica again, by its own word, and that it streams. */
function comeback(history: History, host: HostName, since: Micros, timeline: number) {
  const told = of(history, 'patroni').find(
    event =>
      event.host === host &&
      event.at > since &&
      // Who leads a cluster that now follows the other one is a replica of that.
      (event.role === 'replica' || event.role === 'standby_leader') &&
      event.timeline !== null &&
      event.timeline >= timeline,
  )
  // What PostgreSQL says of itself decides as well, where its Patroni was not heard.
  const replica =
    told ??
    of(history, 'postgres').find(event => event.host === host && event.at > since && isStreaming(event, host, timeline))
  return {replica, streams: history.events.find(event => event.at > since && isStreaming(event, host, timeline))}
}

function notBack(
  history: History,
  {oldLeader: host, newLeader, promoted}: Failover,
  {replica, streams}: ReturnType<typeof comeback>,
  since: Micros,
  end: Micros,
  limit: Micros,
): Pick<Finding, 'verdict' | 'says' | 'hint'> & {log: readonly Of<'log'>[]} {
  const unseen = whyNotAsked(history, since, end, [host]) ?? blind(history, 'patroni', end - askedLately, end, [host])
  if (unseen) return {verdict: 'unknown', says: `Whether ${host} came back is not known: ${unseen}.`, log: []}
  const waited = end - since
  // Each names the timeline: it may well call itself a replica, of its own.
  const timeline = `timeline ${promoted?.timeline}`
  const lacking = replica
    ? `was a replica on ${timeline} but never streamed from ${newLeader}`
    : streams
      ? `streamed, but never called itself a replica on ${timeline}`
      : `never was a replica on ${timeline}, on which ${newLeader} led`
  const lastSaid = of(history, 'patroni').findLast(event => event.host === host && event.at <= end)
  const state = lastSaid?.role
    ? `; at the end it called itself ${lastSaid.role}, ${lastSaid.state}, on ${lastSaid.timeline === null ? 'a timeline that it did not tell' : `timeline ${lastSaid.timeline}`}`
    : ''
  const why = of(history, 'log').findLast(
    one =>
      ((one.host === host && one.sign === 'cannot-follow') || one.sign === 'rejected') &&
      one.at > since &&
      one.at <= end,
  )
  const log = why === undefined ? [] : [why]
  const quoted =
    why === undefined ? '' : `; ${why.host === host ? 'its log' : `the log of ${why.host}`} says: "${why.says}"`
  const says = `${host} ${lacking}, in the ${sayMicros(waited)} after its mend began (${sayMicros(limit)} are allowed)${state}${quoted}.`
  if (waited < limit) return {verdict: 'unknown', says: `Still waiting: ${says}`, log}
  const hint =
    why === undefined
      ? `read the log of ${host} in the run folder: pg_rewind, or a slot that is missing`
      : `${host} has what ${newLeader} has not, or lacks what it no longer has: pg_rewind (use_pg_rewind) or a new base backup brings it back; its log is in the run folder`
  return {verdict: 'fail', says, hint, log}
}

/** Why the way that it came back is not the one that was expected. */
function otherWay(
  expected: RejoinedParams['how'],
  came: NonNullable<RejoinedParams['how']> | null,
  blindness: string | null,
): Pick<Finding, 'verdict' | 'says' | 'measures'> | undefined {
  if (expected === undefined) return undefined
  if (came === null || blindness)
    return {verdict: 'unknown', says: `, but how is not known: ${blindness ?? 'its log was not read'}`}
  if (came !== expected)
    return {verdict: 'fail', says: ` by ${came}; it was to be by ${expected}`, measures: {how: came}}
  return undefined
}

/** What the host's own log says; null when nobody read the logs, or when what they say cannot be laid beside the rest. */
function wayBack(
  history: History,
  {oldLeader, newLeader, t0}: Failover,
  end: Micros,
): NonNullable<RejoinedParams['how']> | null {
  if (!of(history, 'watching').some(one => one.who === 'logs') || clockSet(history) !== null) return null
  const signs = of(history, 'log').filter(one => one.host === oldLeader && one.at > t0 && one.at <= end)
  if (signs.some(one => one.sign === 'basebackup')) return 'basebackup'
  if (signs.some(one => one.sign === 'pg_rewind')) return 'pg_rewind'
  // Its log says nothing of either. Whoever reads logs heard at least of the promotion, or has heard of nothing.
  return of(history, 'log').some(one => one.host === newLeader && one.sign === 'promoting') ? 'streaming' : null
}

/** Probes and clients are being stopped after the final reads have begun; what they say then is about their end. */
function endOf(history: History): Micros {
  const reads = of(history, 'phase').find(phase => phase.name === 'final-reads')
  return reads?.at ?? history.events.at(-1)!.at
}

/** The server itself says that it streams, or somebody else says that it streams from him. */
function isStreaming(event: Event, host: HostName, timeline: number): boolean {
  if (event.kind === 'postgres')
    return (
      event.host === host &&
      event.up &&
      event.inRecovery === true &&
      event.receiver === 'streaming' &&
      event.timeline !== null &&
      event.timeline >= timeline
    )
  return (
    event.kind === 'patroni' &&
    event.host !== host &&
    event.streaming.some(one => one.name === host && one.state === 'streaming')
  )
}

/** Patroni tells its role at least once a second. */
const askedLately: Micros = 5_000_000

/** One question that got no answer is no sign of anything; two seconds of them are. */
const silentAfter: Micros = 2_000_000

function lastSample(history: History, host: HostName, end: Micros): Of<'postgres'> | undefined {
  return of(history, 'postgres').findLast(
    one => one.host === host && one.up && one.at <= end && one.at > end - silentAfter,
  )
}

function lastTimeline(history: History, host: HostName, end: Micros): number | null {
  return lastSample(history, host, end)?.timeline ?? null
}

/** Why the members are not one cluster at the end, or undefined. */
function timelines(history: History, hosts: readonly HostName[], end: Micros) {
  const last = hosts.map(host => ({host, sample: lastSample(history, host, end)}))
  const evidence = last.flatMap(one => one.sample ?? [])
  const silent = last.filter(one => !one.sample)
  const unasked = whyNotAsked(
    history,
    end - silentAfter,
    end,
    silent.map(one => one.host),
  )
  if (silent.length > 0 && unasked)
    return {
      verdict: 'unknown' as const,
      says: `it is not known whether ${silent.map(one => one.host).join(' and ')} answered at the end: ${unasked}`,
      evidence,
    }
  if (silent.length > 0)
    return {
      verdict: 'fail' as const,
      says: `${silent.map(one => one.host).join(' and ')} did not answer at the end`,
      evidence,
    }
  const unknown = last.filter(one => one.sample!.timeline === null)
  if (unknown.length > 0)
    return {
      verdict: 'unknown' as const,
      says: `nobody saw the timeline of ${unknown.map(one => one.host).join(' and ')} at the end`,
      evidence,
    }
  const different = new Set(last.map(one => one.sample!.timeline))
  if (different.size > 1)
    return {
      verdict: 'fail' as const,
      says: `the members are on different timelines at the end: ${last.map(one => `${one.host} ${one.sample!.timeline}`).join(', ')}`,
      evidence,
    }
  const primaries = last.filter(one => one.sample!.inRecovery === false)
  if (primaries.length !== 1)
    return {verdict: 'fail' as const, says: `${primaries.length} of the members are primaries at the end`, evidence}
  return undefined
}
