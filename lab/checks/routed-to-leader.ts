/**
 * The proxies' primary port leads to nobody but the holder of the leader key, except for as long as their health checks may need to
 * find out. A proxy that only looks whether the port is open, or two clusters behind one proxy, pass every check that asks
 * PostgreSQL or Patroni; they show here, also in a run in which nobody fails over.
 *
 * While nobody holds the key no server is accused: its last holder may be waiting for etcd. Longest time for a server to go down:
 * inter + (fall - 1) fastinter, and fall checks that get no answer (`budget/proxy.ts: serverDown`).
 */
import {z} from 'zod'
import {
  type Acknowledgement,
  acknowledgements,
  foreignWrites,
  isWrite,
  sayForeign,
} from '../history/acknowledgements.ts'
import {atRest, joined, outside} from '../history/at-rest.ts'
import {isDirect} from '../history/client-group.ts'
import {isOfFollower} from '../history/cluster-view.ts'
import type {Of} from '../history/event.ts'
import {type History, of, once} from '../history/history.ts'
import {lateness, whenWas} from '../history/lateness.ts'
import {gapsOf, stillStands} from '../history/looks.ts'
import {type Moments, momentsOf} from '../history/moments.ts'
import {type Tenure, tenuresOf} from '../history/tenures.ts'
import {blind, lacks} from '../history/watching.ts'
import {type HaproxySettings, type HostName, portNumber, type Topology} from '../topology/topology.ts'
import {type Micros, sayMicros} from '../words/quantity.ts'
import type {Check, Finding} from './check.ts'

/** A proxy took a server for the primary while another host held the leader key. */
interface Astray {
  readonly proxy: HostName
  readonly server: HostName
  /** `another host`: first this one, then that one. */
  readonly holder: HostName | 'another host'
  readonly from: Micros
  readonly to: Micros
  /** Without the time in which nobody held the key. */
  readonly micros: Micros
  /** What HAProxy said of the server when it was up. */
  readonly told: Of<'proxy'>
  readonly tenure: Of<'leader-key'>
}

export const routedToLeader: Check<Record<string, never>> = {
  about:
    "The proxy's primary port leads only to the holder of the leader key, but for the time its health checks need.",
  // The watchdog's: whose proxy is away because its host boots.
  evidence: ['proxy', 'etcd', 'clients', 'runner', 'engine', 'watchdog'],
  ofEach: 'cluster',
  params: z.strictObject({}),

  judge(history) {
    const moments = momentsOf(history)
    const topology = of(history, 'run-started')[0]?.topology
    const tenures = tenuresOf(history)
    if (moments === null || topology === undefined || tenures.length === 0)
      return {verdict: 'unknown', says: 'No watch told who held the leader key.'}
    const allowed = slowestDown(topology.haproxy)
    const all = astrayOf(history, tenures, moments)
    const perhaps = astrayOf(history, tenures, moments, 'for all that is known').filter(one => one.micros > allowed)
    const long = all.filter(one => one.micros > allowed)
    const bad = long.filter(one => one.micros > allowed + lateness(history, one.from, one.to).micros)
    const foreign = foreignWrites(history, 'proxied-clients')
    const measures = {
      astray: bad.length,
      longestAstrayMicros: all.reduce((most, one) => Math.max(most, one.micros), 0),
      allowedMicros: allowed,
      ...writesAstray(history, bad),
      foreignWrites: foreign.length,
    }
    const [first] = bad.toSorted((a, b) => b.micros - a.micros)
    if (first) {
      const servers = [...new Set(bad.filter(one => one.proxy === first.proxy).map(one => one.server))].sort()
      const holder = servers.length === 1 ? first.holder : 'another host'
      return {
        verdict: 'fail',
        says: `${first.proxy} led writes to ${servers.join(' and ')} while ${holder} held the leader key, for up to ${sayMicros(first.micros)} (its health checks may need ${sayMicros(allowed)} to find out); ${why(first)}; ${met(measures)}${foreign.length > 0 ? `; ${sayForeign(foreign)}` : ''}.`,
        measures,
        evidence: [first.tenure, first.told, ...astrayWrites(history, bad).slice(0, 1), ...foreign.slice(0, 1)],
        hint: hintFor(first, topology),
      }
    }
    const behind = leftBehind(history, tenures, moments)
    if (behind?.verdict === 'fail') return {...behind, measures}
    if (foreign.length > 0)
      return {
        verdict: 'fail',
        says: `The primary port led to another server than the members: ${sayForeign(foreign)}.`,
        measures,
        evidence: foreign.slice(0, 3),
        hint: "where do the proxy's servers lead? compare their addresses and ports with those of the members",
      }
    if (behind !== null) return {...behind, measures}
    const doubts = doubtsOf(history, moments, long, perhaps)
    if (doubts.length > 0)
      return {
        verdict: 'unknown',
        says: `The proxy was not seen leading to anybody but the leader, but ${doubts.join('; ')}.`,
        measures,
      }
    return {
      verdict: 'pass',
      says: `The primary port led only to the holder of the leader key, but for ${sayMicros(measures.longestAstrayMicros)} at most (${sayMicros(allowed)} are allowed).`,
      measures,
    }
  },
}

