/**
 * Who was cut and need not have been: connections of clients that ended although nothing had befallen the server that they were on. What
 * befalls one is a fault on its host, another role (its session may write no more, or is no replica's), a rewind (it had got more than who
 * was promoted, and is stopped for that), or a fault on the way to it: a proxy, or the host of the clients. From the fault or the
 * promotion on that is so to the end, since a host that comes back is restarted and rewound.
 *
 * A client that hangs up itself (no answer in time, a server that is read-only) has not been cut; one that gets no connection had none.
 */
import {z} from 'zod'
import {extraClientsOf} from '../history/attempts.ts'
import {isDirect} from '../history/client-group.ts'
import type {Of} from '../history/event.ts'
import {type History, of, once} from '../history/history.ts'
import {starvedFor, whenWas} from '../history/lateness.ts'
import {type Moments, momentsOf, sayBegin} from '../history/moments.ts'
import {promotionsOf} from '../history/promotions.ts'
import {ownCodes} from '../history/sqlstate.ts'
import {lacks, missed, sightOf} from '../history/watching.ts'
import {type HostName, hostsWith, type Topology} from '../topology/topology.ts'
import {type Micros, sayMicros} from '../words/quantity.ts'
import type {Check} from './check.ts'

export interface LostConnectionsParams {
  /** So many may be lost all the same. */
  readonly 'at-most': number
}

export const lostConnections: Check<LostConnectionsParams> = {
  about:
    'No connection of a client ends whose server was neither struck nor given another role nor rewound, nor its way cut.',
  evidence: ['clients', 'etcd', 'engine', 'runner'],
  ofFault: 'calm',
  params: z.strictObject({
    'at-most': z
      .int({error: '`at-most` is how many, such as 2'})
      .min(0, '`at-most` is how many, such as 2')
      .prefault(0),
  }),

  judge(history, {'at-most': most}) {
    const moments = momentsOf(history)
    const topology = of(history, 'run-started')[0]?.topology
    if (moments === null || topology === undefined) return {verdict: 'unknown', says: 'The steps never began.'}
    const zero = moments.fault ?? moments.steps
    const ends = endsIn(history, moments).filter(one => !isStruck(history, topology, one))
    const found = ends.map(one => ({
      ...one,
      why: doubt(history, one),
      changed: hasChanged(history, one) || wasAhead(history, one) === 'surely',
    }))
    const cut = found.filter(one => !one.changed && one.why === null)
    const perhaps = found.filter(one => !one.changed && one.why !== null)
    const measures = {lost: cut.length, lostLimit: most}
    const [first] = cut
    if (first !== undefined && cut.length > most)
      return {
        verdict: 'fail',
        says: `${cut.length === 1 ? 'A connection' : `${cut.length} connections`} ended although nothing had befallen the server (${sayServers(cut)}); ${first.client} lost the first, ${sayMicros(first.lost.at - zero)} after ${sayBegin(moments)}: ${first.lost.error}${most === 0 ? '' : `; ${most} are allowed`}.`,
        measures,
        evidence: cut.slice(0, 3).flatMap(one => [one.connected, one.lost]),
        hint: 'did the proxy mark that server down? on-marked-down shutdown-sessions ends every session with it, however well PostgreSQL is',
      }
    const blindness = missed(history, 'clients', moments.earliest, moments.end)
    const doubts = [
      ...(blindness === null ? [] : [blindness]),
      ...(of(history, 'client-connected').length === 0 ? ['no client told of its connections'] : []),
      ...(cut.length + perhaps.length > most && perhaps[0]?.why ? [perhaps[0].why] : []),
      ...unlost(history, moments),
      ...unmade(history, moments),
    ]
    const says =
      cut.length === 0
        ? 'No client was seen to lose a connection that it need not have lost'
        : `${cut.length} connections were lost without need (${most} are allowed)`
    if (doubts.length > 0) return {verdict: 'unknown', says: `${says}, but ${doubts.join('; ')}.`, measures}
    return {verdict: 'pass', says: `${says}.`, measures}
  },
}

/** A connection that was there after the first fault, and its end. */
interface End {
  readonly client: string
  readonly server: HostName
  readonly connected: Of<'client-connected'>
  readonly lost: Of<'client-disconnected'>
}

