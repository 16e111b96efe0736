/** Every writer that wrote before the fault writes again soon after there is a primary to write to, and goes on writing. */
import {z} from 'zod'
import {
  type Attempt,
  answeredUntil,
  attemptsOf,
  codeOf,
  extraClientsOf,
  type Writes,
  writesByClient,
} from '../history/attempts.ts'
import {driverOf, findsPrimaryItself, isDirect} from '../history/client-group.ts'
import type {Event, Of} from '../history/event.ts'
import {type Failover, failoversOf} from '../history/failover.ts'
import {type History, of} from '../history/history.ts'
import {isOutside, sayKept} from '../history/kept-connections.ts'
import {
  type Interval,
  inTime,
  lateness,
  type Starved,
  sayDoubt,
  starvedFor,
  usual,
  whenWas,
} from '../history/lateness.ts'
import {isOnNew, type Ready, readyFor, readyOf, readySpan, writersStopped} from '../history/reconnection.ts'
import {blind} from '../history/watching.ts'
import {type Micros, sayMicros} from '../words/quantity.ts'
import {positiveDuration} from '../words/schemas.ts'
import {type Check, type Finding, together} from './check.ts'

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
  /** The same as well as it is known: the runner may have heard of the primary late. */
  readonly took: Interval | undefined
  /** The longest time without an acknowledged write after it was back, whatever the reason; 0 when that is no trouble. */
  readonly wait: Micros
  /** The longest one in which it lost its way. */
  readonly gap: Gap | undefined
  /** Its attempts that were refused, or never answered. */
  readonly others: readonly Attempt[]
}

interface Gap {
  readonly from: Micros
  readonly to: Micros
  /** Why it did, for a sentence; empty where it never came back. */
  readonly why: string
}

export const clientsReconnect: Check<ClientsReconnectParams> = {
  about:
    'Every writer is back within a limit after the proxy routes to the new primary (or, if it looks for it itself, after the promotion), and stays so.',
  evidence: ['clients', 'proxy', 'etcd', 'postgres', 'engine', 'runner', 'disk'],
  ofFault: 'of-leader',
  params: z.strictObject({
    within: positiveDuration,
    driver: z.string({error: '`driver` is the name of a driver or of a program'}).optional(),
  }),

  judge(history, {within, driver}) {
    const all = failoversOf(history)
    if (typeof all === 'string') return {verdict: 'unknown', says: `No reconnection to judge: ${all}.`}
    return together(
      all,
      all.map(found => after(history, found, within * 1000, driver)),
      'reconnectionMaxMicros',
    )
  },
}

/** Of one failover: until the next of the run begins, which is no trouble of the clients'. */
function after(history: History, found: Failover, limit: Micros, driver: string | undefined): Finding {
  const {promoted, t0, next} = found
  const times = readyOf(found)
  const end = Math.min(writersStopped(history), next)
  const judged = writersOf(history, driver)
  const needProxy = judged.length === 0 || judged.some(({client}) => !isDirect(client))
  if (!promoted || (needProxy && times.proxied === null)) {
    const what = promoted ? 'the proxy routing to the new primary' : 'a new primary taking writes'
    return {verdict: 'unknown', says: `Nobody saw ${what}, so there is nothing to measure reconnection from.`}
  }
  const ready = times.proxied !== null && needProxy ? times.proxied : promoted.at

  const clients = stories(history, judged, found, times, end)
  const measures = measuresOf(history, clients, promoted.at)
  if (clients.length === 0)
    return {
      verdict: 'unknown',
      says: `No writer${driver === undefined ? '' : ` of ${driver}`} was writing before the fault.`,
      measures,
    }
  const since = needProxy ? 'the proxy routed to the new primary' : 'the new primary took writes'
  return {...ruling(history, {clients, found, t0, ready, end, limit, since}), measures, rows: rowsOf(clients)}
}

function rowsOf(clients: readonly ClientStory[]) {
  const inOrder = clients.toSorted((a, b) => a.client.localeCompare(b.client, 'en', {numeric: true}))
  return inOrder.map(({client, outage, reconnection}) => ({
    client,
    driver: driverOf(client),
    outageMicros: outage ?? null,
    reconnectionMicros: reconnection ?? null,
  }))
}

