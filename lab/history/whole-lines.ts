/** A file in portions of whole lines, packed with gzip or not, through one buffer of constant size, however long it is. */
import {closeSync, createReadStream, read as readAt} from 'node:fs'
import {promisify} from 'node:util'
import {createGunzip} from 'node:zlib'
import {openRegular} from '../words/regular-file.ts'

/** A run of a storm of an hour has its plan in its first line. */
export const longestLine = 16 * 2 ** 20
const portionBytes = 2 ** 20
const newline = 10

export interface Portion {
  /** Overwritten by the next portion. Whole lines, and behind the last line break of a file what is left. */
  readonly bytes: Buffer
  readonly isLast: boolean
  /** Of the file, as it lies there, so far: beside what they have become, unpacked. */
  readonly storedBytes: number
  readonly unpackedBytes: number
}

/** @throws what the system says, with its `code`; `Z_BUF_ERROR` of a packed file that breaks off. @param tooLong says so. */
export async function* wholeLines(file: string, tooLong: () => Error): AsyncGenerator<Portion> {
  await using source = sourceOf(file)
  // Only what lines have filled of it is ever in memory.
  const buffer = Buffer.allocUnsafeSlow(longestLine + portionBytes)
  let filled = 0
  let unpackedBytes = 0
  for (;;) {
    const count = await source.fill(buffer.subarray(filled, filled + portionBytes))
    if (count === 0) break
    unpackedBytes += count
    const all = buffer.subarray(0, filled + count)
    const end = all.lastIndexOf(newline) + 1
    yield {bytes: all.subarray(0, end), isLast: false, storedBytes: source.storedBytes(), unpackedBytes}
    buffer.copyWithin(0, end, all.length)
    filled = all.length - end
    if (filled > longestLine) throw tooLong()
  }
  yield {bytes: buffer.subarray(0, filled), isLast: true, storedBytes: source.storedBytes(), unpackedBytes}
}

interface Source extends AsyncDisposable {
  /** @returns how many bytes it has put there; 0 at the end. */
  readonly fill: (into: Buffer) => Promise<number>
  readonly storedBytes: () => number
}

const read = promisify(readAt)

function sourceOf(file: string): Source {
  const {fd} = openRegular(file)
  if (file.endsWith('.gz')) return unpacked(createReadStream('', {fd, highWaterMark: portionBytes}))
  let bytes = 0
  return {
    async fill(into) {
      const {bytesRead} = await read(fd, into, 0, into.length, null)
      bytes += bytesRead
      return bytesRead
    },
    storedBytes: () => bytes,
    async [Symbol.asyncDispose]() {
      closeSync(fd)
    },
  }
}

function unpacked(stored: ReturnType<typeof createReadStream>): Source {
  const stream = stored.pipe(createGunzip({chunkSize: portionBytes}))
  stored.on('error', error => stream.destroy(error))
  const chunks = stream[Symbol.asyncIterator]() as AsyncIterator<Buffer>
  return {
    async fill(into) {
      const {value, done} = await chunks.next()
      return done ? 0 : value.copy(into)
    },
    storedBytes: () => stored.bytesRead,
    async [Symbol.asyncDispose]() {
      stored.destroy()
      stream.destroy()
    },
  }
}
