/** SIGKILL: of a host, which loses power, or of one process on it. Nothing that dies of it says goodbye. */
import {z} from 'zod'
import type {Fault, FaultSite} from '../breaking/fault.ts'
import {
  aroundFailover,
  fewerThan,
  impairsNobody,
  oneOfEtcd,
  oneOfPostgres,
  seconds,
  wholeHost,
  wholeHosts,
} from '../breaking/in-storms.ts'
import {stillDown, stillOff} from '../breaking/lasting.ts'
import {
  alive,
  childrenOf,
  find,
  isSupervised,
  ofPostgres,
  type ProcessName,
  sayProcess,
  supervised,
} from '../breaking/processes.ts'
import {prove} from '../breaking/prove.ts'
import {downOn, strikeOn} from '../breaking/strike.ts'
import {openShell, type Shell} from '../cluster/shell.ts'
import {type HostName, hostsWith} from '../topology/topology.ts'
import type {LabError} from '../words/errors.ts'
import type {Micros} from '../words/quantity.ts'
import {defaultLimitMs, givenLimit, undoLater} from '../words/time-limit.ts'

const victims = ['host', ...supervised, ...ofPostgres] as const

interface Params {
  readonly what: (typeof victims)[number]
  /** Held down after its death until it is mended or the limit is over. */
  readonly 'stays-down'?: boolean | undefined
  /** Milliseconds. */
  readonly limit?: number | undefined
}

export const kill: Fault<Params> = {
  area: 'the machine and its programs',
  about:
    'SIGKILL. A host loses power and stays off until it is mended. A service is started again by its supervisor, unless it `stays-down`; the processes of PostgreSQL are left to PostgreSQL and Patroni.',
  params: z
    .strictObject({
      what: z.enum(victims, {error: `\`what\` is one of ${victims.join(', ')}`}),
      'stays-down': z.boolean({error: '`stays-down` is true or false'}).optional(),
      limit: givenLimit.optional(),
    })
    .superRefine((params, {addIssue}) => {
      const {what, 'stays-down': staysDown} = params
      if (staysDown !== undefined && !isSupervised(what))
        addIssue({
          code: 'custom',
          path: ['stays-down'],
          message:
            what === 'host'
              ? 'a host always stays down until it is mended: leave `stays-down` out'
              : `only a service can be held down (${supervised.join(', ')}); ${what} is started by PostgreSQL or Patroni`,
        })
      else if (params.limit !== undefined && staysDown !== true)
        addIssue({code: 'custom', path: ['limit'], message: '`limit` goes with `stays-down: true`'})
    }),

  limitMs: params => (params['stays-down'] === true ? (params.limit ?? defaultLimitMs) : null),

  strikes({what, 'stays-down': staysDown}, {on}) {
    if (what === 'host') return {...strikeOn(on, 'host-killed'), dead: on}
    const fault = what === 'patroni' ? 'patroni-killed' : what === 'postgres' ? 'postgres-killed' : null
    return {...strikeOn(on, fault), ...(staysDown === true && downOn(on, what))}
  },

  storm: {
    spoils: ['answers'],
    lines: [
      {
        ...{on: ['leader', 'replica'], params: [{what: 'host'}], heals: true, blow: true},
        ...{impairs: wholeHost, holdMs: aroundFailover, place: 1},
      },
      {
        ...{on: ['leader', 'replica'], params: [{what: 'patroni'}], heals: false},
        ...{impairs: oneOfPostgres, holdMs: seconds(5, 12), strikesLeader: false, place: 5},
      },
      {
        ...{on: ['leader', 'replica'], params: [{what: 'postgres'}], heals: false},
        ...{impairs: oneOfPostgres, holdMs: seconds(5, 15), place: 7},
      },
      {
        ...{on: ['leader'], params: [{what: 'backend'}, {what: 'checkpointer'}], heals: false},
        ...{impairs: oneOfPostgres, holdMs: seconds(5, 12), place: 8},
      },
      {
        ...{on: ['replica'], params: [{what: 'walreceiver'}], heals: false},
        ...{impairs: oneOfPostgres, holdMs: seconds(5, 12), place: 9},
      },
      {
        ...{on: ['etcd-leader', 'etcd-follower'], params: [{what: 'etcd', 'stays-down': true}], heals: true},
        ...{impairs: oneOfEtcd, holdMs: seconds(3, 20), strikesLeader: false, place: 10},
      },
      {
        ...{on: ['proxy'], params: [{what: 'haproxy', 'stays-down': true}, {what: 'haproxy'}]},
        ...{heals: params => params['stays-down'] === true, impairs: impairsNobody, holdMs: seconds(3, 8), place: 20},
      },
      {
        ...{on: ['etcd-majority'], params: [{what: 'etcd', 'stays-down': true}], heals: true, beyondQuorum: true},
        impairs: topology => ({etcd: hostsWith(topology, 'etcd').length, postgres: 0}),
        ...{holdMs: seconds(5, 30), strikesLeader: true, place: 27},
      },
      {
        ...{on: ['replicas'], params: [{what: 'host'}], unless: fewerThan(2), heals: true, beyondQuorum: true},
        impairs: topology => wholeHosts(topology, hostsWith(topology, 'patroni').length),
        ...{holdMs: seconds(5, 30), strikesLeader: true, place: 28},
      },
    ],
  },

  async inject(on, params) {
    if (params.what === 'host') await killHosts(on)
    else await killProcesses(on, params.what, params['stays-down'] ? (params.limit ?? defaultLimitMs) : null)
  },
}

