/** Messages of PostgreSQL's protocol, version 3 (manual, "Message Formats"), cut out of a stream that comes in any pieces. */

/** One message; `whole` is false when its body was longer than what was kept of it. */
export interface Message {
  /** The byte that says what it is; empty for the packets that a connection begins with, which have none. */
  readonly type: string
  readonly body: Buffer
  readonly whole: boolean
}

const typeBytes = 1
const lengthBytes = 4
/** PostgreSQL takes no more in one message (`PQ_LARGE_MESSAGE_LIMIT`, MaxAllocSize). */
const longestBody = 0x3fff_ffff
/** Of a message that is read, no more than this is kept: nobody needs the values of a long INSERT to know what it is. */
const keptBytes = 64 * 1024
/** What a connection begins with is short (`MAX_STARTUP_PACKET_LENGTH`, `PG_MAX_AUTH_TOKEN_LENGTH`). */
const longestAtFirst = 1024 * 1024

/** What comes is not this protocol, or none that is known here. */
export class NotTheProtocol extends Error {}

/** Cuts whole messages, for where one decides what becomes of each: while a connection is being made. */
export class Cutter {
  #rest: Buffer = Buffer.alloc(0)

  push(chunk: Buffer): void {
    this.#rest = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk])
  }

  /** What has come and is in no message yet; it is the caller's from here on. */
  takeRest(): Buffer {
    const rest = this.#rest
    this.#rest = Buffer.alloc(0)
    return rest
  }

  /** One byte that is no message: the answer to SSLRequest and GSSENCRequest. */
  takeByte(): string | undefined {
    if (this.#rest.length === 0) return undefined
    const byte = String.fromCharCode(this.#rest[0]!)
    this.#rest = this.#rest.subarray(1)
    return byte
  }

  /** The type of the next message, when so much of it has come. */
  peek(): string | undefined {
    return this.#rest.length === 0 ? undefined : String.fromCharCode(this.#rest[0]!)
  }

  /** The next message and its bytes as they came. @throws NotTheProtocol */
  next(typed: boolean): {message: Message; bytes: Buffer} | undefined {
    const header = (typed ? typeBytes : 0) + lengthBytes
    if (this.#rest.length < header) return undefined
    const end = (typed ? typeBytes : 0) + this.#rest.readInt32BE(header - lengthBytes)
    if (end < header || end > longestAtFirst) throw new NotTheProtocol(`a message of ${end} bytes`)
    if (this.#rest.length < end) return undefined
    const bytes = this.#rest.subarray(0, end)
    this.#rest = this.#rest.subarray(end)
    const type = typed ? String.fromCharCode(bytes[0]!) : ''
    return {message: {type, body: bytes.subarray(header), whole: true}, bytes}
  }
}

/** Reads along while the bytes themselves have gone on already: keeps little of a message, and nothing of most. */
export class Reader {
  readonly #wanted: string
  readonly #header = Buffer.alloc(typeBytes + lengthBytes)
  #headerBytes = 0
  /** Of the message under way. */
  #leftBytes = 0
  #kept: Buffer[] = []
  #keptBytes = 0
  #bodyBytes = 0

  /** @param wanted the types whose bodies are kept; the others come without. */
  constructor(wanted: string) {
    this.#wanted = wanted
  }

  /** The next byte is the first of a message. */
  get isBetween(): boolean {
    return this.#headerBytes === 0
  }

  /** The messages that end in this piece. @throws NotTheProtocol */
  *read(chunk: Buffer): Generator<Message> {
    let at = 0
    for (;;) {
      if (this.#headerBytes < this.#header.length) {
        const taken = chunk.copy(this.#header, this.#headerBytes, at, at + this.#header.length - this.#headerBytes)
        at += taken
        this.#headerBytes += taken
        if (this.#headerBytes < this.#header.length) return
        this.#bodyBytes = this.#header.readInt32BE(typeBytes) - lengthBytes
        if (this.#bodyBytes < 0 || this.#bodyBytes > longestBody)
          throw new NotTheProtocol(`a message of ${this.#bodyBytes} bytes`)
        this.#leftBytes = this.#bodyBytes
      }
      const here = chunk.subarray(at, at + this.#leftBytes)
      at += here.length
      this.#leftBytes -= here.length
      const type = String.fromCharCode(this.#header[0]!)
      const wanted = this.#wanted.includes(type)
      if (wanted && this.#keptBytes < keptBytes) {
        const kept = here.subarray(0, keptBytes - this.#keptBytes)
        this.#kept.push(kept)
        this.#keptBytes += kept.length
      }
      if (this.#leftBytes > 0) return
      const body = this.#kept.length === 1 ? this.#kept[0]! : Buffer.concat(this.#kept)
      const whole = wanted && body.length === this.#bodyBytes
      this.#headerBytes = 0
      this.#kept = []
      this.#keptBytes = 0
      yield {type, body, whole}
    }
  }
}

/** A text that ends with a zero byte, and where the next begins; what was cut off ends with the body. */
export function textAt(body: Buffer, start: number): {text: string; next: number} {
  const zero = body.indexOf(0, start)
  const end = zero === -1 ? body.length : zero
  return {text: body.toString('utf8', start, end), next: end + 1}
}

/** The fields of an ErrorResponse or a NoticeResponse by their letter: V severity, C SQLSTATE, M message (S before 9.6). */
export function fieldsOf(body: Buffer): ReadonlyMap<string, string> {
  const fields = new Map<string, string>()
  for (let at = 0; at < body.length && body[at] !== 0; ) {
    const {text, next} = textAt(body, at + 1)
    fields.set(String.fromCharCode(body[at]!), text)
    at = next
  }
  return fields
}

/** The texts of a DataRow, null for NULL. */
export function rowOf(body: Buffer): (string | null)[] {
  const values: (string | null)[] = []
  let at = 2
  for (let column = 0; column < body.readInt16BE(0); column++) {
    const length = body.readInt32BE(at)
    at += lengthBytes
    values.push(length === -1 ? null : body.toString('utf8', at, at + length))
    at += Math.max(0, length)
  }
  return values
}

/** A simple query. */
export function query(text: string): Buffer {
  const body = Buffer.from(`${text}\0`)
  const bytes = Buffer.alloc(typeBytes + lengthBytes + body.length)
  bytes.write('Q')
  bytes.writeInt32BE(lengthBytes + body.length, typeBytes)
  body.copy(bytes, typeBytes + lengthBytes)
  return bytes
}

/** What the first packets of a connection ask for, by their code (`protocol version` or `request code` in the manual). */
type Opening = 'startup' | 'ssl' | 'gss' | 'cancel' | 'other'

/** @param body of a packet without a type. */
export function openingOf(body: Buffer): Opening {
  if (body.length < 4) return 'other'
  switch (body.readInt32BE(0)) {
    case 80877103:
      return 'ssl'
    case 80877104:
      return 'gss'
    case 80877102:
      return 'cancel'
    default:
      return body.readInt16BE(0) === 3 ? 'startup' : 'other'
  }
}

/** The parameters of a StartupMessage, e.g. user and database. */
export function parametersOf(body: Buffer): ReadonlyMap<string, string> {
  const parameters = new Map<string, string>()
  for (let at = 4; at < body.length && body[at] !== 0; ) {
    const name = textAt(body, at)
    const value = textAt(body, name.next)
    parameters.set(name.text, value.text)
    at = value.next
  }
  return parameters
}
