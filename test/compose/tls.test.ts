/** What TLS and logins of a topology put into the files that its programs read. */
import {describe, expect, test} from 'vitest'
import {parse} from 'yaml'
import {composeFile, render} from '../../compose/render.ts'
import type {Allocation, Topology} from '../../lab/topology/topology.ts'
import {loadTopology} from '../../lab/topology/topology-file.ts'
import {allocationSchema} from '../../lab/topology/topology-schema.ts'
import {allocation, owner, read} from './a-lab.ts'

const all = [
  ...['tls.etcd=on', 'tls.rest=on', 'tls.postgresql=on'],
  ...['auth.etcd=simple', 'auth.etcd_token_ttl=30s', 'auth.rest=on'],
]
const allocated = (topology: Topology): Allocation => allocationSchema.parse(allocation({}, topology))

function filesOf(preset: string, set: readonly string[] = all) {
  const topology = loadTopology({topology: preset, profile: 'fast', set})
  const text = render(topology, allocated(topology), owner)
  const {configs} = read(text)
  const yaml = (name: string) => parse(configs[name]!.content) as Record<string, unknown>
  return {topology, text, configs, yaml, compose: composeFile(topology, allocated(topology), owner)}
}

const keys = '/run/pgha-lab/keys'
const own = (user: string) => ({ca: `${keys}/${user}/ca.crt`, pem: `${keys}/${user}/host.pem`})

describe('a lab in TLS with logins', () => {
  const {configs, yaml, compose, text} = filesOf('dedicated-etcd')

  test('etcd speaks TLS to its clients and peers, and asks both for a certificate', () => {
    const {ca, pem} = own('etcd')
    const security = {'cert-file': pem, 'key-file': pem, 'trusted-ca-file': ca, 'client-cert-auth': true}
    const etcd = yaml('etcd-etcd2')
    expect(etcd).toMatchObject({
      ...{'client-transport-security': security, 'peer-transport-security': security},
      ...{'auth-token': 'simple', 'auth-token-ttl': 30},
    })
    expect(configs['etcd-etcd2']!.content).not.toContain('http://')
  })

  test('Patroni logs in to etcd by its own name, verifies it, and asks for a password where something changes', () => {
    const {ca, pem} = own('postgres')
    const patroni = yaml('patroni')
    expect(patroni).toMatchObject({
      etcd3: {protocol: 'https', cacert: ca, cert: pem, key: pem, username: 'patroni', password: 'patroni-pw'},
      restapi: {certfile: pem, keyfile: pem, cafile: ca, authentication: {username: 'patroni', password: 'rest-pw'}},
      ctl: {cacert: ca, certfile: pem, keyfile: pem},
    })
    expect(configs.patroni!.content).not.toContain('root-pw')
  })

  test('PostgreSQL lets nobody in over the network without TLS, and members verify each other', () => {
    const {postgresql} = yaml('patroni') as {postgresql: Record<string, unknown>}
    const {ca, pem} = own('postgres')
    expect(postgresql).toMatchObject({
      parameters: {ssl: 'on', ssl_cert_file: pem, ssl_key_file: pem, ssl_ca_file: ca},
      authentication: {replication: {sslmode: 'verify-full', sslrootcert: ca}, rewind: {sslmode: 'verify-full'}},
    })
    expect((postgresql.pg_hba as string[]).filter(line => line.startsWith('host '))).toEqual([])
    expect(text).toContain('?sslmode=require')
  })

  test("HAProxy asks in TLS and verifies, unless somebody's does not", () => {
    expect(configs.haproxy!.content).toContain(`check-ssl verify required ca-file ${own('haproxy').ca}\n`)
    expect(filesOf('colocated', [...all, 'haproxy.check_tls=off']).configs.haproxy!.content).not.toContain('check-ssl')
    const required = filesOf('colocated', [...all, 'tls.rest_clients=required'])
    expect(required.configs.haproxy!.content).toContain(`crt ${own('haproxy').pem}`)
    expect(required.yaml('patroni')).toMatchObject({restapi: {verify_client: 'required'}})
    const theirs = filesOf('colocated', ['haproxy.check_tls=on', 'tls.etcd=on'])
    expect(theirs.configs.haproxy!.content).toContain('check-ssl verify none')
  })

  test('PgBouncer speaks TLS on both sides', () => {
    const {content} = filesOf('pgbouncer').configs['pgbouncer-node1']!
    expect(content).toContain('client_tls_sslmode = require')
    expect(content).toContain('server_tls_sslmode = verify-full')
  })

  test('a host is given its own key and no other, the clients none, and nobody the key of the CA', () => {
    const targets = (host: string) => compose.services[host]!.configs?.map(one => one.target) ?? []
    expect(targets('app1')).toEqual(['/etc/pgha-lab/keys/ca.crt'])
    expect(compose.services.node1!.configs?.filter(({source}) => source.startsWith('key-'))).toEqual([
      {source: 'key-node1', target: '/etc/pgha-lab/keys/host.pem'},
    ])
    const topology = loadTopology({topology: 'dedicated-etcd', set: all})
    const marked = {...allocated(topology), authority: {...allocated(topology).authority!, caKey: 'KEY-OF-THE-CA'}}
    expect(render(topology, marked, owner)).not.toContain('KEY-OF-THE-CA')
  })

  test('users are made on the first etcd of each cluster alone, for the keys of that cluster', () => {
    const {configs} = filesOf('standby-cluster')
    expect(configs['etcd-users-etcd1']!.content).toContain('PATRONI_KEYS=/service/pgha/\n')
    expect(configs['etcd-users-etcd2']!.content).toContain('PATRONI_KEYS=/service/pgha-standby/\n')
    expect(Object.keys(filesOf('dedicated-etcd').configs).filter(one => one.startsWith('etcd-users'))).toEqual([
      'etcd-users-etcd1',
    ])
  })

  test('tokens that are signed are signed by one key of all members', () => {
    const jwt = filesOf('dedicated-etcd', [...all, 'auth.etcd=jwt'])
    expect(String(jwt.yaml('etcd-etcd1')['auth-token'])).toBe(
      `jwt,pub-key=${keys}/etcd/token.pub,priv-key=${keys}/etcd/token.key,sign-method=RS256,ttl=30s`,
    )
    const given = Object.entries(jwt.compose.services).filter(([, {configs = []}]) =>
      configs.some(({target}) => target.endsWith('token.key')),
    )
    expect(given.map(([host]) => host)).toEqual(['etcd1', 'etcd2', 'etcd3'])
  })
})
