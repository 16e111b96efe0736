/** Every writer that wrote before the fault writes again soon after there is a primary to write to, and goes on writing. */
import {z} from 'zod'
import {type Attempt, attemptsOf, extraClientsOf} from '../attempts.ts'
import {driverOf, findsPrimaryItself, isDirect} from '../client-group.ts'
import type {Event, Micros, Of} from '../event.ts'
import {type Failover, findFailover} from '../failover.ts'
import {type History, of} from '../history.ts'
import {duration, sayMicros} from '../quantity.ts'
import {isOnNew, type Ready, readyFor, readyOf, writersStopped} from '../reconnection.ts'
import type {Check} from '../unit.ts'
import {blind, lateness, slowDisk, starvedAfter} from '../watching.ts'

export interface ClientsReconnectParams {
  /**
   * Milliseconds to a client's first acknowledged write from the moment that there is a primary for it: that the proxy routes to
   * it, or, for a client that looks for the primary itself, that it takes writes.
   */
  readonly within: number
  /** Only clients of this driver, or of the program with this name. */
  readonly driver?: string | undefined
}

/** Once back, a client that has no write acknowledged for this long is in trouble again. */
const laterTrouble: Micros = 2_000_000

interface ClientStory {
  readonly client: string
  readonly lastBefore: Attempt | undefined
  readonly firstAfter: Attempt | undefined
  /** From the last acknowledged write before the outage to the first one after it. */
  readonly outage: Micros | undefined
  /** From the moment that there was a primary for it to the first acknowledged write. */
  readonly reconnection: Micros | undefined
  /** The longest time without an acknowledged write after it was back. */
  readonly gap: {readonly from: Micros; readonly to: Micros; readonly why: string}
  /** The longest time without an acknowledged write after it was back, whatever the reason. */
  readonly wait: Micros
}

