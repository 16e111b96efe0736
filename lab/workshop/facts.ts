/** What a lesson may ask of a lab: each fact by its name, asked of the cluster at that very moment. */
import {etcdLeader} from '../cluster/etcd-leader.ts'
import {etcdMembers} from '../cluster/etcd-members.ts'
import {health} from '../cluster/health.ts'
import {members} from '../cluster/members.ts'
import {modes} from '../cluster/modes.ts'
import {type Config, dynamicConfig} from '../cluster/patroni-api.ts'
import {leaderOf} from '../cluster/patroni-keys.ts'
import {holdersOf} from '../cluster/virtual-address.ts'
import type {Lab} from '../engine/lab.ts'
import {watchdogTimeoutSeconds} from '../topology/timings.ts'
import {hostsWith} from '../topology/topology.ts'
import {LabError} from '../words/errors.ts'
import {onLab} from '../words/next-step.ts'
import {sayBytes} from '../words/quantity.ts'
import {bytes, count, hosts, type NumberUnit, seconds, type Truth, word, yes} from './truth.ts'

const withinMs = 3000

type Fact = (lab: Lab) => Promise<Truth>

const table = {
  healthy: async lab => {
    const {healthy, complaints} = await health(lab)
    return yes(healthy, healthy ? 'the lab is healthy' : `the lab is not healthy: ${complaints[0] ?? ''}`)
  },
  leader: async lab => {
    const {leader} = await members(lab, withinMs)
    return hosts(
      leader === null ? [] : [leader],
      leader === null ? 'nobody leads right now' : `${leader} leads right now`,
    )
  },
  /** Those that stream from it: who might take over. */
  replicas: async lab => {
    const {leader, members: all} = await members(lab, withinMs)
    const streaming = all.filter(one => one.host !== leader && one.state === 'streaming').map(one => one.host)
    return hosts(
      streaming,
      `${leader ?? 'nobody'} leads, and ${named(streaming)} ${streaming.length === 1 ? 'follows' : 'follow'}`,
    )
  },
  'sync-standby': async lab => {
    const {members: all} = await members(lab, withinMs)
    const sync = all.filter(one => one.sync === true).map(one => one.host)
    return hosts(sync, sync.length === 0 ? 'no commit waits for a replica' : `a commit waits for ${named(sync)}`)
  },
  timeline: async lab => {
    const {leader, members: all} = await members(lab, withinMs)
    const timeline = all.find(one => one.host === leader)?.timeline ?? null
    if (timeline === null) throw untold(lab, 'nobody leads, so nobody tells the timeline')
    return count(timeline, `${leader} writes timeline ${timeline}`)
  },
  databases: async lab => {
    const all = hostsWith(lab.topology, 'patroni')
    return count(all.length, `${named(all)} have PostgreSQL`)
  },
  'etcd-leader': async lab => {
    const leader = await etcdLeader(lab)
    return hosts(leader === null ? [] : [leader], leader === null ? 'etcd has no leader' : `etcd is led from ${leader}`)
  },
  'etcd-members': async lab => {
    const all = (await etcdMembers(lab, withinMs)).filter(one => one.says !== null).map(one => one.host)
    return count(all.length, `etcd answers on ${named(all)}`)
  },
  /** How many of its members may still be lost. */
  'etcd-may-lose': async lab => {
    const all = await etcdMembers(lab, withinMs)
    const led = all.filter(one => one.says !== null && one.says.leader !== null).length
    const needed = Math.floor(all.length / 2) + 1
    return count(Math.max(0, led - needed), `${led} of ${all.length} members are there, and a majority is ${needed}`)
  },
  /** Where HAProxy leads those who write. */
  'writes-go-to': async lab => routed(lab, 'primary'),
  'reads-go-to': async lab => routed(lab, 'replicas'),
  proxies: async lab => {
    const all = hostsWith(lab.topology, 'haproxy')
    return count(all.length, `HAProxy runs on ${named(all)}`)
  },
  'address-holder': async lab => {
    const all = await holdersOf(lab)
    return hosts(all, all.length === 0 ? 'nobody has the virtual address' : `${named(all)} has the virtual address`)
  },
  paused: async lab => {
    const {paused} = await modes(lab, withinMs)
    if (paused === null) throw untold(lab, 'no Patroni tells whether the cluster is paused')
    return yes(paused, paused ? 'the cluster is in maintenance mode' : 'the cluster is not in maintenance mode')
  },
  failsafe: async lab => {
    const {failsafe} = await modes(lab, withinMs)
    if (failsafe === null) throw untold(lab, 'no Patroni tells its modes')
    return yes(failsafe.on, `failsafe_mode is ${failsafe.on ? 'on' : 'off'}`)
  },
  'synchronous-mode': async lab => {
    const {synchronousMode} = await modes(lab, withinMs)
    if (synchronousMode === null) throw untold(lab, 'no Patroni tells its modes')
    return word(synchronousMode, `synchronous_mode is ${synchronousMode}`)
  },
  /** The hosts that their watchdog would reset. */
  'watchdog-armed': async lab => {
    const {watchdog} = await modes(lab, withinMs)
    const says =
      watchdog.active.length === 0 ? 'no watchdog counts down' : `the watchdog of ${named(watchdog.active)} counts down`
    return hosts(watchdog.active, `${says} (watchdog: ${watchdog.setting})`)
  },
  /** How long after it was last fed a watchdog fires, with the ttl that the cluster has now. */
  'watchdog-timeout': async lab => {
    const {patroni} = lab.topology
    const ttlSeconds = numberIn(await configOf(lab), 'ttl') ?? patroni.ttlSeconds
    const timeout = watchdogTimeoutSeconds({...patroni, ttlSeconds})
    if (timeout === null) throw untold(lab, 'no watchdog counts down in this lab')
    const says = `ttl ${ttlSeconds} s less safety_margin ${patroni.watchdogSafetyMarginSeconds} s is ${timeout} s`
    return seconds(timeout, timeout, says)
  },
  ttl: async lab => timing(lab, 'ttl', lab.topology.patroni.ttlSeconds),
  'loop-wait': async lab => timing(lab, 'loop_wait', lab.topology.patroni.loopWaitSeconds),
  'retry-timeout': async lab => timing(lab, 'retry_timeout', lab.topology.patroni.retryTimeoutSeconds),
  'maximum-lag': async lab => {
    const most = numberIn(await configOf(lab), 'maximum_lag_on_failover') ?? 1_048_576 // Patroni's own
    return bytes(most, `maximum_lag_on_failover is ${most} bytes (${sayBytes(most)})`)
  },
} as const satisfies Readonly<Record<string, Fact>>

