/** What comes on stdin, where a person writes `-` for a file. It comes once, and may be asked for twice. */
import {mkdtempSync, readSync, rmSync, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'

/** How a person writes it. */
export const stdin = '-'

/** A recorded run, unpacked or packed; what is longer is cut, and then refused as a broken record. */
const mostKeptBytes = 2 ** 30

let read: Buffer | undefined
let kept: string | undefined

/** All of it, or its beginning. */
export function readStdin(mostBytes: number): Buffer {
  read ??= fromDescriptor(mostBytes)
  return read
}

/** As a file of events, for what reads files; it goes with this process. */
export function keptStdin(): string {
  if (kept !== undefined) return kept
  const bytes = readStdin(mostKeptBytes)
  const folder = mkdtempSync(join(tmpdir(), 'pgha-lab-stdin-'))
  process.once('exit', () => rmSync(folder, {recursive: true, force: true}))
  const isPacked = bytes[0] === 0x1f && bytes[1] === 0x8b
  kept = join(folder, isPacked ? 'events.ndjson.gz' : 'events.ndjson')
  writeFileSync(kept, bytes, {mode: 0o600})
  return kept
}

function fromDescriptor(mostBytes: number): Buffer {
  const chunks: Buffer[] = []
  let length = 0
  while (length < mostBytes) {
    const chunk = Buffer.alloc(Math.min(65_536, mostBytes - length))
    const bytes = nextOf(chunk)
    if (bytes === 0) break
    chunks.push(chunk.subarray(0, bytes))
    length += bytes
  }
  return Buffer.concat(chunks)
}

/** A terminal or a pipe that is set to answer at once says EAGAIN while nothing is there. */
function nextOf(chunk: Buffer): number {
  for (;;)
    try {
      return readSync(0, chunk)
    } catch (error) {
      const {code} = error as NodeJS.ErrnoException
      if (code === 'EOF') return 0
      if (code !== 'EAGAIN') throw error
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 20)
    }
}
