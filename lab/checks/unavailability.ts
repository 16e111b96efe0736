/** How long nobody could write, or read: the longest time without any acknowledged operation of the clients behind the proxy. */
import {z} from 'zod'
import {type Attempt, extraClientsOf, ownAttempts, ownWritesAndTransfers} from '../history/attempts.ts'
import {isDirect} from '../history/client-group.ts'
import type {Event, Of, OpName} from '../history/event.ts'
import {type History, of} from '../history/history.ts'
import {between, type Interval, inTime, sayDoubt, sayLasted, starvedFor} from '../history/lateness.ts'
import {type Moments, momentsOf, sayBegin} from '../history/moments.ts'
import {blind} from '../history/watching.ts'
import {type Micros, sayMicros} from '../words/quantity.ts'
import {duration, positiveDuration} from '../words/schemas.ts'
import {type Check, type Finding, merge, type PhaseRow} from './check.ts'
import {addressPhases, phasesTogether} from './unavailability/address-phases.ts'
import {behindAddress} from './unavailability/behind-address.ts'

interface Limits {
  /** Milliseconds. */
  readonly 'at-least'?: number | undefined
  readonly 'at-most'?: number | 'budget' | undefined
}

export interface UnavailabilityParams {
  readonly writes?: Limits | undefined
  readonly reads?: Limits | undefined
}

/** `budget`: what VRRP, ARP and the clients' own patience imply where the holder of a virtual address is lost. */
const most = z.union([z.literal('budget'), positiveDuration], {
  error: '`at-most` is a duration, or, of clients behind a virtual address, the word budget',
})

const limits = z
  .strictObject({'at-least': duration.optional(), 'at-most': most.optional()})
  .refine(one => one['at-least'] !== undefined || one['at-most'] !== undefined, 'say `at-most`, `at-least`, or both')
  .refine(
    one => typeof one['at-most'] !== 'number' || (one['at-least'] ?? 0) <= one['at-most'],
    '`at-least` is longer than `at-most`: no time is both',
  )

export const unavailability: Check<UnavailabilityParams> = {
  about:
    'The longest time without an acknowledged write (or read) after the first fault is as long as expected, no longer, no shorter.',
  evidence: ['clients', 'address', 'runner', 'disk'],
  ofFault: 'any',
  params: z
    .strictObject({writes: limits.optional(), reads: limits.optional()})
    .refine(
      ({writes, reads}) => writes !== undefined || reads !== undefined,
      'say of what: `writes`, `reads`, or both',
    ),

  judge(history, {writes, reads}) {
    const moments = momentsOf(history)
    // What was asked for is told of a run, however early it ended.
    const measures = {...limitIn('write', writes), ...limitIn('read', reads)}
    if (moments === null) return {verdict: 'unknown', says: 'The steps never began.', measures}
    const asked = [['write', writes] as const, ['read', reads] as const].flatMap(([op, limits]) =>
      limits === undefined ? [] : [{op, part: judgeWithin(history, op, limits, moments)}],
    )
    const parts = asked.map(({part}) => part)
    const phases = phasesTogether(asked.map(({op, part}) => ({op, rows: part.phases ?? []})))
    const verdict = merge(parts.map(part => part.verdict))
    const hint = parts.find(part => part.verdict === 'fail')?.hint
    const failed = parts.filter(part => part.verdict === 'fail')
    const pending = failed.length > 0 && failed.every(part => part.pending)
    return {
      verdict,
      says: parts
        .filter(part => part.verdict === verdict)
        .map(part => part.says)
        .join(' '),
      measures: Object.assign({}, ...parts.map(part => part.measures)) as Record<string, number>,
      evidence: parts.flatMap(part => part.evidence ?? []),
      ...(phases.length > 0 ? {phases} : {}),
      ...(hint === undefined ? {} : {hint}),
      ...(pending ? {pending} : {}),
    }
  },
}

function limitIn(op: OpName, limits: Limits | undefined): Record<string, number> {
  const most = limits?.['at-most']
  return typeof most !== 'number' ? {} : {[`${op}OutageLimitMicros`]: most * 1000}
}

