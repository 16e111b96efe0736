/** Who streams from whom, as PostgreSQL itself says: the quickest sign of a complete cluster, and one that Patroni is not asked for. */

import pg from 'pg'
import type {Lab} from '../engine/lab.ts'
import {firstCluster} from '../topology/clusters.ts'
import {type HostName, hostsWith, sourceOf} from '../topology/topology.ts'

const withinMs = 1000

interface Streams {
  readonly primary: HostName
  /** Who streams from whom it is to. */
  readonly replicas: readonly HostName[]
  /** Who does not yet. */
  readonly missing: readonly HostName[]
}

/**
 * The primary, and which replicas stream, each from whom it is to; in words what is missing where nobody leads. Patroni's REST API would hold each
 * question back for a second while its PostgreSQL starts (`api.py: get_postgresql_status`, retry), and so slow down what it is asked about.
 */
export async function whoStreams(lab: Lab): Promise<Streams | string> {
  const hosts = hostsWith(firstCluster(lab.topology), 'patroni')
  const servers = new Map(await Promise.all(hosts.map(async host => [host, await serverOn(lab, host)] as const)))
  const primaries = hosts.filter(host => servers.get(host)?.standby === false)
  const [primary] = primaries
  if (primary === undefined || primaries.length > 1) return 'the cluster has no leader yet'
  const streams = (host: HostName) =>
    servers.get(sourceOf(lab.topology, host, primary))?.replicas.includes(host) === true
  const others = hosts.filter(host => host !== primary)
  return {primary, replicas: others.filter(streams), missing: others.filter(host => !streams(host))}
}

/** The primary and its replicas when all of them stream, or who does not, in words. */
export async function streaming(lab: Lab): Promise<Streams | string> {
  const seen = await whoStreams(lab)
  if (typeof seen === 'string') return seen
  const {primary, missing: all} = seen
  const source = (host: HostName) => sourceOf(lab.topology, host, primary)
  const [first, ...others] = all
  if (first === undefined) return seen
  const missing = [first, ...others.filter(host => source(host) === source(first))]
  return `${missing.join(' and ')} ${missing.length === 1 ? 'does' : 'do'} not stream from ${source(first)} yet`
}

/** Null when it does not answer. */
async function serverOn(
  lab: Lab,
  host: HostName,
): Promise<{readonly standby: boolean; readonly replicas: readonly HostName[]} | null> {
  const client = new pg.Client({...lab.superuser(host), connectionTimeoutMillis: withinMs, query_timeout: withinMs})
  client.on('error', () => {}) // what breaks the connection also rejects the query under way
  try {
    await client.connect()
    const {rows} = await client.query<{standby: boolean; name: string | null}>(
      `SELECT pg_is_in_recovery() AS standby, application_name AS name
         FROM (SELECT) one LEFT JOIN pg_stat_replication ON state = 'streaming'`,
    )
    return {standby: rows[0]?.standby !== false, replicas: rows.flatMap(({name}) => name ?? [])}
  } catch {
    return null // it starts, or is down: the caller asks again
  } finally {
    await client.end().catch(() => {}) // a connection that never was needs no good-bye
  }
}
