import {describe, expect, test} from 'vitest'
import {raisingOf, raisingWords} from '../../../lab/topology/as-set.ts'
import {loadTopology, parseTopology, presetNames} from '../../../lab/topology/topology-file.ts'
import {topologySchema} from '../../../lab/topology/topology-schema.ts'

const all = [
  ...['tls.etcd=on', 'tls.rest=on', 'tls.postgresql=on', 'tls.rest_clients=required'],
  ...['auth.etcd=jwt', 'auth.etcd_token_ttl=30s', 'auth.rest=on'],
]
const topology = {
  tls: {etcd: true, rest: true, postgresql: true, restClients: 'required'},
  auth: {etcd: 'jwt', etcdTokenTtlSeconds: 30, rest: true},
}

describe('TLS and logins of a topology', () => {
  test.each(presetNames())('are off in %s, and can be had there', name => {
    expect(loadTopology({topology: name})).not.toHaveProperty('tls')
    expect(loadTopology({topology: name})).not.toHaveProperty('auth')
    const on = loadTopology({topology: name, set: all})
    expect(on).toMatchObject(topology)
    expect(topologySchema.parse(JSON.parse(JSON.stringify(on)))).toEqual(on)
  })

  test('are the same in a file, and `off` is as if nothing was said', () => {
    const text = `
tls: {etcd: on, rest: on, postgresql: on, rest_clients: required}
auth: {etcd: jwt, etcd_token_ttl: 30s, rest: on}
`
    expect(parseTopology('lab.yaml', text)).toMatchObject(topology)
    const off = parseTopology('lab.yaml', 'tls: {etcd: off, rest: off}\nauth: {etcd: off}\n')
    expect(off).toEqual(loadTopology({}))
    expect(parseTopology('lab.yaml', text, {set: ['auth.etcd=simple', 'tls.rest_clients=none']}).auth?.etcd).toBe(
      'simple',
    )
  })

  test('are raised again as they were', () => {
    const raising = raisingOf(loadTopology({topology: 'dedicated-etcd', profile: 'fast', set: all}), undefined)
    expect(raisingWords(raising!)).toEqual([
      ...['--topology', 'dedicated-etcd', '--profile', 'fast'],
      ...all.flatMap(one => ['--set', one]),
    ])
  })

  test.each([
    ['tls: {etcd: yes}', 'lab.yaml:1:13: etcd is off or on'],
    ['tls: on', 'lab.yaml:1:6: `tls` is a mapping: etcd, rest, postgresql and rest_clients'],
    ['tls: {ect: on}', 'lab.yaml:1:7: unknown key `ect`, did you mean `etcd`?'],
    ['auth: {etcd: on}', 'lab.yaml:1:14: etcd is off, simple or jwt: the kind of its tokens'],
    ['auth: {etcd: jwt, etcd_token_ttl: 30}', 'lab.yaml:1:35: '],
    ['auth: {etcd: jwt, etcd_token_ttl: 500ms}', 'lab.yaml:1:35: etcd takes whole seconds, from 1s to 24h'],
    ['auth: {etcd_token_ttl: 30s}', 'lab.yaml:1:24: without users etcd gives no tokens that could expire'],
    ['tls: {rest_clients: required}', 'lab.yaml:1:21: without TLS nobody shows the REST API a certificate'],
    [
      'tls: {postgresql: on}\npostgresql: {parameters: {ssl: "off"}}',
      'lab.yaml:2:32: with tls.postgresql the lab sets `ssl` itself',
    ],
  ])('%s is refused in its place', (text, says) => {
    expect(() => parseTopology('lab.yaml', text)).toThrow(says)
  })
})
