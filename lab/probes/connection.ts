/** A connection of a probe's own to one PostgreSQL server. */
import {Socket} from 'node:net'
import type {Duplex} from 'node:stream'
import pg from 'pg'
import {ownCodes} from '../history/sqlstate.ts'
import {type Identity, ServerTls} from '../observer/tls.ts'

const withinMs = 1000

/** A connection to one server that is made when it is needed and thrown away when it fails or is too slow. */
export class Connection implements Disposable {
  readonly #where: pg.ClientConfig
  readonly #identity: Identity | undefined
  readonly #through: (() => Duplex) | undefined
  #client: pg.Client | undefined
  #socket: Duplex | undefined

  /** @param where `Lab.superuser`, say; with a `stream` it is reached over what that makes. */
  constructor({
    ssl,
    stream,
    ...where
  }: Omit<pg.ClientConfig, 'stream'> & {readonly ssl?: Identity; stream?: () => Duplex}) {
    this.#where = where
    this.#identity = ssl
    this.#through = stream
  }

  /** @throws what the server or the driver said, after which the next question connects anew. */
  async ask<Row extends readonly unknown[]>(name: string, text: string): Promise<Row[]> {
    // A frozen server holds its connections open: only our own clock ends the waiting, in connecting as in asking.
    const tooLong = setTimeout(() => this.hangUp('no answer in time'), withinMs)
    try {
      const client = this.#client ?? (await this.#connect())
      const {rows} = await client.query<Row & unknown[]>({name, text, rowMode: 'array'})
      return rows
    } catch (error) {
      this.hangUp('failed')
      throw error
    } finally {
      clearTimeout(tooLong)
    }
  }

  hangUp(why: string): void {
    this.#client = undefined
    this.#socket?.destroy(Object.assign(new Error(why), {code: ownCodes.timeout}))
    this.#socket = undefined
  }

  [Symbol.dispose](): void {
    this.hangUp('the probe has ended')
  }

  async #connect(): Promise<pg.Client> {
    const socket = this.#through?.() ?? (this.#identity === undefined ? new Socket() : new ServerTls(this.#identity))
    this.#socket = socket
    const client = new pg.Client({
      ...this.#where,
      // TLS in a socket's place is the socket's own; over what leads through the observer it is the driver's.
      ...(this.#through !== undefined && this.#identity !== undefined ? {ssl: this.#identity} : {}),
      application_name: 'pgha-lab probe',
      keepAlive: true,
      stream: () => socket,
    })
    // What ends the connection between two questions: the next one connects anew and sees for itself.
    client.on('error', () => {
      if (this.#socket === socket) this.hangUp('lost')
    })
    await client.connect()
    this.#client = client
    return client
  }
}