function doubtsOf(history: History, moments: Moments, long: readonly Astray[], perhaps: readonly Astray[]): string[] {
  const seen = of(history, 'proxy').some(one => one.backend === 'primary' && one.up)
  return [
    seen || isOfFollower(history) ? null : 'no server was ever seen up behind the primary port',
    blind(history, 'proxy', moments.steps, moments.end),
    blind(history, 'etcd', moments.steps, moments.end),
    sessionsUntold(history, moments) ?? lacks(history, 'clients'),
    ...long.map(one => `${one.server} was up for ${sayMicros(one.micros)}, and a timer of ours ran late`),
    ...(long.length > 0 ? [] : perhaps.slice(0, 1)).map(
      ({proxy, server}) => `nobody knows for how long ${proxy} had ${server} up: its words are not all in the record`,
    ),
  ].filter(one => one !== null)
}

function slowestDown({interMs, fastinterMs, fall, checkTimeoutMs}: HaproxySettings): Micros {
  return (interMs + (fall - 1) * fastinterMs + fall * Math.max(interMs, checkTimeoutMs)) * 1000
}

/** @param how surely: without the time of which nobody knows; else up until the next word. */
function astrayOf(
  history: History,
  tenures: readonly Tenure[],
  {steps, end}: Moments,
  how: 'surely' | 'for all that is known' = 'surely',
): Astray[] {
  const servers = Map.groupBy(
    of(history, 'proxy').filter(one => one.backend === 'primary'),
    one => `${one.proxy} ${one.server}`,
  )
  return [...servers.values()].flatMap(told =>
    stretchesUp(history, told, how).flatMap(
      ({from, to, last}) => longestWithoutKey(tenures, last, Math.max(from, steps), Math.min(to, end)) ?? [],
    ),
  )
}

/** When the proxy is known to have sent connections to the server. One that answers nobody leads nobody anywhere. */
function stretchesUp(history: History, told: readonly Of<'proxy'>[], how: 'surely' | 'for all that is known') {
  const stretches: {from: Micros; to: Micros; last: Of<'proxy'>}[] = []
  let open: {from: Micros; last: Of<'proxy'>} | undefined
  for (const one of told) {
    // `UP 1/2`: a check has just failed, which says nothing of why the server was up.
    if (one.up) open = {from: open?.from ?? one.at, last: open && one.status !== 'UP' ? open.last : one}
    else if (open) {
      stretches.push({...open, to: one.at})
      open = undefined
    }
  }
  const end = history.events.at(-1)?.at ?? 0
  const all = open ? [...stretches, {...open, to: Math.max(end, open.from)}] : stretches
  const {proxy} = told[0]!
  // What stood before a gap may have changed in it, and until the next word nobody knows. One that is dead leads nobody anywhere.
  const dead = atRest(history, proxy, 'haproxy')
  const without = (how === 'surely' ? gapsOf(history, 'proxy', proxy) : dead).map(({from, to}) => ({
    from,
    to: told.find(one => one.at >= to)?.at ?? Number.POSITIVE_INFINITY,
  }))
  const unknown = [...without, ...dead]
  return all.flatMap(({last, ...stretch}) => outside(joined(unknown), stretch).map(part => ({...part, last})))
}

/** @param told HAProxy's word on a server that it had up from `from` to `to`. */
function longestWithoutKey(
  tenures: readonly Tenure[],
  told: Of<'proxy'>,
  from: Micros,
  to: Micros,
): Astray | undefined {
  let longest: Astray | undefined
  let current: Astray | undefined
  for (const {holder, event, ...tenure} of tenures) {
    const [begin, end] = [Math.max(tenure.from, from), Math.min(tenure.to, to)]
    if (holder === null || end <= begin) continue
    if (holder === told.server) {
      current = undefined
      continue
    }
    const before: Astray = current ?? {...told, holder, from: begin, to: end, micros: 0, told, tenure: event}
    const same = before.holder === holder ? holder : 'another host'
    current = {...before, holder: same, to: end, micros: before.micros + end - begin}
    if (current.micros > (longest?.micros ?? 0)) longest = current
  }
  return longest
}

/** Refused as read-only (25006) while a server was up that should not have been, or acknowledged by such a server. */
function astrayWrites(history: History, bad: readonly Astray[]): Acknowledgement[] {
  if (bad.length === 0) return []
  return [...of(history, 'op'), ...of(history, 'bank'), ...of(history, 'transaction')].filter(
    op =>
      isWrite(op) &&
      !isDirect(op.client) &&
      (op.outcome === 'ok' || op.sqlstate === '25006') &&
      bad.some(one => op.sentAt >= one.from && op.at <= one.to && (op.outcome !== 'ok' || op.server === one.server)),
  )
}

