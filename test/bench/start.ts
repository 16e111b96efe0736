/**
 * What a command costs before it does anything: node test/bench/start.ts [times]
 * `./pgha-lab --version` and `node -e 0` take turns in one run; then `status` of a lab that is up (name: lab).
 */
import {join} from 'node:path'
import {execa} from 'execa'
import {spread} from './spread.ts'

const root = join(import.meta.dirname, '..', '..')
const launcher = join(root, 'pgha-lab')
const times = Number(process.argv[2] ?? 30)

async function timed(file: string, argv: readonly string[]): Promise<number> {
  const began = performance.now()
  await execa(file, argv, {stdin: 'ignore'})
  return performance.now() - began
}

const version: number[] = []
const empty: number[] = []
await timed(launcher, ['--version']) // warm the disk cache
for (let round = 0; round < times; round++) {
  empty.push(await timed(process.execPath, ['-e', '0']))
  version.push(await timed(launcher, ['--version']))
}
console.log(`node -e 0:            ${spread(empty, 'ms', 0)}`)
console.log(`./pgha-lab --version: ${spread(version, 'ms', 0)}`)
const median = (values: number[]) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN
console.log(`ratio of medians:     ${(median(version) / median(empty)).toFixed(2)}`)

const {exitCode} = await execa(launcher, ['status'], {reject: false, stdin: 'ignore'})
if (exitCode === 0) {
  const status: number[] = []
  for (let round = 0; round < 10; round++) status.push(await timed(launcher, ['status']))
  console.log(`./pgha-lab status:    ${spread(status, 'ms', 0)}`)
} else console.log('./pgha-lab status:    no lab called lab is up')
