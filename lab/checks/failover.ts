/** A replica took over from a dead leader, each phase as the timing model says, and clients write again in time. */
import {z} from 'zod'
import {type FailoverBudget, type FailoverPhase, failoverBudget} from '../budget.ts'
import type {Event, Micros} from '../event.ts'
import {type Failover, findFailover} from '../failover.ts'
import {type History, of} from '../history.ts'
import {duration, sayMicros} from '../quantity.ts'
import type {Check, PhaseRow, Verdict} from '../unit.ts'
import {blind, lateness, starvedAfter} from '../watching.ts'

export interface FailoverParams {
  /** `budget`: what the topology's timings imply for this run. Else milliseconds from the fault to the first write. */
  readonly within: 'budget' | number
}

/** A duration, or the word `budget`. */
const within = z.unknown().transform((written, context): 'budget' | number => {
  if (written === 'budget') return 'budget'
  const read = duration.safeParse(written)
  if (read.success) return read.data
  const message = `${read.error.issues[0]?.message ?? 'not a duration'}; or write the word budget`
  context.addIssue({code: 'custom', message})
  return z.NEVER
})

/** The gap is known as well as the clients write often: 100 writes/s make it 10 ms. A tenth less passes, for jitter. */
const fewestWritesPerSecond = 90
const steadyWindow: Micros = 3_000_000
/** A lease that went this much earlier than it could did not run out. */
const early: Micros = 250_000

export const failover: Check<FailoverParams> = {
  about:
    'A replica takes over from a dead leader within the time that the topology implies, or within a limit of yours.',
  params: z.strictObject({within: within.prefault('budget')}),

  judge(history, {within}) {
    const found = findFailover(history)
    if (typeof found === 'string') return {verdict: 'unknown', says: `No failover to judge: ${found}.`}
    const budget = failoverBudget(found.topology, found.facts)
    const limit = within === 'budget' ? budget.total.limit : within * 1000

    const broken = [...neverHappened(history, found, limit), ...wrong(found, budget)]
    const rows = phaseRows(found, budget).map(row =>
      broken.some(problem => problem.row === row.name) ? {...row, verdict: 'fail' as const} : row,
    )
    const doubts = [...doubtsOf(history, found, limit), ...(within === 'budget' ? notTheModel(found, budget) : [])]
    const slow = tooSlow(found, limit, within === 'budget' ? rows : [])

    const verdict: Verdict =
      broken.length > 0 ? 'fail' : doubts.length > 0 ? 'unknown' : slow.length > 0 ? 'fail' : 'pass'
    const total = found.firstWrite ? found.firstWrite.at - found.t0 : null
    const reasons = broken.length > 0 ? broken.map(problem => problem.says) : doubts.length > 0 ? doubts : slow
    return {
      verdict,
      says: sentence(found, budget, limit, within, verdict, reasons),
      measures: {
        totalMicros: total,
        limitMicros: limit,
        predictedMinMicros: budget.total.at[0],
        predictedMaxMicros: budget.total.at[1],
        basis: budget.says,
        oldLeader: found.oldLeader,
        newLeader: found.newLeader ?? null,
        oldTimeline: found.oldTimeline,
        newTimeline: found.promoted?.timeline ?? null,
      },
      phases: rows,
      evidence: evidenceOf(found),
      ...(verdict === 'fail' ? {hint: hintFor(found)} : {}),
    }
  },
}

/** The names of the rows. */
const rowNames: Readonly<Record<FailoverPhase, string>> = {
  oldServerDown: 'HAProxy: old server down',
  leaseExpiry: 'lease expiry',
  election: 'election',
  promotion: 'promotion',
  newServerUp: 'HAProxy: new server up',
  firstWrite: 'first acknowledged write',
}

