/**
 * When an observer looked, by its own reports, and where words of it are missing from the record: an observer that was away and is
 * back has told again what stands, and a report says how much was told before it. What is read from words on changes (a server is up,
 * a host holds the key) stands until the next word only where none is missing in between.
 */
import type {HostName} from '../topology/topology.ts'
import type {Micros} from '../words/quantity.ts'
import {joined, outside, type Stretch} from './at-rest.ts'
import type {Event, Of} from './event.ts'
import {type History, of, once, seldom} from './history.ts'
import {idsUntold} from './ids-untold.ts'
import {accountOf, type Observer} from './tellers.ts'

/** Observers report once a second; this much without a report is blindness. */
export const blindAfter: Micros = 3_000_000

/** A report tells about the second before it. */
export const reportEvery: Micros = 1_100_000

/** Without a look for so long, and something was told late; those that look twice a second, or once, take longer as a rule. */
export const unlooked: Micros = 500_000
const slow: ReadonlySet<Observer> = new Set(['engine', 'logs', 'watchdog', 'disk', 'room'])
const unlookedBy = (who: Observer) => (slow.has(who) ? 3 * unlooked : unlooked)

/** These report how late they are; that they report at all is the proof that they live. The clients' failures are writes that waited. */
function isLoop(who: Observer): boolean {
  return who === 'runner' || who === 'clients'
}

/** Whoever took no sample has not looked: there was no way to what it watches, and it only says so. */
function hasLooked({who, samples, failures}: Of<'watching'>): boolean {
  return isLoop(who) || samples > failures
}

type Reports = readonly Of<'watching'>[]
const byObserver = once(history => Map.groupBy(of(history, 'watching'), one => one.who))

function reportsOf(history: History, who: Observer, host: HostName | undefined, counts = hasLooked): Reports {
  return (byObserver(history).get(who) ?? []).filter(one => (host === undefined || one.host === host) && counts(one))
}

/** What its reports cover (of this host), joined where none is missing. In the order of time. */
export function reported(history: History, who: Observer, host?: HostName): readonly Stretch[] {
  return coverOf(reportsOf(history, who, host), blindAfter - reportEvery, () => reportEvery)
}

/**
 * For which moments it surely had its eyes open (on this host): as `reported`, but one report that is missing counts, and so does one
 * that tells of a long time between two looks. Of several hosts any will do. In the order of time.
 */
export function looked(history: History, who: Observer, host?: HostName): readonly Stretch[] {
  return perHost(history, who, host, one => (one.worstMicros > unlookedBy(who) ? 0 : reportEvery))
}

/** As `looked`, but whoever looked seldom and looked again has seen what changed, if late. */
function heard(history: History, who: Observer, host: HostName | undefined): readonly Stretch[] {
  return perHost(history, who, host, () => reportEvery)
}

/** When it asked, whether it was answered or not. In the order of time. */
export function asked(history: History, who: Observer, host: HostName | undefined): readonly Stretch[] {
  return perHost(
    history,
    who,
    host,
    () => reportEvery,
    ({samples}) => samples > 0,
  )
}

function perHost(
  history: History,
  who: Observer,
  host: HostName | undefined,
  tells: (one: Of<'watching'>) => Micros,
  counts = hasLooked,
) {
  const all = Map.groupBy(reportsOf(history, who, host, counts), one => one.host)
  return joined([...all.values()].flatMap(ofOne => coverOf(ofOne, unlooked - (reportEvery - 1_000_000), tells)))
}

/** @param tells of how much time before it a report tells. */
function coverOf(reports: Reports, apart: Micros, tells: (one: Of<'watching'>) => Micros): Stretch[] {
  const own: Stretch[] = []
  for (const one of reports) {
    const from = one.at - tells(one)
    const last = own.at(-1)
    if (last && from - last.to <= apart) own[own.length - 1] = {from: last.from, to: one.at}
    else own.push({from, to: one.at})
  }
  return own
}

/**
 * Seconds of which the record lacks something that was told (of this host), as the reports' own counts show, or the ids of what clients
 * did. In the order of time.
 */
export function linesLost(history: History, who: Observer, host?: HostName): readonly Stretch[] {
  const all = lostByAccount(history)
  const untold = who === 'clients' ? idsUntold(history) : who === 'etcd' ? compactedAway(history, host) : []
  if (all.size === 0) return untold
  const found = [...all].flatMap(([account, lost]) =>
    (host === undefined || who === 'engine' ? account.split(' ')[0] === who : account === `${who} ${host}`) ? lost : [],
  )
  return found.length === 0 ? untold : joined([...found, ...untold])
}

/** Since a watch that had to leave something out was last there. */
function compactedAway(history: History, host: HostName | undefined): readonly Stretch[] {
  const reports = reportsOf(history, 'etcd', host, () => true)
  return reports.flatMap(({compacted, host: told, at}) => {
    if (compacted !== true) return []
    const before = reports.findLast(one => one.host === told && one.at < at && hasLooked(one))
    return [{from: before?.at ?? 0, to: at}]
  })
}

/** What these tell is stamped by another clock, and arrives a little later. */
const otherClock: ReadonlySet<Observer> = new Set(['engine', 'logs', 'watchdog', 'clients'])

