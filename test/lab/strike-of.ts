/** What a fault says that it does, for histories made by hand and for runs with another way to write the same fault. */
import {meant, type Roles} from '../../lab/cluster/selector.ts'
import {faults} from '../../lab/faults/index.ts'
import type {Strike} from '../../lab/history/strike.ts'
import {namedIn} from '../../lab/scenario/params.ts'
import type {HostName, Topology} from '../../lab/topology/topology.ts'
import {loadTopology} from '../../lab/topology/topology-file.ts'

const three = loadTopology({profile: 'fast'})

export interface Cluster {
  readonly topology: Topology
  readonly now: Roles
}

/** node1 leads, of PostgreSQL and of etcd. */
export const node1Leads: Cluster = {
  topology: three,
  now: {
    leader: 'node1',
    etcdLeader: 'node1',
    replicas: [
      {host: 'node2', sync: null},
      {host: 'node3', sync: null},
    ],
  },
}

export function strikeOf(
  fault: string,
  params: Readonly<Record<string, unknown>> = {},
  on: readonly HostName[] = ['node1'],
  {topology, now}: Cluster = node1Leads,
): Strike {
  const unit = faults[fault]
  if (unit === undefined) throw new TypeError(`no fault ${fault}`)
  const named = namedIn(unit.params, params).map(({word}) => meant(topology, word, now) ?? [])
  const from = named.length === 0 ? null : [...new Set(named.flat())]
  return unit.strikes(unit.params.parse(params), {on, from, topology})
}
