/**
 * Patroni's own keys, read from etcd: what the cluster has agreed on, whichever member answers. Faults see their effect
 * here rather than by asking Patroni more often, which would change what HAProxy's checks of it see.
 */

import type {Lab} from '../engine/lab.ts'
import {type Cluster, clusters, keyPrefix, within} from '../topology/clusters.ts'
import {type HostName, hostsWith, type PatroniSettings} from '../topology/topology.ts'
import {LabError} from '../words/errors.ts'
import {onLab} from '../words/next-step.ts'
import {base64, decodeRange, type KeyChange, rangeEnd, standbysIn} from './etcd-messages.ts'
import {synchronousModeOf} from './modes.ts'
import {type Config, decodeObject} from './patroni-api.ts'

/** What a member says of itself in its key, once a loop (Patroni 4.0, `ha.py: touch_member`). */
export interface MemberKey {
  readonly role: string | null
  readonly state: string | null
  /** Empty when it has none. */
  readonly tags: Config
  readonly pendingRestart: boolean
  /** It knows that the cluster is in maintenance mode. */
  readonly paused: boolean
}

export interface PatroniKeys {
  /** Who holds the leader key. */
  readonly leader: HostName | null
  /** The leader's LSN in bytes as it wrote it in its last loop: what a candidate's lag is measured by. */
  readonly optime: number | null
  readonly synchronousMode: PatroniSettings['synchronousMode']
  /** Whom the leader waits for in it, as the cluster has agreed (`/sync`). */
  readonly standbys: readonly HostName[]
  readonly members: Readonly<Record<HostName, MemberKey>>
}

/** @throws LabError `engine` when no etcd member answers a linearizable read. */
export async function patroniKeys(
  lab: Lab,
  signal?: AbortSignal,
  cluster = clusters(lab.topology)[0],
): Promise<PatroniKeys> {
  const prefix = keyPrefix(cluster)
  let last = 'there is none'
  for (const host of hostsWith(within(lab.topology, cluster), 'etcd')) {
    try {
      const body = {key: base64(prefix), range_end: rangeEnd(prefix)}
      const answer = await lab.ask(host, 'etcd', '/v3/kv/range', {method: 'POST', body, withinMs: 2000, signal})
      if (answer.code === 200) return decodeKeys(decodeRange(answer.body).changes, cluster)
      last = `${host} answered ${answer.code}`
    } catch (error) {
      signal?.throwIfAborted()
      last = `${host}: ${(error as Error).message}`
    }
  }
  throw new LabError('engine', `no member of etcd told Patroni's keys (${last})`, {
    hint: onLab(lab.name, 'status'),
  })
}

/** @param found every key of the cluster. */
export function decodeKeys(
  found: readonly Pick<KeyChange, 'key' | 'value'>[],
  cluster: Pick<Cluster, 'scope' | 'namespace'>,
): PatroniKeys {
  const prefix = keyPrefix(cluster)
  const values = new Map(found.map(({key, value}) => [key.slice(prefix.length), value ?? '']))
  const optime = decodeObject(values.get('status') ?? '')?.optime
  return {
    leader: values.get('leader') ?? null,
    optime: typeof optime === 'number' ? optime : null,
    synchronousMode: synchronousModeOf(decodeObject(values.get('config') ?? '') ?? {}),
    standbys: standbysIn(decodeObject(values.get('sync') ?? '') ?? {}),
    members: Object.fromEntries(
      [...values].flatMap(([key, value]) => (key.startsWith('members/') ? [[key.slice(8), member(value)]] : [])),
    ),
  }
}

function member(value: string): MemberKey {
  const {role, state, tags, pending_restart, pause} = decodeObject(value) ?? {}
  return {
    role: typeof role === 'string' ? role : null,
    state: typeof state === 'string' ? state : null,
    tags: mapping(tags),
    pendingRestart: pending_restart === true,
    paused: pause === true,
  }
}

function mapping(value: unknown): Config {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Config) : {}
}

/**
 * Whether Patroni takes this host for the candidate of a switchover (4.0, `api.py: is_failover_possible`): in synchronous mode only
 * a synchronous standby, in quorum mode anybody; never one whose tags forbid it (`ha.py: failover_limitation`).
 */
export function mayBeCandidate({leader, synchronousMode, standbys, members}: PatroniKeys, host: HostName): boolean {
  const {nofailover, failover_priority: priority} = members[host]?.tags ?? {}
  if (host === leader || nofailover === true || (typeof priority === 'number' && priority <= 0)) return false
  return synchronousMode === 'off' || synchronousMode === 'quorum' || standbys.includes(host)
}

/** @throws LabError `no-target` when nobody holds the leader key. */
export async function leaderOf(lab: Lab, signal?: AbortSignal): Promise<HostName> {
  const {leader} = await patroniKeys(lab, signal)
  if (leader === null)
    throw new LabError('no-target', 'the cluster has no leader right now', {hint: onLab(lab.name, 'status')})
  return leader
}
