/** A lab whose hosts are servers of ours on this machine: node1, node2 ... in the order of the ports. */
import {connect} from 'node:net'
import {Lab, type LabEngine} from '../../lab/engine/lab.ts'
import type {Reach} from '../../lab/observer/ask.ts'
import type {ServiceName} from '../../lab/topology/services.ts'
import {type Allocation, profiles, type Topology} from '../../lab/topology/topology.ts'
import {FakeEngine} from './fake/engine.ts'

export function localLab(
  service: ServiceName,
  ports: readonly number[],
  reach = locally(ports),
  docker: LabEngine = new FakeEngine(),
): Lab {
  const hosts = ports.map((_, index) => ({name: `node${index + 1}`, services: [service]}))
  const topology: Topology = {profile: 'fast', release: 'trixie', ...profiles.fast, hosts}
  const allocation: Allocation = {
    lab: 'x',
    subnet: '10.213.7.0/24',
    addresses: Object.fromEntries(hosts.map(({name}, index) => [name, `10.213.7.${11 + index}`])),
    observer: '10.213.7.10',
    ports: {},
    passwords: {superuser: '', replication: '', rewind: '', app: ''},
    images: {host: '', app: ''},
  }
  return new Lab(docker, topology, allocation, reach)
}

/** Past all of the tunnel. */
export function locally(ports: readonly number[]): Reach {
  return {
    connect: to => connect(ports[Number(/\.(\d+):/.exec(to)?.[1]) - 11] ?? 0, '127.0.0.1'),
    knock() {},
    heardAt: Number.POSITIVE_INFINITY,
  }
}
