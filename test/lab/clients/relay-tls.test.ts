/** A relay that ends TLS: the program beside it speaks in the clear, and what it asks and is answered is read as ever. */
import {once} from 'node:events'
import {readFileSync} from 'node:fs'
import {type AddressInfo, connect, createServer, type Socket} from 'node:net'
import {join} from 'node:path'
import {TLSSocket} from 'node:tls'
import {afterEach, expect, test, vi} from 'vitest'
import {Cutter, query} from '../../../lab/clients/agent/pg-wire.ts'
import type {AgentLine} from '../../../lab/clients/agent/protocol.ts'
import {RelayServer} from '../../../lab/clients/agent/relay.ts'
import {authenticationOk, command, message, ready, row, sslRequest, startup} from './pg-messages.ts'

const certificate = (name: string) => join(import.meta.dirname, '..', 'observer', 'certificates', `${name}.pem`)

const cleanUp: (() => unknown)[] = []
afterEach(async () => {
  for (const one of cleanUp.splice(0)) await one()
})

/** Asks for TLS, then answers each query; one that says `reset` ends the connection. */
async function server(name: string): Promise<number> {
  const pem = readFileSync(certificate(name))
  const sockets: Socket[] = []
  const listening = createServer(raw => {
    sockets.push(raw.on('error', () => {}))
    raw.once('data', packet => {
      expect(packet.equals(sslRequest)).toBe(true)
      raw.write('S')
      const secure = new TLSSocket(raw, {isServer: true, key: pem, cert: pem}).on('error', () => {})
      const cutter = new Cutter()
      let started = false
      secure.on('data', (chunk: Buffer) => {
        cutter.push(chunk)
        for (let next = cutter.next(started); next !== undefined; next = cutter.next(started)) {
          const asked = next.message.body.toString()
          const who = [message('T', Buffer.from([0, 0])), row(['node7', '00000003'])]
          if (asked.includes('reset')) raw.resetAndDestroy()
          else if (!started) secure.write(Buffer.concat([authenticationOk, ready('I')]))
          else
            secure.write(
              Buffer.concat([...(asked.includes('pgha_lab.host') ? who : []), command('SELECT 1'), ready('I')]),
            )
          started = true
        }
      })
    })
  })
  listening.listen(0, '127.0.0.1')
  await once(listening, 'listening')
  cleanUp.push(() => {
    for (const socket of sockets) socket.destroy()
    listening.close()
  })
  return (listening.address() as AddressInfo).port
}

async function relayTo(name: string) {
  const lines: AgentLine[] = []
  const relay = new RelayServer(
    {client: 'mine-w1', listenPort: 0, host: '127.0.0.1', port: await server(name), perSecond: 1000},
    {
      config: {statementTimeoutMs: 200, caFile: certificate('ca')},
      clock: () => Math.round(performance.now() * 1000),
      tell: line => lines.push(line),
    },
  )
  await relay.listen()
  cleanUp.push(() => relay.stop())
  const program = connect(relay.port, '127.0.0.1').on('error', () => {})
  cleanUp.push(() => program.destroy())
  program.write(startup({user: 'app', database: 'app'}))
  return {lines, program}
}

test('what is asked and answered is told with its server, and a connection that breaks with its code', async () => {
  const {lines, program} = await relayTo('own')
  program.write(query('SELECT 1'))
  await vi.waitFor(() => expect(lines.map(([kind]) => kind)).toEqual(['c', 't']))
  expect(lines[0]).toEqual(['c', 'mine-w1', expect.any(Number), expect.any(Number), 'node7'])
  expect(lines[1]!.slice(5)).toEqual(['ok', 'node7', '00000003', null, null])
  program.write(query('SELECT reset'))
  await vi.waitFor(() =>
    expect(lines.at(-1)).toEqual(['d', 'mine-w1', expect.any(Number), 'ECONNRESET', expect.any(String)]),
  )
})

test('a server that does not prove to be it is lost before anything is said to it', async () => {
  const {lines, program} = await relayTo('stranger')
  await vi.waitFor(() => expect(lines.map(([, , , code]) => code)).toEqual(['UNABLE_TO_VERIFY_LEAF_SIGNATURE']))
  program.resume()
  await vi.waitFor(() => expect(program.closed).toBe(true))
})
