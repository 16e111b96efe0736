/** One HTTP question to a service of a host, through the tunnel, with an end in time. */
import type {Agent} from 'node:http'
import type {Duplex} from 'node:stream'
import {type Identity, overTls} from './tls.ts'
import {NoWay} from './tunnel.ts'

// Not imported: an import reads every name that a part of Node has, and among those of http are some that load undici (WebSocket),
// which takes a command longer than all else that it does.
const http = process.getBuiltinModule('node:http')

export interface Question {
  readonly method?: 'GET' | 'POST' | 'PATCH' | 'DELETE'
  /** Sent as JSON. */
  readonly body?: unknown
  /** Of the whole exchange, from connecting to the end of the answer. */
  readonly withinMs: number
  readonly signal?: AbortSignal | undefined
  /** Keep the connection for the next question; else it is one of its own, closed after the answer. */
  readonly keepAlive?: boolean
  /** Of whom a certificate is asked, and what is shown of one's own; left out: in the clear. */
  readonly identity?: Identity
  /** The header. */
  readonly authorization?: string
}

export interface Answer {
  readonly code: number
  readonly body: string
  /** The time by the clock of who answered, as in HTTP's `Date`; undefined: it did not say. */
  readonly date?: string | undefined
}

/** The ways into a lab's network; a `Tunnel`. */
export interface Reach {
  connect(to: string): Duplex
  knock(): void
  readonly heardAt: number
}

/** Asks over the connections that a Reach makes, and keeps those that may be kept. `to` is an `address:port` of the lab. */
export class Asking implements Disposable {
  readonly #reach: Reach
  readonly #kept = new Map<string, Agent>()

  constructor(reach: Reach) {
    this.#reach = reach
  }

  /**
   * Resolves with the whole answer, whatever its code.
   * @throws NoWay when nobody knows whether the host would have answered; Error with the kernel's `code` (ECONNREFUSED ...) or with
   * `ETIMEDOUT` when it did not in time; the signal's reason.
   */
  async ask(to: string, path: string, question: Question): Promise<Answer> {
    const {withinMs, signal} = question
    signal?.throwIfAborted()
    const {promise, resolve, reject} = Promise.withResolvers<Answer>()
    const began = performance.now()
    const request = this.request(to, path, question)
    request.on('response', response => {
      const chunks: Buffer[] = []
      response.on('data', chunk => chunks.push(chunk))
      response.on('end', () => {
        const {statusCode: code = 0, headers} = response
        resolve({code, body: Buffer.concat(chunks).toString(), date: headers.date})
      })
      response.on('error', reject)
    })
    // Of the whole exchange, not of the silence within it: a server that drips must not hold a probe.
    const timer = setTimeout(() => {
      const late = `no answer within ${withinMs / 1000} s`
      request.destroy(
        this.#reach.heardAt < began
          ? new NoWay(`the observer gave ${late}`)
          : Object.assign(new Error(late), {code: 'ETIMEDOUT'}),
      )
    }, withinMs)
    request.on('error', error => reject(signal?.aborted ? signal.reason : error))
    request.on('close', () => {
      clearTimeout(timer)
      reject(new Error('the connection ended before the answer')) // no effect after an answer
    })
    return promise
  }

  /** For an answer that is read as it comes, such as a watch. The body has been sent. */
  request(to: string, path: string, question: Omit<Question, 'withinMs'>) {
    const {method = 'GET', body, signal, keepAlive = false, identity, authorization} = question
    this.#reach.knock()
    const [host, port] = to.split(':')
    const sent = body === undefined ? undefined : JSON.stringify(body)
    const request = http.request({
      ...{host, port, path, method, signal},
      headers: {
        ...(sent === undefined ? {} : {'content-type': 'application/json', 'content-length': Buffer.byteLength(sent)}),
        ...(authorization === undefined ? {} : {authorization}),
      },
      ...(keepAlive ? {agent: this.#agent(to, identity)} : {createConnection: () => this.#connect(to, identity)}),
    })
    request.end(sent)
    return request
  }

  [Symbol.dispose](): void {
    for (const agent of this.#kept.values()) agent.destroy()
  }

  #connect(to: string, identity: Identity | undefined): Duplex {
    const way = this.#reach.connect(to)
    return identity === undefined ? way : overTls(way, to.split(':')[0] ?? '', identity)
  }

  #agent(to: string, identity: Identity | undefined): Agent {
    const known = this.#kept.get(to)
    if (known !== undefined) return known
    const agent = new http.Agent({keepAlive: true})
    agent.createConnection = () => this.#connect(to, identity)
    this.#kept.set(to, agent)
    return agent
  }
}
