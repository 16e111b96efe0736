/** No host's log has a line that must never be there. */
import {z} from 'zod'
import {of} from '../history/history.ts'
import {momentsOf} from '../history/moments.ts'
import {blind} from '../history/watching.ts'
import type {Check} from './check.ts'

export const logsClean: Check<{readonly except: readonly ('panic' | 'bug')[]}> = {
  about:
    "No log says PANIC (PostgreSQL) or 'please report it as a BUG' (Patroni); `except` names what the scenario causes itself.",
  evidence: ['logs', 'engine'],
  params: z.strictObject({except: z.array(z.enum(['panic', 'bug'], {error: 'panic or bug'})).prefault([])}),

  judge(history, {except}) {
    const moments = momentsOf(history)
    if (moments === null) return {verdict: 'unknown', says: 'The steps never began.'}
    const bad = of(history, 'log').filter(
      one => (one.sign === 'panic' || one.sign === 'bug') && !except.includes(one.sign),
    )
    const [first] = bad
    if (first)
      return {
        verdict: 'fail',
        says: `${first.service} on ${first.host} said: ${first.says}${bad.length > 1 ? ` (and ${bad.length - 1} more)` : ''}`,
        measures: {lines: bad.length},
        evidence: bad.slice(0, 5),
        hint: `read logs/${first.host}.log in the run's folder`,
      }
    const blindness = blind(history, 'logs', moments.steps, moments.end)
    if (blindness) return {verdict: 'unknown', says: `No such line was seen, but ${blindness}.`}
    return {
      verdict: 'pass',
      says: `No log of any host has such a line${except.length > 0 ? ` (${except.join(', ')} excepted)` : ''}.`,
    }
  },
}
