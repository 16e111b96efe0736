/** A replica took over from a leader that was struck, each phase as the timing model says, and clients write again in time. */
import {z} from 'zod'
import type {FailoverBudget, Phase} from '../budget/index.ts'
import type {Event} from '../history/event.ts'
import {budgetOf, type Failover, failoversOf, whyNever} from '../history/failover.ts'
import {type History, of} from '../history/history.ts'
import {between, inTime, sayDoubt, starvedFor} from '../history/lateness.ts'
import {whyNotAsked} from '../history/servers-seen.ts'
import {coarseness, forSteady} from '../history/steady-writes.ts'
import {blind, missed} from '../history/watching.ts'
import {type Micros, sayMicros} from '../words/quantity.ts'
import {positiveDuration} from '../words/schemas.ts'
import {type Check, type Finding, type PhaseRow, together, type Verdict} from './check.ts'
import {asForeseen, hintFor, restartedInPlace, sayStruck} from './failover/nobody.ts'
import {phaseRows} from './failover/phases.ts'

export interface FailoverParams {
  /** `budget`: what the topology's timings imply for this run. Else milliseconds from the fault to the first write. */
  readonly within: 'budget' | number
}

/** A duration, or the word `budget`. */
const within = z.unknown().transform((written, context): 'budget' | number => {
  if (written === 'budget') return 'budget'
  const read = positiveDuration.safeParse(written)
  if (read.success) return read.data
  const message = `${read.error.issues[0]?.message ?? 'not a duration'}; or write the word budget`
  context.addIssue({code: 'custom', message})
  return z.NEVER
})

/** A lease that went this much earlier than it could did not run out. */
const early: Micros = 250_000

export const failover: Check<FailoverParams> = {
  about:
    'A replica takes over from a struck leader within the time that the topology implies, or within a limit of yours.',
  evidence: ['etcd', 'postgres', 'proxy', 'clients', 'engine', 'runner', 'disk'],
  ofFault: 'of-leader',
  params: z.strictObject({within: within.prefault('budget')}),

  judge(history, {within}) {
    const all = failoversOf(history)
    if (typeof all === 'string') return {verdict: 'unknown', says: `No failover to judge: ${all}.`}
    return together(
      all,
      all.map(found => ruling(history, found, within)),
    )
  },
}

/** One failover of the run. */
function ruling(history: History, found: Failover, within: FailoverParams['within']): Finding {
  const told = budgetOf(found)
  const never = whyNever(found, told)
  const foreseen = never === null ? undefined : asForeseen(history, found, never)
  if (foreseen) return foreseen
  const own = within === 'budget' ? null : within * 1000
  if ('why' in told && own === null) return noBounds(found, told.why)
  const model = 'why' in told ? null : told
  const limit = own ?? model!.total.limit
  if (model?.takesOver === false && (own === null || found.newLeader === undefined))
    return restartedInPlace(history, found, limit)
  // A limit of the user's own holds of a failover that the model did not expect, too.
  const budget = model?.takesOver ? model : null

  const broken = [...neverHappened(history, found, limit), ...wrong(history, found, budget)]
  const rows = phaseRows(history, found, budget).map(row =>
    broken.some(problem => problem.phase === row.phase) ? {...row, verdict: 'fail' as const} : row,
  )
  const {slow, perhaps} = tooSlow(history, found, limit, within === 'budget' ? rows : [])
  const other = within === 'budget' ? notTheModel(found, budget) : []
  const doubts = [...doubtsOf(history, found, limit), ...other, ...perhaps]
  const thin = perhaps.length > 0 && coarseness(history, found) > fine
  // What the clients saw of it stands by itself, whoever else was blind.
  const plain = slow.length > 0 && other.length === 0 && blind(history, 'clients', found.t0, endOf(found)) === null

  const verdict: Verdict = broken.length > 0 || plain ? 'fail' : doubts.length > 0 ? 'unknown' : 'pass'
  const total = found.firstWrite ? found.firstWrite.at - found.t0 : null
  const reasons =
    broken.length > 0 ? broken.map(problem => problem.says) : verdict === 'unknown' ? [...doubts, ...slow] : slow
  return {
    verdict,
    says: sentence(found, budget, limit, within, verdict, reasons),
    measures: {
      totalMicros: total,
      limitMicros: limit,
      fault: 'fault' in found.struck ? found.struck.fault : null,
      predictedMinMicros: budget?.total.at[0] ?? null,
      predictedMaxMicros: budget?.total.at[1] ?? null,
      basis: budget?.says ?? null,
      oldLeader: found.oldLeader,
      newLeader: found.newLeader ?? null,
      oldTimeline: found.oldTimeline,
      newTimeline: found.promoted?.timeline ?? null,
    },
    phases: rows,
    evidence: evidenceOf(found),
    ...(verdict === 'fail'
      ? {hint: hintFor(history, found, budget)}
      : verdict === 'unknown' && thin
        ? {hint: forSteady}
        : {}),
  }
}

