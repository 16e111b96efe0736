/** Topology and Allocation to the one compose file of a lab: what is meant, as values, and its text. */

import {mayReachVariable, relayCommand} from '../lab/observer/observer-container.ts'
import {clusterOf} from '../lab/topology/clusters.ts'
import {engineNameOf, engineNames} from '../lab/topology/engines.ts'
import {virtualAddress} from '../lab/topology/keepalived.ts'
import {ownImageOf} from '../lab/topology/own-images.ts'
import {releaseOf} from '../lab/topology/release.ts'
import {httpServices, type PortName, publishedAt, publishedPorts} from '../lab/topology/services.ts'
import {bootSeconds} from '../lab/topology/timings.ts'
import {
  type Allocation,
  appDatabase,
  type Host,
  hostsWith,
  labels,
  networkName,
  type Owner,
  observerName,
  portOf,
  projectName,
  roles,
  type Topology,
} from '../lab/topology/topology.ts'
import {type Bounds, bounds, boundsOf} from './bounds.ts'
import {caFile} from './keys.ts'
import {type Note, printYaml} from './print-yaml.ts'
import {environmentOf, filesOf, gatewayOf, imageOf, nobodyIn, type Volume, volumesOf} from './services.ts'

type Labels = Readonly<Record<string, string>>

/** The parts of Compose's format that we use, in the form in which Compose itself prints them (`docker compose config`). */
export interface ComposeFile {
  readonly name: string
  readonly services: Readonly<Record<string, ComposeService>>
  readonly networks: Readonly<
    Record<
      string,
      | {
          name: string
          labels: Labels
          driver_opts?: Record<string, string>
          ipam: {config: {subnet: string; gateway: string; aux_addresses?: Record<string, string>}[]}
        }
      /** Of a lab on several engines, which Compose does not make. */
      | {name: string; ipam: Record<string, never>; external: true}
    >
  >
  readonly volumes: Readonly<Record<string, {name: string; labels: Labels; driver_opts?: Record<string, string>}>>
  /** Their text is as the container gets it; in the file, its dollars are doubled. */
  readonly configs: Readonly<Record<string, {name: string; content: string}>>
}

interface ComposeService extends Bounds {
  readonly image: string
  readonly pull_policy: 'never'
  readonly container_name: string
  readonly hostname: string
  readonly labels: Labels
  readonly entrypoint?: readonly string[]
  readonly command: string[]
  readonly restart: 'no' | 'on-failure'
  readonly stop_grace_period: string
  readonly user?: string
  readonly read_only?: boolean
  /** Bytes. */
  readonly shm_size?: string
  readonly environment?: Readonly<Record<string, string>>
  readonly dns?: readonly string[]
  readonly extra_hosts?: readonly string[]
  readonly networks: Readonly<Record<string, {ipv4_address: string}>>
  readonly ports?: readonly {
    mode: 'ingress'
    host_ip: string
    target: number
    published: string
    protocol: 'tcp'
  }[]
  readonly volumes?: readonly {type: 'volume'; source: string; target: string}[]
  readonly configs?: readonly {source: string; target: string}[]
}

/** The text of a self-contained compose file (docker compose >= 2.23.1); carries the lab's passwords. */
export function render(topology: Topology, allocation: Allocation, owner: Owner): string {
  const file = composeFile(topology, allocation, owner)
  return printYaml(withDollarsDoubled(file), {
    header: header(topology, allocation),
    notes: notes(topology, file),
    oneLine: 100,
  })
}

/** The same of what lies on one engine of several: Compose makes every volume of a file, whoever needs it. */
export function renderPart(topology: Topology, allocation: Allocation, owner: Owner, engine: string): string {
  return printYaml(withDollarsDoubled(composeFile(topology, allocation, owner, engine)), {oneLine: 100})
}

