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
}
