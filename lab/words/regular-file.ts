/**
 * Files that somebody else may have laid out. A link could lead anywhere (/etc/shadow, /dev/zero), and a FIFO never ends: only a
 * regular file is read, and of a folder only what really lies in it.
 */
import {isUtf8} from 'node:buffer'
import {closeSync, constants, fstatSync, openSync, readSync, realpathSync} from 'node:fs'
import {basename, dirname, join, resolve} from 'node:path'
import {LabError} from './errors.ts'
import {next, quoted, shell} from './next-step.ts'

/**
 * A descriptor to read from; the caller closes it.
 * @param path its folder may be named by links; the file itself is none. @param shown what complaints call it.
 * @throws LabError `config`; ENOENT and its like as the system has them.
 */
export function openRegular(path: string, shown = path): {readonly fd: number; readonly bytes: number} {
  const file = join(realpathSync(dirname(path)), basename(path))
  let fd: number
  try {
    // Without O_NONBLOCK the opening of a FIFO would wait for a writer.
    fd = openSync(file, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ELOOP') throw notRegular(shown, 'it is a link', error)
    if ((error as NodeJS.ErrnoException).code === 'ENXIO') throw notRegular(shown, 'it is a socket', error)
    throw error
  }
  const stat = fstatSync(fd)
  if (stat.isFile()) return {fd, bytes: stat.size}
  closeSync(fd)
  throw notRegular(shown, stat.isDirectory() ? 'it is a folder' : 'it is a device or a pipe')
}

/**
 * As text; of a longer file its beginning, and `cut` tells so. @param shown what complaints call it.
 * @throws LabError `config` for what is no UTF-8: its bytes would be read as other letters.
 */
export function readRegular(
  path: string,
  mostBytes: number,
  shown = path,
): {readonly text: string; readonly cut: boolean} {
  const {read, cut} = beginningOf(path, mostBytes, shown)
  // Of a file that is cut, a letter may be as well.
  return {text: cut ? read.toString('utf8') : utf8(shown, read), cut}
}

/** The beginning of a file as it is. */
export function readRegularBytes(path: string, mostBytes: number): Buffer {
  return beginningOf(path, mostBytes, path).read
}

/** @throws LabError `config` that says where the first byte is that is none of UTF-8. */
function utf8(path: string, bytes: Buffer): string {
  if (isUtf8(bytes)) return bytes.toString('utf8')
  const start = validUntil(bytes)
  const line = bytes.subarray(0, start).filter(one => one === 0x0a).length + 1
  // Where a letter would be, its decoder has put what stands for none.
  const column = bytes.subarray(start).toString('utf8').indexOf('\ufffd') + 1
  throw new LabError('config', `${path}:${line}:${column}: this is not UTF-8`, {
    hint: next`to see where: ${shell(`grep -naxv '.*' ${quoted(path)}`)}`,
  })
}

/** How many bytes stand before the first line that is not UTF-8. */
export function validUntil(bytes: Buffer): number {
  let from = 0
  for (let to = bytes.indexOf(0x0a); to >= 0 && isUtf8(bytes.subarray(from, to)); to = bytes.indexOf(0x0a, from))
    from = to + 1
  return from
}

function beginningOf(path: string, mostBytes: number, shown: string): {readonly read: Buffer; readonly cut: boolean} {
  const {fd, bytes} = openRegular(path, shown)
  try {
    const buffer = Buffer.alloc(Math.min(bytes, mostBytes))
    let filled = 0
    for (let read = -1; read !== 0 && filled < buffer.length; filled += read)
      read = readSync(fd, buffer, filled, buffer.length - filled, filled)
    return {read: buffer.subarray(0, filled), cut: bytes > mostBytes}
  } finally {
    closeSync(fd)
  }
}

function notRegular(path: string, why: string, cause?: unknown): LabError {
  return new LabError('config', `${path} is not read: ${why}`, {
    cause,
    hint: next`only regular files are read: copy what it holds into one, and name that; to see it: ${shell(`ls -ld ${quoted(resolve(path))}`)}`,
  })
}
