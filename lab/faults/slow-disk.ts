/**
 * A disk on which each fsync takes long, for etcd or for PostgreSQL: strace holds up the call (`images/host/bin/slow-disk`). Nothing fails,
 * and reads are as fast as ever.
 */
import {z} from 'zod'
import type {Fault, FaultSite} from '../breaking/fault.ts'
import {impairsNobody, oneOfEtcd, seconds} from '../breaking/in-storms.ts'
import {stillPrints} from '../breaking/lasting.ts'
import {Shells} from '../breaking/paths.ts'
import {find} from '../breaking/processes.ts'
import {prove, type Seen} from '../breaking/prove.ts'
import {strikeOn} from '../breaking/strike.ts'
import {writeWal} from '../breaking/wal.ts'
import {base64} from '../cluster/etcd-messages.ts'
import {leaderOf} from '../cluster/patroni-keys.ts'
import {openShell} from '../cluster/shell.ts'
import {type HostName, hostsWith} from '../topology/topology.ts'
import {duration} from '../words/schemas.ts'
import {timeLimit} from '../words/time-limit.ts'

const victims = ['etcd', 'postgres'] as const

const params = z.strictObject({
  what: z.enum(victims, {error: `\`what\` is one of ${victims.join(', ')}`}),
  /** So much longer does each fsync take. */
  by: duration.refine(ms => ms >= 10 && ms <= 10_000, {error: 'between 10ms and 10s'}).default(200),
  limit: timeLimit,
})

type Params = z.output<typeof params>

export const slowDisk: Fault<Params> = {
  area: 'resources',
  about:
    'A slow disk: each fsync of etcd or of PostgreSQL takes longer by `by` (200ms unless given), until it is mended or its `limit` (3m unless given) is over',
  params,
  needs: () => ['ptrace'],
  limitMs: ({limit}) => limit,
  strikes: ({what}, {on}) => ({...strikeOn(on, null), ...(what === 'etcd' && {slowDisk: on})}),

  storm: {
    lines: [
      {
        ...{on: ['etcd-leader', 'etcd-follower'], params: ['50ms', '300ms'].map(by => ({what: 'etcd', by}))},
        ...{heals: true, impairs: oneOfEtcd, holdMs: seconds(5, 15), strikesLeader: false},
      },
      {
        ...{on: ['leader', 'replica'], params: ['20ms', '100ms'].map(by => ({what: 'postgres', by}))},
        ...{heals: true, impairs: impairsNobody, holdMs: seconds(5, 15), strikesLeader: false},
      },
    ],
  },

  async inject(on, {what, by, limit}) {
    const {lab, hosts, mend, broke} = on
    await using shells = await Shells.open(lab, hosts)
    await Promise.all(hosts.map(host => mustRun(on, host, what)))
    for (const host of hosts)
      await mend(
        {do: 'unslow-disk', host},
        stillPrints(
          host,
          `if pgrep -f '^/bin/sh [^ ]*/slow-disk awake ${what} ' > /dev/null; then echo yes; fi`,
          'yes',
          `the disk of ${host} is fast again`,
        ),
      )
    const script = (limitMs: number) => `slow-disk ${what} ${Math.round(by * 1000)} ${Math.ceil(limitMs / 1000)}`
    let endsAt = 0
    for (const host of hosts)
      on.again(host, async () => {
        const leftMs = (endsAt - on.now()) / 1000
        if (leftMs < 1000) return
        await using shell = await openShell(lab, host)
        await shell.run(script(leftMs))
      })
    await broke(() => {
      endsAt = on.now() + limit * 1000 // `broke` may wait for the right moment
      return shells.run(() => script(limit))
    })
    const written = writeSomething(on, what)
    const look = async () => judgeDelays(by, await shells.run(() => `tail -n 50 /run/pgha-lab/slow-${what}`))
    await prove(on, look, {limitMs: withinMs + 2 * by, everyMs: 100})
    await written
  },
}

/** Until strace is there, and has seen one call through. */
const withinMs = 15_000

async function mustRun({lab}: FaultSite, host: HostName, what: Params['what']): Promise<void> {
  await using shell = await openShell(lab, host)
  await find(shell, host, what)
}

/** Whatever is written first shows the fault; what cannot be written now shows nothing, and the proof says so. */
async function writeSomething({lab, signal}: FaultSite, what: Params['what']): Promise<void> {
  try {
    if (what === 'postgres') return await writeWal(lab, await leaderOf(lab, signal), 1, signal)
    const [member] = hostsWith(lab.topology, 'etcd')
    // It deletes nothing, and stands in the log of every member all the same.
    const question = {method: 'POST', body: {key: base64('pgha-lab-nothing')}, withinMs, signal} as const
    await lab.ask(member!, 'etcd', '/v3/kv/deleterange', question)
  } catch {
    // the cluster's own writes are left
  }
}

/** @param printed what strace said of each host last: calls that it held up are marked, with how long they took in the end. */
export function judgeDelays(by: number, printed: ReadonlyMap<HostName, string>): Seen {
  const seen = [...printed].map(([host, text]) => {
    const held = [...text.matchAll(/= 0 \(DELAYED\) <(\d+\.\d+)>$/gm)].map(([, took]) => Number(took) * 1000)
    return {host, tookMs: Math.max(0, ...held)}
  })
  const fast = seen.filter(one => one.tookMs < by).map(one => one.host)
  return {
    holds: fast.length === 0,
    says:
      fast.length === 0
        ? seen.map(({host, tookMs}) => `an fsync on ${host} took ${Math.round(tookMs)} ms`).join(', ')
        : `no fsync on ${fast.join(' and ')} was held up yet`,
  }
}
