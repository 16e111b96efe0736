/**
 * Who is cut from whom: a partition's groups and parameters become, for each host that has to drop packets, a list of
 * Cuts. Pure; `nft.ts` turns the Cuts of a host into its kernel's language.
 */

import type {CutOff} from '../budget/index.ts'
import type {ServiceName, ServicePort} from '../topology/services.ts'
import {type HostName, hostsWith, portNumber, portsOn, type Topology} from '../topology/topology.ts'
import {LabError} from '../words/errors.ts'

/** What can be cut apart from everything else, with its TCP ports. Replication is PostgreSQL's port between Patroni's hosts. */
export const cutServices = {
  etcd: ['etcd'],
  'etcd-peer': ['etcd-peer'],
  replication: ['postgres'],
  postgres: ['postgres'],
  patroni: ['patroni'],
  haproxy: ['primary', 'replicas'],
  pgbouncer: ['pgbouncer'],
} as const satisfies Record<string, readonly ServicePort[]>

type CutService = keyof typeof cutServices

/** None for all traffic. */
export function portsOf(topology: Pick<Topology, 'ports'>, service: CutService | null): readonly number[] {
  return service === null ? [] : cutServices[service].map(name => portNumber(topology, name))
}

/** Which packets are lost, seen from the host that drops them. */
type Ways = 'both' | 'out' | 'in'

/** Which end of the connection the dropping host is. */
type End = 'client' | 'server' | 'either'

type Shape = 'split' | 'halves' | 'ring' | 'bridge'

export interface Cut {
  /** null: all traffic. */
  readonly service: CutService | null
  readonly end: End
  readonly ways: Ways
  /** May name the host itself: Patroni is then cut from the etcd member beside it. */
  readonly peers: readonly HostName[]
}

export interface Partition {
  readonly on: readonly HostName[]
  /** The other side of a split; null: every other host, and for etcd the member on the host itself. */
  readonly from: readonly HostName[] | null
  readonly services: readonly CutService[] | null
  readonly ways: Ways
  readonly shape: Shape
}

/** One TCP connection that says whether a path is open. */
export interface Dial {
  readonly from: HostName
  readonly to: HostName
  readonly port: number
}

type Pair = readonly [HostName, HostName]

/**
 * The Cuts of each host that has to drop packets. One of a pair of hosts drops both directions, so that a restart of the
 * other one changes nothing.
 * @throws LabError `no-target` when nothing would be cut: a partition that separates nobody must never pass.
 */
export function cutsOf(topology: Topology, partition: Partition): ReadonlyMap<HostName, readonly Cut[]> {
  const cuts = cutsBetween(topology, partition)
  if (cuts.size === 0)
    throw new LabError('no-target', `this partition cuts nothing: ${whyNothing(partition)}`, {
      hint: 'name other hosts in `on` or `from`, or leave `services` out to cut all traffic',
    })
  return cuts
}

function cutsBetween(topology: Topology, partition: Partition): ReadonlyMap<HostName, readonly Cut[]> {
  const services = partition.services ?? [null]
  const cuts = new Map<HostName, Cut[]>()
  for (const service of services)
    for (const [on, peer] of pairs(topology, partition)) {
      const end = endOf(topology, service, on, peer)
      if (end === null) continue
      const [host, cut] = placed(topology, on, {service, end, ways: partition.ways, peers: [peer]})
      add(cuts, host, cut)
    }
  return cuts
}

/** The same from the point of view of whoever no longer reaches somebody, whichever host drops the packets. */
export function cutOffBy(topology: Topology, partition: Partition): readonly CutOff[] {
  return [...cutsBetween(topology, partition)].flatMap(([host, cuts]) =>
    cuts.flatMap(({service, end, ways, peers}): CutOff[] =>
      end === 'server'
        ? peers.map(peer => ({host: peer, from: [host], service, ways: opposite.ways[ways]}))
        : [{host, from: peers, service, ways}],
    ),
  )
}

function whyNothing({on, from, services, shape}: Partition): string {
  if (shape === 'ring' && on.length < 4) return `a ring takes four hosts or more, and ${on.join(', ')} are ${on.length}`
  const groups = shape === 'split' ? `${on.join(', ')} and ${from?.join(', ') ?? 'the other hosts'}` : on.join(', ')
  return services === null
    ? `there are not two sides in ${groups}`
    : `${groups} have no connection for ${services.join(' or ')} between them`
}

function pairs(topology: Topology, {on, from, shape}: Partition): readonly Pair[] {
  switch (shape) {
    case 'split': {
      const all = topology.hosts.map(host => host.name)
      const across = on.flatMap(one =>
        (from ?? all.filter(other => !on.includes(other))).map((other): Pair => [one, other]),
      )
      return from === null ? [...across, ...on.map((one): Pair => [one, one])] : across
    }
    case 'halves': {
      const [first, second] = bisect(on)
      return product(first, second)
    }
    case 'bridge': {
      const [first, [, ...second]] = bisect(on)
      return product(first, second)
    }
    case 'ring':
      return ring(on)
  }
}