function measuresOf(history: History, clients: readonly ClientStory[], promotedAt: Micros) {
  const reconnections = clients.flatMap(one => one.reconnection ?? []).toSorted((a, b) => a - b)
  const outages = clients.flatMap(one => one.outage ?? []).toSorted((a, b) => a - b)
  const isExtra = extraClientsOf(history)
  return {
    writers: clients.length,
    back: reconnections.length,
    reconnectionP50Micros: quantile(reconnections, 0.5),
    reconnectionP95Micros: quantile(reconnections, 0.95),
    reconnectionMaxMicros: reconnections.at(-1) ?? null,
    outageP50Micros: quantile(outages, 0.5),
    outageP95Micros: quantile(outages, 0.95),
    outageMaxMicros: outages.at(-1) ?? null,
    readOnlyErrorsAfterPromotion: attemptsOf(history).filter(
      op => op.op === 'write' && op.sqlstate === '25006' && op.at > promotedAt && !isExtra(op.client),
    ).length,
  }
}

/** The writers that are judged, and the times that count. */
interface Judged {
  readonly clients: readonly ClientStory[]
  readonly found: Failover
  readonly t0: Micros
  readonly ready: Micros
  readonly end: Micros
  readonly limit: Micros
  /** What `ready` is the moment of. */
  readonly since: string
}

function ruling(history: History, judged: Judged): Pick<Finding, 'verdict' | 'says' | 'evidence' | 'hint'> {
  const {clients, t0, ready, end, limit, since} = judged
  const firsts = clients.map(one => one.firstAfter?.at ?? 0)
  const starved = starvedFor(history, Math.min(t0, ready), Math.max(ready, ...firsts))
  const blindness = blind(history, 'clients', t0, end)
  const slowest = Math.max(0, ...clients.map(one => one.reconnection ?? 0))
  // Whoever slept through it has seen no time pass.
  const known = Math.max(0, ...clients.map(one => one.took?.to ?? 0))
  const most = known - slowest > usual ? known : slowest
  const {lost, slow, perhaps, again, maybe} = inTrouble(history, judged, starved)
  const evidence = evidenceOf([...lost, ...slow, ...perhaps, ...[...again, ...maybe].map(one => one.story)])
  if (blindness) return {verdict: 'unknown', says: `Reconnection cannot be judged: ${blindness}.`, evidence}
  const reasons = [
    ...(lost.length > 0 && end - ready >= limit
      ? [
          `${names(lost)} never wrote again in the ${sayMicros(end - ready)} after there was a primary to write to${sayErrors(errorsOf(lost, ready))}`,
        ]
      : []),
    ...(slow.length > 0 ? [`${names(slow)} needed up to ${sayMicros(slowest)}, ${sayMicros(limit)} are allowed`] : []),
    ...sayAgain(again, t0),
    ...sayKept(
      history,
      [...lost, ...slow].map(one => one.client),
      judged.found,
      end,
    ),
  ]
  if (reasons.length > 0)
    return {
      verdict: 'fail',
      says: `Not every writer came back and stayed: ${reasons.join('; ')}.`,
      evidence,
      hint: hintFor(history, {lost, slow}, ready),
    }
  if (lost.length > 0)
    return {verdict: 'unknown', says: `${names(lost)} had not written again when the record ended.`, evidence}
  if (maybe.length > 0)
    return {
      verdict: 'unknown',
      says: `Every writer came back, but ${sayAgain(maybe, t0).join()}, but ${sayDoubt(strained(history, maybe[0]!))}.`,
      evidence,
    }
  const waited = Math.max(...clients.map(one => one.wait))
  if (waited > laterTrouble)
    return {
      verdict: 'unknown',
      says: `Every writer came back, but later none of the answers came for up to ${sayMicros(waited)} although no attempt failed: a slow commit (a stalled disk does that), a hung primary, or our own agent that was late, nobody can tell.`,
    }
  if (perhaps.length > 0)
    return {
      verdict: 'unknown',
      says: `${names(perhaps)} needed up to ${sayMicros(slowest)}, ${sayMicros(limit)} are allowed, but ${sayDoubt(starved)}.`,
    }
  return {
    verdict: 'pass',
    says: `All ${clients.length} writers were back at most ${sayMicros(most)} after ${since} (${sayMicros(limit)} are allowed) and stayed so.`,
  }
}

