/** A lab as `status` tells it: members, modes, and whom each proxy sends where. Pure. */
import type {Health, Topology} from '../../lab/index.ts'
import type {Modes, Route} from '../../lab/inside/reading.ts'
import {
  hostsWith,
  poolersBefore,
  portNumber,
  portOf,
  printableLines,
  printableValues,
  sayBytes,
  ms as sayMs,
} from '../../lab/inside/start.ts'
import {wrap} from './layout.ts'

const backends = ['primary', 'replicas'] as const

interface Proxy {
  readonly proxy: string
  /** By HAProxy's own checks; null when its statistics do not answer. */
  readonly backends: Readonly<
    Record<Route['backend'], {readonly up: readonly string[]; readonly down: readonly string[]}>
  > | null
}

/** Every proxy of the topology, also one that says nothing. */
export function proxiesOf(topology: Topology, routes: readonly Route[]): readonly Proxy[] {
  return hostsWith(topology, 'haproxy').map(proxy => {
    const own = routes.filter(route => route.proxy === proxy)
    const of = (backend: Route['backend'], up: boolean) =>
      own.filter(one => one.backend === backend && one.up === up).map(one => one.server)
    const split = (backend: Route['backend']) => ({up: of(backend, true), down: of(backend, false)})
    return {proxy, backends: own.length === 0 ? null : {primary: split('primary'), replicas: split('replicas')}}
  })
}

/** The replicas that the leader waits for, as its PostgreSQL says. */
export function standbysOf({members}: Health): readonly string[] {
  return members.filter(one => one.sync === true).map(one => one.host)
}

export interface StatusSeen {
  readonly name: string
  readonly topology: Topology
  readonly health: Health
  readonly modes: Modes
}

/** @param width columns; lines are wrapped to it. */
export function renderStatus(seen: StatusSeen, width: number): string {
  const {name, topology, health, modes} = printableValues(seen)
  const {ttlSeconds, loopWaitSeconds, retryTimeoutSeconds} = topology.patroni
  const {healthy, complaints} = health
  const verdict = healthy ? 'healthy' : `not healthy: ${complaints.join('; ')}`
  const title = `lab ${name} (${topology.profile}: ttl ${ttlSeconds} loop_wait ${loopWaitSeconds} retry_timeout ${retryTimeoutSeconds}): ${verdict}`
  const facts = [
    ...factsOf(health, modes),
    ...proxiesOf(topology, health.routes).flatMap(one => sayProxy(topology, one)),
    ...sayPoolers(topology),
    ...sayAddress(health),
  ]
  const label = Math.max(...facts.map(([what]) => what.length))
  const lines = [
    ...wrap(title, width - 2).map((line, index) => (index > 0 ? `  ${line}` : line)),
    ...memberTable(health),
    '',
    ...facts.flatMap(([what, says]) =>
      wrap(says, width - label - 4).map((line, index) => `  ${(index > 0 ? '' : what).padEnd(label)}  ${line}`),
    ),
  ]
  return printableLines(`${lines.join('\n')}\n`)
}

function memberTable({members, leader}: Health): string[] {
  const rows = [
    ['member', 'role', 'state', 'TL', 'lag', 'sync'], // timeline, as patronictl calls it
    ...members.map(one => [
      one.host,
      one.role ?? '-',
      one.container === 'running'
        ? `${one.state ?? '-'}${fromAnother(one, leader)}`
        : `host ${one.container === 'exited' ? 'down' : one.container}`,
      String(one.timeline ?? '-'),
      one.role === 'leader' ? '-' : one.lagBytes === null ? '?' : sayBytes(one.lagBytes),
      one.sync === null ? '-' : one.sync ? 'sync' : 'async',
    ]),
  ]
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map(row => row[column]?.length ?? 0))) ?? []
  return rows.map(row => `  ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ')}`.trimEnd())
}

/** Whom it streams from, where that is not the leader. */
function fromAnother({source}: Health['members'][number], leader: string | null): string {
  return leader === null || source === undefined || source === null || source === leader ? '' : ` from ${source}`
}

type Fact = readonly [what: string, says: string]

const untold = 'no Patroni tells'

function factsOf(health: Health, {synchronousMode, watchdog, failsafe, paused}: Modes): readonly Fact[] {
  return [
    ['synchronous', synchronousMode === null ? untold : saySynchronous(synchronousMode, health)],
    ['watchdog', sayWatchdog(watchdog)],
    [
      'failsafe',
      failsafe === null ? untold : failsafe.inForce ? 'on, in force: etcd is away' : failsafe.on ? 'on' : 'off',
    ],
    [
      'maintenance',
      paused === null ? untold : paused ? 'on: Patroni leaves the cluster alone (patronictl pause)' : 'off',
    ],
  ]
}

function saySynchronous(mode: NonNullable<Modes['synchronousMode']>, health: Health): string {
  const standbys = standbysOf(health)
  if (standbys.length > 0) return `${mode}, ${standbys.length > 1 ? 'standbys' : 'standby'} ${standbys.join(', ')}`
  if (mode === 'off') return 'off'
  if (health.leader === null) return `${mode}; the standbys are the leader's to tell, and there is none`
  return mode === 'on' ? 'on, no standby: the leader does not wait' : `${mode}, no standby`
}

function sayWatchdog({setting, active, unknown}: Modes['watchdog']): string {
  if (setting === 'off') return 'off'
  const who = active.length > 0 ? `active on ${active.join(', ')}` : 'active nowhere'
  return `${setting}, ${who}${unknown.length > 0 ? `; not told by ${unknown.join(', ')}` : ''}`
}

function sayProxy(topology: Topology, {proxy, backends: all}: Proxy): readonly Fact[] {
  if (all === null) return [[proxy, 'does not answer']]
  // Not who is down: HAProxy calls each replica down in the backend of the primary, which alarms and means nothing.
  return backends.map((backend, index): Fact => {
    const {up} = all[backend]
    const who = up.length > 0 ? up.join(', ') : 'nobody'
    return [index > 0 ? '' : proxy, `${portOf(topology, proxy, backend)} ${backend}: ${who} up`]
  })
}

/** That one of them does not answer is a complaint of the lab's health. */
function sayPoolers(topology: Topology): readonly Fact[] {
  const {pgbouncer} = topology
  if (pgbouncer === undefined) return []
  const hosts = hostsWith(topology, 'pgbouncer')
  const where = poolersBefore(topology).length > 0 ? 'before the proxies' : 'beside PostgreSQL'
  const how = `${pgbouncer.poolMode}, server_login_retry ${sayMs(pgbouncer.serverLoginRetryMs)}`
  return [['PgBouncer', `${portNumber(topology, 'pgbouncer')} on ${hosts.join(', ')}, ${where}: ${how}`]]
}

/** Where there is one. */
function sayAddress({holders}: Health): readonly Fact[] {
  return holders === undefined ? [] : [['virtual address', holders.join(' and ') || 'nobody']]
}
