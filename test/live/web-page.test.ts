/**
 * What a page in a browser on this machine can do to a running lab: send any request to any port of 127.0.0.1, and to the addresses
 * of the containers where this machine has a way there. It sees no answer of another origin, and needs none to do harm.
 */
import http from 'node:http'
import {connect} from 'node:net'
import {execa} from 'execa'
import {afterAll, beforeAll, describe, expect, test} from 'vitest'
import {expectExit} from './cli.ts'

const lab = 'reach-web-page'
const base64 = (text: string) => Buffer.from(text).toString('base64')

interface Container {
  readonly name: string
  readonly address: string
  /** As the engine has bound them: `8008/tcp` of the container to an address and port of this machine. */
  readonly published: readonly {readonly inside: string; readonly ip: string; readonly port: number}[]
}

let containers: readonly Container[] = []

beforeAll(async () => {
  await expectExit(0, ['up', '--name', lab, '--profile', 'fast'])
  containers = await inspected()
})

afterAll(() => expectExit(0, ['down', '--name', lab]))

/** Read from the engine, not from what we meant to publish. */
async function inspected(): Promise<Container[]> {
  const {stdout: ids} = await execa('docker', ['ps', '-q', '--filter', `label=pgha-lab.lab=${lab}`])
  const {stdout} = await execa('docker', ['inspect', ...ids.split('\n')])
  interface Seen {
    Name: string
    NetworkSettings: {
      Ports: Record<string, {HostIp: string; HostPort: string}[] | null>
      Networks: Record<string, {IPAddress: string}>
    }
  }
  return (JSON.parse(stdout) as Seen[]).map(({Name, NetworkSettings: {Ports, Networks}}) => ({
    name: Name.slice(1).replace(`pgha-lab-${lab}-`, ''),
    address: Object.values(Networks)[0]?.IPAddress ?? '',
    published: Object.entries(Ports).flatMap(([inside, bound]) =>
      (bound ?? []).map(({HostIp, HostPort}) => ({inside, ip: HostIp, port: Number(HostPort)})),
    ),
  }))
}

interface Attack {
  readonly method: string
  readonly path: string
  readonly body: string
  readonly type: string
}

/** Bodies as a form or a `fetch` in mode `no-cors` can send them, which asks nobody beforehand. */
const onEtcd: readonly Attack[] = ['/service/pgha/leader', '/service/pgha/config', '/from-a-web-page'].map(key => ({
  method: 'POST',
  path: '/v3/kv/put',
  body: JSON.stringify({key: base64(key), value: base64('{"ttl": 666}')}),
  type: 'text/plain',
}))

/** etcd's members speak HTTP with each other: a lease is kept alive, or asked for, by whoever can say its number (0: none has it). */
const onEtcdsPeers: readonly Attack[] = [
  ...['/leases', '/leases/internal', '/raft', '/members/promote/1'].map(path => ({method: 'POST', path, body: 'AAAA'})),
  ...['/members', '/version', '/raft/probing'].map(path => ({method: 'GET', path, body: ''})),
].map(attack => ({...attack, type: 'text/plain'}))

const onPatroni: readonly Attack[] = (
  [
    ['PATCH', '/config', '{"ttl": 666}'],
    ['PUT', '/config', '{"ttl": 666}'],
    ['POST', '/restart', '{}'],
    ['DELETE', '/restart', ''],
    ['POST', '/reload', ''],
    ['POST', '/reinitialize', '{"force": true}'],
    ['POST', '/switchover', '{"leader": "node1", "candidate": "node2"}'],
    ['POST', '/switchover', '{"leader": "node2", "candidate": "node3"}'],
    ['POST', '/switchover', '{"leader": "node3", "candidate": "node1"}'],
    ['POST', '/failover', '{"candidate": "node2"}'],
    ['DELETE', '/switchover', ''],
  ] as const
).map(([method, path, body]) => ({method, path, body, type: 'text/plain'}))

/** The form of a statistics page with `stats admin`: a server is taken out of each backend. */
const onHaproxy: readonly Attack[] = ['primary', 'replicas', '#2', '#3'].flatMap(backend =>
  ['maint', 'drain', 'shutdown', 'hrunn', 'dhlth'].map(action => ({
    method: 'POST',
    path: '/',
    body: new URLSearchParams({s: 'node1', action, b: backend}).toString(),
    type: 'application/x-www-form-urlencoded',
  })),
)

const everything = [...onEtcd, ...onEtcdsPeers, ...onPatroni, ...onHaproxy]
const origin = 'http://evil.example'