/** How their attempts failed after there was a primary, the most frequent first. */
function errorsOf(clients: readonly ClientStory[], since: Micros): [code: string, count: number][] {
  const failed = clients.flatMap(one => one.others).filter(one => one.at > since)
  const byCode = Map.groupBy(failed, codeOf)
  return [...byCode].map(([code, all]): [string, number] => [code, all.length]).toSorted(([, a], [, b]) => b - a)
}

function sayErrors(errors: readonly [code: string, count: number][]): string {
  const [first] = errors
  if (first === undefined) return ' (no attempt was answered)'
  const all = errors.reduce((sum, [, count]) => sum + count, 0)
  const code = /^[0-9A-Z]{5}$/.test(first[0]) ? `SQLSTATE ${first[0]}` : first[0]
  return ` (${all} attempts failed, ${errors.length === 1 ? 'all' : 'most'} with ${code})`
}

/** By how they failed, and by where they were connected. */
function hintFor(
  history: History,
  {lost, slow}: {readonly lost: readonly ClientStory[]; readonly slow: readonly ClientStory[]},
  ready: Micros,
): string {
  const [most] = errorsOf(lost, ready)
  const proxied = [...lost, ...slow].some(({client}) => !isDirect(client))
  if (proxied && of(history, 'run-started')[0]?.topology.haproxy.onMarkedDown === 'none')
    return 'the proxy leaves the sessions of a server that is down alone (haproxy.on_marked_down: none): let it end them (shutdown-sessions), or give the clients a time-out of their own'
  if (most?.[0] !== '25006') return 'compare the errors of these clients with what HAProxy routed to at that time'
  return lost.every(({client}) => isPinned(client))
    ? 'they stay with a server that is read-only now: let them drop a session that answers 25006, or go through the proxy, or name several hosts with target_session_attrs=read-write'
    : 'they stay with a server that is read-only now: does the proxy end its sessions (on-marked-down shutdown-sessions), and do clients drop one that answers 25006?'
}

/** Who never came back, who did too late, and who lost the primary again. */
function inTrouble(history: History, {clients, limit, ready, end}: Judged, starved: Starved) {
  const lateMicros = lateness(history, ready, end).micros
  // Our own lateness stretches every gap by as much.
  const gaps = clients
    .flatMap(story => (story.gap ? {story, ...story.gap} : []))
    .filter(({from, to}) => to - from - lateMicros > laterTrouble)
  const isStrained = (gap: Gap) => gap.to - gap.from - strained(history, gap).micros <= laterTrouble
  const timely = (one: ClientStory) => (one.took === undefined ? 'pass' : inTime(one.took, limit, starved))
  return {
    lost: clients.filter(one => !one.firstAfter),
    slow: clients.filter(one => timely(one) === 'fail'),
    perhaps: clients.filter(one => timely(one) === 'unknown'),
    again: gaps.filter(gap => !isStrained(gap)),
    maybe: gaps.filter(isStrained),
  }
}

/** A proxy, or Patroni that it asks, without a CPU calls a good server down, and takes this long to find out. */
const noticedWithin: Micros = 2_000_000

function strained(history: History, {from, to}: Gap): Starved {
  return starvedFor(history, from - noticedWithin, to)
}

function sayAgain(again: readonly (Gap & {readonly story: ClientStory})[], t0: Micros): string[] {
  const [worst] = again.toSorted((a, b) => b.to - b.from - (a.to - a.from))
  if (worst === undefined) return []
  const {story, from, to, why} = worst
  return [
    `${names(again.map(one => one.story))} lost the primary again: ${story.client} had no write acknowledged for ${sayMicros(to - from)}, from ${sayMicros(from - t0)} after the fault${why}`,
  ]
}

