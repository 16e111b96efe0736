/** Of each rule about whether two sides get through to each other a mistake, and what looks like it. */
import type {Change} from '../cluster.ts'
import type {Example} from './example.ts'

const hosts = '  hosts: 10.0.1.1:2379'
const https: Change = ['n*.yml', hosts, `  protocol: https\n${hosts}`]
const inTls: Change = ['e*.env', /_CLIENT_URLS=http:/, '_CLIENT_URLS=https:']
const asking: Change = ['e*.env', /$/, 'ETCD_CLIENT_CERT_AUTH=true\n']
const allInTls: readonly Change[] = [
  ['e*.env', /http:(\/\/[\d.]+:2379)/g, 'https:$1'],
  ['e*.env', /$/, 'ETCD_CERT_FILE=/a.crt\nETCD_KEY_FILE=/a.key\n'],
]

const peers = (file: string, own: string, other: string): Change => [
  file,
  '  priority',
  `  unicast_src_ip ${own}\n  unicast_peer {\n    ${other}\n  }\n  priority`,
]

export const ways: Readonly<Record<string, Example>> = {
  'cluster/etcd-tls-mismatch': {
    fires: [https],
    on: 'protocol: https',
    silent: [https, ...allInTls],
  },
  'cluster/etcd-client-certificate': {
    fires: [https, ...allInTls, asking],
    on: 'protocol: https',
    silent: [['n*.yml', hosts, `  protocol: https\n  cert: /c.crt\n  key: /c.key\n${hosts}`], ...allInTls, asking],
  },
  'etcd/advertises-other-tls': {
    fires: [inTls],
    on: 'ETCD_ADVERTISE_CLIENT_URLS',
    // On the loopback address it may be in the clear.
    silent: [
      ['e*.env', 'LISTEN_CLIENT_URLS=http:', 'LISTEN_CLIENT_URLS=https:'],
      ['e*.env', 'ADVERTISE_CLIENT_URLS=http:', 'ADVERTISE_CLIENT_URLS=https:'],
    ],
  },
  'patroni/listens-on-loopback': {
    fires: [['n2.yml', 'listen: 0.0.0.0:8008', 'listen: 127.0.0.1:8008']],
    on: 'listen: 127.0.0.1:8008',
    // What is told with another port is led there by something else.
    silent: [
      ['n2.yml', 'listen: 0.0.0.0:8008', 'listen: 127.0.0.1:8009'],
      ['n*.yml', 'listen: 0.0.0.0:5432', 'listen: "127.0.0.1,10.0.0.1:5432"'],
    ],
  },
  'keepalived/password-differs': {
    fires: [['k2.conf', 'swan1234', 'swan1235']],
    on: 'auth_pass',
    // Version 3 knows none.
    silent: [
      ['k2.conf', 'swan1234', 'swan1235'],
      ['k*.conf', '  priority', '  version 3\n  priority'],
    ],
  },
  'keepalived/advert-interval-differs': {
    fires: [['k2.conf', '  priority', '  advert_int 3\n  priority']],
    on: 'advert_int 3',
    silent: [['k2.conf', '  priority', '  advert_int 1\n  priority']],
  },
  'keepalived/version-differs': {
    fires: [['k2.conf', '  priority', '  version 3\n  priority']],
    on: 'version 3',
    silent: [['k2.conf', /^/, 'global_defs {\n  vrrp_version 2\n}\n']],
  },
  'keepalived/peer-not-named': {
    fires: [peers('k1.conf', '10.0.0.8', '10.0.0.7'), peers('k2.conf', '10.0.0.9', '10.0.0.8')],
    on: 'unicast_peer',
    silent: [peers('k1.conf', '10.0.0.8', '10.0.0.9'), peers('k2.conf', '10.0.0.9', '10.0.0.8')],
  },
  'etcd/advertises-loopback-too': {
    fires: [['e1.env', /(ADVERTISE_CLIENT_URLS=.*)/, '$1,http://localhost:2379']],
    on: 'ADVERTISE_CLIENT_URLS',
    silent: [['e1.env', 'LISTEN_CLIENT_URLS=', 'LISTEN_CLIENT_URLS=http://localhost:2379,']],
  },
  'etcd/no-advertised-url': {
    fires: [['e1.env', /ETCD_ADVERTISE_CLIENT_URLS=.*\n/, '']],
    on: 'LISTEN_CLIENT_URLS',
    silent: [
      ['e1.env', /ETCD_ADVERTISE_CLIENT_URLS=.*\n/, ''],
      ['e1.env', /ETCD_LISTEN_CLIENT_URLS=.*\n/, ''],
    ],
  },
  'etcd/not-a-number': {
    fires: [['e1.env', /$/, 'ETCD_HEARTBEAT_INTERVAL=100ms\n']],
    on: '100ms',
    silent: [['e1.env', /$/, 'ETCD_QUOTA_BACKEND_BYTES=8_589_934_592\nETCD_AUTO_COMPACTION_RETENTION=1h\n']],
  },
  'etcd/cluster-differs': {
    fires: [['e2.env', 'TOKEN=ledger-7', 'TOKEN=ledger-8']],
    on: 'TOKEN=ledger-8',
    // One that joined later has what there was then.
    silent: [
      ['e3.env', 'CLUSTER="', 'CLUSTER="e4=http://10.0.1.4:2380,e5=http://10.0.1.5:2380,'],
      ['e3.env', 'STATE=new', 'STATE=existing'],
    ],
  },
  'patroni/etcd-two-endpoints': {
    fires: [['e*.env'], ['n1.yml', ',10.0.1.3:2379', '']],
    on: 'hosts:',
    silent: [['n1.yml', ',10.0.1.3:2379', '']],
  },
}
