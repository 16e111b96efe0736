/** A lab whose engine publishes on another machine: PostgreSQL is reached through the observer, by every way that asks it. */
import {once} from 'node:events'
import {type AddressInfo, createServer, type Server} from 'node:net'
import {PassThrough} from 'node:stream'
import pg from 'pg'
import {afterEach, beforeEach, expect, test} from 'vitest'
import {Lab} from '../../../lab/engine/lab.ts'
import {relay} from '../../../lab/observer/relay.ts'
import {NoWay, Tunnel} from '../../../lab/observer/tunnel.ts'
import {Connection} from '../../../lab/probes/connection.ts'
import {allocation, topology} from '../../compose/a-lab.ts'
import {authenticationOk, command, message, ready, row, text} from '../clients/pg-messages.ts'
import {FakeEngine} from '../fake/engine.ts'

let server: Server
beforeEach(async () => {
  // As much of a server as answers one simple question.
  server = createServer(socket => {
    let begun = false
    socket.on('data', bytes => {
      if (!begun) {
        begun = true
        socket.write(Buffer.concat([authenticationOk, ready('I')]))
      } else if (bytes[0] === 'Q'.charCodeAt(0)) {
        socket.write(Buffer.concat([columns, row(['42']), command('SELECT 1'), ready('I')]))
      } else if (bytes[0] === 'X'.charCodeAt(0)) socket.end()
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
})
afterEach(() => void server.close())

const columns = message(
  'T',
  Buffer.concat([
    Buffer.from([0, 1]),
    text('answer'),
    Buffer.from([0, 0, 0, 0, 0, 0, 0, 0, 0, 25, 255, 255, 255, 255, 255, 255, 0, 0]),
  ]),
)

/** A lab on another machine, where node1's PostgreSQL is our server: the relay stands in for the observer's. */
function labElsewhere(start?: () => Promise<never>): Lab {
  const port = (server.address() as AddressInfo).port
  const of = {...topology('fast'), ports: {postgres: port}}
  const given = {...allocation({}, of), elsewhere: true as const}
  const addresses = {...given.addresses, node1: '127.0.0.1'}
  const tunnel = new Tunnel(
    start ??
      (async () => {
        const [input, output] = [new PassThrough(), new PassThrough()]
        const ended = relay(input, output, new Set([`127.0.0.1:${port}`])).then(() => 'over')
        return {
          listen(hear, over) {
            output.on('data', hear)
            void ended.then(over)
          },
          send: bytes => void input.write(bytes),
          hold() {},
          close: () => input.destroy(),
        }
      }),
  )
  return new Lab(new FakeEngine(), of, {...given, addresses}, tunnel)
}

test("the driver's question gets there and back, over a stream in a socket's place", async () => {
  await using lab = labElsewhere()
  const client = new pg.Client({...lab.superuser('node1'), connectionTimeoutMillis: 3000, query_timeout: 3000})
  await client.connect()
  expect((await client.query('SELECT 42')).rows).toEqual([{answer: '42'}])
  await client.end()
})

test('a server that is not there is refused, as it is on this machine', async () => {
  await using lab = labElsewhere()
  server.close()
  const client = new pg.Client({...lab.superuser('node1'), connectionTimeoutMillis: 3000})
  client.on('error', () => {})
  await expect(client.connect()).rejects.toMatchObject({code: 'ECONNREFUSED'})
})

test('where nobody gets into the network, a probe is told that, and nothing of the server', async () => {
  await using lab = labElsewhere(() => Promise.reject(new Error('the engine is gone')))
  using connection = new Connection(lab.superuser('node1'))
  await expect(connection.ask('x', 'SELECT 42')).rejects.toBeInstanceOf(NoWay)
})

test('on this machine it is the port that is published', () => {
  const lab = new Lab(new FakeEngine(), topology('fast'), allocation())
  expect(lab.server('node1', 'postgres')).toEqual({host: '127.0.0.1', port: 25_361})
})
