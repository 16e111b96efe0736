/**
 * One connection through a relay. Every byte goes on as it came, in its order, and what ends one side ends the other in the same
 * way: a reset becomes a reset, a FIN a FIN, and silence stays silence. A refused connection becomes a reset, for by then the
 * program has been let in.
 *
 * The one thing that is added: after the server's first ReadyForQuery, and before the program gets that, the server is asked who it
 * is. Its answer goes no further. What the program sends meanwhile waits, so that the order of its own requests is kept.
 *
 * A session that is encrypted, or speaks something else, is passed on unread: nothing is told of it but that.
 */
import type {Socket} from 'node:net'
import {opOf} from '../../history/client-group.ts'
import {ownCodes} from '../../history/sqlstate.ts'
import {
  Cutter,
  fieldsOf,
  type Message,
  NotTheProtocol,
  openingOf,
  parametersOf,
  query,
  Reader,
  rowOf,
} from './pg-wire.ts'
import type {Relay} from './protocol.ts'
import type {ServerSocket} from './server-socket.ts'
import {whoAnswers} from './statements.ts'
import {
  type Complaint,
  type EndedTransaction,
  Transactions,
  wantedFromClient,
  wantedFromServer,
} from './transactions.ts'

/** What a session needs from its relay. */
export interface Counter {
  clock(): number
  connected(at: number, tookMicros: number, server: string | null): void
  ended(transaction: EndedTransaction, server: string | null, timeline: string | null): void
  lost(at: number, why: Complaint): void
  /** Another transaction begins: how many milliseconds it has to wait for its turn. */
  turnMs(): number
  /** The session is over on both sides. */
  closed(): void
}

/** Of a primary only: a standby may change its timeline while the session goes on. */
const whoAreYou = `SELECT ${whoAnswers},
  CASE WHEN NOT pg_is_in_recovery() THEN substr(pg_walfile_name(pg_current_wal_insert_lsn()), 1, 8) END`

/** `opening`: until the first ReadyForQuery; `asking`: our own question is under way; `blind`: passed on unread. */
type Stage = 'opening' | 'asking' | 'open' | 'cancelling' | 'blind'

/** Why a side is not read for now. */
type Hold = 'full' | 'turn' | 'asking'

export class Session {
  readonly #client: Socket
  readonly #server: ServerSocket
  readonly #counter: Counter
  readonly #transactions: Transactions
  readonly #acceptedAt: number
  #stage: Stage = 'opening'
  /** Until the first ReadyForQuery whole messages are passed on, so that nothing of the program gets ahead of our question. */
  readonly #fromClient = new Cutter()
  readonly #fromServer = new Cutter()
  readonly #clientReader = new Reader(wantedFromClient)
  readonly #serverReader = new Reader(wantedFromServer)
  /** The client has sent its StartupMessage: its packets have types from here on. */
  #started = false
  /** An answer of one byte is due. */
  #byteDue = false
  /** Nobody says it truly once for all where a pooler gives each transaction another server. */
  #asks: boolean
  #readyBytes: Buffer = Buffer.alloc(0)
  #who: (string | null)[] = []
  /** What the client sent too early. */
  #early: Buffer[] = []
  readonly #clientHolds = new Set<Hold>()
  readonly #serverHolds = new Set<Hold>()
  #turn: NodeJS.Timeout | undefined
  #over = false

  /** @param server connects. @param acceptedAt when the program was let in. */
  constructor(client: Socket, server: ServerSocket, relay: Relay, acceptedAt: number, counter: Counter) {
    this.#client = client
    this.#counter = counter
    this.#acceptedAt = acceptedAt
    this.#asks = relay.pooled !== true
    this.#transactions = new Transactions(
      ended => counter.ended(ended, this.#who[0] ?? null, this.#who[1] ?? null),
      opOf(relay.client),
    )
    this.#server = server
    server.setNoDelay(true)
    client.setNoDelay(true)
    server.connect(relay.port, relay.host)
    this.#join(client, this.#server, chunk => this.#clientSays(chunk), 'the program')
    this.#join(this.#server, client, chunk => this.#serverSays(chunk), 'the server')
  }

