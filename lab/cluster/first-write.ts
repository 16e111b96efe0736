/** A write through every door, and a question through every pooler: the last things that `up` waits for. */
import pg from 'pg'
import type {Lab} from '../engine/lab.ts'
import {entries} from '../topology/entries.ts'
import type {PortName} from '../topology/services.ts'
import {appDatabase, type HostName, hostParameter, hostsWith, roles, servedAt} from '../topology/topology.ts'

/**
 * Commits a WAL record (a logical message, so that no table is left behind) through the way in for writes, on each host where it is
 * open. Rejects with what the driver says while one of them does not lead to a writable server.
 */
export async function firstWrite(lab: Lab): Promise<void> {
  const {hosts, service} = entries(lab.topology).primary
  for (const host of hosts) await ask(lab, host, service, "SELECT pg_logical_emit_message(true, 'pgha-lab', 'up')")
}

/**
 * Asks each server through the pooler beside it. Only when the servers serve: a pooler that finds none tries again much later.
 * Rejects while one of them does not lead to its own server, also one through which no client comes as long as nobody else leads.
 */
export async function throughPoolers(lab: Lab): Promise<void> {
  const {topology} = lab
  for (const host of hostsWith(topology, 'patroni').filter(one => servedAt(topology, one) === 'pgbouncer')) {
    const said = await ask(lab, host, 'pgbouncer', `SELECT current_setting('${hostParameter}', true)`).catch(error => {
      throw new Error(`PgBouncer on ${host}: ${(error as Error).message}`, {cause: error})
    })
    if (said !== host) throw new Error(`PgBouncer on ${host} leads to ${String(said)}`)
  }
}

async function ask(lab: Lab, host: HostName, service: PortName, text: string): Promise<unknown> {
  const client = new pg.Client({
    ...lab.server(host, service),
    user: roles.app,
    password: lab.allocation.passwords.app,
    database: appDatabase,
    connectionTimeoutMillis: 2000,
    query_timeout: 2000,
  })
  client.on('error', () => {}) // what breaks the connection also rejects the query under way
  try {
    await client.connect()
    const {rows} = await client.query<[unknown]>({text, rowMode: 'array'})
    return rows[0]?.[0]
  } finally {
    await client.end().catch(() => {}) // a connection that never was needs no good-bye
  }
}
