/**
 * Every acknowledged write is in the table at the end, none twice, and none that was told to have failed. A write that was
 * acknowledged with the warning that its wait for a synchronous standby was called off was promised to nobody: it is counted
 * apart, as one without an answer is, and is neither lost nor kept.
 *
 * What the old leader's abandoned timeline holds is no evidence here: nothing records it, and pg_rewind or a new base backup
 * removes it before anybody can look.
 */
import {z} from 'zod'
import {castsDoubt} from '../history/doubtful-commit.ts'
import type {Event, Of} from '../history/event.ts'
import {type Failover, findFailover, isDead, isWritable} from '../history/failover.ts'
import {type History, of} from '../history/history.ts'
import {promotionsOf} from '../history/promotions.ts'
import {Rows} from '../history/rows.ts'
import {type HostName, hostsWith, type Topology} from '../topology/topology.ts'
import {type Micros, sayMicros} from '../words/quantity.ts'
import type {Check, Verdict} from './check.ts'

export interface NoLostWritesParams {
  /**
   * `none`: no acknowledged write may be lost. `async-tail`: the ones may that asynchronous replication can lose, where
   * replication is asynchronous: acknowledged by the old leader, and not proven to have reached the promoted replica.
   */
  readonly allow: 'none' | 'async-tail'
}

/** A write sent to a server that is being killed may be answered this long after the call returned. */
const dyingMargin: Micros = 100_000
/** How old the last look at the promoted replica may be when the leader dies, to say what it had received. */
const staleSample: Micros = 2_000_000

export const noLostWrites: Check<NoLostWritesParams> = {
  about: 'No acknowledged write is lost, none is there twice, and none is there that was refused.',
  params: z.strictObject({
    allow: z.enum(['none', 'async-tail'], {error: '`allow` is none or async-tail'}).prefault('none'),
  }),

  judge(history, {allow}) {
    const finals = latestPerHost(of(history, 'final-rows'))
    const {acknowledged, refused, indeterminate, warned} = sorted(history)
    const counted = {
      acknowledged: acknowledged.length,
      refused: refused.length,
      indeterminate: indeterminate.length,
      // Of these: committed on one server, and the wait for a synchronous standby was called off.
      warned: indeterminate.filter(warned).length,
    }
    if (acknowledged.length === 0)
      return {verdict: 'unknown', says: 'No write was acknowledged, so none could be lost.', measures: counted}
    const reference = finals.toSorted((a, b) => b.timeline - a.timeline)[0]
    if (!reference)
      return {
        verdict: 'unknown',
        says: 'The table was not read at the end, so nobody knows what is in it.',
        measures: counted,
      }

    const rows = new Rows(reference)
    const lost = acknowledged.filter(op => !rows.has(op.id))
    const ghosts = refused.filter(op => rows.has(op.id))
    const appeared = indeterminate.filter(op => rows.has(op.id))
    const duplicates = [...new Set(finals.flatMap(final => final.duplicates))]
    const untold = rows.count - acknowledged.length + lost.length - ghosts.length - appeared.length
    const explained = allow === 'async-tail' ? explain(history, lost) : nothingExplained(lost)

    const bad: string[] = []
    const doubts: string[] = []
    const alone = withoutSynchronousMode(history, acknowledged)
    if (alone) bad.push(alone.says)
    for (const [why, ops] of explained.not)
      bad.push(`${count(ops.length, 'acknowledged write')} lost: ${why} (${ids(ops)})`)
    if (explained.doubt) doubts.push(explained.doubt)
    if (ghosts.length > 0)
      bad.push(`${count(ghosts.length, 'write')} told to have failed, yet in the table (${ids(ghosts)})`)
    if (duplicates.length > 0)
      bad.push(
        `${count(duplicates.length, 'write')} in the table more than once (${duplicates.slice(0, 5).join(', ')})`,
      )
    if (untold > 0)
      doubts.push(`${count(untold, 'row')} in the table that no client told of: a part of the record is missing`)
    const differing = disagreement(reference, finals)
    bad.push(...differing.bad)
    doubts.push(...differing.doubts, ...unread(history, finals))

    const tail = explained.tail
    const verdict: Verdict = bad.length > 0 ? 'fail' : doubts.length > 0 ? 'unknown' : 'pass'
    const summary = `${acknowledged.length} writes acknowledged, ${lost.length} lost${tail.length > 0 ? ` (${tail.length} in the tail that asynchronous replication can lose: ${ids(tail)})` : ''}`
    return {
      verdict,
      says: verdict === 'pass' ? `${summary}.` : `${summary}: ${[...bad, ...doubts].join('; ')}.`,
      measures: {
        ...counted,
        indeterminateInTable: appeared.length,
        warnedInTable: appeared.filter(warned).length,
        lost: lost.length,
        lostInAsyncTail: tail.length,
        asyncTailMicros: tail.length > 0 && explained.t0 !== undefined ? explained.t0 - tail[0]!.at : null,
        refusedInTable: ghosts.length,
        duplicates: duplicates.length,
        readFrom: finals.map(final => final.host).join(', '),
      },
      evidence: [
        ...(alone?.evidence ?? []),
        ...lost.slice(0, 10),
        ...ghosts.slice(0, 5),
        ...explained.evidence,
      ] satisfies Event[],
      ...(bad.length > 0
        ? {
            hint: alone
              ? 'who switched synchronous_mode off (`patronictl show-config`)? no standby has to have what is acknowledged without it'
              : 'the ids are in events.ndjson: grep for the id to see who acknowledged it, when and where',
          }
        : {}),
    }
  },
}

