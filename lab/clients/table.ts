/** The tables that the clients write, the bank among them: made before a run, read from each member after it. */
import {randomBytes} from 'node:crypto'
import {setTimeout as pause} from 'node:timers/promises'
import pg from 'pg'
import {failoverBounds} from '../budget/index.ts'
import {waitFor} from '../cluster/wait.ts'
import type {Lab} from '../engine/lab.ts'
import {bank} from '../history/bank.ts'
import type {Of} from '../history/event.ts'
import {doorOf, entries} from '../topology/entries.ts'
import {appDatabase, type HostName, hostsWith, roles} from '../topology/topology.ts'
import {LabError} from '../words/errors.ts'
import {lsnBytes} from '../words/lsn.ts'
import {onLab} from '../words/next-step.ts'
import {bankOf} from './agent/protocol.ts'
import {Ranges} from './ranges.ts'

const prefix = 'pgha_writes_'
const connectTimeoutMs = 3000
const queryTimeoutMs = 30_000

/** A replica streams by now: it replays within moments, and much later only on a machine that starves. */
const receivedWithinMs = 15_000

interface Preparing {
  readonly signal: AbortSignal
  /** Told whenever what is missing changes. */
  readonly seen?: (says: string) => void
}

/**
 * Makes the table of the next run, as a client would, and drops those of earlier runs. Its name is new
 * each time, so an agent that was left over writes nowhere. There is no unique constraint: a row that is there twice must
 * show. Resolves once every member has it, or a failover right away would make all later writes fail.
 * A leader may be missing: it is waited for as long as the cluster's own timings let one take. Tried again it makes the same table.
 * @throws LabError `not-ready` while no write gets through, `timeout` when a replica does not follow, `interrupted`.
 */
export async function prepareTable(lab: Lab, preparing: Preparing): Promise<void> {
  const table = `${prefix}${randomBytes(4).toString('hex')}`
  const hint = onLab(lab.name, 'status')
  const leaderMs = Math.ceil(failoverBounds(lab.topology).total[1] / 1000) + connectTimeoutMs
  const make = () => asking(lab.name, throughEntry(lab), client => makeTable(client, table))
  await waitFor('a leader that takes the table of this run', () => triedTo(make), {
    ...{...preparing, hint, withinMs: roundUp(leaderMs), code: 'not-ready'},
  })
  for (const host of hostsWith(lab.topology, 'patroni')) {
    const look = async () => {
      const there = await asking(lab.name, lab.superuser(host, appDatabase), tables)
      return there.includes(table) ? {} : 'it is not there yet'
    }
    await waitFor(`${host} to receive the table of this run`, () => triedTo(look), {
      ...{...preparing, hint, withinMs: receivedWithinMs, everyMs: 50},
    })
  }
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
  await client.query(`CREATE TABLE ${table} (client text NOT NULL, id int NOT NULL)`)
  await client.query(`CREATE INDEX ON ${table} (id)`) // readers look for the newest row
  await client.query(`GRANT SELECT, INSERT ON ${table} TO ${roles.app}`)
  await client.query(`CREATE TABLE ${accounts} (id int PRIMARY KEY, balance bigint NOT NULL)`)
  await client.query(
    `INSERT INTO ${accounts} SELECT id, ${bank.opening} FROM generate_series(1, ${bank.accounts}) AS id`,
  )
  await client.query(`GRANT SELECT, UPDATE ON ${accounts} TO ${roles.app}`)
  await client.query(`GRANT pg_read_all_stats TO ${roles.app}`) // the WAL receiver's timeline is hidden from others
  await client.query('COMMIT')
  return {}
}

/** The table that `prepareTable` made last; throws `not-ready` when there is none. */
export async function tableOfRun(lab: Lab): Promise<string> {
  const table = (await asking(lab.name, throughEntry(lab), tables))[0]
  if (table === undefined) throw new LabError('not-ready', 'no table has been prepared for the clients')
  return table
}

async function tables(client: pg.Client): Promise<string[]> {
  const {rows} = await client.query<[string]>({
    text: `SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename ~ '^${prefix}[0-9a-f]+$'`,
    rowMode: 'array',
  })
  return rows.map(([name]) => name)
}

