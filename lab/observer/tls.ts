/**
 * Connections whose other end proves who it is, by a CA: to HTTP over whatever leads there, and to PostgreSQL, which is asked for TLS
 * first. The second one runs on the Node of the images as well (20): nothing newer than that in here.
 */
import {Socket} from 'node:net'
import {Duplex} from 'node:stream'
import type {TLSSocket} from 'node:tls'

/** Loaded when a connection wants it, and not by an import, which would read every name that it has: one is all CAs there are. */
function tls() {
  return process.getBuiltinModule('node:tls')
}

/** PEM. */
export interface Identity {
  /** Whom to believe. */
  readonly ca: string
  /** A key and its certificate, to be shown where they are asked for. */
  readonly own?: string
}

/** @param host whose certificate it has to be. What ends the way there (`NoWay`, the kernel's codes) is told as it was. */
export function overTls(way: Duplex, host: string, {ca, own}: Identity): TLSSocket {
  const secure = tls().connect({socket: way, host, ca, ...(own === undefined ? {} : {key: own, cert: own})})
  secure.on('close', () => way.destroy())
  // It is the way that may keep a process alive.
  const held = way as Partial<Pick<Socket, 'ref' | 'unref'>>
  secure.ref = () => {
    held.ref?.()
    return secure
  }
  secure.unref = () => {
    held.unref?.()
    return secure
  }
  return secure
}

/** The first packet of a client that wants TLS (protocol.sgml: SSLRequest). */
const sslRequest = Buffer.from([0, 0, 0, 8, 4, 210, 22, 47])

/**
 * In the place of the socket to a server, for a driver or a relay that then speaks as it would in the clear: `connect` comes when the
 * server has proven who it is. Who ends it with an error hears that error.
 */
export class ServerTls extends Duplex {
  readonly #identity: Identity
  readonly #raw = new Socket({allowHalfOpen: true})
  #secure: TLSSocket | undefined
  #waiting: (() => void) | undefined
  /** Until the handshake is over. */
  connecting = true

  constructor(identity: Identity) {
    super({allowHalfOpen: true})
    this.#identity = identity
  }

  connect(port: number, host: string): this {
    const raw = this.#raw
    raw.setNoDelay(true)
    raw.once('connect', () => raw.write(sslRequest))
    raw.once('data', (answer: Buffer) => this.#shake(answer, host))
    raw.once('end', () => this.#over())
    raw.on('error', error => this.destroy(error))
    raw.once('close', () => this.#secure === undefined && this.destroy())
    raw.connect({port, host})
    return this
  }

  #shake(answer: Buffer, host: string): void {
    // What would come behind it comes from somebody in between.
    if (answer.toString('latin1') !== 'S') return void this.destroy(new Error('the server does not speak TLS'))
    const secure = tls().connect({socket: this.#raw, host, ca: this.#identity.ca})
    this.#secure = secure
    secure.once('secureConnect', () => {
      this.connecting = false
      this.emit('connect')
      this.#waiting?.()
    })
    secure.on('data', (chunk: Buffer) => {
      if (!this.push(chunk)) secure.pause()
    })
    secure.once('end', () => this.#over())
    secure.on('error', error => this.destroy(error))
    secure.once('close', () => this.destroy())
  }

  /** The server has hung up. */
  #over(): void {
    if (!this.readableEnded) this.push(null)
    if (this.connecting) this.end()
  }

  #whenReady(then: (secure: TLSSocket) => void): void {
    const go = () => then(this.#secure as TLSSocket)
    if (this.connecting) this.#waiting = go
    else go()
  }

  override _read(): void {
    this.#secure?.resume()
  }

  override _write(bytes: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    this.#whenReady(secure => secure.write(bytes, done))
  }

  override _writev(chunks: {chunk: Buffer}[], done: (error?: Error | null) => void): void {
    this._write(Buffer.concat(chunks.map(one => one.chunk)), 'utf8', done)
  }

  override _final(done: (error?: Error | null) => void): void {
    if (this.connecting) this.#raw.end(done)
    else this.#secure?.end(done)
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#secure?.destroy()
    this.#raw.destroy()
    done(error)
  }

  resetAndDestroy(): this {
    this.#raw.resetAndDestroy()
    return this.destroy()
  }

  setNoDelay(): this {
    return this // it has it
  }

  setKeepAlive(on?: boolean, delayMs?: number): this {
    this.#raw.setKeepAlive(on, delayMs)
    return this
  }

  ref(): this {
    this.#raw.ref()
    return this
  }

  unref(): this {
    this.#raw.unref()
    return this
  }
}
