/** One direct question after the other to every PostgreSQL server: could it take writes, on which timeline, how far. */
import type {Of} from '../history/event.ts'
import {codeOf} from '../history/sqlstate.ts'
import {NoWay} from '../observer/tunnel.ts'
import {type HostName, hostsWith} from '../topology/topology.ts'
import {lsnBytes} from '../words/lsn.ts'
import {Connection} from './connection.ts'
import {answered, isDown} from './down.ts'
import {every} from './every.ts'
import type {Probe, ProbeSite} from './probe.ts'
import {Watching} from './watching.ts'

type ServerSeen = Omit<Of<'postgres'>, 'at' | 'kind' | 'host' | 'askedAt'>

const periodMs = 50
/** Of a host that is down by the engine's word each answer is the same refusal: one of so many is asked for. */
const whileDown = 5

/**
 * `pg_is_in_recovery()` is asked once, in FROM: asked twice, a promotion might fall between. A replica's timeline is the
 * one that it receives; while it streams from nobody it is null, because what pg_control says may be an old one.
 */
const question = `SELECT standby, current_setting('transaction_read_only') = 'on',
    CASE WHEN standby THEN received_tli ELSE ('x' || substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8))::bit(32)::int END,
    CASE WHEN standby THEN pg_last_wal_receive_lsn() ELSE pg_current_wal_lsn() END,
    CASE WHEN standby THEN pg_last_wal_replay_lsn() END,
    status
  FROM pg_is_in_recovery() AS standby LEFT JOIN pg_stat_wal_receiver ON true`

type Row = [boolean, boolean, number | null, string | null, string | null, string | null]

/** Asks 20 times a second over one connection per host, and 4 times where the engine says that it is down; every sample is an event. */
export const postgres: Probe = {
  name: 'postgres',
  async run(on) {
    await Promise.all(hostsWith(on.lab.topology, 'patroni').map(host => watch(on, host)))
  },
}

async function watch(on: ProbeSite, host: HostName): Promise<void> {
  using watching = new Watching(on, 'postgres', host)
  using connection = new Connection(on.lab.superuser(host))
  const hangUp = () => connection.hangUp('the run is over')
  on.signal.addEventListener('abort', hangUp, {once: true})
  let beats = 0
  await every(periodMs, on, async () => {
    beats = isDown(on, host) ? beats + 1 : 0
    if (beats % whileDown !== 0) return
    const askedAt = on.now()
    const seen = await ask(connection)
    // Where nobody heard the question, the time since the last answer shows it.
    if (on.signal.aborted || seen === null) return
    watching.sample(seen.up)
    if (seen.up) answered(on, host)
    on.record({kind: 'postgres', host, askedAt, ...seen})
  })
  on.signal.removeEventListener('abort', hangUp)
}

/** null: there is no way into the lab's network. */
async function ask(connection: Connection): Promise<ServerSeen | null> {
  try {
    const [row] = await connection.ask<Row>('probe', question)
    const [inRecovery, readOnly, timeline, lsn, replayedLsn, receiver] = row!
    return {
      up: true,
      inRecovery,
      readOnly,
      timeline,
      lsn: lsn === null ? null : lsnBytes(lsn),
      replayedLsn: replayedLsn === null ? null : lsnBytes(replayedLsn),
      error: null,
      receiver,
    }
  } catch (error) {
    if (error instanceof NoWay) return null
    return {
      up: false,
      inRecovery: null,
      readOnly: null,
      timeline: null,
      lsn: null,
      replayedLsn: null,
      error: codeOf(error),
      receiver: null,
    }
  }
}
