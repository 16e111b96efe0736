/** A connection of a probe's own to one PostgreSQL server. */
import {Socket} from 'node:net'
import pg from 'pg'
import {ownCodes} from '../history/sqlstate.ts'
import {type Identity, ServerTls} from '../observer/tls.ts'

const withinMs = 1000

/** A connection to one server that is made when it is needed and thrown away when it fails or is too slow. */
export class Connection implements Disposable {
  readonly #where: pg.ClientConfig
  readonly #identity: Identity | undefined
  #client: pg.Client | undefined
  #socket: Socket | ServerTls | undefined

  constructor({ssl, ...where}: pg.ClientConfig & {readonly ssl?: Identity}) {
    this.#where = where
    this.#identity = ssl
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
    const socket = this.#identity === undefined ? new Socket() : new ServerTls(this.#identity)
    this.#socket = socket
    const client = new pg.Client({
      ...this.#where,
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