/** The writes by what their clients were promised: that they are there, that they are not, or nothing. */
function sorted(history: History) {
  // By client too: the ids of bankers count apart.
  const doubted = new Set(
    of(history, 'client-notice').flatMap(one => (castsDoubt(one.sqlstate, one.says) ? `${one.client} ${one.id}` : [])),
  )
  const warned = (op: Of<'op'>) => doubted.size > 0 && op.outcome !== 'fail' && doubted.has(`${op.client} ${op.id}`)
  const acknowledged: Of<'op'>[] = []
  const refused: Of<'op'>[] = []
  const indeterminate: Of<'op'>[] = []
  for (const op of of(history, 'op')) {
    if (op.op !== 'write') continue
    if (op.outcome === 'fail') refused.push(op)
    else if (op.outcome === 'unknown' || warned(op)) indeterminate.push(op)
    else acknowledged.push(op)
  }
  return {acknowledged, refused, indeterminate, warned}
}

interface Explained {
  readonly tail: readonly Of<'op'>[]
  /** Why not -> which. */
  readonly not: ReadonlyMap<string, readonly Of<'op'>[]>
  readonly doubt?: string
  readonly evidence: readonly Event[]
  readonly t0?: Micros
}

function nothingExplained(lost: readonly Of<'op'>[], why = 'none may be'): Explained {
  const by = Map.groupBy(lost, op => `${why}; acknowledged by ${op.server ?? '?'} on timeline ${op.timeline ?? '?'}`)
  return {tail: [], not: by, evidence: []}
}

/**
 * Acknowledgements that no standby stands for, though the topology says synchronous mode: Patroni deletes its key /sync when that
 * is switched off (`ha.py: Ha.disable_synchronous_replication`). That none of them was lost is luck then. The key without a
 * standby is another thing: mode `on` goes on alone when no standby is left.
 */
function withoutSynchronousMode(history: History, acknowledged: readonly Of<'op'>[]) {
  const mode = of(history, 'run-started')[0]?.topology.patroni.synchronousMode ?? 'off'
  if (mode === 'off') return undefined
  const keys = of(history, 'sync-key')
  for (const [index, key] of keys.entries()) {
    // Before the first standby was named the mode was still being switched on.
    if (key.leader !== null || !keys.slice(0, index).some(one => one.standbys.length > 0)) continue
    const until = keys[index + 1]?.at ?? Number.POSITIVE_INFINITY
    const alone = acknowledged.filter(op => op.sentAt > key.at && op.at < until)
    if (alone.length > 0)
      return {
        says: `${count(alone.length, 'write')} acknowledged while synchronous mode was off, and it was to be \`${mode}\`: Patroni deleted its key /sync at ${sayMicros(key.at)} of the run`,
        evidence: [key, alone[0]!] satisfies Event[],
      }
  }
  return undefined
}

/** One leader followed by the next, on a higher timeline: what asynchronous replication can lose, it loses between the two. */
interface Succession {
  readonly oldLeader: HostName
  readonly oldTimeline: number | null
  readonly newLeader: HostName | undefined
  /** When the old one was struck; where that is not known, when it was last seen taking writes. */
  readonly t0: Micros
  /** The new one took no writes yet. */
  readonly before: Micros
  /** Nothing of the old one can have answered after this. */
  readonly deadAt: Micros
}

