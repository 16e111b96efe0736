/** PostgreSQL of the fake hosts, on the ports that a lab publishes: the statements that a run sends, answered from the cluster's state. */
import {once} from 'node:events'
import {createServer, type Server, type Socket} from 'node:net'
import {command, errorOf, int16, int32, message, ready, row, text} from '../clients/pg-messages.ts'
import type {FakeCluster} from './cluster.ts'
import type {FakeHost} from './host.ts'

type Cell = string | null

interface Result {
  /** Type of each column, as pg_type numbers them. */
  readonly types: readonly number[]
  readonly names?: readonly string[]
  readonly rows: readonly (readonly Cell[])[]
}

const [bool, int8, int4, string] = [16, 20, 23, 25]
const nothing: Result = {types: [], rows: []}

/** Which host answers at a port right now; null: nobody, and the connection ends. */
export type Route = () => FakeHost | null

export class FakePostgres implements AsyncDisposable {
  readonly #cluster: FakeCluster
  readonly #servers: Server[] = []
  readonly #sockets = new Set<Socket>()

  constructor(cluster: FakeCluster) {
    this.#cluster = cluster
  }

  /** @param port 0: any that is free. @returns the port. */
  async listen(port: number, route: Route): Promise<number> {
    const server = createServer(socket => this.#connect(socket, route))
    this.#servers.push(server)
    server.listen(port, '127.0.0.1')
    await once(server, 'listening')
    const address = server.address()
    return typeof address === 'object' && address !== null ? address.port : port
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy()
    await Promise.all(this.#servers.map(server => new Promise(resolve => server.close(resolve))))
  }

  #connect(socket: Socket, route: Route): void {
    this.#sockets.add(socket)
    const host = route()
    socket.on('error', () => {})
    const forget = host?.whenDown(() => socket.destroy())
    socket.on('close', () => {
      forget?.()
      this.#sockets.delete(socket)
    })
    if (host === null || host.state === 'exited' || !host.portsOpen) socket.destroy()
    else serve(socket, host, sql => this.#answer(host, sql))
  }

  /** null: refused, as a standby refuses a write. */
  #answer({name}: FakeHost, sql: string): Result | null {
    const cluster = this.#cluster
    const standby = !cluster.isLeader(name)
    const one = (type: number, value: Cell, column = 'value'): Result => ({
      ...{types: [type], names: [column], rows: [[value]]},
    })
    const lsn = `0/${cluster.lsn.toString(16).toUpperCase()}`
    if (sql.includes('pg_tables') && sql.includes('pgha_watch_'))
      return {types: [string], rows: cluster.lightTables.map(name => [name])}
    if (sql.includes('pg_tables')) return {types: [string], rows: cluster.table === null ? [] : [[cluster.table]]}
    if (sql.startsWith('SELECT current_setting')) return one(string, name)
    if (sql.startsWith('SELECT standby, current_setting')) {
      const streams = cluster.streams(name)
      const timeline = standby && !streams ? null : String(cluster.timeline)
      return {
        types: [bool, bool, int4, string, string, string],
        rows: [[letter(standby), letter(standby), timeline, lsn, standby ? lsn : null, streams ? 'streaming' : null]],
      }
    }
    if (sql.startsWith('SELECT name, setting FROM pg_settings'))
      return {types: [string, string], rows: [['synchronous_commit', 'on']]}
    if (sql.includes('AS standby, application_name')) {
      const streaming = standby ? [] : cluster.members.filter(host => cluster.streams(host))
      const rows = (streaming.length === 0 ? [null] : streaming).map(host => [letter(standby), host])
      return {types: [bool, string], names: ['standby', 'name'], rows}
    }
    if (sql.includes('THEN pg_last_wal_replay_lsn() END AS lsn')) return one(string, standby ? lsn : null, 'lsn')
    if (sql.startsWith('SELECT pg_logical_emit_message'))
      return standby || cluster.refusesWrites ? null : one(string, lsn, 'lsn')
    if (sql.includes('::bit(32)::int END AS timeline'))
      return {
        types: [int4, bool],
        names: ['timeline', 'standby'],
        rows: [[String(cluster.timeline), letter(standby)]],
      }
    if (sql.includes("name = 'synchronous_commit'"))
      return {types: [string, string], names: ['setting', 'source'], rows: [['on', 'default']]}
    if (sql.startsWith('DECLARE')) return this.#declare(sql)
    if (sql.startsWith('FETCH')) return this.#fetch()
    if (sql.includes('AS checksum'))
      return {types: [string, int8], names: ['checksum', 'total'], rows: [[String(cluster.ids.length), '1000']]}
    if (/^(CREATE|DROP|INSERT|GRANT)|pg_logical_emit_message/.test(sql))
      return standby || this.#cluster.refusesWrites ? null : this.#change(sql)
    return nothing
  }

  #change(sql: string): Result {
    const made = /^CREATE TABLE (pgha_writes_[0-9a-f]+) /.exec(sql)?.[1]
    if (made !== undefined) {
      this.#cluster.table = made
      this.#cluster.ids.length = 0
    }
    const [, did, light] = /^(CREATE|DROP) TABLE (?:IF EXISTS )?(pgha_watch_\w+)/.exec(sql) ?? []
    const {lightTables} = this.#cluster
    if (did === 'CREATE') {
      lightTables.push(light!)
      this.#cluster.ids.length = 0
    } else if (did === 'DROP') lightTables.splice(0, lightTables.length, ...lightTables.filter(name => name !== light))
    return nothing
  }