/** The writers of the scenario's own. Those that go to one host are not judged beside others: they show what an orphan takes. */
function writersOf(history: History, driver: string | undefined): {client: string; writes: Writes}[] {
  const isExtra = extraClientsOf(history)
  const own = [...writesByClient(history)]
    .map(([client, writes]) => ({client, writes}))
    .filter(({client}) => !isExtra(client) && (driver === undefined || driverOf(client) === driver))
  const free = own.filter(({client}) => !isPinned(client))
  return free.length > 0 ? free : own
}

/** It goes to one host, and to no other one. */
function isPinned(client: string): boolean {
  return isDirect(client) && !findsPrimaryItself(client)
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
  return writers.flatMap(({client, writes}) => {
    const ready = readyFor(client, times)
    // A writer that had tried nothing before the fault has nothing to come back to.
    const hadTried = [writes.acknowledged, writes.others].some(tried =>
      answeredUntil(tried, end).some(one => one.sentAt <= t0),
    )
    if (ready === null || !hadTried) return []
    const acknowledged = answeredUntil(writes.acknowledged, end)
    const isNew = (one: Attempt) => isOnNew(one, found)
    const firstAfter = acknowledged.find(isNew)
    const lastBefore = acknowledged.findLast(
      one => !isNew(one) && one.at < (firstAfter?.at ?? Number.POSITIVE_INFINITY),
    )
    return {
      ...{client, lastBefore, firstAfter, others: writes.others},
      outage: lastBefore && firstAfter ? firstAfter.at - lastBefore.at : undefined,
      reconnection: firstAfter ? Math.max(0, firstAfter.at - ready) : undefined,
      took: firstAfter ? sinceReady(history, client, found, firstAfter) : undefined,
      ...(firstAfter
        ? laterOf(acknowledged, writes.others, gone.get(client) ?? [], {
            back: firstAfter.at,
            end,
            mayRest: isOutside(history, client),
          })
        : {wait: 0, gap: undefined}),
    }
  })
}

/** From the moment that there was a primary for this client to its first acknowledged write. */
function sinceReady(history: History, client: string, found: Failover, firstAfter: Attempt): Interval {
  const ready = readySpan(history, client, found)
  const written = whenWas(history, firstAfter)
  return {from: Math.max(0, written.from - ready.to), to: Math.max(0, written.to - ready.from)}
}

/**
 * The trouble of a client that was back. In the longest time without an acknowledged write it may have lost its way: an attempt
 * failed, the connection went, or no answer came to the very end. Where every attempt is answered, only late, the commit was slow
 * (a disk that stalls does that to all writers at once), and nobody had to reconnect.
 */
function laterOf(
  acknowledged: readonly Attempt[],
  others: readonly Attempt[],
  disconnections: readonly Of<'client-disconnected'>[],
  {back, end, mayRest}: {readonly back: Micros; readonly end: Micros; readonly mayRest: boolean},
): Pick<ClientStory, 'wait' | 'gap'> {
  const pauses: {from: Micros; to: Micros}[] = []
  let since = back
  const close = (to: Micros) => {
    if (to - since > laterTrouble) pauses.push({from: since, to})
    since = to
  }
  for (const {at} of acknowledged) if (at > back) close(at)
  // An app of somebody's own that asks for nothing any more is in no trouble: it has been through with its work.
  if (!mayRest || lastTrouble(others, disconnections) > since) close(end)
  const longestFirst = pauses.toSorted((a, b) => b.to - b.from - (a.to - a.from))
  const wait = longestFirst[0] ? longestFirst[0].to - longestFirst[0].from : 0
  for (const {from, to} of longestFirst) {
    const failed = others.filter(one => one.at > from && one.at <= to)
    const gone = disconnections.find(one => one.at > from && one.at <= to)
    const why = failed[0]
      ? ` (${failed.length} attempts failed, first: ${failed[0].sqlstate ?? failed[0].error ?? 'no answer'})`
      : gone
        ? ` (the connection went: ${gone.error})`
        : ''
    if (why !== '' || to === end) return {wait, gap: {from, to, why}}
  }
  return {wait, gap: undefined}
}

function lastTrouble(others: readonly Attempt[], disconnections: readonly Of<'client-disconnected'>[]): Micros {
  return Math.max(others.at(-1)?.at ?? 0, disconnections.at(-1)?.at ?? 0)
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
