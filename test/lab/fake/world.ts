/** The containers of one fake lab, and the ways between them. */
import type {Belonging} from '../../../lab/engine/docker.ts'
import {type HttpService, httpServices, type PortName, portsWith} from '../../../lab/topology/services.ts'
import type {Allocation, HostName, Owner, Topology} from '../../../lab/topology/topology.ts'
import {FakeCluster} from './cluster.ts'
import {FakeHost, type Ran} from './host.ts'
import {FakeHttp} from './http.ts'
import {FakePostgres, type Route} from './postgres.ts'
import type {Way} from './program.ts'

type Ports = Record<HostName, Partial<Record<PortName, number>>>

export class FakeWorld implements AsyncDisposable {
  readonly lab: string
  readonly hosts: ReadonlyMap<HostName, FakeHost>
  readonly cluster: FakeCluster
  observer: {readonly id: string; state: string} | null = {id: 'id-observer', state: 'running'}
  /** What the disk has under all of it. */
  freeBytes = 50e9
  readonly #owner: Owner
  readonly #http: FakeHttp
  readonly #postgres: FakePostgres
  readonly #ports: Ports = {}

  constructor(topology: Topology, {lab, addresses}: Pick<Allocation, 'lab' | 'addresses'>, owner: Owner) {
    this.lab = lab
    this.#owner = owner
    this.hosts = new Map(
      topology.hosts.map(({name, services}) => [name, new FakeHost(name, addresses[name]!, services)]),
    )
    this.cluster = new FakeCluster(topology, this.hosts)
    const sharing = [...this.hosts.values()].find(host => host.services.includes('keepalived'))
    if (sharing !== undefined) sharing.shared = true
    this.#http = new FakeHttp(topology, this.cluster)
    this.#postgres = new FakePostgres(this.cluster)
  }

  /** @param given the port of each service that a lab publishes; any that is free where it says none. */
  async publish(topology: Topology, given: Allocation['ports'] = {}): Promise<Allocation['ports']> {
    for (const {name, services} of topology.hosts)
      for (const port of portsWith(services)) {
        if (port.reach !== 'machine') continue
        const service = port.name as PortName
        const number = await this.#postgres.listen(given[name]?.[service] ?? 0, this.#route(name, service))
        this.#ports[name] = {...this.#ports[name], [service]: number}
      }
    return this.#ports
  }

  portsOf(host: HostName): number[] {
    return Object.values(this.#ports[host] ?? {})
  }

  host(name: HostName): FakeHost {
    return this.hosts.get(name)!
  }

  /** As `stat -f -c '%a %S' /` prints it. */
  room(): Ran {
    return {code: 0, out: `${Math.floor(this.freeBytes / 4096)} 4096`, err: ''}
  }

  way(to: string): Way {
    const [address, port] = to.split(':')
    const host = [...this.hosts.values()].find(one => one.address === address)
    if (host === undefined || !host.plugged || host.state === 'exited') return null
    const service = httpServices(host.services).find(
      name => portsWith(host.services).find(one => one.name === name)?.number === Number(port),
    )
    if (service === undefined || host.down.has(serviceOf(service))) return 'ECONNREFUSED'
    return {
      open: connection => {
        this.#http.serve(connection, {host, service})
        return host.whenDown(() => connection.destroy())
      },
    }
  }

  belongings(): Belonging[] {
    const {lab} = this
    const common = {lab, owner: this.#owner.id, home: null, createdMs: Date.now()}
    return [
      ...[...this.hosts.values()].map(({id, state}) => ({...common, kind: 'container' as const, id, state})),
      {...common, home: this.#owner.home, kind: 'network', id: `pgha-lab-${lab}_lab`, state: null},
    ]
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.cluster[Symbol.dispose]()
    await this.#postgres[Symbol.asyncDispose]()
  }

  /** A proxy leads to the leader, or to a replica that streams; a member to itself. */
  #route(name: HostName, service: PortName): Route {
    const own = this.host(name)
    return () => {
      if (service === 'postgres') return this.cluster.isUp(name) ? own : null
      if (service === 'pgbouncer') return own.runs('pgbouncer') && this.cluster.isUp(name) ? own : null
      if (!own.runs('haproxy')) return null
      const {members, leader} = this.cluster
      const to = service === 'primary' ? leader : members.find(host => this.cluster.streams(host))
      return to === null || to === undefined || !this.cluster.isUp(to) || !this.host(to).answers ? null : this.host(to)
    }
  }
}

function serviceOf(service: HttpService): string {
  return service === 'stats' ? 'haproxy' : service
}