/** In the order of time. Several where several faults struck, or the cluster changed its leader by itself. */
function successionsOf(history: History): readonly Succession[] {
  const found = findFailover(history)
  const first = typeof found === 'string' ? undefined : ofFailover(found)
  // Whoever took writes on a timeline that another one led already, or on an older one, succeeded nobody.
  const reigns = promotionsOf(history).filter((one, index, all) =>
    all.slice(0, index).every(before => before.timeline < one.timeline),
  )
  const seen = reigns.slice(1).map((next, index): Succession => {
    const {host: oldLeader, timeline: oldTimeline} = reigns[index]!
    if (first?.oldLeader === oldLeader && first.oldTimeline === oldTimeline)
      return first.newLeader === undefined ? {...first, newLeader: next.host, before: next.at} : first
    const before = next.event.kind === 'postgres' ? next.event.askedAt : next.event.sentAt
    const t0 = lastWrites(history, oldLeader, oldTimeline, before)
    return {
      oldLeader,
      oldTimeline,
      newLeader: next.host,
      t0,
      before,
      deadAt: deathBefore(history, oldLeader, t0, before),
    }
  })
  return seen.length === 0 && first !== undefined ? [first] : seen
}

function ofFailover({fault, injected, t0, oldLeader, oldTimeline, newLeader, newKey, promoted}: Failover): Succession {
  // A leader that is only cut off, frozen or without its Patroni goes on acknowledging until it is fenced, and loses all that.
  const deadAt = isDead(fault, oldLeader) ? (injected?.at ?? t0) + dyingMargin : Number.POSITIVE_INFINITY
  return {oldLeader, oldTimeline, newLeader, t0, before: promoted?.askedAt ?? newKey?.at ?? 0, deadAt}
}

/** When it was last seen taking writes on that timeline. */
function lastWrites(history: History, host: HostName, timeline: number, before: Micros): Micros {
  const sample = of(history, 'postgres').findLast(
    one => one.host === host && one.timeline === timeline && isWritable(one) && one.at <= before,
  )
  const write = of(history, 'op').findLast(
    op => op.op === 'write' && op.outcome === 'ok' && op.server === host && op.timeline === timeline && op.at <= before,
  )
  return Math.max(sample?.at ?? 0, write?.at ?? 0)
}

/** The leader's host lost its power and stayed off until another one led. */
function deathBefore(history: History, host: HostName, lastSeen: Micros, before: Micros): Micros {
  const death = of(history, 'fault-injecting').findLast(
    one => isDead(one, host) && one.at <= Math.min(before, lastSeen + dyingMargin),
  )
  const mended = of(history, 'fault-mending').some(one => one.id === death?.id && one.at < before)
  if (death === undefined || mended) return Number.POSITIVE_INFINITY
  return (of(history, 'fault-injected').find(one => one.id === death.id)?.at ?? death.at) + dyingMargin
}

/**
 * Which losses are the price of asynchronous replication. The promoted replica replays all that it has received, so a write
 * that was within what it had received cannot have been lost for that reason. Where a write lies in the WAL is known from
 * what came after it: anything that the old leader answered to a question put after the acknowledgement lies behind it.
 */
