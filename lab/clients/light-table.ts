/**
 * The table of clients that belong to no run: those of a lab that is only watched. No run takes it for its own, and making it takes
 * none from a run.
 */
import {randomBytes} from 'node:crypto'
import {setTimeout as sleep} from 'node:timers/promises'
import type pg from 'pg'
import type {Lab} from '../engine/lab.ts'
import {Rows} from '../history/rows.ts'
import {appDatabase, type HostName, hostsWith} from '../topology/topology.ts'
import {idsOf} from './final-rows.ts'
import {asking, createTable, throughEntry} from './table.ts'

const prefix = 'pgha_watch_'
const looksForIt = 10
const betweenLooksMs = 100

/**
 * Makes one, as a client would, and drops those that nobody can be writing any more: its name has the time, and who writes it ends by
 * then. Those of others who watch the same lab stay.
 * @param livesMs how long whoever writes such a table lives at most.
 * @throws LabError `not-ready` where nobody is let in; what PostgreSQL says where it takes no writes.
 */
export async function makeLightTable(lab: Lab, livesMs: number, nowMs = Date.now()): Promise<string> {
  const table = `${prefix}${seconds(nowMs).toString(16)}_${randomBytes(4).toString('hex')}`
  await asking(lab.name, throughEntry(lab), async client => {
    await client.query('BEGIN')
    for (const old of await lightTables(client))
      if (madeAt(old) < seconds(nowMs - livesMs)) await client.query(`DROP TABLE ${old}`)
    await createTable(client, table)
    await client.query('COMMIT')
  })
  await Promise.all(hostsWith(lab.topology, 'patroni').map(host => untilReceived(lab, host, table)))
  return table
}

/** A reader that comes before it would be told that there is none. Who is down or does not follow is not waited for. */
async function untilReceived(lab: Lab, host: HostName, table: string): Promise<void> {
  const isThere = () =>
    asking(lab.name, lab.superuser(host, appDatabase), async client => (await lightTables(client)).includes(table))
  for (let look = 0; look < looksForIt; look++) {
    if (await isThere().catch(() => true)) return
    await sleep(betweenLooksMs)
  }
}

/** @throws as `makeLightTable`. */
export async function dropLightTable(lab: Lab, table: string): Promise<void> {
  await asking(lab.name, throughEntry(lab), client => client.query(`DROP TABLE IF EXISTS ${table}`))
}

/** What the primary has of it; null: the table itself is gone. @throws as `makeLightTable`. */
export async function rowsOfLight(lab: Lab, table: string): Promise<Rows | null> {
  return asking(lab.name, throughEntry(lab), async client => {
    if (!(await lightTables(client)).includes(table)) return null
    await client.query('BEGIN READ ONLY')
    const found = await idsOf(client, `SELECT id FROM ${table} ORDER BY id`)
    await client.query('COMMIT')
    return new Rows(found)
  })
}

async function lightTables(client: pg.Client): Promise<string[]> {
  const {rows} = await client.query<[string]>({
    text: `SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename ~ '^${prefix}[0-9a-f]+_[0-9a-f]+$'`,
    rowMode: 'array',
  })
  return rows.map(([name]) => name)
}

function seconds(ms: number): number {
  return Math.floor(ms / 1000)
}

function madeAt(table: string): number {
  return Number.parseInt(table.slice(prefix.length), 16)
}
