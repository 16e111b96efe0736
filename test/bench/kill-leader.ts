/** The spread of each phase over several kill-leader runs at profile fast: node test/bench/kill-leader.ts [times] */
import type {Report} from '../../lab/judge/report.ts'
import {expectExit, pghaLab} from '../live/cli.ts'
import {spread} from './spread.ts'

const times = Number(process.argv[2] ?? 10)
const lab = ['--name', 'bench-kill']
const phases = new Map<string, number[]>()
const verdicts: string[] = []
await expectExit(0, ['up', ...lab, '--profile', 'fast'])
for (let round = 0; round < times; round++) {
  const result = await pghaLab(['chaos', 'kill-leader', ...lab, '--json'])
  const report = JSON.parse(String(result.stdout)) as Report & {folder: string}
  verdicts.push(report.verdict)
  for (const row of report.findings.flatMap(one => one.phases ?? []))
    if (row.measured !== null) phases.set(row.name, [...(phases.get(row.name) ?? []), row.measured / 1e6])
  const measures = Object.assign({}, ...report.findings.map(one => one.measures ?? {}))
  console.log(`${round + 1}: ${report.verdict} ${JSON.stringify(measures)} ${report.folder}`)
  for (const one of report.findings.filter(found => found.verdict !== 'pass'))
    console.log(`   ${one.expectation}: ${one.verdict}: ${one.says}`)
}
await expectExit(0, ['down', ...lab])
console.log(`verdicts: ${verdicts.join(' ')}`)
for (const [name, values] of phases) console.log(`${name.padEnd(32)} ${spread(values, 's')}`)
