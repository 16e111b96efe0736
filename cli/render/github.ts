/**
 * Workflow commands that GitHub Actions shows as annotations: one for each run; of one that did not pass, at the line of the scenario's
 * file with the first expectation that did not. An inconclusive run is an error too: it proves nothing. One that was skipped is a
 * warning. A run that passed is a notice, at the file. Format and escapes: actions/toolkit, `packages/core/src/command.ts`: escapeData, escapeProperty.
 */

import type {Report} from '../../lab/index.ts'
import {labelled, nextWord, printableValues} from '../../lab/inside/start.ts'
import {answer} from './answer.ts'
import {explain, isTold} from './explain.ts'
import {sayMoment, zeroOf} from './moment.ts'
import {besides} from './recovery.ts'
import {isSkipped, titleOf} from './verdict-words.ts'

export function renderGithub(reports: readonly Report[]): string {
  return reports.map(report => annotation(printableValues(report))).join('')
}

function annotation(report: Report): string {
  const {verdict, scenario, file, findings, reasons, headline, next} = report
  const kind = kindOf(report)
  // The finding that made the verdict; of a run that passed all did, of one that is inconclusive as a whole none.
  const first =
    kind === 'notice' || headline === reasons[0]
      ? undefined
      : findings.find(finding => finding.verdict === verdict && isTold(finding, report))
  const place = file === null ? {} : {file, line: String(first?.line ?? 1)}
  const properties = {...place, title: `${titleOf(report)} ${scenario}`}
  const explained = first === undefined ? [] : sayExplained(first, report)
  // What spoiled the run as a whole stands above: it is not the run that has to be mended.
  const again = [
    ...(first === undefined && kind !== 'notice' && report.ended === null ? ['mend that, and play it again:'] : []),
    ...next,
  ]
  const message = [
    ...[answer(report), ...besides(report), ...(report.ended === null ? (report.remarks ?? []) : []), ...explained],
    ...(again.length === 0 ? [] : [labelled(nextWord, again, '')]),
  ].join('\n')
  return annotationOf(kind, properties, message)
}

function kindOf(report: Report): 'notice' | 'warning' | 'error' {
  if (isSkipped(report)) return 'warning'
  return report.verdict === 'pass' && report.recovered !== false ? 'notice' : 'error'
}

/** One workflow command: what it is, its properties, its message. */
export function annotationOf(kind: string, properties: Readonly<Record<string, string>>, message: string): string {
  const told = Object.entries(properties).map(([name, value]) => `${name}=${property(value)}`)
  return `::${kind} ${told.join(',')}::${data(message)}\n`
}

function sayExplained(finding: Report['findings'][number], report: Report): string[] {
  const {expected, proof, hint, next} = explain(finding, report)
  const zero = zeroOf(report)
  return [
    `expected: ${expected}`,
    ...proof.map(({at, says}) => `proof: ${sayMoment(at, zero)} ${says}`),
    labelled(nextWord, [hint, ...next], ''),
  ]
}

function data(text: string): string {
  return text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A')
}

function property(text: string): string {
  return data(text).replaceAll(':', '%3A').replaceAll(',', '%2C')
}
