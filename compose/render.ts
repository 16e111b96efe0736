/** Topology and Allocation to the one compose file of a lab. Values in, text out. */
import {
  type Allocation,
  appDatabase,
  type Host,
  hostsWith,
  labels,
  type PortName,
  roles,
  type ServiceName,
  servicePorts,
  type Topology,
} from '../lab/topology.ts'
import {etcd} from './etcd.ts'
import {haproxy} from './haproxy.ts'
import {patroni, patroniEnvironment, postBootstrap} from './patroni.ts'

/** One file of a host: the name of its `configs:` entry, where it lies in the container, its text. */
interface ConfigFile {
  readonly config: string
  readonly target: string
  readonly text: string
}

/** The text of a self-contained compose file (docker compose >= 2.23.1); carries the lab's passwords. */
export function render(topology: Topology, allocation: Allocation): string {
  const files = new Map(
    topology.hosts.flatMap(host => filesOf(topology, allocation, host)).map(file => [file.config, file]),
  )
  return [
    header(topology, allocation),
    `name: pgha-lab-${allocation.lab}\n`,
    anchors(allocation),
    `services:\n${topology.hosts.map(host => service(topology, allocation, host)).join('\n')}`,
    `networks:
  lab:
    labels: {${labels.lab}: ${allocation.lab}}
    ipam:
      config:
        - subnet: ${allocation.subnet}
`,
    `volumes:\n${topology.hosts.flatMap(host => volumesOf(topology, host).map(volume => declared(allocation, host, volume))).join('')}`,
    `# Compose reads a doubled dollar as one.\nconfigs:\n${[...files.values()].map(inline).join('\n')}`,
  ].join('\n')
}

function header(topology: Topology, allocation: Allocation): string {
  const {patroni: timing} = topology
  const proxies = hostsWith(topology, 'haproxy')
  const connections = [
    ...proxies.flatMap(proxy => [
      `  writes        ${uri(allocation, proxy, 'primary')}`,
      `  reads         ${uri(allocation, proxy, 'replicas')}`,
      `  HAProxy       http://127.0.0.1:${port(allocation, proxy, 'stats')}/`,
    ]),
    ...hostsWith(topology, 'patroni').map(
      host =>
        `  ${host.padEnd(12)}  ${uri(allocation, host, 'postgres')}   http://127.0.0.1:${port(allocation, host, 'patroni')}/cluster`,
    ),
  ]
  return `\
# The lab "${allocation.lab}" of pgha-lab: PostgreSQL 17 kept available by Patroni, etcd and HAProxy.
# Profile ${topology.profile}: ttl ${timing.ttlSeconds} s, loop_wait ${timing.loopWaitSeconds} s, \
retry_timeout ${timing.retryTimeoutSeconds} s; synchronous replication ${timing.synchronousMode}.
#
# This file is complete: \`docker compose up -d\` raises the lab, \`docker compose down --volumes\` removes it with its data.
# It needs docker compose 2.23.1 or newer and two images of this machine; \`pgha-lab doctor --fix\` builds them.
# It holds passwords of this lab, which listens on 127.0.0.1 only:
#
${connections.map(line => `# ${line}`).join('\n')}
#
# Who leads:  docker exec ${containerName(allocation, hostsWith(topology, 'patroni')[0] ?? 'node1')} patronictl list
`
}

function anchors({images}: Allocation): string {
  return `\
x-host: &host
  image: ${images.host}
  pull_policy: never
  restart: "no"            # a host that lost power stays down until somebody starts it
  stop_grace_period: 60s   # PostgreSQL's last checkpoint may take a while; being killed there would be another fault
  cap_add: [NET_ADMIN]     # to drop its packets with nftables
  shm_size: 256m           # PostgreSQL's parallel queries
`
}

function service(topology: Topology, allocation: Allocation, host: Host): string {
  const {name, services} = host
  const files = filesOf(topology, allocation, host)
  const volumes = volumesOf(topology, host)
  const environment = Object.entries({
    ...(services.includes('patroni') ? patroniEnvironment(allocation, name) : {}),
    ...(hasWatchdog(topology, host) ? {BOOT_SECONDS: topology.patroni.ttlSeconds + bootBeyondTtlSeconds} : {}),
  })
  const ports = portNames(services).map(
    one => `      - "127.0.0.1:${port(allocation, name, one.name)}:${one.inside}"   # ${one.name}\n`,
  )
  return [
    `  ${name}:\n    <<: *host\n`,
    services.includes('client') ? `    image: ${allocation.images.app}\n` : '',
    `    container_name: ${containerName(allocation, name)}\n`,
    `    hostname: ${name}\n`,
    `    labels: {${labels.lab}: ${allocation.lab}, ${labels.host}: ${name}}\n`,
    ...(hasWatchdog(topology, host)
      ? [
          `    command: [${[...services, 'watchdog'].join(', ')}]\n`,
          '    restart: on-failure      # its watchdog resets it, and it boots again; after a `docker kill` it stays down\n',
        ]
      : [`    command: [${services.join(', ')}]\n`]),
    environment.length > 0
      ? `    environment:\n${environment.map(([key, value]) => `      ${key}: ${value}\n`).join('')}`
      : '',
    `    networks:\n      lab:\n        ipv4_address: ${allocation.addresses[name]}\n`,
    ports.length > 0 ? `    ports:\n${ports.join('')}` : '',
    volumes.length > 0 ? `    volumes:\n${volumes.map(one => `      - ${one.name}:${one.target}\n`).join('')}` : '',
    files.length > 0
      ? `    configs:\n${files.map(({config, target}) => `      - {source: ${config}, target: ${target}}\n`).join('')}`
      : '',
  ].join('')
}

