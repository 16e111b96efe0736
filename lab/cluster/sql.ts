/** One statement to one host's PostgreSQL, directly and as superuser: for faults that act on a server or read its position, and lessons. */
import type {Lab} from '../engine/lab.ts'
import type {HostName} from '../topology/topology.ts'
import {LabError} from '../words/errors.ts'
import {onLab} from '../words/next-step.ts'

const withinMs = 10_000

/**
 * The rows, as arrays. It never waits for a synchronous replica: what a fault writes is not the clients' work.
 * @throws LabError `engine` when the server does not answer within 10 s, or with what it said.
 */
export async function sql<Row extends readonly unknown[]>(
  lab: Lab,
  host: HostName,
  text: string,
  values: readonly unknown[] = [],
  {database, readOnly = false}: {readonly database?: string; readonly readOnly?: boolean} = {},
): Promise<Row[]> {
  // Late: what asks no server, such as `status`, does without its driver.
  const {default: pg} = await import('pg')
  const client = new pg.Client({
    ...lab.superuser(host, database),
    application_name: 'pgha-lab fault',
    connectionTimeoutMillis: withinMs,
    query_timeout: withinMs,
    options: `-c synchronous_commit=local${readOnly ? ' -c default_transaction_read_only=on' : ''}`,
  })
  client.on('error', () => {}) // the end of the connection, which the query under way tells with its reason
  try {
    await client.connect()
    return (await client.query<never>({text, values: [...values], rowMode: 'array'})).rows as unknown as Row[]
  } catch (error) {
    throw new LabError('engine', `PostgreSQL on ${host} said: ${(error as Error).message}`, {
      cause: error,
      hint: onLab(lab.name, 'status'),
    })
  } finally {
    await client.end().catch(() => {}) // it is gone already
  }
}
