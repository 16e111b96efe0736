/**
 * One client: a connection that it wants to have at all times, and at most one statement in flight on it. Reconnects at
 * once with a small pause; an attempt is never sent twice.
 */
import {Socket} from 'node:net'
import {setTimeout as pause} from 'node:timers/promises'
import pg from 'pg'
import {castsDoubt} from '../../doubtful-commit.ts'
import type {Outcome} from '../../event.ts'
import type {AgentConfig, AgentLine, Job, Load} from '../protocol.ts'
import {codeOf, ownCodes, ruling} from '../sqlstate.ts'
import {isAudit, statements} from './statements.ts'

/** What a client needs from the agent around it. */
export interface Desk {
  readonly config: AgentConfig
  readonly reconnectPauseMs: number
  clock(): number
  tell(line: AgentLine): void
  /** w1, w2, ..., r1, r2, ... and b1, b2, ... */
  nextName(load: Load): string
  nextId(job: Job): number
}

/** The same failure to connect is told once in this time: the line is for people, `watching` has the counts. */
const repeatAfterMicros = 1_000_000

interface Session {
  readonly driver: pg.Client
  readonly socket: Socket
  /** Why it ended and when that was noticed; the first reason counts, the driver adds others later. */
  lost?: {at: number; code: string; error: string}
  readonly ended: Promise<void>
}

interface Attempt {
  readonly id: number
  doubt: string | null
  readonly over: Promise<void>
}

export class Client {
  readonly name: string
  readonly #load: Load
  readonly #desk: Desk
  readonly #statement: ReturnType<typeof statements>
  readonly #stopping = new AbortController()
  #session: Session | undefined
  #ready = false
  #attempt: Attempt | undefined
  #owes = false
  #told: {code: string; at: number} | undefined

  constructor(name: string, load: Load, desk: Desk) {
    this.name = name
    this.#load = load
    this.#desk = desk
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
    await this.#attempt?.over
    const session = this.#session
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
    const tooLong = setTimeout(
      () => session.socket.destroy(late('the connection attempt took too long')),
      desk.config.connectTimeoutMs,
    )
    try {
      await session.driver.connect()
      // The server's own address, asked before anything is measured: only a read-write statement would tell it otherwise.
      const answer = await session.driver.query<[string | null]>({
        text: 'SELECT host(inet_server_addr())',
        rowMode: 'array',
      })
      clearTimeout(tooLong)
      if (session.lost === undefined) {
        const at = desk.clock()
        desk.tell(['c', this.name, at, at - began, answer.rows[0]?.[0] ?? null])
        this.#told = undefined
        this.#ready = !this.#stopping.signal.aborted
        if (this.#ready && this.#owes) this.#begin(session)
      }
    } catch (error) {
      clearTimeout(tooLong)
      this.#lose(session, error)
      session.socket.destroy()
    }
    await session.ended
    this.#ready = false
    this.#session = undefined
    if (!this.#stopping.signal.aborted && session.lost !== undefined) this.#complain(session.lost)
  }

  #open(): Session {
    const {config} = this.#desk
    const socket = new Socket()
    const driver = new pg.Client({
      host: this.#load.host,
      port: this.#load.port,
      user: config.user,
      password: config.password,
      database: config.database,
      application_name: this.name,
      keepAlive: true,
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
      if (this.#attempt !== undefined) this.#notice(this.#attempt, notice.code ?? '', notice.message ?? '')
    })
    return session
  }

  #begin(session: Session): void {
    const desk = this.#desk
    this.#owes = false
    const id = desk.nextId(this.#load.op)
    let over!: () => void
    const attempt: Attempt = {id, doubt: null, over: new Promise(resolve => (over = resolve))}
    this.#attempt = attempt
    const tooLong = setTimeout(
      () => session.socket.destroy(late('no answer within the statement time-out')),
      desk.config.statementTimeoutMs,
    )
    const {name, text, values, reads} = this.#statement(this.name, id)
    const sentAt = desk.clock()
    session.driver.query<(string | null)[]>({name, text, values, rowMode: 'array'}, (error: Error | null, result) => {
      const at = desk.clock()
      clearTimeout(tooLong)
      this.#attempt = undefined
      if (error) {
        const code = codeOf(error)
        this.#tellEnd(id, sentAt, at, ruling(code, true).outcome, [null, null, null], code, oneLine(error), undefined)
        if (endsSession(error, code)) {
          this.#lose(session, error)
          session.socket.destroy()
        }
      } else {
        const [server, timeline, lsn, value] = result.rows[0] ?? []
        const outcome = attempt.doubt === null ? 'ok' : 'unknown'
        const read = reads ? ((value ?? null) === null ? null : Number(value)) : undefined
        const where = [server ?? null, timeline ?? null, lsn ?? null] as const
        this.#tellEnd(id, sentAt, at, outcome, where, attempt.doubt, null, read)
      }
      over()
    })
  }

  /** @param read what an answered read has seen; undefined where nothing was read. */
  #tellEnd(
    id: number,
    sentAt: number,
    at: number,
    outcome: Outcome,
    where: readonly [server: string | null, timeline: string | null, lsn: string | null],
    code: string | null,
    error: string | null,
    read: number | null | undefined,
  ): void {
    const {name} = this
    if (this.#load.op === 'bank') {
      const op = isAudit(id) ? 'audit' : 'transfer'
      this.#desk.tell(['b', name, op, id, sentAt, at, outcome, ...where, code, error, read ?? null])
    } else {
      const seen: [] | [number | null] = read === undefined ? [] : [read]
      this.#desk.tell(['o', name, id, sentAt, at, outcome, ...where, code, error, ...seen])
    }
  }

  #notice(attempt: Attempt, code: string, says: string): void {
    if (castsDoubt(code, says)) attempt.doubt = code
    this.#desk.tell(['n', this.name, attempt.id, this.#desk.clock(), code, says])
  }

  #lose(session: Session, error: unknown): void {
    this.#ready = false
    session.lost ??= {at: this.#desk.clock(), code: codeOf(error), error: oneLine(error)}
  }

  #complain({at, code, error}: NonNullable<Session['lost']>): void {
    if (this.#told?.code === code && at - this.#told.at < repeatAfterMicros) return
    this.#told = {code, at}
    this.#desk.tell(['d', this.name, at, code, error])
  }
}

/**
 * An ERROR leaves the session usable. Not so FATAL and PANIC, whatever is no answer of the server, and 25006: that server
 * is no primary, and a client that stays with it may stay read-only for ever.
 */
function endsSession(error: Error, code: string): boolean {
  return !(error instanceof pg.DatabaseError) || error.severity !== 'ERROR' || code === '25006'
}

function late(says: string): Error {
  return Object.assign(new Error(says), {code: ownCodes.timeout})
}

function oneLine(error: unknown): string {
  return String((error as Error).message ?? error)
    .replaceAll('\n', ' ')
    .slice(0, 200)
}