export const clientsReconnect: Check<ClientsReconnectParams> = {
  about:
    'Every writer is back within a limit after the proxy routes to the new primary (or, if it looks for it itself, after the promotion), and stays so.',
  params: z.strictObject({
    within: duration,
    driver: z.string({error: '`driver` is the name of a driver or of a program'}).optional(),
  }),

  judge(history, {within, driver}) {
    const found = findFailover(history)
    if (typeof found === 'string') return {verdict: 'unknown', says: `No reconnection to judge: ${found}.`}
    const {promoted, t0} = found
    const times = readyOf(found)
    const end = writersStopped(history)
    const limit = within * 1000
    const judged = writersOf(history, driver)
    const needProxy = judged.length === 0 || judged.some(({client}) => !findsPrimaryItself(client))
    if (!promoted || (needProxy && times.proxied === null)) {
      const what = promoted ? 'the proxy routing to the new primary' : 'a new primary taking writes'
      return {verdict: 'unknown', says: `Nobody saw ${what}, so there is nothing to measure reconnection from.`}
    }
    const ready = times.proxied !== null && needProxy ? times.proxied : promoted.at

    const clients = stories(history, judged, found, times, end)
    const reconnections = clients.flatMap(one => one.reconnection ?? []).toSorted((a, b) => a - b)
    const outages = clients.flatMap(one => one.outage ?? []).toSorted((a, b) => a - b)
    const inOrder = clients.toSorted((a, b) => a.client.localeCompare(b.client, 'en', {numeric: true}))
    const rows = inOrder.map(({client, outage, reconnection}) => ({
      client,
      driver: driverOf(client),
      outageMicros: outage ?? null,
      reconnectionMicros: reconnection ?? null,
    }))
    const isExtra = extraClientsOf(history)
    const measures = {
      writers: clients.length,
      back: reconnections.length,
      reconnectionP50Micros: quantile(reconnections, 0.5),
      reconnectionP95Micros: quantile(reconnections, 0.95),
      reconnectionMaxMicros: reconnections.at(-1) ?? null,
      outageP50Micros: quantile(outages, 0.5),
      outageP95Micros: quantile(outages, 0.95),
      outageMaxMicros: outages.at(-1) ?? null,
      readOnlyErrorsAfterPromotion: attemptsOf(history).filter(
        op => op.op === 'write' && op.sqlstate === '25006' && op.at > promoted.at && !isExtra(op.client),
      ).length,
    }
    if (clients.length === 0)
      return {
        verdict: 'unknown',
        says: `No writer${driver === undefined ? '' : ` of ${driver}`} was writing before the fault.`,
        measures,
      }

    const late = lateness(history, ready, end)
    const disk = slowDisk(history, t0, end)
    const blindness = blind(history, 'clients', t0, end)
    const lost = clients.filter(one => !one.firstAfter)
    const slow = clients.filter(one => one.reconnection !== undefined && one.reconnection > limit)
    // Our own lateness stretches every gap by as much.
    const again = clients.filter(one => one.firstAfter && one.gap.to - one.gap.from - late.micros > laterTrouble)

    const evidence = evidenceOf([...lost, ...slow, ...again])
    const reasons: string[] = []
    if (lost.length > 0 && end - ready >= limit)
      reasons.push(
        `${names(lost)} never wrote again in the ${sayMicros(end - ready)} after there was a primary to write to`,
      )
    if (slow.length > 0 && late.micros <= starvedAfter && disk === null)
      reasons.push(`${names(slow)} needed up to ${sayMicros(reconnections.at(-1)!)}, ${sayMicros(limit)} are allowed`)
    const [worst] = again.toSorted((a, b) => b.gap.to - b.gap.from - (a.gap.to - a.gap.from))
    if (worst)
      reasons.push(
        `${names(again)} lost the primary again: ${worst.client} had no write acknowledged for ${sayMicros(worst.gap.to - worst.gap.from)}, from ${sayMicros(worst.gap.from - t0)} after the fault${worst.gap.why}`,
      )
    if (blindness)
      return {verdict: 'unknown', says: `Reconnection cannot be judged: ${blindness}.`, measures, rows, evidence}
    if (reasons.length > 0)
      return {
        verdict: 'fail',
        says: `Not every writer came back and stayed: ${reasons.join('; ')}.`,
        measures,
        rows,
        evidence,
        hint: 'compare the errors of these clients with what HAProxy routed to at that time',
      }
    if (lost.length > 0)
      return {
        verdict: 'unknown',
        says: `${names(lost)} had not written again when the record ended.`,
        measures,
        rows,
        evidence,
      }
    const waited = Math.max(...clients.map(one => one.wait))
    if (waited - late.micros > laterTrouble)
      return {
        verdict: 'unknown',
        says: `Every writer came back, but later none of the answers came for up to ${sayMicros(waited)} although no attempt failed: a slow commit (a stalled disk does that) or a hung primary, nobody can tell.`,
        measures,
        rows,
      }
    if (slow.length > 0)
      return {
        verdict: 'unknown',
        says: `${names(slow)} needed up to ${sayMicros(reconnections.at(-1)!)}, but ${late.micros > starvedAfter ? `a timer of ${late.who} ran ${sayMicros(late.micros)} late` : disk}.`,
        measures,
        rows,
      }
    return {
      verdict: 'pass',
      says: `All ${clients.length} writers were back at most ${sayMicros(reconnections.at(-1)!)} after ${needProxy ? 'the proxy routed to the new primary' : 'the new primary took writes'} (${sayMicros(limit)} are allowed) and stayed so.`,
      measures,
      rows,
    }
  },
}

/** What each writer of the scenario's own tried; those that go to one host cannot come back anywhere else. */
function writersOf(history: History, driver: string | undefined): {client: string; ops: readonly Attempt[]}[] {
  const isExtra = extraClientsOf(history)
  const byClient = Map.groupBy(
    attemptsOf(history).filter(
      one =>
        one.op === 'write' &&
        (!isDirect(one.client) || findsPrimaryItself(one.client)) &&
        !isExtra(one.client) &&
        (driver === undefined || driverOf(one.client) === driver),
    ),
    one => one.client,
  )
  return [...byClient].map(([client, ops]) => ({client, ops}))
}