/** What the text of `render` means; with an engine, that of `renderPart`. */
export function composeFile(topology: Topology, allocation: Allocation, owner: Owner, engine?: string): ComposeFile {
  const project = projectName(allocation.lab)
  const isHere = (name: string) => engine === undefined || engineNameOf(topology, name) === engine
  const hosts = topology.hosts.filter(({name}) => isHere(name))
  const files = hosts.flatMap(host => filesOf(topology, allocation, host))
  return {
    name: project,
    services: {
      ...Object.fromEntries(hosts.map(host => [host.name, service(topology, allocation, host, owner)])),
      ...(isHere(observerName) ? {[observerName]: observer(topology, allocation, owner)} : {}),
    },
    networks: {
      lab:
        topology.engines === undefined
          ? {
              name: networkName(allocation.lab),
              labels: {...whose(allocation, owner), ...kept(owner)},
              ...waysOut(topology, allocation),
            }
          : {name: networkName(allocation.lab), ipam: {}, external: true},
    },
    volumes: Object.fromEntries(
      hosts.flatMap(host => volumesOf(topology, host).map(one => [one.name, declared(allocation, host, one, owner)])),
    ),
    configs: Object.fromEntries(
      files.map(({config, text}) => [config, {name: `${project}_${config}`, content: text}] as const),
    ),
  }
}

/**
 * Compose's `internal` would take the published ports, too, so a network without a way out is made otherwise: what leaves it goes to
 * an address that nobody has, and nothing that left it by another way would be given an address that is answered.
 */
function waysOut(
  {network, keepalived}: Topology,
  {subnet}: Allocation,
): Pick<Extract<ComposeFile['networks'][string], {labels: Labels}>, 'driver_opts' | 'ipam'> {
  const config = {subnet, gateway: gatewayOf(subnet)}
  // Nobody else is to be given the virtual address.
  const virtual = keepalived === undefined ? {} : {virtual: virtualAddress({subnet})}
  if (network === undefined)
    return {ipam: {config: [keepalived === undefined ? config : {...config, aux_addresses: virtual}]}}
  return {
    driver_opts: {'com.docker.network.bridge.enable_ip_masquerade': 'false'},
    ipam: {config: [{...config, aux_addresses: {...virtual, DefaultGatewayIPv4: nobodyIn(subnet)}}]},
  }
}

/** Names that are none of the lab's are asked of nobody. */
function noNames({network}: Topology, {subnet}: Allocation): {readonly dns?: readonly string[]} {
  return network === undefined ? {} : {dns: [nobodyIn(subnet)]}
}

/** A haproxy.cfg of somebody's own has names, which HAProxy looks up at its start: also those of hosts that are down. */
function hostNames({haproxyFile, hosts}: Topology, {addresses}: Allocation, {services}: Host) {
  if (haproxyFile === undefined || !services.includes('haproxy')) return {}
  return {extra_hosts: hosts.map(({name}) => `${name}=${addresses[name]}`).sort()}
}

/** Compose reads a doubled dollar as one, and a single one as the beginning of a variable of its own. */
export function withDollarsDoubled<T>(value: T): T {
  if (typeof value === 'string') return value.replaceAll('$', '$$$$') as T
  if (Array.isArray(value)) return value.map(withDollarsDoubled) as T
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, withDollarsDoubled(inner)])) as T
}

function header(topology: Topology, allocation: Allocation): string {
  const {patroni: timing} = topology
  const proxies = hostsWith(topology, 'haproxy')
  const connections = [
    ...proxies.flatMap(proxy => [
      `  ${clusterOf(topology, proxy).standby ? 'once promoted' : 'writes       '} ${uri(topology, allocation, proxy, 'primary')}`,
      `  reads         ${uri(topology, allocation, proxy, 'replicas')}`,
      `  HAProxy       http://${publishedAt}:${port(allocation, proxy, 'stats')}/`,
    ]),
    ...hostsWith(topology, 'patroni').map(
      host => `  ${host.padEnd(12)}  ${uri(topology, allocation, host, 'postgres')}`,
    ),
  ]
  const [first = ''] = hostsWith(topology, 'patroni')
  const member = containerName(allocation, first)
  return `\
The lab "${allocation.lab}" of pgha-lab: ${releaseOf(topology).title} kept available by Patroni, etcd and HAProxy.
Profile ${topology.profile}: ttl ${timing.ttlSeconds} s, loop_wait ${timing.loopWaitSeconds} s, \
retry_timeout ${timing.retryTimeoutSeconds} s; synchronous replication ${timing.synchronousMode}.

${complete(topology, allocation)}
It needs docker compose 2.23.1 or newer and two images of this machine, which \`doctor --fix\` of pgha-lab builds.
It holds passwords of this lab, which listens on ${publishedAt} only:

${connections.join('\n')}

Who leads:  docker exec ${member} patronictl list
REST API:   docker exec ${member} curl -s ${topology.tls?.rest === true ? `--cacert ${caFile} https://localhost` : 'localhost'}:${portOf(topology, first, 'patroni')}/cluster`
}

