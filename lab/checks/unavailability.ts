/** How long nobody could write, or read: the longest time without any acknowledged operation of the clients behind the proxy. */
import {z} from 'zod'
import {type Attempt, extraClientsOf, ownProxied} from '../attempts.ts'
import {isDirect} from '../client-group.ts'
import type {Event, Micros, OpName} from '../event.ts'
import {type History, of} from '../history.ts'
import {momentsOf} from '../moments.ts'
import {duration, sayMicros} from '../quantity.ts'
import {type Check, type Finding, merge} from '../unit.ts'
import {blind, lateness, slowDisk, starvedAfter} from '../watching.ts'

interface Limits {
  /** Milliseconds. */
  readonly 'at-least'?: number | undefined
  readonly 'at-most'?: number | undefined
}

export interface UnavailabilityParams {
  readonly writes?: Limits | undefined
  readonly reads?: Limits | undefined
}

const limits = z
  .strictObject({'at-least': duration.optional(), 'at-most': duration.optional()})
  .refine(one => one['at-least'] !== undefined || one['at-most'] !== undefined, 'say `at-most`, `at-least`, or both')

export const unavailability: Check<UnavailabilityParams> = {
  about:
    'The longest time without an acknowledged write (or read) after the first fault is as long as expected, no longer, no shorter.',
  params: z
    .strictObject({writes: limits.optional(), reads: limits.optional()})
    .refine(
      ({writes, reads}) => writes !== undefined || reads !== undefined,
      'say of what: `writes`, `reads`, or both',
    ),

  judge(history, {writes, reads}) {
    const moments = momentsOf(history)
    if (moments === null) return {verdict: 'unknown', says: 'The steps never began.'}
    const from = moments.fault ?? moments.steps
    const parts = [
      ...(writes ? [judgeGap(history, 'write', writes, from, moments.end)] : []),
      ...(reads ? [judgeGap(history, 'read', reads, from, moments.end)] : []),
    ]
    const verdict = merge(parts.map(part => part.verdict))
    const hint = parts.find(part => part.verdict === 'fail')?.hint
    return {
      verdict,
      says: parts
        .filter(part => part.verdict === verdict)
        .map(part => part.says)
        .join(' '),
      measures: Object.assign({}, ...parts.map(part => part.measures)) as Record<string, number>,
      evidence: parts.flatMap(part => part.evidence ?? []),
      ...(hint === undefined ? {} : {hint}),
    }
  },
}

interface Gap {
  readonly from: Micros
  readonly to: Micros
  readonly before: Attempt | undefined
  readonly after: Attempt | undefined
}

function judgeGap(history: History, op: OpName, limits: Limits, from: Micros, end: Micros): Finding {
  const words = op === 'write' ? 'writes' : 'reads'
  const all = ownProxied(history, op).filter(one => one.at <= end)
  const isExtra = extraClientsOf(history)
  const gap = longestGap(all, from, end)
  const took = gap.to - gap.from
  const measures = {[`${op}OutageMicros`]: took, [`${op}OutageFromMicros`]: gap.from - from}
  const failed = all.filter(one => one.outcome !== 'ok' && one.at > gap.from && one.sentAt < gap.to)
  // Without a connection there is nothing to attempt.
  const gone = of(history, 'client-disconnected').filter(
    one => one.op === op && !isDirect(one.client) && !isExtra(one.client) && one.at > gap.from && one.at < gap.to,
  )
  const evidence = [gap.before, failed[0] ?? gone[0], gap.after].filter(one => one !== undefined) satisfies Event[]
  const says = `No ${op} was acknowledged for ${sayMicros(took)}, from ${sayMicros(Math.max(0, gap.from - from))} after the fault${gap.after ? '' : ' to the end'}`
  if (!all.some(one => one.outcome === 'ok' && one.at <= from))
    return {
      verdict: 'unknown',
      says: `No ${op} was acknowledged before the fault, so there was nothing to lose.`,
      measures,
    }
  const blindness = blind(history, 'clients', from, end)
  if (blindness) return {verdict: 'unknown', says: `${says}, but ${blindness}.`, measures, evidence}
  const [least, most] = [(limits['at-least'] ?? 0) * 1000, (limits['at-most'] ?? Number.POSITIVE_INFINITY) * 1000]
  if (took < least)
    return {
      verdict: 'fail',
      says: `${says}; at least ${sayMicros(least)} was expected: the fault did not stop ${words} as it should.`,
      measures,
      evidence,
    }
  if (took > most) {
    const late = lateness(history, gap.from, gap.to)
    const disk = slowDisk(history, gap.from, gap.to)
    if (late.micros > starvedAfter || disk !== null)
      return {
        verdict: 'unknown',
        says: `${says}, but ${disk ?? `a timer of ${late.who} ran ${sayMicros(late.micros)} late`}.`,
        measures,
        evidence,
      }
    if (gap.after && failed.length === 0 && gone.length === 0)
      return {
        verdict: 'unknown',
        says: `${says} although no attempt failed: a slow commit (a stalled disk does that) or a hung server, nobody can tell.`,
        measures,
        evidence,
      }
    return {
      verdict: 'fail',
      says: `${says}; ${sayMicros(most)} are allowed (${failed.length} attempts failed, ${gone.length} connections were lost or refused).`,
      measures,
      evidence,
      hint: 'lay it beside the story of the run: who led, and where the proxy sent the clients in that time',
    }
  }
  const allowed = [
    ...(limits['at-least'] === undefined ? [] : [`at least ${sayMicros(least)}`]),
    ...(limits['at-most'] === undefined ? [] : [`at most ${sayMicros(most)}`]),
  ].join(' and ')
  return {verdict: 'pass', says: `${says} (${allowed}).`, measures, evidence}
}

function longestGap(ops: readonly Attempt[], from: Micros, end: Micros): Gap {
  let before = ops.findLast(one => one.outcome === 'ok' && one.at <= from)
  let worst: Gap = {from, to: from, before, after: undefined}
  const close = (to: Micros, after: Attempt | undefined) => {
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
