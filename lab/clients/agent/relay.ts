/**
 * A port that a program of somebody else's takes for the database: every connection is passed on to the proxy, and the program's
 * transactions are read off it. See `relay-session.ts` for what is passed on and how, `transactions.ts` for what is told.
 */
import {createServer, type Server, type Socket} from 'node:net'
import {type AgentConfig, type AgentLine, agentLimits, type Relay} from './protocol.ts'
import {type Counter, Session} from './relay-session.ts'
import {Turns} from './relay-turns.ts'
import {type Believed, socketTo} from './server-socket.ts'
import type {Complaint} from './transactions.ts'

/** What a relay needs from the agent around it. */
interface RelayDesk {
  readonly config: Pick<AgentConfig, 'statementTimeoutMs'> & Believed
  clock(): number
  tell(line: AgentLine): void
}

/** The same failure is told once in this time: the line is for people. */
const repeatAfterMicros = 1_000_000
/** How often the event loop is asked whether it is on time. */
const tickMs = 100
/** After an outage, what was not used of a second is not made up for; within this, it is. */
const burstSeconds = 0.25

export class RelayServer {
  readonly #relay: Relay
  readonly #desk: RelayDesk
  readonly #sessions = new Set<Session>()
  readonly #waiting = new Set<NodeJS.Timeout>()
  readonly #server: Server
  readonly #transactions: Turns
  readonly #connects = new Turns(agentLimits.connectsPerSecond, burstSeconds)
  #ticking: NodeJS.Timeout | undefined
  #quiet = false
  #sent = 0
  #worstMicros = 0
  #told: {code: string; at: number} | undefined

  constructor(relay: Relay, desk: RelayDesk) {
    this.#relay = relay
    this.#desk = desk
    this.#transactions = new Turns(relay.perSecond, burstSeconds)
    this.#server = createServer({allowHalfOpen: true, pauseOnConnect: true}, socket => this.#accept(socket))
  }

  /** Resolves when programs can connect; rejects with the system's error when the port is taken. */
  async listen(): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject)
      const {listenPort: port, listenHost: host} = this.#relay
      this.#server.listen({port, ...(host === undefined ? {} : {host})}, resolve)
    })
    let due = this.#desk.clock()
    this.#ticking = setInterval(() => {
      const now = this.#desk.clock()
      due += tickMs * 1000
      this.#worstMicros = Math.max(this.#worstMicros, now - due)
      due = now
    }, tickMs)
  }

  /** The port it listens on; for a relay that was given 0. */
  get port(): number {
    const address = this.#server.address()
    return typeof address === 'object' && address !== null ? address.port : 0
  }

  /** Transactions that began since the last call; `unsent` is always 0: it is not known what a program would have sent. */
  takeCounts(): {sent: number; unsent: number; worstMicros: number} {
    const counts = {sent: this.#sent, unsent: 0, worstMicros: this.#worstMicros}
    this.#sent = 0
    this.#worstMicros = 0
    return counts
  }

  /** From here on nothing is told: the programs are about to be ended, and what that breaks is no finding. */
  quiet(): void {
    this.tellUnanswered()
    this.#quiet = true
  }

  /** What has waited for its answer for longer than a statement may, a transaction as unknown. */
  tellUnanswered(): void {
    const unansweredMicros = this.#desk.config.statementTimeoutMs * 1000
    for (const session of this.#sessions) session.tellUnanswered(unansweredMicros)
  }

  /** Connections that are open. */
  get open(): number {
    return this.#sessions.size
  }

  /** Ends every connection. What has waited for its answer for longer than a statement may is told as unknown, the rest not. */
  async stop(): Promise<void> {
    const closed = new Promise(resolve => this.#server.close(resolve))
    clearInterval(this.#ticking)
    for (const timer of this.#waiting) clearTimeout(timer)
    this.quiet()
    for (const session of this.#sessions) session.stop()
    await closed
  }

  #accept(socket: Socket): void {
    const acceptedAt = this.#desk.clock()
    const waitMs = this.#connects.take(acceptedAt)
    const begin = () => {
      const session: Session = new Session(
        socket,
        socketTo(this.#desk.config, true),
        this.#relay,
        acceptedAt,
        this.#counter(() => this.#sessions.delete(session)),
      )
      this.#sessions.add(session)
      socket.resume()
    }
    if (waitMs <= 0) {
      begin()
      return
    }
    socket.on('error', () => {}) // it will be gone when its turn comes, and told then
    const timer = setTimeout(() => {
      this.#waiting.delete(timer)
      begin()
    }, waitMs)
    this.#waiting.add(timer)
  }

  #counter(closed: () => void): Counter {
    const {client} = this.#relay
    const tell = (line: AgentLine) => {
      if (!this.#quiet) this.#desk.tell(line)
    }
    return {
      clock: () => this.#desk.clock(),
      connected: (at, tookMicros, server) => {
        this.#told = undefined
        tell(['c', client, at, tookMicros, server])
      },
      ended: ({op, sentAt, at, outcome, code, error}, server, timeline) =>
        tell(['t', client, op, sentAt, at, outcome, server, timeline, code, error]),
      lost: (at, why) => this.#complain(at, why, tell),
      turnMs: () => {
        this.#sent++
        return this.#transactions.take(this.#desk.clock())
      },
      closed,
    }
  }

  #complain(at: number, {code, error}: Complaint, tell: (line: AgentLine) => void): void {
    if (this.#told?.code === code && at - this.#told.at < repeatAfterMicros) return
    this.#told = {code, at}
    tell(['d', this.#relay.client, at, code, error])
  }
}