/** What can be done with the file alone. */
function complete(topology: Topology, {lab, subnet}: Allocation): string {
  const names = engineNames(topology)
  if (names === undefined)
    return 'This file is complete: `docker compose up -d` raises the lab, `docker compose down --volumes` removes it with its data.'
  const services = [...topology.hosts.map(({name}) => name), observerName]
  const parts = names.map(engine => {
    const own = services.filter(one => engineNameOf(topology, one) === engine)
    return `  on ${engine}: ${own.join(', ')}`
  })
  return `\
Its hosts lie on several Docker engines of one swarm. Compose by itself starts the whole on one: \`up\` of pgha-lab gives each engine its
part, and makes the network that lies over all of them (${networkName(lab)}, ${subnet}, an attachable overlay):
${parts.join('\n')}`
}

/** What a reader of the file is told; what all hosts have alike, at the first. */
function notes(topology: Topology, {services, volumes, configs}: ComposeFile): Note[] {
  const [first, ...others] = Object.keys(services)
  const of = (host: string | undefined, key: keyof ComposeService, beside: string): Note => ({
    at: ['services', host ?? '', key],
    beside,
  })
  return [
    ...['services', 'networks', 'volumes'].map((key): Note => ({at: [key], apart: true})),
    {at: ['configs'], apart: true, above: 'Compose reads a doubled dollar as one.'},
    ...others.map((key): Note => ({at: ['services', key], apart: true})),
    ...Object.keys(configs)
      .slice(1)
      .map((key): Note => ({at: ['configs', key], apart: true})),
    ...topology.hosts.map(host =>
      hasWatchdog(topology, host)
        ? of(host.name, 'restart', 'its watchdog resets it, and it boots again; after a `docker kill` it stays down')
        : of(host.name, 'restart', 'a host that lost power stays down until somebody starts it'),
    ),
    of(
      first,
      'stop_grace_period',
      "PostgreSQL's last checkpoint may take a while; being killed there would be another fault",
    ),
    of(
      first,
      'cap_add',
      "to become the services' users, to drop packets with nftables, and for faults that slow or stop programs",
    ),
    of(first, 'mem_limit', 'against running wild, as the limits below; nothing is reserved'),
    of(first, 'shm_size', "256 MB for PostgreSQL's parallel queries"),
    ...topology.hosts.flatMap(({name, services: run}) =>
      publishedPorts(run).map((one, index): Note => ({at: ['services', name, 'ports', index], beside: one})),
    ),
    of(observerName, 'mem_limit', '256 MB: Node takes 50, and what is under way for a command at most 16'),
    ...Object.entries(volumes).flatMap(([key, {driver_opts}]): Note[] =>
      driver_opts === undefined ? [] : [{at: ['volumes', key, 'driver_opts'], beside: 'in memory'}],
    ),
  ]
}

function service(topology: Topology, allocation: Allocation, host: Host, owner: Owner): ComposeService {
  const {name, services} = host
  const files = filesOf(topology, allocation, host)
  const volumes = volumesOf(topology, host)
  const ports = publishedPorts(services)
  const environment = {
    ...environmentOf(topology, allocation, host),
    ...fence(topology, allocation, host),
    ...(hasWatchdog(topology, host) ? {BOOT_SECONDS: String(bootSeconds(topology))} : {}),
  }
  const address = allocation.addresses[name]
  if (address === undefined) throw new TypeError(`no address was allocated for ${name}`)
  return {
    image: imageOf(topology, allocation, host),
    pull_policy: 'never',
    container_name: containerName(allocation, name),
    hostname: name,
    labels: {...whose(allocation, owner), [labels.host]: name},
    // Theirs may have another one.
    ...(ownImageOf(topology, host) === undefined ? {} : {entrypoint: ['power-on']}),
    command: hasWatchdog(topology, host) ? [...services, 'watchdog'] : [...services],
    restart: hasWatchdog(topology, host) ? 'on-failure' : 'no',
    stop_grace_period: '1m0s',
    ...boundsOf(topology, host),
    shm_size: String(256 * 1024 ** 2),
    environment,
    ...noNames(topology, allocation),
    ...hostNames(topology, allocation, host),
    networks: {lab: {ipv4_address: address}},
    ...(ports.length > 0
      ? {
          ports: ports.map(one => ({
            mode: 'ingress' as const,
            host_ip: publishedAt,
            target: portOf(topology, name, one),
            published: String(port(allocation, name, one)),
            protocol: 'tcp' as const,
          })),
        }
      : {}),
    ...(volumes.length > 0
      ? {volumes: volumes.map(({name: source, target}) => ({type: 'volume' as const, source, target}))}
      : {}),
    ...(files.length > 0 ? {configs: files.map(({config, target}) => ({source: config, target}))} : {}),
  }
}

