/** The report for people: the verdict first, then what it rests on. Pure; words say all that colours and symbols say. */

import type {Micros, Report} from '../../lab/index.ts'
import type {PhaseRow} from '../../lab/inside/reading.ts'
import {labelled, nextWord, printableValues, sayMicros} from '../../lab/inside/start.ts'
import {answer} from './answer.ts'
import {comparedIn, driverCaption, driverCells, driverColumns, nameOf, sayErrors} from './driver-cells.ts'
import {explain, isTold, phasesIn, type ReportFinding, sayOpen} from './explain.ts'
import {align, cut, finished, paintVerdict, type Style, styleOf, type TextOptions, wrap} from './layout.ts'
import {sayMoment, sayTook, zeroOf} from './moment.ts'
import {besides} from './recovery.ts'
import {builtFrom, builtFromTitle, releases} from './software.ts'
import {titleOf, words} from './verdict-words.ts'

export function renderText(judged: Report, options: TextOptions): string {
  const report = printableValues(judged)
  const style = styleOf(options)
  const blocks = [
    top(report, style),
    ending(report),
    phases(report, style),
    findings(report, style),
    drivers(report, style),
    clients(report, style),
    storyOf(report, style),
    image(report, style),
  ]
  const text = `${blocks
    .filter(block => block.length > 0)
    .map(block => block.join('\n'))
    .join('\n\n')}\n`
  return finished(text, options)
}

function top(report: Report, {width, paint}: Style): string[] {
  const {verdict, scenario, lab, profile, about} = report
  const title = `${titleOf(report)} ${scenario}`
  const [first = '', ...more] = wrap(`${title}: ${answer(report)}`, width)
  const under = [about, ...besides(report), ...(report.remarks ?? [])].flatMap(says => wrap(says, width - 2))
  return [
    paint.bold(paint[verdict](title)) + first.slice(title.length),
    ...more,
    ...under.map(line => `  ${line}`),
    ...wrap([`lab ${lab}`, `profile ${profile}`, ...releases(report)].join(', '), width - 2).map(line =>
      paint.dim(`  ${line}`),
    ),
  ]
}

/** Of a run that did not pass: what to type next. Of one that did not come to its end the first line has told why, and up to when it counts. */
export function ending(report: Report): string[] {
  const {next} = report
  return [sayOpen(report), next.length === 0 ? null : labelled(nextWord, next)].filter(line => line !== null)
}

function phases(report: Report, style: Style): string[] {
  const rows = phasesIn(report)
  if (rows.length === 0) return []
  const cells = rows.map(row => [
    `${style.symbols[row.verdict]} ${words[row.verdict]}`,
    row.name,
    row.measured === null ? 'not seen' : sayMicros(row.measured),
    range(row.predicted),
    sayTook(row),
    range(row.allowed ?? null),
  ])
  const whole = [['', 'phase', 'after fault', 'predicted', 'took', 'model'], ...cells]
  // Where they do not fit, what each phase took is left, and what the model allows for that.
  const isNarrow = align(whole, []).some(line => line.length > style.width)
  const table = isNarrow
    ? align(
        whole.map(row => row.toSpliced(3, 1)),
        [2, 3],
      )
    : align(whole, [2, 4])
  const remarks = rows.filter(row => row.verdict !== 'pass' || remarkable(row))
  return [
    style.paint.bold(table[0]!),
    ...rows.map((row, index) => paintVerdict(table[index + 1]!, row.verdict, style)),
    ...remarks.flatMap(row => wrap(`${row.name}: ${row.says}`, style.width - 4).map(line => `    ${line}`)),
  ]
}

function remarkable({took, allowed}: PhaseRow): boolean {
  return typeof took === 'number' && !!allowed && took > allowed[1]
}

function findings(report: Report, style: Style): string[] {
  const told = report.findings.filter(finding => isTold(finding, report))
  return told.flatMap(finding => {
    const {verdict, expectation, says} = finding
    const title = `${style.symbols[verdict]} ${words[verdict]}  ${expectation}`
    const body = verdict === 'pass' ? wrap(says, style.width - 4) : explained(finding, report, style)
    // The table of phases shows the failover's own numbers already.
    const measures = finding.phases ? [] : measureLines(finding.measures ?? {}, style.width - 4)
    const rows = (finding.rows ?? []).slice(0, mostRows).flatMap(row => measureLines(row, style.width - 4))
    const left = (finding.rows?.length ?? 0) - mostRows
    return [
      paintVerdict(title, verdict, style),
      ...body.map(line => `    ${line}`),
      ...[...measures, ...rows, ...(left > 0 ? [`and ${left} more in report.json`] : [])].map(line =>
        style.paint.dim(`    ${line}`),
      ),
    ]
  })
}

