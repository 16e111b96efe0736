/** How the lab is: members as Patroni says, routes as HAProxy says. */
import type {HostName} from './event.ts'
import type {Lab} from './lab.ts'
import {parseHaproxyCsv, takesTraffic} from './probes/haproxy-csv.ts'
import {hostsWith} from './topology.ts'

export interface Member {
  readonly host: HostName
  /** State of the container: running, paused, exited, missing ... */
  readonly container: string
  readonly role: string | null
  readonly state: string | null
  readonly timeline: number | null
  /** Replicas only; null when Patroni doesn't know. */
  readonly lagBytes: number | null
}

export interface Route {
  readonly proxy: HostName
  readonly backend: 'primary' | 'replicas'
  readonly server: HostName
  readonly up: boolean
}

export interface Health {
  readonly healthy: boolean
  /** Empty when healthy; else what is not as it should be, most important first. */
  readonly complaints: readonly string[]
  readonly leader: HostName | null
  readonly members: readonly Member[]
  readonly routes: readonly Route[]
}

/** Asks every layer once; takes at most `withinMs` when hosts do not answer. */
export async function health(lab: Lab, withinMs = 1000): Promise<Health> {
  const containers = await lab.docker.containers(lab.name)
  const stateOf = (host: HostName) => containers.find(one => one.host === host)?.state ?? 'missing'
  const databases = hostsWith(lab.topology, 'patroni')
  const [cluster, routes] = await Promise.all([firstCluster(lab, databases, withinMs), routesOf(lab, withinMs)])
  const members = databases.map((host): Member => {
    const one = cluster?.find(({name}) => name === host)
    return {
      host,
      container: stateOf(host),
      role: one?.role ?? null,
      state: one?.state ?? null,
      timeline: one?.timeline ?? null,
      lagBytes: typeof one?.lag === 'number' ? one.lag : null,
    }
  })
  const leader = members.find(one => one.role === 'leader' && one.state === 'running')?.host ?? null
  const complaints = [
    ...lab.topology.hosts
      .map(({name}) => ({name, state: stateOf(name)}))
      .filter(({state}) => state !== 'running')
      .map(({name, state}) => `the host ${name} is ${state === 'exited' ? 'down' : state}`),
    ...clusterComplaints(cluster !== undefined, members, leader),
    ...(leader === null ? [] : routeComplaints(lab, routes, leader, databases)),
  ]
  return {healthy: complaints.length === 0, complaints, leader, members, routes}
}

function clusterComplaints(answered: boolean, members: readonly Member[], leader: HostName | null): string[] {
  if (!answered) return ['no Patroni answers yet']
  if (leader === null) return ['the cluster has no leader']
  const timeline = members.find(one => one.host === leader)?.timeline
  return members
    .filter(one => one.host !== leader)
    .filter(one => !(one.state === 'streaming' && one.timeline === timeline))
    .map(one => `${one.host} is ${one.state ?? 'not a member yet'}, not streaming from ${leader}`)
}

function routeComplaints(
  lab: Lab,
  routes: readonly Route[],
  leader: HostName,
  databases: readonly HostName[],
): string[] {
  return hostsWith(lab.topology, 'haproxy').flatMap(proxy => {
    const up = (backend: Route['backend']) =>
      routes.filter(one => one.proxy === proxy && one.backend === backend && one.up).map(one => one.server)
    const [primary, replicas] = [up('primary'), up('replicas')]
    if (primary.length !== 1 || primary[0] !== leader)
      return [`${proxy} sends writes to ${primary.join(' and ') || 'nobody'}, the leader is ${leader}`]
    const missing = databases.filter(host => host !== leader && !replicas.includes(host))
    return missing.length > 0 ? [`${proxy} does not send reads to ${missing.join(' and ')} yet`] : []
  })
}

interface ClusterMember {
  readonly name: string
  readonly role: string
  readonly state: string
  readonly timeline?: number
  readonly lag?: number | 'unknown'
}

/** GET /cluster of whichever member answers first with a leader in it, or else with anything. */
async function firstCluster(
  lab: Lab,
  hosts: readonly HostName[],
  withinMs: number,
): Promise<ClusterMember[] | undefined> {
  const asked = hosts.map(async host => {
    const text = await get(`${lab.url(host, 'patroni')}/cluster`, withinMs)
    return (JSON.parse(text) as {members: ClusterMember[]}).members
  })
  const withLeader = asked.map(async answer => {
    const members = await answer
    if (members.some(one => one.role === 'leader')) return members
    throw new Error('no leader')
  })
  return Promise.any(withLeader).catch(() => Promise.any(asked).catch(() => undefined))
}

async function routesOf(lab: Lab, withinMs: number): Promise<Route[]> {
  const all = await Promise.all(
    hostsWith(lab.topology, 'haproxy').map(async proxy => {
      const csv = await get(`${lab.url(proxy, 'stats')}/;csv`, withinMs).catch(() => '')
      if (csv === '') return []
      return parseHaproxyCsv(csv).flatMap((line): Route[] => {
        const {proxy: backend, server, status} = line
        return backend === 'primary' || backend === 'replicas'
          ? [{proxy, backend, server, up: takesTraffic(status)}]
          : []
      })
    }),
  )
  return all.flat()
}

async function get(url: string, withinMs: number): Promise<string> {
  const answer = await fetch(url, {signal: AbortSignal.timeout(withinMs), headers: {connection: 'close'}})
  return answer.text()
}