/** What is wrong with a phase. */
interface Problem {
  readonly phase: Phase
  readonly says: string
}

/** What is missing for good, each with a sentence. Somebody must have been looking, for longer than it may take. */
function neverHappened(history: History, found: Failover, limit: Micros): Problem[] {
  const {t0, until, over} = found
  const missing: Problem[] = []
  const never = (phase: Phase, says: string) => missing.push({phase, says})
  const waited = until - t0
  // A starved machine, or our own sleep, might hide what happened; it does not, if what is left after it is still too long.
  const enough = over && waited - starvedFor(history, t0, until).micros >= limit
  const looked = (who: 'etcd' | 'postgres' | 'proxy' | 'clients') =>
    enough &&
    wasHeard(history, who, t0) &&
    (who === 'postgres'
      ? whyNotAsked(history, t0, until, found.newLeader === undefined ? undefined : [found.newLeader])
      : missed(history, who, t0, until)) === null
  const soLong = `in the ${sayMicros(waited)} after the fault (at most ${sayMicros(limit)} are allowed)`
  if (!found.newKey && looked('etcd')) {
    never(
      found.keyGone ? 'election' : 'keyGone',
      found.retaken
        ? `no replica took over: ${found.oldLeader} got its own leader key back ${sayMicros(found.retaken.at - t0)} after the fault`
        : found.keyGone
          ? `the leader key was deleted, but no replica took it ${soLong}`
          : `the leader key of ${found.oldLeader} never went away ${soLong}`,
    )
  }
  // Without the old timeline nothing can be said to be above it; `doubtsOf` says so.
  const known = found.oldTimeline !== null
  if (found.newKey && !found.promoted && known && looked('postgres'))
    never(
      'promotion',
      found.writable
        ? `${found.newLeader} takes writes but was never seen on a higher timeline than ${found.oldTimeline}`
        : `${found.newLeader} took the leader key but never took writes ${soLong}`,
    )
  if (found.newKey && !found.newUp && found.newUpTooEarly.length === 0 && looked('proxy'))
    never('newServerUp', `HAProxy never routed to the new leader ${found.newLeader} ${soLong}`)
  if (!found.firstWrite && known && looked('clients'))
    never('firstWrite', `no client's write was acknowledged by a new leader ${soLong}`)
  return missing
}

/** Who told nothing of it before the fault either, when there was something to tell, would not have told it afterwards. */
function wasHeard(history: History, who: 'etcd' | 'postgres' | 'proxy' | 'clients', t0: Micros): boolean {
  const kinds = {
    etcd: ['leader-key'],
    postgres: ['postgres'],
    proxy: ['proxy'],
    clients: ['op', 'bank', 'transaction'],
  } as const
  return kinds[who].some(kind => (of(history, kind)[0]?.at ?? Number.POSITIVE_INFINITY) <= t0)
}

/** What must not be, however long it took. */
function wrong(history: History, found: Failover, budget: FailoverBudget | null): Problem[] {
  const {t0, until, over, oldStillUp, promoted, newUpTooEarly, newLeader, oldLeader} = found
  const dead = sayDead(found)
  const problems: Problem[] = []
  const is = (phase: Phase, says: string) => problems.push({phase, says})
  const down = budget?.phases.oldServerDown
  if (budget && down && oldStillUp.length > 0 && over && missed(history, 'proxy', t0, until, oldStillUp) === null) {
    const by = `${oldStillUp.join(' and ')} never marked ${dead}${oldLeader} down and went on sending connections to it`
    if (until - t0 - starvedFor(history, t0, until).micros >= down.limit)
      is('oldServerDown', `${by}: its health checks should have found out within ${sayMicros(down.limit)}`)
    // Checks so slow that the failover is over before them protect nobody, whatever the topology's settings say. A leader that
    // stopped taking writes by itself needs no such protection.
    else if (promoted && promoted.at < until && !stopsItself(budget) && down.limit > budget.phases.promotion!.limit)
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

function stopsItself({key, phases}: FailoverBudget): boolean {
  return key === 'given-up' || phases.demotion !== undefined || phases.reset !== undefined
}

/** Why the times of this run cannot be judged, either way. */
function doubtsOf(history: History, found: Failover, limit: Micros): string[] {
  const {t0, injected, until, over, firstWrite, promoted, newUp, oldDown, oldStillUp} = found
  const doubts: string[] = []
  if (!injected) doubts.push('the call that breaks never returned')
  if (found.oldTimeline === null) doubts.push(`nobody saw the timeline of ${found.oldLeader} before the fault`)

  const end = endOf(found)
  for (const who of ['etcd', 'proxy', 'clients', 'runner'] as const) {
    const why = blind(history, who, t0, end)
    if (why) doubts.push(why)
  }
  const unasked = whyNotAsked(history, t0, end, found.newLeader === undefined ? undefined : [found.newLeader])
  if (unasked) doubts.push(unasked)

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
        ? `HAProxy has not marked ${sayDead(found)}${found.oldLeader} down yet`
        : `nobody saw HAProxy mark ${sayDead(found)}${found.oldLeader} down`,
    )
  }
  return doubts
}

