/** Runs the command line as a person would, from the built checkout. */
import {join} from 'node:path'
import {execa, type Options} from 'execa'

const root = join(import.meta.dirname, '..', '..')
const main = join(root, 'dist', 'cli', 'main.js')

/** @param under a command that starts it, e.g. in another namespace. */
export function pghaLab(argv: readonly string[], options: Options = {}, under: readonly string[] = []) {
  const [program = process.execPath, ...args] = [...under, process.execPath, main, ...argv]
  return execa(program, args, {
    reject: false,
    stdin: 'ignore',
    cwd: root,
    ...options,
    env: {PGHA_LAB_SETUP: 'never', ...options.env},
  })
}

/** Runs to the end; throws with everything it said when the exit code is another one. */
export async function expectExit(
  code: number,
  argv: readonly string[],
  options: Options = {},
): Promise<{out: string; err: string}> {
  const result = await pghaLab(argv, options)
  const [out, err] = [String(result.stdout), String(result.stderr)]
  if (result.exitCode !== code)
    throw new Error(`pgha-lab ${argv.join(' ')} ended with ${result.exitCode}, not ${code}\n${out}\n${err}`)
  return {out, err}
}

/** `status` of a lab that may be healthy or not: 3 says that it is not. */
export async function expectStatus(
  argv: readonly string[],
  options: Options = {},
): Promise<{out: string; err: string}> {
  const {exitCode, stdout, stderr} = await pghaLab(['status', ...argv], options)
  if (exitCode !== 0 && exitCode !== 3) throw new Error(`pgha-lab status ended with ${exitCode}\n${stdout}\n${stderr}`)
  return {out: String(stdout), err: String(stderr)}
}

/** Resolves when the command has said this on stderr; throws when it ends without. */
export async function untilSaid(running: ReturnType<typeof pghaLab>, what: RegExp): Promise<void> {
  let said = ''
  const heard = new Promise<void>(resolve => {
    running.stderr?.on('data', chunk => {
      said += chunk
      if (what.test(said)) resolve()
    })
  })
  const ended = running.then(() => {
    throw new Error(`it ended without saying ${what}: ${said}`)
  })
  await Promise.race([heard, ended])
}
