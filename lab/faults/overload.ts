/** Too little CPU for a host, or too many connections to its PostgreSQL, or both. */
import {z} from 'zod'
import type {Fault, FaultSite} from '../breaking/fault.ts'
import {impairsNobody, seconds, wholeHost} from '../breaking/in-storms.ts'
import {stillPrints, stillSo} from '../breaking/lasting.ts'
import {find} from '../breaking/processes.ts'
import {prove, type Seen} from '../breaking/prove.ts'
import {strikeOn} from '../breaking/strike.ts'
import {openShell} from '../cluster/shell.ts'
import {appDatabase, type HostName, roles} from '../topology/topology.ts'
import {defaultLimitMs, givenLimit} from '../words/time-limit.ts'

interface Params {
  readonly cpus?: number | undefined
  readonly connections?: number | undefined
  /** Milliseconds. */
  readonly limit?: number | undefined
}

/** Each is a process of PostgreSQL, and the person's machine has to bear them. */
const mostConnections = 1000
/** A thousand take 13 s on two cores that have nothing else to do, and 20 to 30 s with 1.5 CPUs for the host. */
const connectedWithinMs = 60_000

export const overload: Fault<Params> = {
  area: 'resources',
  about:
    'Gives a host too little CPU (`cpus: 0.2`), or takes connections of its PostgreSQL (`connections: 200`) until none is left for the clients, or both. The connections end by themselves after `limit` (3m unless given).',
  params: z
    .strictObject({
      cpus: z
        .number({error: '`cpus` is a number of CPUs, such as 0.2'})
        .min(0.01, 'at least 0.01 CPUs: the engine takes no less')
        .max(64, 'at most 64 CPUs')
        .optional(),
      connections: z
        .int({error: '`connections` is a whole number'})
        .min(1, 'at least 1 connection')
        .max(mostConnections, `at most ${mostConnections} connections`)
        .optional(),
      limit: givenLimit.optional(),
    })
    .superRefine(({cpus, connections, limit}, {addIssue}) => {
      if (cpus === undefined && connections === undefined)
        addIssue({code: 'custom', message: 'an overload needs `cpus` or `connections`, such as `cpus: 0.2`'})
      else if (limit !== undefined && connections === undefined)
        addIssue({
          code: 'custom',
          path: ['limit'],
          message: '`limit` goes with `connections`; a CPU limit lasts until it is mended',
        })
    }),

  needs: ({cpus}) => (cpus === undefined ? [] : ['cpu-limit']),
  limitMs: ({connections, limit}) => (connections === undefined ? null : (limit ?? defaultLimitMs)),
  strikes: ({cpus}, {on}) => ({...strikeOn(on, null), ...(cpus === undefined ? {} : {slowCpu: on})}),

  storm: {
    spoils: ['quick'],
    lines: [
      {
        ...{on: ['leader'], params: [50, 120, 200].map(connections => ({connections})), kind: 'connections'},
        ...{heals: true, impairs: impairsNobody, holdMs: seconds(5, 15), strikesLeader: false, place: 21},
      },
      {
        ...{on: ['replica'], params: [{cpus: 0.2}, {cpus: 0.4}], kind: 'cpus', heals: true},
        ...{impairs: wholeHost, holdMs: seconds(5, 15), place: 22}, // a starved member of etcd may miss a vote
      },
    ],
  },

  async inject(on, {cpus, connections, limit}) {
    if (cpus !== undefined) await limitCpus(on, cpus)
    if (connections !== undefined) await takeConnections(on, connections, limit ?? defaultLimitMs)
  },
}

