/** What cannot be: of a topology as a whole, and of timings that Patroni would change. */
import {type Hint, next, ownCommand} from '../words/next-step.ts'
import {own} from '../words/own.ts'
import {clusters, firstCluster, within} from './clusters.ts'
import {engineMistakes} from './engines.ts'
import {dynamicSettings, keptMistakes, notifyScripts} from './kept.ts'
import {imageMistakes} from './own-images.ts'
import {type Release, releaseNames, releaseOf, releases} from './release.ts'
import {securityMistakes} from './security.ts'
import type {ServiceName, ServicePort} from './services.ts'
import {slotMistakes} from './slots.ts'
import {effectiveTimings, isWatchdogUnusable} from './timings.ts'
import {hostsWith, poolersBefore, portsOn, type Topology} from './topology.ts'

/** What cannot be of a topology, or of a running one. */
export interface Mistake {
  readonly path: readonly string[]
  /** Other settings that it is about, as much: where `path` is not written, it stands at the first of these that is. */
  readonly beside?: readonly (readonly string[])[]
  readonly says: string
  readonly hint?: Hint
}

/** What must hold of every topology, and does not. */
export function mistakesIn(topology: Topology): Mistake[] {
  const limits = [
    ['etcd', 1, 7],
    ['patroni', 1, 9],
    ['haproxy', 1, 9],
    ['client', 1, 1],
  ] as const
  const first = firstCluster(topology)
  const counts = limits.flatMap(([service, least, most]): Mistake[] => {
    const {length} = hostsWith(first, service)
    if (length >= least && length <= most) return []
    const whose = topology.standbyCluster === undefined ? 'a lab' : 'beside its standby cluster a lab'
    const says = `${length} hosts run ${service}; ${whose} has ${least === most ? `exactly ${least}` : `${least} to ${most}`}`
    return [{path: ['hosts'], says}]
  })
  const others = [
    ...standbyMistakes(topology, limits),
    ...poolerMistakes(topology),
    ...addressMistakes(first),
    ...watchdogMistake(topology),
    ...slotMistakes(topology),
    ...releaseMistakes(topology),
    ...preparedMistake(topology),
    ...securityMistakes(topology),
    ...imageMistakes(topology),
    ...engineMistakes(topology),
  ]
  return [...counts, ...portMistakes(topology), ...others, ...keptMistakes(topology, clusters(topology))]
}

/** A second cluster that could not stand by itself when the first is lost, or that is not told from it. */
function standbyMistakes(
  topology: Topology,
  limits: readonly (readonly [service: ServiceName, least: number, most: number])[],
): Mistake[] {
  const [{scope}, standby] = clusters(topology)
  if (standby === undefined || topology.standbyCluster === undefined) return []
  const {hosts} = topology.standbyCluster
  const path = ['standby_cluster', 'hosts']
  const own = within(topology, standby)
  const unknown = hosts.filter(host => !topology.hosts.some(one => one.name === host))
  if (unknown.length > 0) return [{path, says: `${unknown.join(' and ')} is no host of this lab`}]
  const counts = limits.flatMap(([service, least, most]): Mistake[] => {
    const [needs, mayHave] = service === 'client' ? [0, 0] : [least, most]
    const {length} = hostsWith(own, service)
    if (length >= needs && length <= mayHave) return []
    const says =
      service === 'client'
        ? 'the clients belong to neither cluster: leave their host out'
        : `${length} of its hosts run ${service}; a standby cluster has ${needs} to ${mayHave}`
    return [{path, says}]
  })
  const alike = scope === standby.scope
  const shared = hostsWith(own, 'keepalived')
  return [
    ...counts,
    ...(alike ? [{path: ['standby_cluster', 'scope'], says: `the first cluster has the scope ${scope} already`}] : []),
    ...(shared.length > 0
      ? [{path, says: `a lab has one virtual address, and ${shared.join(' and ')} would have it in another cluster`}]
      : []),
  ]
}

