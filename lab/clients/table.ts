/** The tables that the clients write, the bank among them: made before a run (`final-rows.ts` reads them after it). */
import {randomBytes} from 'node:crypto'
import pg from 'pg'
import {failoverBounds} from '../budget/index.ts'
import {waitFor} from '../cluster/wait.ts'
import type {Lab} from '../engine/lab.ts'
import {bank} from '../history/bank.ts'
import {doorOf, entries} from '../topology/entries.ts'
import {appDatabase, type HostName, hostsWith, roles} from '../topology/topology.ts'
import {LabError} from '../words/errors.ts'
import {onLab} from '../words/next-step.ts'
import {bankOf} from './agent/protocol.ts'

const prefix = 'pgha_writes_'
const connectTimeoutMs = 3000
const queryTimeoutMs = 30_000

/** A replica streams by now: it replays within moments, and much later only on a machine that starves. */
const receivedWithinMs = 15_000

interface Preparing {
  readonly signal: AbortSignal
  /** Of `newTable`; one of its own when not given. */
  readonly table?: string
  /** Told whenever what is missing changes. */
  readonly seen?: (says: string) => void
}

/** What the table of a run is called: new each time, so that an agent that was left over writes nowhere. */
export function newTable(): string {
  return `${prefix}${randomBytes(4).toString('hex')}`
}

/**
 * Makes the table of the next run, as a client would, and drops those of earlier runs. There is no unique constraint: a row that is there twice must
 * show. Resolves once every member has it, or a failover right away would make all later writes fail.
 * A leader may be missing: it is waited for as long as the cluster's own timings let one take. Tried again it makes the same table.
 * @throws LabError `not-ready` while no write gets through, `timeout` when a replica does not follow, `interrupted`.
 */
export async function prepareTable(lab: Lab, {table = newTable(), ...preparing}: Preparing): Promise<void> {
  const hint = onLab(lab.name, 'status')
  const leaderMs = Math.ceil(failoverBounds(lab.topology).total[1] / 1000) + connectTimeoutMs
  const make = () => asking(lab.name, throughEntry(lab), client => makeTable(client, table))
  await waitFor('a leader that takes the table of this run', () => triedTo(make), {
    ...{...preparing, hint, withinMs: roundUp(leaderMs), code: 'not-ready'},
  })
  const received = (host: HostName) => {
    const look = async () => {
      const there = await asking(lab.name, lab.superuser(host, appDatabase), tables)
      return there.includes(table) ? {} : 'it is not there yet'
    }
    return waitFor(`${host} to receive the table of this run`, () => triedTo(look), {
      ...{...preparing, hint, withinMs: receivedWithinMs, everyMs: 50},
    })
  }
  await Promise.all(hostsWith(lab.topology, 'patroni').map(received))
}

/** What went wrong, in words: it may go well the next time. */
async function triedTo(work: () => Promise<object | string>): Promise<object | string> {
  try {
    return await work()
  } catch (error) {
    return (error as Error).message
  }
}

function roundUp(ms: number): number {
  return Math.ceil(ms / 1000) * 1000
}

async function makeTable(client: pg.Client, table: string): Promise<object> {
  const accounts = bankOf(table)
  await client.query('BEGIN') // old tables go and the new one comes at once: no member ever shows two
  for (const old of await tables(client)) {
    await client.query(`DROP TABLE ${old}`)
    await client.query(`DROP TABLE IF EXISTS ${bankOf(old)}`) // a run of an older version made none
  }
  await createTable(client, table)
  await client.query(`CREATE TABLE ${accounts} (id int PRIMARY KEY, balance bigint NOT NULL)`)
  await client.query(
    `INSERT INTO ${accounts} SELECT id, ${bank.opening} FROM generate_series(1, ${bank.accounts}) AS id`,
  )
  await client.query(`GRANT SELECT, UPDATE ON ${accounts} TO ${roles.app}`)
  await client.query('COMMIT')
  return {}
}

/** What writers and readers work on. */
export async function createTable(client: pg.Client, table: string): Promise<void> {
  await client.query(`CREATE TABLE ${table} (client text NOT NULL, id int NOT NULL, content text NOT NULL)`)
  await client.query(`CREATE INDEX ON ${table} (id)`) // readers look for the newest row
  await client.query(`GRANT SELECT, INSERT ON ${table} TO ${roles.app}`)
  await client.query(`GRANT pg_read_all_stats TO ${roles.app}`) // the WAL receiver's timeline is hidden from others
}

/** The table that `prepareTable` made last; throws `not-ready` when there is none. */
export async function tableOfRun(lab: Lab): Promise<string> {
  const table = (await asking(lab.name, throughEntry(lab), tables))[0]
  if (table === undefined) throw new LabError('not-ready', 'no table has been prepared for the clients')
  return table
}

export async function tables(client: pg.Client): Promise<string[]> {
  const {rows} = await client.query<[string]>({
    text: `SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename ~ '^${prefix}[0-9a-f]+$'`,
    rowMode: 'array',
  })
  return rows.map(([name]) => name)
}

/** As superuser, where clients come in to write. */
export function throughEntry(lab: Lab): pg.ClientConfig {
  const {primary} = entries(lab.topology)
  const host = doorOf(primary)
  return lab.superuser(host, appDatabase, primary.service)
}

/** @throws LabError `not-ready` when it lets nobody in, breaks off or refuses. */
export async function asking<T>(
  lab: string,
  where: pg.ClientConfig,
  ask: (client: pg.Client) => Promise<T>,
): Promise<T> {
  const client = new pg.Client({
    ...where,
    application_name: 'pgha-lab',
    connectionTimeoutMillis: connectTimeoutMs,
    query_timeout: queryTimeoutMs,
    keepAlive: true,
  })
  client.on('error', () => {}) // what breaks the connection also rejects the question under way
  try {
    await client.connect()
  } catch (error) {
    throw new LabError('not-ready', `PostgreSQL lets nobody in at port ${where.port}: ${(error as Error).message}`, {
      cause: error,
      hint: onLab(lab, 'status'),
    })
  }
  try {
    return await ask(client)
  } catch (error) {
    if (error instanceof LabError) throw error
    // A server that goes down under a question: what comes of that is the lab's affair, and no bug of ours.
    throw new LabError('not-ready', `PostgreSQL at port ${where.port} said: ${(error as Error).message}`, {
      cause: error,
      hint: onLab(lab, 'status'),
    })
  } finally {
    await client.end().catch(() => {}) // it is gone already
  }
}
