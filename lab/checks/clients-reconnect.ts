/** Every writer that wrote before the fault writes again soon after there is a primary to write to, and goes on writing. */
import {z} from 'zod'
import {type Event, isDirect, type Micros, type Of} from '../event.ts'
import {type Failover, findFailover} from '../failover.ts'
import {type History, of} from '../history.ts'
import {duration, sayMicros} from '../quantity.ts'
import type {Check} from '../unit.ts'
import {blind, lateness, slowDisk, starvedAfter} from '../watching.ts'

export interface ClientsReconnectParams {
  /** Milliseconds from the moment that the proxy routes to a writable primary to a client's first acknowledged write. */
  readonly within: number
}

/** Once back, a client that has no write acknowledged for this long is in trouble again. */
const laterTrouble: Micros = 2_000_000

interface ClientStory {
  readonly client: string
  readonly lastBefore: Of<'op'> | undefined
  readonly firstAfter: Of<'op'> | undefined
  /** From the last acknowledged write before the outage to the first one after it. */
  readonly outage: Micros | undefined
  /** From routing to the first acknowledged write. */
  readonly reconnection: Micros | undefined
  /** The longest time without an acknowledged write after it was back. */
  readonly gap: {readonly from: Micros; readonly to: Micros; readonly why: string}
  /** The longest time without an acknowledged write after it was back, whatever the reason. */
  readonly wait: Micros
}

export const clientsReconnect: Check<ClientsReconnectParams> = {
  about:
    'Every writer behind the proxy is back within a limit after the proxy routes to the new primary, and stays so.',
  params: z.strictObject({within: duration}),

  judge(history, {within}) {
    const found = findFailover(history)
    if (typeof found === 'string') return {verdict: 'unknown', says: `No reconnection to judge: ${found}.`}
    const {newUp, newKey, promoted, t0} = found
    // Where the proxy had the new server up all the time, clients wait for the promotion only.
    const routed = found.newUpTooEarly.length > 0 ? newKey : newUp
    if (!promoted || !routed) {
      const what = promoted ? 'the proxy routing to the new primary' : 'a new primary taking writes'
      return {verdict: 'unknown', says: `Nobody saw ${what}, so there is nothing to measure reconnection from.`}
    }
    const ready = Math.max(promoted.at, routed.at)
    const end = writersStopped(history)
    const limit = within * 1000

    const clients = stories(history, found, ready, end)
    const reconnections = clients.flatMap(one => one.reconnection ?? []).toSorted((a, b) => a - b)
    const outages = clients.flatMap(one => one.outage ?? []).toSorted((a, b) => a - b)
    const inOrder = clients.toSorted((a, b) => a.client.localeCompare(b.client, 'en', {numeric: true}))
    const rows = inOrder.map(({client, outage, reconnection}) => ({
      client,
      outageMicros: outage ?? null,
      reconnectionMicros: reconnection ?? null,
    }))
    const measures = {
      writers: clients.length,
      back: reconnections.length,
      reconnectionP50Micros: quantile(reconnections, 0.5),
      reconnectionP95Micros: quantile(reconnections, 0.95),
      reconnectionMaxMicros: reconnections.at(-1) ?? null,
      outageP50Micros: quantile(outages, 0.5),
      outageP95Micros: quantile(outages, 0.95),
      outageMaxMicros: outages.at(-1) ?? null,
      readOnlyErrorsAfterPromotion: of(history, 'op').filter(
        op => op.op === 'write' && op.sqlstate === '25006' && op.at > promoted.at,
      ).length,
    }
    if (clients.length === 0) return {verdict: 'unknown', says: 'No writer was writing before the fault.', measures}

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
      says: `All ${clients.length} writers were back at most ${sayMicros(reconnections.at(-1)!)} after the proxy routed to the new primary (${sayMicros(limit)} are allowed) and stayed so.`,
      measures,
      rows,
    }
  },
}

/** When load ended on purpose: what comes after is not trouble. Writers stop together, so the last answer of any of them ends it too. */
function writersStopped(history: History): Micros {
  const reads = history.events.find(event => event.kind === 'phase' && event.name === 'final-reads')
  const last = of(history, 'op').findLast(op => op.op === 'write')
  return Math.min(
    reads?.at ?? Number.POSITIVE_INFINITY,
    last?.at ?? Number.POSITIVE_INFINITY,
    history.events.at(-1)!.at,
  )
}

function stories(history: History, found: Failover, ready: Micros, end: Micros): ClientStory[] {
  const {t0, oldLeader, oldTimeline} = found
  const byClient = Map.groupBy(
    of(history, 'op').filter(op => op.op === 'write' && !isDirect(op.client) && op.at <= end),
    op => op.client,
  )
  const gone = Map.groupBy(of(history, 'client-disconnected'), event => event.client)
  return [...byClient].flatMap(([client, ops]) => {
    const acknowledged = ops.filter(op => op.outcome === 'ok')
    const isNew = (op: Of<'op'>) =>
      op.sentAt > t0 && op.server !== oldLeader && (op.timeline ?? 0) > (oldTimeline ?? Number.POSITIVE_INFINITY)
    const firstAfter = acknowledged.find(isNew)
    const lastBefore = acknowledged.findLast(op => !isNew(op) && op.at < (firstAfter?.at ?? Number.POSITIVE_INFINITY))
    // A writer that had tried nothing before the fault has nothing to come back to.
    if (!ops.some(op => op.sentAt <= t0)) return []
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

function longestWait(ops: readonly Of<'op'>[], from: Micros, end: Micros): Micros {
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
  ops: readonly Of<'op'>[],
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
