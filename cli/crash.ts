/** A bug of ours: what is needed to find it goes into a file, and the command says which. It is never a verdict. */
import {readFileSync, writeFileSync} from 'node:fs'
import {join} from 'node:path'
import {fileURLToPath} from 'node:url'
import {LabError, makeFolder, next, onLab, packageRoot, printable, stateRoot} from '../lab/inside/start.ts'
import {caller} from './called-as.ts'

/** The bug as the error that the command ends with; its report lies in the state directory by then. */
export function crashed(error: unknown, argv: readonly string[] = process.argv): LabError {
  const what = printable(error instanceof Error ? `${error.name}: ${error.message}` : String(error)).slice(0, 500)
  const says = `pgha-lab crashed: ${what}. This is a bug of pgha-lab and says nothing about the cluster`
  const report = reportOf(error, argv)
  const heal = next`what may be left broken is mended by: ${onLab(labIn(argv), 'heal')}`
  try {
    const folder = join(stateRoot(), 'crashes')
    const file = join(folder, `${new Date().toISOString().replace(/[-:.]/g, '')}-${process.pid}.txt`)
    makeFolder(folder)
    writeFileSync(file, report, {mode: 0o600})
    return new LabError('crashed', `${says}; its report is ${file}`, {
      cause: error,
      hint: next`report the bug with that file\n${heal}`,
    })
  } catch {
    // The state directory cannot be written, which must not hide the bug itself.
    return new LabError('crashed', `${says}\n${report}`, {
      cause: error,
      hint: next`report the bug with these lines\n${heal}`,
    })
  }
}

/** The lab that the command was about, as far as its words tell. */
function labIn(argv: readonly string[]): string {
  const at = argv.findIndex(one => one === '--name' || one === '-n')
  const written = at < 0 ? argv.find(one => one.startsWith('--name='))?.slice('--name='.length) : argv[at + 1]
  return written || caller().lab
}

function reportOf(error: unknown, argv: readonly string[]): string {
  const version = (() => {
    try {
      return (JSON.parse(readFileSync(join(packageRoot, 'package.json'), 'utf8')) as {version: string}).version
    } catch {
      return 'unknown'
    }
  })()
  return [
    `pgha-lab ${version}, Node ${process.version}, ${process.platform} ${process.arch}`,
    `at ${new Date().toISOString()}`,
    `command: ${JSON.stringify(argv.slice(2).map(withoutSecrets))}`,
    '',
    ...causes(error),
    '',
  ].join('\n')
}

/** The stack, and those of what caused it. */
function causes(error: unknown): string[] {
  if (!(error instanceof Error)) return [String(error)]
  const text = sourcesNamed(error.stack ?? String(error))
  return error.cause === undefined ? [text] : [text, 'caused by', ...causes(error.cause)]
}

/**
 * The stack with the source behind each place in the built program, whose files are made of many: there a comment on a line of its
 * own says where each begins (`// cli/crash.ts`).
 */
export function sourcesNamed(stack: string): string {
  return stack.replaceAll(/file:\/\/[^\s()]+\.js:(\d+):\d+/g, (place, line: string) => {
    try {
      const before = readFileSync(fileURLToPath(place.replace(/:\d+:\d+$/, '')), 'utf8').split('\n', Number(line))
      const source = before.findLast(one => beginsSource.test(one))
      return source === undefined ? place : `${place} of ${source.slice('// '.length)}`
    } catch {
      return place
    }
  })
}

const beginsSource = /^\/\/ \S+\.[cm]?[jt]sx?$/

/** Values of what is called a password or the like, and those in the address of a server. */
export function withoutSecrets(argument: string): string {
  return argument
    .replace(/^([^=]*(?:pass|secret|token|credential|auth|key)[^=]*=).*$/is, '$1***')
    .replace(/:\/\/([^:@/\s]*):[^@/\s]*@/g, '://$1:***@')
}
