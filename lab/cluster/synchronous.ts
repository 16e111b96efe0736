/** Whether a standby is named synchronous, by Patroni's own keys: asked of etcd, whose members HAProxy does not check. */
import type {Lab} from '../engine/lab.ts'
import {clusters, firstCluster, keyPrefix} from '../topology/clusters.ts'
import {type HostName, hostsWith, type Topology} from '../topology/topology.ts'
import {base64, decodeRange, objectIn, rangeEnd, standbysIn} from './etcd-messages.ts'
import {synchronousModeOf} from './modes.ts'

/**
 * What is still missing before the cluster may be called synchronous, a sentence; null: nothing, or it is to have no standby. A replica
 * that streams is not named at once: until then a failover may lose what was acknowledged, and strict mode lets no write through.
 */
export function unnamedStandby(
  {patroni}: Pick<Topology, 'patroni'>,
  leader: HostName,
  replicas: readonly HostName[],
  keys: Keys | null,
): string | null {
  if (replicas.length === 0) return null
  if (keys === null) return patroni.synchronousMode === 'off' ? null : 'etcd does not tell who is a synchronous standby'
  if (synchronousModeOf(objectIn(keys.get('config') ?? null)) === 'off') return null
  const sync = objectIn(keys.get('sync') ?? null)
  const isNamed = sync.leader === leader && standbysIn(sync).some(one => replicas.includes(one))
  return isNamed ? null : `no replica is named a synchronous standby of ${leader} yet`
}

/** Patroni's own, by their names after the scope. */
export type Keys = ReadonlyMap<string, string | null>

/** null when no member of etcd with a quorum answers. */
export async function keysOf(lab: Lab, withinMs: number): Promise<Keys | null> {
  const prefix = keyPrefix(clusters(lab.topology)[0])
  const body = {key: base64(prefix), range_end: rangeEnd(prefix)}
  const asked = hostsWith(firstCluster(lab.topology), 'etcd').map(async host => {
    const {code, body: said} = await lab.ask(host, 'etcd', '/v3/kv/range', {method: 'POST', body, withinMs})
    if (code !== 200) throw new Error(`etcd answered ${code}`)
    return new Map(decodeRange(said).changes.map(({key, value}) => [key.slice(prefix.length), value]))
  })
  return Promise.any(asked).catch(() => null)
}
