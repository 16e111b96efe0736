/** Positions in the write-ahead log, in bytes, as each server itself says; and writing some. */

import {dynamicConfig} from '../cluster/patroni-api.ts'
import {sql} from '../cluster/sql.ts'
import type {Lab} from '../engine/lab.ts'
import type {HostName} from '../topology/topology.ts'

interface Standby {
  /** 0 when it has never received any since it started. */
  readonly received: number
  readonly replayed: number
  /** Status of the WAL receiver, e.g. 'streaming'; null when none runs. */
  readonly receiver: string | null
  /** recovery_min_apply_delay */
  readonly applyDelayMs: number
}

/** What a primary has written and flushed. @throws LabError `engine` also when the host is a standby. */
export async function primaryEnd(lab: Lab, host: HostName): Promise<number> {
  const [row] = await sql<[string]>(lab, host, `SELECT pg_current_wal_flush_lsn() - '0/0'::pg_lsn`)
  return Number(row?.[0])
}

/** @throws LabError `engine` */
export async function standby(lab: Lab, host: HostName): Promise<Standby> {
  const [row] = await sql<[string | null, string | null, string | null, string]>(
    lab,
    host,
    `SELECT pg_last_wal_receive_lsn() - '0/0'::pg_lsn, pg_last_wal_replay_lsn() - '0/0'::pg_lsn,
       (SELECT status FROM pg_stat_wal_receiver),
       (SELECT setting FROM pg_settings WHERE name = 'recovery_min_apply_delay')`,
  )
  const [received, replayed, receiver, delay] = row!
  return {received: Number(received ?? 0), replayed: Number(replayed ?? 0), receiver, applyDelayMs: Number(delay)}
}

const megabyte = 1024 * 1024
/** Slow enough to leave the clients of the lab their share of the disk. */
const perMegabyteMs = 50

/**
 * About so many bytes of WAL, as messages that no table holds and that replicas skip (`pg_logical_emit_message`); each
 * megabyte ends with a commit.
 * @throws LabError `engine`
 */
export async function writeWal(lab: Lab, host: HostName, bytes: number, signal: AbortSignal): Promise<void> {
  for (let left = bytes; left > 0 && !signal.aborted; left -= megabyte) {
    const began = performance.now()
    const chunks = Math.ceil(Math.min(left, megabyte) / (megabyte / 8))
    await sql(
      lab,
      host,
      `SELECT count(pg_logical_emit_message(true, 'pgha-lab', repeat('x', $1))) FROM generate_series(1, $2)`,
      [megabyte / 8, chunks],
    )
    const restMs = perMegabyteMs - (performance.now() - began)
    if (restMs > 0) await new Promise(resolve => setTimeout(resolve, restMs))
  }
}

/** How far a replica may be behind and still be promoted: `maximum_lag_on_failover` as the cluster has it now. */
export async function maximumLag(lab: Lab, leader: HostName, signal: AbortSignal): Promise<number> {
  const {maximum_lag_on_failover: bytes} = await dynamicConfig(lab, leader, signal)
  return typeof bytes === 'number' ? bytes : defaultMaximumLag
}

/** Patroni's own, `global_config.py`. */
const defaultMaximumLag = megabyte

/** For a sentence: `2.4 MB`, `310 kB`. */
export function sayBytes(bytes: number): string {
  return Math.abs(bytes) < megabyte ? `${Math.round(bytes / 1024)} kB` : `${(bytes / megabyte).toFixed(1)} MB`
}
