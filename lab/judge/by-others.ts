/**
 * A finding in the light of what somebody else changed of the cluster: a budget of values that no longer held decides nothing, and a
 * failure that the change explains says so. A person's own limit is judged whatever was changed.
 */
import type {Finding} from '../checks/check.ts'
import type {CheckName} from '../checks/index.ts'
import {type Aspect, changesByOthers, type ForeignChange, sayChanges} from '../history/changes.ts'
import {findFailover} from '../history/failover.ts'
import {type History, of} from '../history/history.ts'
import type {Micros} from '../words/quantity.ts'

/** Whether, and how soon, there is a leader, and clients get to it. */
const leading: readonly CheckName[] = [
  ...([
    'failover',
    'new-leader',
    'promoted',
    'nobody-promoted',
    'no-failover',
    'demoted',
    'rejoined',
    'recovered',
  ] as const),
  ...(['clients-reconnect', 'unavailability', 'errors', 'writes-flow', 'fenced', 'writable-within-lock'] as const),
]
const reaching: readonly CheckName[] = [
  ...([
    'failover',
    'new-leader',
    'clients-reconnect',
    'unavailability',
    'errors',
    'writes-flow',
    'routed-to-leader',
  ] as const),
]
const writing: readonly CheckName[] = ['no-lost-writes', 'bank', 'read-only', 'replicas-identical']

/** Which failures a change of each kind may explain. */
const explains: Readonly<Record<Aspect, readonly CheckName[]>> = {
  timings: [...leading, 'no-lost-writes'],
  maintenance: leading,
  tags: leading,
  session: [...reaching, ...writing],
  watchdog: ['one-writable-primary', 'writable-within-lock', 'fenced', 'demoted', 'two-writable-primaries'],
  proxy: [...reaching, 'fenced'],
  files: [...leading, ...reaching, ...writing, 'fenced'],
  other: [...leading, ...reaching, ...writing, 'no-pending-restart', 'slot-kept'],
}

/** Those of the timing model's own values that somebody else had changed before the failover was over. */
export function changedTimings(history: History): readonly ForeignChange[] {
  const found = findFailover(history)
  const until = typeof found === 'string' ? Number.POSITIVE_INFINITY : (found.firstWrite?.at ?? found.until)
  return before(changesByOthers(history), until).filter(one => one.aspect === 'timings' || one.aspect === 'files')
}

export function inTheirLight(history: History, check: string, params: unknown, finding: Finding): Finding {
  const timings = check === 'failover' ? changedTimings(history) : []
  const judged = timings.length === 0 ? finding : withoutModel(finding)
  if (check === 'failover' && isOfBudget(params) && configUntold(history))
    return {
      ...withoutModel(finding),
      verdict: 'unknown',
      says: "Nobody told of Patroni's configuration, so whether the budget is one of values that held is not known.",
    }
  if (timings.length > 0 && isOfBudget(params))
    return {
      ...judged,
      verdict: 'unknown',
      says: `The budget is one of values that no longer held: ${sayChanges(timings).join('; ')}.`,
    }
  if (judged.verdict !== 'fail') return judged
  const found = check === 'failover' ? findFailover(history) : ''
  const until = typeof found === 'string' ? Number.POSITIVE_INFINITY : found.until
  const reasons = before(changesByOthers(history), until).filter(one =>
    explains[one.aspect].some(name => name === check),
  )
  if (reasons.length === 0) return judged
  return {
    ...judged,
    says: `${judged.says.replace(/\.$/, '')}; the cluster was not as it was asked for: ${sayChanges(reasons).join('; ')}.`,
    evidence: [...(judged.evidence ?? []), ...new Set(reasons.map(one => one.event))],
    hint: 'find out who changed it, and play it again without that',
  }
}

/** The watch on etcd tells it at its first look. Runs that are older than that have no settings of PostgreSQL either. */
function configUntold(history: History): boolean {
  return of(history, 'config-key').length === 0 && of(history, 'settings').length > 0
}

function before(changes: readonly ForeignChange[], until: Micros): ForeignChange[] {
  return changes.filter(one => one.event.at < until)
}

function isOfBudget(params: unknown): boolean {
  const {within} = (params ?? {}) as {within?: unknown}
  return within === undefined || within === 'budget'
}

/** What was measured stays; what the model says of it was of the values before. */
function withoutModel({measures, phases, ...finding}: Finding): Finding {
  return {
    ...finding,
    ...(measures && {measures: {...measures, predictedMinMicros: null, predictedMaxMicros: null, basis: null}}),
    ...(phases && {phases: phases.map(row => ({...row, predicted: null, allowed: null, ...ofRow(row)}))}),
  }
}

function ofRow({verdict, allowed}: NonNullable<Finding['phases']>[number]) {
  // What never came is missing whatever the model says.
  return verdict === 'fail' && allowed == null
    ? {}
    : {verdict: 'unknown' as const, says: 'the model was of other values'}
}
