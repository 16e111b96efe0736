/** The observer's end of the tunnel: makes the connections that the runner asks for, to addresses of the lab and to no other. */
import {connect as connectTcp, type Socket} from 'node:net'
import type {Readable, Writable} from 'node:stream'
import {encode, type Frame, FrameReader, frameBytes, mostConnections, protocol, windowBytes} from './frames.ts'

/** One connection into the lab's network. */
interface Connection {
  readonly socket: Socket
  /** Bytes that the runner will still take. */
  mayTell: number
  /** Bytes of the runner that the socket has not taken yet. */
  held: number
}

/**
 * Serves until its input ends, then closes every connection.
 * @param mayReach every `address:port` that may be asked for; another one ends in EACCES.
 * @throws Error when the input is no stream of frames, or disregards the windows.
 */
export async function relay(input: Readable, output: Writable, mayReach: ReadonlySet<string>): Promise<void> {
  output.on('error', () => input.destroy()) // nobody listens any more
  const connections = new Connections(output, mayReach)
  const reader = new FrameReader()
  // No `using`: the Node of the images is Debian's, which does not know it.
  try {
    for await (const chunk of input) for (const frame of reader.push(chunk as Buffer)) connections.take(frame)
  } catch (error) {
    if (!input.destroyed || (error as NodeJS.ErrnoException).code !== 'ERR_STREAM_PREMATURE_CLOSE') throw error
  } finally {
    connections.close()
  }
}

/** All that the runner has asked for. */
class Connections {
  readonly #connections = new Map<number, Connection>()
  readonly #output: Writable
  readonly #mayReach: ReadonlySet<string>

  constructor(output: Writable, mayReach: ReadonlySet<string>) {
    this.#output = output
    this.#mayReach = mayReach
    this.#tell({kind: 'ready', id: protocol})
  }

  close(): void {
    for (const {socket} of this.#connections.values()) socket.destroy()
  }

  #tell(frame: Frame): void {
    const output = this.#output
    // What is said in one turn goes in one piece: on its way to the runner are four programs.
    if (output.writableCorked === 0) {
      output.cork()
      process.nextTick(() => output.uncork())
    }
    output.write(encode(frame))
  }

  take(frame: Frame): void {
    const {kind, id} = frame
    if (kind === 'ping') this.#tell({kind: 'pong', id})
    else if (kind === 'open') this.#open(id, frame.to)
    else this.#takeFor(id, frame)
  }

  #takeFor(id: number, frame: Frame): void {
    const connection = this.#connections.get(id)
    // What is said about a connection that has just ended here crosses the news of that.
    if (connection === undefined) return
    switch (frame.kind) {
      case 'data':
        connection.held += frame.bytes.length
        if (connection.held > windowBytes) throw new Error(`connection ${id} sends more than it may`)
        connection.socket.write(frame.bytes, error => {
          connection.held -= frame.bytes.length
          if (!error && this.#connections.has(id)) this.#tell({kind: 'taken', id, count: frame.bytes.length})
        })
        return
      case 'taken':
        connection.mayTell += frame.count
        if (connection.mayTell > windowBytes) throw new Error(`connection ${id} takes more than it was sent`)
        connection.socket.resume()
        return
      case 'end':
        connection.socket.end()
        return
      case 'close':
        this.#connections.delete(id)
        connection.socket.destroy()
        return
      default:
        throw new Error(`\`${frame.kind}\` is not for the relay`)
    }
  }

  #open(id: number, to: string): void {
    if (this.#connections.has(id)) throw new Error(`connection ${id} is open already`)
    const refused = this.#mayReach.has(to) ? (this.#connections.size < mostConnections ? null : 'EMFILE') : 'EACCES'
    if (refused === null) this.#begin(id, to)
    else this.#tell({kind: 'close', id, code: refused})
  }

  #begin(id: number, to: string): void {
    const colon = to.lastIndexOf(':')
    const socket = connectTcp({
      host: to.slice(0, colon),
      port: Number(to.slice(colon + 1)),
      allowHalfOpen: true,
      noDelay: true,
    })
    const connection: Connection = {socket, mayTell: windowBytes, held: 0}
    this.#connections.set(id, connection)
    let code = ''
    socket.on('connect', () => this.#tell({kind: 'opened', id}))
    socket.on('data', (chunk: Buffer) => this.#hear(id, connection, chunk))
    socket.on('end', () => this.#connections.has(id) && this.#tell({kind: 'end', id}))
    socket.on('error', error => {
      code = (error as NodeJS.ErrnoException).code ?? 'EIO'
    })
    socket.on('close', () => {
      if (this.#connections.delete(id)) this.#tell({kind: 'close', id, code})
    })
  }

  /** Hands on as much as the runner will take; the rest waits in the socket, and behind that in the kernel. */
  #hear(id: number, connection: Connection, chunk: Buffer): void {
    const now = chunk.subarray(0, connection.mayTell)
    connection.mayTell -= now.length
    if (connection.mayTell === 0) connection.socket.pause()
    if (now.length < chunk.length) connection.socket.unshift(chunk.subarray(now.length))
    for (let at = 0; at < now.length; at += frameBytes)
      this.#tell({kind: 'data', id, bytes: now.subarray(at, at + frameBytes)})
  }
}
