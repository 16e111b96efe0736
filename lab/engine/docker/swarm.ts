/** Whether engines are one swarm, and the network that lies over all of them. No swarm is formed, joined or left here. */
import {labels, type Owner} from '../../topology/topology.ts'
import {gone, type Requests} from './requests.ts'

/** An engine as a swarm knows it. */
export interface Membership {
  /** Of the engine itself, whatever it is called. */
  readonly engineId: string
  /** null: it is in no swarm, or has not got in yet. */
  readonly nodeId: string | null
  readonly isManager: boolean
  /** Where others join it, `host:port`; null: it is no manager, or does not say. */
  readonly managerAddress: string | null
}

export interface Overlay {
  readonly name: string
  /** CIDR, a /24. */
  readonly subnet: string
  readonly gateway: string
  readonly owner: Owner
}

/** Asks about the engine's swarm, and makes a network in it. */
export interface Swarm {
  membership(): Promise<Membership>

  /** The ids of the nodes that are ready to work, of a swarm that this engine is a manager of. */
  readyNodes(): Promise<ReadonlySet<string>>

  /** Idempotent. @returns its id. */
  makeOverlay(lab: string, overlay: Overlay): Promise<string>

  /**
   * A container of the image that idles in a network until it is disposed of, or for ten minutes: a worker does not know a network that
   * it has nothing in, and Compose asks whether it does.
   */
  holdNetwork(
    lab: string,
    holding: Pick<Overlay, 'name' | 'owner'> & {readonly image: string},
  ): Promise<AsyncDisposable>
}

export class SwarmOfEngine implements Swarm {
  readonly #engine: Requests

  constructor(engine: Requests) {
    this.#engine = engine
  }

  async membership(): Promise<Membership> {
    const {ID, Swarm: swarm} = (await this.#engine.say('asking for its swarm', () => this.#engine.api.info())) as Info
    const isActive = swarm?.LocalNodeState === 'active'
    return {
      engineId: ID ?? '',
      nodeId: isActive ? (swarm.NodeID ?? null) : null,
      isManager: isActive && swarm.ControlAvailable === true,
      managerAddress: swarm?.RemoteManagers?.find(one => one.NodeID === swarm.NodeID)?.Addr || null,
    }
  }

  async readyNodes(): Promise<ReadonlySet<string>> {
    const nodes = (await this.#engine.say('listing the nodes of its swarm', () =>
      this.#engine.api.listNodes(),
    )) as readonly Node[]
    return new Set(nodes.filter(one => one.Status.State === 'ready').map(one => one.ID))
  }

  async makeOverlay(lab: string, {name, subnet, gateway, owner}: Overlay): Promise<string> {
    const filters = {label: [`${labels.lab}=${lab}`]}
    const found = await this.#engine.say('looking for a network', () => this.#engine.api.listNetworks({filters}))
    const known = found.find(one => one.Name === name)
    if (known !== undefined) return known.Id
    return this.#engine.change('making a network over several engines', async () => {
      const made = await this.#engine.api.createNetwork({
        ...{Name: name, Driver: 'overlay', Attachable: true, CheckDuplicate: true},
        IPAM: {Driver: 'default', Config: [{Subnet: subnet, Gateway: gateway, IPRange: ownRange(subnet)}]},
        Labels: {
          [labels.lab]: lab,
          [labels.owner]: owner.id,
          ...(owner.home === null ? {} : {[labels.home]: owner.home}),
        },
      })
      return made.id
    })
  }

  async holdNetwork(
    lab: string,
    {name, owner, image}: Pick<Overlay, 'name' | 'owner'> & {readonly image: string},
  ): Promise<AsyncDisposable> {
    return this.#engine.change('making a network known', async () => {
      const container = await this.#engine.api.createContainer({
        Image: image,
        Entrypoint: ['sleep'],
        Cmd: [String(holdSeconds)],
        Labels: {[labels.lab]: lab, [labels.owner]: owner.id},
        HostConfig: {
          ...{NetworkMode: name, AutoRemove: true, Memory: 64 * 1024 ** 2, PidsLimit: 16},
          ...{CapDrop: ['ALL'], SecurityOpt: ['no-new-privileges']},
        },
      })
      const remove = () => gone(container.remove({force: true}))
      try {
        await container.start()
      } catch (error) {
        await remove()
        throw error
      }
      return {[Symbol.asyncDispose]: () => this.#engine.change('removing a container', remove)}
    })
  }
}

const holdSeconds = 600

/** Each engine takes an address for itself: out of these, which are no host's (from .11 on) and no program's (from .254 down). */
function ownRange(subnet: string): string {
  return subnet.replace(/\.0\/24$/, '.128/26')
}

/** As far as `answers.ts` has checked it. */
interface Info {
  readonly ID?: string
  readonly Swarm?: {
    readonly NodeID?: string
    readonly LocalNodeState?: string
    readonly ControlAvailable?: boolean
    readonly RemoteManagers?: readonly {readonly NodeID: string; readonly Addr: string}[] | null
  }
}

interface Node {
  readonly ID: string
  readonly Status: {readonly State: string}
}
