/** Against servers of this process; the certificates beside are for 127.0.0.1 and nothing else (images/host/bin/certificate-authority). */
import {once} from 'node:events'
import {readFileSync} from 'node:fs'
import {type AddressInfo, connect, createServer, type Server, type Socket} from 'node:net'
import {join} from 'node:path'
import {Duplex} from 'node:stream'
import {createServer as createTls, TLSSocket} from 'node:tls'
import {afterEach, describe, expect, test} from 'vitest'
import {overTls, ServerTls} from '../../../lab/observer/tls.ts'
import {NoWay} from '../../../lab/observer/tunnel.ts'

const pem = (name: string) => readFileSync(join(import.meta.dirname, 'certificates', `${name}.pem`), 'utf8')
const identity = {ca: pem('ca'), own: pem('own')}
const certificates = {expired: 'CERT_HAS_EXPIRED', elsewhere: 'ERR_TLS_CERT_ALTNAME_INVALID'} as const

const cleanUp: (() => void)[] = []
afterEach(() => {
  for (const one of cleanUp.splice(0)) one()
})

async function listening(server: Server): Promise<number> {
  const sockets = new Set<Socket>()
  server.on('connection', socket => sockets.add(socket.on('error', () => {})))
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  cleanUp.push(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  return (server.address() as AddressInfo).port
}

const shows = (name: string) =>
  listening(
    createTls({key: pem(name), cert: pem(name), ca: pem('ca'), requestCert: true, rejectUnauthorized: true}, socket =>
      socket.on('error', () => {}).pipe(socket),
    ),
  )

/** PostgreSQL's way: a packet that asks for TLS, one byte in answer. */
const postgres = (name: string, answer = 'S') =>
  listening(
    createServer(raw =>
      raw.once('data', packet => {
        expect([...packet]).toEqual([0, 0, 0, 8, 4, 210, 22, 47])
        raw.write(answer)
        if (answer !== 'S') return
        const secure = new TLSSocket(raw, {isServer: true, key: pem(name), cert: pem(name)})
        secure.on('error', () => {}).pipe(secure)
      }),
    ),
  )

describe('a connection in TLS over another one', () => {
  test('is made with who proves to be that address, shows its own certificate, and passes on what is said', async () => {
    const secure = overTls(connect(await shows('own'), '127.0.0.1'), '127.0.0.1', identity)
    await once(secure, 'secureConnect')
    secure.write('hello')
    expect(String((await once(secure, 'data'))[0])).toBe('hello')
    secure.destroy()
  })

  test.each(Object.entries(certificates))('is refused to a certificate that is %s', async (name, code) => {
    const secure = overTls(connect(await shows(name), '127.0.0.1'), '127.0.0.1', identity)
    await expect(once(secure, 'secureConnect')).rejects.toMatchObject({code})
  })

  test('is refused to a certificate of another CA', async () => {
    const secure = overTls(connect(await shows('stranger'), '127.0.0.1'), '127.0.0.1', identity)
    await expect(once(secure, 'secureConnect')).rejects.toMatchObject({code: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE'})
  })

  test('tells why there is no way as it was told', async () => {
    const way = new Duplex({read() {}, write: (_chunk, _encoding, done: () => void) => done()})
    const secure = overTls(way, '127.0.0.1', identity)
    setImmediate(() => way.destroy(new NoWay('nobody is there')))
    await expect(once(secure, 'secureConnect')).rejects.toBeInstanceOf(NoWay)
  })

  test('leaves nothing of the other one behind', async () => {
    const way = connect(await shows('own'), '127.0.0.1')
    const secure = overTls(way, '127.0.0.1', identity)
    await once(secure, 'secureConnect')
    secure.destroy()
    await once(way, 'close')
    expect(way.destroyed).toBe(true)
  })
})

describe('a connection to PostgreSQL in TLS', () => {
  const to = (port: number) => new ServerTls(identity).connect(port, '127.0.0.1')

  test('passes on what was written before it was there, and both ends', async () => {
    const socket = to(await postgres('own'))
    socket.write('one ')
    await once(socket, 'connect')
    expect(socket.connecting).toBe(false)
    socket.end('two')
    const heard: Buffer[] = []
    for await (const chunk of socket) heard.push(chunk as Buffer)
    expect(Buffer.concat(heard).toString()).toBe('one two')
  })

  test('takes as much as is said', async () => {
    const socket = to(await postgres('own'))
    await once(socket, 'connect')
    const said = Buffer.alloc(3_000_000, 'x')
    socket.end(said)
    let bytes = 0
    for await (const chunk of socket) bytes += (chunk as Buffer).length
    expect(bytes).toBe(said.length)
  })

  test.each([...Object.entries(certificates), ['stranger', 'UNABLE_TO_VERIFY_LEAF_SIGNATURE']])(
    'is refused to a certificate that is %s',
    async (name, code) => {
      await expect(once(to(await postgres(name)), 'connect')).rejects.toMatchObject({code})
    },
  )

  test('is refused to a server that speaks none, and to whoever says more than it was asked', async () => {
    for (const answer of ['N', 'SE'])
      await expect(once(to(await postgres('own', answer)), 'connect')).rejects.toThrow('does not speak TLS')
  })

  test('ends with the error of who ends it, before and after it was there', async () => {
    const late = Object.assign(new Error('too late'), {code: 'timeout'})
    for (const isThere of [false, true]) {
      const socket = to(await postgres('own'))
      if (isThere) await once(socket, 'connect')
      socket.destroy(late)
      expect((await once(socket, 'error'))[0]).toBe(late)
    }
  })

  test("fails with the kernel's code where nobody listens", async () => {
    const server = createServer()
    const port = await listening(server)
    server.close()
    await expect(once(to(port), 'connect')).rejects.toMatchObject({code: 'ECONNREFUSED'})
  })
})
