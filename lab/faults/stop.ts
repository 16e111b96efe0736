/** Stops a host or a service in the orderly way: whoever is stopped says goodbye first. */
import {z} from 'zod'
import type {Fault, FaultSite} from '../breaking/fault.ts'
import {fewerThan, oneOfPostgres, seconds, wholeHost, wholeHosts} from '../breaking/in-storms.ts'
import {stillDown, stillOff} from '../breaking/lasting.ts'
import {alive, find, isSupervised, type ServiceProcess, sayProcess, supervised, untilUp} from '../breaking/processes.ts'
import {prove} from '../breaking/prove.ts'
import {downOn, strikeOn} from '../breaking/strike.ts'
import {openShell} from '../cluster/shell.ts'
import {hostsWith} from '../topology/topology.ts'
import {defaultLimitMs, givenLimit, undoLater} from '../words/time-limit.ts'

const stoppable = ['host', ...supervised, 'postgres'] as const

interface Params {
  readonly what: (typeof stoppable)[number]
  /** Milliseconds. */
  readonly limit?: number | undefined
}

/** As in the lab's compose file: PostgreSQL's last checkpoint may take a while. */
const graceSeconds = 60
const withinMs = 30_000

export const stop: Fault<Params> = {
  area: 'the machine and its programs',
  about:
    'An orderly stop. A host is shut down: Patroni first, which stops PostgreSQL and gives the leader key back, then etcd. A service (SIGTERM) stays down until it is mended. `postgres` is stopped behind the back of Patroni, which starts it again.',
  params: z
    .strictObject({
      what: z.enum(stoppable, {error: `\`what\` is one of ${stoppable.join(', ')}`}),
      limit: givenLimit.optional(),
    })
    .superRefine(({what, limit}, {addIssue}) => {
      if (limit !== undefined && !isSupervised(what))
        addIssue({code: 'custom', path: ['limit'], message: `\`limit\` goes with a service (${supervised.join(', ')})`})
    }),

  limitMs: params => (isSupervised(params.what) ? (params.limit ?? defaultLimitMs) : null),

  strikes({what}, {on}) {
    // Patroni calls a PostgreSQL that it did not stop itself crashed (ha.py: Ha.recover).
    const fault = what === 'postgres' ? 'postgres-killed' : what === 'host' || what === 'patroni' ? 'stopped' : null
    return {...strikeOn(on, fault), ...(isSupervised(what) && downOn(on, what))}
  },

  storm: {
    // PostgreSQL does not stop before replicas that say nothing are given up, for as long as wal_sender_timeout.
    minds: ['answers'],
    lines: [
      {
        ...{on: ['leader', 'replica'], params: [{what: 'host'}], heals: true},
        ...{impairs: wholeHost, holdMs: seconds(3, 20), place: 2},
      },
      {
        ...{on: ['leader', 'replica'], params: [{what: 'patroni'}], heals: true},
        ...{impairs: oneOfPostgres, holdMs: seconds(3, 20), place: 6},
      },
      {
        ...{on: ['leader', 'replica'], params: [{what: 'postgres'}], heals: false},
        ...{impairs: oneOfPostgres, holdMs: seconds(5, 15), place: 7},
      },
      {
        ...{on: ['replicas'], params: [{what: 'host'}], unless: fewerThan(2), heals: true, beyondQuorum: true},
        impairs: topology => wholeHosts(topology, hostsWith(topology, 'patroni').length),
        ...{holdMs: seconds(5, 30), strikesLeader: true, place: 28},
      },
    ],
  },

  async inject(on, params) {
    if (params.what === 'host') await stopHosts(on)
    else if (isSupervised(params.what)) await stopService(on, params.what, params.limit ?? defaultLimitMs)
    else await stopPostgres(on)
  },
}

/** It is not cut short by the run's signal: a host that is still stopping cannot be started, so healing has to wait for it anyway. */
async function stopHosts({lab, hosts, mend, broke, proof}: FaultSite): Promise<void> {
  const containers = await Promise.all(hosts.map(host => lab.container(host)))
  for (const host of hosts) await mend({do: 'start-host', host}, stillOff(host))
  await broke(() => Promise.all(containers.map(({host, id}) => lab.engineOf(host).stop(id, graceSeconds))))
  for (const {id, host} of containers) {
    const {running, exitCode} = await lab.engineOf(host).condition(id, lab.name)
    const orderly = !running && exitCode === 0
    const how = running ? 'still running' : `not running, and ended with exit code ${exitCode}`
    proof(
      orderly,
      `the engine says that ${host} is ${how}${orderly || running ? '' : `: it did not shut down within ${graceSeconds} s`}`,
    )
  }
}

async function stopService(on: FaultSite, service: ServiceProcess, limitMs: number): Promise<void> {
  const {lab, hosts, mend, broke, again} = on
  await using shells = new AsyncDisposableStack()
  const stopped = await Promise.all(
    hosts.map(async host => {
      const shell = shells.use(await openShell(lab, host))
      return {host, shell, pid: await find(shell, host, service)}
    }),
  )
  for (const host of hosts) await mend({do: 'start-service', host, service}, stillDown(host, service))
  const arm = undoLater(limitMs, `start-service ${service}`)
  const down = `s6-svc -d /run/service/${service}`
  await Promise.all(stopped.map(({shell}) => shell.run(arm)))
  await broke(() => Promise.all(stopped.map(({shell}) => shell.run(down))))
  for (const host of hosts)
    again(host, async () => {
      await using shell = await openShell(lab, host)
      await shell.run(`${untilUp(service)}\n${arm}\n${down}`)
    })
  await Promise.all(
    stopped.map(({host, shell, pid}) =>
      prove(
        on,
        async () => {
          const lives = (await alive(shell, [pid])).length > 0
          const name = `${sayProcess[service]} of ${host} (pid ${pid})`
          return {holds: !lives, says: lives ? `${name} has not ended` : `${name} has ended and is held down`}
        },
        withinMs,
      ),
    ),
  )
}

/** Patroni takes it for a crash and starts it again in its next loop. */
async function stopPostgres(on: FaultSite): Promise<void> {
  const {lab, hosts, broke} = on
  await using shells = new AsyncDisposableStack()
  const stopped = await Promise.all(
    hosts.map(async host => {
      const shell = shells.use(await openShell(lab, host))
      return {host, shell, pid: await find(shell, host, 'postgres')}
    }),
  )
  await broke(() =>
    Promise.all(
      stopped.map(({shell}) => shell.run('s6-setuidgid postgres pg_ctl stop -s -W -m fast -D /data/postgresql/main')),
    ),
  )
  await Promise.all(
    stopped.map(({host, shell, pid}) =>
      prove(
        on,
        async () => {
          const lives = (await alive(shell, [pid])).length > 0
          const name = `the postmaster of ${host} (pid ${pid})`
          return {holds: !lives, says: lives ? `${name} has not ended` : `${name} has ended; Patroni may start another`}
        },
        withinMs,
      ),
    ),
  )
}
