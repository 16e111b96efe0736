/** Both ends of the tunnel in one process, with servers of ours as the hosts of the lab. */
import {once} from 'node:events'
import {type AddressInfo, createServer, type Server, type Socket} from 'node:net'
import {type Duplex, PassThrough} from 'node:stream'
import {buffer} from 'node:stream/consumers'
import {setTimeout as pause} from 'node:timers/promises'
import {afterEach, describe, expect, test} from 'vitest'
import {
  encode,
  type Frame,
  FrameReader,
  frameBytes,
  mostConnections,
  windowBytes,
} from '../../../lab/observer/frames.ts'
import {relay} from '../../../lab/observer/relay.ts'
import {type Channel, NoWay, Tunnel} from '../../../lab/observer/tunnel.ts'

const cleanUp: (() => unknown)[] = []
afterEach(async () => {
  for (const one of cleanUp.splice(0).toReversed()) await one()
})

/** @returns its `address:port` */
async function listen(onConnection: (socket: Socket) => void): Promise<string> {
  const sockets = new Set<Socket>()
  const server: Server = createServer({allowHalfOpen: true}, socket => {
    sockets.add(socket)
    socket.on('error', () => {})
    onConnection(socket)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  cleanUp.push(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  return `127.0.0.1:${(server.address() as AddressInfo).port}`
}

/** A relay in this process, and the streams that lead to it. */
function relayTo(mayReach: readonly string[]) {
  const [input, output] = [new PassThrough(), new PassThrough()]
  const ended = relay(input, output, new Set(mayReach)).then(
    () => 'its input has ended',
    (error: Error) => error.message,
  )
  const holds: boolean[] = []
  const channel: Channel = {
    listen(hear, over) {
      output.on('data', hear)
      void ended.then(over)
    },
    send: bytes => void input.write(bytes),
    hold: on => void holds.push(on),
    close: () => input.destroy(),
  }
  return {channel, input, output, ended, holds}
}

function tunnelTo(mayReach: readonly string[]) {
  const relays: ReturnType<typeof relayTo>[] = []
  const tunnel = new Tunnel(async () => {
    relays.push(relayTo(mayReach))
    return relays.at(-1)!.channel
  })
  cleanUp.push(() => tunnel[Symbol.asyncDispose]())
  return {tunnel, relays}
}

/** The code or the message of its error; 'no error' when it ends in order. */
function fate(connection: Duplex): Promise<string> {
  const {promise, resolve} = Promise.withResolvers<string>()
  connection.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message))
  connection.on('close', () => resolve('no error'))
  connection.resume()
  return promise
}

async function until(holds: () => boolean): Promise<void> {
  for (let tries = 0; !holds(); tries++) {
    if (tries > 500) throw new Error('it never came to hold')
    await pause(10)
  }
}

describe('a connection through the tunnel', () => {
  test('carries both directions whole, many at once, and each half ends by itself', async () => {
    // Answers when it has heard everything: the first half has ended by then.
    const echo = await listen(socket => void buffer(socket).then(all => socket.end(all.reverse())))
    const {tunnel} = tunnelTo([echo])
    const sizes = [0, 1, frameBytes, windowBytes - 1, windowBytes, windowBytes + 1, 1_000_003]
    const sent = sizes.map(size => Buffer.from(Array.from({length: size}, (_, index) => (index * 7 + size) % 251)))
    const heard = await Promise.all(
      sent.map(bytes => {
        const connection = tunnel.connect(echo)
        connection.end(bytes)
        return buffer(connection)
      }),
    )
    for (const [index, bytes] of sent.entries()) expect(heard[index]!.equals(Buffer.from(bytes).reverse())).toBe(true)
  })

  test('that nobody takes is refused as the kernel refuses it', async () => {
    const server = createServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
    const gone = `127.0.0.1:${(server.address() as AddressInfo).port}`
    server.close()
    const {tunnel} = tunnelTo([gone])
    expect(await fate(tunnel.connect(gone))).toBe('ECONNREFUSED')
  })

  test('goes nowhere but to what the relay may reach', async () => {
    const seen: Socket[] = []
    const server = await listen(socket => seen.push(socket))
    const {tunnel} = tunnelTo(['127.0.0.1:1'])
    const others = [server, server.replace('127.0.0.1', 'localhost'), ' 127.0.0.1:1', '127.0.0.1:01', '', ':', '::1:80']
    for (const to of others) expect(await fate(tunnel.connect(to)), to).toBe('EACCES')
    expect(seen).toEqual([])
  })

  test('ends with a reset when its peer dies in the middle of an answer, and the others go on', async () => {
    const dying = await listen(socket =>
      socket.write('half an ans', () => setTimeout(() => socket.resetAndDestroy(), 20)),
    )
    const alive = await listen(socket => void socket.pipe(socket))
    const {tunnel} = tunnelTo([dying, alive])
    const other = tunnel.connect(alive)
    expect(await fate(tunnel.connect(dying))).toBe('ECONNRESET')
    other.end('whole')
    expect((await buffer(other)).toString()).toBe('whole')
  })

  test('that is thrown away here is closed there', async () => {
    const {promise: closed, resolve} = Promise.withResolvers<void>()
    const server = await listen(socket => {
      socket.resume()
      socket.on('close', () => resolve())
      socket.on('end', () => socket.end())
    })
    const {tunnel} = tunnelTo([server])
    const connection = tunnel.connect(server)
    await once(connection, 'connect')
    connection.destroy()
    await closed
  })

  test('is one too many beyond the limit, and there is room again when another one has ended', async () => {
    const server = await listen(() => {})
    const {tunnel} = tunnelTo([server])
    const all = Array.from({length: mostConnections}, () => tunnel.connect(server))
    await Promise.all(all.map(one => once(one, 'connect')))
    expect(await fate(tunnel.connect(server))).toBe('EMFILE')
    all[0]!.destroy()
    await once(tunnel.connect(server), 'connect')
  })
})

describe('flow control', () => {
  test('one that nobody reads here stalls its own sender only, and holds no more than its window', async () => {
    let sent = 0
    const flood = await listen(socket => {
      const chunk = Buffer.alloc(64 * 1024)
      const more = () => {
        while (socket.writable && socket.write(chunk)) sent += chunk.length
      }
      socket.on('drain', more)
      more()
    })
    const echo = await listen(socket => void socket.pipe(socket))
    const {tunnel, relays} = tunnelTo([flood, echo])
    const stalled = tunnel.connect(flood)
    await once(stalled, 'connect')
    let passed = 0
    relays[0]!.output.on('data', (chunk: Buffer) => {
      passed += chunk.length
    })
    await pause(300)
    const before = sent
    await pause(200)
    expect(sent).toBe(before) // stalled
    expect(passed).toBeLessThanOrEqual(windowBytes * 1.1)
    const other = tunnel.connect(echo)
    other.end('not held up')
    expect((await buffer(other)).toString()).toBe('not held up')
    stalled.resume() // read at last, it goes on
    await until(() => sent > before + 20 * windowBytes)
    stalled.destroy()
  })

  test('one that nobody reads there is told so here, and the others go on', async () => {
    const deaf = await listen(socket => socket.pause())
    const echo = await listen(socket => void socket.pipe(socket))
    const {tunnel, relays} = tunnelTo([deaf, echo])
    const stalled = tunnel.connect(deaf)
    await once(stalled, 'connect')
    let passed = 0
    relays[0]!.input.on('data', (chunk: Buffer) => {
      passed += chunk.length
    })
    stalled.write(Buffer.alloc(50_000_000)) // more than any kernel takes
    await until(() => passed > 0)
    let last = -1
    while (last !== passed) {
      last = passed
      await pause(200)
    }
    expect(passed).toBeLessThan(45_000_000)
    expect(stalled.writableNeedDrain).toBe(true)
    const other = tunnel.connect(echo)
    other.end('not held up')
    expect((await buffer(other)).toString()).toBe('not held up')
    stalled.destroy()
  })

  test('a relay ends rather than take more than the window', async () => {
    const deaf = await listen(socket => socket.pause())
    const {input, ended} = relayTo([deaf])
    input.write(encode({kind: 'open', id: 1, to: deaf}))
    for (let at = 0; at <= windowBytes; at += frameBytes)
      input.write(encode({kind: 'data', id: 1, bytes: Buffer.alloc(frameBytes)}))
    expect(await ended).toMatch(/more than it may/)
  })
})

describe('the tunnel', () => {
  test('starts one relay for all, none before it is needed, and another one after it has ended', async () => {
    const echo = await listen(socket => void socket.pipe(socket))
    const {tunnel, relays} = tunnelTo([echo])
    expect(relays).toHaveLength(0)
    const under = [tunnel.connect(echo), tunnel.connect(echo)]
    await Promise.all(under.map(one => once(one, 'connect')))
    expect(relays).toHaveLength(1)
    const fates = under.map(fate)
    relays[0]!.input.end()
    expect(await Promise.all(fates)).toEqual(['ENOWAY', 'ENOWAY'])
    const next = tunnel.connect(echo)
    next.end('again')
    expect((await buffer(next)).toString()).toBe('again')
    expect(relays).toHaveLength(2)
  })

  test('that cannot be started says so to all who want it, and is tried again a little later, not at each question', async () => {
    let starts = 0
    let works = false
    const echo = await listen(socket => void socket.pipe(socket))
    const tunnel = new Tunnel(async () => {
      starts++
      if (!works) throw new Error('the observer is down')
      return relayTo([echo]).channel
    })
    cleanUp.push(() => tunnel[Symbol.asyncDispose]())
    const errors = await Promise.all(
      Array.from({length: 50}, async () => {
        const [error] = await once(
          tunnel.connect(echo).on('close', () => {}),
          'error',
        )
        return error as Error
      }),
    )
    for (const error of errors) expect(error).toBeInstanceOf(NoWay)
    expect(errors[0]?.message).toBe("no way into the lab's network: the observer is down")
    expect(starts).toBe(1)
    works = true
    await pause(350)
    await once(tunnel.connect(echo), 'connect')
    expect(starts).toBe(2)
  })

  test('keeps the process alive while a connection does, and not by itself', async () => {
    const echo = await listen(socket => void socket.pipe(socket))
    const {tunnel, relays} = tunnelTo([echo])
    const one = tunnel.connect(echo) as Duplex & {ref(): void; unref(): void}
    await once(one, 'connect')
    const {holds} = relays[0]!
    expect(holds).toEqual([false, true])
    one.unref()
    one.unref()
    expect(holds).toEqual([false, true, false])
    one.ref()
    one.destroy()
    await until(() => holds.length === 5)
    expect(holds).toEqual([false, true, false, true, false])
  })

  test.each<[string, Frame[]]>([
    ['another protocol', [{kind: 'ready', id: 99}]],
    ['what only a runner says', [{kind: 'open', id: 1, to: '127.0.0.1:1'}]],
    [
      'more than it may',
      Array.from({length: 5}, () => ({kind: 'data', id: 1, bytes: Buffer.alloc(frameBytes)}) as const),
    ],
  ])('gives up a relay that says %s', async (_, frames) => {
    const output = new PassThrough()
    let closed = false
    const tunnel = new Tunnel(async () => ({
      listen: hear => void output.on('data', hear),
      send() {},
      hold() {},
      close() {
        closed = true
      },
    }))
    const connection = tunnel.connect('127.0.0.1:1')
    const error = once(connection, 'error')
    await pause(10)
    for (const frame of frames) output.write(encode(frame))
    expect((await error)[0]).toBeInstanceOf(NoWay)
    expect(closed).toBe(true)
  })

  test('a relay that is silent though it is asked for a sign is given up, and one that answers is not', {
    timeout: 20_000,
  }, async () => {
    const silent: Channel[] = []
    const tunnel = new Tunnel(async () => {
      silent.push({listen() {}, send() {}, hold() {}, close() {}})
      return silent.at(-1)!
    })
    const began = performance.now()
    expect(await fate(tunnel.connect('127.0.0.1:1'))).toBe('ENOWAY')
    expect(performance.now() - began).toBeGreaterThan(4000)
    expect(tunnel.heardAt).toBe(Number.NEGATIVE_INFINITY)

    const deaf = await listen(() => {})
    const alive = tunnelTo([deaf]).tunnel
    const asked = performance.now()
    const connection = alive.connect(deaf)
    await once(connection, 'connect')
    await until(() => alive.heardAt > asked)
  })
})

describe('a relay', () => {
  test('closes every connection and ends when its input ends', async () => {
    const {promise: closed, resolve} = Promise.withResolvers<void>()
    const server = await listen(socket => {
      socket.resume()
      socket.on('close', () => resolve())
      socket.on('end', () => socket.end())
    })
    const {input, output, ended} = relayTo([server])
    const reader = new FrameReader()
    const kinds: string[] = []
    output.on('data', (chunk: Buffer) => kinds.push(...reader.push(chunk).map(frame => frame.kind)))
    input.write(encode({kind: 'open', id: 7, to: server}))
    await until(() => kinds.includes('opened'))
    input.end()
    expect(await ended).toBe('its input has ended')
    await closed
    expect(kinds).toEqual(['ready', 'opened'])
  })

  test('ends at what is no frame, and at what is not for it', async () => {
    const {input, ended} = relayTo([])
    input.write(Buffer.from('GET / HTTP/1.1\r\n'))
    expect(await ended).toMatch(/^no frame/)
    const other = relayTo(['127.0.0.1:1'])
    other.input.write(encode({kind: 'open', id: 1, to: '127.0.0.1:1'}))
    other.input.write(encode({kind: 'opened', id: 1}))
    expect(await other.ended).toBe('`opened` is not for the relay')
  })
})