/** The phases in the order in which they wait for each other; `after` is what the model's `took` counts from. */
function phaseRows(found: Failover, budget: FailoverBudget): PhaseRow[] {
  const {t0, keyGone, newKey, promoted, oldDown, newUp, firstWrite} = found
  const ready = promoted && newUp && newKey ? Math.max(promoted.at, newUp.at, newKey.at) : undefined
  const row = (
    phase: FailoverPhase,
    event: Event | undefined,
    after: Micros | undefined,
    says: string,
    absent: string,
  ): PhaseRow => {
    const name = rowNames[phase]
    const {at, took: allowed, tookLimit} = budget.phases[phase]
    if (!event) return {name, measured: null, predicted: at, took: null, allowed, verdict: 'unknown', says: absent}
    const measured = event.at - t0
    // A write may be acknowledged before a probe has seen the server ready for it: that is early, and early is fine.
    const took = after === undefined ? null : Math.max(0, event.at - after)
    if (took === null) return {name, measured, predicted: at, took, allowed, verdict: 'unknown', says}
    const beyond = took - allowed[1]
    const remark =
      took > tookLimit
        ? `; ${sayMicros(beyond)} longer than the model allows, too much for any slow machine`
        : beyond > 0
          ? `; ${sayMicros(beyond)} longer than on a quiet machine, within the slack for a slow one`
          : ''
    return {
      name,
      measured,
      predicted: at,
      took,
      allowed,
      verdict: took > tookLimit ? 'fail' : 'pass',
      says: says + remark,
    }
  }
  return [
    row(
      'oldServerDown',
      oldDown,
      t0,
      `${found.oldLeader} went ${oldDown?.status} in ${oldDown?.proxy}, its check: ${oldDown?.check}`,
      `${found.oldLeader} was never seen going down`,
    ),
    row(
      'leaseExpiry',
      keyGone,
      t0,
      keyGone?.holder
        ? `${keyGone.holder} took the leader key over; no deletion was seen`
        : `the leader key was deleted (revision ${keyGone?.revision}); ${budget.says}`,
      'the leader key was never seen going away',
    ),
    row(
      'election',
      newKey,
      keyGone?.at,
      `${found.newLeader} holds the leader key (revision ${newKey?.revision})`,
      'no other host was seen with the leader key',
    ),
    row(
      'promotion',
      promoted,
      newKey?.at,
      `${found.newLeader} takes writes on timeline ${promoted?.timeline}, after ${found.oldTimeline}`,
      'no new primary was seen taking writes on a higher timeline',
    ),
    row(
      'newServerUp',
      newUp,
      newKey?.at,
      `${found.newLeader} went ${newUp?.status} in ${newUp?.proxy}`,
      found.newLeader ? `${found.newLeader} was never seen coming up` : 'there was no new leader to route to',
    ),
    row(
      'firstWrite',
      firstWrite,
      ready,
      `write ${firstWrite?.id} of ${firstWrite?.client}, answered by ${firstWrite?.server} on timeline ${firstWrite?.timeline}`,
      'no write was acknowledged by a new leader',
    ),
  ]
}

/** A row of the table and what is wrong with it. */
interface Problem {
  readonly row: string
  readonly says: string
}

/** What is missing for good, each with a sentence. Somebody must have been looking, for longer than it may take. */
function neverHappened(history: History, found: Failover, limit: Micros): Problem[] {
  const {t0, until, over} = found
  const missing: Problem[] = []
  const never = (phase: FailoverPhase, says: string) => missing.push({row: rowNames[phase], says})
  const waited = until - t0
  // Our own sleep might hide what happened; it does not, if what is left after it is still too long.
  const enough = over && waited - lateness(history, t0, until).micros >= limit
  const looked = (who: 'etcd' | 'postgres' | 'proxy' | 'clients') => enough && blind(history, who, t0, until) === null
  const inTime = `in the ${sayMicros(waited)} after the fault (at most ${sayMicros(limit)} are allowed)`
  if (!found.newKey && looked('etcd')) {
    never(
      found.keyGone ? 'election' : 'leaseExpiry',
      found.retaken
        ? `no replica took over: ${found.oldLeader} got its own leader key back ${sayMicros(found.retaken.at - t0)} after the fault`
        : found.keyGone
          ? `the leader key was deleted, but no replica took it ${inTime}`
          : `the leader key of the dead ${found.oldLeader} never went away ${inTime}`,
    )
  }
  // Without the old timeline nothing can be said to be above it; `doubtsOf` says so.
  const known = found.oldTimeline !== null
  if (found.newKey && !found.promoted && known && looked('postgres'))
    never(
      'promotion',
      found.writable
        ? `${found.newLeader} takes writes but was never seen on a higher timeline than ${found.oldTimeline}`
        : `${found.newLeader} took the leader key but never took writes ${inTime}`,
    )
  if (found.newKey && !found.newUp && found.newUpTooEarly.length === 0 && looked('proxy'))
    never('newServerUp', `HAProxy never routed to the new leader ${found.newLeader} ${inTime}`)
  if (!found.firstWrite && known && looked('clients'))
    never('firstWrite', `no client's write was acknowledged by a new leader ${inTime}`)
  return missing
}

/** What must not be, however long it took. */
function wrong(found: Failover, budget: FailoverBudget): Problem[] {
  const {t0, until, over, oldStillUp, promoted, newUpTooEarly, newLeader, oldLeader} = found
  const problems: Problem[] = []
  const is = (phase: FailoverPhase, says: string) => problems.push({row: rowNames[phase], says})
  const down = budget.phases.oldServerDown
  if (oldStillUp.length > 0 && over) {
    const by = `${oldStillUp.join(' and ')} never marked the dead ${oldLeader} down and went on sending connections to it`
    if (until - t0 >= down.limit)
      is('oldServerDown', `${by}: its health checks should have found out within ${sayMicros(down.limit)}`)
    // Checks so slow that the failover is over before them protect nobody, whatever the topology's settings say.
    else if (promoted && promoted.at < until && down.limit > budget.phases.promotion.limit)
      is(
        'oldServerDown',
        `${by}, even with ${newLeader} already promoted: this lab's health checks may take ${sayMicros(down.limit)} to find out`,
      )
  }
  if (newUpTooEarly.length > 0)
    is(
      'newServerUp',
      `${newUpTooEarly.join(' and ')} had ${newLeader} up as a primary before it held the leader key: its checks do not ask who leads`,
    )
  return problems
}

