/** The ways in: where clients enter a cluster, by the names that a scenario's `through` has for them. */
import {LabError} from '../words/errors.ts'
import {firstCluster} from './clusters.ts'
import type {PortName, ServiceName} from './services.ts'
import {type HostName, hostsWith, poolersBefore, portNumber, type Topology} from './topology.ts'

export interface Entry {
  readonly name: EntryName
  readonly takes: 'read-write' | 'read-only'
  /** Every host on which it is open; who knows one address only uses one of them. */
  readonly hosts: readonly HostName[]
  readonly service: PortName
  /** Of `service`, inside the lab's network. */
  readonly port: number
  /** Its hosts share one address, which clients inside the lab know instead of theirs: one of them has it. */
  readonly virtual: boolean
  /** Nobody behind it looks for the primary: whoever comes in does, among all its hosts. */
  readonly findsPrimary: boolean
}

/** How each is made of a topology. */
const ways = {
  primary: {takes: 'read-write', on: 'haproxy', service: 'primary', findsPrimary: false},
  replicas: {takes: 'read-only', on: 'haproxy', service: 'replicas', findsPrimary: false},
  members: {takes: 'read-write', on: 'patroni', service: 'postgres', findsPrimary: true},
} as const satisfies Readonly<
  Record<string, Pick<Entry, 'takes' | 'service' | 'findsPrimary'> & {readonly on: ServiceName}>
>

export type EntryName = keyof typeof ways

export const entryNames = Object.keys(ways) as EntryName[]

/** The names of those that lead a client who knows nothing of a cluster to a server of the right kind. */
export type PlainEntryName = {
  [name in EntryName]: (typeof ways)[name]['findsPrimary'] extends false ? name : never
}[EntryName]

export const plainEntryNames = entryNames.filter((name): name is PlainEntryName => !ways[name].findsPrimary)

/**
 * Every way into a topology; one that is open nowhere has no hosts. Poolers before the proxies are the way in for writes. Where a standby
 * cluster is, its proxies and poolers are no way in: those are the first's, and only who knows all members knows its members as well.
 */
export function entries(topology: Topology): Readonly<Record<EntryName, Entry>> {
  return Object.fromEntries(
    entryNames.map((name): [EntryName, Entry] => {
      const {on, ...way} = ways[name]
      const first = firstCluster(topology)
      const pooled = name === 'primary' ? poolersBefore(first) : []
      const open: Pick<Entry, 'hosts' | 'service'> =
        pooled.length > 0
          ? {hosts: pooled, service: 'pgbouncer'}
          : {hosts: hostsWith(way.findsPrimary ? topology : first, on), service: way.service}
      const sharing = hostsWith(first, 'keepalived')
      const virtual = sharing.length > 0 && open.hosts.every(host => sharing.includes(host))
      return [name, {name, ...way, ...open, port: portNumber(topology, open.service), virtual}]
    }),
  ) as Record<EntryName, Entry>
}

/** The host on which those who know one address come in. @throws LabError `no-target` when the entry is open nowhere. */
export function doorOf({name, hosts}: Entry): HostName {
  const [host] = hosts
  if (host !== undefined) return host
  throw new LabError('no-target', `this lab has no host with ${ways[name].on}, and so no way in through ${name}`)
}
