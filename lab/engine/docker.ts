/** The engine, whole; and its parts, each with an interface of its own: whoever uses some of it takes no more than that. */
import type {Readable} from 'node:stream'
import type Dockerode from 'dockerode'
import type {HostName, Owner} from '../topology/topology.ts'
import type {LabError} from '../words/errors.ts'
import {type Answering, AnsweringEngine} from './docker/answering.ts'
import {type Belonging, type Belongings, BelongingsOfEngine, type Removed} from './docker/belongings.ts'
import {type Condition, type ContainerState, type Containers, ContainersOfEngine} from './docker/containers.ts'
import {type Exec, ExecOfEngine, type ExecOptions, type Printed, type Running} from './docker/exec.ts'
import {type ImageFound, type Images, ImagesOfEngine} from './docker/images.ts'
import {type Networks, NetworksOfEngine} from './docker/networks.ts'
import {type Power, PowerOfEngine} from './docker/power.ts'
import {type ProgramContainer, type Programs, ProgramsOfEngine, type ProgramToStart} from './docker/programs.ts'
import {type Reapers, ReapersOfEngine, type ReaperToStart} from './docker/reapers.ts'
import {engineCalled, Requests} from './docker/requests.ts'
import {type EngineEvent, type LogOptions, type Streams, StreamsOfEngine} from './docker/streams.ts'
import {type Membership, type Overlay, type Swarm, SwarmOfEngine} from './docker/swarm.ts'
import {type Throwaways, ThrowawaysOfEngine} from './docker/throwaways.ts'
import {type PorterToStart, type Volumes, VolumesOfEngine} from './docker/volumes.ts'

import {type EngineLimits, engineLimits} from './engine-limits.ts'
import {type EngineEnvironment, engineNameInUse, environmentOf, isElsewhere} from './named.ts'
import {type Compose, composeOn} from './stack.ts'

export type {Answering} from './docker/answering.ts'
export {type Belonging, type Belongings, claimOf, type Removed} from './docker/belongings.ts'
export type {Condition, ContainerState, Containers} from './docker/containers.ts'
export type {Exec, Printed, Running} from './docker/exec.ts'
export type {ImageFound, Images} from './docker/images.ts'
export type {Networks} from './docker/networks.ts'
export type {Power} from './docker/power.ts'
export type {ProgramContainer} from './docker/programs.ts'
export type {Reapers} from './docker/reapers.ts'
export type {EngineEvent, Streams} from './docker/streams.ts'
export type {Membership, Overlay} from './docker/swarm.ts'
export type {Throwaways} from './docker/throwaways.ts'
export {type PorterToStart, porterName} from './docker/volumes.ts'

type All = Answering &
  Containers &
  Power &
  Exec &
  Streams &
  Networks &
  Swarm &
  Throwaways &
  Programs &
  Reapers &
  Belongings &
  Images &
  Volumes

/** One that does not answer. */
export interface Absent {
  readonly engine: string
  readonly error: LabError
}

/** The engines of a lab that lies on several. Nothing here forms, joins or leaves a swarm. */
export interface Several {
  /** In the order of the topology; what is no host lies on the first. */
  readonly engines: readonly Docker[]
  /** The one that has a host. */
  of(host: HostName): Docker

  /** Those that answer now, as one; and why each other does not. @throws LabError as the first of them when none does. */
  reachable(): Promise<{readonly docker: Docker; readonly absent: readonly Absent[]}>

  /** @throws LabError `config` for two names of one engine, and for engines that are not in one swarm; `docker-missing` as `version`. */
  mustBeOneSwarm(): Promise<void>

  /** Gives each engine what it lacks of these images of the first. @param step does it, for each that lacks any. */
  shareImages(
    images: readonly string[],
    signal: AbortSignal,
    step: (engine: string, copy: () => Promise<void>) => Promise<void>,
  ): Promise<void>

  /**
   * Makes the lab's network over all of them, with static addresses, where it is not there. Each knows it until what is returned is
   * disposed of, or something of the lab is in it. @param image of a container that idles meanwhile.
   */
  makeNetwork(lab: string, network: Omit<Overlay, 'name'>, image: string): Promise<AsyncDisposable>
}

