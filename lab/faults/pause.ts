/** Freezes a whole host, or stops one process with SIGSTOP: it is there, keeps its connections and locks, and does nothing. */
import {setTimeout as sleep} from 'node:timers/promises'
import {z} from 'zod'
import type {Fault, FaultSite} from '../breaking/fault.ts'
import {oneOfEtcd, oneOfPostgres, seconds, wholeHost, withinLease} from '../breaking/in-storms.ts'
import {stillSo, stillStopped} from '../breaking/lasting.ts'
import {
  childrenOf,
  find,
  ofPostgres,
  type ProcessName,
  parents,
  sayProcess,
  statesOf,
  supervised,
} from '../breaking/processes.ts'
import {prove} from '../breaking/prove.ts'
import {strikeOn} from '../breaking/strike.ts'
import {openShell, type Shell} from '../cluster/shell.ts'
import {type HostName, hostsWith} from '../topology/topology.ts'
import {defaultLimitMs, givenLimit, undoLater} from '../words/time-limit.ts'

const victims = ['host', ...supervised, ...ofPostgres] as const

interface Params {
  readonly what: (typeof victims)[number]
  /** Of `postgres`: all that its postmaster started as well. */
  readonly 'with-children'?: boolean | undefined
  /** Milliseconds. */
  readonly limit?: number | undefined
}

const hungPostmaster = {
  why: 'a postmaster that hangs leaves the leader its key: Patroni asks over a session that lives on, and refreshes the lease',
  keepsKey: true,
} as const

export const pause: Fault<Params> = {
  area: 'the machine and its programs',
  about:
    'Freezes a host with all that runs on it, or one process (SIGSTOP), until it is mended. A process goes on by itself after its `limit` (3m unless given); `postgres` is the postmaster alone, unless `with-children`.',
  params: z
    .strictObject({
      what: z.enum(victims, {error: `\`what\` is one of ${victims.join(', ')}`}),
      'with-children': z.boolean({error: '`with-children` is true or false'}).optional(),
      limit: givenLimit.optional(),
    })
    .superRefine((params, {addIssue}) => {
      if (params['with-children'] !== undefined && params.what !== 'postgres')
        addIssue({code: 'custom', path: ['with-children'], message: '`with-children` goes with `what: postgres`'})
      if (params.limit !== undefined && params.what === 'host')
        addIssue({
          code: 'custom',
          path: ['limit'],
          message: 'a frozen host cannot wake itself: it stays frozen until it is mended, without a `limit`',
        })
    }),

  needs: ({what}) => (what === 'host' ? ['freezer'] : []),
  limitMs: params => (params.what === 'host' ? null : (params.limit ?? defaultLimitMs)),

  strikes({what, 'with-children': withChildren}, {on}) {
    if (what === 'host') return {...strikeOn(on, 'host-paused'), frozen: on}
    // Patroni asks over a session that it has, which a postmaster that hangs does not serve itself.
    if (what === 'postgres' && withChildren !== true) return {struck: on.map(host => ({host, ...hungPostmaster}))}
    return strikeOn(on, what === 'patroni' ? 'patroni-frozen' : null)
  },

  storm: {
    spoils: ['answers'],
    mustWake: true,
    lines: [
      {
        ...{on: ['leader', 'replica'], params: [{what: 'host'}], heals: true},
        ...{impairs: wholeHost, holdMs: withinLease, strikesLeader: false, place: 3},
      },
      {
        ...{on: ['leader', 'replica'], params: [{what: 'patroni'}], heals: true},
        ...{impairs: oneOfPostgres, holdMs: withinLease, strikesLeader: false, place: 4},
      },
      {
        ...{on: ['etcd-leader', 'etcd-follower'], params: [{what: 'etcd'}], heals: true},
        ...{impairs: oneOfEtcd, holdMs: seconds(3, 15), strikesLeader: false, place: 11},
      },
      {
        ...{on: ['etcd-majority'], params: [{what: 'etcd'}], heals: true, beyondQuorum: true},
        impairs: topology => ({etcd: hostsWith(topology, 'etcd').length, postgres: 0}),
        ...{holdMs: seconds(5, 30), strikesLeader: true, place: 27},
      },
    ],
  },

  async inject(on, params) {
    if (params.what === 'host') await pauseHosts(on)
    else await stopProcesses(on, params.what, params['with-children'] ?? false, params.limit ?? defaultLimitMs)
  },
}

/** A shell of a host that runs answers within a few ms. */
const silentMs = 100

async function pauseHosts(on: FaultSite): Promise<void> {
  const {lab, hosts, mend, broke} = on
  await using shells = new AsyncDisposableStack()
  const frozen = await Promise.all(
    hosts.map(async host => ({
      host,
      id: (await lab.container(host)).id,
      shell: shells.use(await openShell(lab, host)),
    })),
  )
  for (const host of hosts)
    await mend(
      {do: 'unpause-host', host},
      stillSo(host, ({paused}) => paused, 'is not paused'),
    )
  await broke(() => Promise.all(frozen.map(({host, id}) => lab.engineOf(host).pause(id))))
  await Promise.all(
    frozen.map(async ({id, host, shell}) => {
      const at = on.now()
      const answered = shell.run(':').then(
        () => true,
        () => true, // it is gone, and a frozen one would not be
      )
      const silent = !(await Promise.race([answered, sleep(silentMs, false)]))
      const {paused} = await lab.engineOf(host).condition(id, lab.name)
      on.proof(
        paused && silent,
        `the engine says that ${host} is ${paused ? '' : 'not '}paused, and a shell on it ${silent ? `was silent for ${silentMs} ms` : 'answers'}`,
        at,
      )
    }),
  )
}

async function stopProcesses(on: FaultSite, what: ProcessName, withChildren: boolean, limitMs: number): Promise<void> {
  const {lab, hosts, mend, broke} = on
  await using shells = new AsyncDisposableStack()
  const stopped = await Promise.all(
    hosts.map(async (host): Promise<{host: HostName; shell: Shell; pids: readonly number[]}> => {
      const shell = shells.use(await openShell(lab, host))
      const pid = await find(shell, host, what)
      // The postmaster first: a stopped one starts no more of them.
      return {host, shell, pids: [pid, ...(withChildren || parents.has(what) ? await childrenOf(shell, pid) : [])]}
    }),
  )
  for (const {host, pids} of stopped) await mend({do: 'resume-processes', host}, stillStopped(host, what, pids))
  await Promise.all(stopped.map(({shell, pids}) => shell.run(undoLater(limitMs, `resume-processes ${pids.join(' ')}`))))
  await broke(() => Promise.all(stopped.map(({shell, pids}) => shell.run(stopScript(pids)))))
  await Promise.all(
    stopped.map(({host, shell, pids}) =>
      prove(on, async () => {
        const states = await statesOf(shell, pids)
        const seen = [...new Set(states.values())].join(', ')
        const children = pids.length > 1 ? ` and ${pids.length - 1} children` : ''
        const name = `${sayProcess[what]} of ${host} (pid ${pids[0]}${children})`
        const holds = states.has(pids[0]!) && [...states.values()].every(state => state === 'T')
        return {
          holds,
          says: holds ? `${name} is stopped (state T)` : `${name} is ${seen === '' ? 'gone' : `in state ${seen}`}`,
        }
      }),
    ),
  )
}

/** A child may have ended since it was listed; the first must be there. */
export function stopScript([first, ...children]: readonly number[]): string {
  const rest = children.length === 0 ? '' : `\nkill -STOP ${children.join(' ')} 2> /dev/null || true`
  return `kill -STOP ${first}${rest}`
}