/**
 * How long a host that its watchdog has reset is away, beyond a ttl: longer than its leader key can live, even if etcd's leader
 * died with it and its successor gave every lease its whole time again.
 */
const bootBeyondTtlSeconds = 5

/** What Patroni feeds is part of the machine, not one of the services that a topology names. */
function hasWatchdog({patroni}: Topology, {services}: Host): boolean {
  return patroni.watchdog !== 'off' && services.includes('patroni')
}

function filesOf(topology: Topology, allocation: Allocation, {name, services}: Host): ConfigFile[] {
  return services.flatMap((service): ConfigFile[] => {
    switch (service) {
      case 'etcd':
        return [{config: `etcd-${name}`, target: '/etc/etcd/etcd.yaml', text: etcd(topology, allocation, name)}]
      case 'patroni':
        return [
          {config: 'patroni', target: '/etc/patroni/patroni.yml', text: patroni(topology, allocation)},
          {config: 'post-bootstrap', target: '/etc/patroni/post-bootstrap.sh', text: postBootstrap(allocation)},
        ]
      case 'haproxy':
        return [{config: 'haproxy', target: '/etc/haproxy/haproxy.cfg', text: haproxy(topology, allocation)}]
      default:
        return [] // the client's configuration comes with each run
    }
  })
}

function inline({config, text}: ConfigFile): string {
  const lines = text.trimEnd().replaceAll('$', '$$$$').split('\n')
  return `  ${config}:\n    content: |\n${lines.map(line => (line === '' ? '' : `      ${line}`)).join('\n')}\n`
}

interface Volume {
  readonly name: string
  readonly target: string
  /** Kept in memory, and no larger than this; else on the engine's disk. */
  readonly bytes?: number
}

/**
 * PostgreSQL's and etcd's data outlive a container; the other services keep nothing. A data directory of a limited size is
 * a file system in memory, the only kind that every engine has without help from its machine: it is gone when the container
 * stops, and Patroni then makes the replica anew. etcd on such a host has a volume of its own: it neither starves when
 * PostgreSQL fills the disk nor forgets what it voted for.
 */
function volumesOf({dataBytes}: Topology, {name, services}: Host): Volume[] {
  const [hasPostgres, hasEtcd] = [services.includes('patroni'), services.includes('etcd')]
  if (!hasPostgres && !hasEtcd) return []
  if (!hasPostgres || dataBytes === undefined) return [{name, target: '/data'}]
  const limited = {name, target: '/data', bytes: dataBytes}
  return hasEtcd ? [limited, {name: `${name}-etcd`, target: '/data/etcd'}] : [limited]
}

function declared({lab}: Allocation, host: Host, {name, bytes}: Volume): string {
  const options =
    bytes === undefined
      ? ''
      : `    driver_opts: {type: tmpfs, device: tmpfs, o: "size=${bytes},mode=0755"}   # in memory\n`
  return `  ${name}:\n    labels: {${labels.lab}: ${lab}, ${labels.host}: ${host.name}}\n${options}`
}

function portNames(services: readonly ServiceName[]): {name: PortName; inside: number}[] {
  return services.flatMap(service =>
    Object.entries(servicePorts[service]).map(([name, inside]) => ({name: name as PortName, inside})),
  )
}

function port(allocation: Allocation, host: string, name: PortName): number {
  const found = allocation.ports[host]?.[name]
  if (found === undefined) throw new TypeError(`no port was allocated for ${name} of ${host}`)
  return found
}

function uri(allocation: Allocation, host: string, name: PortName): string {
  const password = encodeURIComponent(allocation.passwords.app)
  return `postgresql://${roles.app}:${password}@127.0.0.1:${port(allocation, host, name)}/${appDatabase}`
}

function containerName(allocation: Allocation, host: string): string {
  return `pgha-lab-${allocation.lab}-${host}`
}
