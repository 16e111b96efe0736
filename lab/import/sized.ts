/** A preset with other numbers of hosts: each new one runs what those of its kind run, but for etcd. */
import {mistakesIn} from '../topology/mistakes.ts'
import {type Host, hostsWith, type Topology} from '../topology/topology.ts'
import {LabError} from '../words/errors.ts'
import {next, ownCommand} from '../words/next-step.ts'

export interface Sizes {
  /** Hosts with PostgreSQL. */
  readonly members?: number | undefined
  readonly proxies?: number | undefined
}

const kinds = {
  members: {
    service: 'patroni',
    host: 'node',
    title: 'PostgreSQL',
    hint: (name: string, count: string) => next`${ownCommand('init', '--topology', name, '--members', count)}`,
  },
  proxies: {
    service: 'haproxy',
    host: 'proxy',
    title: 'HAProxy',
    hint: (name: string, count: string) => next`${ownCommand('init', '--topology', name, '--proxies', count)}`,
  },
} as const

/**
 * @param name what a person calls this topology: a preset, or the path of a file
 * @throws LabError `usage` for proxies that are not on hosts of their own, and for fewer hosts than it can have.
 */
export function sized(topology: Topology, {members, proxies}: Sizes, name: string): Topology {
  const withMembers = members === undefined ? topology : resized(topology, 'members', members, name)
  if (proxies === undefined || proxies === hostsWith(withMembers, 'haproxy').length) return withMembers
  if (withMembers.hosts.some(({services}) => services.includes('haproxy') && services.includes('patroni')))
    throw new LabError('usage', 'in this topology a proxy runs on each host with PostgreSQL: say how many of those')
  return resized(withMembers, 'proxies', proxies, name)
}

function resized(topology: Topology, kind: keyof typeof kinds, count: number, name: string): Topology {
  const {service, title, hint} = kinds[kind]
  const now = hostsWith(topology, service).length
  const made = withHosts(topology, kind, count)
  if (count >= now || mistakesIn(made).length === 0) return made
  // Tags and clusters name their hosts, and an address is shared by two: with all of them it is right.
  const counts = Array.from({length: now - count}, (_, index) => count + 1 + index)
  const least = counts.find(one => mistakesIn(withHosts(topology, kind, one)).length === 0) ?? now
  throw new LabError('usage', `the topology ${name} needs at least ${least} hosts with ${title}`, {
    hint: hint(name, String(least)),
  })
}

function withHosts(topology: Topology, kind: keyof typeof kinds, count: number): Topology {
  const {service, host} = kinds[kind]
  const theirs = topology.hosts.filter(({services}) => services.includes(service))
  const last = topology.hosts.findLastIndex(({services}) => services.includes(service))
  const services = (theirs[0]?.services ?? [service]).filter(one => one !== 'etcd')
  const more = newHosts(topology.hosts, host, services, count - theirs.length)
  const gone = new Set(theirs.slice(count).map(one => one.name))
  const left = topology.hosts.toSpliced(last + 1, 0, ...more).filter(one => !gone.has(one.name))
  return {...topology, hosts: withEtcd(left, hostsWith(topology, 'etcd').length)}
}

/** An even number of members of etcd may lose no more of them than one fewer: it stays on as many hosts, some its own if need be. */
function withEtcd(hosts: readonly Host[], count: number): readonly Host[] {
  const missing = count - hosts.filter(({services}) => services.includes('etcd')).length
  const last = hosts.findLastIndex(({services}) => services.includes('etcd') || services.includes('patroni'))
  return hosts.toSpliced(last + 1, 0, ...newHosts(hosts, 'etcd', ['etcd'], missing))
}

function newHosts(hosts: readonly Host[], name: string, services: Host['services'], count: number): readonly Host[] {
  const taken = new Set(hosts.map(one => one.name))
  const more: Host[] = []
  for (let number = 1; more.length < count; number++)
    if (!taken.has(`${name}${number}`)) more.push({name: `${name}${number}`, services})
  return more
}
