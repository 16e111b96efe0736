/** What can run on a host: one entry a service, and everything that the lab knows of it in general. */

interface Service {
  /** As a person calls it. */
  readonly title: string
  /** Which of the lab's images it runs in. */
  readonly image: 'host' | 'app'
  /** What it listens on inside its host, and who gets there. */
  readonly ports: Readonly<Record<string, Port>>
  /** The configuration that the lab gives it; null: none before a run. */
  readonly configuration: string | null
  /** What of its host's volume is its own and outlives the container; null: it keeps nothing. */
  readonly data: '/data/postgresql' | '/data/etcd' | null
}

interface Port {
  /** Unless the topology says another (`Topology.ports`). */
  readonly number: number
  /**
   * `machine`: published on 127.0.0.1, and in the lab's network. `lab`: in the lab's network only. Not published are etcd and Patroni's
   * REST API: they do what anybody tells them, and every page in a browser on that machine can tell them something.
   */
  readonly reach: 'machine' | 'lab'
  /** It answers HTTP: it can be asked through the observer. */
  readonly http: boolean
}

export const services = {
  etcd: {
    title: 'etcd',
    image: 'host',
    ports: {
      etcd: {number: 2379, reach: 'lab', http: true},
      'etcd-peer': {number: 2380, reach: 'lab', http: false},
    },
    configuration: '/etc/etcd/etcd.yaml',
    data: '/data/etcd',
  },
  patroni: {
    title: 'Patroni',
    image: 'host',
    ports: {
      postgres: {number: 5432, reach: 'machine', http: false},
      patroni: {number: 8008, reach: 'lab', http: true},
    },
    configuration: '/etc/patroni/patroni.yml',
    data: '/data/postgresql',
  },
  haproxy: {
    title: 'HAProxy',
    image: 'host',
    ports: {
      primary: {number: 5000, reach: 'machine', http: false},
      replicas: {number: 5001, reach: 'machine', http: false},
      stats: {number: 7000, reach: 'machine', http: true},
    },
    configuration: '/etc/haproxy/haproxy.cfg',
    data: null,
  },
  pgbouncer: {
    title: 'PgBouncer',
    image: 'host',
    ports: {pgbouncer: {number: 6432, reach: 'machine', http: false}},
    configuration: '/etc/pgbouncer/pgbouncer.ini',
    data: null,
  },
  keepalived: {
    title: 'keepalived',
    image: 'host',
    // VRRP is a protocol of its own beside TCP, and has no ports.
    ports: {},
    configuration: '/etc/keepalived/keepalived.conf',
    data: null,
  },
  // Its configuration comes with each run.
  client: {title: 'the clients', image: 'app', ports: {}, configuration: null, data: null},
} as const satisfies Readonly<Record<string, Service>>

export type ServiceName = keyof typeof services

export const serviceNames = Object.keys(services) as ServiceName[]

/** Those that a host's supervisor runs. */
export type SupervisedName = {
  [service in ServiceName]: (typeof services)[service]['image'] extends 'host' ? service : never
}[ServiceName]

export const supervisedNames = serviceNames.filter((name): name is SupervisedName => services[name].image === 'host')

type Ports = {[service in ServiceName]: (typeof services)[service]['ports']}
type Named<P> = {
  [service in ServiceName]: {
    [name in keyof Ports[service]]: Ports[service][name] extends P ? name : never
  }[keyof Ports[service]]
}[ServiceName]

export type ServicePort = Named<Port>
/** Where the machine that runs the engine publishes them; nobody else's machine gets there. */
export const publishedAt = '127.0.0.1'

/** The ports that are published. */
export type PortName = Named<{readonly reach: 'machine'}>
/** What the observer is asked to connect to. */
export type HttpService = Named<{readonly http: true}>

/** Every port of a host with these services, in their order. */
export function portsWith(run: readonly ServiceName[]): readonly ({readonly name: ServicePort} & Port)[] {
  return run.flatMap(service =>
    Object.entries<Port>(services[service].ports).map(([name, port]) => ({name: name as ServicePort, ...port})),
  )
}

/** The names of all ports, each of which has the same number on every host of a topology. */
export const portNames = portsWith(serviceNames).map(port => port.name)

export function httpServices(run: readonly ServiceName[]): readonly HttpService[] {
  return portsWith(run).flatMap(({name, http}) => (http ? [name as HttpService] : []))
}

export function publishedPorts(run: readonly ServiceName[]): readonly PortName[] {
  return portsWith(run).flatMap(({name, reach}) => (reach === 'machine' ? [name as PortName] : []))
}
