/**
 * The failover in a history: which fault struck the leader, and the moment of each phase, each one an event that stands as
 * evidence. It finds and measures; whether that is good is for the checks.
 */

import {
  type Bounds,
  type FailoverBudget,
  type FaultFacts,
  failoverBudget,
  isModelled,
  type Phase,
  type Struck,
  strikesEtcd,
  watchdogTimeoutSeconds,
} from '../budget/index.ts'
import type {HostName, Topology} from '../topology/topology.ts'
import type {Micros} from '../words/quantity.ts'
import {proxiedWait} from './attempts.ts'
import type {Event, Of} from './event.ts'
import {type History, of, once} from './history.ts'
import {whenWas} from './lateness.ts'
import {leadingTo} from './leading-proxies.ts'
import {lastRefresh} from './lease-refresh.ts'
import {gapsOf, stillStands} from './looks.ts'
import {strikes} from './strike.ts'
import {
  type Followed,
  isWritable,
  judged,
  nothingRead,
  phaseEvents,
  type Reading,
  readOn,
  stories,
  type Unfolded,
  unfolded,
  writableLately,
} from './unfolding.ts'
import {missed} from './watching.ts'

export {strikes} from './strike.ts'
export {isWritable} from './unfolding.ts'

export interface Failover extends Unfolded {
  readonly topology: Topology
  readonly fault: Of<'fault-injecting'>
  /** When the call that breaks began: every phase is measured from here. */
  readonly t0: Micros
  /** The call's return; the death lies between `t0` and this. */
  readonly injected: Of<'fault-injected'> | undefined
  readonly oldLeader: HostName
  readonly oldTimeline: number | null
  /** The failover was left alone until here: its mend, the healing, or the end of what is recorded. */
  readonly until: Micros
  /** When the fault came that began the next failover of the run; infinite for the last. */
  readonly next: Micros
  /** `until` will not move any more: absence is final. */
  readonly over: boolean
  /** Proxies that had the old leader up at `until`, and at all times since the fault. */
  readonly oldStillUp: readonly HostName[]
  /** Proxies that had the new leader up in `primary` before it held the key. */
  readonly newUpTooEarly: readonly HostName[]
  /** Which fault of the model it was. */
  readonly struck: Struck
  /** What else the model goes by. */
  readonly facts: Pick<FaultFacts, 'refreshAge' | 'etcd' | 'electedInRace' | 'callTook' | 'answerWithinMs'>
}

/** What the timing model says about this run, or why it says nothing. */
export function budgetOf({topology, struck, facts}: Failover): FailoverBudget | {readonly why: string} {
  return isModelled(struck) ? failoverBudget(topology, {...struck, ...facts}) : struck
}

/** Why nobody ever takes over after this fault, by the model; null: it knows no such reason. */
export function whyNever({struck}: Failover, told: ReturnType<typeof budgetOf>): string | null {
  if (!isModelled(struck)) return struck.keepsKey === true ? struck.why : null
  return 'why' in told ? told.why : null
}

/** When each phase of the model happened, after the fault; what nobody saw is left out. */
export function measuredPhases({t0, ...found}: Failover): Readonly<Partial<Record<Phase, Micros>>> {
  return Object.fromEntries(Object.entries(phaseEvents(found)).map(([phase, event]) => [phase, event.at - t0]))
}

/** Goes on where it had read to: a history that is being recorded only grows. */
const readings = new WeakMap<readonly Event[], {size: number; reading: Reading}>()

function readingOf({events}: History): Reading {
  const known = readings.get(events) ?? {size: 0, reading: nothingRead}
  readings.set(events, known)
  for (; known.size < events.length; known.size++) known.reading = readOn(known.reading, events[known.size]!)
  return known.reading
}

/**
 * The first fault that struck the leader of its moment, one that the model knows rather than another; or a sentence that
 * says why there is none.
 */
export function findFailover(history: History): Failover | string {
  const all = failoversOf(history)
  return typeof all === 'string' ? all : all[0]
}

/** The failover of each fault that began one, in the order of time: each is left alone until its mend or the next of them. */
export const failoversOf = once((history): readonly [Failover, ...Failover[]] | string => {
  const reading = readingOf(history)
  const {topology} = reading
  if (!topology) return 'the history does not begin with run-started, so nothing is known about the lab'
  const [first, ...more] = stories(reading)
  const found = first ?? judged(reading)
  if (!found) return 'no fault was injected'
  const {fault, leader, struck} = found
  if (leader === undefined) return 'nobody saw who held the leader key when the fault came'
  if (struck === undefined)
    return `the fault struck ${fault.strike.struck.map(one => one.host).join(', ') || 'nobody'}, but ${leader} was the leader: there was nothing to fail over`
  const measured = (one: Followed & {leader: HostName; struck: Struck}, after: Followed | undefined): Failover => {
    const found = measure(history, topology, one, unfolded(reading, one))
    return {...found, next: Math.min(after?.fault.at ?? Number.POSITIVE_INFINITY, whenServingStruck(history, found))}
  }
  return [
    measured({...found, leader, struck}, more[0]),
    ...more.flatMap((one, index) =>
      one.leader === undefined || one.struck === undefined
        ? []
        : [measured({...one, leader: one.leader, struck: one.struck}, more[index + 1])],
    ),
  ]
})