/**
 * Through it the runner reaches what no port of this machine leads to. It is nobody's host: nothing runs in it but a relay, which may
 * connect to what answers HTTP in this lab, and to what is published where that is on another machine; it has no other right.
 */
function observer(topology: Topology, allocation: Allocation, owner: Owner): ComposeService {
  const mayReach = topology.hosts.flatMap(({name, services}) =>
    [
      ...(allocation.elsewhere
        ? new Set([...httpServices(services), ...publishedPorts(services)])
        : httpServices(services)),
      // An etcd that none of its peers believes serves no clients: which certificate it shows, only this port tells.
      ...(topology.tls?.etcd === true && services.includes('etcd') ? (['etcd-peer'] as const) : []),
    ].map(port => `${allocation.addresses[name]}:${portOf(topology, name, port)}`),
  )
  return {
    image: allocation.images.app,
    pull_policy: 'never',
    container_name: containerName(allocation, observerName),
    hostname: observerName,
    labels: {...whose(allocation, owner), [labels.observer]: 'yes'},
    command: [...relayCommand],
    restart: 'no',
    stop_grace_period: '1s',
    user: '65534:65534',
    read_only: true,
    ...bounds([], {memoryBytes: 256 * 1024 ** 2, processes: 64, logMB: 10}),
    environment: {[mayReachVariable]: mayReach.join(' ')},
    ...noNames(topology, allocation),
    networks: {lab: {ipv4_address: allocation.observer}},
  }
}

/** For images/host/bin/fence: whom a host answers, and at which ports it answers everybody. All others are closed. */
function fence(topology: Topology, {subnet}: Allocation, {name, services}: Host): Record<string, string> {
  const published = publishedPorts(services).map(one => portOf(topology, name, one))
  return {
    LAB_NETWORK: subnet,
    LAB_GATEWAY: gatewayOf(subnet),
    ...(published.length > 0 ? {LAB_PUBLISHED: published.join(' ')} : {}),
  }
}

/** What Patroni feeds is part of the machine, not one of the services that a topology names. */
function hasWatchdog({patroni}: Topology, {services}: Host): boolean {
  return patroni.watchdog !== 'off' && services.includes('patroni')
}

function declared(
  allocation: Allocation,
  host: Host,
  {name, bytes}: Volume,
  owner: Owner,
): ComposeFile['volumes'][string] {
  return {
    name: `${projectName(allocation.lab)}_${name}`,
    labels: {...whose(allocation, owner), [labels.host]: host.name, ...kept(owner)},
    ...(bytes === undefined ? {} : {driver_opts: {type: 'tmpfs', device: 'tmpfs', o: `size=${bytes},mode=0755`}}),
  }
}

function port(allocation: Allocation, host: string, name: PortName): number {
  const found = allocation.ports[host]?.[name]
  if (found === undefined) throw new TypeError(`no port was allocated for ${name} of ${host}`)
  return found
}

function uri({tls}: Topology, allocation: Allocation, host: string, name: PortName): string {
  const password = encodeURIComponent(allocation.passwords.app)
  return `postgresql://${roles.app}:${password}@${publishedAt}:${port(allocation, host, name)}/${appDatabase}${tls?.postgresql === true ? '?sslmode=require' : ''}`
}

/** By this everything of a lab is known, and its owner. */
function whose({lab}: Allocation, {id}: Owner): Labels {
  return {[labels.lab]: lab, [labels.owner]: id}
}

function kept({home}: Owner): Labels {
  return home === null ? {} : {[labels.home]: home}
}

function containerName(allocation: Allocation, host: string): string {
  return `${projectName(allocation.lab)}-${host}`
}
