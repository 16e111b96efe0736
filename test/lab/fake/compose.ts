/** Docker Compose for the fake engine: makes the containers of a file that are missing, and starts those that are down. */
import {once} from 'node:events'
import {createServer} from 'node:net'
import {parse} from 'yaml'
import {type Compose, complaint} from '../../../lab/engine/stack.ts'
import {owner, savedOwner} from '../../../lab/state/owner.ts'
import {loadLab} from '../../../lab/state/state.ts'
import type {PortName} from '../../../lab/topology/services.ts'
import {type Allocation, type HostName, observerName} from '../../../lab/topology/topology.ts'
import type {LabError} from '../../../lab/words/errors.ts'
import {disposedOf} from './at-rest.ts'
import type {FakeEngine} from './engine.ts'
import {FakeWorld} from './world.ts'

/** Below those that the system gives to who asks for any, which would be another test's a moment later; each process begins elsewhere. */
let next = 24_000 + (process.pid % 400) * 20

/** As many ports, which nobody has. */
export async function freePorts(ports: Allocation['ports']): Promise<Allocation['ports']> {
  const free = async (): Promise<number> => {
    const port = next++
    const server = createServer().listen(port, '127.0.0.1')
    const isFree = await once(server, 'listening').then(
      () => true,
      () => false,
    )
    await new Promise(resolve => server.close(resolve))
    return isFree ? port : await free()
  }
  const found: Record<HostName, Partial<Record<PortName, number>>> = {}
  for (const [host, own] of Object.entries(ports))
    for (const name of Object.keys(own) as PortName[]) found[host] = {...found[host], [name]: await free()}
  return {...Object.fromEntries(Object.keys(ports).map(host => [host, {}])), ...found}
}

export class FakeCompose implements Compose {
  readonly #engine: FakeEngine
  readonly #lab: string
  /** Each `up`: the services that were asked for, none for all. */
  readonly ups: (readonly string[])[] = []
  /** How many hosts it starts before it fails. */
  failsAfter: {readonly hosts: number; readonly error: LabError} | null = null
  /** Whether the engine has given a subnet to another lab since it was asked which are in use. */
  isOfOthers: (subnet: string) => boolean = () => false
  /** Done with a lab's world when its containers have been made. */
  made: (world: FakeWorld) => void = () => {}

  constructor(engine: FakeEngine, lab: string) {
    this.#engine = engine
    this.#lab = lab
    engine.compose = this
  }

  /** It adds nothing of its own to what it reads. */
  reads: Compose['reads'] = async ({text}) => parse(text) as unknown

  up: Compose['up'] = async (_file, signal, _withinMs, services = []) => {
    signal.throwIfAborted()
    this.ups.push(services)
    if (this.#engine.world === null && this.isOfOthers(loadLab(this.#lab)!.allocation.subnet))
      throw await complaint(
        `failed to create network pgha-lab-${this.#lab}_lab: Error response from daemon: Pool overlaps with other one on this address space`,
      )
    const world = this.#engine.world ?? (await this.#make())
    if (services.length === 0 || services.includes(observerName)) world.observer = {id: 'id-observer', state: 'running'}
    if (services.length > 0) return
    let started = 0
    for (const host of world.hosts.values()) {
      if (host.state === 'running') continue
      if (started++ === this.failsAfter?.hosts) throw this.failsAfter.error
      host.comeUp()
    }
  }

  async #make(): Promise<FakeWorld> {
    const {topology, allocation} = loadLab(this.#lab)!
    const mine = owner()
    const world = disposedOf(new FakeWorld(topology, allocation, {...mine, id: savedOwner(this.#lab) ?? mine.id}))
    for (const host of world.hosts.values()) host.state = 'exited'
    await world.publish(topology, allocation.ports)
    this.#engine.world = world
    this.made(world)
    return world
  }
}
