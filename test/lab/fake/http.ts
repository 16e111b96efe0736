/** What etcd, Patroni and HAProxy of the fake hosts answer over HTTP. */
import {createServer, type IncomingMessage, type ServerResponse} from 'node:http'
import type {Duplex} from 'node:stream'
import {text} from 'node:stream/consumers'
import {base64} from '../../../lab/cluster/etcd-messages.ts'
import {releaseOf} from '../../../lab/topology/release.ts'
import type {HttpService} from '../../../lab/topology/services.ts'
import {hostsWith, type Topology} from '../../../lab/topology/topology.ts'
import type {Change, FakeCluster} from './cluster.ts'
import type {FakeHost} from './host.ts'

interface Where {
  readonly host: FakeHost
  readonly service: HttpService
}

export class FakeHttp {
  readonly #topology: Topology
  readonly #cluster: FakeCluster
  readonly #where = new WeakMap<object, Where>()
  readonly #server = createServer((request, response) => void this.#answer(request, response))

  constructor(topology: Topology, cluster: FakeCluster) {
    this.#topology = topology
    this.#cluster = cluster
  }

  /** A connection that has come in at this service of the host. */
  serve(connection: Duplex, where: Where): void {
    this.#where.set(connection, where)
    this.#server.emit('connection', connection)
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const {host, service} = this.#where.get(request.socket)!
    const body = await text(request)
    if (!host.answers) return // frozen or unplugged: it has heard nothing
    const question = `${request.method} ${request.url}`
    if (service === 'stats') response.writeHead(this.#cluster.proxySaysNothing ? 503 : 200).end(this.#statistics())
    else if (question === 'GET /metrics') response.end(metrics(this.#cluster.revision))
    else if (question === 'POST /v3/watch') this.#watch(body, response)
    else {
      const answer = service === 'etcd' ? this.#etcd(host, question, body) : this.#patroni(host, question, body)
      const [code, value] = answer
      response.writeHead(code).end(JSON.stringify(value))
    }
  }

  #patroni({name, address}: FakeHost, question: string, body: string): [number, unknown] {
    const cluster = this.#cluster
    if (!cluster.isUp(name)) return [503, {state: 'starting', role: 'replica'}]
    switch (question) {
      case 'GET /patroni': {
        const replication = cluster.streamingFrom(name).map(one => ({
          ...{application_name: one, state: 'streaming'},
          sync_state: cluster.synchronous.includes(one) ? 'sync' : 'async',
        }))
        const {leads, tellsStreaming} = releaseOf(this.#topology).patroni
        const server = {state: 'running', server_version: 170011, patroni: {version: '4.0.7', scope: 'pgha'}}
        const pause = cluster.config.pause === true ? {pause: true} : {}
        if (cluster.isLeader(name))
          return [
            200,
            {
              ...{...server, ...pause, role: leads, timeline: cluster.timeline, xlog: {location: cluster.lsn}},
              replication,
            },
          ]
        const replica = {...server, ...pause, role: 'replica', timeline: cluster.timeline}
        const state = tellsStreaming && cluster.streams(name) ? {replication_state: 'streaming'} : {}
        const sends = replication.length > 0 ? {replication} : {}
        return [200, {...replica, ...state, ...sends, xlog: cluster.walOf(name), address}]
      }
      case 'GET /config':
        return [200, cluster.config]
      case 'PATCH /config':
        cluster.patch(JSON.parse(body) as Record<string, unknown>)
        return [200, cluster.config]
      default:
        return [404, {}]
    }
  }

  #etcd({name}: FakeHost, question: string, body: string): [number, unknown] {
    const cluster = this.#cluster
    const members = hostsWith(this.#topology, 'etcd')
    const header = {...this.#header(), member_id: String(members.indexOf(name) + 1)}
    switch (question) {
      case 'GET /version':
        return [200, {etcdserver: '3.5.16'}]
      case 'POST /v3/maintenance/status': {
        const leader = members.findIndex(host => cluster.isInQuorum(host)) + 1
        const errors = cluster.alarms.map(one => `memberID:${one.memberID} alarm:${one.alarm} `)
        const led = cluster.isInQuorum(name) && cluster.hasQuorum
        return [
          200,
          {
            header,
            raftTerm: String(cluster.terms[name] ?? 2),
            ...(led && {leader: String(leader)}),
            ...(errors.length > 0 && {errors}),
          },
        ]
      }
      case 'POST /v3/maintenance/alarm': {
        const {action, memberID, alarm} = JSON.parse(body) as {action: string; memberID: string; alarm: string}
        if (action === 'ACTIVATE') cluster.alarms.push({memberID, alarm})
        if (action === 'DEACTIVATE') cluster.alarms.splice(0)
        return [200, {header, alarms: cluster.alarms}]
      }
      case 'POST /v3/cluster/member/list':
        if (body !== '{}') return [400, {error: 'unknown field'}] // as etcd 3.4 does
        return [
          200,
          {members: members.map((host, index) => ({ID: String(index + 1), name: host, ...cluster.etcdMembers[host]}))},
        ]
      case 'POST /v3/lease/timetolive': {
        const leftMs = cluster.leaseEndsMs - performance.now()
        return [200, {TTL: String(Math.round(leftMs / 1000)), grantedTTL: '3'}]
      }
      case 'POST /v3/kv/range':
        if (!cluster.hasQuorum && !body.includes('serializable')) return [503, {}]
        return [200, {header, kvs: cluster.keys().map(one => keyValue(one, cluster))}]
      default:
        return [404, {}]
    }
  }

  #header() {
    return {revision: String(this.#cluster.revision), raft_term: '2'}
  }

  #watch(body: string, response: ServerResponse): void {
    const header = this.#header()
    const from = Number((JSON.parse(body) as {create_request: {start_revision: string}}).create_request.start_revision)
    const tell = (change: Change) => {
      const kv = keyValue(change, this.#cluster)
      const events = [change.value === null ? {type: 'DELETE', kv} : {kv}]
      response.write(`${JSON.stringify({result: {header, events}})}\n`)
    }
    response.write(`${JSON.stringify({result: {header, created: true}})}\n`)
    for (const change of this.#cluster.changes) if (change.revision >= from) tell(change)
    const deaf = this.#cluster.watch(tell)
    response.on('close', deaf)
  }

  /** HAProxy has seen what is so: its checks take no time here. */
  #statistics(): string {
    const cluster = this.#cluster
    const up = (yes: boolean) => (yes ? 'UP' : 'DOWN')
    const lines = cluster.members.flatMap(host => [
      `primary,${host},${up(cluster.isLeader(host) && cluster.isUp(host))},2,L7OK,200,1`,
      `replicas,${host},${up(cluster.streams(host) && !cluster.unread.has(host))},2,L7OK,200,1`,
    ])
    return `${['# pxname,svname,status,type,check_status,check_code,check_duration', ...lines].join('\n')}\n`
  }
}

function keyValue({key, value, revision}: Change, {lease}: FakeCluster) {
  return {
    key: base64(key),
    ...(value !== null && {value: base64(value)}),
    mod_revision: String(revision),
    ...(key.endsWith('/leader') && {lease: String(lease)}),
  }
}

function metrics(count: number): string {
  const name = 'etcd_disk_wal_fsync_duration_seconds'
  const bucket = (limit: string) => `${name}_bucket{le="${limit}"} ${count}`
  return `${[bucket('0.001'), bucket('+Inf'), `${name}_sum ${count / 10_000}`, `${name}_count ${count}`].join('\n')}\n`
}
