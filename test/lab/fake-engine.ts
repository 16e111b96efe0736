/** An engine on a unix socket that answers like Docker's, until it behaves as a test wants. */
import {once} from 'node:events'
import {mkdtempSync, rmSync} from 'node:fs'
import {createServer, type IncomingMessage, type ServerResponse} from 'node:http'
import type {Socket} from 'node:net'
import {tmpdir} from 'node:os'
import {join} from 'node:path'

/** `silent`: takes the request and never answers. `half-open`: sends the head of an answer, and its body never ends. */
export type Behaviour = 'answers' | 'silent' | 'half-open' | 'resets'

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

export async function fakeEngine(hosts: readonly FakeHost[] = []): Promise<FakeEngine> {
  const folder = mkdtempSync(join(tmpdir(), 'pgha-engine-'))
  const socketPath = join(folder, 'docker.sock')
  const asked: string[] = []
  let behaviour: (asked: string) => Behaviour = () => 'answers'
  const server = createServer((request, response) => {
    const what = `${request.method} ${request.url?.replace(/^\/v[\d.]+/, '').replace(/\?.*/, '')}`
    asked.push(what)
    request.resume()
    switch (behaviour(what)) {
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
    if (behaviour(what) === 'answers')
      socket.write('HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n')
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
      behaviour = typeof how === 'string' ? () => how : how
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
  if (/^GET \/images\//.test(what)) return [200, {Id: 'sha256:fake'}]
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