  /** Before the end of the run: what has waited for its answer for longer than this is told, a transaction as unknown. */
  tellUnanswered(forMicros: number): void {
    const at = this.#counter.clock()
    const since = this.#transactions.waitingSince
    if (!this.#over && since !== undefined && at - since > forMicros)
      this.#transactions.lost({code: ownCodes.timeout, error: 'no answer until the end of the run'}, at)
    const opens = this.#stage === 'opening' || this.#stage === 'asking'
    if (!this.#over && opens && at - this.#acceptedAt > forMicros)
      this.#counter.lost(at, {code: ownCodes.timeout, error: 'the connection was not made until the end of the run'})
  }

  /** Ends both sides without a word. */
  stop(): void {
    this.#over = true
    this.#client.destroy()
    this.#server.destroy()
  }

  #join(from: ServerSocket, to: ServerSocket, hear: (chunk: Buffer) => void, who: string): void {
    from.on('data', hear)
    from.on('end', () => {
      this.#lose(who, {code: ownCodes.closed, error: `${who} closed the connection`})
      if (to.writable) to.end()
    })
    from.on('error', (error: NodeJS.ErrnoException) => {
      this.#lose(who, {code: error.code ?? ownCodes.other, error: error.message})
      if (to.connecting) to.destroy()
      else to.resetAndDestroy()
    })
    from.on('close', () => {
      if (this.#client.destroyed && this.#server.destroyed) {
        clearTimeout(this.#turn)
        this.#counter.closed()
      }
    })
  }

  #lose(who: string, why: Complaint): void {
    if (this.#over) return
    this.#over = true
    if (this.#stage === 'blind' || this.#stage === 'cancelling') return
    const at = this.#counter.clock()
    const told = this.#transactions.lost(why, at)
    const left = this.#transactions.terminated || (who === 'the program' && !this.#started)
    if (!left) this.#counter.lost(at, told)
  }

  #clientSays(chunk: Buffer): void {
    switch (this.#over ? 'blind' : this.#stage) {
      case 'opening':
        if (this.#early.length > 0) this.#tooEarly(chunk)
        else this.#clientOpens(chunk)
        return
      case 'asking':
        this.#tooEarly(chunk)
        return
      case 'open':
        this.#clientAsks(chunk)
        return
      default:
        this.#pass(this.#server, chunk)
    }
  }

  #serverSays(chunk: Buffer): void {
    switch (this.#stage) {
      case 'opening':
      case 'asking':
        this.#serverOpens(chunk)
        return
      case 'open':
        this.#read(this.#serverReader, chunk, message => this.#transactions.answered(message, this.#counter.clock()))
        this.#pass(this.#client, chunk)
        return
      default:
        this.#pass(this.#client, chunk)
    }
  }

  /** Packets without a type, then passwords and the like; anything else comes before its time and waits. */
  #clientOpens(chunk: Buffer): void {
    this.#fromClient.push(chunk)
    try {
      for (;;) {
        const type = this.#fromClient.peek()
        if (this.#started && type !== undefined && type !== 'p' && type !== 'X') {
          this.#tooEarly(this.#fromClient.takeRest())
          return
        }
        const next = this.#fromClient.next(this.#started)
        if (next === undefined) return
        this.#pass(this.#server, next.bytes)
        if (this.#started) this.#transactions.asked(next.message, this.#counter.clock())
        else this.#packet(next.message)
        if (this.#stage !== 'opening') {
          this.#pass(this.#server, this.#fromClient.takeRest())
          return
        }
      }
    } catch (error) {
      this.#goBlind(error)
    }
  }

  #tooEarly(chunk: Buffer): void {
    this.#early.push(chunk)
    this.#hold(this.#client, this.#clientHolds, 'asking')
  }

  #packet({body}: Message): void {
    switch (openingOf(body)) {
      case 'ssl':
      case 'gss':
        this.#byteDue = true
        return
      case 'startup':
        this.#started = true
        // A connection for replication takes no SQL, or not all of it.
        this.#asks &&= !parametersOf(body).has('replication')
        return
      case 'cancel':
        this.#stage = 'cancelling'
        return
      default:
        throw new NotTheProtocol('another protocol than version 3')
    }
  }

  #serverOpens(chunk: Buffer): void {
    this.#fromServer.push(chunk)
    try {
      for (;;) {
        if (this.#byteDue) {
          const byte = this.#fromServer.takeByte()
          if (byte === undefined) return
          this.#byteDue = false
          this.#pass(this.#client, Buffer.from(byte, 'latin1'))
          if (byte !== 'N') throw new NotTheProtocol('the connection is encrypted')
          continue
        }
        const next = this.#fromServer.next(true)
        if (next === undefined) return
        if (this.#stage === 'opening') this.#greets(next.message, next.bytes)
        else this.#answersUs(next.message, next.bytes)
        if (this.#stage === 'open') {
          this.#open()
          return
        }
      }
    } catch (error) {
      this.#goBlind(error)
    }
  }

