/** Which hosts a step means: `leader`, `replica`, `etcd-leader`, `all`, or a host's name. Resolved when first used, then pinned. */

import {setTimeout as sleep} from 'node:timers/promises'
import {z} from 'zod'
import type {Capability} from '../engine/capabilities.ts'
import type {Lab} from '../engine/lab.ts'
import {type Cluster, clusters, firstCluster, within} from '../topology/clusters.ts'
import {type HostName, hostsWith, type Topology} from '../topology/topology.ts'
import {LabError} from '../words/errors.ts'
import {onLab} from '../words/next-step.ts'
import {etcdLeader} from './etcd-leader.ts'
import {members, primaryCluster} from './members.ts'
import {mayBeCandidate, patroniKeys} from './patroni-keys.ts'
import {holdersOf} from './virtual-address.ts'

/** Who is what right now. */
export interface Roles {
  readonly leader: HostName | null
  readonly etcdLeader: HostName | null
  /** Who has the virtual address; left out: nobody was asked. */
  readonly addressHolders?: readonly HostName[]
  /** Which cluster takes writes; left out: the first. */
  readonly cluster?: Cluster
  /** Who leads the standby cluster; left out: there is none, or nobody was asked. */
  readonly standbyLeader?: HostName | null
  /** Replicas that are streaming; `sync`: whether commits wait for it, null: nobody knows. */
  readonly replicas: readonly {readonly host: HostName; readonly sync: boolean | null}[]
}

/** `topology`: of the cluster that takes writes. `whole`: of the lab. */
type Choose = (topology: Topology, now: Roles, whole: Topology) => readonly HostName[]

const names = (members: Roles['replicas']) => members.map(one => one.host)
const maybe = (host: HostName | null): readonly HostName[] => (host === null ? [] : [host])

/** What a scenario may write after `on:` beside a host's name. `replica...` are streaming right now. */
const table = {
  leader: (_, {leader}) => maybe(leader),
  replica: (_, {replicas}) => names(replicas).slice(0, 1),
  'other-replica': (_, {replicas}) => names(replicas).slice(1, 2),
  replicas: (_, {replicas}) => names(replicas),
  'sync-standby': (_, {replicas}) => names(replicas.filter(one => one.sync)).slice(0, 1),
  'async-replica': (_, {replicas}) => names(replicas.filter(one => one.sync === false)).slice(0, 1),
  /** From which another replica streams because its tag says so. */
  'cascade-source': ({tags = {}}, {replicas}) =>
    names(replicas)
      .filter(host => names(replicas).some(one => tags[one]?.replicatefrom === host))
      .slice(0, 1),
  'etcd-leader': (_, {etcdLeader}) => maybe(etcdLeader),
  'etcd-follower': (topology, now) => followers(topology, now).slice(0, 1),
  'other-etcd-follower': (topology, now) => followers(topology, now).slice(1, 2),
  'etcd-followers': (topology, now) => followers(topology, now),
  /** Enough members of etcd, its leader first, to leave the others without a majority. */
  'etcd-majority': (topology, now) => {
    const all = [...maybe(now.etcdLeader), ...followers(topology, now)]
    return all.slice(0, Math.floor(all.length / 2) + 1)
  },
  etcd: topology => hostsWith(topology, 'etcd'),
  /** The one through which most clients come in. */
  proxy: topology => hostsWith(topology, 'haproxy').slice(0, 1),
  proxies: topology => hostsWith(topology, 'haproxy'),
  /** The proxy through which clients come in now. */
  'vip-holder': (_, {addressHolders = []}) => addressHolders.slice(0, 1),
  app: topology => hostsWith(topology, 'client'),
  /** Every host but the clients', of all clusters. */
  servers: (_topology, _now, whole) =>
    whole.hosts.filter(host => !host.services.includes('client')).map(host => host.name),
  /** Every host with PostgreSQL. */
  all: topology => hostsWith(topology, 'patroni'),
  /** Who leads the standby cluster: it follows the leader of the other one. */
  'standby-leader': (_, {standbyLeader = null}) => maybe(standbyLeader),
  /** Every host with PostgreSQL of the cluster that takes no writes. */
  'standby-cluster': ({hosts}, _, whole) =>
    hostsWith(whole, 'patroni').filter(host => !hosts.some(({name}) => name === host)),
  /** Every host with PostgreSQL of the cluster that the other one was raised to follow, whichever takes writes now. */
  'first-cluster': (_topology, _now, whole) => hostsWith(firstCluster(whole), 'patroni'),
  everyone: (_topology, _now, whole) => whole.hosts.map(host => host.name),
} as const satisfies Readonly<Record<string, Choose>>

export const selectors = Object.keys(table) as (keyof typeof table)[]

/** How many hosts with etcd and with PostgreSQL there have to be for a selector to mean somebody; 1 of each where nothing stands. */
const fewest: Readonly<Partial<Record<keyof typeof table, Partial<HostCounts>>>> = {
  replica: {postgres: 2},
  'other-replica': {postgres: 3},
  replicas: {postgres: 2},
  'sync-standby': {postgres: 2},
  'async-replica': {postgres: 2},
  'cascade-source': {postgres: 3},
  'etcd-follower': {etcd: 2},
  'other-etcd-follower': {etcd: 3},
  'etcd-followers': {etcd: 2},
}