function explain(history: History, lost: readonly Of<'op'>[]): Explained {
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

  const not = new Map<string, Of<'op'>[]>()
  const accuse = (why: string, op: Of<'op'>) => {
    const same = not.get(why)
    if (same) same.push(op)
    else not.set(why, [op])
  }
  const tail: Of<'op'>[] = []
  const evidence: Event[] = []
  const doubts: string[] = []
  let rest = lost
  for (const succession of successions) {
    const {oldLeader, oldTimeline, newLeader, t0, deadAt} = succession
    const [own, others] = [rest.filter(op => isOf(succession, op)), rest.filter(op => !isOf(succession, op))]
    rest = others
    if (own.length === 0) continue
    const received = lastReceived(history, succession)
    const safe = safePosition(history, topology, succession, received)
    const laterPositions = positions(history, oldLeader, oldTimeline)
    const fresh = received !== undefined && received.at > t0 - staleSample
    let excused = 0
    for (const op of own) {
      const why =
        op.lsn === null
          ? 'at a place in the WAL that nobody knows'
          : op.at > deadAt
            ? 'acknowledged after the leader was dead'
            : safe !== null && positionAfter(laterPositions, op.at) <= safe.lsn
              ? safe.why
              : undefined
      if (why !== undefined) accuse(why, op)
      else excused = tail.push(op)
    }
    if (received) evidence.push(received)
    if (excused > 0 && !fresh)
      doubts.push(
        `nobody saw what ${newLeader ?? 'the new leader'} had received when ${oldLeader} died, so the tail has no bound`,
      )
  }
  for (const op of rest) {
    accuse(
      `acknowledged by ${op.server ?? 'an unknown server'} on timeline ${op.timeline ?? '?'}, not by the dead leader`,
      op,
    )
  }
  const [first] = tail
  const t0 = first && successions.find(one => isOf(one, first))?.t0
  return {
    ...{tail, not, evidence},
    ...(t0 === undefined ? {} : {t0}),
    ...(doubts.length > 0 ? {doubt: doubts.join('; ')} : {}),
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

interface Position {
  readonly askedAt: Micros
  readonly lsn: number
}

/** What the old leader said about its WAL, in the order of asking. Each lies behind all that was acknowledged before it was asked. */
function positions(history: History, oldLeader: HostName, oldTimeline: number | null): Position[] {
  const fromSamples = of(history, 'postgres')
    .filter(one => one.host === oldLeader && isWritable(one) && one.timeline === oldTimeline && one.lsn !== null)
    .map(one => ({askedAt: one.askedAt, lsn: one.lsn!}))
  const fromWrites = of(history, 'op')
    .filter(op => op.op === 'write' && op.server === oldLeader && op.timeline === oldTimeline && op.lsn !== null)
    .map(op => ({askedAt: op.sentAt, lsn: op.lsn!}))
  const inOrder = [...fromSamples, ...fromWrites].toSorted((a, b) => a.askedAt - b.askedAt)
  // The least position of this and all later questions, so that one look-up gives the tightest of them.
  let least = Number.POSITIVE_INFINITY
  return inOrder
    .toReversed()
    .map(one => {
      least = Math.min(least, one.lsn)
      return {askedAt: one.askedAt, lsn: least}
    })
    .toReversed()
}

/** A position that lies behind every write acknowledged at `at`; infinite when nothing was asked later. */
function positionAfter(positions: readonly Position[], at: Micros): number {
  let low = 0
  let high = positions.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (positions[middle]!.askedAt < at) low = middle + 1
    else high = middle
  }
  return positions[low]?.lsn ?? Number.POSITIVE_INFINITY
}

/** Hosts that hold different rows. A replica may be behind a primary that has just stopped writing; it can never be ahead of it. */
function disagreement(reference: Of<'final-rows'>, finals: readonly Of<'final-rows'>[]) {
  const bad: string[] = []
  const doubts: string[] = []
  const base = new Rows(reference)
  for (const final of finals) {
    if (final.host === reference.host) continue
    const other = new Rows(final)
    const more = base.missingFrom(other)
    const fewer = other.missingFrom(base)
    if (more > 0)
      bad.push(
        `${count(more, 'row')} on ${final.host} that ${reference.host} does not have: the hosts have parted ways`,
      )
    if (fewer > 0)
      doubts.push(
        `${count(fewer, 'row')} on ${reference.host} that ${final.host} does not have: it had not caught up, or never will`,
      )
    if (final.timeline !== reference.timeline)
      doubts.push(`${final.host} is on timeline ${final.timeline}, ${reference.host} on ${reference.timeline}`)
  }
  return {bad, doubts}
}

function unread(history: History, finals: readonly Of<'final-rows'>[]): string[] {
  const topology = of(history, 'run-started')[0]?.topology
  const missing = (topology ? hostsWith(topology, 'patroni') : []).filter(
    host => !finals.some(final => final.host === host),
  )
  return missing.length > 0 ? [`the table of ${missing.join(' and ')} was not read at the end`] : []
}

function latestPerHost(finals: readonly Of<'final-rows'>[]): Of<'final-rows'>[] {
  return [...new Map<HostName, Of<'final-rows'>>(finals.map(final => [final.host, final])).values()]
}

function ids(ops: readonly Of<'op'>[]): string {
  const shown = ops.slice(0, 5).map(op => op.id)
  return `id ${shown.join(', ')}${ops.length > 5 ? ` and ${ops.length - 5} more` : ''}`
}

function count(many: number, what: string): string {
  return `${many} ${what}${many === 1 ? '' : 's'}`
}
