/** Which hosts a step means: `leader`, `replica`, `etcd-leader`, `all`, or a host's name. Resolved when first used, then pinned. */

import {setTimeout as sleep} from 'node:timers/promises'
import {z} from 'zod'
import type {Lab} from '../engine/lab.ts'
import {entries} from '../topology/entries.ts'
import {type HostName, hostsWith} from '../topology/topology.ts'
import {LabError} from '../words/errors.ts'
import {onLab} from '../words/next-step.ts'
import {etcdLeader} from './etcd-leader.ts'
import {type Health, health} from './health.ts'

type Choose = (
  lab: Lab,
  now: {readonly leader: HostName | null; readonly replicas: Health['members']},
) => Promise<readonly HostName[]> | readonly HostName[]

const names = (members: Health['members']) => members.map(one => one.host)
const maybe = (host: HostName | null): readonly HostName[] => (host === null ? [] : [host])

/** What a scenario may write after `on:` beside a host's name. `replica...` are streaming right now. */
const table = {
  leader: (_, {leader}) => maybe(leader),
  replica: (_, {replicas}) => names(replicas).slice(0, 1),
  'other-replica': (_, {replicas}) => names(replicas).slice(1, 2),
  replicas: (_, {replicas}) => names(replicas),
  'sync-standby': (_, {replicas}) => names(replicas.filter(one => one.sync)).slice(0, 1),
  'async-replica': (_, {replicas}) => names(replicas.filter(one => one.sync === false)).slice(0, 1),
  'etcd-leader': async lab => maybe(await etcdLeader(lab)),
  'etcd-follower': async (lab, {leader}) => (await followers(lab, leader)).slice(0, 1),
  'etcd-followers': (lab, {leader}) => followers(lab, leader),
  /** Enough members of etcd, its leader first, to leave the others without a majority. */
  'etcd-majority': async (lab, {leader}) => {
    const all = [...maybe(await etcdLeader(lab)), ...(await followers(lab, leader))]
    return all.slice(0, Math.floor(all.length / 2) + 1)
  },
  etcd: lab => hostsWith(lab.topology, 'etcd'),
  /** The one through which most clients come in. */
  proxy: lab => entries(lab.topology).primary.hosts.slice(0, 1),
  proxies: lab => hostsWith(lab.topology, 'haproxy'),
  app: lab => hostsWith(lab.topology, 'client'),
  /** Every host but the clients'. */
  servers: lab => lab.topology.hosts.filter(host => !host.services.includes('client')).map(host => host.name),
  /** Every host with PostgreSQL. */
  all: lab => hostsWith(lab.topology, 'patroni'),
  everyone: lab => lab.topology.hosts.map(host => host.name),
} as const satisfies Readonly<Record<string, Choose>>

export const selectors = Object.keys(table) as (keyof typeof table)[]

/** In a fault's parameters: whom else it means. A scenario's parser knows it by this very schema and checks the name. */
export const whom = z.string({error: 'a selector such as leader, a host, or an earlier step'}).min(1)

/** A busy machine may leave one question to a Patroni unanswered; that is no reason to take its host for gone. */
const matchWithinMs = 5000

/** @throws LabError `no-target` when nothing matches: a fault that hits nothing must never pass. */
export async function resolve(lab: Lab, selector: string): Promise<readonly HostName[]> {
  const deadline = performance.now() + matchWithinMs
  for (;;) {
    const hosts = await candidates(lab, selector)
    if (hosts.length > 0) return hosts
    if (performance.now() > deadline)
      throw new LabError('no-target', `\`on: ${selector}\` matches no host of this lab right now`, {
        hint: onLab(lab.name, 'status'),
      })
    await sleep(200)
  }
}

async function candidates(lab: Lab, selector: string): Promise<readonly HostName[]> {
  const known = lab.topology.hosts.map(host => host.name)
  if (known.includes(selector)) return [selector]
  if (!Object.hasOwn(table, selector))
    throw new LabError(
      'no-target',
      `\`on: ${selector}\` is neither a selector (${selectors.join(', ')}) nor a host (${known.join(', ')})`,
    )
  const {leader, members} = await health(lab, 3000)
  const replicas = members.filter(one => one.host !== leader && one.state === 'streaming')
  return (table[selector as keyof typeof table] as Choose)(lab, {leader, replicas})
}

/** Those that do not host PostgreSQL's leader come first: what strikes etcd should not strike that by chance. */
async function followers(lab: Lab, leader: HostName | null): Promise<readonly HostName[]> {
  const first = await etcdLeader(lab)
  const others = hostsWith(lab.topology, 'etcd').filter(host => host !== first)
  return others.toSorted((a, b) => Number(a === leader) - Number(b === leader))
}
