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
import {linesLost} from '../history/looks.ts'
import {momentsOf} from '../history/moments.ts'
import {finalTables, type Reference, Rows, referenceTable} from '../history/rows.ts'
import {blind, keyChangesMissed, lacks} from '../history/watching.ts'
import {type Micros, sayMicros} from '../words/quantity.ts'
import type {Check, Finding, Verdict} from './check.ts'
import {type Allowed, allowed} from './no-lost-writes/allowed.ts'
import {type Explained, explain, nothingExplained} from './no-lost-writes/async-tail.ts'
import {allIds, alteredRows, count, disagreement, ids, sayCommits} from './no-lost-writes/members.ts'
import {meddledWith} from './no-lost-writes/taken.ts'

export interface NoLostWritesParams {
  /** Which losses may be, and how much of each. */
  readonly allow: Allowed
}

export const noLostWrites: Check<NoLostWritesParams> = {
  about: 'No acknowledged write is lost or changed, none is there twice, and none is there that was refused.',
  evidence: ['clients', 'rows', 'etcd', 'postgres'],
  params: z.strictObject({allow: allowed.prefault('none')}),

  judge(history, {allow}) {
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
    const reference = referenceTable(history)
    if (!reference)
      return {
        verdict: 'unknown',
        says: 'The table was not read at the end, so nobody knows what is in it.',
        measures: counted,
      }

    const rows = new Rows(reference.table)
    const finding = findings(history, allow, reference, {
      acknowledged,
      lost: acknowledged.filter(op => !rows.has(op.id)),
      ghosts: refused.filter(op => rows.has(op.id)),
      appeared: indeterminate.filter(op => rows.has(op.id)),
      duplicates: [...new Set(finalTables(history).flatMap(final => final.duplicates))],
      altered: alteredRows(history),
      warned,
    })
    return {...finding, measures: {...counted, ...finding.measures}}
  },
}

function findings(history: History, allow: Allowed, reference: Reference, writes: InTable): Finding {
  const {acknowledged, lost, ghosts, appeared, warned} = writes
  const explained = Object.keys(allow).length > 0 ? explain(history, lost, allow) : nothingExplained(lost)
  const alone = withoutSynchronousMode(history, acknowledged)
  const differing = disagreement(history, reference, acknowledged)
  // A replica that had not caught up, and no primary beside it: what is not there may only be late.
  const behind = !reference.isPrimary && reference.table.caughtUp !== true
  const losses = [...explained.not].map(
    ([why, ops]) => `${count(ops.length, 'acknowledged write')} lost: ${why} (${ids(ops)})`,
  )
  const weak =
    lost.length === 0
      ? undefined
      : sayCommits(
          history,
          lost.map(op => op.server),
        )
  const bad = [
    ...(alone ? [alone.says] : []),
    ...meddledWith(history, acknowledged, lost),
    ...(behind ? [] : losses),
    ...sayWrong(writes),
    ...differing.bad,
  ]
  const untold = new Rows(reference.table).count - acknowledged.length + lost.length - ghosts.length - appeared.length
  const doubts = [
    ...(behind ? losses : []),
    ...(explained.doubt ? [explained.doubt] : []),
    ...(untold > 0
      ? [`${count(untold, 'row')} in the table that no client told of: a part of the record is missing`]
      : []),
    ...differing.doubts,
    ...writesUnseen(history),
    ...syncUnseen(history),
  ]
  const verdict: Verdict = bad.length > 0 ? 'fail' : doubts.length > 0 ? 'unknown' : 'pass'
  const summary = `${acknowledged.length} writes acknowledged, ${lost.length} lost${sayExplained(explained)}`
  const why = [...bad, ...doubts, ...(weak === undefined ? [] : [weak])]
  return {
    verdict,
    says: why.length === 0 ? `${summary}.` : `${summary}: ${why.join('; ')}.`,
    measures: {
      ...measuresOf(writes, explained, warned),
      readFrom: finalTables(history)
        .map(final => final.host)
        .join(', '),
    },
    evidence: evidenceOf(writes, explained, alone?.evidence ?? []),
    ...(bad.length > 0 ? {hint: hintFor(alone !== undefined, weak !== undefined, writes)} : {}),
  }
}

function sayExplained({tail, split}: Explained): string {
  const parts = [
    ...(tail.length > 0 ? [`${tail.length} in the tail that asynchronous replication can lose: ${ids(tail)}`] : []),
    ...(split.length > 0 ? [`${split.length} in a split brain: ${ids(split)}`] : []),
  ]
  return parts.length > 0 ? ` (${parts.join('; ')})` : ''
}

