/** All that carries a lab's label, whose it is, and its end. */
import {setTimeout as sleep} from 'node:timers/promises'
import {labels, type Owner} from '../../topology/topology.ts'
import {LabError} from '../../words/errors.ts'
import {gone, type Requests} from './requests.ts'

/** One thing of the engine that carries a lab's label; such a label is anybody's text. */
export interface Belonging {
  readonly kind: 'container' | 'network' | 'volume'
  readonly id: string
  readonly lab: string
  /** As `Owner` has them; null: it does not say. */
  readonly owner: string | null
  readonly home: string | null
  /** Of a container, as of a `ContainerState`; else null. */
  readonly state: string | null
  /** By the engine's clock, ms since 1970; NaN: it does not say. */
  readonly createdMs: number
}

/** How many of each kind. */
export interface Removed {
  readonly containers: number
  readonly networks: number
  readonly volumes: number
}

/** Finds, claims and removes what labs have. */
export interface Belongings {
  /** Everything that carries a lab's label, of one lab or of all. */
  belongings(lab?: string): Promise<Belonging[]>

  /**
   * Removes these and nothing else; what is gone already counts as removed.
   * @param evenRunning without it the engine itself refuses a container that runs by now, and this throws `not-yours`.
   */
  remove(belongings: readonly Belonging[], evenRunning: boolean): Promise<Removed>

  /**
   * Claims the name of a lab on this engine: of two at once, the engine makes the volume of one, and both are told whose it is. Until
   * there is a container, nothing else that Compose makes tells two labs of one name apart.
   */
  claim(lab: string, owner: Owner): Promise<Belonging>

  /** What remains that carries the label, by kind. */
  leftovers(lab: string): Promise<Removed>
}

const leavesEveryMs = 250
const leavesWithinTries = 80

export class BelongingsOfEngine implements Belongings {
  readonly #engine: Requests

  constructor(engine: Requests) {
    this.#engine = engine
  }

  async belongings(lab?: string): Promise<Belonging[]> {
    const filters = {label: [lab === undefined ? labels.lab : `${labels.lab}=${lab}`]}
    return this.#engine.say('listing what labs have', async () => {
      const [containers, networks, {Volumes: volumes}] = await Promise.all([
        this.#engine.api.listContainers({all: true, filters}),
        this.#engine.api.listNetworks({filters}).then(all => this.#own(all)),
        this.#engine.api.listVolumes({filters: JSON.stringify(filters)}),
      ])
      return [
        ...containers.map(one => ({
          ...whose(one.Labels),
          kind: 'container' as const,
          id: one.Id,
          state: one.State,
          createdMs: one.Created * 1000,
        })),
        ...networks.map(one => ({
          ...whose(one.Labels),
          kind: 'network' as const,
          id: one.Id,
          state: null,
          createdMs: Date.parse(one.Created),
        })),
        ...(volumes ?? []).map(one => ({
          ...whose(one.Labels),
          kind: 'volume' as const,
          id: one.Name,
          state: null,
          createdMs: Date.parse((one as {CreatedAt?: string}).CreatedAt ?? ''),
        })),
      ]
    })
  }

  async remove(belongings: readonly Belonging[], evenRunning: boolean): Promise<Removed> {
    const of = (kind: Belonging['kind']) => belongings.filter(one => one.kind === kind)
    const [containers, networks, volumes] = [of('container'), of('network'), of('volume')]
    await this.#engine.change('removing a lab', async () => {
      const removals = await Promise.allSettled(
        containers.map(one => this.#engine.api.getContainer(one.id).remove({force: evenRunning, v: true})),
      )
      for (const removal of removals) {
        if (removal.status === 'fulfilled') continue
        if (!evenRunning && /running|paused|restarting/.test(String(removal.reason?.message)))
          throw new LabError('not-yours', 'it was started again meanwhile', {cause: removal.reason})
        await gone(Promise.reject(removal.reason))
      }
      await Promise.all(networks.map(one => this.#removeNetwork(one.id)))
      await Promise.all(volumes.map(one => gone(this.#engine.api.getVolume(one.id).remove({force: true}))))
    })
    return {containers: containers.length, networks: networks.length, volumes: volumes.length}
  }

  async claim(lab: string, owner: Owner): Promise<Belonging> {
    const Labels = {
      [labels.lab]: lab,
      [labels.owner]: owner.id,
      ...(owner.home === null ? {} : {[labels.home]: owner.home}),
    }
    const Name = claimOf(lab)
    return this.#engine.change('claiming the name of a lab', async () => {
      await this.#engine.api.createVolume({Name, Labels})
      const made = await this.#engine.api.getVolume(Name).inspect()
      return {...whose(made.Labels), kind: 'volume', id: Name, state: null, createdMs: Number.NaN}
    })
  }

  /** A network over several engines is its manager's to remove: the others see it while they have something in it. */
  async #own<T extends {Scope: string}>(networks: readonly T[]): Promise<readonly T[]> {
    if (networks.every(one => one.Scope !== 'swarm')) return networks
    const {Swarm: swarm} = (await this.#engine.api.info()) as {Swarm?: {ControlAvailable?: boolean}}
    return swarm?.ControlAvailable === true ? networks : networks.filter(one => one.Scope !== 'swarm')
  }

  /** A swarm learns a moment later that a container has left its network. */
  async #removeNetwork(id: string): Promise<void> {
    for (let tries = 1; ; tries++)
      try {
        return await gone(this.#engine.api.getNetwork(id).remove())
      } catch (error) {
        if (tries === leavesWithinTries || !/in use by/.test(String((error as Error).message))) throw error
        await sleep(leavesEveryMs)
      }
  }

  async leftovers(lab: string): Promise<Removed> {
    const all = await this.belongings(lab)
    const of = (kind: Belonging['kind']) => all.filter(one => one.kind === kind).length
    return {containers: of('container'), networks: of('network'), volumes: of('volume')}
  }
}

/** No host has a dot in its name. */
export function claimOf(lab: string): string {
  return `pgha-lab-${lab}.claim`
}

export function whose(
  of: Readonly<Record<string, string>> | null | undefined,
): Pick<Belonging, 'lab' | 'owner' | 'home'> {
  return {lab: of?.[labels.lab] ?? '', owner: of?.[labels.owner] ?? null, home: of?.[labels.home] ?? null}
}
