/**
 * One client: a connection that it wants to have at all times, and at most one statement in flight on it. Reconnects at
 * once with a small pause; an attempt is never sent twice.
 */
import {setTimeout as pause} from 'node:timers/promises'
import pg from 'pg'
import {codeOf, ownCodes} from '../../history/sqlstate.ts'
import {type Load, patienceOf} from './protocol.ts'
import {type ServerSocket, socketTo} from './server-socket.ts'
import {asksWho, statements} from './statements.ts'
import {type Desk, type InFlight, type Loss, oneLine, Told} from './told.ts'

interface Session {
  readonly driver: pg.Client
  readonly socket: ServerSocket
  /** Why it ended and when that was noticed; the first reason counts, the driver adds others later. */
  lost?: Loss
  readonly ended: Promise<void>
}

export class Client {
  readonly #name: string
  readonly #load: Load
  readonly #desk: Desk
  readonly #patience: ReturnType<typeof patienceOf>
  readonly #told: Told
  readonly #statement: ReturnType<typeof statements>
  readonly #stopping = new AbortController()
  #session: Session | undefined
  #ready = false
  #attempt: (InFlight & {readonly over: Promise<void>}) | undefined
  #owes = false
  /** Which of the hosts it asks: the next one after each that gave it no connection, as an application does that knows several. */
  #host = 0

  constructor(name: string, load: Load, desk: Desk) {
    this.#name = name
    this.#load = load
    this.#desk = desk
    this.#patience = patienceOf(load, desk.config)
    this.#told = new Told(name, load.op, desk)
    this.#statement = statements(load.op, desk.config.table)
  }

  /** Keeps a connection until `stop`. */
  async run(): Promise<void> {
    const {signal} = this.#stopping
    while (!signal.aborted) {
      await this.#live()
      const pauseMs = this.#desk.reconnectPauseMs * (0.5 + Math.random())
      await pause(pauseMs, undefined, {signal}).catch(() => {}) // an aborted pause is the end of the loop
    }
  }

  /**
   * A slot of the schedule has come. False when no attempt could be sent: no connection, or the last one has no answer
   * yet. A client without a connection sends one attempt as soon as it has one again, so that its first answer after an
   * outage does not wait for the next slot.
   */
  send(): boolean {
    if (this.#stopping.signal.aborted) return false
    if (!this.#ready) this.#owes = true
    if (!this.#ready || this.#attempt !== undefined) return false
    this.#begin(this.#session!)
    return true
  }

  /** Sends nothing more, waits for the outstanding answer (at most the statement time-out), then hangs up. */
  async stop(): Promise<void> {
    this.#stopping.abort()
    const session = this.#session
    const lastCall = setTimeout(
      () => session?.socket.destroy(late('no answer until the end of the run')),
      this.#desk.config.statementTimeoutMs,
    )
    await this.#attempt?.over
    clearTimeout(lastCall)
    if (session === undefined) return
    if (this.#ready) {
      session.driver.end().catch(() => {}) // only a courtesy to the server: the socket goes in any case
      setTimeout(() => session.socket.destroy(), 100)
    } else session.socket.destroy(new Error('the client stops')) // `end` would leave a pending connect pending for ever
    this.#ready = false
    await session.ended
  }

  /** One connection from its first packet to its end. */
  async #live(): Promise<void> {
    const desk = this.#desk
    const began = desk.clock()
    const session = this.#open()
    this.#session = session
    const tooLong = after(this.#patience.connectMs, () =>
      session.socket.destroy(late('the connection attempt took too long')),
    )
    try {
      await session.driver.connect()
      const answer = await session.driver.query<[string | null]>({
        text: asksWho,
        rowMode: 'array',
      })
      clearTimeout(tooLong)
      if (session.lost === undefined) {
        this.#told.connected(began, answer.rows[0]?.[0] ?? null)
        this.#ready = !this.#stopping.signal.aborted
        if (this.#ready && this.#owes) this.#begin(session)
      }
    } catch (error) {
      clearTimeout(tooLong)
      this.#lose(session, error)
      session.socket.destroy()
      this.#host = (this.#host + 1) % this.#load.hosts.length
    }
    await session.ended
    this.#ready = false
    this.#session = undefined
    if (!this.#stopping.signal.aborted && session.lost !== undefined) this.#told.lost(session.lost)
  }

  #open(): Session {
    const {config} = this.#desk
    const socket = socketTo(config)
    const driver = new pg.Client({
      host: this.#load.hosts[this.#host]!,
      port: this.#load.port,
      user: config.user,
      password: config.password,
      database: config.database,
      application_name: this.#name,
      keepAlive: this.#patience.statementMs !== null,
      stream: () => socket,
    })
    const session: Session = {
      driver,
      socket,
      ended: new Promise(resolve => socket.once('close', () => setImmediate(resolve))),
    }
    // The driver reports the end of an idle connection here, often twice; without a listener it would end the process.
    driver.on('error', error => {
      this.#lose(session, error)
      socket.destroy()
    })
    driver.on('notice', notice => {
      if (this.#attempt !== undefined) this.#told.warned(this.#attempt, notice.code ?? '', notice.message ?? '')
    })
    return session
  }

  #begin(session: Session): void {
    const desk = this.#desk
    this.#owes = false
    const id = desk.nextId(this.#load.op)
    let over!: () => void
    const answered = new Promise<void>(resolve => (over = resolve))
    const {name, text, values, reads} = this.#statement(this.#name, id)
    const attempt = {id, doubt: null, sentAt: desk.clock(), over: answered}
    this.#attempt = attempt
    const tooLong = after(this.#patience.statementMs, () =>
      session.socket.destroy(late('no answer within the statement time-out')),
    )
    session.driver.query<(string | null)[]>({name, text, values, rowMode: 'array'}, (error: Error | null, result) => {
      const at = desk.clock()
      clearTimeout(tooLong)
      this.#attempt = undefined
      if (error) {
        const code = codeOf(error)
        this.#told.failed(attempt, at, code, oneLine(error))
        if (endsSession(error, code)) {
          this.#lose(session, error)
          session.socket.destroy()
        }
      } else this.#told.answered(attempt, at, result.rows[0] ?? [], reads)
      over()
    })
  }

  #lose(session: Session, error: unknown): void {
    this.#ready = false
    session.lost ??= {at: this.#desk.clock(), code: codeOf(error), error: oneLine(error)}
  }
}

/**
 * An ERROR leaves the session usable. Not so FATAL and PANIC, whatever is no answer of the server, and 25006: that server
 * is no primary, and a client that stays with it may stay read-only for ever.
 */
export function endsSession(error: Error, code: string): boolean {
  return !(error instanceof pg.DatabaseError) || error.severity !== 'ERROR' || code === '25006'
}

/** null: never. */
function after(ms: number | null, what: () => void): NodeJS.Timeout | undefined {
  return ms === null ? undefined : setTimeout(what, ms)
}

function late(says: string): Error {
  return Object.assign(new Error(says), {code: ownCodes.timeout})
}