/**
 * A Docker engine: the one that is named, else that of this process (DOCKER_HOST, or the current docker context). It acts on
 * nothing without our label. Methods throw LabError `docker-missing` when none answers, `timeout` when one keeps silent for longer than the
 * limits allow, `remote-engine` when it is elsewhere and that was not allowed, `engine` with its own words when it
 * refuses, and `no-target` for a host that has no container.
 */
export class Docker implements All {
  readonly limits: EngineLimits
  /** A docker context, or an address. */
  readonly name: string
  /** For the docker command, so that it talks to this engine too. */
  readonly environment: EngineEnvironment
  /** What makes a lab's containers from its file. */
  readonly compose: Compose
  readonly #engine: Answering
  readonly #containers: Containers
  readonly #power: Power
  readonly #exec: Exec
  readonly #streams: Streams
  readonly #networks: Networks
  readonly #swarm: Swarm
  readonly #throwaways: Throwaways
  readonly #programs: Programs
  readonly #reapers: Reapers
  readonly #belongings: Belongings
  readonly #images: Images
  readonly #volumes: Volumes

  /** The engines of a lab that lies on several; undefined: this is the one that there is. */
  readonly several: Several | undefined = undefined

  /**
   * @param engine its name; or the way to it, which is taken for the one in use.
   * @param called what goes wrong is said with this name.
   */
  constructor(engine: string | Dockerode = engineNameInUse(), limits = engineLimits(), called?: string) {
    const requests = new Requests(typeof engine === 'string' ? engineCalled(engine, limits) : engine, limits, called)
    this.limits = limits
    this.name = called ?? (typeof engine === 'string' ? engine : engineNameInUse())
    this.environment = environmentOf(this.name)
    this.compose = composeOn(this.environment)
    this.#engine = new AnsweringEngine(requests)
    this.#containers = new ContainersOfEngine(requests)
    this.#power = new PowerOfEngine(requests)
    this.#exec = new ExecOfEngine(requests)
    this.#streams = new StreamsOfEngine(requests)
    this.#networks = new NetworksOfEngine(requests, this.#containers)
    this.#swarm = new SwarmOfEngine(requests)
    this.#throwaways = new ThrowawaysOfEngine(requests, this.#engine)
    this.#programs = new ProgramsOfEngine(requests)
    this.#reapers = new ReapersOfEngine(requests)
    this.#belongings = new BelongingsOfEngine(requests)
    this.#images = new ImagesOfEngine(requests)
    this.#volumes = new VolumesOfEngine(requests)
  }

  /** Its published ports are on another machine. */
  get elsewhere(): boolean {
    return isElsewhere(this.name)
  }

  heed(signal: AbortSignal): void {
    this.#engine.heed(signal)
  }
  answering(signal?: AbortSignal): Disposable & {readonly signal: AbortSignal} {
    return this.#engine.answering(signal)
  }
  version(withinMs?: number): Promise<string> {
    return this.#engine.version(withinMs)
  }
  clockMs(): Promise<number> {
    return this.#engine.clockMs()
  }

  containers(lab?: string): Promise<ContainerState[]> {
    return this.#containers.containers(lab)
  }
  container(lab: string, host: HostName): Promise<ContainerState> {
    return this.#containers.container(lab, host)
  }
  observer(lab: string): Promise<{readonly id: string; readonly state: string} | undefined> {
    return this.#containers.observer(lab)
  }
  condition(id: string, lab: string): Promise<Condition> {
    return this.#containers.condition(id, lab)
  }
  isRunning(id: string): Promise<boolean> {
    return this.#containers.isRunning(id)
  }

  kill(id: string, signal?: string): Promise<void> {
    return this.#power.kill(id, signal)
  }
  start(id: string): Promise<void> {
    return this.#power.start(id)
  }
  stop(id: string, graceSeconds: number): Promise<void> {
    return this.#power.stop(id, graceSeconds)
  }
  pause(id: string): Promise<void> {
    return this.#power.pause(id)
  }
  unpause(id: string): Promise<void> {
    return this.#power.unpause(id)
  }
  limitCpus(id: string, cpus: number | null): Promise<void> {
    return this.#power.limitCpus(id, cpus)
  }
  untilEnded(id: string): Promise<number> {
    return this.#power.untilEnded(id)
  }

