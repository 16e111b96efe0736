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
import {type Attempt, ownAnsweredWrites} from './attempts.ts'
import type {Of, Strike} from './event.ts'
import {type History, of, once} from './history.ts'

export interface Failover {
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
  /** `until` will not move any more: absence is final. */
  readonly over: boolean
  readonly keyGone: Of<'leader-key'> | undefined
  readonly newKey: Of<'leader-key'> | undefined
  /** The old leader got its own key back, and no other host had it. */
  readonly retaken: Of<'leader-key'> | undefined
  readonly newLeader: HostName | undefined
  /** First sample that found the new leader writable on a higher timeline. */
  readonly promoted: Of<'postgres'> | undefined
  /** First sample that found it writable at all. */
  readonly writable: Of<'postgres'> | undefined
  /** In HAProxy's backend `primary`; with several proxies the last of them. */
  readonly oldDown: Of<'proxy'> | undefined
  /** Proxies that still had the old leader up at `until`. */
  readonly oldStillUp: readonly HostName[]
  readonly newUp: Of<'proxy'> | undefined
  /** Proxies that had the new leader up in `primary` before it held the key. */
  readonly newUpTooEarly: readonly HostName[]
  /** First write sent after `t0` and acknowledged by another server than the old one, on a higher timeline. */
  readonly firstWrite: Attempt | undefined
  /** First sample that found the old leader taking no more writes, where it could be asked. */
  readonly demoted: Of<'postgres'> | undefined
  /** The watchdog of its host fired. */
  readonly reset: Of<'watchdog'> | undefined
  /** It takes writes again, and no other host has had the key. */
  readonly restarted: Of<'postgres'> | undefined
  /** First write sent after that and acknowledged by it. */
  readonly resumedWrite: Attempt | undefined
  /** Which fault of the model it was. */
  readonly struck: Struck
  /** What else the model goes by. */
  readonly facts: Pick<FaultFacts, 'refreshAge' | 'etcd' | 'callTook'>
}

/** What the timing model says about this run, or why it says nothing. */
export function budgetOf({topology, struck, facts}: Failover): FailoverBudget | {readonly why: string} {
  return isModelled(struck) ? failoverBudget(topology, {...struck, ...facts}) : struck
}

/** When each phase of the model happened, after the fault; what nobody saw is left out. */
export function measuredPhases(found: Failover): Readonly<Partial<Record<Phase, Micros>>> {
  const {t0, demoted, reset, restarted, oldDown, keyGone, newKey, promoted, newUp, firstWrite, resumedWrite} = found
  const events = {
    demotion: demoted,
    reset,
    restart: restarted,
    oldServerDown: oldDown,
    keyGone,
    election: newKey,
    promotion: promoted,
    newServerUp: newUp,
    firstWrite: firstWrite ?? resumedWrite,
  }
  return Object.fromEntries(
    Object.entries(events).flatMap(([phase, event]) => (event ? [[phase, event.at - t0] as const] : [])),
  )
}

export function isWritable(sample: Of<'postgres'>): boolean {
  return sample.up && sample.inRecovery === false && sample.readOnly === false
}

/**
 * The first fault that struck the leader of its moment, one that the model knows rather than another; or a sentence that
 * says why there is none.
 */
export const findFailover = once((history): Failover | string => {
  const topology = of(history, 'run-started')[0]?.topology
  if (!topology) return 'the history does not begin with run-started, so nothing is known about the lab'
  const faults = of(history, 'fault-injecting')
  if (faults.length === 0) return 'no fault was injected'
  const struck = faults.map(fault => ({fault, leader: leaderAt(history, fault.at)}))
  const hit = struck.flatMap(({fault, leader}) => {
    const asLeader = strikes(fault.strike, leader)
    return asLeader === undefined ? [] : [{fault, leader: leader!, struck: asLeader}]
  })
  const found = hit.find(one => isModelled(one.struck)) ?? hit[0]
  if (found) return measure(history, topology, found)
  if (struck.every(({leader}) => leader === undefined)) return 'nobody saw who held the leader key when the fault came'
  const {fault, leader} = struck.find(one => one.leader !== undefined)!
  return `the fault struck ${fault.hosts.join(', ')}, but ${leader} was the leader: there was nothing to fail over`
})

/** What a fault is to the leader; undefined: it does not strike it. */
export function strikes({struck}: Strike, leader: HostName | undefined): Struck | undefined {
  const own = struck.find(one => one.host === leader)
  if (own === undefined) return undefined
  const {host: _, ...is} = own
  return is
}

/** Who led then: by the key, or where no watch told, by the only server that took writes in the second before. */
export function leaderAt(history: History, at: Micros): HostName | undefined {
  const key = of(history, 'leader-key').findLast(event => event.at <= at)
  if (key) return key.holder ?? undefined
  const writable = of(history, 'postgres').filter(one => one.at <= at && one.at > at - 1_000_000 && isWritable(one))
  const hosts = new Set(writable.map(one => one.host))
  return hosts.size === 1 ? [...hosts][0] : undefined
}

interface Hit {
  readonly fault: Of<'fault-injecting'>
  readonly leader: HostName
  readonly struck: Struck
}