/** The answer's status; null: there was none. */
function send(host: string, port: number, {method, path, body, type}: Attack, as: string): Promise<number | null> {
  const {promise, resolve} = Promise.withResolvers<number | null>()
  const headers = {host: as, origin, referer: `${origin}/`, 'content-type': type, 'content-length': body.length}
  const request = http.request({host, port, method, path, headers, agent: false, timeout: 2000}, response => {
    response.resume()
    response.on('close', () => resolve(response.statusCode ?? null))
  })
  request.on('timeout', () => request.destroy())
  request.on('error', () => resolve(null))
  request.on('close', () => resolve(null))
  request.end(body)
  return promise
}

function connects(host: string, port: number): Promise<boolean> {
  const {promise, resolve} = Promise.withResolvers<boolean>()
  const socket = connect({host, port, timeout: 2000})
  socket.on('connect', () => resolve(true))
  for (const ending of ['error', 'timeout'] as const) socket.on(ending, () => resolve(false))
  return promise.finally(() => socket.destroy())
}

/** The TCP ports that anything in a container listens on, from its kernel. */
async function listening(name: string): Promise<number[]> {
  const container = `pgha-lab-${lab}-${name}`
  const {stdout} = await execa('docker', ['exec', container, 'sh', '-c', 'cat /proc/net/tcp /proc/net/tcp6'])
  const found = stdout.matchAll(/^ *\d+: [0-9A-F]+:([0-9A-F]{4}) \S+ 0A /gm)
  return [...new Set([...found].map(([, port = '']) => Number.parseInt(port, 16)))]
}

/** What the cluster's own tools say that must not change. */
async function state(): Promise<Record<string, unknown>> {
  const inside = async (host: string, ...argv: readonly string[]) =>
    (await execa('docker', ['exec', `pgha-lab-${lab}-${host}`, ...argv], {reject: false})).stdout
  const kept = JSON.parse(await inside('node1', 'etcdctl', 'get', '', '--from-key', '-w', 'json')) as {
    kvs: {key: string; value: string; mod_revision: number}[]
  }
  // Members and the leader's position are written by Patroni itself, again and again.
  const keys = kept.kvs
    .map(({key, value, mod_revision}) => ({key: Buffer.from(key, 'base64').toString(), value, mod_revision}))
    .filter(({key}) => !/\/(members\/|status$)/.test(key))
  const servers = await inside('proxy1', 'sh', '-c', 'echo show stat | socat - /run/haproxy/admin.sock')
  const members = JSON.parse(await inside('node1', 'patronictl', 'list', '-f', 'json')) as Record<string, unknown>[]
  return {
    keys,
    config: await inside('node1', 'patronictl', 'show-config'),
    // name, status and administrative state of each server
    servers: servers
      .split('\n')
      .map(line => line.split(','))
      .filter(([, server]) => server?.startsWith('node'))
      .map(([backend, server, ...rest]) => [backend, server, rest[15]?.replace(/ \d+\/\d+$/, '')]),
    members: members.map(({Member, Role, State, TL}) => ({Member, Role, State, TL})),
    // of each postmaster
    started: await Promise.all(
      ['node1', 'node2', 'node3'].map(host => inside(host, 'sed', '-n', '3p', '/data/postgresql/main/postmaster.pid')),
    ),
  }
}

describe('a web page', () => {
  test('finds nothing published but PostgreSQL and HAProxy, and that on 127.0.0.1 only', () => {
    const published = containers.flatMap(one => one.published)
    expect(published.length).toBeGreaterThan(0)
    expect(published.filter(({ip}) => ip !== '127.0.0.1')).toEqual([])
    expect([...new Set(published.map(({inside}) => inside))].toSorted()).toEqual([
      '5000/tcp',
      '5001/tcp',
      '5432/tcp',
      '7000/tcp',
    ])
  })

  test('changes nothing through any port of 127.0.0.1, whatever Host it claims', async () => {
    const before = await state()
    for (const {port} of containers.flatMap(one => one.published))
      for (const attack of everything)
        for (const host of [`127.0.0.1:${port}`, `localhost:${port}`, 'evil.example'])
          await send('127.0.0.1', port, attack, host)
    await new Promise(resolve => setTimeout(resolve, 3000)) // what Patroni was told it does within a loop
    expect(await state()).toEqual(before)
  })

  test('opens no connection at the addresses of the containers but to what is published, and changes nothing there', async () => {
    const before = await state()
    const connected: string[] = []
    const published = (of: Container) => of.published.map(({inside}) => Number.parseInt(inside, 10))
    for (const one of containers)
      for (const port of await listening(one.name))
        if (!published(one).includes(port) && (await connects(one.address, port))) connected.push(`${one.name}:${port}`)
    expect(connected).toEqual([])
    for (const {address} of containers)
      for (const port of [2379, 2380, 5000, 5001, 5432, 7000, 8008])
        for (const attack of everything) await send(address, port, attack, `${address}:${port}`)
    await new Promise(resolve => setTimeout(resolve, 3000))
    expect(await state()).toEqual(before)
  })
})