/** As Jepsen's `nemesis/bisect`: the first half is the smaller one, and the bridge is the first of the second half. */
function bisect(hosts: readonly HostName[]): readonly [HostName[], HostName[]] {
  const middle = Math.floor(hosts.length / 2)
  return [hosts.slice(0, middle), hosts.slice(middle)]
}

function product(left: readonly HostName[], right: readonly HostName[]): Pair[] {
  return left.flatMap(one => right.map((other): Pair => [one, other]))
}

/**
 * Jepsen's majorities-ring (`nemesis/majorities-ring-perfect`): every host sees a majority, and no two see the same one. Here
 * each sees as many neighbours on its left as on its right, so that whoever is seen sees back; with TCP nothing else is of use.
 */
function ring(hosts: readonly HostName[]): Pair[] {
  const count = hosts.length
  const reach = Math.ceil(Math.floor(count / 2) / 2)
  return hosts.flatMap((one, index) =>
    hosts.slice(index + 1).flatMap((other, offset): Pair[] => {
      const apart = Math.min(offset + 1, count - (offset + 1))
      return apart > reach ? [[one, other]] : []
    }),
  )
}

/** Which end `on` is of the service's connections to `peer`; null: there are none. */
function endOf(topology: Topology, service: CutService | null, on: HostName, peer: HostName): End | null {
  const runs = (host: HostName, what: ServiceName) => hostsWith(topology, what).includes(host)
  if (service === 'etcd') {
    // A host with Patroni loses etcd as its user; the member beside that Patroni goes on serving others.
    if (runs(on, 'patroni')) return runs(peer, 'etcd') ? 'client' : null
    return on !== peer && runs(on, 'etcd') && runs(peer, 'patroni') ? 'server' : null
  }
  if (on === peer) return null
  switch (service) {
    case null:
      return 'either'
    case 'etcd-peer':
      return runs(on, 'etcd') && runs(peer, 'etcd') ? 'either' : null
    case 'replication':
      return runs(on, 'patroni') && runs(peer, 'patroni') ? 'either' : null
    case 'postgres':
    case 'patroni':
      return runs(on, 'patroni') || runs(peer, 'patroni') ? 'either' : null
    case 'haproxy':
    case 'pgbouncer':
      return runs(on, service) || runs(peer, service) ? 'either' : null
  }
}

const opposite = {
  ways: {both: 'both', out: 'in', in: 'out'},
  end: {either: 'either', client: 'server', server: 'client'},
} as const satisfies {ways: Record<Ways, Ways>; end: Record<End, End>}

/** The clients' host keeps no rules (`whats-broken` is not there to find them): whoever it is cut from drops its packets. */
function placed(topology: Topology, on: HostName, cut: Cut): readonly [HostName, Cut] {
  const [peer = on] = cut.peers
  if (!hostsWith(topology, 'client').includes(on)) return [on, cut]
  return [peer, {...cut, ways: opposite.ways[cut.ways], end: opposite.end[cut.end], peers: [on]}]
}

function add(cuts: Map<HostName, Cut[]>, host: HostName, cut: Cut): void {
  const own = cuts.get(host) ?? []
  const alike = own.findIndex(one => one.service === cut.service && one.end === cut.end && one.ways === cut.ways)
  const before = own[alike]
  if (before === undefined) own.push(cut)
  else own[alike] = {...before, peers: [...new Set([...before.peers, ...cut.peers])]}
  cuts.set(host, own)
}

/** Connections that the Cuts of these hosts must stop, in either direction of asking. */
export function stopped(topology: Topology, cuts: ReadonlyMap<HostName, readonly Cut[]>): readonly Dial[] {
  return [...cuts].flatMap(([host, own]) =>
    own.flatMap(({service, end, peers}) =>
      peers.flatMap(peer => [
        ...(end === 'server' ? [] : attempts(topology, service, host, peer)),
        ...(end === 'client' || host === peer ? [] : attempts(topology, service, peer, host)),
      ]),
    ),
  )
}

/** Connections between the same hosts that must still come about: one a pair, to a service that is not cut. */
export function spared(topology: Topology, cuts: ReadonlyMap<HostName, readonly Cut[]>): readonly Dial[] {
  return [...cuts].flatMap(([host, own]) => {
    if (own.some(cut => cut.service === null)) return []
    const cutPorts = own.flatMap(({service}) => portsOf(topology, service))
    const peers = new Set(own.flatMap(cut => cut.peers).filter(peer => peer !== host))
    return [...peers].flatMap(peer =>
      listening(topology, peer)
        .filter(port => !cutPorts.includes(port))
        .slice(0, 1)
        .map(port => ({from: host, to: peer, port})),
    )
  })
}

/** A port nobody listens on answers as well: with a reset. */
const discardPort = 9

function attempts(topology: Topology, service: CutService | null, from: HostName, to: HostName): Dial[] {
  const ports = listening(topology, to)
  const wanted =
    service === null ? [ports[0] ?? discardPort] : portsOf(topology, service).filter(port => ports.includes(port))
  return wanted.slice(0, 1).map(port => ({from, to, port}))
}

function listening(topology: Topology, host: HostName): number[] {
  return portsOn(topology, host).map(({number}) => number)
}
