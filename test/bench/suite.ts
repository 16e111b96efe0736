/**
 * What a suite costs: the reset between two scenarios, injection to effect by fault, and the sum of the runs against the wall.
 *
 *     node test/bench/suite.ts [suite] [parallel]     plays it: all, 1 at a time
 *     node test/bench/suite.ts --read suite.json      what `chaos --suite ... --json` printed earlier
 */
import {readFileSync} from 'node:fs'
import {join} from 'node:path'
import {loadHistory} from '../../lab/history/read-events.ts'
import {pghaLab} from '../live/cli.ts'
import {spread} from './spread.ts'
import {effectMs, resetSeconds} from './suite-numbers.ts'

interface Summary {
  readonly suite: string
  readonly parallel: number
  readonly wallSeconds: number
  readonly exitCode: number
  readonly scenarios: readonly {scenario: string; lab: string; ending: string; seconds: number; folder: string | null}[]
}

const [first = 'all', second = '1'] = process.argv.slice(2)
const summary = JSON.parse(first === '--read' ? readFileSync(second, 'utf8') : await play(first, second)) as Summary

const runs = await Promise.all(
  summary.scenarios.flatMap(({lab, folder}) =>
    folder === null ? [] : [loadHistory(join(folder, 'events.ndjson')).then(history => ({lab, history}))],
  ),
)
const endings = Object.entries(Object.groupBy(summary.scenarios, one => one.ending))
const sum = summary.scenarios.reduce((total, {seconds}) => total + seconds, 0)
console.log(`${summary.suite}: ${endings.map(([ending, all]) => `${all?.length} ${ending}`).join(', ')}`)
console.log(
  `sum of runs ${sum.toFixed(0)} s, wall ${summary.wallSeconds.toFixed(0)} s with ${summary.parallel} at once: ${(summary.wallSeconds / sum).toFixed(2)} of the sum`,
)
const resets = resetSeconds(runs)
if (resets.length > 0) console.log(`${'reset between scenarios'.padEnd(32)} ${spread(resets, 's')}`)
console.log('injection to effect')
for (const [fault, values] of [...effectMs(runs)].sort(([a], [b]) => a.localeCompare(b)))
  console.log(`  ${fault.padEnd(30)} ${spread([...values], 'ms')}`)

async function play(suite: string, parallel: string): Promise<string> {
  const {stdout} = await pghaLab(['chaos', '--suite', suite, '--parallel', parallel, '--name', 'bench-suite', '--json'])
  return String(stdout)
}
