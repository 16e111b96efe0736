/**
 * What the runner and the relay in the observer tell each other: many connections on one byte stream. Each frame is a byte for its
 * kind, four for the connection, two for the length of what follows. The relay runs on Node 20: nothing newer than that in here.
 */

/** Said by the relay with its first frame. A lab keeps the images that it was raised with, and so the relay of that time. */
export const protocol = 1

/** One `data` frame has no more than this. */
export const frameBytes = 16 * 1024
/** So much may be under way in each direction of a connection before the other end has taken it: what a stalled one holds. */
export const windowBytes = 64 * 1024
/** Connections at once over one stream; together with `windowBytes` the most that either end ever holds: 16 MiB. */
export const mostConnections = 256

/** `id`: the connection, numbered by the runner; never used twice. */
export type Frame =
  /** Runner: connect to this `address:port`. What it sends right after is sent when there is a connection. */
  | {readonly kind: 'open'; readonly id: number; readonly to: string}
  | {readonly kind: 'opened'; readonly id: number}
  | {readonly kind: 'data'; readonly id: number; readonly bytes: Buffer}
  /** The other end has taken so many bytes: as many more may be sent. */
  | {readonly kind: 'taken'; readonly id: number; readonly count: number}
  /** Half of the connection is closed: nothing more comes from here. */
  | {readonly kind: 'end'; readonly id: number}
  /** The connection is gone; `code` as the kernel calls it (ECONNREFUSED ...), empty for an orderly end. */
  | {readonly kind: 'close'; readonly id: number; readonly code: string}
  /** Answered at once by `pong` with the same number, whatever the connections do. */
  | {readonly kind: 'ping'; readonly id: number}
  | {readonly kind: 'pong'; readonly id: number}
  /** The relay's first frame; its number is its protocol. */
  | {readonly kind: 'ready'; readonly id: number}

const kinds = ['open', 'opened', 'data', 'taken', 'end', 'close', 'ping', 'pong', 'ready'] as const
const headerBytes = 7

export function encode(frame: Frame): Buffer {
  const payload = payloadOf(frame)
  if (payload.length > frameBytes) throw new RangeError(`a frame of ${payload.length} bytes`)
  const bytes = Buffer.allocUnsafe(headerBytes + payload.length)
  bytes.writeUInt8(kinds.indexOf(frame.kind), 0)
  bytes.writeUInt32BE(frame.id, 1)
  bytes.writeUInt16BE(payload.length, 5)
  payload.copy(bytes, headerBytes)
  return bytes
}

const nothing = Buffer.alloc(0)

function payloadOf(frame: Frame): Buffer {
  switch (frame.kind) {
    case 'open':
      return Buffer.from(frame.to, 'latin1')
    case 'close':
      return Buffer.from(frame.code, 'latin1')
    case 'data':
      return frame.bytes
    case 'taken': {
      const count = Buffer.allocUnsafe(4)
      count.writeUInt32BE(frame.count)
      return count
    }
    default:
      return nothing
  }
}

/** Puts frames together from chunks that are cut anywhere. */
export class FrameReader {
  #rest: Buffer = nothing

  /** @throws Error for what is no frame; the stream is of no use from then on. */
  push(chunk: Buffer): Frame[] {
    const all = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk])
    const frames: Frame[] = []
    let at = 0
    while (all.length - at >= headerBytes) {
      const length = all.readUInt16BE(at + 5)
      const kind = kinds[all.readUInt8(at)]
      // Told before its payload is waited for: garbage must not make anybody wait.
      if (kind === undefined || length > frameBytes)
        throw new Error(`no frame: ${all.toString('hex', at, at + headerBytes)}`)
      if (all.length - at < headerBytes + length) break
      const payload = all.subarray(at + headerBytes, at + headerBytes + length)
      frames.push(decode(kind, all.readUInt32BE(at + 1), payload))
      at += headerBytes + length
    }
    this.#rest = all.subarray(at)
    return frames
  }
}

function decode(kind: Frame['kind'], id: number, payload: Buffer): Frame {
  switch (kind) {
    case 'open':
      return {kind, id, to: payload.toString('latin1')}
    case 'close':
      return {kind, id, code: payload.toString('latin1')}
    case 'data':
      return {kind, id, bytes: payload}
    case 'taken':
      if (payload.length !== 4) throw new Error(`no frame: \`taken\` with ${payload.length} bytes`)
      return {kind, id, count: payload.readUInt32BE()}
    default:
      if (payload.length > 0) throw new Error(`no frame: \`${kind}\` with ${payload.length} bytes`)
      return {kind, id}
  }
}
