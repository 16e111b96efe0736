/**
 * After the healing all members hold the same rows: each worked out a checksum of the run's tables itself, after it had replayed
 * all that the primary had written. One that had not caught up by then may only be slow, so what it holds is no evidence.
 */
import {z} from 'zod'
import {whoTookTable} from '../history/by-hand.ts'
import type {Of} from '../history/event.ts'
import {of} from '../history/history.ts'
import {isTableGone} from '../history/rows.ts'
import {type HostName, hostsWith} from '../topology/topology.ts'
import type {Check, Finding} from './check.ts'

export const replicasIdentical: Check<Record<string, never>> = {
  about: 'At the end every member has the same rows, by a checksum over all of their content.',
  evidence: ['rows'],
  params: z.strictObject({}),

  judge(history) {
    const topology = of(history, 'run-started')[0]?.topology
    const finals = [
      ...new Map<HostName, Of<'final-rows'>>(of(history, 'final-rows').map(one => [one.host, one])).values(),
    ]
    if (topology === undefined || finals.length === 0)
      return {verdict: 'unknown', says: 'No table was read at the end, so nobody knows what is in it.'}
    const missed = withoutTable(finals, whoTookTable(history))
    if (missed !== null) return missed
    const told = finals.filter(one => one.checksum !== undefined)
    if (told.length === 0)
      return {verdict: 'unknown', says: 'This run was recorded before members told a checksum of their rows.'}
    const sure = told.filter(one => one.caughtUp === true)
    const groups = [...Map.groupBy(sure, one => one.checksum).values()].toSorted((a, b) => b.length - a.length)
    const measures = {members: hostsWith(topology, 'patroni').length, compared: sure.length, contents: groups.length}
    if (groups.length > 1)
      return {
        verdict: 'fail',
        says: `The members hold different rows: ${groups.map(same => same.map(one => one.host).join(' and ')).join(' against ')}.`,
        measures,
        evidence: sure,
        hint: 'no-lost-writes tells which rows differ; same rows with another content are damage',
      }
    const behind = told.filter(one => one.caughtUp !== true).map(one => one.host)
    const missing = hostsWith(topology, 'patroni').filter(host => !told.some(one => one.host === host))
    const doubts = [
      ...(behind.length > 0 ? [`${behind.join(' and ')} had not caught up, as far as anybody knows`] : []),
      ...(missing.length > 0 ? [`${missing.join(' and ')} told no checksum`] : []),
      ...(sure.length < 2 && behind.length + missing.length === 0 ? ['there is no second member to compare with'] : []),
    ]
    if (doubts.length > 0)
      return {verdict: 'unknown', says: `No difference was seen, but ${doubts.join('; ')}.`, measures}
    return {
      verdict: 'pass',
      says: `${sure.map(one => one.host).join(', ')} hold the same rows (checksum ${sure[0]!.checksum}).`,
      measures,
    }
  },
}

/** A table that is not there: one that had not caught up may be yet to get it. */
function withoutTable(finals: readonly Of<'final-rows'>[], who: string): Finding | null {
  const gone = finals.filter(one => isTableGone(one) && one.caughtUp !== false)
  if (gone.length === 0) return null
  const there = finals.filter(one => !isTableGone(one)).map(one => one.host)
  const names = gone.map(one => one.host).join(' and ')
  return {
    verdict: 'fail',
    says:
      gone.length === finals.length
        ? `The table of the run is gone on all members: ${who} dropped it.`
        : `The table of the run is gone on ${names}${there.length > 0 ? `, and there on ${there.join(' and ')}` : ''}.`,
    evidence: gone,
  }
}
