/** At the end no member waits for a restart, though one did in between. */
import {z} from 'zod'
import {of} from '../history/history.ts'
import {stillStands} from '../history/looks.ts'
import {momentsOf} from '../history/moments.ts'
import {hostsWith} from '../topology/topology.ts'
import type {Check} from './check.ts'

export const noPendingRestart: Check<Record<string, never>> = {
  about: 'Members were flagged `pending_restart` during the run, and none is at its end.',
  evidence: ['patroni'],
  params: z.strictObject({}),

  judge(history) {
    const moments = momentsOf(history)
    const topology = of(history, 'run-started')[0]?.topology
    if (moments === null || topology === undefined) return {verdict: 'unknown', says: 'The steps never began.'}
    const told = of(history, 'patroni').filter(one => one.at <= moments.end && one.pendingRestart !== undefined)
    const flagged = new Set(told.filter(one => one.pendingRestart && one.at > moments.steps).map(one => one.host))
    const hosts = hostsWith(topology, 'patroni')
    const last = hosts.map(host => ({host, said: told.findLast(one => one.host === host)}))
    const silent = last
      .filter(
        ({host, said}) =>
          said === undefined ||
          said.at < moments.end - 5_000_000 ||
          !stillStands(history, 'patroni', said.at, moments.end, host),
      )
      .map(one => one.host)
    const waiting = last.filter(one => one.said?.pendingRestart && !silent.includes(one.host)).map(one => one.host)
    const measures = {flagged: [...flagged].toSorted().join(', '), waiting: waiting.join(', ')}
    if (waiting.length > 0)
      return {
        verdict: 'fail',
        says: `${waiting.join(' and ')} still ${waiting.length === 1 ? 'waits' : 'wait'} for a restart at the end.`,
        measures,
        evidence: last.flatMap(one => (waiting.includes(one.host) ? [one.said!] : [])),
        pending: true,
      }
    if (silent.length > 0)
      return {verdict: 'unknown', says: `Patroni of ${silent.join(' and ')} did not say at the end.`, measures}
    if (flagged.size === 0)
      return {verdict: 'unknown', says: 'No member was ever flagged, so nothing was cleared.', measures}
    return {
      verdict: 'pass',
      says: `${[...flagged].toSorted().join(', ')} waited for a restart, and at the end none does.`,
      measures,
    }
  },
}
