/** Repeated runs for people: the verdict, how far each phase spreads, and one line a run. Pure. */

import type {Summary} from '../../lab/index.ts'
import type {Spread} from '../../lab/inside/reading.ts'
import {sayQuantile, sayValue} from '../../lab/inside/reading.ts'
import type {MeasuredIn} from '../../lab/inside/start.ts'
import {metricNames, metrics, printableValues} from '../../lab/inside/start.ts'
import {align, finished, type TextOptions, wrap} from './layout.ts'
import {lastLines} from './summary.ts'
import {letterColors, titles, words} from './verdict-words.ts'

const moments: Readonly<Record<Summary['phase'], string>> = {
  spread: "in a part of the leader's loop of its own: the runs are spread evenly over it",
  'just-after-refresh': 'just after a refresh of the lease',
  'just-before': 'just before the next refresh of the lease',
  worst: 'at the worst moment of the loop, just after a refresh of the lease, where it struck the leader',
  random: "at a random moment of the leader's loop",
}

/** @param headline false: it comes after this, as the last line on a screen. */
export function renderRepetition(
  repeated: Summary,
  {color, width, ascii = false}: TextOptions,
  headline = true,
): string {
  const summary = printableValues(repeated)
  const sgr = (code: string | number, text: string) => (color ? `\u001b[${code}m${text}\u001b[0m` : text)
  const title = `${titles[summary.verdict]} ${summary.scenario}`
  const [first = '', ...more] = wrap(`${title}: ${summary.says}`, width)
  const [header = '', ...rows] = spreads(summary)
  const [runHeader = '', ...runs] = runTable(summary)
  const text = [
    ...(headline ? [`${sgr(`1;${letterColors[summary.verdict]}`, title)}${first.slice(title.length)}`, ...more] : []),
    ...wrap(
      `lab ${summary.lab}; each fault came ${moments[summary.phase]}${summary.seed === null ? '' : ` (seed ${summary.seed})`}`,
      width - 2,
    ).map(line => `  ${line}`),
    '',
    sgr(1, header),
    ...rows,
    '',
    sgr(1, runHeader),
    ...summary.runs.map(({verdict}, index) => {
      const line = cut(runs[index]!, width)
      return verdict === 'pass' ? line : sgr(letterColors[verdict], line)
    }),
    '',
  ].join('\n')
  return finished(text, {ascii})
}

/** On a screen the verdict stands in the last line, and nowhere else. @param before what to go on with. */
export function repetitionOnScreen(summary: Summary, options: TextOptions, before: readonly string[]): string {
  return `${renderRepetition(summary, options, false)}\n${lastLines({...summary, ended: null}, summary.says, options, before)}`
}

function spreads({metrics: measured, leaseAgeMicros, withEtcdLeader}: Summary): string[] {
  return align(
    [
      ['phase', 'min', 'p50', 'p95', 'max', 'runs'],
      spread('lease age at the fault', leaseAgeMicros, 'micros'),
      ...(withEtcdLeader.runs === 0
        ? []
        : [
            spread("total, etcd's leader died too", withEtcdLeader.total, 'micros'),
            spread("total, etcd's leader lived", withEtcdLeader.others, 'micros'),
          ]),
      ...metricNames
        .filter(name => measured[name] !== null)
        .map(name => spread(name, measured[name], metrics[name].unit)),
    ],
    [1, 2, 3, 4, 5],
  )
}

function spread(name: string, of: Spread | null, unit: MeasuredIn): string[] {
  if (of === null) return [name, '', '', '', '', '0']
  return [name, ...(['min', 'p50', 'p95', 'max'] as const).map(which => sayQuantile(of, which, unit)), String(of.n)]
}

function runTable({runs}: Summary): string[] {
  const value = (of: number | null, unit: MeasuredIn) => (of === null ? '' : sayValue(of, unit))
  return align(
    [
      ['run', 'verdict', 'lease age', 'total', 'lost', ''],
      ...runs.map(run => [
        run.folder,
        words[run.verdict],
        value(run.leaseAgeMicros, 'micros'),
        value(run.values.total, 'micros'),
        value(run.values['lost-writes'], 'count'),
        run.verdict === 'pass' ? '' : run.headline,
      ]),
    ],
    [2, 3, 4],
  )
}

/** The whole sentence is in the run's own report. */
function cut(line: string, width: number): string {
  return line.length > width ? `${line.slice(0, width - 3)}...` : line
}
