/** What the clients send. Both answer with [address of the server, timeline in 8 hex digits, LSN]. */
import type {OpName} from '../../event.ts'

/**
 * `inet_server_addr()` behind HAProxy is the address of the host that answered, not of the proxy. The LSN is the one
 * right after this row's own record: the commit record follows it, so the row may be lost where this LSN is not, never
 * the other way round.
 */
function write(table: string): string {
  return `INSERT INTO ${table} (client, id) VALUES ($1, $2)
    RETURNING host(inet_server_addr()), substr(pg_walfile_name(pg_current_wal_insert_lsn()), 1, 8), pg_current_wal_insert_lsn()`
}

/**
 * Looks at the newest row, so that it reads the table and not only the server. A replica knows its timeline from its WAL
 * receiver alone: while it streams from nobody, it is null. `pg_is_in_recovery()` is asked once, in FROM: asked twice, a
 * promotion might fall between.
 */
function read(table: string): string {
  return `SELECT host(inet_server_addr()),
      CASE WHEN standby THEN (SELECT lpad(to_hex(received_tli), 8, '0') FROM pg_stat_wal_receiver)
        ELSE substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8) END,
      CASE WHEN standby THEN pg_last_wal_replay_lsn() ELSE pg_current_wal_lsn() END,
      (SELECT id FROM ${table} ORDER BY id DESC LIMIT 1)
    FROM pg_is_in_recovery() AS standby`
}

/** Prepared once per connection; `values` fills the parameters. */
export function statement(
  op: OpName,
  table: string,
): {name: string; text: string; values(client: string, id: number): unknown[]} {
  return op === 'write'
    ? {name: 'w', text: write(table), values: (client, id) => [client, id]}
    : {name: 'r', text: read(table), values: () => []}
}
