/** The ways in: where clients enter a cluster, by the names that a scenario's `through` has for them. */
import {LabError} from '../words/errors.ts'
import {type PortName, portNumber, type ServiceName} from './services.ts'
import {type HostName, hostsWith, type Topology} from './topology.ts'

export interface Entry {
  readonly name: EntryName
  readonly takes: 'read-write' | 'read-only'
  /** Every host on which it is open; who knows one address only uses the first. */
  readonly hosts: readonly HostName[]
  readonly service: PortName
  /** Of `service`, inside the lab's network. */
  readonly port: number
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

/** Every way into a topology; one that is open nowhere has no hosts. */
export function entries(topology: Topology): Readonly<Record<EntryName, Entry>> {
  return Object.fromEntries(
    entryNames.map((name): [EntryName, Entry] => {
      const {on, ...way} = ways[name]
      return [name, {name, ...way, hosts: hostsWith(topology, on), port: portNumber(way.service)}]
    }),
  ) as Record<EntryName, Entry>
}

/** The host on which those who know one address come in. @throws LabError `no-target` when the entry is open nowhere. */
export function doorOf({name, hosts}: Entry): HostName {
  const [host] = hosts
  if (host !== undefined) return host
  throw new LabError('no-target', `this lab has no host with ${ways[name].on}, and so no way in through ${name}`)
}