/** When all of it had happened that is measured. */
function endOf({until, firstWrite, promoted, newUp}: Failover): Micros {
  return Math.max(...[firstWrite, promoted, newUp].map(event => event?.at ?? until))
}

/** A key that went before its lease could have run out was given up or revoked: then this was not a silent death. */
function notTheModel({t0, keyGone}: Failover, budget: FailoverBudget | null): string[] {
  if (!keyGone || budget?.key !== 'expires') return []
  const short = budget.phases.keyGone!.at[0] - (keyGone.at - t0)
  if (short <= early) return []
  return [
    `the leader key went ${sayMicros(short)} before its lease could have run out: somebody gave it up, so this was not a silent death`,
  ]
}

/** Only a host that was killed is dead for certain; of the others it is enough to give the name. */
function sayDead({struck}: Failover): string {
  return 'fault' in struck && struck.fault === 'host-killed' ? 'the dead ' : ''
}

/** What took too long for certain, and what only as far as it is known. */
function tooSlow(history: History, found: Failover, limit: Micros, rows: readonly PhaseRow[]) {
  const slow: string[] = []
  const perhaps: string[] = []
  const {firstWrite, fault, t0} = found
  if (firstWrite) {
    const coarse = coarseness(history, found)
    const lasted = between(history, fault, firstWrite)
    const starved = starvedFor(history, t0, firstWrite.at)
    const timely = inTime({from: lasted.from - coarse, to: firstWrite.at - t0}, limit, starved)
    const says = `clients could write again only ${sayMicros(firstWrite.at - t0)} after the fault, ${sayMicros(limit)} are allowed`
    if (timely === 'fail') slow.push(says)
    else if (timely === 'unknown') perhaps.push(`${says}, but ${coarse > fine ? sayCoarse(coarse) : sayDoubt(starved)}`)
  }
  // The total has slack of its own in every phase. One phase beyond all of its own is a fault that luck has covered up.
  for (const row of rows) {
    if (row.verdict === 'fail')
      slow.push(`${row.name} took ${sayMicros(row.took ?? 0)}, at most ${sayMicros(row.allowed![1])} are expected`)
    else if (row.verdict === 'unknown' && row.measured !== null) perhaps.push(`${row.name}: ${row.says}`)
  }
  return {slow, perhaps}
}

/** 100 writes/s make a gap known to 10 ms; so much more often clients write on a calm machine. */
const fine: Micros = 100_000

function sayCoarse(coarse: Micros): string {
  return Number.isFinite(coarse)
    ? `clients wrote as seldom as every ${sayMicros(coarse)} before the fault, so it may have been that much less`
    : 'clients did not write before the fault, so nobody knows when they could again'
}

function sentence(
  found: Failover,
  budget: FailoverBudget | null,
  limit: Micros,
  within: FailoverParams['within'],
  verdict: Verdict,
  reasons: readonly string[],
): string {
  const {oldLeader, newLeader, firstWrite, t0, promoted} = found
  const written = firstWrite && `first acknowledged write ${sayMicros(firstWrite.at - t0)} after the fault`
  // Whoever answers a write has not taken over by that: it takes the key, and a promotion.
  const done =
    written === undefined
      ? sayStruck(found)
      : newLeader !== undefined && promoted?.timeline != null
        ? `${newLeader} took over from ${oldLeader} on timeline ${promoted.timeline}; ${written}`
        : `${sayStruck(found)}; ${written}, by ${firstWrite?.server ?? 'an unknown server'}`
  if (verdict === 'pass') {
    const allowed =
      within === 'budget' && budget ? `the model says ${sayRange(budget.total.at)}` : `${sayMicros(limit)} are allowed`
    return `${done} (${allowed}).`
  }
  return `${done}: ${reasons.join('; ')}.`
}

function noBounds({oldLeader, fault}: Failover, why: string): Finding {
  return {
    verdict: 'unknown',
    says: `\`${fault.what}\` struck ${oldLeader}, and there is no budget to hold a failover against: ${why}.`,
    evidence: [fault],
    hint: 'give a limit of your own, such as `within: 30s`; or expect no-failover',
  }
}

function sayRange([min, max]: readonly [Micros, Micros]): string {
  return `${(min / 1e6).toFixed(1)} to ${(max / 1e6).toFixed(1)} s`
}

function evidenceOf(found: Failover): Event[] {
  const {fault, injected, keyGone, newKey, promoted, oldDown, newUp, firstWrite, retaken, reset} = found
  return [fault, injected, reset, oldDown, keyGone, newKey, retaken, promoted, newUp, firstWrite]
    .filter(event => event !== undefined)
    .toSorted((a, b) => a.at - b.at)
}
