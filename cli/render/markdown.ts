/** The report as Markdown for a GitHub step summary, a merge request or a chat: verdict first, proof after. Pure. */

import type {Report} from '../../lab/index.ts'
import {sayMicros} from '../../lab/inside/start.ts'
import {answer, saidLimit} from './answer.ts'
import {comparedIn, driverCells, driverColumns, sayErrors} from './driver-cells.ts'
import {explain, isTold, phasesIn, sayOpen} from './explain.ts'
import {code, lines, type Markdown, md, table} from './markdown-text.ts'
import {sayBounds, sayMoment, sayTook, zeroOf} from './moment.ts'
import {besides} from './recovery.ts'
import {builtFrom, builtFromTitle, releases} from './software.ts'
import {signs, titleOf, words} from './verdict-words.ts'

/** One run, or several as a suite: then with a table of all runs at the top. */
export function renderMarkdown(reports: readonly Report[]): string {
  return `${lines([...(reports.length > 1 ? [suite(reports)] : []), ...reports.map(one)], '\n\n').text}\n`
}

/** What is left where the whole is too long: a line of a table for each run. */
export function markdownTable(reports: readonly Report[]): string {
  return `${suite(reports).text}\n`
}

function suite(reports: readonly Report[]): Markdown {
  const passed = reports.filter(report => report.verdict === 'pass').length
  const rows = reports.map(report => [
    `${signs[report.verdict]} ${titleOf(report)}`,
    report.scenario,
    report.run,
    answer(report),
  ])
  return lines([
    md`# ${passed} of ${reports.length} scenarios passed`,
    md``,
    ...table(['verdict', 'scenario', 'run', ''], rows),
  ])
}

function one(report: Report): Markdown {
  const {verdict, scenario, headline, about} = report
  const open = sayOpen(report)
  const limit = saidLimit(report)
  const asked = limit === null ? md`` : md`: ${limit}`
  const blocks = [
    [md`## ${signs[verdict]} ${titleOf(report)} ${scenario}${asked}`, md``, md`**${headline}**`],
    [md`> ${about}`],
    [...besides(report), ...(report.remarks ?? [])].map(reason => md`- ${reason}`),
    [
      ...(open === null ? [] : [md`- ${open}`]),
      ...(report.next.length === 0 ? [] : [md`- **Next:** ${lines(report.next.map(code), ' ')}`]),
    ],
    report.findings
      .filter(one => one.verdict !== 'pass' && isTold(one, report))
      .flatMap(finding => explained(finding, report)),
    phases(report),
    expectations(report),
    drivers(report),
    clients(report),
    folded('What happened', story(report)),
    folded(
      `W${builtFromTitle.slice(1)}`,
      builtFrom(report).map(([name, value]) => md`- ${name}: ${value}`),
    ),
    [software(report)],
  ]
  return lines(
    blocks.filter(block => block.length > 0).map(block => lines(block)),
    '\n\n',
  )
}

function explained(finding: Report['findings'][number], report: Report): Markdown[] {
  const {expected, seen, proof, more, hint, next} = explain(finding, report)
  const zero = zeroOf(report)
  return [
    md`### ${signs[finding.verdict]} ${words[finding.verdict]}: ${finding.expectation}${place(finding, report)}`,
    md``,
    md`- **Expected:** ${expected}`,
    md`- **Seen:** ${seen}`,
    ...(proof.length > 0 ? [md`- **Proof:**`] : []),
    ...proof.map(({at, says}) => md`  - ${code(sayMoment(at, zero))} ${says}`),
    ...(more > 0 ? [md`  - and ${more} more in report.json`] : []),
    md`- **Next:** ${hint}${next.map(command => md` ${code(command)}`)}`,
    md``,
  ]
}

function place({line}: Report['findings'][number], {file}: Report): Markdown {
  return file === null || line === null ? md`` : md` (${`${file}:${line}`})`
}

function phases(report: Report): Markdown[] {
  const rows = phasesIn(report)
    .map(row => ({...row, told: sayTook(row)}))
    .map(({verdict, name, measured, predicted, told, allowed}) => [
      `${signs[verdict]} ${words[verdict]}`,
      name,
      measured === null ? 'not seen' : sayMicros(measured),
      predicted === null ? '' : sayBounds(predicted),
      told,
      allowed ? sayBounds(allowed) : '',
    ])
  if (rows.length === 0) return []
  return table(['', 'phase', 'after the fault', 'predicted', 'took', 'model'], rows, [2, 3, 4, 5])
}

function expectations(report: Report): Markdown[] {
  const findings = report.findings.filter(finding => isTold(finding, report))
  if (findings.length === 0) return []
  const rows = findings.map(({verdict, expectation, says}) => [
    `${signs[verdict]} ${words[verdict]}`,
    expectation,
    says,
  ])
  return table(['', 'expectation', 'seen'], rows)
}

/** Beside each other when there are several. */
function drivers(report: Report): Markdown[] {
  const rows = comparedIn(report).map(row => [...driverCells(row), sayErrors(row) ?? 'none', row.says ?? ''])
  return rows.length === 0 ? [] : table([...driverColumns, 'errors', ''], rows, [1, 2, 3, 4, 5, 6, 7, 8, 9])
}

function clients({clients}: Report): Markdown[] {
  const row = (name: string, {ok, fail, unknown}: {ok: number; fail: number; unknown: number}) => [
    name,
    ok,
    fail,
    unknown,
  ]
  const errors = clients.errors
    .slice(0, 6)
    .map(({code: sqlstate, says, count}) => md`- ${count} × ${code(sqlstate)} ${says}`)
  return [
    ...table(
      ['clients', 'acknowledged', 'failed', 'no answer'],
      [row('writes', clients.writes), row('reads', clients.reads)],
      [1, 2, 3],
    ),
    ...(errors.length > 0 ? [md``, ...errors] : []),
  ]
}

function story(report: Report): Markdown[] {
  const zero = zeroOf(report)
  return report.story.map(({at, says}) => md`- ${code(sayMoment(at, zero, 2))} ${says}`)
}

function folded(summary: string, inside: readonly Markdown[]): Markdown[] {
  return inside.length === 0 ? [] : [md`<details><summary>${summary}</summary>`, md``, ...inside, md``, md`</details>`]
}

function software(report: Report): Markdown {
  const {run, lab, profile} = report
  return md`<sub>${[`run ${run}`, `lab ${lab}`, `profile ${profile}`, ...releases(report)].join(', ')}</sub>`
}
