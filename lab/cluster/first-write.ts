/** One write through every door: the last thing `up` waits for. */
import pg from 'pg'
import type {Lab} from '../engine/lab.ts'
import {entries} from '../topology/entries.ts'
import {appDatabase, roles} from '../topology/topology.ts'

/**
 * Commits a WAL record (a logical message, so that no table is left behind) through the way in for writes, on each host where it is
 * open. Rejects with what the driver says while one of them does not lead to a writable server.
 */
export async function firstWrite(lab: Lab): Promise<void> {
  const {hosts, service} = entries(lab.topology).primary
  for (const host of hosts) {
    const client = new pg.Client({
      ...lab.reach(host, service),
      user: roles.app,
      password: lab.allocation.passwords.app,
      database: appDatabase,
      connectionTimeoutMillis: 2000,
      query_timeout: 2000,
    })
    client.on('error', () => {}) // what breaks the connection also rejects the query under way
    try {
      await client.connect()
      await client.query("SELECT pg_logical_emit_message(true, 'pgha-lab', 'up')")
    } finally {
      await client.end().catch(() => {}) // a connection that never was needs no good-bye
    }
  }
}
