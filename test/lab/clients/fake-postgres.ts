/** A server that speaks just enough of PostgreSQL's protocol (version 3) to answer the agent as a test wants. */
import {createServer, type Server, type Socket} from 'node:net'
import {command, fields, int16, int32, message, noticeOf, ready, row, text} from './pg-messages.ts'

/** What becomes of a statement: the row, an error, a warning with the row, silence, or the end of the connection. */
export type Answer =
  | {do: 'row'; warning?: {code: string; message: string}; value?: string}
  | {do: 'error'; severity: 'ERROR' | 'FATAL'; code: string}
  | {do: 'nothing'}
  | {do: 'hang-up'}

export interface FakePostgres {
  readonly server: Server
  readonly port: number
  /** For the statements from now on. */
  answer: Answer
  connections: number
  statements: number
  /** Ends all connections that there are, without a word. */
  hangUp(): void
}

export async function fakePostgres(): Promise<FakePostgres> {
  const sockets = new Set<Socket>()
  const server = createServer(socket => {
    sockets.add(socket)
    serve(socket, fake)
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  const hangUp = () => {
    for (const socket of sockets) socket.destroy()
    sockets.clear()
  }
  const fake: FakePostgres = {server, port, answer: {do: 'row'}, connections: 0, statements: 0, hangUp}
  return fake
}

function serve(socket: Socket, fake: FakePostgres): void {
  fake.connections++
  let started = false
  let rest: Buffer = Buffer.alloc(0)
  socket.on('error', () => {})
  socket.on('data', chunk => {
    rest = Buffer.concat([rest, chunk])
    for (;;) {
      const header = started ? 1 : 0
      if (rest.length < header + 4) return
      const end = header + rest.readInt32BE(header)
      if (rest.length < end) return
      const type = started ? String.fromCharCode(rest[0]!) : 'startup'
      const says = rest.toString('latin1', header + 4, end)
      rest = rest.subarray(end)
      if (type === 'startup') {
        started = true
        socket.write(Buffer.concat([message('R', int32(0)), ready('I')]))
      } else if (type === 'Q') {
        socket.write(Buffer.concat([answerOf([says.includes('pg_tables') ? 'pgha_writes_1' : 'node1']), ready('I')]))
      } else if (type === 'S') {
        fake.statements++
        reply(socket, fake.answer)
      } else if (type === 'X') socket.end()
    }
  })
}

function reply(socket: Socket, answer: Answer): void {
  switch (answer.do) {
    case 'row': {
      const {warning, value} = answer
      const values = ['node1', '00000002', '0/3000060', ...(value === undefined ? [] : [value])]
      const notice = warning ? noticeOf(warning.code, warning.message) : Buffer.alloc(0)
      socket.write(Buffer.concat([message('1'), message('2'), notice, answerOf(values), ready('I')]))
      return
    }
    case 'error':
      socket.write(message('E', fields(answer.severity, answer.code, 'as the test wants')))
      if (answer.severity === 'FATAL') socket.end()
      else socket.write(ready('I'))
      return
    case 'nothing':
      return
    case 'hang-up':
      socket.destroy()
  }
}

function answerOf(values: readonly string[]): Buffer {
  const names = values.map((_, index) =>
    Buffer.concat([text(`c${index}`), int32(0), int16(0), int32(25), int16(-1), int32(-1), int16(0)]),
  )
  return Buffer.concat([message('T', int16(values.length), ...names), row(values), command('SELECT 1')])
}
