/** What each service of a host adds to its container: files, environment, a place in its volume. One entry a service. */
import {callbackNames} from '../lab/topology/callbacks.ts'
import {clusterOf} from '../lab/topology/clusters.ts'
import {ownImageOf} from '../lab/topology/own-images.ts'
import {portsWith, type ServiceName, services} from '../lab/topology/services.ts'
import type {Allocation, Host, HostName, Topology} from '../lab/topology/topology.ts'
import {etcd} from './etcd.ts'
import {besideOwn, haproxy} from './haproxy.ts'
import {keepalived} from './keepalived.ts'
import {keyFilesOf} from './keys.ts'
import {patroni, patroniEnvironment, patroniOfHost, postBootstrap} from './patroni.ts'
import {pgbouncer, userlist} from './pgbouncer.ts'
import {callbackFile, notified, notifiedText, postBootstrapFile} from './stand-ins.ts'

/** One file of a host: the name of its `configs:` entry, where it lies in the container, its text. */
interface ConfigFile {
  readonly config: string
  readonly target: string
  readonly text: string
}

interface Added {
  files?(topology: Topology, allocation: Allocation, host: HostName): readonly ConfigFile[]
  environment?(topology: Topology, allocation: Allocation, host: HostName): Readonly<Record<string, string>>
}

/** Of somebody's own. */
function callbacksOf({callbacks = {}}: Topology): readonly ConfigFile[] {
  return callbackNames.flatMap(name => {
    const own = callbacks[name]
    return own === undefined ? [] : [{config: `callback-${name}`, target: callbackFile(name), text: own.text}]
  })
}

function calledOn(topology: Topology): readonly ConfigFile[] {
  const text = notifiedText(topology)
  return text === undefined ? [] : [{config: 'keepalived-called', target: notified, text}]
}

/** One file serves all hosts of a cluster; no host is called like that of the standby cluster, which has an underscore. */
function ofCluster(topology: Topology, host: HostName): '' | '_standby' {
  return clusterOf(topology, host).standby === true ? '_standby' : ''
}

const added: Readonly<Record<ServiceName, Added>> = {
  etcd: {
    files: (topology, allocation, host) => [
      {config: `etcd-${host}`, target: services.etcd.configuration, text: etcd(topology, allocation, host)},
    ],
  },
  patroni: {
    files: (topology, allocation, host) => [
      {
        config: `patroni${ofCluster(topology, host)}`,
        target: services.patroni.configuration,
        text: patroni(topology, allocation, host),
      },
      {config: `patroni-${host}`, target: '/etc/patroni/host.yml', text: patroniOfHost(topology, host)},
      {config: 'post-bootstrap', target: '/etc/patroni/post-bootstrap.sql', text: postBootstrap(allocation)},
      ...callbacksOf(topology),
      ...(topology.postBootstrap === undefined
        ? []
        : [{config: 'post-bootstrap-own', target: postBootstrapFile, text: topology.postBootstrap.text}]),
    ],
    environment: patroniEnvironment,
  },
  haproxy: {
    files: (topology, allocation, host) => [
      {
        config: `haproxy${ofCluster(topology, host)}`,
        target: services.haproxy.configuration,
        text: topology.haproxyFile?.own?.text ?? haproxy(topology, allocation, host),
      },
      ...(topology.haproxyFile === undefined
        ? []
        : [{config: 'haproxy-lab', target: besideHaproxy, text: besideOwn(topology, allocation, host)}]),
    ],
  },
  pgbouncer: {
    files: (topology, allocation, host) => [
      {
        config: `pgbouncer-${host}`,
        target: services.pgbouncer.configuration,
        text: pgbouncer(topology, allocation, host),
      },
      {config: 'pgbouncer-userlist', target: '/etc/pgbouncer/userlist.txt', text: userlist(topology, allocation)},
    ],
  },
  keepalived: {
    files: (topology, allocation, host) => [
      {
        config: `keepalived-${host}`,
        target: services.keepalived.configuration,
        text: keepalived(topology, allocation, host),
      },
      ...calledOn(topology),
    ],
  },
  client: {},
}

/** Read by images/host/services/haproxy/run before the other one, where it is there. */
const besideHaproxy = '/etc/haproxy/pgha-lab.cfg'

export function filesOf(topology: Topology, allocation: Allocation, host: Host): ConfigFile[] {
  const own = host.services.flatMap(service => added[service].files?.(topology, allocation, host.name) ?? [])
  return [...own, ...keyFilesOf(topology, allocation, host)]
}

export function environmentOf(
  topology: Topology,
  allocation: Allocation,
  {name, services: run}: Host,
): Record<string, string> {
  const own = run.map(service => added[service].environment?.(topology, allocation, name))
  const keepsOut = portsWith(run).some(({reach}) => reach === 'lab')
  return Object.assign({}, ...own, keepsOut ? fence(allocation) : {})
}

/**
 * The clients' image has nothing of the others', so they have their host for themselves. One of somebody's own is named by its id: its
 * name may go to another one.
 */
export function imageOf(topology: Topology, {images}: Allocation, host: Host): string {
  const by = ownImageOf(topology, host)
  const named = by === undefined ? undefined : topology.images?.[by]
  if (named === undefined)
    return host.services.some(service => services[service].image === 'app') ? images.app : images.host
  const id = images.own?.[named]
  if (id === undefined) throw new TypeError(`nobody looked at the image ${named}`)
  return id
}

/**
 * Whom images/host/bin/power-on lets ask etcd and Patroni: this network, and of that not the engine's machine, which has the address
 * of its gateway. A page in a browser there would otherwise reach them at the addresses of their containers.
 */
function fence({subnet}: Allocation): Record<string, string> {
  return {LAB_NETWORK: subnet, LAB_GATEWAY: gatewayOf(subnet)}
}

export function gatewayOf(subnet: string): string {
  return subnet.replace(/\.0\/24$/, '.1')
}

/** Nobody has it: hosts have their addresses from .11 on, and there are at most 64 of them. */
export function nobodyIn(subnet: string): string {
  return subnet.replace(/\.0\/24$/, '.254')
}

export interface Volume {
  readonly name: string
  readonly target: string
  /** Kept in memory, and no larger than this; else on the engine's disk. */
  readonly bytes?: number
}

/**
 * What outlives a container. A data directory of a limited size is a file system in memory, the only kind that every engine has
 * without help from its machine: it is gone when the container stops, and Patroni then makes the replica anew. What else keeps data
 * on such a host has a volume of its own: etcd neither starves when PostgreSQL fills the disk nor forgets what it voted for. (No host
 * is called like it: their names have no underscore.)
 */
export function volumesOf({dataBytes}: Topology, {name, services: run}: Host): Volume[] {
  const keeping = run.filter(service => services[service].data !== null)
  if (keeping.length === 0) return []
  if (dataBytes === undefined || !keeping.includes('patroni')) return [{name, target: '/data'}]
  const others = keeping.flatMap((service): Volume[] => {
    const {data} = services[service]
    return service === 'patroni' || data === null ? [] : [{name: `${name}_${service}`, target: data}]
  })
  return [{name, target: '/data', bytes: dataBytes}, ...others]
}
