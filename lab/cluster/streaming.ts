/** Who streams from whom, as PostgreSQL itself says: the quickest sign of a complete cluster, and one that Patroni is not asked for. */
import pg from 'pg'
import type {Lab} from '../engine/lab.ts'
import {type HostName, hostsWith} from '../topology/topology.ts'

const withinMs = 1000

/**
 * The primary and the replicas that stream from it, or what is missing, in words. Patroni's REST API would hold each question
 * back for a second while its PostgreSQL starts (`api.py: get_postgresql_status`, retry), and so slow down what it is asked about.
 */
export async function streaming(lab: Lab): Promise<{primary: HostName; replicas: readonly HostName[]} | string> {
  const hosts = hostsWith(lab.topology, 'patroni')
  const answers = await Promise.all(hosts.map(host => replicasOf(lab, host)))
  const primaries = hosts.filter((_, index) => answers[index] !== null)
  const [primary] = primaries
  if (primary === undefined || primaries.length > 1) return 'the cluster has no leader yet'
  const replicas = answers[hosts.indexOf(primary)] ?? []
  const missing = hosts.filter(host => host !== primary && !replicas.includes(host))
  return missing.length > 0
    ? `${missing.join(' and ')} ${missing.length === 1 ? 'does' : 'do'} not stream from ${primary} yet`
    : {primary, replicas}
}

/** Null when this host is no primary, or does not answer. */
async function replicasOf(lab: Lab, host: HostName): Promise<HostName[] | null> {
  const client = new pg.Client({...lab.superuser(host), connectionTimeoutMillis: withinMs, query_timeout: withinMs})
  client.on('error', () => {}) // what breaks the connection also rejects the query under way
  try {
    await client.connect()
    const {rows} = await client.query<{standby: boolean; name: string | null}>(
      `SELECT pg_is_in_recovery() AS standby, application_name AS name
         FROM (SELECT) one LEFT JOIN pg_stat_replication ON state = 'streaming'`,
    )
    return rows[0]?.standby === false ? rows.flatMap(({name}) => name ?? []) : null
  } catch {
    return null // it starts, or is down: the caller asks again
  } finally {
    await client.end().catch(() => {}) // a connection that never was needs no good-bye
  }
}
