/** A Lab: a running topology, and the ways to reach its hosts. */
import type {ContainerState, Docker} from './docker.ts'
import type {HostName} from './event.ts'
import {type Allocation, type PortName, roles, type Topology} from './topology.ts'

/** Made by `openLab` or `raise`; it holds no connection open, so there is nothing to dispose of. */
export class Lab {
  readonly docker: Docker
  readonly topology: Topology
  readonly allocation: Allocation

  constructor(docker: Docker, topology: Topology, allocation: Allocation) {
    this.docker = docker
    this.topology = topology
    this.allocation = allocation
  }

  get name(): string {
    return this.allocation.lab
  }

  /** The port on 127.0.0.1 that leads to a host's port. */
  port(host: HostName, name: PortName): number {
    const port = this.allocation.ports[host]?.[name]
    if (port === undefined) throw new TypeError(`host ${host} publishes no port ${name}`)
    return port
  }

  /** Base URL of an HTTP service of a host: etcd, patroni or stats. */
  url(host: HostName, name: PortName): string {
    return `http://127.0.0.1:${this.port(host, name)}`
  }

  /** How to connect to one host's PostgreSQL directly, as superuser (it must get in when connections run out). */
  superuser(host: HostName, database = 'postgres') {
    return {
      host: '127.0.0.1',
      port: this.port(host, 'postgres'),
      user: roles.superuser,
      password: this.allocation.passwords.superuser,
      database,
    }
  }

  /** Which host has this address in the lab's network; null if none. */
  hostAt(address: string): HostName | null {
    return Object.entries(this.allocation.addresses).find(([, one]) => one === address)?.[0] ?? null
  }

  container(host: HostName): Promise<ContainerState> {
    return this.docker.container(this.name, host)
  }
}