/**
 * What a member itself has of the clients' table. A replica is waited for until it has replayed all that the primary has
 * written, or `withinMs` is over; then it is read as it is. A table that is not there has no rows: it was lost with them.
 * Throws `not-ready` when the member does not answer.
 */
export async function finalRows(lab: Lab, host: HostName, withinMs = 10_000): Promise<Omit<Of<'final-rows'>, 'at'>> {
  const end = await endOfWal(lab)
  return asking(lab.name, lab.superuser(host, appDatabase), async client => {
    const deadline = performance.now() + withinMs
    let caughtUp = (await replayedLsn(client)) >= end
    while (!caughtUp && performance.now() < deadline) {
      await pause(50)
      caughtUp = (await replayedLsn(client)) >= end
    }

    const found = new Ranges()
    await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY')
    const timeline = await timelineOf(client)
    const table = (await tables(client))[0]
    if (table !== undefined) {
      // In portions: a long run has millions of rows.
      await client.query(`DECLARE ids NO SCROLL CURSOR FOR SELECT id FROM ${table} ORDER BY id`)
      for (;;) {
        const portion = await client.query<[number]>({text: 'FETCH 20000 FROM ids', rowMode: 'array'})
        for (const [id] of portion.rows) found.add(id)
        if (portion.rows.length === 0) break
      }
    }
    const content = table === undefined ? {} : await contentOf(client, table)
    await client.query('COMMIT')
    const {ranges, duplicates} = found
    return {kind: 'final-rows', host, timeline, ranges, duplicates, caughtUp: end === 0 ? null : caughtUp, ...content}
  })
}

/**
 * Each row as text, hashed, and the hashes summed up: no order of the rows matters, and two members that hold the same rows say
 * the same. One query for both tables, so that a member is asked for no more than a line.
 */
async function contentOf(client: pg.Client, table: string): Promise<{checksum: string; bankTotal: number | null}> {
  const hashes = (name: string) =>
    `(SELECT concat(count(*), ':', coalesce(sum(hashtextextended(line::text, 0)), 0)) FROM ${name} AS line)`
  const {rows} = await client.query<{checksum: string; total: string | null}>(
    `SELECT concat(${hashes(table)}, ' ', ${hashes(bankOf(table))}) AS checksum,
      (SELECT sum(balance)::bigint FROM ${bankOf(table)}) AS total`,
  )
  const {checksum, total} = rows[0]!
  return {checksum, bankTotal: total === null ? null : Number(total)}
}

/** Where the primary's WAL ends now; 0 when no primary answers, because then there is nothing to wait for. */
async function endOfWal(lab: Lab): Promise<number> {
  try {
    return await asking(lab.name, throughEntry(lab), async client => {
      const {rows} = await client.query<{lsn: string}>('SELECT pg_current_wal_lsn() AS lsn')
      return lsnBytes(rows[0]!.lsn)
    })
  } catch {
    return 0
  }
}

/** Infinity on a server that is not in recovery: it has all it will have. */
async function replayedLsn(client: pg.Client): Promise<number> {
  const {rows} = await client.query<{lsn: string | null}>(
    'SELECT CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn() END AS lsn',
  )
  const lsn = rows[0]?.lsn ?? null
  return lsn === null ? Number.POSITIVE_INFINITY : lsnBytes(lsn)
}

/** Of a replica that streams from nobody: the timeline of its last restart point, which is the best it knows. */
async function timelineOf(client: pg.Client): Promise<number> {
  const {rows} = await client.query<{timeline: number}>(
    `SELECT CASE WHEN standby
        THEN coalesce((SELECT received_tli FROM pg_stat_wal_receiver), (pg_control_checkpoint()).timeline_id)
        ELSE ('x' || substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8))::bit(32)::int END AS timeline
      FROM pg_is_in_recovery() AS standby`,
  )
  return rows[0]!.timeline
}

/** As superuser, where clients come in to write. */
function throughEntry(lab: Lab): pg.ClientConfig {
  const {primary} = entries(lab.topology)
  const host = doorOf(primary)
  return lab.superuser(host, appDatabase, primary.service)
}

async function asking<T>(lab: string, where: pg.ClientConfig, ask: (client: pg.Client) => Promise<T>): Promise<T> {
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
  } finally {
    await client.end()
  }
}