/** Why the times of this run cannot be judged, either way. */
function doubtsOf(history: History, found: Failover, limit: Micros): string[] {
  const {t0, injected, until, over, firstWrite, promoted, newUp, oldDown, oldStillUp} = found
  const doubts: string[] = []
  if (!injected) doubts.push('the call that breaks never returned')
  if (found.oldTimeline === null) doubts.push(`nobody saw the timeline of ${found.oldLeader} before the fault`)

  const writes = of(history, 'op').filter(
    op => op.op === 'write' && op.outcome === 'ok' && op.at > t0 - steadyWindow && op.at <= t0,
  )
  const perSecond = Math.round(writes.length / (steadyWindow / 1e6))
  if (perSecond < fewestWritesPerSecond)
    doubts.push(
      `clients wrote only ${perSecond}/s before the fault, which is too thin to measure a gap (100/s are needed)`,
    )

  const end = Math.max(...[firstWrite, promoted, newUp].map(event => event?.at ?? until))
  for (const who of ['etcd', 'postgres', 'proxy', 'clients', 'runner'] as const) {
    const why = blind(history, who, t0, end)
    if (why) doubts.push(why)
  }
  const late = lateness(history, t0, end)
  if (late.micros > starvedAfter)
    doubts.push(
      `the machine was starved: a timer of ${late.who} ran ${sayMicros(late.micros)} late, so times say nothing`,
    )

  const missing = [
    found.newKey ? undefined : 'a new leader',
    promoted ? undefined : 'a promotion',
    newUp || found.newUpTooEarly.length > 0 ? undefined : 'the proxy routing to it',
    firstWrite ? undefined : 'an acknowledged write',
  ].find(one => one !== undefined)
  if (missing) {
    const waited = sayMicros(until - t0)
    doubts.push(
      over
        ? `there was no sign of ${missing} in the ${waited} until the fault was mended (${sayMicros(limit)} are allowed)`
        : `still waiting for ${missing}, ${waited} after the fault`,
    )
  } else if (!oldDown) {
    doubts.push(
      oldStillUp.length > 0
        ? `HAProxy has not marked the dead ${found.oldLeader} down yet`
        : `nobody saw HAProxy mark the dead ${found.oldLeader} down`,
    )
  }
  return doubts
}

/** A key that went before its lease could have run out was given up or revoked: then this was not a silent death. */
function notTheModel({t0, keyGone}: Failover, budget: FailoverBudget): string[] {
  if (!keyGone) return []
  const short = budget.phases.leaseExpiry.at[0] - (keyGone.at - t0)
  if (short <= early) return []
  return [
    `the leader key went ${sayMicros(short)} before its lease could have run out: somebody gave it up, so this was not a silent death`,
  ]
}

function tooSlow(found: Failover, limit: Micros, rows: readonly PhaseRow[]): string[] {
  const slow: string[] = []
  const total = found.firstWrite ? found.firstWrite.at - found.t0 : 0
  if (total > limit)
    slow.push(`clients could write again only ${sayMicros(total)} after the fault, ${sayMicros(limit)} are allowed`)
  // The total has slack of its own in every phase. One phase beyond all of its own is a fault that luck has covered up.
  for (const row of rows)
    if (row.verdict === 'fail')
      slow.push(`${row.name} took ${sayMicros(row.took ?? 0)}, at most ${sayMicros(row.allowed![1])} are expected`)
  return slow
}

function sentence(
  found: Failover,
  budget: FailoverBudget,
  limit: Micros,
  within: FailoverParams['within'],
  verdict: Verdict,
  reasons: readonly string[],
): string {
  const {oldLeader, newLeader, firstWrite, t0, promoted} = found
  const done = firstWrite
    ? `${newLeader} took over from ${oldLeader} on timeline ${promoted?.timeline ?? '?'}; first acknowledged write ${sayMicros(firstWrite.at - t0)} after the fault`
    : `${oldLeader} died`
  if (verdict === 'pass') {
    const allowed =
      within === 'budget' ? `the model says ${sayRange(budget.total.at)}` : `${sayMicros(limit)} are allowed`
    return `${done} (${allowed}).`
  }
  return `${done}: ${reasons.join('; ')}.`
}

export function sayRange([min, max]: readonly [Micros, Micros]): string {
  return `${(min / 1e6).toFixed(1)} to ${(max / 1e6).toFixed(1)} s`
}

function evidenceOf(found: Failover): Event[] {
  const {fault, injected, keyGone, newKey, promoted, oldDown, newUp, firstWrite, retaken} = found
  return [fault, injected, oldDown, keyGone, newKey, retaken, promoted, newUp, firstWrite]
    .filter(event => event !== undefined)
    .toSorted((a, b) => a.at - b.at)
}

function hintFor(found: Failover): string {
  if (found.oldStillUp.length > 0 || found.newUpTooEarly.length > 0)
    return "look at HAProxy's health checks: option httpchk on /primary, inter, fall, and the statistics page on port 7000"
  if (!found.newKey) return "look into the replicas' Patroni logs for why they did not race for the key"
  return "compare the slow phase with the new leader's log in the run folder"
}
