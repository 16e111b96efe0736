/** A preset with other numbers of hosts: each new one runs what those of its kind run. */
import {type Host, hostsWith, type Topology} from '../topology/topology.ts'
import {LabError} from '../words/errors.ts'

export interface Sizes {
  /** Hosts with PostgreSQL. */
  readonly members?: number | undefined
  readonly proxies?: number | undefined
}

/** etcd has no more members than this; further hosts run the rest. */
const mostEtcd = 7

/** @throws LabError `usage` for proxies that are not on hosts of their own. */
export function sized(topology: Topology, {members, proxies}: Sizes): Topology {
  const withMembers = members === undefined ? topology : grown(topology, 'patroni', 'node', members)
  if (proxies === undefined || proxies === hostsWith(withMembers, 'haproxy').length) return withMembers
  if (withMembers.hosts.some(({services}) => services.includes('haproxy') && services.includes('patroni')))
    throw new LabError('usage', 'in this topology a proxy runs on each host with PostgreSQL: say how many of those')
  return grown(withMembers, 'haproxy', 'proxy', proxies)
}

function grown(topology: Topology, service: 'patroni' | 'haproxy', name: string, count: number): Topology {
  const theirs = topology.hosts.filter(({services}) => services.includes(service))
  const last = topology.hosts.findLastIndex(({services}) => services.includes(service))
  const model = theirs[0]?.services ?? [service]
  const taken = new Set(topology.hosts.map(one => one.name))
  const more: Host[] = []
  for (let number = 1; theirs.length + more.length < count; number++)
    if (!taken.has(`${name}${number}`)) more.push({name: `${name}${number}`, services: model})
  const gone = new Set(theirs.slice(count).map(one => one.name))
  const hosts = topology.hosts.toSpliced(last + 1, 0, ...more).filter(one => !gone.has(one.name))
  return {...topology, hosts: withinEtcd(hosts)}
}

function withinEtcd(hosts: readonly Host[]): Host[] {
  let etcd = 0
  return hosts.map(({name, services}) => {
    const isMore = services.includes('etcd') && ++etcd > mostEtcd
    return {name, services: isMore ? services.filter(one => one !== 'etcd') : services}
  })
}