/** What a topology must have for these selectors to mean somebody, beyond a number of hosts. */
const asks: Readonly<Partial<Record<keyof typeof table, Capability>>> = {
  'cascade-source': 'cascade',
  'vip-holder': 'virtual-address',
  'standby-leader': 'standby-cluster',
  'standby-cluster': 'standby-cluster',
  'first-cluster': 'standby-cluster',
}

export function capabilitiesOf(named: readonly string[]): readonly Capability[] {
  return named.flatMap(one => (Object.hasOwn(asks, one) ? (asks[one as keyof typeof asks] ?? []) : []))
}

export interface HostCounts {
  readonly postgres: number
  readonly etcd: number
}

/** What a topology must have at least for all of these selectors to mean somebody; hosts' names ask for nothing. */
export function fewestFor(named: readonly string[]): HostCounts {
  const each = named.map(one => (Object.hasOwn(fewest, one) ? fewest[one as keyof typeof fewest] : undefined))
  return {
    postgres: Math.max(1, ...each.map(one => one?.postgres ?? 1)),
    etcd: Math.max(1, ...each.map(one => one?.etcd ?? 1)),
  }
}

/** The hosts that a selector, or a host's own name, means while these have the roles; null: it is neither. */
export function meant(topology: Topology, selector: string, now: Roles): readonly HostName[] | null {
  if (topology.hosts.some(host => host.name === selector)) return [selector]
  if (!Object.hasOwn(table, selector)) return null
  const own = now.cluster === undefined ? firstCluster(topology) : within(topology, now.cluster)
  return (table[selector as keyof typeof table] as Choose)(own, now, topology)
}

/** In a fault's parameters: whom else it means. A scenario's parser knows it by this very schema and checks the name. */
export const whom = z.string({error: 'a selector such as leader, a host, or an earlier step'}).min(1)

/** Whom a fault can be done to right now. */
export type Fitting = (lab: Lab) => Promise<(host: HostName) => boolean>

/** Whom Patroni would take for the candidate of a switchover. */
export const switchoverCandidates: Fitting = async lab => {
  const keys = await patroniKeys(lab)
  return host => mayBeCandidate(keys, host)
}

/** A busy machine may leave one question to a Patroni unanswered; that is no reason to take its host for gone. */
const matchWithinMs = 5000

/**
 * @param fitting whom the fault can be done to: `replica...` mean those first, and `replica` waits for one, since Patroni names its
 * synchronous standbys once a loop. Where there is none it means any, and the fault tells why it was refused.
 * @throws LabError `no-target` when nothing matches: a fault that hits nothing must never pass.
 */
export async function resolve(lab: Lab, selector: string, fitting?: Fitting): Promise<readonly HostName[]> {
  const loopMs = fitting === undefined ? 0 : lab.topology.patroni.loopWaitSeconds * 1000
  const deadline = performance.now() + matchWithinMs + loopMs
  for (;;) {
    const {hosts, fit} = await candidates(lab, selector, fitting)
    const late = performance.now() > deadline
    if (hosts.length > 0 && (fit || late)) return hosts
    if (late)
      throw new LabError('no-target', `\`on: ${selector}\` matches no host of this lab right now`, {
        hint: onLab(lab.name, 'status'),
      })
    await sleep(200)
  }
}

async function candidates(
  lab: Lab,
  selector: string,
  fitting: Fitting | undefined,
): Promise<{hosts: readonly HostName[]; fit: boolean}> {
  const known = lab.topology.hosts.map(host => host.name)
  if (known.includes(selector)) return {hosts: [selector], fit: true}
  if (!Object.hasOwn(table, selector))
    throw new LabError(
      'no-target',
      `\`on: ${selector}\` is neither a selector (${selectors.join(', ')}) nor a host (${known.join(', ')})`,
    )
  const own = await primaryCluster(lab, 3000)
  const {leader, members: all} = await members(own, 3000)
  const fits = fitting === undefined ? () => true : await fitting(own)
  const replicas = all
    .filter(one => one.host !== leader && one.state === 'streaming')
    .toSorted((a, b) => Number(fits(b.host)) - Number(fits(a.host)))
  const isAboutEtcd = /etcd-/.test(selector)
  const now = {
    ...{leader, replicas, etcdLeader: isAboutEtcd ? await etcdLeader(own) : null},
    ...(lab === own ? {} : {cluster: clusters(own.topology)[0]}),
    ...(selector === 'standby-leader' ? {standbyLeader: await standbyLeaderOf(lab, own)} : {}),
    ...(selector === 'vip-holder' ? {addressHolders: await holdersOf(lab)} : {}),
  }
  const hosts = meant(lab.topology, selector, now) ?? []
  return {hosts, fit: selector !== 'replica' || hosts.every(fits)}
}

async function standbyLeaderOf(lab: Lab, own: Lab): Promise<HostName | null> {
  const others = clusters(lab.topology).map(one => lab.of(one))
  const seen = await Promise.all(others.filter(one => one !== own).map(one => members(one, 3000)))
  return seen.flatMap(one => one.standbyLeaders)[0] ?? null
}

/** Those that do not host PostgreSQL's leader come first: what strikes etcd should not strike that by chance. */
function followers(topology: Topology, {etcdLeader: first, leader}: Roles): readonly HostName[] {
  const others = hostsWith(topology, 'etcd').filter(host => host !== first)
  return others.toSorted((a, b) => Number(a === leader) - Number(b === leader))
}
