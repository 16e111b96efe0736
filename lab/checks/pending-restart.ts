/** Every member of the first cluster says that it waits for a restart: what a rolling restart begins with. */
import {z} from 'zod'
import {of} from '../history/history.ts'
import {clusters} from '../topology/clusters.ts'
import type {Check} from './check.ts'

export const pendingRestart: Check<Record<string, never>> = {
  about: 'Every member is flagged `pending_restart`.',
  evidence: ['patroni'],
  params: z.strictObject({}),

  judge(history) {
    const topology = of(history, 'run-started')[0]?.topology
    const told = (topology ? clusters(topology)[0].members : []).map(host => ({
      host,
      last: of(history, 'patroni').findLast(one => one.host === host),
    }))
    const others = told.filter(one => one.last?.pendingRestart !== true).map(one => one.host)
    return told.length > 0 && others.length === 0
      ? {verdict: 'pass', says: 'Every member waits for a restart.', evidence: told.map(one => one.last!)}
      : {
          verdict: 'fail',
          says: `${others.join(' and ') || 'Nobody'} ${others.length > 1 ? 'do' : 'does'} not wait for a restart.`,
        }
  },
}
