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
import {type History, of} from '../history/history.ts'
import {momentsOf} from '../history/moments.ts'
import {isTableGone, Rows} from '../history/rows.ts'
import {blind} from '../history/watching.ts'
import {type HostName, hostsWith} from '../topology/topology.ts'
import {sayMicros} from '../words/quantity.ts'
import type {Check, Verdict} from './check.ts'
import {type Explained, explain, nothingExplained} from './no-lost-writes/async-tail.ts'

export interface NoLostWritesParams {
  /**
   * `none`: no acknowledged write may be lost. `async-tail`: the ones may that asynchronous replication can lose, where
   * replication is asynchronous: acknowledged by the old leader, and not proven to have reached the promoted replica.
   */
  readonly allow: 'none' | 'async-tail'
}

export const noLostWrites: Check<NoLostWritesParams> = {
  about: 'No acknowledged write is lost, none is there twice, and none is there that was refused.',
  evidence: ['clients', 'rows', 'etcd', 'postgres'],
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
    const writes: InTable = {
      lost: acknowledged.filter(op => !rows.has(op.id)),
      ghosts: refused.filter(op => rows.has(op.id)),
      appeared: indeterminate.filter(op => rows.has(op.id)),
      duplicates: [...new Set(finals.flatMap(final => final.duplicates))],
    }
    const {lost, ghosts, appeared} = writes
    const explained = allow === 'async-tail' ? explain(history, lost) : nothingExplained(lost)
    const alone = withoutSynchronousMode(history, acknowledged)
    const differing = disagreement(reference, finals)
    const wrong = sayWrong(writes, explained, meddledWith(finals, acknowledged, lost))
    const bad = [...(alone ? [alone.says] : []), ...wrong, ...differing.bad]
    const untold = rows.count - acknowledged.length + lost.length - ghosts.length - appeared.length
    const doubts = [
      ...(explained.doubt ? [explained.doubt] : []),
      ...(untold > 0
        ? [`${count(untold, 'row')} in the table that no client told of: a part of the record is missing`]
        : []),
      ...differing.doubts,
      ...syncUnseen(history),
      ...unread(history, finals),
    ]

    const tail = explained.tail
    const verdict: Verdict = bad.length > 0 ? 'fail' : doubts.length > 0 ? 'unknown' : 'pass'
    const summary = `${acknowledged.length} writes acknowledged, ${lost.length} lost${tail.length > 0 ? ` (${tail.length} in the tail that asynchronous replication can lose: ${ids(tail)})` : ''}`
    return {
      verdict,
      says: verdict === 'pass' ? `${summary}.` : `${summary}: ${[...bad, ...doubts].join('; ')}.`,
      measures: {
        ...counted,
        ...measuresOf(writes, explained, warned),
        readFrom: finals.map(final => final.host).join(', '),
      },
      evidence: evidenceOf(writes, explained, alone?.evidence ?? []),
      ...(bad.length > 0 ? {hint: hintFor(alone !== undefined)} : {}),
    }
  },
}

/** What the table says of the writes. */
interface InTable {
  readonly lost: readonly Of<'op'>[]
  /** Refused, and there. */
  readonly ghosts: readonly Of<'op'>[]
  /** Nobody was told how they ended, and there. */
  readonly appeared: readonly Of<'op'>[]
  readonly duplicates: readonly number[]
}

function measuresOf(
  {lost, ghosts, appeared, duplicates}: InTable,
  {tail, t0}: Explained,
  warned: (op: Of<'op'>) => boolean,
) {
  return {
    indeterminateInTable: appeared.length,
    warnedInTable: appeared.filter(warned).length,
    lost: lost.length,
    lostInAsyncTail: tail.length,
    // One that was acknowledged while the call that breaks was under way was lost with the fault, not after it.
    asyncTailMicros: tail.length > 0 && t0 !== undefined ? Math.max(0, t0 - tail[0]!.at) : null,
    refusedInTable: ghosts.length,
    duplicates: duplicates.length,
  }
}

function evidenceOf({lost, ghosts}: InTable, explained: Explained, alone: readonly Event[]): Event[] {
  return [...alone, ...lost.slice(0, 10), ...ghosts.slice(0, 5), ...explained.evidence]
}

/** @param alone writes were acknowledged while synchronous mode was off. */
function hintFor(alone: boolean): string {
  return alone
    ? 'who switched synchronous_mode off (`patronictl show-config`)? no standby has to have what is acknowledged without it'
    : 'the ids are in events.ndjson: grep for the id to see who acknowledged it, when and where'
}

function sayWrong({ghosts, duplicates}: InTable, explained: Explained, meddled: readonly string[]): string[] {
  return [
    ...meddled,
    ...[...explained.not].map(([why, ops]) => `${count(ops.length, 'acknowledged write')} lost: ${why} (${ids(ops)})`),
    ...(ghosts.length > 0
      ? [`${count(ghosts.length, 'write')} told to have failed, yet in the table (${ids(ghosts)})`]
      : []),
    ...(duplicates.length > 0
      ? [`${count(duplicates.length, 'write')} in the table more than once (${duplicates.slice(0, 5).join(', ')})`]
      : []),
  ]
}

/** So many rows no cluster loses by itself without losing what came after them. */
const fewest = 20

/** Rows that went because somebody took them: with their table, or all that were there at some moment. */
function meddledWith(
  finals: readonly Of<'final-rows'>[],
  acknowledged: readonly Of<'op'>[],
  lost: readonly Of<'op'>[],
): string[] {
  if (finals.length > 0 && finals.every(isTableGone))
    return ['the table of the run is gone on all members: somebody dropped it']
  const last = lost.at(-1)
  const first = acknowledged[lost.length]
  if (last === undefined || lost.length < fewest || last !== acknowledged[lost.length - 1]) return []
  const rows = finals.map(one => new Rows(one))
  if (rows.some(one => lost.some(op => one.has(op.id)))) return []
  return [
    first === undefined
      ? 'the table of the run is empty on all members: somebody emptied it'
      : `all that was acknowledged up to ${sayMicros(last.at)} of the run is gone on all members, and nothing after it: somebody emptied the table`,
  ]
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

/** Why nobody knows whether synchronous mode was on all the time, where the topology says that it is. */
function syncUnseen(history: History): string[] {
  const mode = of(history, 'run-started')[0]?.topology.patroni.synchronousMode ?? 'off'
  const moments = momentsOf(history)
  if (mode === 'off' || moments === null) return []
  if (of(history, 'sync-key').length === 0)
    return ['nobody saw the key /sync, by which synchronous mode is known to be on']
  const why = blind(history, 'etcd', moments.steps, moments.end)
  return why === null ? [] : [`whether synchronous mode was on all the time is not known: ${why}`]
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