/** What a person needs who has to do something about it. */
function explained(finding: ReportFinding, report: Report, {width}: Style): string[] {
  const {expected, seen, proof, more, hint, next} = explain(finding, report)
  const zero = zeroOf(report)
  const labelled = (label: string, says: string) =>
    wrap(says, width - 4 - labelWidth).map((line, index) => (index === 0 ? label : '').padEnd(labelWidth) + line)
  return [
    ...labelled('expected:', expected),
    ...labelled('seen:', seen),
    ...proof.flatMap(({at, says}, index) => labelled(index === 0 ? 'proof:' : '', `${sayMoment(at, zero)} ${says}`)),
    ...(more > 0 ? labelled('', `and ${more} more in report.json`) : []),
    ...labelled(nextWord, hint),
    ...next.map(command => ' '.repeat(labelWidth) + command),
  ]
}

const labelWidth = 10

/** More clients than this are in report.json only. */
const mostRows = 12
/** Letters of a list of ids. */
const longestIds = 60

/** `reconnectionP95Micros: 310000` -> `reconnection p95 310 ms`, all on as few lines as the width allows. */
function measureLines(measures: Readonly<Record<string, number | string | null>>, width: number): string[] {
  const told = Object.entries(measures).flatMap(([name, value]) => {
    if (value === null) return []
    const shown = name.endsWith('Micros') && typeof value === 'number' ? sayMicros(value) : shortened(name, value)
    const label = name.replace(/Micros$/, '').replace(/[A-Z]/g, letter => ` ${letter.toLowerCase()}`)
    return [`${label} ${shown}`]
  })
  return told.length === 0 ? [] : wrap(told.join(', '), width)
}

/** All ids of a long list are for programs. */
function shortened(name: string, value: number | string): string {
  const whole = String(value)
  if (!name.endsWith('Ids') || whole.length <= longestIds) return whole
  return `${whole.slice(0, whole.lastIndexOf(',', longestIds))}, and more in report.json`
}

/** Beside each other when there are several. */
function drivers(report: Report, style: Style): string[] {
  const rows = comparedIn(report)
  if (rows.length === 0) return []
  const table = align([driverColumns, ...rows.map(driverCells)], [1, 2, 3, 4, 5, 6, 7, 8, 9])
  const remarks = rows.flatMap(row =>
    [row.says, sayErrors(row)]
      .flatMap(says => says ?? [])
      .flatMap(says => wrap(`${nameOf(row)}: ${says}`, style.width - 4)),
  )
  return [
    style.paint.bold(table[0]!),
    ...table.slice(1),
    ...[...wrap(driverCaption, style.width - 4), ...remarks].map(line => style.paint.dim(`    ${line}`)),
  ]
}

function clients({clients}: Report, style: Style): string[] {
  const row = (name: string, {ok, fail, unknown}: {ok: number; fail: number; unknown: number}) =>
    [name, ok, fail, unknown].map(String)
  const table = align(
    [['clients', 'acknowledged', 'failed', 'no answer'], row('writes', clients.writes), row('reads', clients.reads)],
    [1, 2, 3],
  )
  const errors = align(
    clients.errors.slice(0, 6).map(({code, says, count}) => [`${count}x`, code, says]),
    [0],
  )
  return [style.paint.bold(table[0]!), ...table.slice(1), ...errors.map(line => cut(`  ${line}`, style.width))]
}

function storyOf({story, faults}: Report, style: Style): string[] {
  if (story.length === 0) return []
  const zero = faults[0]?.at ?? 0
  const lines = align(
    story.map(({at, says}) => [seconds(at - zero), says]),
    [0],
  )
  const title = faults.length > 0 ? 'what happened, in seconds after the fault' : 'what happened, in seconds'
  return [style.paint.bold(title), ...lines.map(line => cut(line, style.width))]
}

function image(report: Report, style: Style): string[] {
  const lines = builtFrom(report).flatMap(([name, value]) => wrap(`${name}: ${value}`, style.width - 4))
  return lines.length === 0
    ? []
    : [style.paint.bold(builtFromTitle), ...lines.map(line => style.paint.dim(`    ${line}`))]
}

function seconds(micros: Micros): string {
  return (micros / 1e6).toFixed(2)
}

export function range(bounds: readonly [Micros, Micros] | null): string {
  if (bounds === null) return ''
  const digits = bounds[1] < 10e6 ? 2 : 1
  return `${(bounds[0] / 1e6).toFixed(digits)} to ${(bounds[1] / 1e6).toFixed(digits)} s`
}