export type FactName = keyof typeof table
export const factNames = Object.keys(table) as readonly FactName[]

/** How an answer is given, which is told before anybody in the lab is asked. */
export type Form = NumberUnit | 'hosts' | 'word' | 'yes'
export const factForms: Readonly<Record<FactName, Form>> = {
  ...{healthy: 'yes', paused: 'yes', failsafe: 'yes', 'synchronous-mode': 'word'},
  ...{leader: 'hosts', replicas: 'hosts', 'sync-standby': 'hosts', 'etcd-leader': 'hosts', 'address-holder': 'hosts'},
  ...{'writes-go-to': 'hosts', 'reads-go-to': 'hosts', 'watchdog-armed': 'hosts'},
  ...{timeline: 'count', databases: 'count', 'etcd-members': 'count', 'etcd-may-lose': 'count', proxies: 'count'},
  ...{
    'maximum-lag': 'bytes',
    'watchdog-timeout': 'seconds',
    ttl: 'seconds',
    'loop-wait': 'seconds',
    'retry-timeout': 'seconds',
  },
}

export function isFact(name: string): name is FactName {
  return Object.hasOwn(table, name)
}

/** @throws LabError `not-ready` when nobody in the lab can tell. */
export async function askLab(lab: Lab, fact: FactName): Promise<Truth> {
  return table[fact](lab)
}

async function routed(lab: Lab, backend: 'primary' | 'replicas'): Promise<Truth> {
  const {routes} = await health(lab)
  const up = [...new Set(routes.filter(one => one.backend === backend && one.up).map(one => one.server))]
  return hosts(
    up,
    `HAProxy leads ${backend === 'primary' ? 'writes' : 'reads'} to ${up.length === 0 ? 'nobody' : named(up)}`,
  )
}

/** As the cluster has it now; what its configuration leaves out is as it was raised. */
async function timing(lab: Lab, key: string, raised: number): Promise<Truth> {
  const value = numberIn(await configOf(lab), key) ?? raised
  return seconds(value, value, `${key} is ${value} s`)
}

async function configOf(lab: Lab): Promise<Config> {
  return dynamicConfig(lab, await leaderOf(lab))
}

function numberIn(config: Config, key: string): number | undefined {
  const value = config[key]
  return typeof value === 'number' ? value : undefined
}

function untold(lab: Lab, says: string): LabError {
  return new LabError('not-ready', says, {hint: onLab(lab.name, 'status')})
}

function named(all: readonly string[]): string {
  return all.length < 2 ? (all[0] ?? 'nobody') : `${all.slice(0, -1).join(', ')} and ${all.at(-1)}`
}
