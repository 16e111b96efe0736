/** What each member has of the tables of a run, once everything has rejoined and the writers have stopped. */
import {setTimeout as pause} from 'node:timers/promises'
import type pg from 'pg'
import type {Lab} from '../engine/lab.ts'
import type {Of} from '../history/event.ts'
import {appDatabase, type HostName, roles} from '../topology/topology.ts'
import {lsnBytes} from '../words/lsn.ts'
import {bankOf} from './agent/protocol.ts'
import {contentOfRow} from './agent/statements.ts'
import {Ranges} from './ranges.ts'
import {asking, tables, throughEntry} from './table.ts'

type FinalRows = Omit<Of<'final-rows'>, 'at'>

/**
 * What a member itself has of the clients' table. A replica is waited for until it has replayed all that the primary had
 * acknowledged, or `withinMs` is over; then it is read as it is. A table that is not there has no rows: it was lost with them.
 * Throws `not-ready` when the member does not answer.
 */
export async function finalRows(lab: Lab, host: HostName, withinMs = 10_000): Promise<FinalRows> {
  const end = await endOfWal(lab)
  const setting = await commitsOf(lab, host)
  return asking(lab.name, lab.superuser(host, appDatabase), async client => {
    const deadline = performance.now() + withinMs
    let caughtUp = (await replayedLsn(client)) >= end
    while (!caughtUp && performance.now() < deadline) {
      await pause(50)
      caughtUp = (await replayedLsn(client)) >= end
    }

    await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY')
    const server = await roleOf(client)
    const table = (await tables(client))[0]
    const found = table === undefined ? new Ranges() : await idsOf(client, `SELECT id FROM ${table} ORDER BY id`)
    const content = table === undefined ? {} : await contentOf(client, table)
    await client.query('COMMIT')
    const {ranges, duplicates} = found
    const sure = end === 0 ? null : caughtUp
    return {kind: 'final-rows', host, ...server, ranges, duplicates, caughtUp: sure, ...content, ...setting}
  })
}

/** In portions: a long run has millions of rows. Within a transaction. */
export async function idsOf(client: pg.Client, query: string): Promise<Ranges> {
  const found = new Ranges()
  await client.query(`DECLARE ids NO SCROLL CURSOR FOR ${query}`)
  for (;;) {
    const portion = await client.query<[number]>({text: 'FETCH 20000 FROM ids', rowMode: 'array'})
    for (const [id] of portion.rows) found.add(id)
    if (portion.rows.length === 0) break
  }
  await client.query('CLOSE ids')
  return found
}

/**
 * Each row as text, hashed, and the hashes summed up: no order of the rows matters, and two members that hold the same rows say
 * the same. One query for both tables, so that a member is asked for no more than a line. Rows that are the same everywhere and
 * not what was written are told by their own content.
 */
async function contentOf(
  client: pg.Client,
  table: string,
): Promise<Pick<FinalRows, 'checksum' | 'bankTotal' | 'altered'>> {
  const hashes = (name: string) =>
    `(SELECT concat(count(*), ':', coalesce(sum(hashtextextended(line::text, 0)), 0)) FROM ${name} AS line)`
  const {rows} = await client.query<{checksum: string; total: string | null}>(
    `SELECT concat(${hashes(table)}, ' ', ${hashes(bankOf(table))}) AS checksum,
      (SELECT sum(balance)::bigint FROM ${bankOf(table)}) AS total`,
  )
  const {checksum, total} = rows[0]!
  const altered = await idsOf(
    client,
    `SELECT id FROM ${table} WHERE content IS DISTINCT FROM ${contentOfRow} ORDER BY id`,
  )
  return {checksum, bankTotal: total === null ? null : Number(total), altered: altered.ranges}
}

/**
 * Behind all that the primary has acknowledged; 0 when no primary answers, because then there is nothing to wait for. What was
 * acknowledged with `synchronous_commit = off` is not on its disk yet, and no replica gets what is not: a record of our own,
 * flushed with its commit, takes all before it along.
 */
async function endOfWal(lab: Lab): Promise<number> {
  try {
    return await asking(lab.name, throughEntry(lab), async client => {
      await client.query('BEGIN')
      await client.query('SET LOCAL synchronous_commit = local') // no standby is waited for here
      const {rows} = await client.query<{lsn: string}>("SELECT pg_logical_emit_message(true, 'pgha-lab', '') AS lsn")
      await client.query('COMMIT')
      return lsnBytes(rows[0]!.lsn)
    })
  } catch {
    return 0
  }
}

/** How commits of the clients' role are acknowledged there, and what says so; nothing where it is not let in. */
async function commitsOf(lab: Lab, host: HostName): Promise<Pick<FinalRows, 'synchronousCommit'>> {
  const asClient = {...lab.superuser(host, appDatabase), user: roles.app, password: lab.allocation.passwords.app}
  try {
    return await asking(lab.name, asClient, async client => {
      const {rows} = await client.query<{setting: string; source: string}>(
        "SELECT setting, source FROM pg_settings WHERE name = 'synchronous_commit'",
      )
      return rows[0] === undefined ? {} : {synchronousCommit: {setting: rows[0].setting, source: rows[0].source}}
    })
  } catch {
    return {}
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
async function roleOf(client: pg.Client): Promise<Pick<FinalRows, 'timeline' | 'inRecovery'>> {
  const {rows} = await client.query<{timeline: number; standby: boolean}>(
    `SELECT CASE WHEN standby
        THEN coalesce((SELECT received_tli FROM pg_stat_wal_receiver), (pg_control_checkpoint()).timeline_id)
        ELSE ('x' || substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8))::bit(32)::int END AS timeline, standby
      FROM pg_is_in_recovery() AS standby`,
  )
  const {timeline, standby} = rows[0]!
  return {timeline, inRecovery: standby}
}