async function killHosts(on: FaultSite): Promise<void> {
  const {lab, hosts, mend, broke} = on
  await using shells = new AsyncDisposableStack()
  const doomed = await Promise.all(
    hosts.map(async host => {
      const {id} = await lab.container(host)
      return {host, id, gone: lastSign(on, shells.use(await openShell(lab, host)))}
    }),
  )
  for (const host of hosts) await mend({do: 'start-host', host}, stillOff(host))
  await broke(() => Promise.all(doomed.map(({host, id}) => lab.engineOf(host).kill(id))))
  await Promise.all(
    doomed.map(({id, host, gone}) =>
      prove(on, async () => {
        if (await lab.engineOf(host).isRunning(id)) return {holds: false, says: `${host} runs`}
        const died = gone() === undefined ? '' : `a shell on ${host} died, and `
        return {holds: true, says: `${died}the engine says that ${host} is not running`, at: gone()}
      }),
    ),
  )
}

/**
 * The engine answers when it has cleaned up after the container, which takes it a second on a busy machine. All processes
 * of a host die at once, though, and a shell that does is noticed within some ms.
 */
function lastSign({now}: FaultSite, shell: Shell): () => Micros | undefined {
  let at: Micros | undefined
  shell.run('sleep 30').catch(error => {
    // An engine that falls silent ends the shell too, and the host may run on.
    if ((error as LabError).code !== 'timeout') at = now()
  })
  return () => at
}

interface Victim {
  readonly host: HostName
  readonly shell: Shell
  readonly pid: number
  /** Of a postmaster: they notice its death by themselves. */
  readonly children: readonly number[]
}

async function killProcesses(on: FaultSite, what: ProcessName, heldDownMs: number | null): Promise<void> {
  const {lab, hosts, mend, broke} = on
  await using shells = new AsyncDisposableStack()
  const victims = await Promise.all(
    hosts.map(async (host): Promise<Victim> => {
      const shell = shells.use(await openShell(lab, host))
      const pid = await find(shell, host, what)
      return {host, shell, pid, children: what === 'postgres' ? await childrenOf(shell, pid) : []}
    }),
  )
  if (heldDownMs !== null && isSupervised(what)) {
    // A host that boots starts all its services: a reset by the watchdog ends this fault, as it would on real hardware.
    for (const host of hosts) await mend({do: 'start-service', host, service: what}, stillDown(host, what))
    await Promise.all(victims.map(({shell}) => shell.run(holdDown(what, heldDownMs))))
  }
  await broke(() => Promise.all(victims.map(({shell, pid}) => shell.run(`kill -KILL ${pid}`))))
  await Promise.all(
    victims.map(async victim => {
      const {host, shell, pid} = victim
      await prove(on, async () => {
        const lives = (await alive(shell, [pid])).length > 0
        const name = `${sayProcess[what]} of ${host} (pid ${pid})`
        return {
          holds: !lives,
          says: lives ? `${name} lives` : `${name} is gone${await after(what, heldDownMs, victim)}`,
        }
      })
    }),
  )
}

/**
 * From now on its death is final: `-O` is "do not start it again", and sends no signal. The supervisor reads its orders
 * beside the deaths of its children, so this waits until it has taken the order.
 */
export function holdDown(service: string, limitMs: number): string {
  const folder = `/run/service/${service}`
  return `s6-svc -O ${folder}
until [ "$(s6-svstat -o wantedup ${folder})" = false ]; do sleep 0.01; done
${undoLater(limitMs, `start-service ${service}`)}`
}

async function after(what: ProcessName, heldDownMs: number | null, {shell, children}: Victim): Promise<string> {
  if (heldDownMs !== null) return ' and is held down'
  if (isSupervised(what)) return '; its supervisor starts it again'
  if (what !== 'postgres') return ''
  const orphans = await alive(shell, children)
  return orphans.length === 0
    ? `, and so are its ${children.length} children`
    : `; ${orphans.length} of its ${children.length} children have not noticed yet (pids ${orphans.join(', ')})`
}
