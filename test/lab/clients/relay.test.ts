/** A relay between a program and a server that speaks as each test wants. */
import {once} from 'node:events'
import {connect, createServer, type Server, type Socket} from 'node:net'
import {setTimeout as pause} from 'node:timers/promises'
import {afterEach, describe, expect, it} from 'vitest'
import {Cutter, type Message, query} from '../../../lab/clients/agent/pg-wire.ts'
import type {AgentLine} from '../../../lab/clients/agent/protocol.ts'
import {RelayServer} from '../../../lab/clients/agent/relay.ts'
import {Turns} from '../../../lab/clients/agent/relay-turns.ts'
import {
  authenticationOk,
  cancelRequest,
  command,
  errorOf,
  message,
  ready,
  row,
  sslRequest,
  startup,
  terminate,
} from './pg-messages.ts'

const cleanUp: (() => unknown)[] = []
afterEach(async () => {
  for (const one of cleanUp.splice(0)) await one()
})

/** A server that answers each query; what it was sent after the startup is in `heard`. */
interface Fake {
  readonly port: number
  readonly heard: string[]
  readonly sockets: Socket[]
  /** For the first packets without a type: how it answers SSLRequest. */
  ssl: 'N' | 'S'
  answer: (sql: string) => Buffer | 'reset' | 'fin' | 'nothing'
  refuses: Buffer | undefined
  /** Says nothing at all. */
  hangs: boolean
}

const done = (tag: string) => Buffer.concat([command(tag), ready('I')])

