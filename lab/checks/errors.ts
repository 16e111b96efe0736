/**
 * Which errors clients met after the first fault, and each for how long: from the first time that any of them was told its code to the
 * last. A code is a SQLSTATE, the errno of a connection (ECONNREFUSED), or what the agent itself saw (`closed`, `timeout`). An error that
 * nobody allowed is one too many, at any time; one that is allowed may come as often as it likes in its time.
 *
 * Clients tell of the same failure to connect once a second at most, so that a time is known no better than that where nobody gets in.
 */
import {z} from 'zod'
import {codeOf, extraClientsOf, groupsOf, proxiedOrAll} from '../history/attempts.ts'
import {namesOf} from '../history/client-group.ts'
import type {Of} from '../history/event.ts'
import {type History, of, once} from '../history/history.ts'
import {patience} from '../history/ids-untold.ts'
import {type Interval, inTime, sayDoubt, starvedFor, whenWas} from '../history/lateness.ts'
import {type Moments, momentsOf, sayBegin} from '../history/moments.ts'
import {ownCodes} from '../history/sqlstate.ts'
import {missed} from '../history/watching.ts'
import {hostsWith} from '../topology/topology.ts'
import {type Micros, sayMicros} from '../words/quantity.ts'
import {type Check, merge, type Verdict} from './check.ts'
import {type AllowedErrors, allowedErrors, others} from './errors/allowed.ts'

export interface ErrorsParams {
  readonly allow: AllowedErrors
}

type Trouble = Of<'op'> | Of<'bank'> | Of<'transaction'> | Of<'client-disconnected'>

export const errors: Check<ErrorsParams> = {
  about:
    'After the first fault clients are told only these errors, each for no longer than is allowed from its first time to its last.',
  evidence: ['clients', 'runner', 'disk'],
  ofFault: 'calm',
  params: z.strictObject({allow: allowedErrors.prefault({})}),

  judge(history, {allow}) {
    const moments = momentsOf(history)
    if (moments === null) return {verdict: 'unknown', says: 'The steps never began.'}
    const all = metIn(history, moments).map(met => rule(history, met, limitOf(allow, met.code), moments))
    const verdict = merge(['pass', ...all.map(one => one.verdict)])
    const worst = all.filter(one => one.verdict === verdict)
    const measures = {codes: all.length}
    const found = {measures, rows: all.map(one => one.row), evidence: worst.flatMap(one => one.evidence).slice(0, 6)}
    if (verdict === 'fail')
      return {
        verdict,
        says: `${worst.map(one => one.says).join('; ')}.`,
        hint: 'lay it beside the story of the run: who led, and where the proxy sent the clients in that time',
        ...found,
      }
    const doubts = [...worst.flatMap(one => (one.verdict === 'unknown' ? [one.says] : [])), ...untold(history, moments)]
    if (doubts.length > 0)
      return {verdict: 'unknown', says: `No error was told that is not allowed, but ${doubts.join('; ')}.`, ...found}
    const met = all.map(one => `${one.row.code} for ${sayMicros(one.row.lastedMicros)}`)
    const says = met.length === 0 ? 'no error' : `only what is allowed: ${met.join(', ')}`
    return {verdict: 'pass', says: `After ${sayBegin(moments)} clients were told ${says}.`, ...found}
  },
}

function limitOf(allow: AllowedErrors, code: string): Micros {
  return (allow[code] ?? allow[others] ?? 0) * 1000
}

/** One code, and when it was told. */
interface Met {
  readonly code: string
  /** Surely after the fault, and perhaps before it; each in the order of time. */
  readonly sure: readonly Trouble[]
  readonly perhaps: readonly Trouble[]
}

function metIn(history: History, {fault, steps, earliest, end}: Moments): Met[] {
  const zero = fault ?? steps
  const told = proxiedOrAll(heardOf(history))
    .filter(isError)
    .filter(one => one.at <= end && whenWas(history, one).to > earliest)
    .toSorted((a, b) => a.at - b.at)
  return [...Map.groupBy(told, one => codeIn(history, one))].map(([code, ones]) => ({
    code,
    sure: ones.filter(one => whenWas(history, one).from > zero),
    perhaps: ones.filter(one => whenWas(history, one).from <= zero),
  }))
}

type Heard = Trouble | Of<'client-connected'>

/** All that clients of the scenario's own told, of whichever kind. */
const heardOf = once((history): readonly Heard[] => {
  const kinds = ['op', 'bank', 'transaction', 'client-disconnected', 'client-connected'] as const
  const isExtra = extraClientsOf(history)
  return kinds.flatMap((kind): readonly Heard[] => of(history, kind)).filter(one => !isExtra(one.client))
})

/** A commit that came with a warning was answered. */
function isError(one: Heard): one is Trouble {
  return one.kind === 'client-disconnected' || (one.kind !== 'client-connected' && one.error !== null)
}

