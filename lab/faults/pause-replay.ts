/**
 * A replica that receives WAL and does not replay it. Patroni must not mind: received WAL is what makes a candidate, and a
 * promotion replays the rest first.
 *
 * By `recovery_min_apply_delay`, which holds replay at the next commit and gives way to a promotion (PostgreSQL,
 * `xlogrecovery.c: recoveryApplyDelay`), set as an operator would in the replica's own patroni.yml. `pg_wal_replay_pause()`
 * would not last: since PostgreSQL 14, a Patroni that is not in maintenance mode resumes a paused replay in its next
 * loop (Patroni 4.0, `ha.py: follow`, `postgresql: handle_parameter_change`).
 */

import {z} from 'zod'
import type {Fault} from '../breaking/fault.ts'
import {isSynchronous, oneOfPostgres, seconds} from '../breaking/in-storms.ts'
import {clusterWith} from '../breaking/one-cluster.ts'
import {layOver, stillOver} from '../breaking/patroni-overlay.ts'
import {patiently, prove, type Seen} from '../breaking/prove.ts'
import {strikeOn} from '../breaking/strike.ts'
import {maximumLag, primaryEnd, sayBytes, standby, writeWal} from '../breaking/wal.ts'
import {leaderOf} from '../cluster/patroni-keys.ts'
import {openShell} from '../cluster/shell.ts'
import {LabError} from '../words/errors.ts'
import {size} from '../words/schemas.ts'

const most = 512 * 1024 * 1024

const params = z.strictObject({
  by: size
    .refine(bytes => bytes > 0 && bytes <= most, `\`by\` is at most ${sayBytes(most)} and more than nothing`)
    .optional(),
})

type Params = z.output<typeof params>

/** The longest that PostgreSQL takes is 24 days; a lab that is kept does not last that long. */
const delay = {postgresql: {recovery_conf: {recovery_min_apply_delay: '20d'}}}

export const pauseReplay: Fault<Params> = {
  area: 'replication',
  about:
    'A replica receives WAL but does not replay it (recovery_min_apply_delay), and the leader writes `by` so much (twice maximum_lag_on_failover unless given)',
  params,
  strikes: (_, {on}) => strikeOn(on, null),

  storm: {
    lines: [
      {
        on: ['replica'],
        unless: isSynchronous, // commits would wait for the very replica that is to fall behind
        ...{heals: true, impairs: oneOfPostgres, holdMs: seconds(5, 20), place: 19},
      },
    ],
  },

  async inject(on, {by}) {
    const {lab, hosts, signal} = on
    const leader = await leaderOf(clusterWith(lab, hosts), signal)
    if (hosts.includes(leader))
      throw new LabError('no-target', `${leader} is the leader, which replays nothing`, {
        hint: '`on: replica` or `on: replicas`',
      })
    const wanted = by ?? Math.max(2 * (await maximumLag(lab, leader, signal)), 1024 * 1024)
    const pace = {limitMs: 2 * lab.topology.patroni.loopWaitSeconds * 1000 + 10_000, everyMs: 100}

    await using shells = new AsyncDisposableStack()
    const open = await Promise.all(hosts.map(async host => shells.use(await openShell(lab, host))))
    for (const host of hosts) {
      await on.mend({do: 'resume-replay', host}, stillOver(host, 'replay', delay))
      on.again(host, async () => {
        await using shell = await openShell(lab, host)
        await shell.run(layOver('replay', delay))
      })
    }
    await on.broke(() => Promise.all(open.map(shell => shell.run(layOver('replay', delay)))))

    // Patroni reads its file again within a loop, and PostgreSQL then stops at the next commit.
    const deadline = performance.now() + pace.limitMs
    const delayed = async () =>
      (await Promise.all(hosts.map(host => standby(lab, host)))).every(one => one.applyDelayMs > 0)
    while (!(await delayed()) && performance.now() < deadline && !signal.aborted)
      await new Promise(resolve => setTimeout(resolve, pace.everyMs))
    await writeWal(lab, leader, 1, signal) // replay goes on up to the next commit: this is one
    const from = await primaryEnd(lab, leader)
    await writeWal(lab, leader, wanted, signal)

    for (const host of hosts)
      await prove(
        on,
        patiently(async (): Promise<Seen> => {
          const {received, replayed, receiver, applyDelayMs} = await standby(lab, host)
          const moved = received - from
          return {
            holds: applyDelayMs > 0 && receiver === 'streaming' && moved >= wanted && received - replayed >= wanted,
            says: `${host} has received ${sayBytes(moved)} of WAL since its replay was to wait, ${sayBytes(received - replayed)} of it are not replayed; its WAL receiver is ${receiver ?? 'gone'}`,
          }
        }),
        pace,
      )
  },
}