function measure(history: History, topology: Topology, {fault, leader: oldLeader, struck}: Hit): Failover {
  const t0 = fault.at
  const injected = of(history, 'fault-injected').findLast(event => event.id === fault.id && event.at >= t0)
  const mending = history.events.find(
    event =>
      event.at > t0 &&
      ((event.kind === 'fault-mending' && event.id === fault.id) ||
        (event.kind === 'phase' && event.name === 'healing') ||
        event.kind === 'run-ended'),
  )
  const until = mending?.at ?? history.events.at(-1)?.at ?? t0

  const samples = of(history, 'postgres')
  const answered = ownAnsweredWrites(history)
  const oldTimeline =
    samples.findLast(one => one.host === oldLeader && one.at <= t0 && isWritable(one) && one.timeline !== null)
      ?.timeline ??
    of(history, 'op').findLast(
      op => op.op === 'write' && op.outcome === 'ok' && op.server === oldLeader && op.at <= t0 && op.timeline !== null,
    )?.timeline ??
    null
  const higher = (timeline: number | null) => timeline !== null && oldTimeline !== null && timeline > oldTimeline

  const keys = of(history, 'leader-key').filter(event => event.at > t0 && event.at <= until)
  const keyGone = keys.find(event => event.holder !== oldLeader)
  const newKey = keys.find(event => event.holder !== null && event.holder !== oldLeader)
  const newLeader = newKey?.holder ?? undefined
  const after = samples.filter(one => one.host === newLeader && one.at > t0 && isWritable(one))
  const own = samples.filter(one => one.host === oldLeader && one.at > t0 && one.at <= until)
  const demoted = own.find(one => tookNoWrites(one, struck))
  const restarted = newKey || !demoted ? undefined : own.find(one => one.at > demoted.at && isWritable(one))

  const proxied = of(history, 'proxy').filter(event => event.backend === 'primary')
  const proxies = [...new Set(proxied.map(event => event.proxy))]
  const stateAt = (proxy: HostName, server: HostName | undefined, at: Micros) =>
    proxied.findLast(event => event.proxy === proxy && event.server === server && event.at <= at)
  const firstChange = (proxy: HostName, server: HostName | undefined, up: boolean, to: Micros) =>
    proxied.find(one => one.proxy === proxy && one.server === server && one.up === up && one.at > t0 && one.at <= to)
  const lastOf = (events: readonly (Of<'proxy'> | undefined)[]) =>
    events.length > 0 && events.every(event => event !== undefined)
      ? events.toSorted((a, b) => a!.at - b!.at).at(-1)
      : undefined

  return {
    topology,
    fault,
    t0,
    injected,
    oldLeader,
    oldTimeline,
    until,
    over: mending !== undefined,
    keyGone,
    newKey,
    retaken: newKey ? undefined : keys.find(event => event.holder === oldLeader),
    newLeader,
    promoted: after.find(one => higher(one.timeline)),
    writable: after[0],
    oldDown: lastOf(proxies.map(proxy => firstChange(proxy, oldLeader, false, until))),
    oldStillUp: proxies.filter(proxy => stateAt(proxy, oldLeader, until)?.up === true),
    newUp: lastOf(proxies.map(proxy => firstChange(proxy, newLeader, true, Number.POSITIVE_INFINITY))),
    newUpTooEarly: newKey ? proxies.filter(proxy => stateAt(proxy, newLeader, newKey.at - 1)?.up === true) : [],
    firstWrite: answered.find(op => op.sentAt > t0 && op.server !== oldLeader && higher(op.timeline)),
    demoted,
    reset: of(history, 'watchdog').find(
      one => one.host === oldLeader && one.state === 'fired' && one.at > t0 && one.at <= until,
    ),
    restarted,
    resumedWrite: restarted && answered.find(op => op.sentAt > demoted!.at && op.server === oldLeader),
    struck,
    facts: factsOf(history, fault, oldLeader, deadBy(samples, fault, oldLeader, injected), keyGone?.at ?? until, {
      struck,
      topology,
    }),
  }
}

/** A server that answers tells it itself. One that refuses is down, unless the fault itself keeps us from it. */
function tookNoWrites(sample: Of<'postgres'>, struck: Struck): boolean {
  if (sample.up) return !isWritable(sample)
  // 57P01 to 57P03: it says itself that it is shutting down or not up yet.
  if (sample.error?.startsWith('57P0')) return true
  const cutFromUs = !isModelled(struck) || struck.fault === 'isolated' || struck.fault === 'host-paused'
  return !cutFromUs && sample.error !== null && sample.error !== 'timeout'
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
  const refresh = of(history, 'status-key').findLast(event => event.at <= deadAt + toldLate && event.at <= before)
  return {
    refreshAge: refresh ? t0 - refresh.at : null,
    etcd: etcdLeadership(history, t0, refresh?.at ?? t0, oldLeader, before, endsEtcd(struck, topology)),
    callTook: deadAt - t0,
  }
}

/** Whether an etcd member on the leader's host ends with it: at once, or when the watchdog resets it. */
function endsEtcd(struck: Struck, topology: Topology): boolean {
  if (!isModelled(struck)) return false
  const orphan = struck.fault === 'patroni-killed' || struck.fault === 'patroni-frozen'
  return strikesEtcd(struck.fault) || (orphan && watchdogTimeoutSeconds(topology) !== null)
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