/** Writers that are told to stop finish what they are at. */
const stopping: Micros = 1_000_000

type AnyAttempt = Attempt | Of<'bank'>

interface Gap {
  readonly from: Micros
  readonly to: Micros
  readonly before: AnyAttempt | undefined
  readonly after: AnyAttempt | undefined
}

/** A limit of the model is judged phase by phase as well. */
function judgeWithin(history: History, op: OpName, limits: Limits, moments: Moments): Finding {
  const {'at-most': written, ...others} = limits
  if (written !== 'budget') return judgeGap(history, op, {...others, 'at-most': written}, moments)
  const behind = behindAddress(history, op)
  if (typeof behind === 'string')
    return {verdict: 'unknown', says: `No ${op} is known to be late: ${behind}.`, measures: limitIn(op, others)}
  const most = Math.round(behind.gap.total.limit) / 1000
  const phases = addressPhases(history, op, behind)
  return byPhases({...judgeGap(history, op, {...others, 'at-most': most}, moments), phases}, phases)
}

/** The whole has slack of its own in every phase: one phase beyond all of its own is a fault that luck has covered up. */
function byPhases(found: Finding, phases: readonly PhaseRow[]): Finding {
  const late = phases.filter(one => one.verdict === 'fail')
  const unknown = phases.filter(one => one.verdict === 'unknown')
  const said = found.says.replace(/\.$/, '')
  if (late.length > 0) return {...found, verdict: 'fail', says: `${said}; ${late.map(sayLate).join('; ')}.`}
  if (found.verdict !== 'pass' || unknown.length === 0) return found
  const says = `${said}; ${unknown.map(one => `${one.name}: ${one.says}`).join('; ')}.`
  return {...found, verdict: 'unknown', says}
}

function sayLate({name, took, allowed, says}: PhaseRow): string {
  const isWhole = (took ?? 0) > (allowed?.[1] ?? 0)
  return isWhole
    ? `${name} took ${sayMicros(took ?? 0)}, at most ${sayMicros(allowed![1])} are expected`
    : `${name}: ${says}`
}

type Written = Omit<Limits, 'at-most'> & {readonly 'at-most'?: number | undefined}

function judgeGap(history: History, op: OpName, limits: Written, {fault, steps, earliest, end}: Moments): Finding {
  const from = fault ?? steps
  const zero = sayBegin({fault})
  const words = op === 'write' ? 'writes' : 'reads'
  const all = (op === 'write' ? ownWritesAndTransfers(history) : ownAttempts(history, op)).filter(one => one.at <= end)
  const isExtra = extraClientsOf(history)
  const gap = longestGap(all, from, end)
  const took = gap.to - gap.from
  const lasted = lastedFor(history, gap, longestGap(all, earliest, end))
  const [least, most] = [(limits['at-least'] ?? 0) * 1000, (limits['at-most'] ?? Number.POSITIVE_INFINITY) * 1000]
  const measures = {
    [`${op}OutageMicros`]: took,
    [`${op}OutageFromMicros`]: gap.from - from,
    ...limitIn(op, limits),
  }
  const failed = all.filter(one => one.outcome !== 'ok' && one.at > gap.from && one.sentAt < gap.to)
  const proxied = all.some(one => !isDirect(one.client))
  const counts = (client: string) => !proxied || !isDirect(client)
  // Without a connection there is nothing to attempt.
  const gone = of(history, 'client-disconnected').filter(
    one => one.op === op && counts(one.client) && !isExtra(one.client) && one.at > gap.from && one.at < gap.to,
  )
  const evidence = [gap.before, failed[0] ?? gone[0], gap.after].filter(one => one !== undefined) satisfies Event[]
  const says = `No ${op} was acknowledged for ${sayLasted(took, lasted)}, from ${sayMicros(Math.max(0, gap.from - from))} after ${zero}${gap.after ? '' : ' to the end'}`
  if (!all.some(one => one.outcome === 'ok' && one.at <= from))
    return {
      verdict: 'unknown',
      says: `No ${op} was acknowledged before ${zero}, so there was nothing to lose.`,
      measures,
    }
  const blindness = blind(history, 'clients', from, end)
  if (blindness) return {verdict: 'unknown', says: `${says}, but ${blindness}.`, measures, evidence}
  if (lasted.from < least) return {...tooShort(lasted, says, least, {words, zero}), measures, evidence}
  const tries = {failed: failed.length, gone: gone.length}
  if (lasted.to > most) return {...tooLong(history, gap, lasted, says, most, tries), measures, evidence}
  // What has not ended may yet become longer than is allowed; clients that are told to stop leave a moment without any.
  if (Number.isFinite(most) && gap.after === undefined && (lasted.to > stopping || tries.failed + tries.gone > 0))
    return {
      verdict: 'unknown',
      says: `${says}, and it had not ended there: nobody knows whether ${sayMicros(most)} would have been enough.`,
      measures,
      evidence,
    }
  const allowed = [
    ...(limits['at-least'] === undefined ? [] : [`at least ${sayMicros(least)}`]),
    ...(limits['at-most'] === undefined ? [] : [`at most ${sayMicros(most)}`]),
  ].join(' and ')
  return {verdict: 'pass', says: `${says} (${allowed}).`, measures, evidence}
}

