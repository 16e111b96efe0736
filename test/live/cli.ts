/** Runs the command line as a person would, from the built checkout. */
import {join} from 'node:path'
import {execa, type Options} from 'execa'
import {sayStrain} from '../../lab/history/strain.ts'
import type {Report} from '../../lab/judge/report.ts'
import {watchEngines} from '../../lab/suite/engines.ts'
import {besideOthers, inconclusive, leftOpen, withNothingBeside} from './beside.ts'

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

/**
 * Runs to the end; throws with everything it said when the exit code is another one. A run that proves nothing because the machine
 * bore too many labs is played again alone, once, and that is said.
 */
export async function expectExit(
  code: number,
  argv: readonly string[],
  options: Options = {},
): Promise<{out: string; err: string}> {
  const play = () => pghaLab(argv, options)
  const isHeavy = argv[0] === 'up' || argv[0] === 'chaos'
  let result = await (isHeavy ? besideOthers(play) : play())
  const starved = hasNeighbours && argv[0] === 'chaos' ? await wasStarved(code, result, argv, options) : null
  if (starved !== null) {
    process.stderr.write(`played again alone: ${argv.join(' ')}: ${starved}\n`)
    result = await withNothingBeside(play)
  }
  const [out, err] = [String(result.stdout), String(result.stderr)]
  if (result.exitCode !== code)
    throw new Error(`pgha-lab ${argv.join(' ')} ended with ${result.exitCode}, not ${code}\n${out}\n${err}`)
  return {out, err}
}

const hasNeighbours = process.env.LABS_AT_ONCE === '2'

/** What the machine did to a run that proves nothing, or not all; null: it was not starved, or all was found out. */
async function wasStarved(
  expected: number,
  {exitCode, stdout}: {readonly exitCode?: number; readonly stdout?: unknown},
  argv: readonly string[],
  options: Options,
): Promise<string | null> {
  let judged = argv.includes('--json') ? String(stdout) : ''
  const lab = argv[argv.indexOf('--name') + 1]
  if (judged === '' && exitCode === inconclusive && argv.includes('--name'))
    judged = String((await pghaLab(['judge', 'latest', '--name', lab!, '--json'], options)).stdout)
  let report: {readonly folder?: string; readonly findings?: Report['findings']}
  try {
    report = JSON.parse(judged)
  } catch {
    return null // it did not come to a report, which is for whoever asked
  }
  const verdicts = (report.findings ?? []).map(one => one.verdict)
  if (report.folder === undefined || !leftOpen(exitCode, expected, verdicts)) return null
  const strain = await watchEngines.strainIn(report.folder)
  return strain !== null && strain.share > 1 ? sayStrain(strain) : null
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
