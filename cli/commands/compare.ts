import type {Command} from 'commander'
import type {MetricName} from '../../lab/inside/start.ts'
import {didYouMean, metricNames, nearest} from '../../lab/inside/start.ts'
import {command, jsonOption, nameOption, toleranceOption, usualTolerance, WrongValue} from '../options.ts'
import {print, printData} from '../output.ts'
import {textOptions} from '../text-options.ts'

interface Options {
  name: string
  tolerance: number
  metric?: readonly MetricName[]
  json?: boolean
}

export function compare(): Command {
  return command(
    'compare',
    'Say whether failover got slower: compares two sets of recorded runs by a rank test.\nExit code: 1 slower for certain and by more than the tolerance, 4 too few runs to tell, else 0.',
    'chaos kill-leader --repeat 6 --phase random --out before\nchaos kill-leader --repeat 6 --phase random --out after\ncompare before after --tolerance 10%',
  )
    .argument('<base>', 'a folder of runs, or runs separated by commas')
    .argument('<head>', 'the same, of what is to be compared with it')
    .addOption(nameOption())
    .addOption(
      toleranceOption("a slowdown up to this share of the base's median is accepted").default(usualTolerance, '10%'),
    )
    .option(
      '-m, --metric <metric>',
      `judge this metric instead of total; repeatable, then corrected for several, or \`all\`: ${metricNames.join(', ')}`,
      collect,
    )
    .addOption(jsonOption())
    .action(action)
}

async function action(base: string, head: string, {name, tolerance, metric, json}: Options): Promise<void> {
  const {compare} = await import('../../lab/inside/reading.ts')
  const {measuredRuns} = await import('../against.ts')
  const [ofBase, ofHead] = [await measuredRuns(base, name), await measuredRuns(head, name)]
  const comparison = compare(ofBase, ofHead, {tolerance, judged: metric ?? []})
  process.exitCode = comparison.exitCode
  if (json) {
    const {toJson} = await import('../../lab/inside/start.ts')
    printData(toJson(comparison))
    return
  }
  const {renderComparison} = await import('../render/compare-text.ts')
  print(renderComparison(comparison, await textOptions()))
}

function collect(written: string, earlier: readonly MetricName[] = []): readonly MetricName[] {
  if (written === 'all') return metricNames
  const known = metricNames.find(name => name === written)
  if (known === undefined) {
    const near = didYouMean(written, [...metricNames, 'all'])
    const says = `The metrics are ${metricNames.join(', ')}, or all${near || '.'}`
    throw new WrongValue(says, nearest(written, [...metricNames, 'all']))
  }
  return [...earlier, known]
}