  #greets(message: Message, bytes: Buffer): void {
    if (message.type !== 'Z') {
      this.#transactions.answered(message, this.#counter.clock()) // its last words, when it refuses
      this.#pass(this.#client, bytes)
      return
    }
    this.#readyBytes = bytes
    if (this.#asks) {
      this.#stage = 'asking'
      this.#server.write(query(whoAreYou))
    } else this.#stage = 'open'
  }

  #answersUs(message: Message, bytes: Buffer): void {
    switch (message.type) {
      case 'D':
        this.#who = rowOf(message.body)
        return
      case 'E':
        // An ERROR: it does not say who it is. A FATAL is the program's to know.
        if (['FATAL', 'PANIC'].includes(fieldsOf(message.body).get('V') ?? '')) {
          this.#transactions.answered(message, this.#counter.clock())
          this.#pass(this.#client, bytes)
        }
        return
      case 'Z':
        this.#stage = 'open'
        return
      case 'T':
      case 'C':
        return
      default:
        this.#pass(this.#client, bytes) // notices and changed parameters come whenever they do
    }
  }

  #open(): void {
    const at = this.#counter.clock()
    this.#pass(this.#client, this.#readyBytes)
    this.#counter.connected(at, at - this.#acceptedAt, this.#who[0] ?? null)
    const more = this.#fromServer.takeRest()
    if (more.length > 0) this.#serverSays(more)
    const early = Buffer.concat([this.#fromClient.takeRest(), ...this.#early.splice(0)])
    this.#release(this.#client, this.#clientHolds, 'asking')
    if (early.length > 0) this.#clientSays(early)
  }

  /** Whoever asks for more transactions than the relay may pass is kept waiting before the next one. */
  #clientAsks(chunk: Buffer): void {
    const leaves = chunk[0] === 0x58 // 'X'
    const begins = this.#clientReader.isBetween && this.#transactions.idle && !leaves && !this.#over
    const waitMs = begins ? this.#counter.turnMs() : 0
    const pass = () => {
      const at = this.#counter.clock()
      // Passed on first: the time that reading takes is not the program's.
      this.#pass(this.#server, chunk)
      this.#read(this.#clientReader, chunk, message => this.#transactions.asked(message, at))
    }
    if (waitMs <= 0) {
      pass()
      return
    }
    this.#hold(this.#client, this.#clientHolds, 'turn')
    this.#turn = setTimeout(() => {
      pass()
      this.#release(this.#client, this.#clientHolds, 'turn')
    }, waitMs)
  }

  #read(reader: Reader, chunk: Buffer, hear: (message: Message) => void): void {
    if (this.#over) return
    try {
      for (const message of reader.read(chunk)) hear(message)
    } catch (error) {
      this.#goBlind(error)
    }
  }

  #goBlind(error: unknown): void {
    if (!(error instanceof NotTheProtocol)) throw error
    this.#stage = 'blind'
    this.#counter.lost(this.#counter.clock(), {
      code: ownCodes.other,
      error: `this connection is passed on unread: ${error.message}`,
    })
    this.#pass(this.#client, this.#fromServer.takeRest())
    this.#pass(this.#server, Buffer.concat([this.#fromClient.takeRest(), ...this.#early.splice(0)]))
    this.#release(this.#client, this.#clientHolds, 'asking')
  }

  /** A side that takes no more has the other one wait. */
  #pass(to: ServerSocket, bytes: Buffer): void {
    if (bytes.length === 0 || !to.writable) return
    if (to.write(bytes)) return
    const [from, holds] = to === this.#server ? [this.#client, this.#clientHolds] : [this.#server, this.#serverHolds]
    if (holds.has('full')) return
    this.#hold(from, holds, 'full')
    to.once('drain', () => this.#release(from, holds, 'full'))
  }

  #hold(from: ServerSocket, holds: Set<Hold>, why: Hold): void {
    holds.add(why)
    from.pause()
  }

  #release(from: ServerSocket, holds: Set<Hold>, why: Hold): void {
    if (holds.delete(why) && holds.size === 0) from.resume()
  }
}