/** What the table says of the writes. */
interface InTable {
  readonly acknowledged: readonly Of<'op'>[]
  readonly lost: readonly Of<'op'>[]
  /** Refused, and there. */
  readonly ghosts: readonly Of<'op'>[]
  /** Nobody was told how they ended, and there. */
  readonly appeared: readonly Of<'op'>[]
  readonly duplicates: readonly number[]
  readonly altered: ReturnType<typeof alteredRows>
  readonly warned: (op: Of<'op'>) => boolean
}

function measuresOf(
  {lost, ghosts, appeared, duplicates, altered}: InTable,
  {tail, split, longest}: Explained,
  warned: (op: Of<'op'>) => boolean,
) {
  const idsOf = (ops: readonly Of<'op'>[]) => ops.map(op => op.id)
  return {
    indeterminateInTable: appeared.length,
    warnedInTable: appeared.filter(warned).length,
    lost: lost.length,
    lostInAsyncTail: tail.length,
    lostInSplitBrain: split.length,
    // One that was acknowledged while the call that breaks was under way was lost with the fault, not after it.
    asyncTailMicros: longest === undefined ? null : Math.max(0, longest.time.to),
    asyncTailBytes: longest !== undefined && Number.isFinite(longest.bytes.to) ? longest.bytes.to : null,
    refusedInTable: ghosts.length,
    duplicates: duplicates.length,
    altered: altered.ids.size,
    ...allIds({
      lostIds: idsOf(lost),
      refusedInTableIds: idsOf(ghosts),
      duplicateIds: duplicates,
      alteredIds: altered.ids,
    }),
  }
}

function evidenceOf({lost, ghosts}: InTable, explained: Explained, alone: readonly Event[]): Event[] {
  return [...alone, ...lost.slice(0, 10), ...ghosts.slice(0, 5), ...explained.evidence]
}

/**
 * @param alone writes were acknowledged while synchronous mode was off.
 * @param weak commits are acknowledged before they are safe.
 */
function hintFor(alone: boolean, weak: boolean, {lost, altered}: InTable): string {
  if (alone)
    return 'who switched synchronous_mode off (`patronictl show-config`)? no standby has to have what is acknowledged without it'
  if (weak) return 'who set synchronous_commit? ALTER ROLE, ALTER DATABASE, ALTER SYSTEM and the configuration can'
  if (lost.length === 0 && altered.ids.size > 0)
    return 'what changes rows on their way? look for triggers and rules on the table of the run'
  return 'all ids are in report.json; grep for one in events.ndjson to see who acknowledged it, when and where'
}

function sayWrong({ghosts, duplicates, altered}: InTable): string[] {
  const changed = [...altered.ids].sort((a, b) => a - b).map(id => ({id}))
  return [
    ...(ghosts.length > 0
      ? [`${count(ghosts.length, 'write')} told to have failed, yet in the table (${ids(ghosts)})`]
      : []),
    ...(duplicates.length > 0
      ? [`${count(duplicates.length, 'write')} in the table more than once (${duplicates.slice(0, 5).join(', ')})`]
      : []),
    ...(changed.length > 0
      ? [
          `${count(changed.length, 'row')} on ${altered.on.join(' and ')} not as ${changed.length === 1 ? 'it was' : 'they were'} written (${ids(changed)})`,
        ]
      : []),
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

/**
 * The key was deleted, and the record does not have that anybody had made it, nor that somebody did before the steps: then the mode was
 * still being switched on. Or its observer told more than there is.
 */
function keysLost(history: History, steps: Micros): string | null {
  const [first, second] = of(history, 'sync-key')
  const isMade = first?.leader !== null || (second !== undefined && second.at < steps)
  if (isMade && linesLost(history, 'etcd').length === 0) return null
  return 'the record lacks what the watch on etcd told before'
}

/** What a client was told and nobody wrote down may have been that its write was done. */
function writesUnseen(history: History): string[] {
  const moments = momentsOf(history)
  const why = lacks(history, 'clients') ?? (moments && blind(history, 'clients', moments.steps, moments.end))
  return why === null ? [] : [why]
}

/** Why nobody knows whether synchronous mode was on all the time, where the topology says that it is. */
function syncUnseen(history: History): string[] {
  const mode = of(history, 'run-started')[0]?.topology.patroni.synchronousMode ?? 'off'
  const moments = momentsOf(history)
  if (mode === 'off' || moments === null) return []
  if (of(history, 'sync-key').length === 0)
    return ['nobody saw the key /sync, by which synchronous mode is known to be on']
  // Where it was off for a while, it is known since when by the moment at which that was told.
  const wasOff = of(history, 'sync-key').some(one => one.leader === null)
  const untold = wasOff
    ? blind(history, 'etcd', moments.steps, moments.end)
    : keyChangesMissed(history, moments.steps, moments.end)
  const why = untold ?? keysLost(history, moments.steps)
  return why === null ? [] : [`whether synchronous mode was on all the time is not known: ${why}`]
}
