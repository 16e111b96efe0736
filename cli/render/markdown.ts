/** The report as Markdown for a GitHub step summary, a merge request or a chat: verdict first, proof after. Pure. */
import {sayMicros} from '../../lab/quantity.ts'
import type {Report} from '../../lab/report.ts'
import {comparedIn, driverCells, driverColumns, sayErrors} from './driver-cells.ts'
import {explain} from './explain.ts'
import {sayBounds, sayMoment, sayTook, zeroOf} from './moment.ts'
import {printable} from './printable.ts'
import {signs, titles, words} from './verdict-words.ts'

/** One run, or several as a suite: then with a table of all runs at the top. */
export function renderMarkdown(reports: readonly Report[]): string {
  return `${[...(reports.length > 1 ? [suite(reports)] : []), ...reports.map(one)].join('\n\n')}\n`
}

function suite(reports: readonly Report[]): string {
  const passed = reports.filter(report => report.verdict === 'pass').length
  const rows = reports.map(({verdict, scenario, run, headline}) => [
    `${signs[verdict]} ${titles[verdict]}`,
    text(scenario),
    text(run),
    text(headline),
  ])
  return [
    `# ${passed} of ${reports.length} scenarios passed`,
    '',
    ...table(['verdict', 'scenario', 'run', ''], rows),
  ].join('\n')
}

function one(report: Report): string {
  const {verdict, scenario, headline, limit, about, reasons} = report
  const blocks = [
    [
      `## ${signs[verdict]} ${titles[verdict]} ${text(scenario)}${limit === null ? '' : text(`: ${limit.says}`)}`,
      '',
      `**${text(headline)}**`,
    ],
    [`> ${text(about)}`],
    reasons.filter(reason => reason !== headline).map(reason => `- ${text(reason)}`),
    report.findings.filter(finding => finding.verdict !== 'pass').flatMap(finding => explained(finding, report)),
    phases(report),
    expectations(report),
    drivers(report),
    clients(report),
    folded('What happened', story(report)),
    [software(report)],
  ]
  return blocks
    .filter(block => block.length > 0)
    .map(block => block.join('\n'))
    .join('\n\n')
}

function explained(finding: Report['findings'][number], report: Report): string[] {
  const {expected, seen, proof, more, hint} = explain(finding, report)
  const zero = zeroOf(report)
  return [
    `### ${signs[finding.verdict]} ${words[finding.verdict]}: ${text(finding.expectation)}${place(finding, report)}`,
    '',
    `- **Expected:** ${text(expected)}`,
    `- **Seen:** ${text(seen)}`,
    ...(proof.length > 0 ? ['- **Proof:**'] : []),
    ...proof.map(({at, says}) => `  - \`${sayMoment(at, zero)}\` ${text(says)}`),
    ...(more > 0 ? [`  - and ${more} more in report.json`] : []),
    `- **Try:** ${text(hint)}`,
    '',
  ]
}

function place({line}: Report['findings'][number], {file}: Report): string {
  return file === null || line === null ? '' : ` (${text(`${file}:${line}`)})`
}

function phases({findings}: Report): string[] {
  const rows = findings
    .flatMap(finding => finding.phases ?? [])
    .map(row => ({...row, told: sayTook(row)}))
    .map(({verdict, name, measured, predicted, told, allowed}) => [
      `${signs[verdict]} ${words[verdict]}`,
      text(name),
      measured === null ? 'not seen' : sayMicros(measured),
      predicted === null ? '' : sayBounds(predicted),
      told,
      allowed ? sayBounds(allowed) : '',
    ])
  if (rows.length === 0) return []
  return table(['', 'phase', 'after the fault', 'predicted', 'took', 'model'], rows, [2, 3, 4, 5])
}

function expectations({findings}: Report): string[] {
  if (findings.length === 0) return []
  const rows = findings.map(({verdict, expectation, says}) => [
    `${signs[verdict]} ${words[verdict]}`,
    text(expectation),
    text(says),
  ])
  return table(['', 'expectation', 'seen'], rows)
}

/** Beside each other when there are several. */
function drivers(report: Report): string[] {
  const rows = comparedIn(report).map(row => [...driverCells(row), sayErrors(row) ?? 'none', row.says ?? ''].map(text))
  return rows.length === 0 ? [] : table([...driverColumns, 'errors', ''], rows, [1, 2, 3, 4, 5, 6, 7, 8, 9])
}

function clients({clients}: Report): string[] {
  const row = (name: string, {ok, fail, unknown}: {ok: number; fail: number; unknown: number}) =>
    [name, ok, fail, unknown].map(String)
  const errors = clients.errors
    .slice(0, 6)
    .map(({code, says, count}) => `- ${count} × \`${code.replaceAll('`', '')}\` ${text(says)}`)
  return [
    ...table(
      ['clients', 'acknowledged', 'failed', 'no answer'],
      [row('writes', clients.writes), row('reads', clients.reads)],
      [1, 2, 3],
    ),
    ...(errors.length > 0 ? ['', ...errors] : []),
  ]
}

function story(report: Report): string[] {
  const zero = zeroOf(report)
  return report.story.map(({at, says}) => `- \`${sayMoment(at, zero, 2)}\` ${text(says)}`)
}

function folded(summary: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : [`<details><summary>${summary}</summary>`, '', ...lines, '', '</details>']
}

function software({run, lab, profile, versions}: Report): string {
  const told = Object.entries(versions).map(([name, version]) => `${name} ${version}`)
  return `<sub>${text([`run ${run}`, `lab ${lab}`, `profile ${profile}`, ...told].join(', '))}</sub>`
}

function table(head: readonly string[], rows: readonly (readonly string[])[], right: readonly number[] = []): string[] {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`
  return [line(head), line(head.map((_, column) => (right.includes(column) ? '---:' : '---'))), ...rows.map(line)]
}

/** What others say must not become markup: no tag, no emphasis, no link, no end of a table's cell. */
function text(raw: string): string {
  return printable(raw)
    .replace(/[\\`*[\]<>|~#]/g, '\\$&')
    .replace(/(?<![a-z0-9])_|_(?![a-z0-9])/gi, '\\_')
    .replace(/&/g, '&amp;')
    .replace(/\b(https?|www)(:\/\/|\.)/gi, '$1\u200b$2')
}
