/** The hosts' containers, and the observer's: which there are, and how each is. */
import {type HostName, labels} from '../../topology/topology.ts'
import {LabError} from '../../words/errors.ts'
import {onLab} from '../../words/next-step.ts'
import type {Requests} from './requests.ts'

export interface ContainerState {
  readonly id: string
  readonly name: string
  readonly host: HostName
  readonly lab: string
  /** created | running | paused | restarting | removing | exited | dead */
  readonly state: string
  readonly image: string
}

/** What the engine knows of a container beyond its state. */
export interface Condition {
  readonly running: boolean
  readonly paused: boolean
  /** On the lab's network. */
  readonly plugged: boolean
  readonly cpuLimited: boolean
  readonly exitCode: number
  /** Ports of this machine that lead into it right now. */
  readonly published: readonly number[]
}

/** Asks only. */
export interface Containers {
  /** The hosts of a lab, or of all labs. */
  containers(lab?: string): Promise<ContainerState[]>

  /** The container of a host; only one with this lab's label can be found. */
  container(lab: string, host: HostName): Promise<ContainerState>

  /** The observer of a lab; undefined when it has none. `state` is as of a `ContainerState`. */
  observer(lab: string): Promise<{readonly id: string; readonly state: string} | undefined>

  condition(id: string, lab: string): Promise<Condition>

  isRunning(id: string): Promise<boolean>
}

export class ContainersOfEngine implements Containers {
  readonly #engine: Requests

  constructor(engine: Requests) {
    this.#engine = engine
  }

  async containers(lab?: string): Promise<ContainerState[]> {
    const label = lab === undefined ? labels.lab : `${labels.lab}=${lab}`
    const found = await this.#engine.say('listing containers', () =>
      this.#engine.api.listContainers({all: true, filters: {label: [label, labels.host]}}),
    )
    return found.map(one => ({
      id: one.Id,
      name: one.Names[0]?.slice(1) ?? one.Id,
      host: one.Labels[labels.host] ?? '',
      lab: one.Labels[labels.lab] ?? '',
      state: one.State,
      image: one.Image,
    }))
  }

  async container(lab: string, host: HostName): Promise<ContainerState> {
    const found = (await this.containers(lab)).find(one => one.host === host)
    if (found === undefined)
      throw new LabError('no-target', `host ${host} of lab ${lab} has no container`, {
        hint: onLab(lab, 'up'),
      })
    return found
  }

  async observer(lab: string): Promise<{readonly id: string; readonly state: string} | undefined> {
    const filters = {label: [`${labels.lab}=${lab}`, labels.observer]}
    const [found] = await this.#engine.say('listing containers', () =>
      this.#engine.api.listContainers({all: true, filters}),
    )
    return found === undefined ? undefined : {id: found.Id, state: found.State}
  }

  async condition(id: string, lab: string): Promise<Condition> {
    const seen = await this.#engine.say('inspecting a container', () => this.#engine.api.getContainer(id).inspect())
    const networks = Object.keys(seen.NetworkSettings.Networks ?? {})
    return {
      running: seen.State.Running,
      paused: seen.State.Paused,
      plugged: networks.some(name => name.startsWith(`pgha-lab-${lab}_`)),
      cpuLimited: (seen.HostConfig.CpuQuota ?? 0) > 0,
      exitCode: seen.State.ExitCode,
      published: publishedPorts(seen.NetworkSettings.Ports),
    }
  }

  async isRunning(id: string): Promise<boolean> {
    const seen = await this.#engine.say('inspecting a container', () => this.#engine.api.getContainer(id).inspect())
    return seen.State.Running && !seen.State.Paused
  }
}

/** Ports of this machine that lead into the container right now. */
function publishedPorts(ports: Readonly<Record<string, readonly {HostPort: string}[] | null>> | undefined): number[] {
  return Object.values(ports ?? {}).flatMap(bound => (bound ?? []).map(one => Number(one.HostPort)))
}