/** Two services that would listen on one port of a host. */
function portMistakes(topology: Topology): Mistake[] {
  const clashes = topology.hosts.flatMap(({name}) => {
    const ports = portsOn(topology, name)
    return ports.flatMap((one, index) => {
      const before = ports.slice(0, index).find(({number}) => number === one.number)
      return before === undefined ? [] : [{host: name, first: before.name, second: one.name, number: one.number}]
    })
  })
  return clashes.slice(0, 1).map(({host, first, second, number}) => {
    const written = [second, first].filter(one => topology.ports?.[one] !== undefined)
    // Whichever a person can move: etcd's ports are its own.
    const moved = [...written, second, first].map(one => portKeys[one]).find(one => one !== undefined)
    return {
      path: written.flatMap(one => (portKeys[one] === undefined ? [] : [portKeys[one]]))[0] ?? ['hosts'],
      says: `${first} and ${second} would both listen on port ${number} of ${host}`,
      hint: `give one of them another port, such as \`${moved?.[0]}: {${moved?.[1]}: ${freePort(topology, number)}}\``,
    }
  })
}

/** The next above this one on which nothing listens on any host. */
function freePort(topology: Topology, from: number): number {
  const taken = new Set(topology.hosts.flatMap(({name}) => portsOn(topology, name).map(one => one.number)))
  for (let port = from + 1; port <= 65_535; port++) if (!taken.has(port)) return port
  return freePort(topology, 1023)
}

/** Settings that nobody would read; and poolers of which only some are before the proxies, so that clients have two ways in for writes. */
function poolerMistakes(topology: Topology): Mistake[] {
  const [all, before] = [hostsWith(topology, 'pgbouncer'), poolersBefore(topology)]
  if (topology.pgbouncer !== undefined && all.length === 0)
    return [
      {
        path: ['pgbouncer'],
        says: 'no host runs pgbouncer, so nobody would read this',
        hint: 'name the service on hosts with PostgreSQL, such as `node1: [etcd, patroni, pgbouncer]`',
      },
    ]
  if (before.length === 0 || before.length === all.length) return []
  return [
    {
      path: ['hosts'],
      says: `${before.join(' and ')} would pool before the proxies and the others behind them; a lab has PgBouncer either beside PostgreSQL or on hosts without it`,
    },
  ]
}

/** An address that nobody could take over, or on hosts where no client would find a proxy. */
function addressMistakes(topology: Topology): Mistake[] {
  const hosts = hostsWith(topology, 'keepalived')
  if (hosts.length === 0) {
    const called = topology.standIns?.find(one => notifyScripts.some(script => script === one))
    if (called !== undefined)
      return [{path: ['stand_ins'], says: `no host runs keepalived, so nobody would call ${called}`}]
    if (topology.keepalived === undefined) return []
    return [
      {
        path: ['keepalived'],
        says: 'no host runs keepalived, so nobody would read this',
        hint: 'name the service on two hosts with HAProxy, such as `proxy1: [haproxy, keepalived]`',
      },
    ]
  }
  const stranger = Object.keys(topology.keepalived?.priorities ?? {}).find(host => !hosts.includes(host))
  if (stranger !== undefined)
    return [
      {path: ['keepalived', 'priority', stranger], says: `${stranger} runs no keepalived, and so has no priority`},
    ]
  const proxies = hostsWith(topology, 'haproxy')
  const bare = hosts.find(host => !proxies.includes(host))
  if (bare !== undefined)
    return [
      {path: ['hosts', bare], says: `keepalived on ${bare} has no HAProxy beside it that would answer at its address`},
    ]
  const left = proxies.find(host => !hosts.includes(host))
  if (left !== undefined)
    return [{path: ['hosts', left], says: `clients know the virtual address alone, and ${left} would never have it`}]
  const says = 'one host with keepalived has its address for ever: a virtual address is for two or more'
  return hosts.length > 1 ? [] : [{path: ['hosts'], says}]
}

/** Where a person writes a port. */
const portKeys: Readonly<Partial<Record<ServicePort, readonly string[]>>> = {
  patroni: ['patroni', 'port'],
  postgres: ['postgresql', 'port'],
  primary: ['haproxy', 'port'],
  replicas: ['haproxy', 'replicas_port'],
  stats: ['haproxy', 'stats_port'],
  pgbouncer: ['pgbouncer', 'port'],
}