async function fakeServer(): Promise<Fake> {
  const sockets: Socket[] = []
  const server = createServer({allowHalfOpen: true}, socket => {
    sockets.push(socket)
    serve(socket, fake)
  })
  const port = await listening(server)
  cleanUp.push(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  const fake: Fake = {
    port,
    heard: [],
    sockets,
    ssl: 'N',
    answer: () => done('SELECT 1'),
    refuses: undefined,
    hangs: false,
  }
  return fake
}

async function listening(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  return typeof address === 'object' && address !== null ? address.port : 0
}

function serve(socket: Socket, fake: Fake): void {
  const cutter = new Cutter()
  let started = false
  let encrypted = false
  socket.on('error', () => {})
  socket.on('end', () => socket.end())
  socket.on('data', chunk => {
    if (encrypted) {
      fake.heard.push(`blind ${chunk.toString('latin1')}`)
      return
    }
    cutter.push(chunk)
    for (let next = cutter.next(started); next !== undefined; next = cutter.next(started)) {
      const {type, body} = next.message
      if (started) hear(socket, fake, type, body)
      else if (next.bytes.equals(sslRequest)) {
        encrypted = fake.ssl === 'S'
        socket.write(fake.ssl)
      } else if (next.bytes.equals(cancelRequest)) {
        fake.heard.push('cancel')
        socket.end()
      } else {
        started = true
        if (fake.hangs) continue
        if (fake.refuses === undefined) socket.write(Buffer.concat([authenticationOk, ready('I')]))
        else socket.end(fake.refuses)
      }
    }
  })
}

function hear(socket: Socket, fake: Fake, type: string, body: Buffer): void {
  if (type === 'X') {
    fake.heard.push('terminate')
    socket.end()
    return
  }
  const sql = body.toString('utf8', 0, body.length - 1)
  if (sql.includes('pgha_lab.host')) {
    fake.heard.push('who are you')
    socket.write(Buffer.concat([message('T', Buffer.from([0, 0])), row(['node7', '00000003']), done('SELECT 1')]))
    return
  }
  fake.heard.push(sql)
  const answer = fake.answer(sql)
  if (answer === 'reset') socket.resetAndDestroy()
  else if (answer === 'fin') socket.end()
  else if (answer !== 'nothing') socket.write(answer)
}

interface Rig {
  readonly server: Fake
  readonly relay: RelayServer
  readonly lines: AgentLine[]
  readonly until: (holds: () => boolean) => Promise<void>
  /** The lines without their times. */
  readonly told: () => string[]
}

async function rig(perSecond = 1000, leadsTo?: number): Promise<Rig> {
  const server = await fakeServer()
  const lines: AgentLine[] = []
  const relay = new RelayServer(
    {client: 'mine-w1', listenPort: 0, host: '127.0.0.1', port: leadsTo ?? server.port, perSecond},
    {
      config: {statementTimeoutMs: 200},
      clock: () => Math.round(performance.now() * 1000),
      tell: line => lines.push(line),
    },
  )
  await relay.listen()
  cleanUp.push(() => relay.stop())
  const told = () =>
    lines.map(line => {
      if (line[0] === 't') return [line[2], line[5], line[6], line[7], line[8]].filter(one => one !== null).join(' ')
      return line[0] === 'c' ? `connected ${line[4]}` : `lost ${line[3]}`
    })
  const until = async (holds: () => boolean) => {
    const deadline = performance.now() + 5000
    while (!holds()) {
      if (performance.now() > deadline)
        throw new Error(`it never came to hold; told ${told().join(', ')}; heard ${server.heard.join(', ')}`)
      await pause(5)
    }
  }
  return {server, relay, lines, told, until}
}

/** A program: what it got is in `got`, how its connection ended in `end`. */
class Program {
  readonly socket: Socket
  readonly got: Buffer[] = []
  end: string | undefined

  constructor(relay: RelayServer) {
    this.socket = connect(relay.port, '127.0.0.1')
    this.socket.on('data', chunk => this.got.push(chunk))
    this.socket.on('end', () => (this.end ??= 'fin'))
    this.socket.on('error', (error: NodeJS.ErrnoException) => (this.end ??= error.code))
    cleanUp.push(() => this.socket.destroy())
  }

  get bytes(): Buffer {
    return Buffer.concat(this.got)
  }

  /** The types of the messages it got. */
  get messages(): Message[] {
    const cutter = new Cutter()
    cutter.push(this.bytes)
    const all: Message[] = []
    for (let next = cutter.next(true); next !== undefined; next = cutter.next(true)) all.push(next.message)
    return all
  }

  get types(): string {
    return this.messages.map(one => one.type).join('')
  }
}

const hello = startup({user: 'app', database: 'app'})

async function connected(perSecond?: number): Promise<Rig & {program: Program}> {
  const all = await rig(perSecond)
  const program = new Program(all.relay)
  program.socket.write(hello)
  await all.until(() => program.types === 'RZ')
  return {...all, program}
}

describe('a session', () => {
  it('is told with its server and timeline, and the program sees nothing of the question', async () => {
    const {server, program, told, until} = await connected()
    program.socket.write(query('INSERT INTO a VALUES (1)'))
    server.answer = () => done('INSERT 0 1')
    await until(() => told().length === 2)
    expect(told()).toEqual(['connected node7', 'write ok node7 00000003'])
    expect(server.heard).toEqual(['who are you', 'INSERT INTO a VALUES (1)'])
    await until(() => program.bytes.equals(Buffer.concat([authenticationOk, ready('I'), done('INSERT 0 1')])))
  })

  it('keeps the order of what the program sends before it may', async () => {
    const {server, relay, told, until} = await rig()
    const program = new Program(relay)
    program.socket.write(Buffer.concat([hello, query('SELECT 1'), query('SELECT 2')]))
    program.socket.write(query('SELECT 3'))
    await until(() => told().length === 4)
    expect(server.heard).toEqual(['who are you', 'SELECT 1', 'SELECT 2', 'SELECT 3'])
    await until(() => program.types === 'RZCZCZCZ')
  })

  it('tells the same wherever its bytes are cut', async () => {
    const {server, relay, told, until} = await rig()
    server.answer = sql => done(sql.startsWith('SELECT') ? 'SELECT 1' : 'UPDATE 1')
    const program = new Program(relay)
    program.socket.setNoDelay(true)
    for (const byte of Buffer.concat([sslRequest])) program.socket.write(Buffer.from([byte]))
    await until(() => program.bytes.toString() === 'N')
    for (const byte of Buffer.concat([hello, query('SELECT 1'), query('UPDATE a SET b = 1')])) {
      program.socket.write(Buffer.from([byte]))
      await pause(1)
    }
    await until(() => told().length === 3)
    expect(told()).toEqual(['connected node7', 'read ok node7 00000003', 'write ok node7 00000003'])
  })

  it('that the program ends in good order is not lost', async () => {
    const {server, program, told, until} = await connected()
    program.socket.end(terminate)
    await until(() => program.end === 'fin')
    expect(server.heard.at(-1)).toBe('terminate')
    expect(told()).toEqual(['connected node7'])
  })

  it('that the server refuses is told with its words, which the program gets', async () => {
    const {server, relay, told, until} = await rig()
    server.refuses = errorOf('FATAL', '57P03')
    const program = new Program(relay)
    program.socket.write(hello)
    await until(() => program.end === 'fin')
    expect(program.types).toBe('E')
    expect(told()).toEqual(['lost 57P03'])
  })

  it('for replication is asked nothing', async () => {
    const {server, relay, told, until} = await rig()
    const program = new Program(relay)
    program.socket.write(startup({user: 'app', replication: 'true'}))
    await until(() => told().length === 1)
    expect(told()).toEqual(['connected null'])
    expect(server.heard).toEqual([])
    await until(() => program.types === 'RZ')
  })
})

describe('an end', () => {
  it.each([
    ['reset', 'ECONNRESET', 'write unknown node7 00000003 ECONNRESET', 'lost ECONNRESET'],
    ['fin', 'fin', 'write unknown node7 00000003 closed', 'lost closed'],
  ] as const)('by the server as %s is the same for the program, and told', async (how, seen, transaction, lost) => {
    const {server, program, told, until} = await connected()
    server.answer = () => how
    program.socket.write(query('DELETE FROM a'))
    await until(() => program.end !== undefined)
    expect(program.end).toBe(seen)
    expect(told().slice(1)).toEqual([transaction, lost])
  })

  it('is a reset when nobody listens where it leads', async () => {
    const closed = createServer()
    const port = await listening(closed)
    closed.close()
    const {relay, told, until} = await rig(1000, port)
    const program = new Program(relay)
    program.socket.write(hello)
    await until(() => program.end !== undefined && told().length > 0)
    expect(program.end).toBe('ECONNRESET')
    expect(told()).toEqual(['lost ECONNREFUSED'])
  })

  it('of the program without a word is told, and the server hears of it', async () => {
    const {server, program, told, until} = await connected()
    program.socket.resetAndDestroy()
    await until(() => server.sockets[0]!.destroyed)
    expect(told().slice(1)).toEqual(['lost ECONNRESET'])
  })

  it('that never comes stays away: silence is passed on, and told when the run is over', async () => {
    const {server, relay, program, told} = await connected()
    server.answer = () => 'nothing'
    program.socket.write(query('DELETE FROM a'))
    await pause(300)
    expect(program.end).toBeUndefined()
    expect(told()).toEqual(['connected node7'])
    relay.quiet()
    expect(told().slice(1)).toEqual(['write unknown node7 00000003 timeout'])
    program.socket.destroy()
    await pause(20)
    expect(told().length).toBe(2)
  })
})

it('a connection that is never made is told when the run is over', async () => {
  const {server, relay, told} = await rig()
  server.hangs = true
  const program = new Program(relay)
  program.socket.write(hello)
  await pause(300)
  expect(told()).toEqual([])
  relay.quiet()
  expect(told()).toEqual(['lost timeout'])
})

describe('what is not read', () => {
  it('is an encrypted session: it is passed on, and said to be so', async () => {
    const {server, relay, told, until} = await rig()
    server.ssl = 'S'
    const program = new Program(relay)
    program.socket.write(sslRequest)
    await until(() => program.bytes.toString() === 'S')
    program.socket.write('secret')
    await until(() => server.heard.length === 1)
    server.sockets[0]!.write('answer')
    await until(() => program.bytes.toString() === 'Sanswer')
    server.sockets[0]!.resetAndDestroy()
    await until(() => program.end !== undefined)
    expect(server.heard).toEqual(['blind secret'])
    expect(told()).toEqual(['lost other'])
  })

  it('is a request to cancel', async () => {
    const {server, relay, told, until} = await rig()
    const program = new Program(relay)
    program.socket.write(cancelRequest)
    await until(() => program.end === 'fin')
    expect(server.heard).toEqual(['cancel'])
    expect(told()).toEqual([])
  })
})

describe('the rate', () => {
  it('keeps whoever asks for more waiting, and counts what began', async () => {
    const {program, relay, told, until} = await connected(20)
    const began = performance.now()
    for (let count = 0; count < 16; count++) {
      program.socket.write(query('SELECT 1'))
      await until(() => told().length === 2 + count)
    }
    // A quarter of a second's worth may come at once.
    expect(performance.now() - began).toBeGreaterThan(((16 - 6) / 20) * 1000 - 20)
    expect(relay.takeCounts()).toMatchObject({sent: 16, unsent: 0})
    expect(relay.takeCounts().sent).toBe(0)
  })

  it('makes up for a short rest only', () => {
    const turns = new Turns(10, 0.25)
    expect([turns.take(0), turns.take(0), turns.take(0)]).toEqual([0, 0, 0])
    expect(turns.take(0)).toBe(50)
    expect([turns.take(10e6), turns.take(10e6), turns.take(10e6), turns.take(10e6)]).toEqual([0, 0, 0, 50])
  })
})
