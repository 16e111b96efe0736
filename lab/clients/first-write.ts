/** One write through each proxy: the last thing `up` waits for. */
import pg from 'pg'
import type {Lab} from '../engine/lab.ts'
import {appDatabase, hostsWith, roles} from '../topology/topology.ts'

/**
 * Commits a WAL record (a logical message, so that no table is left behind) through every proxy's read-write port.
 * Rejects with what the driver says while a proxy does not lead to a writable server.
 */
export async function firstWrite(lab: Lab): Promise<void> {
  for (const proxy of hostsWith(lab.topology, 'haproxy')) {
    const client = new pg.Client({
      host: '127.0.0.1',
      port: lab.port(proxy, 'primary'),
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