async function limitCpus(on: FaultSite, cpus: number): Promise<void> {
  const {lab, hosts, mend, broke, again} = on
  await using shells = new AsyncDisposableStack()
  const slowed = await Promise.all(
    hosts.map(async host => ({
      host,
      id: (await lab.container(host)).id,
      shell: shells.use(await openShell(lab, host)),
    })),
  )
  for (const host of hosts)
    await mend(
      {do: 'lift-cpu-limit', host},
      stillSo(host, ({cpuLimited}) => cpuLimited, 'has no CPU limit'),
    )
  await broke(() => Promise.all(slowed.map(({host, id}) => lab.engineOf(host).limitCpus(id, cpus))))
  for (const {host, id} of slowed) again(host, () => lab.engineOf(host).limitCpus(id, cpus))
  await Promise.all(
    slowed.map(({host, shell}) => prove(on, async () => judgeQuota(host, cpus, await shell.run(quotaScript)))),
  )
}

/** The cgroup's own files, v2 or v1: microseconds of CPU in each period; `max` or -1 is without a limit. */
const quotaScript = `cat /sys/fs/cgroup/cpu.max 2> /dev/null ||
  echo $(cat /sys/fs/cgroup/cpu/cpu.cfs_quota_us /sys/fs/cgroup/cpu/cpu.cfs_period_us)`

export function judgeQuota(host: HostName, cpus: number, printed: string): Seen {
  const [quota, period] = printed.trim().split(/\s+/).map(Number)
  const allowed = quota! > 0 && period! > 0 ? quota! / period! : null
  return {
    holds: allowed !== null && Math.abs(allowed - cpus) < 0.005,
    says: `the kernel gives ${host} ${allowed === null ? `no CPU limit (${printed.trim()})` : `${allowed} CPUs`}`,
  }
}

async function takeConnections(on: FaultSite, connections: number, limitMs: number): Promise<void> {
  const {lab, hosts, mend, broke} = on
  await using shells = new AsyncDisposableStack()
  const loaded = await Promise.all(
    hosts.map(async host => {
      const shell = shells.use(await openShell(lab, host))
      await find(shell, host, 'postgres')
      return {host, shell}
    }),
  )
  for (const host of hosts)
    await mend(
      {do: 'end-load', host},
      stillPrints(host, loadedScript, 'yes', `what holds connections to PostgreSQL on ${host} has ended`),
    )
  const script = loadScript(connections, limitMs, lab.allocation.passwords.app)
  await broke(() => Promise.all(loaded.map(({shell}) => shell.run(script))))
  await Promise.all(
    loaded.map(({host, shell}) =>
      prove(
        on,
        async () => judgeLoad(host, connections, await shell.run('cat /run/pgha-lab/load 2> /dev/null || true')),
        connectedWithinMs,
      ),
    ),
  )
}

const loadedScript = "if pgrep -f '^pgha-lab-load' > /dev/null; then echo yes; fi"

/** The password goes through the environment: an argument can be read by everybody on the host. */
export function loadScript(connections: number, limitMs: number, password: string): string {
  return `mkdir -p /run/pgha-lab
rm -f /run/pgha-lab/load
export PGHOST=/run/postgresql PGUSER=${roles.app} PGDATABASE=${appDatabase} PGPASSWORD='${password.replaceAll("'", "'\\''")}'
setsid -f bash -c 'exec -a pgha-lab-load python3 /usr/local/bin/hold-connections ${connections} ${Math.ceil(limitMs / 1000)}' \\
  < /dev/null > /dev/null 2>&1`
}

/** @param printed what images/host/bin/hold-connections reports, e.g. `held 97 full 3 failed 0`; empty before its first report. */
export function judgeLoad(host: HostName, wanted: number, printed: string): Seen {
  const match = /^held (\d+) full (\d+) failed (\d+)/.exec(printed)
  if (match === null) return {holds: false, says: `no connection to PostgreSQL on ${host} has been opened yet`}
  const [held = 0, full = 0, failed = 0] = match.slice(1).map(Number)
  const others = `${full > 0 ? `, ${full} refused because all slots are taken` : ''}${failed > 0 ? `, ${failed} failed` : ''}`
  return {
    holds: failed === 0 && held + full >= wanted,
    says: `${held} of ${wanted} connections to PostgreSQL on ${host} are held${others}`,
  }
}
