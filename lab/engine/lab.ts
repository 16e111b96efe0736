/** A Lab: a running topology, and the ways to reach its hosts. */

import type {ClientRequest} from 'node:http'
import type {Duplex} from 'node:stream'
import {type Answer, Asking, type Question, type Reach} from '../observer/ask.ts'
import {Tunnel} from '../observer/tunnel.ts'
import {type Cluster, within} from '../topology/clusters.ts'
import {type HttpService, type PortName, publishedAt, type ServicePort} from '../topology/services.ts'
import {type Allocation, type HostName, portOf, roles, type Topology} from '../topology/topology.ts'
import {Access, identityFor} from './access.ts'
import type {ContainerState, Docker} from './docker.ts'
import {reachRelay} from './reach-relay.ts'

/** What is asked of an engine about a lab that is there; a `Docker` is one. */
export type LabEngine = Pick<
  Docker,
  | ('environment' | 'limits' | 'heed' | 'answering' | 'clockMs')
  | ('containers' | 'container' | 'condition' | 'isRunning' | 'observer' | 'events' | 'logs')
  | ('start' | 'stop' | 'kill' | 'pause' | 'unpause' | 'limitCpus' | 'connect' | 'disconnect' | 'exec' | 'run')
  | ('programs' | 'startProgram' | 'removeProgram' | 'untilEnded')
  | ('hasImage' | 'image' | 'throwaway' | 'unplug' | 'compose')
> &
  Partial<Pick<Docker, 'several'>>

/** One of a lab's engines. */
export interface OneEngine {
  /** undefined: there is no other. */
  readonly name: string | undefined
  readonly engine: LabEngine
}

/**
 * Made by `openLab` or `raise`. The first question to a host opens the one connection that it holds: a stream to the observer, which
 * keeps no process alive, and ends with the disposal.
 */
export class Lab implements AsyncDisposable {
  readonly docker: LabEngine
  readonly topology: Topology
  readonly allocation: Allocation
  readonly #reach: Reach & Partial<AsyncDisposable>
  readonly #asking: Asking
  readonly #access: Access
  readonly #clusters = new Map<string, Lab>()
  readonly #owned = new AsyncDisposableStack()

  /** @param reach another way into the lab's network than through its observer. */
  constructor(docker: LabEngine, topology: Topology, allocation: Allocation, reach?: Reach) {
    this.docker = docker
    this.topology = topology
    this.allocation = allocation
    this.#reach = reach ?? new Tunnel(() => reachRelay(docker, allocation.lab))
    this.#asking = new Asking(this.#reach)
    this.#access = new Access(topology, allocation, this.#asking)
  }

  /** The same lab as one of its clusters: whoever asks this one for the cluster is answered about that. It ends with the whole. */
  of(cluster: Cluster): Lab {
    if (this.topology.standbyCluster === undefined) return this
    const known = this.#clusters.get(cluster.scope)
    if (known !== undefined) return known
    const own = new Lab(this.docker, within(this.topology, cluster), this.allocation, this.#reach)
    this.#clusters.set(cluster.scope, own)
    return own
  }

  get name(): string {
    return this.allocation.lab
  }

  /** Ends with the lab. */
  own(one: AsyncDisposable): void {
    this.#owned.use(one)
  }

  /** The engine that runs a host. Whoever does something to a host asks for its engine here. */
  engineOf(host: HostName): LabEngine {
    return this.docker.several?.of(host) ?? this.docker
  }

  /** Each engine once. */
  get engines(): readonly OneEngine[] {
    const {several} = this.docker
    if (several === undefined) return [{name: undefined, engine: this.docker}]
    return several.engines.map(engine => ({name: engine.name, engine}))
  }

  /** What leads from this process to a port that a host publishes. The one way there: nobody else knows an address or a port of it. */
  reach(host: HostName, name: PortName): {readonly host: string; readonly port: number} {
    const port = this.allocation.ports[host]?.[name]
    if (port === undefined) throw new TypeError(`host ${host} publishes no port ${name}`)
    return {host: publishedAt, port}
  }

  /** Whether its servers let nobody in without TLS. */
  get inTls(): boolean {
    return this.topology.tls?.postgresql === true
  }

  /**
   * The same for a driver of PostgreSQL: with whom to believe, where a server speaks TLS. What is published on another machine is
   * reached through the observer, over connections that `stream` makes in place of a socket.
   */
  server(host: HostName, name: PortName) {
    const identity = identityFor(this.topology, this.allocation, 'postgres')
    const ssl = identity === undefined ? {} : {ssl: {ca: identity.ca}}
    if (this.allocation.elsewhere !== true) return {...this.reach(host, name), ...ssl}
    const at = {host: this.allocation.addresses[host] ?? '', port: portOf(this.topology, host, name)}
    return {...at, ...ssl, stream: () => this.connect(host, name)}
  }

  /** A connection from inside the lab's network; see `Tunnel.connect`. */
  connect(host: HostName, port: ServicePort): Duplex {
    return this.#reach.connect(this.#address(host, port))
  }

  /** One HTTP question to etcd, Patroni or HAProxy's statistics; see `Asking.ask`. */
  ask(host: HostName, service: HttpService, path: string, question: Question): Promise<Answer> {
    return this.#access.ask({host, service, to: this.#address(host, service)}, path, question)
  }

  /** The same, for an answer that is read as it comes. */
  request(
    host: HostName,
    service: HttpService,
    path: string,
    question: Omit<Question, 'withinMs'>,
  ): Promise<ClientRequest> {
    return this.#access.request({host, service, to: this.#address(host, service)}, path, question)
  }

  /** How to connect to PostgreSQL as superuser (it must get in when connections run out): on one host directly, or through another's port. */
  superuser(host: HostName, database = 'postgres', port: PortName = 'postgres') {
    return {
      ...this.server(host, port),
      user: roles.superuser,
      password: this.allocation.passwords.superuser,
      database,
    }
  }

  /** The host that a server says it is (`hostParameter`); null: none of ours. */
  hostNamed(said: string): HostName | null {
    return this.topology.hosts.find(one => one.name === said)?.name ?? null
  }

  container(host: HostName): Promise<ContainerState> {
    return this.engineOf(host).container(this.name, host)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const own of this.#clusters.values()) {
      own.#asking[Symbol.dispose]()
      await own.#owned.disposeAsync()
    }
    await this.#owned.disposeAsync()
    this.#asking[Symbol.dispose]()
    await this.#reach[Symbol.asyncDispose]?.()
  }

  #address(host: HostName, port: ServicePort): string {
    return `${this.allocation.addresses[host]}:${portOf(this.topology, host, port)}`
  }
}
