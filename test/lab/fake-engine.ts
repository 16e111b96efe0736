/** An engine on a unix socket that answers like Docker's, until it behaves as a test wants. */
import {once} from 'node:events'
import {mkdtempSync, rmSync} from 'node:fs'
import {createServer, type IncomingMessage, type ServerResponse} from 'node:http'
import type {Socket} from 'node:net'
import {tmpdir} from 'node:os'
import {join} from 'node:path'

/** What something else than an engine says, whatever it is asked. */
export interface Foreign {
  readonly body: string
  readonly type: string
  readonly status?: number
}

/** `silent`: takes the request and never answers. `half-open`: sends the head of an answer, and its body never ends. */
export type Behaviour = 'answers' | 'silent' | 'half-open' | 'resets' | Foreign

/** A proxy, another product, an engine that is broken, none that speaks HTTP. */
export const foreign: Readonly<Record<string, Foreign>> = {
  'an empty list': {body: '[]', type: 'application/json'},
  null: {body: 'null', type: 'application/json'},
  'an empty object': {body: '{}', type: 'application/json'},
  'a list of nulls': {body: '[null]', type: 'application/json'},
  'a list of empty objects': {body: '[{}]', type: 'application/json'},
  'a number': {body: '7', type: 'application/json'},
  'a page': {body: '<html><body>Sign in</body></html>', type: 'text/html'},
  'a page with an error': {body: '<html><body>Bad Gateway</body></html>', type: 'text/html', status: 502},
  'a page that is not there': {body: '<html><body>Not Found</body></html>', type: 'text/html', status: 404},
  'half of an answer': {body: '[{"Id":', type: 'application/json'},
  nothing: {body: '', type: 'application/json'},
}

export interface FakeEngine extends AsyncDisposable {
  readonly socketPath: string
  /** What was asked: method and path, without the API's version. */
  readonly asked: readonly string[]
  /** From the next request on; a function is asked for each. */
  behave(how: Behaviour | ((asked: string) => Behaviour)): void
}

export interface FakeHost {
  readonly lab: string
  readonly host: string
  readonly owner?: string
  /** As Docker says it; 'running' when not given. */
  readonly state?: string
}

/** Long because an engine has that many answers. */
export async function fakeEngine(hosts: readonly FakeHost[] = []): Promise<FakeEngine> {
  const folder = mkdtempSync(join(tmpdir(), 'pgha-engine-'))
  const socketPath = join(folder, 'docker.sock')
  const asked: string[] = []
  let behaviour: (asked: string) => Behaviour = () => 'answers'
  const server = createServer((request, response) => {
    const what = `${request.method} ${request.url?.replace(/^\/v[\d.]+/, '').replace(/\?.*/, '')}`
    asked.push(what)
    request.resume()
    const how = behaviour(what)
    if (typeof how === 'object') {
      response.writeHead(how.status ?? 200, {'content-type': how.type}).end(how.body)
      return
    }
    switch (how) {
      case 'answers':
        answer(what, request, response, hosts)
        break
      case 'half-open':
        response.writeHead(200, {'content-type': 'application/json', 'content-length': 4096})
        response.write('[')
        break
      case 'resets':
        request.socket.destroy()
        break
      case 'silent':
    }
  })
  // An exec that was started: it never says a word.
  server.on('upgrade', (request: IncomingMessage, socket: Socket) => {
    const what = `${request.method} ${request.url?.replace(/^\/v[\d.]+/, '').replace(/\?.*/, '')}`
    asked.push(what)
    socket.on('error', () => {})
    socket.allowHalfOpen = true // a program whose stdin has ended runs on
    socket.resume()
    const how = behaviour(what)
    if (how === 'answers') socket.write('HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n')
    else if (typeof how === 'object')
      socket.end(
        `HTTP/1.1 ${how.status ?? 200} So\r\nConnection: close\r\nContent-Type: ${how.type}\r\nContent-Length: ${how.body.length}\r\n\r\n${how.body}`,
      )
  })
  const sockets = new Set<Socket>()
  server.on('connection', socket => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
  })
  server.listen(socketPath)
  await once(server, 'listening')
  return {
    socketPath,
    asked,
    behave(how) {
      behaviour = typeof how === 'function' ? how : () => how
    },
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy()
      server.close()
      rmSync(folder, {recursive: true, force: true})
    },
  }
}

function answer(what: string, request: IncomingMessage, response: ServerResponse, hosts: readonly FakeHost[]): void {
  if (/^GET \/(events|containers\/[^/]+\/logs)$/.test(what)) {
    response.writeHead(200).flushHeaders() // and lasts
    return
  }
  const [status, value] = said(what, decodeURIComponent(request.url ?? ''), hosts)
  response.writeHead(status, {'content-type': 'application/json', 'api-version': '1.45'})
  response.end(value === undefined ? '' : JSON.stringify(value))
}

function said(what: string, url: string, hosts: readonly FakeHost[]): [number, unknown?] {
  if (what.endsWith('/_ping')) return [200, 'OK']
  if (what === 'GET /version') return [200, {Version: '26.1.5', ApiVersion: '1.45', MinAPIVersion: '1.24', Os: 'linux'}]
  if (what === 'GET /info') return [200, {SystemTime: new Date().toISOString(), ServerVersion: '26.1.5'}]
  if (what === 'GET /containers/json') return [200, containers(/pgha-lab\.(program|throwaway)/.test(url) ? [] : hosts)]
  if (/^GET \/containers\/[^/]+\/json$/.test(what))
    return [
      200,
      {
        State: {Running: true, Paused: false, ExitCode: 0},
        HostConfig: {CpuQuota: 0},
        NetworkSettings: {Networks: {}, Ports: {}},
      },
    ]
  if (what === 'GET /networks') return [200, []]
  if (what === 'GET /volumes') return [200, {Volumes: []}]
  if (/^GET \/images\//.test(what)) return [200, {Id: 'sha256:fake', Created: '2026-01-01T00:00:00.123456789Z'}]
  if (/^POST \/containers\/[^/]+\/exec$/.test(what)) return [201, {Id: 'exec'}]
  if (what === 'POST /containers/create') return [201, {Id: 'created'}]
  if (/^(POST|DELETE) /.test(what)) return [204]
  return [404, {message: `no such thing: ${what}`}]
}

function containers(hosts: readonly FakeHost[]) {
  return hosts.map(({lab, host, owner = 'nobody', state = 'running'}) => ({
    Id: `id-${host}`,
    Names: [`/pgha-lab-${lab}-${host}`],
    Labels: {'pgha-lab.lab': lab, 'pgha-lab.host': host, 'pgha-lab.owner': owner},
    State: state,
    Image: 'pgha-lab/host:fake',
    Created: 0,
  }))
}
