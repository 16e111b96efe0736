/**
 * What a host is given so that it can prove who it is and know the others: the CA's certificate, its own key and certificate in one file,
 * etcd's users. It lies in /etc/pgha-lab, which is root's alone (images/host/bin/power-on); `keys-for` gives each service's user its copy.
 */
import {clusterOf, keyPrefix, within} from '../lab/topology/clusters.ts'
import {hasAuthority, needsCertificate} from '../lab/topology/security.ts'
import type {ServiceName} from '../lab/topology/services.ts'
import {type Allocation, type Host, hostsWith, portOf, type Topology} from '../lab/topology/topology.ts'

const given = '/etc/pgha-lab'

/** On every host, the clients' too: whoever is inside may know whom to trust. */
export const caFile = `${given}/keys/ca.crt`

/** A host's own, with its key; read by nobody but `keys-for`. */
export const certificateFile = `${given}/keys/host.pem`

/** Where a service that runs as this user finds them. */
export function keysOf(user: 'etcd' | 'postgres' | 'haproxy') {
  const folder = `/run/pgha-lab/keys/${user}`
  return {
    ca: `${folder}/ca.crt`,
    own: `${folder}/host.pem`,
    token: `${folder}/token.key`,
    tokenPublic: `${folder}/token.pub`,
  }
}

interface KeyFile {
  readonly config: string
  readonly target: string
  readonly text: string
}

/** @throws TypeError where the allocation has not what the topology asks for. */
export function keyFilesOf(topology: Topology, allocation: Allocation, host: Host): readonly KeyFile[] {
  const has = (service: ServiceName) => host.services.includes(service)
  return [
    ...(hasAuthority(topology) ? certificates(allocation, host) : []),
    ...(topology.auth?.etcd !== undefined && has('etcd') ? etcdsUsers(topology, allocation, host) : []),
    ...(topology.auth?.etcd === undefined && topology.tls?.etcd === true && has('etcd')
      ? [environmentFile('etcdctl.env', host, etcdctl(topology, host))]
      : []),
  ]
}

function certificates({authority}: Allocation, {name, services: run}: Host): readonly KeyFile[] {
  if (authority === undefined) throw new TypeError('no CA was allocated')
  const ca = {config: 'ca', target: caFile, text: authority.ca}
  if (!needsCertificate(run)) return [ca]
  const text = authority.hosts[name]
  if (text === undefined) throw new TypeError(`no certificate was allocated for ${name}`)
  return [ca, {config: `key-${name}`, target: certificateFile, text}]
}

function etcdsUsers(topology: Topology, allocation: Allocation, host: Host): readonly KeyFile[] {
  const {etcdRoot: root = '', etcdPatroni: patroni = ''} = allocation.passwords
  const cluster = clusterOf(topology, host.name)
  const [first] = hostsWith(within(topology, cluster), 'etcd')
  const {tokenKey} = allocation
  return [
    environmentFile('etcdctl.env', host, {
      ...etcdctl(topology, host),
      ETCDCTL_USER: 'root',
      ETCDCTL_PASSWORD: root,
    }),
    ...(first === host.name
      ? [
          environmentFile('etcd-users.env', host, {
            ROOT_PASSWORD: root,
            PATRONI_PASSWORD: patroni,
            PATRONI_KEYS: keyPrefix(cluster),
          }),
        ]
      : []),
    ...(topology.auth?.etcd === 'jwt' && tokenKey !== undefined
      ? [
          {config: 'token-key', target: `${given}/keys/token.key`, text: tokenKey.private},
          {config: 'token-public', target: `${given}/keys/token.pub`, text: tokenKey.public},
        ]
      : []),
  ]
}

/** How images/host/bin/etcdctl reaches the member of its host. */
function etcdctl(topology: Topology, {name}: Host): Readonly<Record<string, string>> {
  const {ca, own} = keysOf('etcd')
  const inTls = topology.tls?.etcd === true
  return {
    ETCDCTL_ENDPOINTS: `${inTls ? 'https' : 'http'}://127.0.0.1:${portOf(topology, name, 'etcd')}`,
    ...(inTls ? {ETCDCTL_CACERT: ca, ETCDCTL_CERT: own, ETCDCTL_KEY: own} : {}),
  }
}

/** A shell reads it. @throws TypeError for a value that it would have to be quoted for. */
function environmentFile(file: string, {name}: Host, values: Readonly<Record<string, string>>): KeyFile {
  const lines = Object.entries(values).map(([key, value]) => {
    if (!/^[\w.:/-]+$/.test(value)) throw new TypeError(`a shell could misread the value of ${key}`)
    return `${key}=${value}\n`
  })
  return {config: `${file.replace('.env', '')}-${name}`, target: `${given}/${file}`, text: lines.join('')}
}
