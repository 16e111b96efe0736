/**
 * What remains on the screen after a run: where the seconds went, what did not pass and why, what to do next, and in the last lines
 * the verdict with the limit it was judged by. It fits 24 lines of 80 columns with the prompt below it; `report` has all of it. Pure.
 */

import type {Report} from '../../lab/index.ts'
import {nextWord, printable, printableValues, sayMicros} from '../../lab/inside/start.ts'
import {answer} from './answer.ts'
import {explain, isTold, phasesIn, sayOpen} from './explain.ts'
import {align, cut, finished, paintVerdict, type Style, styleOf, type TextOptions, wrap} from './layout.ts'
import {sayTook} from './moment.ts'
import {besides} from './recovery.ts'
import {ending, range} from './text.ts'
import {titleOf, words} from './verdict-words.ts'

/** The prompt, and a line that was wrapped by the terminal after all, stand below. */
const mostLines = 22
/** Lines of the answer; of one finding. */
const mostAnswer = 4
const mostWhy = 2

/** @param next commands to go on with. */
export function renderSummary(judged: Report, options: TextOptions, next: readonly string[]): string {
  const report = printableValues(judged)
  const style = styleOf(options)
  const table = phases(report, style)
  const last = answerLast(judged, options, next).trimEnd().split('\n')
  const room = mostLines - last.length - (table.length > 0 ? table.length + 1 : 0) - 1
  const blocks = [table, outcomes(report, style, room), last]
  const text = blocks
    .filter(block => block.length > 0)
    .map(block => block.join('\n'))
    .join('\n\n')
  return finished(`${text}\n`, options)
}

/** The last lines of whatever shows a run: the next steps, and the verdict. */
export function answerLast(judged: Report, options: TextOptions, next: readonly string[]): string {
  const report = printableValues(judged)
  const open = sayOpen(report)
  const says = open === null ? answer(report) : `${answer(report)} (${open})`
  // Who played it to its end knows the command that did.
  const begun = report.ended === null ? [] : ending(report).slice(-1)
  return lastLines(report, says, options, [...begun, ...next])
}

/** The next steps, and the verdict as the very last. */
export function lastLines(
  {verdict, scenario, ended}: Pick<Report, 'verdict' | 'scenario' | 'ended'>,
  says: string,
  options: TextOptions,
  before: readonly string[],
): string {
  const {width, paint} = styleOf(options)
  const title = `${titleOf({verdict, ended})} ${printable(scenario)}`
  const [first = '', ...more] = atMost(wrap(`${title}: ${printable(says)}`, width), mostAnswer, width)
  // Wrapped inside the title, it is painted up to where it was wrapped.
  const painted = first.startsWith(title) ? title.length : first.length
  const head = paint.bold(paint[verdict](first.slice(0, painted))) + first.slice(painted)
  const lines = [...before.map(line => paint.dim(line)), head, ...more]
  return finished(`${lines.join('\n')}\n`, options)
}

function phases(report: Report, style: Style): string[] {
  const first = report.findings.find(finding => finding.phases !== undefined)
  const rows = phasesIn({...report, findings: first === undefined ? [] : [first]})
  if (rows.length === 0) return []
  const table = align(
    [
      ['', 'phase', 'after fault', 'took', 'model'],
      ...rows.map(row => [
        `${style.symbols[row.verdict]} ${words[row.verdict]}`,
        row.name,
        row.measured === null ? 'not seen' : sayMicros(row.measured),
        sayTook(row),
        range(row.allowed ?? null),
      ]),
    ],
    [2, 3],
  )
  // What was measured is never cut for what was to be expected.
  const model = table[0]!.lastIndexOf('  model')
  const fits = table.every(line => line.length <= style.width)
  const [head = '', ...lines] = table.map(line => cut(fits ? line : line.slice(0, model).trimEnd(), style.width))
  return [style.paint.bold(head), ...rows.map((row, index) => paintVerdict(lines[index]!, row.verdict, style))]
}

/** Why the run is no pass, most important first, as far as there is room; and how many expectations passed. */
function outcomes(report: Report, style: Style, room: number): string[] {
  const {findings, headline} = report
  const passed = findings.filter(finding => finding.verdict === 'pass').length
  const not = findings
    .filter(finding => finding.verdict !== 'pass' && isTold(finding, report))
    .toSorted((a, b) => Number(b.verdict === 'fail') - Number(a.verdict === 'fail'))
  const count = `${passed} of ${findings.length} expectations passed`
  const beside = (says: string) => atMost(wrap(says, style.width), mostAnswer, style.width)
  const told = [
    ...besides(report).map(beside),
    ...not.map(finding => {
      const title = `${style.symbols[finding.verdict]} ${words[finding.verdict]}  ${finding.expectation}`
      // What the last line says already needs only its way out.
      const why = finding.says === headline ? `${nextWord} ${explain(finding, report).hint}` : finding.says
      const lines = atMost(wrap(why, style.width - 4), mostWhy, style.width - 4)
      return [paintVerdict(cut(title, style.width), finding.verdict, style), ...lines.map(line => `    ${line}`)]
    }),
    ...(report.remarks ?? []).map(beside),
  ]
  const shown: string[] = []
  let left = told.length
  // The line with the count, and one for what is left out.
  for (const lines of told) {
    if (shown.length + lines.length > Math.max(0, room - 2)) break
    shown.push(...lines)
    left--
  }
  return [
    ...shown,
    ...(left > 0 ? [`and ${left} more in the report`] : []),
    ...(findings.length > 0 && sayOpen(report) === null ? [count] : []),
  ]
}

function atMost(lines: readonly string[], most: number, width: number): readonly string[] {
  return lines.length <= most ? lines : [...lines.slice(0, most - 1), cut(`${lines[most - 1]} ...`, width)]
}