/** `unknown`: whether the proxies had marked its server down is not known. */
function leftBehind(history: History, tenures: readonly Tenure[], moments: Moments): Finding | null {
  const all = writesLeftBehind(history, tenures, moments)
  const found = all.find(one => one.known) ?? all[0]
  if (found === undefined) return null
  const {write, tenure, since} = found
  if (!found.known)
    return {
      verdict: 'unknown',
      says: `${write.server} acknowledged a write of ${write.client} ${sayMicros(since)} after ${tenure.holder} had taken the leader key, and nobody knows whether a proxy had it up: its words are not all in the record.`,
      evidence: [tenure.event, write],
    }
  return {
    verdict: 'fail',
    says: `A session through the primary port stayed with ${write.server}, which acknowledged a write of ${write.client} ${sayMicros(since)} after ${tenure.holder} had taken the leader key.`,
    evidence: [tenure.event, write],
    hint: 'a proxy that marks a server down leaves its sessions alone unless it is told to end them (haproxy.on_marked_down: shutdown-sessions)',
  }
}

/** A session that is ended with its server may have its last answer under way so long. */
const besideDown: Micros = 1_000_000

/** Acknowledged through a proxy that had marked its server down, while another host held the key: its session was left to it. */
function writesLeftBehind(history: History, tenures: readonly Tenure[], {steps, end}: Moments) {
  return proxiedWrites(history).flatMap(write => {
    const {server} = write
    if (server === null || write.sentAt < steps || write.at > end) return []
    const tenure = tenures.find(one => one.from <= write.sentAt && one.to > write.at)
    if (tenure === undefined || tenure.holder === null || tenure.holder === server) return []
    const down = downSince(history, server, write.sentAt)
    if (down === null) return []
    // It may have got the key back, and the watch have told so late.
    const later = of(history, 'leader-key').find(one => one.at > write.at && one.holder === server)
    const when = whenWas(history, write)
    if (later !== undefined && whenWas(history, later).from <= when.to) return []
    const asked = when.from - (write.at - write.sentAt)
    const late = lateness(history, Math.max(tenure.from, down.at), write.at).micros
    if (asked - Math.max(tenure.from, down.at) <= besideDown + late) return []
    return [{write, tenure, since: asked - tenure.from, known: down.known}]
  })
}

const proxiedWrites = once((history): readonly Acknowledgement[] =>
  acknowledgements(history, one => !isDirect(one.client)),
)

/** Since when every proxy has had it down for writes, by its last word; null: one has not, or nobody told. */
function downSince(history: History, server: HostName, at: Micros): {at: Micros; known: boolean} | null {
  const told = of(history, 'proxy').filter(one => one.backend === 'primary' && one.server === server && one.at <= at)
  const last = [...new Map(told.map(one => [one.proxy, one])).values()]
  const known = last.every(one => stillStands(history, 'proxy', one.at, at, one.proxy))
  return last.length === 0 || last.some(one => one.up) ? null : {at: Math.max(...last.map(one => one.at)), known}
}

/** Where the proxies leave sessions alone, only clients can tell where those lead. */
function sessionsUntold(history: History, {steps, end}: Moments): string | null {
  if (of(history, 'run-started')[0]?.topology.haproxy.onMarkedDown !== 'none') return null
  return proxiedWrites(history).some(one => one.at >= steps)
    ? blind(history, 'clients', steps, end)
    : 'no client told where the sessions lead that the proxy leaves alone'
}

function writesAstray(history: History, bad: readonly Astray[]) {
  const writes = astrayWrites(history, bad)
  const acknowledged = writes.filter(op => op.outcome === 'ok').length
  return {refusedAsReadOnly: writes.length - acknowledged, acknowledgedElsewhere: acknowledged}
}

function met({refusedAsReadOnly: refused, acknowledgedElsewhere: taken}: ReturnType<typeof writesAstray>): string {
  const parts = [
    ...(refused > 0 ? [`writes refused there as read-only (SQLSTATE 25006): ${refused}`] : []),
    ...(taken > 0 ? [`writes acknowledged there: ${taken}`] : []),
  ]
  return parts.length > 0 ? parts.join(', ') : 'no write is known to have got there'
}

function why({told: {at, check, server}, from}: Astray): string {
  if (at < from) return `it was never marked down since it led (${check || 'no check'})`
  if (check.startsWith('L4OK')) return 'its check is a mere connection (L4OK), which does not ask who leads'
  if (check.startsWith('L7OK')) return `the Patroni of ${server} answers its check that it leads (${check})`
  return `its check said ${check || 'nothing'}`
}

function hintFor({told: {at, check, proxy, server}, from}: Astray, topology: Topology): string {
  if (at < from) return `does ${proxy} check ${server} at all? show servers state, on its admin socket`
  if (check.startsWith('L4OK'))
    return `the backend of ${proxy} needs \`option httpchk OPTIONS /primary\` and \`check port ${portNumber(topology, 'patroni')}\` on each server`
  if (check.startsWith('L7OK'))
    return `compare \`scope\` and \`namespace\` of ${server} with those of the others: it may lead a cluster of its own`
  return `look at how ${proxy} checks ${server}`
}