/** A server that is spoken to as PostgreSQL's protocol has it says no 08P01: where a pooler stands between, it is the pooler's. */
const poolerSays = '08P01'

function codeIn(history: History, one: Trouble): string {
  const code = codeOf(one)
  const topology = of(history, 'run-started')[0]?.topology
  if (code === poolerSays && topology !== undefined && hostsWith(topology, 'pgbouncer').length > 0)
    return ownCodes.pooler
  return code === 'no code' ? ownCodes.other : code
}

interface Ruling {
  readonly verdict: Verdict
  readonly says: string
  readonly row: {
    readonly code: string
    readonly firstMicros: Micros
    readonly lastedMicros: Micros
    readonly limitMicros: Micros
  }
  readonly evidence: readonly Trouble[]
}

function rule(history: History, {code, sure, perhaps}: Met, limit: Micros, moments: Moments): Ruling {
  const all = [...perhaps, ...sure].toSorted((one, other) => one.at - other.at)
  const [first, last] = [all[0]!, all.at(-1)!]
  const since = Math.max(0, first.at - (moments.fault ?? moments.steps))
  const row = {code, firstMicros: since, lastedMicros: last.at - first.at, limitMicros: limit}
  const told = `${first.client} was the first, ${sayMicros(since)} after ${sayBegin(moments)}: ${first.error ?? 'no word'}`
  const ruled = (verdict: Verdict, says: string) => ({verdict, says, row, evidence: [first, last]})
  if (limit === 0) {
    // Whose client waits no longer than so long has it of a machine that is slow as well.
    const starved = code === ownCodes.timeout ? starvedFor(history, first.at - patience, last.at) : null
    const verdict = sure.length === 0 || (starved !== null && starved.micros > 0) ? 'unknown' : 'fail'
    const why =
      verdict === 'fail'
        ? ''
        : `, and ${starved === null ? 'whether it came before the fault is not known' : sayDoubt(starved)}`
    return ruled(verdict, `${code} was told (${told})${why}, and is not allowed`)
  }
  const starved = starvedFor(history, first.at, last.at)
  const verdict = inTime(lastedFor(history, sure, all), limit, starved)
  const why = verdict === 'unknown' ? `, but ${sayDoubt(starved)}` : ''
  return ruled(
    verdict,
    `${code} was told for ${sayMicros(row.lastedMicros)} (${told}); ${sayMicros(limit)} are allowed${why}`,
  )
}

/** From the first to the last, as well as that is known. */
function lastedFor(history: History, sure: readonly Trouble[], all: readonly Trouble[]): Interval {
  const [first, last] = [sure[0], sure.at(-1)]
  const from = first && last ? whenWas(history, last).from - whenWas(history, first).to : 0
  return {from: Math.max(0, from), to: whenWas(history, all.at(-1)!).to - whenWas(history, all[0]!).from}
}

/** Why there may have been others that nobody told of. */
function untold(history: History, moments: Moments): string[] {
  const heard = heardOf(history)
  const tried = new Set(heard.flatMap(one => (one.kind.startsWith('client-') ? [] : [one.client])))
  const silent = namesOf(groupsOf(history).own)
    .flat()
    .filter(client => !tried.has(client))
  const blindness = missed(history, 'clients', moments.earliest, moments.end)
  return [
    ...(blindness === null ? [] : [blindness]),
    ...(tried.size === 0 ? ['no client told anything'] : []),
    ...(silent.length === 0 ? [] : [`nothing that ${silent.join(', ')} asked for is in the record`]),
    ...losses(history, moments),
    ...unlost(history, heard),
  ]
}

/** Whose statement ended with its connection tells of that connection too, and goes on telling until it has another. */
function unlost(history: History, heard: readonly Heard[]): string[] {
  const lost = new Set(of(history, 'client-disconnected').map(one => one.client))
  const found = heard.find(
    one =>
      isError(one) && one.kind !== 'client-disconnected' && codeOf(one) === ownCodes.closed && !lost.has(one.client),
  )
  return found === undefined ? [] : [`${found.client} lost its connection, and nobody told what it was told then`]
}

/** Who is connected again has lost its connection before, or never had one. A pool may have several. */
function losses(history: History, {steps, end}: Moments): string[] {
  const isExtra = extraClientsOf(history)
  const connected = of(history, 'client-connected').filter(
    one => !isExtra(one.client) && !one.client.startsWith('pg-pool'),
  )
  const lost = Map.groupBy(of(history, 'client-disconnected'), one => one.client)
  const found = [...Map.groupBy(connected, one => one.client)].find(([client, all]) =>
    all.some((one, index) => {
      const before = all[index - 1]
      if (before === undefined || one.at <= steps || one.at > end || before.at === one.at) return false
      return !(lost.get(client) ?? []).some(({at}) => at >= before.at && at <= one.at)
    }),
  )
  return found === undefined ? [] : [`${found[0]} was connected again, and nobody told why it had to be`]
}
