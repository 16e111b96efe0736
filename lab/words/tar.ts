/** A few small files as the engine takes them into a container and gives them back: a tar archive (POSIX ustar). */

interface TarFile {
  /** Relative to where it is unpacked; up to 99 bytes of ASCII. */
  readonly path: string
  readonly text: string
  readonly mode: number
  readonly uid?: number
  readonly gid?: number
}

const block = 512

export function tarOf(files: readonly TarFile[]): Buffer {
  const parts = files.flatMap(file => {
    const content = Buffer.from(file.text)
    return [header(file, content.length), content, Buffer.alloc(padding(content.length))]
  })
  return Buffer.concat([...parts, Buffer.alloc(2 * block)])
}

function header({path, mode, uid = 0, gid = 0}: TarFile, size: number): Buffer {
  if (!/^[\x21-\x7e]{1,99}$/.test(path)) throw new TypeError(`not a path for this archive: ${path}`)
  const head = Buffer.alloc(block)
  const octal = (value: number, at: number, length: number) =>
    head.write(value.toString(8).padStart(length - 1, '0'), at, 'ascii')
  head.write(path, 0, 'ascii')
  octal(mode, 100, 8)
  octal(uid, 108, 8)
  octal(gid, 116, 8)
  octal(size, 124, 12)
  octal(0, 136, 12)
  head.write('        0', 148, 'ascii') // the checksum counts as blanks; a plain file
  head.write('ustar\u000000', 257, 'ascii')
  octal(
    head.reduce((sum, byte) => sum + byte, 0),
    148,
    7,
  )
  return head
}

/** The text of the first plain file of an archive; undefined when it has none. */
export function firstFile(archive: Buffer): string | undefined {
  for (let at = 0; at + block <= archive.length; ) {
    const size = Number.parseInt(archive.toString('ascii', at + 124, at + 136), 8)
    if (!Number.isSafeInteger(size) || size < 0) return undefined // its end, or no archive
    const content = at + block
    if (['0', '\0'].includes(archive.toString('ascii', at + 156, at + 157)) && archive[at] !== 0)
      return archive.toString('utf8', content, content + size)
    at = content + size + padding(size)
  }
  return undefined
}

function padding(size: number): number {
  return (block - (size % block)) % block
}
