/** Messages of PostgreSQL's protocol, version 3, as a client or a server sends them. */

export function message(type: string, ...body: Buffer[]): Buffer {
  const content = Buffer.concat(body)
  return Buffer.concat([Buffer.from(type), int32(content.length + 4), content])
}

export function startup(parameters: Readonly<Record<string, string>>): Buffer {
  const pairs = Object.entries(parameters).map(([name, value]) => Buffer.concat([text(name), text(value)]))
  return packet(int32(196608), ...pairs, Buffer.alloc(1))
}

/** A packet without a type. */
export function packet(...body: Buffer[]): Buffer {
  const content = Buffer.concat(body)
  return Buffer.concat([int32(content.length + 4), content])
}

export const sslRequest = packet(int32(80877103))
export const cancelRequest = packet(int32(80877102), int32(1), int32(2))

export const parse = (name: string, sql: string) => message('P', text(name), text(sql), int16(0))
export const bind = (portal: string, name: string) =>
  message('B', text(portal), text(name), int16(0), int16(0), int16(0))
export const execute = (portal: string) => message('E', text(portal), int32(0))
export const closeStatement = (name: string) => message('C', Buffer.from('S'), text(name))
export const sync = message('S')
export const terminate = message('X')
export const copyData = message('d', Buffer.from('1\n'))
export const copyDone = message('c')

export const command = (tag: string) => message('C', text(tag))
export const ready = (status: 'I' | 'T' | 'E') => message('Z', Buffer.from(status))
export const copyIn = message('G', Buffer.from([0]), int16(0))
export const copyOut = message('H', Buffer.from([0]), int16(0))
export const errorOf = (severity: 'ERROR' | 'FATAL', code: string) => message('E', fields(severity, code, 'no'))
export const noticeOf = (code: string, says: string) => message('N', fields('WARNING', code, says))
export const authenticationOk = message('R', int32(0))

export function row(values: readonly (string | null)[]): Buffer {
  const cells = values.map(value =>
    value === null ? int32(-1) : Buffer.concat([int32(Buffer.byteLength(value)), Buffer.from(value)]),
  )
  return message('D', int16(values.length), ...cells)
}

export function fields(severity: string, code: string, says: string): Buffer {
  return Buffer.concat([
    text(`S${severity}`),
    text(`V${severity}`),
    text(`C${code}`),
    text(`M${says}`),
    Buffer.alloc(1),
  ])
}

export function text(value: string): Buffer {
  return Buffer.from(`${value}\0`)
}

export function int32(value: number): Buffer {
  const buffer = Buffer.alloc(4)
  buffer.writeInt32BE(value)
  return buffer
}

export function int16(value: number): Buffer {
  const buffer = Buffer.alloc(2)
  buffer.writeInt16BE(value)
  return buffer
}