const lostByAccount = once((history): ReadonlyMap<string, readonly Stretch[]> => {
  const found = new Map<string, readonly Stretch[]>()
  for (const [account, reports] of balances(history)) {
    const lost = shortfalls(reports)
    if (lost.length > 0) found.set(account, lost)
  }
  return found
})

interface Balance {
  readonly at: Micros
  readonly who: Observer
  /** So much more is in the record before the report than it says; negative: less. */
  readonly over: number
}

function balances(history: History): ReadonlyMap<string, readonly Balance[]> {
  const found = new Map<string, Balance[]>()
  if (!of(history, 'watching').some(one => one.recorded !== undefined)) return found
  const counts = new Map<string, number>()
  for (const event of history.events) {
    const account = accountOf(event)
    if (account === null) continue
    const count = counts.get(account) ?? 0
    if (event.kind !== 'watching') counts.set(account, count + 1)
    else if (event.recorded !== undefined) {
      const all = found.get(account) ?? []
      all.push({at: event.at, who: event.who, over: count - event.recorded})
      found.set(account, all)
    }
  }
  return found
}

/**
 * Where a report says more than the record has before it. What the run's own clock stamps is in the record before the report that counts
 * it: one that comes later was not told when it says, and until then nobody knows. What another clock stamps may arrive late, and makes
 * up for a while for what is lost, but not for good: what counts is what no later report makes up for.
 */
function shortfalls(reports: readonly Balance[]): Stretch[] {
  const [first] = reports
  if (first !== undefined && !otherClock.has(first.who)) return ownShortfalls(reports)
  const lost: Stretch[] = []
  let after = Number.NEGATIVE_INFINITY
  const most = reports.map(() => 0)
  for (let index = reports.length - 1; index >= 0; index--) {
    after = Math.max(after, reports[index]!.over)
    most[index] = Math.min(0, after)
  }
  for (const [index, {at, who}] of reports.entries())
    if (most[index]! < (most[index - 1] ?? 0))
      lost.push({from: reports[index - (otherClock.has(who) ? 2 : 1)]?.at ?? 0, to: at})
  return lost
}

function ownShortfalls(reports: readonly Balance[]): Stretch[] {
  const lost: Stretch[] = []
  let open: Micros | undefined
  let before = 0
  for (const [index, {at, over}] of reports.entries()) {
    const missing = Math.min(0, over)
    open ??= missing < before ? (reports[index - 1]?.at ?? 0) : undefined
    // More is missing, or some of it has come, and late.
    if (missing !== before && open !== undefined) lost.push({from: open, to: at})
    if (missing === 0) open = undefined
    before = missing
  }
  return lost
}

/** Whether what was told at `since` still stood at `at`, for all that is known: had it changed, that would have been told. */
export function stillStands(history: History, who: Observer, since: Micros, at: Micros, host?: HostName): boolean {
  return unknownSince(history, who, since, at, host) === null
}

/** From when on nobody knows whether what was told at `since` still stands; null: it stands at `at`. */
function unknownSince(history: History, who: Observer, since: Micros, at: Micros, host?: HostName): Micros | null {
  const gap = gapsOf(history, who, host).find(one => one.from < at && one.to > since)
  return gap === undefined ? null : Math.max(gap.from, since)
}

const gapsKnown = once((): Map<string, readonly Stretch[]> => new Map())

/** Where words may be missing: nobody was there to tell them, or they are not in the record. In the order of time. */
export function gapsOf(history: History, who: Observer, host?: HostName): readonly Stretch[] {
  return gapsIn(history, who, host, 'heard')
}

/** As `gapsOf`, of what has given no answer: to ask it in vain is to look. */
export function unaskedOf(history: History, who: Observer, host: HostName): readonly Stretch[] {
  return gapsIn(history, who, host, 'asked')
}

const ways = {heard, asked}

function gapsIn(history: History, who: Observer, host: HostName | undefined, seen: keyof typeof ways) {
  const known = gapsKnown(history)
  const key = `${who} ${host ?? ''} ${seen}`
  const found =
    known.get(key) ??
    joined([...awayOf(history, who, host, ways[seen](history, who, host)), ...linesLost(history, who, host)])
  known.set(key, found)
  return found
}

/** From its first word on. Nothing is known of an observer that never reported: then there are no such gaps. */
function awayOf(
  history: History,
  who: Observer,
  host: HostName | undefined,
  seen: readonly Stretch[],
): readonly Stretch[] {
  const [first] = seen
  if (first === undefined) return []
  const end = history.events.at(-1)!.at
  const from = Math.min(first.from, firstWords(history).get(`${who} ${host ?? ''}`) ?? first.from)
  return outside(seen, {from, to: end}).filter(one => one.to - one.from - (one.to === end ? reportEvery : 0) > unlooked)
}

const firstWords = once((history): ReadonlyMap<string, Micros> => {
  const found = new Map<string, Micros>()
  const hear = (event: Event) => {
    const account = event.kind === 'watching' ? null : accountOf(event)
    if (account !== null && event.at < (found.get(account) ?? Number.POSITIVE_INFINITY)) found.set(account, event.at)
  }
  seldom(history).forEach(hear)
  of(history, 'postgres').forEach(hear)
  // All in one account.
  for (const kind of ['op', 'bank', 'transaction'] as const) of(history, kind).slice(0, 1).forEach(hear)
  return found
})
