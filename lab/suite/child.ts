/** pgha-lab as a child process: a run has an event loop, a lock and an ending of its own. */
import {existsSync} from 'node:fs'
import {extname, join} from 'node:path'
import {execa} from 'execa'
import {exitCodes} from '../words/errors.ts'
import {packageRoot} from '../words/package-root.ts'

export interface Ended {
  readonly exitCode: number | undefined
  readonly stdout: string
  readonly stderr: string
}

/** @param env beside that of this process; undefined takes one away. */
export type RunChild = (
  args: readonly string[],
  signal: AbortSignal,
  env?: Readonly<Record<string, string | undefined>>,
) => Promise<Ended>

/** Output is kept to bounds; a report has some 100 kB. */
const mostOutputBytes = 20_000_000
/** An interrupted run heals its faults and ends; one that does not is killed, and its lab is removed. */
export const healsWithinMs = 120_000

export const interruptedBefore: Ended = {
  exitCode: exitCodes.interrupted,
  stdout: '',
  stderr: 'interrupted before it began',
}

/** This very version's command line, from sources or built; also after another has been built beside it. */
export function ourselves(): readonly [string, string] {
  const own = join(import.meta.dirname, 'main.js')
  const main = extname(import.meta.filename) === '.ts' ? join('cli', 'main.ts') : join('dist', 'cli', 'main.js')
  return [process.execPath, existsSync(own) ? own : join(packageRoot, main)]
}

/**
 * @param command the program and its first arguments, before the sub-command.
 * The child leads a process group of its own, so that Ctrl-C reaches it once, through us: twice would mean "leave at once".
 */
export function childOf(command: readonly [string, ...string[]]): RunChild {
  const [program, ...first] = command
  return async (args, signal, env) => {
    const child = execa(program, [...first, ...args], {
      detached: true,
      // A channel that nobody speaks on: it breaks when we are gone, SIGKILL included, and then the child heals and ends.
      ipc: true,
      reject: false,
      stdin: 'ignore',
      maxBuffer: mostOutputBytes,
      env: {...env, NO_COLOR: '1'},
    })
    let patience: NodeJS.Timeout | undefined
    const interrupt = () => {
      child.kill('SIGINT')
      patience = setTimeout(() => child.kill('SIGKILL'), healsWithinMs)
    }
    if (signal.aborted) interrupt()
    signal.addEventListener('abort', interrupt, {once: true})
    const {exitCode, signal: killedBy, stdout, stderr, shortMessage} = await child
    signal.removeEventListener('abort', interrupt)
    clearTimeout(patience)
    // Killed by our SIGINT before it could listen for it: then it has not begun either.
    if (killedBy === 'SIGINT') return {...interruptedBefore, stdout}
    if (exitCode !== undefined) return {exitCode, stdout, stderr}
    return {
      exitCode,
      stdout,
      stderr: `${stderr}\n${killedBy === undefined ? shortMessage : `it was ended by ${killedBy}`}`,
    }
  }
}