  /** What is left of the one cursor that there is: all at once, and nothing the second time. */
  #cursor: readonly number[] = []
  #declare(sql: string): Result {
    const {ids, altered} = this.#cluster
    this.#cursor = (sql.includes('IS DISTINCT FROM') ? altered : ids).toSorted((a, b) => a - b)
    return nothing
  }
  #fetch(): Result {
    const ids = this.#cursor
    this.#cursor = []
    return {types: [int4], rows: ids.map(id => [String(id)])}
  }
}

const letter = (yes: boolean) => (yes ? 't' : 'f')

/** One connection: simple questions, and prepared ones whose answers go by the statement's text. */
function serve(socket: Socket, host: FakeHost, answer: (sql: string) => Result | null): void {
  const statements = new Map<string, string>()
  let bound = ''
  let started = false
  let rest: Buffer = Buffer.alloc(0)
  socket.on('data', chunk => {
    rest = Buffer.concat([rest, chunk])
    if (!host.answers) return // frozen: what comes is read when it thaws, if anybody still waits
    const out: Buffer[] = []
    for (;;) {
      const header = started ? 1 : 0
      if (rest.length < header + 4) break
      const end = header + rest.readInt32BE(header)
      if (rest.length < end) break
      const type = started ? String.fromCharCode(rest[0]!) : 'startup'
      const words = rest.toString('utf8', header + 4, end).split('\0')
      rest = rest.subarray(end)
      if (type === 'X') socket.end()
      else out.push(...respond(type, words))
      started = true
    }
    if (out.length > 0) socket.write(Buffer.concat(out))
  })

  function respond(type: string, [first = '', second = '']: readonly string[]): Buffer[] {
    switch (type) {
      case 'startup':
        return [message('R', int32(0)), ready('I')]
      case 'Q':
        return [...told(answer(first), true), ready('I')]
      case 'P':
        statements.set(first, second)
        return [message('1')]
      case 'B':
        bound = statements.get(second) ?? ''
        return [message('2')]
      case 'D':
        return [described(answer(bound) ?? nothing)]
      case 'E':
        return told(answer(bound), false)
      case 'S':
        return [ready('I')]
      default:
        return []
    }
  }
}

function told(result: Result | null, describe: boolean): Buffer[] {
  if (result === null) return [errorOf('ERROR', '25006')]
  const columns = describe && result.types.length > 0 ? [described(result)] : []
  return [...columns, ...result.rows.map(cells => row(cells)), command(`SELECT ${result.rows.length}`)]
}

function described({types, names}: Result): Buffer {
  if (types.length === 0) return message('n')
  const columns = types.map((type, index) =>
    Buffer.concat([
      text(names?.[index] ?? `c${index}`),
      int32(0),
      int16(0),
      int32(type),
      int16(-1),
      int32(-1),
      int16(0),
    ]),
  )
  return message('T', int16(types.length), ...columns)
}
