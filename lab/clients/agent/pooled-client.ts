/**
 * One client of a pool (pg.Pool, driver `pg-pool`): it has no connection of its own, it borrows one for each statement. At most
 * one statement in flight; an attempt is never sent twice.
 *
 * The pool is used as its manual says, and nothing of it is bent: a statement has its time-out from the driver (`query_timeout`),
 * and a connection that is not to be used again goes back with `release(error)`. So must one whose server answered 25006: a pool
 * knows nothing of read-only servers, and hands out such a connection again and again, for as long as the old primary lives on
 * as a replica.
 */
import {setTimeout as pause} from 'node:timers/promises'
import pg from 'pg'
import {codeOf} from '../../history/sqlstate.ts'
import {endsSession} from './client.ts'
import {type AgentConfig, type Job, type Load, patienceOf} from './protocol.ts'
import {type ServerSocket, socketTo} from './server-socket.ts'
import {asksWho, statements} from './statements.ts'
import {type Desk, type InFlight, oneLine, Told} from './told.ts'

/** The pool of a group: as many connections as clients, so that none ever waits for another. */
export class Pool {
  readonly #pool: pg.Pool
  /** Whoever used a connection last is told when it is lost while it lies in the pool. */
  readonly #lastUsers = new WeakMap<pg.PoolClient, PooledClient>()

  readonly #sockets = new Set<ServerSocket>()

  constructor(load: Load, config: AgentConfig) {
    const {connectMs, statementMs} = patienceOf(load, config)
    this.#pool = new pg.Pool({
      host: load.hosts[0]!,
      port: load.port,
      user: config.user,
      password: config.password,
      database: config.database,
      application_name: load.driver,
      max: load.clients.length,
      // 0: for ever, as the driver has it when nobody says anything.
      connectionTimeoutMillis: connectMs ?? 0,
      query_timeout: statementMs ?? 0,
      keepAlive: statementMs !== null,
      stream: () => {
        const socket = socketTo(config)
        this.#sockets.add(socket)
        socket.once('close', () => this.#sockets.delete(socket))
        return socket
      },
    })
    this.#pool.on('connect', connection => {
      // One that breaks while it is borrowed says so here as well as to the statement: without a listener that ends the process.
      connection.on('error', () => {})
    })
    this.#pool.on('error', (error, connection) => {
      this.#lastUsers.get(connection as pg.PoolClient)?.brokeInPool(connection as pg.PoolClient, error)
    })
  }

  /** Whoever still waits for an answer is told that none comes. */
  hangUp(): void {
    for (const socket of this.#sockets) socket.destroy(new Error('no answer until the end of the run'))
  }

  /** `isNew`: nobody has used it before. */
  async borrow(client: PooledClient): Promise<{connection: pg.PoolClient; isNew: boolean}> {
    const connection = await this.#pool.connect()
    const isNew = !this.#lastUsers.has(connection)
    this.#lastUsers.set(connection, client)
    return {connection, isNew}
  }
}

export class PooledClient {
  readonly #pool: Pool
  readonly #name: string
  readonly #job: Job
  readonly #desk: Desk
  readonly #told: Told
  readonly #statement: ReturnType<typeof statements>
  readonly #stopping = new AbortController()
  /** From a slot until its attempt is over; getting a connection for it may take long. */
  #busy = false
  /** The statement that was sent. */
  #inFlight: Promise<unknown> | undefined
  #owes = false
  #last: pg.PoolClient | undefined
  /** It was told that it has a connection, and not since that it has none. */
  #connected = false

  constructor(name: string, load: Load, desk: Desk, pool: Pool) {
    this.#name = name
    this.#job = load.op
    this.#desk = desk
    this.#pool = pool
    this.#told = new Told(name, load.op, desk)
    this.#statement = statements(load.op, desk.config.table)
  }

  /** Whatever it does begins with `send`. */
  async run(): Promise<void> {}

