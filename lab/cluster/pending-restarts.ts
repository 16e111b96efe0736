/** Restarts that Patroni waits for an operator to make, after a parameter was changed that PostgreSQL reads at its start only. */
import {setTimeout as sleep} from 'node:timers/promises'
import type {Lab} from '../engine/lab.ts'
import type {HostName} from '../topology/topology.ts'
import {LabError} from '../words/errors.ts'
import {onLab} from '../words/next-step.ts'
import {askPatroni, type Config, sayAnswer, took} from './patroni-api.ts'
import {type PatroniKeys, patroniKeys} from './patroni-keys.ts'
import {sql} from './sql.ts'
import {waitFor} from './wait.ts'

/** Patroni looks a second after its reload what waits for a restart (Patroni 4.0, `postgresql/config.py: reload_config`). */
const reloadMs = 1500
/** A replica connects again within wal_retrieve_retry_interval, 5 s; a leader that was restarted just now may end a connection once more. */
const caughtUpWithinMs = 30_000

/**
 * After the configuration was patched: restarts, one after the other, the members that only then have its parameters in
 * force. Without a leader there is nothing to be done: Patroni restarts nobody then, and who starts later has them.
 * @throws LabError `engine` when a member does not restart, `timeout` when a replica does not follow.
 */
export async function restartPending(lab: Lab, patch: Config): Promise<void> {
  const {leader} = await patroniKeys(lab)
  if (leader === null || !(await needsRestart(lab, leader, patch))) return
  await sleep(lab.topology.patroni.loopWaitSeconds * 1000 + reloadMs)
  const changes = await changesOn(lab, leader)
  for (const host of restartOrder(await patroniKeys(lab), changes)) {
    if (host !== leader) await caughtUp(lab, leader, host)
    const answer = await askPatroni(lab, host, {method: 'POST', path: '/restart', body: {}, withinMs: 20_000})
    if (!took(answer))
      throw new LabError('engine', `${host} waits for a restart and Patroni did not make it: ${sayAnswer(answer)}`, {
        hint: onLab(lab.name, 'status'),
      })
  }
}

/**
 * A replica takes over a smaller value once it has replayed that its primary did; before that, Patroni starts it with the old
 * one (Patroni 4.0, `postgresql/config.py: effective_configuration`). It is asked itself: the leader sees nothing of one that
 * streams from another replica.
 */
async function caughtUp(lab: Lab, leader: HostName, host: HostName): Promise<void> {
  let end: string | undefined
  const look = async () => {
    end ??= (await sql<[string]>(lab, leader, 'SELECT pg_current_wal_flush_lsn()::text'))[0]![0]
    const rows = await sql(lab, host, 'SELECT 1 WHERE pg_last_wal_replay_lsn() >= $1::pg_lsn', [end])
    return rows.length > 0 ? {} : 'it has not'
  }
  await waitFor(
    `${host} to replay what its leader has written`,
    () => look().catch((error: unknown) => (error instanceof LabError ? error.message : Promise.reject(error))),
    {withinMs: caughtUpWithinMs, signal: new AbortController().signal},
  )
}

/** Whether the patch has a parameter that takes a restart. */
async function needsRestart(lab: Lab, leader: HostName, {postgresql}: Config): Promise<boolean> {
  const {parameters} = (postgresql ?? {}) as {parameters?: Config | null}
  const names = Object.keys(parameters ?? {})
  if (names.length === 0) return false
  const rows = await sql(
    lab,
    leader,
    `SELECT 1 FROM pg_settings WHERE lower(name) = ANY($1) AND context = 'postmaster'`,
    [names.map(name => name.toLowerCase())],
  )
  return rows.length > 0
}

/** What a standby must not have less of than its primary (PostgreSQL, "Hot Standby: Administrator's Overview"): whole numbers, all of them. */
const ofStandbys = [
  ...['max_connections', 'max_locks_per_transaction', 'max_prepared_transactions', 'max_wal_senders'],
  'max_worker_processes',
]

/** Of these, what a server has, and what its configuration says that it has after a restart. */
interface Change {
  readonly inForce: number
  readonly next: number
}

/** PostgreSQL itself is asked: only from 3.3 on does Patroni tell of both values (`pending_restart_reason`). */
async function changesOn(lab: Lab, host: HostName): Promise<readonly Change[]> {
  const rows = await sql<[string, string | null]>(
    lab,
    host,
    `SELECT s.setting, (SELECT setting FROM pg_file_settings f WHERE lower(f.name) = s.name ORDER BY seqno DESC LIMIT 1)
       FROM pg_settings s WHERE s.name = ANY($1)`,
    [ofStandbys],
  )
  return rows.flatMap(([inForce, next]) => (next === null ? [] : [{inForce: Number(inForce), next: Number(next)}]))
}

/** Standbys shut down that have less than their primary: what grows, grows on the replicas first, and what shrinks, on the leader. */
export function restartOrder({leader, members}: PatroniKeys, changes: readonly Change[]): HostName[] {
  const pending = Object.entries(members).filter(([, member]) => member.pendingRestart)
  const shrinks = changes.some(({inForce, next}) => next < inForce)
  const first = (host: HostName) => (host === leader) === shrinks
  const hosts = pending.map(([host]) => host).toSorted()
  return [...hosts.filter(first), ...hosts.filter(host => !first(host))]
}
