/** A lab on the fake engine: the real `Lab`, with containers, a cluster and clients that are objects of this process. */
import {Lab} from '../../../lab/engine/lab.ts'
import {addressesOf, observerIn} from '../../../lab/state/allocate.ts'
import {type Allocation, profiles, type Topology} from '../../../lab/topology/topology.ts'
import {FakeEngine} from './engine.ts'
import {images} from './images.ts'
import {FakeWorld} from './world.ts'

export const fakeTopology: Topology = {
  profile: 'fast',
  release: 'trixie',
  ...profiles.fast,
  hosts: [
    {name: 'node1', services: ['etcd', 'patroni']},
    {name: 'node2', services: ['etcd', 'patroni']},
    {name: 'node3', services: ['etcd', 'patroni']},
    {name: 'proxy1', services: ['haproxy']},
    {name: 'app1', services: ['client']},
  ],
}

const subnet = '10.213.7.0/24'

export function allocationOf(topology: Topology, ports: Allocation['ports'], lab = 'fake'): Allocation {
  return {
    ...{lab, subnet, ports, images, addresses: addressesOf(topology, subnet), observer: observerIn(subnet)},
    passwords: {superuser: 'su', replication: 're', rewind: 'rw', app: 'app'},
  }
}

export interface Faked extends AsyncDisposable {
  readonly lab: Lab
  readonly engine: FakeEngine
  readonly world: FakeWorld
}

/** Everything runs; its cluster elects its first leader as the virtual clock goes on. */
export async function fakeLab(topology: Topology = fakeTopology): Promise<Faked> {
  const engine = new FakeEngine()
  const world = new FakeWorld(topology, allocationOf(topology, {}), {id: 'us', home: null})
  engine.world = world
  const lab = new Lab(engine, topology, allocationOf(topology, await world.publish(topology)))
  return {
    ...{lab, engine, world},
    async [Symbol.asyncDispose]() {
      await lab[Symbol.asyncDispose]()
      await engine[Symbol.asyncDispose]()
    },
  }
}