/** When a fault struck the server that clients wrote to by then, also where nobody watched who had the key; infinite: none did. */
function whenServingStruck(history: History, {firstWrite}: Pick<Failover, 'firstWrite'>): Micros {
  if (firstWrite === undefined) return Number.POSITIVE_INFINITY
  const struck = of(history, 'fault-injecting').find(({at, strike}) => {
    if (at <= firstWrite.at) return false
    const served = of(history, firstWrite.kind).findLast(
      one => one.outcome === 'ok' && one.at <= at && one.server !== null,
    )
    const is = strikes(strike, served?.server ?? undefined)
    return is !== undefined && isModelled(is)
  })
  return struck?.at ?? Number.POSITIVE_INFINITY
}

/** Who led then: by the key, or where no watch told, by the only server that took writes in the second before. */
export function leaderAt(history: History, at: Micros): HostName | undefined {
  const key = of(history, 'leader-key').findLast(event => event.at <= at)
  return key ? (key.holder ?? undefined) : writableAt(history, at)
}

/** The one server that has just been seen taking writes; undefined when there are several, or none. */
export function writableAt(history: History, at: Micros): HostName | undefined {
  const writable = of(history, 'postgres').filter(
    one => one.at <= at && one.at > at - writableLately && isWritable(one),
  )
  const hosts = new Set(writable.map(one => one.host))
  return hosts.size === 1 ? [...hosts][0] : undefined
}

function measure(
  history: History,
  topology: Topology,
  {fault, leader, struck, timeline, ending, ended}: Followed & {leader: HostName; struck: Struck},
  moments: Unfolded,
): Omit<Failover, 'next'> {
  const t0 = fault.at
  const {keyGone, newKey} = moments
  const injected = of(history, 'fault-injected').findLast(event => event.id === fault.id && event.at >= t0)
  const until = ending?.at ?? history.events.at(-1)?.at ?? t0

  const proxied = of(history, 'proxy').filter(event => event.backend === 'primary')
  const proxies = leadingTo(leader, topology, [...new Set(proxied.map(event => event.proxy))], {fault, leader, ended})
  const isUp = (proxy: HostName, server: HostName | undefined, at: Micros) => {
    const last = proxied.findLast(event => event.proxy === proxy && event.server === server && event.at <= at)
    return last?.up === true && stillStands(history, 'proxy', last.at, at, proxy)
  }
  const wentDown = (proxy: HostName) =>
    proxied.some(one => one.proxy === proxy && one.server === leader && !one.up && one.at > t0 && one.at <= until)
  return {
    ...moments,
    topology,
    fault,
    t0,
    injected,
    oldLeader: leader,
    oldTimeline: timeline,
    until,
    over: ending !== undefined,
    // One that went down led again, or was asked again, before the end of this failover: that is another story.
    oldStillUp: proxies.filter(proxy => isUp(proxy, leader, until) && !wentDown(proxy)),
    newUpTooEarly: newKey ? proxies.filter(proxy => wasUpAllAlong(history, proxied, proxy, newKey)) : [],
    struck,
    facts: {
      ...factsOf(
        history,
        fault,
        leader,
        deadBy(of(history, 'postgres'), fault, leader, injected),
        keyGone?.at ?? until,
        {
          struck,
          topology,
        },
      ),
      ...electedInRace(history, keyGone, moments.promoted?.at ?? until),
    },
  }
}

/** Up before the new leader can have got the key, and until it surely had it; and somebody would have seen it go down meanwhile. */
function wasUpAllAlong(
  history: History,
  proxied: readonly Of<'proxy'>[],
  proxy: HostName,
  newKey: Of<'leader-key'>,
): boolean {
  const own = proxied.filter(one => one.proxy === proxy && one.server === newKey.holder && one.at < newKey.at)
  const last = own.at(-1)
  const since = own[own.findLastIndex(one => !one.up) + 1]
  if (last?.up !== true || since === undefined || since.at >= whenWas(history, newKey).from) return false
  return missed(history, 'proxy', since.at, newKey.at, [proxy]) === null
}

/** A watch may tell a refresh this much later than it was, so one told just after the call began was before the death. */
const toldLate: Micros = 200_000
/** etcd's members are asked at least this often who leads them. */
const etcdAsked: Micros = 1_000_000