function tooShort(
  {from, to}: Interval,
  says: string,
  least: Micros,
  {words, zero}: {readonly words: string; readonly zero: string},
): Finding {
  const expected = `${says}; at least ${sayMicros(least)} was expected`
  return to < least
    ? {
        verdict: 'fail',
        says: `${expected}: ${zero === 'the fault' ? 'the fault did not stop' : 'nothing stopped'} ${words} as it should.`,
        pending: true,
      }
    : {
        verdict: 'unknown',
        says: `${expected}, and it is known only to be from ${sayMicros(from)} to ${sayMicros(to)}.`,
      }
}

/** @param tries how many attempts failed in it, and how many connections were lost or refused. */
function tooLong(
  history: History,
  {from, to, after}: Gap,
  lasted: Interval,
  says: string,
  most: Micros,
  {failed, gone}: {readonly failed: number; readonly gone: number},
): Pick<Finding, 'verdict' | 'says' | 'hint'> {
  const starved = starvedFor(history, from, to)
  if (inTime(lasted, most, starved) === 'unknown')
    return {verdict: 'unknown', says: `${says}; ${sayMicros(most)} are allowed, but ${sayDoubt(starved)}.`}
  if (after && failed === 0 && gone === 0)
    return {
      verdict: 'unknown',
      says: `${says} although no attempt failed: a slow commit (a stalled disk does that) or a hung server, nobody can tell.`,
    }
  return {
    verdict: 'fail',
    says: `${says}; ${sayMicros(most)} are allowed (${failed} attempts failed, ${gone} connections were lost or refused).`,
    hint: 'lay it beside the story of the run: who led, and where the proxy sent the clients in that time',
  }
}

/** How long it was, as well as that is known: the runner may have been late with the fault, the clients with their answers. */
function lastedFor(history: History, gap: Gap, early: Gap): Interval {
  const took = gap.to - gap.from
  const known = gap.before && gap.after ? between(history, gap.before, gap.after).from : took
  // From the fault on, where it came in the middle of the gap.
  const before = gap.before === undefined ? 0 : Math.max(0, gap.from - gap.before.at)
  // Two moments that may have been one lie no less than nothing apart.
  return {from: Math.max(0, Math.min(took, known - before)), to: Math.max(took, early.to - early.from)}
}

function longestGap(ops: readonly AnyAttempt[], from: Micros, end: Micros): Gap {
  let before = ops.findLast(one => one.outcome === 'ok' && one.at <= from)
  let worst: Gap = {from, to: from, before, after: undefined}
  const close = (to: Micros, after: AnyAttempt | undefined) => {
    const since = Math.max(before?.at ?? from, from)
    if (to - since > worst.to - worst.from) worst = {from: since, to, before, after}
  }
  for (const after of ops) {
    if (after.outcome !== 'ok' || after.at <= from) continue
    close(after.at, after)
    before = after
  }
  close(end, undefined)
  return worst
}