  /**
   * A slot of the schedule has come. False when nothing is begun for it: the last attempt has no answer yet, or there is no
   * connection for it, and it will be sent once there is one.
   */
  send(): boolean {
    if (this.#stopping.signal.aborted) return false
    if (this.#busy) {
      this.#owes ||= this.#inFlight === undefined
      return false
    }
    this.#busy = true
    void this.#serve()
    return true
  }

  /** Sends nothing more, and waits for the outstanding answer (at most the statement time-out). */
  async stop(): Promise<void> {
    this.#stopping.abort()
    const lastCall = setTimeout(() => this.#pool.hangUp(), this.#desk.config.statementTimeoutMs)
    await this.#inFlight
    clearTimeout(lastCall)
  }

  /** Told of a connection that it used as the last one, when that broke while nobody used it. */
  brokeInPool(connection: pg.PoolClient, error: unknown): void {
    if (connection === this.#last) this.#lose(error)
  }

  /** One attempt, once it has a connection for it; and another one if its connection was lost and a slot came meanwhile. */
  async #serve(): Promise<void> {
    const {signal} = this.#stopping
    do {
      this.#owes = false
      const connection = await this.#connection()
      if (connection === undefined) break
      const sending = this.#send(connection)
      this.#inFlight = sending
      const kept = await sending
      this.#inFlight = undefined
      if (!kept) await this.#pause()
    } while (this.#owes && !signal.aborted)
    this.#busy = false
  }

  /** Borrowed; undefined when the client stops. */
  async #connection(): Promise<pg.PoolClient | undefined> {
    const {signal} = this.#stopping
    while (!signal.aborted) {
      const began = this.#desk.clock()
      let connection: pg.PoolClient | undefined
      try {
        const borrowed = await this.#pool.borrow(this)
        connection = borrowed.connection
        this.#last = connection
        if (borrowed.isNew || !this.#connected) this.#told.connected(began, await serverOf(connection))
        this.#connected = true
        if (!signal.aborted) return connection
        connection.release()
      } catch (error) {
        connection?.release(error as Error)
        this.#lose(error)
        await this.#pause()
      }
    }
    return undefined
  }

  /** False when the connection was not to be kept. */
  async #send(connection: pg.PoolClient): Promise<boolean> {
    const desk = this.#desk
    const id = desk.nextId(this.#job)
    const {name, text, values, reads} = this.#statement(this.#name, id)
    const attempt: InFlight = {id, doubt: null, sentAt: desk.clock()}
    const warned = (notice: {code?: string | undefined; message?: string | undefined}) =>
      this.#told.warned(attempt, notice.code ?? '', notice.message ?? '')
    connection.on('notice', warned)
    try {
      const result = await connection.query<(string | null)[]>({name, text, values, rowMode: 'array'})
      this.#told.answered(attempt, desk.clock(), result.rows[0] ?? [], reads)
      connection.release()
      return true
    } catch (error) {
      const code = codeOf(error)
      this.#told.failed(attempt, desk.clock(), code, oneLine(error))
      const ends = endsSession(error as Error, code)
      if (ends) this.#lose(error)
      connection.release(ends)
      return !ends
    } finally {
      connection.removeListener('notice', warned)
    }
  }

  /** Before it asks for a connection again: the pool itself would knock as often as it is asked. */
  async #pause(): Promise<void> {
    const pauseMs = this.#desk.reconnectPauseMs * (0.5 + Math.random())
    await pause(pauseMs, undefined, {signal: this.#stopping.signal}).catch(() => {}) // aborted: its caller looks
  }

  #lose(error: unknown): void {
    this.#connected = false
    if (this.#stopping.signal.aborted) return
    this.#told.lost({at: this.#desk.clock(), code: codeOf(error), error: oneLine(error)})
  }
}

/** The server's host: asked when a connection is new to its client, before anything is measured on it. */
async function serverOf(connection: pg.PoolClient): Promise<string | null> {
  const answer = await connection.query<[string | null]>({
    text: asksWho,
    rowMode: 'array',
  })
  return answer.rows[0]?.[0] ?? null
}