/** What the Patroni of this release would not read, or not understand: it drops both in silence. */
function releaseMistakes(topology: Topology): Mistake[] {
  const {patroni, dynamic = {}, tags = {}} = topology
  const written: readonly {readonly path: readonly string[]; readonly knows: (of: Release['patroni']) => boolean}[] = [
    {
      path: ['patroni', 'synchronous_mode'],
      knows: of => of.synchronousModes.includes(patroni.synchronousMode),
    },
    ...Object.keys(dynamic).map(key => ({
      path: ['patroni', key],
      knows: ({dynamicKeys}: Release['patroni']) =>
        (own<{under: string}>(dynamicSettings, key)?.under === '' ? dynamicKeys.top : dynamicKeys.postgresql).includes(
          key,
        ),
    })),
    ...Object.entries(tags).flatMap(([host, of]) =>
      Object.keys(of).map(tag => ({
        path: ['patroni', 'tags', host, tag],
        knows: (one: Release['patroni']) => one.tags.includes(tag),
      })),
    ),
  ]
  return written.flatMap(({path, knows}): Mistake[] => {
    if (knows(releaseOf(topology).patroni)) return []
    const what = path[1] === 'synchronous_mode' ? `synchronous_mode ${patroni.synchronousMode}` : path.at(-1)
    const others = releaseNames.filter(name => knows(releases[name].patroni))
    const {title} = releaseOf(topology).patroni
    const own = topology.patroniBuild
    const says =
      own === undefined
        ? `${title}, which ${topology.release} has, does not know ${what}`
        : `Patroni ${own.version} does not know ${what}`
    return [
      {path, beside: [['release']], says, hint: `leave it out, or take a release that does: ${others.join(', ')}`},
    ]
  })
}

/** Its clients would be told again and again that what they have prepared is not there, and no run would come to a steady state. */
function preparedMistake({release, pgbouncer}: Topology): Mistake[] {
  if (pgbouncer?.poolMode !== 'transaction' || !releases[release].pgbouncer.lacks.includes('max_prepared_statements'))
    return []
  return [
    {
      path: ['pgbouncer', 'pool_mode'],
      beside: [['release']],
      says: `the lab's clients prepare their statements, which the PgBouncer of ${release} does not keep for them with pool_mode transaction`,
      hint: 'let each client have a connection of its own: --set pgbouncer.pool_mode=session',
    },
  ]
}

/** With a watchdog that it cannot use Patroni lets nobody lead: the first host would wait for ever ("Cancelling bootstrap"). */
function watchdogMistake({patroni}: Topology): Mistake[] {
  if (!isWatchdogUnusable(patroni)) return []
  const {ttlSeconds, loopWaitSeconds} = effectiveTimings(patroni)
  const most = ttlSeconds - loopWaitSeconds
  return [
    {
      path: ['patroni', 'watchdog_safety_margin'],
      says: `nobody could ever lead: the watchdog is required, and it would fire ttl - watchdog_safety_margin = ${ttlSeconds} - ${patroni.watchdogSafetyMarginSeconds} s after it was fed, which must not be less than loop_wait (${loopWaitSeconds} s)`,
      hint: `say a margin of at most ${most}s: --set patroni.watchdog_safety_margin=${Math.min(5, most)}s`,
    },
  ]
}

/** Patroni would run with other timings than the person wrote: one mistake, however many of them it changes. */
export function changesOfPatroni(topology: Topology): Mistake[] {
  const {ttlSeconds, loopWaitSeconds, retryTimeoutSeconds} = topology.patroni
  const used = effectiveTimings(topology.patroni)
  const [first] = used.adjusted
  if (first === undefined) return []
  const timings = {ttl: used.ttlSeconds, loop_wait: used.loopWaitSeconds, retry_timeout: used.retryTimeoutSeconds}
  // All three: so they are right beside what was typed, and in its place.
  const flags = Object.entries(timings).flatMap(([key, seconds]) => ['--set', `patroni.${key}=${seconds}s`])
  return [
    {
      path: ['patroni', first.key],
      beside: Object.keys(timings).map(key => ['patroni', key]),
      says: `Patroni would silently use ${first.key} ${first.becomes}s instead of ${first.given}s (it wants ttl >= 20s, loop_wait >= 1s, retry_timeout >= 3s and loop_wait + 2 * retry_timeout <= ttl; here ${loopWaitSeconds} + 2 * ${retryTimeoutSeconds} and ttl ${ttlSeconds})`,
      hint: next`say other timings that fit, or what Patroni would use: ${ownCommand('up', ...flags)}`,
    },
  ]
}
