import http from 'node:http'
import {type AddressInfo, connect} from 'node:net'
import {Duplex} from 'node:stream'
import {setTimeout as pause} from 'node:timers/promises'
import {afterEach, expect, test} from 'vitest'
import {Asking, type Reach} from '../../../lab/observer/ask.ts'
import {NoWay} from '../../../lab/observer/tunnel.ts'

const cleanUp: (() => void)[] = []
afterEach(() => {
  for (const one of cleanUp.splice(0)) one()
})

const to = '10.213.7.11:8008'
/** The observer is heard all the time. */
const alive = {knock() {}, heardAt: Number.POSITIVE_INFINITY}

async function askingOf(answer: http.RequestListener) {
  let connections = 0
  const server = http.createServer(answer).on('connection', () => connections++)
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const {port} = server.address() as AddressInfo
  const asking = new Asking({...alive, connect: () => connect(port, '127.0.0.1')})
  cleanUp.push(() => {
    asking[Symbol.dispose]()
    server.closeAllConnections()
    server.close()
  })
  return {asking, connections: () => connections}
}

/** Connections to a host that is there and says nothing. */
function mute(heard: Omit<Reach, 'connect'>): Asking {
  return new Asking({
    ...heard,
    connect: () => new Duplex({read() {}, write: (_chunk, _encoding, done: () => void) => done()}),
  })
}

test('a question goes to the host by its own name, its body as JSON, and an answer of any code is an answer', async () => {
  const seen: unknown[] = []
  const {asking} = await askingOf(async (request, response) => {
    const {host, connection, 'content-type': type} = request.headers
    let body = ''
    for await (const chunk of request) body += chunk
    seen.push({method: request.method, url: request.url, host, connection, type, body})
    response.writeHead(503, {date: 'Fri, 20 Nov 2026 16:01:00 GMT'}).end('no')
  })
  const question = {method: 'PATCH', body: {name: 'ä'}, withinMs: 2000} as const
  expect(await asking.ask(to, '/config', question)).toEqual({
    ...{code: 503, body: 'no', date: 'Fri, 20 Nov 2026 16:01:00 GMT'},
  })
  await asking.ask(to, '/patroni', {withinMs: 2000})
  expect(seen).toEqual([
    {method: 'PATCH', url: '/config', host: to, connection: 'close', type: 'application/json', body: '{"name":"ä"}'},
    {method: 'GET', url: '/patroni', host: to, connection: 'close', type: undefined, body: ''},
  ])
})

test('each question has a connection of its own, unless it is to be kept', async () => {
  const {asking, connections} = await askingOf((_, response) => void response.end('{}'))
  for (let times = 0; times < 3; times++) await asking.ask(to, '/', {withinMs: 2000})
  expect(connections()).toBe(3)
  for (let times = 0; times < 3; times++) await asking.ask(to, '/', {withinMs: 2000, keepAlive: true})
  expect(connections()).toBe(4)
})

test('a host that says nothing in time has not answered; with an observer that said nothing, nobody knows', async () => {
  await expect(mute(alive).ask(to, '/', {withinMs: 50})).rejects.toMatchObject({code: 'ETIMEDOUT'})
  const error = mute({knock() {}, heardAt: performance.now()}).ask(to, '/', {withinMs: 50})
  await expect(error).rejects.toBeInstanceOf(NoWay)
})

test('the time is that of the whole exchange: an answer that drips does not go on for ever', async () => {
  const {asking} = await askingOf((_, response) => {
    const dripping = setInterval(() => response.write('.'), 20)
    response.on('close', () => clearInterval(dripping))
  })
  await expect(asking.ask(to, '/', {withinMs: 200})).rejects.toMatchObject({code: 'ETIMEDOUT'})
})

test('an answer that is cut short is none', async () => {
  const {asking} = await askingOf((_, response) => {
    response.writeHead(200, {'content-length': 100}).write('half of')
    setTimeout(() => response.socket?.destroy(), 20)
  })
  await expect(asking.ask(to, '/', {withinMs: 2000})).rejects.toThrow()
})

test('a signal ends the question with its own reason, also before it is asked', async () => {
  const stop = new AbortController()
  const asked = mute(alive).ask(to, '/', {withinMs: 5000, signal: stop.signal})
  await pause(20)
  stop.abort(new Error('the run is over'))
  await expect(asked).rejects.toThrow('the run is over')
  await expect(mute(alive).ask(to, '/', {withinMs: 5000, signal: stop.signal})).rejects.toThrow('the run is over')
})
