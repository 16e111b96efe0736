/**
 * What a command costs before it does anything:
 *
 *     node test/bench/start.ts [times, 20] [another main.js to compare with, such as that of an older checkout]...
 *
 * `node -e 0`, `./pgha-lab --version` and commands of every build take turns in one run, so that a machine busy with other things is
 * as busy for each. What counts is the CPU time, user and system; the wall's time is that of an idle machine only where both agree.
 * `status --all` asks the engine which labs are there; that of a lab that is up (name: lab) is measured where there is one.
 */
import {join, resolve} from 'node:path'
import {execa} from 'execa'
import {spread} from './spread.ts'

const root = join(import.meta.dirname, '..', '..')
const [times = '20', ...others] = process.argv.slice(2)
const history = join(root, 'test', 'histories', 'kill-leader.pass.ndjson.gz')
const commands: Readonly<Record<string, readonly string[]>> = {
  '--version': ['--version'],
  '--help': ['--help'],
  help: ['help'],
  'scenarios show': ['scenarios', 'show', 'kill-leader'],
  scenarios: ['scenarios'],
  'status --all': ['status', '--all'],
  topologies: ['topologies'],
  'report of a run': ['report', history],
  ...((await isUp()) ? {'status of lab': ['status']} : {}),
}

interface Taken {
  readonly wall: number
  readonly cpu: number
}

/** Of the program with all that it starts and waits for, in ms: the shell tells it to the millisecond. */
async function timed(argv: readonly string[]): Promise<Taken> {
  const timing = 'TIMEFORMAT="%R %U %S"; time "$@" >/dev/null 2>&1'
  const {stderr} = await execa('bash', ['-c', timing, 'bash', ...argv], {stdin: 'ignore', reject: false})
  const [wall = Number.NaN, user = Number.NaN, system = Number.NaN] = stderr.split(' ').map(one => Number(one) * 1000)
  return {wall, cpu: user + system}
}

async function isUp(): Promise<boolean> {
  const {exitCode} = await execa(join(root, 'pgha-lab'), ['status'], {reject: false, stdin: 'ignore'})
  return exitCode === 0
}

const programs = [
  {called: './pgha-lab', first: [join(root, 'pgha-lab')]},
  ...others.map(main => ({called: main, first: [process.execPath, resolve(main)]})),
]
const contenders = [
  {called: 'node -e 0', argv: [process.execPath, '-e', '0']},
  ...Object.entries(commands).flatMap(([command, words]) =>
    programs.map(({called, first}) => ({called: `${called} ${command}`, argv: [...first, ...words]})),
  ),
]
const taken = new Map(contenders.map(({called}) => [called, [] as Taken[]]))
for (const {argv} of contenders) await timed(argv) // warms the disk's cache, and the compiler's
for (let round = 0; round < Number(times); round++)
  for (const {called, argv} of contenders) taken.get(called)?.push(await timed(argv))

const median = (values: readonly number[]) =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN
const empty = median((taken.get('node -e 0') ?? []).map(one => one.cpu))
for (const [called, all] of taken) {
  const cpu = all.map(one => one.cpu)
  const ratio = (median(cpu) / empty).toFixed(1)
  console.log(
    `${called.padEnd(40)} CPU ${spread(cpu, 'ms', 0)}, ${ratio} x node; wall ${spread(
      all.map(one => one.wall),
      'ms',
      0,
    )}`,
  )
}
