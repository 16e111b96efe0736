/**
 * A replica that is really behind: it receives no WAL while the leader writes on. What Patroni compares with
 * `maximum_lag_on_failover` in a leader race is what a replica has *received* (or replayed, if that is more) and the position
 * that the leader wrote to `/status` in its last loop (Patroni 4.0, `ha.py: is_lagging`, `postgresql: last_operation`).
 *
 * The replica's own kernel refuses its connections to the other hosts' PostgreSQL. A stopped WAL receiver would not do: it keeps
 * what has come into its socket, and the startup process waits for it for ever in a promotion. Refused rather than
 * dropped, so that PostgreSQL tries again at once when the network is open, instead of after TCP's own pauses.
 */

import {z} from 'zod'
import type {Fault, FaultSite} from '../breaking/fault.ts'
import {isSynchronous, oneOfPostgres, seconds} from '../breaking/in-storms.ts'
import {cutName, nftScript, stillCut} from '../breaking/nft.ts'
import {clusterWith} from '../breaking/one-cluster.ts'
import {patiently, prove} from '../breaking/prove.ts'
import {strikeOn} from '../breaking/strike.ts'
import {maximumLag, primaryEnd, sayBytes, standby, writeWal} from '../breaking/wal.ts'
import {leaderOf, patroniKeys} from '../cluster/patroni-keys.ts'
import {openShell} from '../cluster/shell.ts'
import {type HostName, hostsWith} from '../topology/topology.ts'
import {LabError} from '../words/errors.ts'
import {size} from '../words/schemas.ts'
import {timeLimit} from '../words/time-limit.ts'

const most = 512 * 1024 * 1024

const params = z.strictObject({
  by: size
    .refine(bytes => bytes > 0 && bytes <= most, `\`by\` is at most ${sayBytes(most)} and more than nothing`)
    .optional(),
  limit: timeLimit,
})

type Params = z.output<typeof params>

export const lag: Fault<Params> = {
  area: 'replication',
  about:
    'A replica falls behind in the WAL that it receives, `by` so much (twice maximum_lag_on_failover unless given): its connection to the leader is refused, and the leader writes',
  params,
  needs: () => ['nftables'],
  limitMs: ({limit}) => limit,
  strikes: (_, {on}) => strikeOn(on, null),

  storm: {
    ...{spoils: ['line'], minds: ['line']},
    lines: [
      {
        on: ['replica'],
        unless: isSynchronous, // commits would wait for the very replica that is to fall behind
        ...{heals: true, impairs: oneOfPostgres, holdMs: seconds(5, 20), place: 18},
      },
    ],
  },

  async inject(on, {by, limit}) {
    const {lab, hosts, signal} = on
    const leader = await leaderOf(clusterWith(lab, hosts), signal)
    if (hosts.includes(leader))
      throw new LabError('no-target', `${leader} is the leader, which cannot fall behind itself`, {
        hint: '`on: replica` or `on: replicas`',
      })
    const maximum = await maximumLag(lab, leader, signal)
    const wanted = by ?? Math.max(2 * maximum, 1024 * 1024)

    await refuse(on, limit)
    await fallBehind(on, leader, wanted)

    const {loopWaitSeconds} = lab.topology.patroni
    for (const host of hosts)
      await prove(
        on,
        patiently(async () => {
          const [{optime}, {received, receiver}] = [
            await patroniKeys(clusterWith(lab, hosts), signal),
            await standby(lab, host),
          ]
          const behind = (optime ?? 0) - received
          return {
            holds: behind >= wanted && receiver !== 'streaming',
            says: `${host} has received ${sayBytes(behind)} less than the leader's last /status says (maximum_lag_on_failover is ${sayBytes(maximum)}), its WAL receiver is ${receiver ?? 'gone'}`,
          }
        }),
        // The leader tells its position once a loop.
        {limitMs: 2 * loopWaitSeconds * 1000 + 10_000, everyMs: 200},
      )
  },
}

async function refuse(on: FaultSite, limitMs: number): Promise<void> {
  const {lab, hosts} = on
  const cut = cutName(on.id)
  const rules = (host: HostName, leftMs: number) => {
    const peers = hostsWith(clusterWith(lab, [host]).topology, 'patroni').filter(other => other !== host)
    const cuts = [{service: 'replication', end: 'client', ways: 'out', peers}] as const
    return nftScript({cut, cuts, how: 'reject', limitMs: leftMs}, lab)
  }
  const script = (host: HostName, leftMs: number) => `nft -f - << 'END'\n${rules(host, leftMs)}END`
  await using shells = new AsyncDisposableStack()
  const open = await Promise.all(hosts.map(async host => ({host, shell: shells.use(await openShell(lab, host))})))
  const endsAt = on.now() + limitMs * 1000
  for (const host of hosts) {
    await on.mend({do: 'open-network', host, cut}, stillCut(host, cut, rules(host, limitMs)))
    on.again(host, async () => {
      const leftMs = (endsAt - on.now()) / 1000
      if (leftMs < 1) return
      await using shell = await openShell(lab, host)
      await shell.run(script(host, leftMs))
    })
  }
  await on.broke(() => Promise.all(open.map(({host, shell}) => shell.run(script(host, limitMs)))))
}

/** A replica may still receive what was on its way: the leader writes until the distance is there. */
async function fallBehind({lab, hosts, signal}: FaultSite, leader: HostName, wanted: number): Promise<void> {
  const first = await primaryEnd(lab, leader)
  for (;;) {
    const end = await primaryEnd(lab, leader)
    const received = Math.max(...(await Promise.all(hosts.map(async host => (await standby(lab, host)).received))))
    const missing = wanted - (end - received)
    // Whoever has received all this is not cut off: the proof says so.
    if (missing <= 0 || end - first > 2 * wanted + 16 * 1024 * 1024 || signal.aborted) return
    await writeWal(lab, leader, missing, signal)
  }
}
