/** etcd's configuration file of one host (etcd 3.4 and 3.5: `etcd --config-file`). */
import {clusterOf, within} from '../lab/topology/clusters.ts'
import {releaseOf} from '../lab/topology/release.ts'
import {type Allocation, type HostName, hostsWith, portOf, type Topology} from '../lab/topology/topology.ts'
import {printYaml} from './print-yaml.ts'

export function etcd(topology: Topology, allocation: Allocation, host: HostName): string {
  const address = allocation.addresses[host]
  const [clientPort, peerPort] = [portOf(topology, host, 'etcd'), portOf(topology, host, 'etcd-peer')]
  const cluster = clusterOf(topology, host)
  const members = hostsWith(within(topology, cluster), 'etcd').map(
    name => `${name}=http://${allocation.addresses[name]}:${portOf(topology, name, 'etcd-peer')}`,
  )
  const settings = {
    name: host,
    'data-dir': '/data/etcd',
    'listen-client-urls': `http://0.0.0.0:${clientPort}`,
    'advertise-client-urls': `http://${address}:${clientPort}`,
    'listen-peer-urls': `http://0.0.0.0:${peerPort}`,
    'initial-advertise-peer-urls': `http://${address}:${peerPort}`,
    'initial-cluster': members.join(','),
    'initial-cluster-token': `pgha-lab-${allocation.lab}${cluster.standby ? `-${cluster.scope}` : ''}`,
    'initial-cluster-state': 'new',
    'heartbeat-interval': topology.etcd?.heartbeatMs ?? 100,
    'election-timeout': topology.etcd?.electionMs ?? 1000,
    'enable-grpc-gateway': true,
    'auto-compaction-mode': 'periodic',
    'auto-compaction-retention': '10m',
    'quota-backend-bytes': topology.etcd?.quotaBytes ?? 64 * 1024 * 1024,
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
      {
        at: ['auto-compaction-mode'],
        apart: true,
        above: 'Patroni writes a few bytes every loop_wait: keep some minutes of history, and little space',
      },
    ],
  })
}
