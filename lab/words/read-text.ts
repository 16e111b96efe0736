/** The text of a file that a person named. */
import {isUtf8} from 'node:buffer'
import {existsSync, readdirSync, readlinkSync, realpathSync} from 'node:fs'
import {basename, extname} from 'node:path'
import {nearest} from './did-you-mean.ts'
import {LabError} from './errors.ts'
import {type Hint, next, quoted, shell} from './next-step.ts'
import {printableName} from './printable.ts'
import {readRegular} from './regular-file.ts'
import {readStdin, stdin} from './stdin.ts'

/** No scenario or topology that a person or a storm writes comes near; what YAML makes of so much takes a second or two. */
const mostFileBytes = 2 ** 20

/** The text of a file a person named, `-` for stdin; a link is followed. @throws LabError `config` */
export function readText(file: string, what: string, hint?: Hint): string {
  if (file === stdin) return textOfStdin(what)
  try {
    const {text, cut} = readRegular(realpathSync(file), mostFileBytes, file)
    if (!cut) return text
    throw new LabError(
      'config',
      `${printableName(file)}: cannot read this ${what}: it is longer than ${mostFileBytes / 2 ** 20} MB`,
    )
  } catch (error) {
    const look = next`to see it: ${shell(`ls -l ${quoted(file)}`)}`
    if (error instanceof LabError)
      throw new LabError(error.code, error.message, {cause: error, hint: error.next ?? look})
    const {code, message} = error as NodeJS.ErrnoException
    if (code === 'ENOENT') throw noSuchFile(file, what, hint)
    throw new LabError(
      'config',
      `${printableName(file)}: cannot read this ${what}: ${code === 'EISDIR' ? 'it is a folder' : message}`,
      {
        cause: error,
        hint: look,
      },
    )
  }
}

function textOfStdin(what: string): string {
  const bytes = readStdin(mostFileBytes + 1)
  if (bytes.length === 0) throw new LabError('config', `-: cannot read this ${what}: there is nothing on stdin`)
  if (bytes.length > mostFileBytes)
    throw new LabError('config', `-: cannot read this ${what}: it is longer than ${mostFileBytes / 2 ** 20} MB`)
  if (!isUtf8(bytes)) throw new LabError('config', `-: cannot read this ${what}: it is not UTF-8`)
  return bytes.toString('utf8')
}

/** Another beside it may be meant: one with nearly that name. Endings are alike anyway. */
function noSuchFile(file: string, what: string, hint?: Hint): LabError {
  const shown = printableName(file)
  const target = linkTarget(file)
  if (target !== undefined)
    return new LabError(
      'config',
      `${shown}: cannot read this ${what}: it is a link to ${printableName(target)}, which is not there`,
      {hint},
    )
  const folder = file.slice(0, file.length - basename(file).length)
  const stem = (name: string) => basename(name, extname(name))
  const beside = existsSync(folder || '.') ? readdirSync(folder || '.').filter(name => /\.ya?ml$/.test(name)) : []
  const near = nearest(stem(file), beside.map(stem))
  const meant = beside.find(name => stem(name) === near)
  const says = `${shown}: cannot read this ${what}: there is no such file`
  return new LabError(
    'config',
    meant === undefined ? says : `${says}, did you mean \`${printableName(`${folder}${meant}`)}\`?`,
    {
      hint,
      instead: meant === undefined ? [] : [{written: file, meant: `${folder}${meant}`}],
    },
  )
}

/** Where a link leads to; undefined for what is none. */
function linkTarget(file: string): string | undefined {
  try {
    return readlinkSync(file)
  } catch {
    return undefined
  }
}
