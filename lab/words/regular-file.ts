/**
 * Files that somebody else may have laid out. A link could lead anywhere (/etc/shadow, /dev/zero), and a FIFO never ends: only a
 * regular file is read, and of a folder only what really lies in it.
 */
import {closeSync, constants, fstatSync, openSync, readSync, realpathSync} from 'node:fs'
import {basename, dirname, join} from 'node:path'
import {LabError} from './errors.ts'

/**
 * A descriptor to read from; the caller closes it.
 * @param path its folder may be named by links; the file itself is none.
 * @throws LabError `config`; ENOENT and its like as the system has them.
 */
export function openRegular(path: string): {readonly fd: number; readonly bytes: number} {
  const file = join(realpathSync(dirname(path)), basename(path))
  let fd: number
  try {
    // Without O_NONBLOCK the opening of a FIFO would wait for a writer.
    fd = openSync(file, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ELOOP') throw notRegular(path, 'it is a link', error)
    if ((error as NodeJS.ErrnoException).code === 'ENXIO') throw notRegular(path, 'it is a socket', error)
    throw error
  }
  const stat = fstatSync(fd)
  if (stat.isFile()) return {fd, bytes: stat.size}
  closeSync(fd)
  throw notRegular(path, stat.isDirectory() ? 'it is a folder' : 'it is a device or a pipe')
}

/** As text; of a longer file its beginning, and `cut` tells so. */
export function readRegular(path: string, mostBytes: number): {readonly text: string; readonly cut: boolean} {
  const {fd, bytes} = openRegular(path)
  try {
    const buffer = Buffer.alloc(Math.min(bytes, mostBytes))
    let filled = 0
    for (let read = -1; read !== 0 && filled < buffer.length; filled += read)
      read = readSync(fd, buffer, filled, buffer.length - filled, filled)
    return {text: buffer.toString('utf8', 0, filled), cut: bytes > mostBytes}
  } finally {
    closeSync(fd)
  }
}

function notRegular(path: string, why: string, cause?: unknown): LabError {
  return new LabError('config', `${path} is not read: ${why}`, {
    cause,
    hint: 'only regular files are read: copy what it holds into one, and name that',
  })
}
