/** etcd's configuration file of one host (etcd 3.4 and 3.5: `etcd --config-file`). */
import {clusterOf, within} from '../lab/topology/clusters.ts'
import {releaseOf} from '../lab/topology/release.ts'
import {usualTokenSeconds} from '../lab/topology/security.ts'
import {type Allocation, type HostName, hostsWith, portOf, type Topology} from '../lab/topology/topology.ts'
import {keysOf} from './keys.ts'
import {printYaml} from './print-yaml.ts'

export function etcd(topology: Topology, allocation: Allocation, host: HostName): string {
  const address = allocation.addresses[host]
  const [clientPort, peerPort] = [portOf(topology, host, 'etcd'), portOf(topology, host, 'etcd-peer')]
  const cluster = clusterOf(topology, host)
  const scheme = topology.tls?.etcd === true ? 'https' : 'http'
  const members = hostsWith(within(topology, cluster), 'etcd').map(
    name => `${name}=${scheme}://${allocation.addresses[name]}:${portOf(topology, name, 'etcd-peer')}`,
  )
  const settings = {
    name: host,
    'data-dir': '/data/etcd',
    'listen-client-urls': `${scheme}://0.0.0.0:${clientPort}`,
    'advertise-client-urls': `${scheme}://${address}:${clientPort}`,
    'listen-peer-urls': `${scheme}://0.0.0.0:${peerPort}`,
    'initial-advertise-peer-urls': `${scheme}://${address}:${peerPort}`,
    'initial-cluster': members.join(','),
    'initial-cluster-token': `pgha-lab-${allocation.lab}${cluster.standby ? `-${cluster.scope}` : ''}`,
    'initial-cluster-state': 'new',
    'heartbeat-interval': topology.etcd?.heartbeatMs ?? 100,
    'election-timeout': topology.etcd?.electionMs ?? 1000,
    'enable-grpc-gateway': true,
    'auto-compaction-mode': 'periodic',
    'auto-compaction-retention': '10m',
    'quota-backend-bytes': topology.etcd?.quotaBytes ?? 64 * 1024 * 1024,
    ...transport(topology),
    ...tokens(topology),
    ...releaseOf(topology).etcd.settings,
  }
  return printYaml(settings, {
    notes: [
      {at: ['listen-client-urls'], apart: true},
      {at: ['initial-cluster'], apart: true},
      {
        at: ['heartbeat-interval'],
        apart: true,
        above: `${topology.etcd?.heartbeatMs === undefined && topology.etcd?.electionMs === undefined ? "etcd's defaults; a" : 'A'} lost etcd leader is replaced after one to two election timeouts`,
      },
      {at: ['enable-grpc-gateway'], apart: true, above: 'Patroni speaks to etcd through its JSON gateway'},
      ...(topology.tls?.etcd === true
        ? [{at: ['client-transport-security'], apart: true as const, beside: 'read anew for each connection'}]
        : []),
      ...(topology.auth?.etcd === undefined ? [] : [{at: ['auth-token'], apart: true as const}]),
      {
        at: ['auto-compaction-mode'],
        apart: true,
        above: 'Patroni writes a few bytes every loop_wait: keep some minutes of history, and little space',
      },
    ],
  })
}

/** Whoever serves also asks: a member its peers, and its JSON gateway the member, with the same certificate. */
function transport({tls}: Topology) {
  if (tls?.etcd !== true) return {}
  const {ca, own} = keysOf('etcd')
  const security = {'cert-file': own, 'key-file': own, 'trusted-ca-file': ca, 'client-cert-auth': true}
  return {'client-transport-security': security, 'peer-transport-security': security}
}

function tokens({auth}: Topology): Readonly<Record<string, string | number>> {
  if (auth?.etcd === undefined) return {}
  const {etcd: kind, etcdTokenTtlSeconds: seconds = usualTokenSeconds} = auth
  if (kind === 'simple') return {'auth-token': 'simple', 'auth-token-ttl': seconds}
  const {token, tokenPublic} = keysOf('etcd')
  return {'auth-token': `jwt,pub-key=${tokenPublic},priv-key=${token},sign-method=RS256,ttl=${seconds}s`}
}