  exec(id: string, argv: readonly string[], options?: ExecOptions): Promise<Running> {
    return this.#exec.exec(id, argv, options)
  }
  run(id: string, argv: readonly string[], options?: Pick<ExecOptions, 'user'>): Promise<Printed> {
    return this.#exec.run(id, argv, options)
  }

  logs(id: string, options?: LogOptions): Promise<Readable> {
    return this.#streams.logs(id, options)
  }
  events(lab: string, signal: AbortSignal, begun?: () => void): AsyncGenerator<EngineEvent> {
    return this.#streams.events(lab, signal, begun)
  }

  disconnect(id: string, lab: string): Promise<void> {
    return this.#networks.disconnect(id, lab)
  }
  connect(id: string, lab: string, address: string | undefined): Promise<void> {
    return this.#networks.connect(id, lab, address)
  }
  unplug(id: string, network: string): Promise<void> {
    return this.#networks.unplug(id, network)
  }
  subnets(): Promise<string[]> {
    return this.#networks.subnets()
  }

  membership(): Promise<Membership> {
    return this.#swarm.membership()
  }
  readyNodes(): Promise<ReadonlySet<string>> {
    return this.#swarm.readyNodes()
  }
  makeOverlay(lab: string, overlay: Overlay): Promise<string> {
    return this.#swarm.makeOverlay(lab, overlay)
  }
  holdNetwork(...holding: Parameters<Swarm['holdNetwork']>): Promise<AsyncDisposable> {
    return this.#swarm.holdNetwork(...holding)
  }

  throwaway(image: string): Promise<AsyncDisposable & {readonly id: string}> {
    return this.#throwaways.throwaway(image)
  }
  removeThrowaways(): Promise<number> {
    return this.#throwaways.removeThrowaways()
  }

  startProgram(lab: string, program: ProgramToStart): Promise<ProgramContainer> {
    return this.#programs.startProgram(lab, program)
  }
  programs(lab: string): Promise<ProgramContainer[]> {
    return this.#programs.programs(lab)
  }
  removeProgram(lab: string, program: string): Promise<void> {
    return this.#programs.removeProgram(lab, program)
  }

  startReaper(lab: string, reaper: ReaperToStart): Promise<AsyncDisposable> {
    return this.#reapers.startReaper(lab, reaper)
  }
  hasReaper(lab: string): Promise<boolean> {
    return this.#reapers.hasReaper(lab)
  }

  belongings(lab?: string): Promise<Belonging[]> {
    return this.#belongings.belongings(lab)
  }
  remove(belongings: readonly Belonging[], evenRunning: boolean): Promise<Removed> {
    return this.#belongings.remove(belongings, evenRunning)
  }
  claim(lab: string, owner: Owner): Promise<Belonging> {
    return this.#belongings.claim(lab, owner)
  }
  leftovers(lab: string): Promise<Removed> {
    return this.#belongings.leftovers(lab)
  }

  makeVolume(lab: string, name: string, owner: Owner): Promise<void> {
    return this.#volumes.makeVolume(lab, name, owner)
  }
  porter(lab: string, porter: PorterToStart): Promise<AsyncDisposable & {readonly id: string}> {
    return this.#volumes.porter(lab, porter)
  }

  hasImage(tag: string): Promise<boolean> {
    return this.#images.hasImage(tag)
  }
  image(reference: string): Promise<ImageFound | null> {
    return this.#images.image(reference)
  }
  taggedImages(label: string): Promise<string[]> {
    return this.#images.taggedImages(label)
  }
  tagImage(reference: string, tag: string): Promise<void> {
    return this.#images.tagImage(reference, tag)
  }
  removeImage(tag: string): Promise<boolean> {
    return this.#images.removeImage(tag)
  }
}