/**
 * The death lies between t0 and this. The engine answers some 0.4 s late, when it has taken the container apart; but all
 * processes of a host die together (the kernel kills a PID namespace with its PID 1), so the end of our own connection to its
 * PostgreSQL tells the moment of its Patroni's death too. A mere time-out would not: a frozen server times out as well.
 */
function deadBy(
  samples: readonly Of<'postgres'>[],
  fault: Of<'fault-injecting'>,
  oldLeader: HostName,
  injected: Of<'fault-injected'> | undefined,
): Micros {
  const returned = injected?.at ?? fault.at
  if (!isDead(fault, oldLeader)) return returned
  const closed = samples.find(
    one => one.host === oldLeader && one.at > fault.at && !one.up && one.error !== null && one.error !== 'timeout',
  )
  return Math.min(returned, closed?.at ?? returned)
}

function factsOf(
  history: History,
  fault: Of<'fault-injecting'>,
  oldLeader: HostName,
  deadAt: Micros,
  before: Micros,
  {struck, topology}: Pick<Failover, 'struck' | 'topology'>,
): Failover['facts'] {
  const t0 = fault.at
  const told = lastRefresh(history, Math.min(deadAt + toldLate, before))
  const gaps = gapsOf(history, 'etcd')
  // Where words are missing there may have been a later refresh, and another leader of etcd.
  const refresh = told && gaps.some(one => one.from < t0 && one.to > told.knownAt) ? undefined : told
  const since = refresh?.knownAt ?? t0
  return {
    refreshAge: refresh ? t0 - refresh.at : null,
    etcd: gaps.some(one => one.from < before && one.to > since)
      ? {leader: 'unknown'}
      : etcdLeadership(history, t0, since, oldLeader, before, endsEtcd(struck, topology)),
    callTook: deadAt - t0,
    ...proxiedWait(history),
  }
}

/** Whether etcd's term rose between the key being gone and the promotion, each known to a look at etcd's members; empty: not all of that was seen. */
function electedInRace(
  history: History,
  keyGone: Of<'leader-key'> | undefined,
  promotedAt: Micros,
): Pick<FaultFacts, 'electedInRace'> {
  if (keyGone === undefined) return {}
  const [from, to] = [keyGone.at - etcdAsked, promotedAt + etcdAsked]
  if (gapsOf(history, 'etcd').some(one => one.from < to && one.to > from)) return {}
  const told = of(history, 'etcd-member').filter(({term}) => term !== null)
  const highest = (until: Micros) => told.reduce((most, {at, term}) => (at <= until ? Math.max(most, term!) : most), 0)
  const before = highest(from)
  return before === 0 ? {} : {electedInRace: highest(to) > before}
}

/** Whether an etcd member on the leader's host ends with it: at once, or when the watchdog resets it. */
export function endsEtcd(struck: Struck, topology: Topology): boolean {
  if (!isModelled(struck)) return false
  const orphan = struck.fault === 'patroni-killed' || struck.fault === 'patroni-frozen'
  return strikesEtcd(struck.fault) || (orphan && watchdogTimeoutSeconds(topology.patroni) !== null)
}

/** Whether the host itself died: one without power answers nothing; a dead process on a living host refuses. */
export function isDead({strike}: Of<'fault-injecting'>, host: HostName): boolean {
  return strike.dead?.includes(host) ?? false
}

/**
 * Where etcd's leader was, and when a new raft term began between the last refresh and the deletion of the key. The last such
 * term counts: every new leader of etcd starts the lease anew.
 */
function etcdLeadership(
  history: History,
  t0: Micros,
  since: Micros,
  oldLeader: HostName,
  before: Micros,
  endsWithHost: boolean,
): FaultFacts['etcd'] {
  const told = of(history, 'etcd-member').filter(event => event.leader !== null && event.term !== null)
  const atFault = told.filter(event => event.at <= t0)
  if (atFault.length === 0) return {leader: 'unknown'}
  const highest = Math.max(...atFault.map(event => event.term!))
  const held = endsWithHost && atFault.findLast(event => event.term === highest)!.leader === oldLeader

  const term = Math.max(...told.filter(event => event.at <= since).map(event => event.term!))
  const later = told.filter(event => event.at > since && event.at < before && event.term! > term)
  const last = Math.max(...later.map(event => event.term!))
  const first = later.find(event => event.term === last)
  // A key event of a higher term proves a change that no member was seen to tell.
  const silent = of(history, 'leader-key').some(event => event.at > since && event.at <= before && event.term > term)
  if (!first) return held || silent ? {leader: held ? 'died' : 'changed', newTerm: null} : {leader: 'elsewhere'}
  const earliest = held ? Math.max(900_000, first.at - t0 - etcdAsked) : Math.max(since, first.at - etcdAsked) - t0
  const newTerm: Bounds = [Math.min(earliest, first.at - t0), first.at - t0]
  return {leader: held ? 'died' : 'changed', newTerm}
}