/** It hung up itself, or was refused before it had a connection (57P03). */
const hungUp: ReadonlySet<string | null> = new Set([
  '25006',
  '57P03',
  ownCodes.readOnly,
  ownCodes.timeout,
  ownCodes.notSent,
])

function endsIn(history: History, {fault, steps, end}: Moments): End[] {
  return linesOf(history).flatMap(([client, line]) =>
    line.flatMap((lost, index): End[] => {
      const connected = line[index - 1]
      if (lost.kind !== 'client-disconnected' || connected?.kind !== 'client-connected') return []
      if (whenWas(history, lost).from <= (fault ?? steps) || lost.at > end || hungUp.has(lost.sqlstate)) return []
      return connected.server === null ? [] : [{client, server: connected.server, connected, lost}]
    }),
  )
}

type Line = readonly (Of<'client-connected'> | Of<'client-disconnected'>)[]

/** The connections of each client, told once each; those of one time as it told them, since an agent that slept tells all at once. */
const linesOf = once((history): readonly [string, Line][] => {
  const isExtra = extraClientsOf(history)
  const all = history.events.filter(
    one => (one.kind === 'client-connected' || one.kind === 'client-disconnected') && !isExtra(one.client),
  ) as Line
  return [...Map.groupBy(all, one => one.client)].map(([client, line]) => [
    client,
    line.filter(({kind, at}, index) => line[index - 1]?.kind !== kind || line[index - 1]?.at !== at),
  ])
})

/** A fault had come to its server, or to what leads there. */
function isStruck(history: History, topology: Topology, {client, server, lost}: End): boolean {
  const way = [...hostsWith(topology, 'client'), ...(isDirect(client) ? [] : hostsWith(topology, 'haproxy'))]
  return of(history, 'fault-injecting').some(fault => {
    if (whenWas(history, fault).from > whenWas(history, lost).to) return false
    const {dead = [], frozen = [], down = [], full = [], cut = []} = fault.strike
    const hosts = [...fault.hosts, ...dead, ...frozen, ...full, ...down.map(one => one.host)]
    const cuts = cut.map(one => [one.host, ...one.from])
    return (
      [server, ...way].some(host => hosts.includes(host)) ||
      cuts.some(all => all.includes(server) && way.some(host => all.includes(host)))
    )
  })
}

/** Its key and its recovery are seen to change some moments after its sessions are ended. */
const soonAfter: Micros = 2_000_000
/** A proxy finds out by its checks, and leads clients meanwhile to a server that has changed: 3 s, and twice 1 s, unless it is told otherwise. */
const untilNoticed: Micros = 6_000_000

/** The server got or lost the leader key, or its PostgreSQL left recovery or went into it, while the client was connected. */
function hasChanged(history: History, {server, connected, lost}: End): boolean {
  const [from, to] = [whenWas(history, connected).from - untilNoticed, whenWas(history, lost).to + soonAfter]
  const keys = of(history, 'leader-key')
  const key = keys.some((one, index) => {
    // The first that is told is no change.
    if (index === 0) return false
    const concerns = one.holder === server || keys[index - 1]?.holder === server
    return concerns && one.holder !== keys[index - 1]?.holder && one.at >= from && whenWas(history, one).from <= to
  })
  return key || rolesOf(history, server, from, to).size > 1
}

/** A server is asked several times in so long: what was told within it is what it had. */
const fresh: Micros = 250_000

/**
 * Whether it had got more than the server that was then promoted beside it, so that its Patroni stops it to rewind it (`rewind.py:
 * Rewind._check_timeline_and_lsn`), and a proxy may lead to it too early. The other one's timeline forks where that was last seen in
 * recovery, if nobody sent it anything any more; later than any word that is old, or told while it was sent something; and before what it
 * first wrote.
 */
function wasAhead(history: History, {server, lost}: Pick<End, 'server' | 'lost'>): 'surely' | 'perhaps' | 'no' {
  const until = whenWas(history, lost).to
  const each = promotionsOf(history).map(({host, at, event}) => {
    if (host === server || at > until) return 'no'
    const words = of(history, 'postgres').filter(one => one.up && one.inRecovery === true && one.at < at)
    const before = words.findLast(one => one.host === host)
    const own = words.findLast(one => one.host === server)?.lsn
    if (own == null) return 'no'
    const isFork = before !== undefined && before.receiver === null && at - before.at <= fresh
    const fork = isFork ? before.lsn : event.lsn
    if (fork !== null && own > fork) return 'surely'
    return !isFork && before?.lsn != null && own > before.lsn ? 'perhaps' : 'no'
  })
  return each.find(one => one === 'surely') ?? each.find(one => one === 'perhaps') ?? 'no'
}

