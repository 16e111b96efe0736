/** What the clients send. All answer with [the server's host, timeline in 8 hex digits, LSN], and then what was read. */
import {bank} from '../../history/bank.ts'
import {readersLookBelow} from '../../history/client-group.ts'
import {hostParameter} from '../../topology/topology.ts'
import {bankOf, type Job, type ScriptConfig} from './protocol.ts'

/**
 * Which host answers, as its server was told: what it is reached through, such as a pooler beside it, changes nothing of that. Null
 * where nobody told it.
 */
export const whoAnswers = `current_setting('${hostParameter}', true)`

/**
 * The LSN is the one right after this row's own record: the commit record follows it, so the row may be lost where this LSN is not, never
 * the other way round.
 */
const wrote = `${whoAnswers}, substr(pg_walfile_name(pg_current_wal_insert_lsn()), 1, 8), pg_current_wal_insert_lsn()`

/** What a row holds besides: told from the rest of it, so that a server finds those that are not as they were written. */
export const contentOfRow = "md5(concat(client, ' ', id))"

function write(table: string): string {
  return `INSERT INTO ${table} (client, id, content) SELECT client, id, ${contentOfRow}
    FROM (VALUES ($1::text, $2::int)) AS written (client, id) RETURNING ${wrote}`
}

function newest(table: string): string {
  return `SELECT id FROM ${table} WHERE id < ${readersLookBelow} ORDER BY id DESC LIMIT 1`
}

/**
 * Two rows change or none. They are locked in the order of their ids, or two transfers the other way round would wait for each
 * other.
 */
function transfer(accounts: string): string {
  return `WITH both_accounts AS (SELECT id FROM ${accounts} WHERE id IN ($1::int, $2::int) ORDER BY id FOR UPDATE)
    UPDATE ${accounts} AS account
    SET balance = balance + CASE WHEN account.id = $1::int THEN -($3::bigint) ELSE $3::bigint END
    FROM both_accounts WHERE account.id = both_accounts.id RETURNING ${wrote}`
}

/**
 * Looks into the table, so that it reads more than the server. A replica knows its timeline from its WAL receiver alone:
 * while it streams from nobody, it is null. `pg_is_in_recovery()` is asked once, in FROM: asked twice, a promotion might fall
 * between.
 */
function reading(value: string): string {
  return `SELECT ${whoAnswers},
      CASE WHEN standby THEN (SELECT lpad(to_hex(received_tli), 8, '0') FROM pg_stat_wal_receiver)
        ELSE substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8) END,
      CASE WHEN standby THEN pg_last_wal_replay_lsn() ELSE pg_current_wal_lsn() END,
      (${value})
    FROM pg_is_in_recovery() AS standby`
}

/** What an agent asks on a new connection, before anything is measured on it: only an answered statement would tell it otherwise. */
export const asksWho = `SELECT ${whoAnswers}`

/** What writers and readers send, for an agent that knows no SQL: $1 is the client's name and $2 the id. */
export function texts(table: string): ScriptConfig['statements'] {
  return {who: asksWho, write: write(table), read: reading(newest(table))}
}

/** Prepared once per connection, by its name. */
interface Statement {
  readonly name: string
  readonly text: string
  readonly values: unknown[]
  /** Its answer has a fourth value, a number. */
  readonly reads: boolean
}

/** What a client sends as its attempt `id`. */
export function statements(job: Job, table: string): (client: string, id: number) => Statement {
  const accounts = bankOf(table)
  const insert = write(table)
  const look = reading(newest(table))
  const move = transfer(accounts)
  const audit = reading(`SELECT sum(balance)::bigint FROM ${accounts}`)
  switch (job) {
    case 'write':
      return (client, id) => ({name: 'w', text: insert, values: [client, id], reads: false})
    case 'read':
      return () => ({name: 'r', text: look, values: [], reads: true})
    case 'bank':
      return (_, id) =>
        isAudit(id)
          ? {name: 'a', text: audit, values: [], reads: true}
          : {name: 't', text: move, values: transferOf(id), reads: false}
  }
}

/** Bankers take turns: the ids are dense, and every other one is an audit. */
export function isAudit(id: number): boolean {
  return id % 2 === 0
}

/** From whom, to whom, how much: told from the id, so that a run can be followed. The two accounts always differ. */
function transferOf(id: number): [from: number, to: number, amount: number] {
  const turn = (id - 1) / 2
  const from = turn % bank.accounts
  const to = (from + 1 + (Math.floor(turn / bank.accounts) % (bank.accounts - 1))) % bank.accounts
  return [from + 1, to + 1, 1 + (turn % 5)]
}
