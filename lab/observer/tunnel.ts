/** The runner's end of the tunnel: connections into the lab's network, all on one stream to the relay in the observer. */
import {Duplex} from 'node:stream'
import {encode, type Frame, FrameReader, frameBytes, protocol, windowBytes} from './frames.ts'

/** A stream to a relay. */
export interface Channel {
  /** Calls `hear` with what the relay sends, and `ended` once with why there is no more. */
  listen(hear: (chunk: Buffer) => void, ended: (why: string) => void): void
  send(bytes: Buffer): void
  /** Whether it keeps this process alive. */
  hold(on: boolean): void
  close(): void
}

/** No way into the lab's network: it tells nothing about whoever was to be reached. */
export class NoWay extends Error {
  readonly code = 'ENOWAY'

  constructor(why: string, cause?: unknown) {
    super(`no way into the lab's network: ${why}`, cause === undefined ? {} : {cause})
  }
}

/** After a relay could not be reached, that is tried again so much later: whoever asks many times a second is told at once. */
const restMs = 250
/** The stream is given up, and another one opened, when the relay gives no sign of life for so long though it was asked for one. */
const deadAfterMs = 5000

/** Reaches the relay when it is first needed, and again after the way has ended. Ends with its disposal, and holds no process by itself. */
export class Tunnel implements AsyncDisposable {
  readonly #start: () => Promise<Channel>
  #session: Promise<Session> | undefined
  #heardAt = Number.NEGATIVE_INFINITY
  #closed = false

  /** @param start leads to a relay; what it rejects with is told to whoever wanted a connection. */
  constructor(start: () => Promise<Channel>) {
    this.#start = start
  }

  /**
   * A connection to an `address:port` of the lab, usable at once: what is written waits until it is there. Ends in an error with the
   * code that the connecting host's kernel gives (ECONNREFUSED, EHOSTUNREACH, ECONNRESET ...), or in `NoWay`.
   */
  connect(to: string): Duplex {
    const connection = new Connection(to)
    this.#begun().then(
      session => session.open(connection),
      error => connection.destroy(error instanceof NoWay ? error : new NoWay((error as Error).message, error)),
    )
    return connection
  }

  /** Asks the relay for a sign of life. Whoever then waits for a host in vain can tell by `heardAt` whether the way is open at all. */
  knock(): void {
    void this.#session?.then(
      session => session.knock(),
      () => {}, // whoever wants a connection is told
    )
  }

  /** When the relay last said anything, by `performance.now()`. */
  get heardAt(): number {
    return this.#heardAt
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true
    const session = await this.#session?.catch(() => undefined)
    session?.end('it has been closed', true)
  }

  #begun(): Promise<Session> {
    if (this.#closed) return Promise.reject(new NoWay('it has been closed'))
    if (this.#session !== undefined) return this.#session
    const forget = () => {
      if (this.#session === session) this.#session = undefined
    }
    const session = this.#start().then(
      channel =>
        new Session(
          channel,
          () => {
            this.#heardAt = performance.now()
          },
          forget,
        ),
    )
    session.catch(() => setTimeout(forget, restMs).unref())
    this.#session = session
    return session
  }
}

/** One stream to a relay. */
class Session {
  readonly #channel: Channel
  readonly #connections = new Map<number, Connection>()
  readonly #heard: () => void
  readonly #ended: () => void
  readonly #reader = new FrameReader()
  #lastId = 0
  #awaited: NodeJS.Timeout | undefined
  #over: string | undefined
  #holders = 0

  constructor(channel: Channel, heard: () => void, ended: () => void) {
    this.#channel = channel
    this.#heard = heard
    this.#ended = ended
    channel.hold(false)
    channel.listen(
      chunk => this.#hear(chunk),
      why => this.end(why),
    )
  }