/** What it said of its recovery, from its last word before to the first after a time. */
function rolesOf(history: History, server: HostName, from: Micros, to: Micros): ReadonlySet<boolean> {
  const words = of(history, 'postgres').filter(one => one.host === server && one.up && one.inRecovery !== null)
  const first = words.findLastIndex(one => one.at < from)
  const last = words.findIndex(one => one.askedAt > to)
  return new Set(words.slice(Math.max(0, first), last === -1 ? undefined : last + 1).map(one => one.inRecovery!))
}

/** Why nobody knows whether anything befell the server; null: it would have been seen. */
function doubt(history: History, {client, server, connected, lost}: End): string | null {
  const [from, to] = [lost.at - soonAfter, lost.at + soonAfter]
  // It may have been connected anew in between, to another server.
  const untold = lacks(history, 'clients', {from: connected.at, to: lost.at})
  if (untold !== null) return untold
  const when = whenWas(history, lost)
  if (when.to - when.from > soonAfter) return `when ${lost.client} lost its connection is not known that well`
  const last = history.events.at(-1)?.at ?? 0
  const words = of(history, 'postgres').filter(one => one.host === server && one.up)
  const around =
    words.some(one => one.at < connected.at + soonAfter) &&
    words.some(one => one.askedAt > Math.min(to, last - soonAfter))
  if (!around || missed(history, 'postgres', from, Math.min(to, last), [server]) !== null)
    return `nobody saw what became of ${server} then`
  const seen = sightOf(history, 'etcd').some(
    one => one.from <= connected.at + soonAfter && one.to >= Math.min(to, last),
  )
  if (!seen) return 'nobody saw who held the leader key then'
  if (wasAhead(history, {server, lost}) === 'perhaps')
    return `whether ${server} had got more than who was promoted, and was rewound, is not known`
  return starvedCheck(history, {client, server, lost})
}

/** So long and longer a check of a proxy waits for its answer. */
const unansweredFor: Micros = 1_000_000

/** A proxy's check got no answer in time, and ended the sessions for that, where the machine let everybody wait for as long. */
function starvedCheck(
  history: History,
  {client, server, lost}: Pick<End, 'client' | 'server' | 'lost'>,
): string | null {
  const [from, to] = [whenWas(history, lost).from - untilNoticed, whenWas(history, lost).to + soonAfter]
  const starved = starvedFor(history, from, to)
  const late = of(history, 'proxy').some(one => {
    const took = /TOUT (\d+)ms$/.exec(one.check)?.[1]
    return (
      one.server === server &&
      one.at >= from &&
      one.at <= to &&
      took !== undefined &&
      Number(took) * 1000 <= starved.micros
    )
  })
  if (late) return `a proxy's check of ${server} got no answer in time, and ${starved.says}`
  if (isDirect(client) || starved.micros < unansweredFor) return null
  const unseen = missed(history, 'proxy', from, Math.min(to, history.events.at(-1)?.at ?? to))
  return unseen === null
    ? null
    : `whether a proxy's check of ${server} got no answer is not known: ${unseen}; and ${starved.says}`
}

/** Who is connected again has lost its connection before; a pool may have several. */
function unlost(history: History, {steps, end}: Moments): string[] {
  const found = linesOf(history).find(
    ([client, line]) =>
      !client.startsWith('pg-pool') &&
      line.some(
        ({kind, at}, index) => kind === 'client-connected' && line[index - 1]?.kind === kind && at > steps && at <= end,
      ),
  )
  return found === undefined ? [] : [`${found[0]} was connected again, and nobody told why it had to be`]
}

/** In a steady state every client is connected: whose first word after it is of a loss was never told to have been. */
function unmade(history: History, {steps, end}: Moments): string[] {
  const found = linesOf(history).find(
    ([, [first]]) =>
      first?.kind === 'client-disconnected' && first.at > steps && first.at <= end && !hungUp.has(first.sqlstate),
  )
  return found === undefined ? [] : [`${found[0]} lost a connection that nobody told it had`]
}

function sayServers(all: readonly End[]): string {
  return [...new Set(all.map(one => one.server))].toSorted().join(' and ')
}
