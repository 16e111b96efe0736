/** The lab's network, and who is plugged into it. */
import type Dockerode from 'dockerode'
import {labels, networkName} from '../../topology/topology.ts'
import {LabError} from '../../words/errors.ts'
import {onLab} from '../../words/next-step.ts'
import type {Containers} from './containers.ts'
import type {Requests} from './requests.ts'

/** Plugs containers in and out. */
export interface Networks {
  /** Takes the container off the lab's network: its interface goes. */
  disconnect(id: string, lab: string): Promise<void>

  /** Idempotent. */
  connect(id: string, lab: string, address: string | undefined): Promise<void>

  /** Takes a container off any network. */
  unplug(id: string, network: string): Promise<void>

  /** Subnets of all networks of the engine, CIDR. */
  subnets(): Promise<string[]>
}

export class NetworksOfEngine implements Networks {
  readonly #engine: Requests
  readonly #containers: Containers

  constructor(engine: Requests, containers: Containers) {
    this.#engine = engine
    this.#containers = containers
  }

  async disconnect(id: string, lab: string): Promise<void> {
    const network = await networkOf(this.#engine, lab)
    await this.#engine.change('disconnecting a container', () => network.disconnect({Container: id, Force: true}))
  }

  async connect(id: string, lab: string, address: string | undefined): Promise<void> {
    if ((await this.#containers.condition(id, lab)).plugged) return
    const network = await networkOf(this.#engine, lab)
    await this.#engine.change('connecting a container', () =>
      network.connect({
        Container: id,
        EndpointConfig: {IPAMConfig: address === undefined ? {} : {IPv4Address: address}},
      }),
    )
  }

  async unplug(id: string, network: string): Promise<void> {
    await this.#engine.change('disconnecting a container', () =>
      this.#engine.api.getNetwork(network).disconnect({Container: id, Force: true}),
    )
  }

  async subnets(): Promise<string[]> {
    const networks = await this.#engine.say('listing networks', () => this.#engine.api.listNetworks())
    return networks.flatMap(one => one.IPAM?.Config?.flatMap(config => config.Subnet ?? []) ?? [])
  }
}

/** The network of a lab, found by its label; a worker of a swarm does not know one that it has nothing in, and finds it by its name. */
export async function networkOf(engine: Requests, lab: string): Promise<Dockerode.Network> {
  const [found] = await engine.say('looking for a network', () =>
    engine.api.listNetworks({filters: {label: [`${labels.lab}=${lab}`]}}),
  )
  if (found === undefined && (await isInSwarm(engine))) return engine.api.getNetwork(networkName(lab))
  if (found === undefined) throw new LabError('no-target', `lab ${lab} has no network`, {hint: onLab(lab, 'up')})
  return engine.api.getNetwork(found.Id)
}

async function isInSwarm(engine: Requests): Promise<boolean> {
  const {Swarm: swarm} = (await engine.say('asking for its swarm', () => engine.api.info())) as {
    Swarm?: {LocalNodeState?: string}
  }
  return swarm?.LocalNodeState === 'active'
}