  open(connection: Connection): void {
    if (this.#over !== undefined) return void connection.destroy(new NoWay(this.#over))
    if (connection.destroyed) return
    const id = ++this.#lastId
    this.#connections.set(id, connection)
    this.tell({kind: 'open', id, to: connection.to})
    connection.begin(id, this)
    this.knock()
  }

  tell(frame: Frame): void {
    if (this.#over === undefined) this.#channel.send(encode(frame))
  }

  forget(id: number): void {
    this.#connections.delete(id)
  }

  /** How many connections keep the process alive: +1, -1. */
  hold(change: 1 | -1): void {
    const before = this.#holders
    this.#holders += change
    if (this.#over === undefined && before > 0 !== this.#holders > 0) this.#channel.hold(this.#holders > 0)
  }

  knock(): void {
    if (this.#awaited !== undefined || this.#over !== undefined) return
    this.tell({kind: 'ping', id: 0})
    this.#awaited = setTimeout(() => this.end(`the relay has been silent for ${deadAfterMs / 1000} s`), deadAfterMs)
    this.#awaited.unref()
  }

  /** @param asked by whoever has the connections: to them its end is no error. */
  end(why: string, asked = false): void {
    if (this.#over !== undefined) return
    this.#over = why
    clearTimeout(this.#awaited)
    this.#channel.close()
    this.#ended()
    for (const connection of this.#connections.values()) connection.destroy(asked ? undefined : new NoWay(why))
  }

  #hear(chunk: Buffer): void {
    this.#heard()
    clearTimeout(this.#awaited)
    this.#awaited = undefined
    try {
      for (const frame of this.#reader.push(chunk)) this.#take(frame)
    } catch (error) {
      this.end(`the relay said what it must not: ${(error as Error).message}`)
    }
  }

  #take(frame: Frame): void {
    switch (frame.kind) {
      case 'ready':
        if (frame.id !== protocol)
          throw new Error(`it speaks protocol ${frame.id}, and this version ${protocol}; raise the lab anew`)
        return
      case 'pong':
        return // that it came is all that it says
      default:
        // One that has been ended here may still be told of.
        this.#connections.get(frame.id)?.told(frame)
    }
  }
}

/** As much of a net.Socket as Node's HTTP client and the driver of PostgreSQL ask for. */
class Connection extends Duplex {
  readonly to: string
  connecting = true
  #id = 0
  #session: Session | undefined
  /** It has ended at the other end, or its session has: nobody is there to send to. */
  #left = false
  #mayTell = windowBytes
  /** Received, and not told to be taken yet. */
  #received = 0
  #full = false
  #held = true
  #unsent: {bytes: Buffer; done: (error?: Error | null) => void} | undefined
  #unended: ((error?: Error | null) => void) | undefined

  constructor(to: string) {
    // Full with one frame: what waits to be read here is within the window, not beside it.
    super({allowHalfOpen: false, readableHighWaterMark: frameBytes})
    this.to = to
  }

  begin(id: number, session: Session): void {
    this.#id = id
    this.#session = session
    if (this.#held) session.hold(1)
    this.#send()
  }

  told(frame: Frame): void {
    switch (frame.kind) {
      case 'opened':
        this.connecting = false
        this.emit('connect')
        return
      case 'data':
        this.#received += frame.bytes.length
        if (this.#received > windowBytes) throw new Error('it sends more than it may')
        this.#full = !this.push(frame.bytes)
        if (!this.#full) this.#taken()
        return
      case 'taken':
        this.#mayTell += frame.count
        this.#send()
        return
      case 'end':
        this.push(null)
        return
      case 'close':
        this.#leave()
        if (frame.code === '') {
          this.push(null)
          this.end()
        } else this.destroy(Object.assign(new Error(`${frame.code} ${this.to}`), {code: frame.code}))
        return
      default:
        throw new Error(`\`${frame.kind}\` is not for a connection`)
    }
  }

  override _read(): void {
    if (!this.#full) return
    this.#full = false
    this.#taken()
  }

  override _write(bytes: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    this.#unsent = {bytes, done}
    this.#send()
  }

  override _final(done: (error?: Error | null) => void): void {
    this.#unended = done
    this.#send()
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#session?.tell({kind: 'close', id: this.#id, code: ''})
    this.#leave()
    done(error)
  }

  ref(): this {
    if (!this.#held) this.#session?.hold(1)
    this.#held = true
    return this
  }

  unref(): this {
    if (this.#held) this.#session?.hold(-1)
    this.#held = false
    return this
  }

  /** It is on its way already, to where it was made for. */
  connect = () => this

  // The relay's own sockets have them set; time is kept by whoever asks.
  setNoDelay = () => this
  setKeepAlive = () => this
  setTimeout = () => this

  /** What has been written, as far as the other end will take it. */
  #send(): void {
    const session = this.#session
    if (this.#left) this.#drop()
    if (session === undefined) return
    while (this.#unsent !== undefined && this.#mayTell > 0) {
      const {bytes, done} = this.#unsent
      const now = bytes.subarray(0, Math.min(this.#mayTell, frameBytes))
      this.#mayTell -= now.length
      if (now.length > 0) session.tell({kind: 'data', id: this.#id, bytes: now})
      const rest = bytes.subarray(now.length)
      this.#unsent = rest.length > 0 ? {bytes: rest, done} : undefined
      if (rest.length === 0) done()
    }
    const ended = this.#unended
    if (this.#unsent !== undefined || ended === undefined) return
    this.#unended = undefined
    session.tell({kind: 'end', id: this.#id})
    ended()
  }

  /** Told by halves of the window, so that small answers cost no frame of their own. */
  #taken(): void {
    if (this.#received < windowBytes / 2) return
    this.#session?.tell({kind: 'taken', id: this.#id, count: this.#received})
    this.#received = 0
  }

  #leave(): void {
    this.#session?.forget(this.#id)
    if (this.#held) this.#session?.hold(-1)
    this.#held = false
    this.#session = undefined
    this.#left = true
    this.#drop()
  }

  /** What can't be sent any more is done with: an error tells, where there was one. */
  #drop(): void {
    const [unsent, unended] = [this.#unsent, this.#unended]
    this.#unsent = undefined
    this.#unended = undefined
    unsent?.done()
    unended?.()
  }
}