function stories(
  history: History,
  writers: ReturnType<typeof writersOf>,
  found: Failover,
  times: Ready,
  end: Micros,
): ClientStory[] {
  const {t0} = found
  const gone = Map.groupBy(of(history, 'client-disconnected'), event => event.client)
  return writers.flatMap(({client, ops: all}) => {
    const ops = all.filter(op => op.at <= end)
    const ready = readyFor(client, times)
    // A writer that had tried nothing before the fault has nothing to come back to.
    if (ready === null || !ops.some(op => op.sentAt <= t0)) return []
    const acknowledged = ops.filter(op => op.outcome === 'ok')
    const isNew = (op: Attempt) => isOnNew(op, found)
    const firstAfter = acknowledged.find(isNew)
    const lastBefore = acknowledged.findLast(op => !isNew(op) && op.at < (firstAfter?.at ?? Number.POSITIVE_INFINITY))
    return {
      client,
      lastBefore,
      firstAfter,
      outage: lastBefore && firstAfter ? firstAfter.at - lastBefore.at : undefined,
      reconnection: firstAfter ? Math.max(0, firstAfter.at - ready) : undefined,
      wait: firstAfter ? longestWait(ops, firstAfter.at, end) : 0,
      gap: firstAfter ? longestGap(ops, gone.get(client) ?? [], firstAfter.at, end) : {from: end, to: end, why: ''},
    }
  })
}

function longestWait(ops: readonly Attempt[], from: Micros, end: Micros): Micros {
  let since = from
  let longest = 0
  for (const {at, outcome} of ops) {
    if (outcome !== 'ok' || at <= from) continue
    longest = Math.max(longest, at - since)
    since = at
  }
  return Math.max(longest, end - since)
}

/**
 * The longest time without an acknowledged write in which the client lost its way: an attempt failed, the connection went, or
 * no answer came to the very end. Where every attempt is answered, only late, the commit was slow (a disk that stalls does
 * that to all writers at once), and nobody had to reconnect.
 */
function longestGap(
  ops: readonly Attempt[],
  disconnections: readonly Of<'client-disconnected'>[],
  from: Micros,
  end: Micros,
): ClientStory['gap'] {
  let since = from
  let worst = {from, to: from, why: ''}
  const failures = ops.filter(one => one.outcome !== 'ok')
  // All three lists are in order of time, so what lies in one gap follows what lay in the gaps before it.
  let failure = 0
  let disconnection = 0
  const close = (to: Micros) => {
    while ((failures[failure]?.at ?? Number.POSITIVE_INFINITY) <= since) failure++
    while ((disconnections[disconnection]?.at ?? Number.POSITIVE_INFINITY) <= since) disconnection++
    const begin = failure
    while ((failures[failure]?.at ?? Number.POSITIVE_INFINITY) <= to) failure++
    const first = failure > begin ? failures[begin] : undefined
    const gone = disconnections[disconnection]
    if (to - since > worst.to - worst.from) {
      const why = first
        ? ` (${failure - begin} attempts failed, first: ${first.sqlstate ?? first.error ?? 'no answer'})`
        : gone && gone.at <= to
          ? ` (the connection went: ${gone.error})`
          : ''
      if (why !== '' || to === end) worst = {from: since, to: to, why}
    }
    since = to
  }
  for (const op of ops) if (op.outcome === 'ok' && op.at > from) close(op.at)
  close(end)
  return worst
}

/** Nearest rank; null of nothing. */
function quantile(sorted: readonly Micros[], share: number): Micros | null {
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? null
}

function names(clients: readonly ClientStory[]): string {
  const shown = clients.slice(0, 3).map(one => one.client)
  return clients.length > 3 ? `${shown.join(', ')} and ${clients.length - 3} more` : shown.join(' and ')
}

function evidenceOf(clients: readonly ClientStory[]): Event[] {
  return clients.slice(0, 5).flatMap(one => [one.lastBefore, one.firstAfter].filter(event => event !== undefined))
}
