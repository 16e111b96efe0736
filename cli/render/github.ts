/**
 * Workflow commands that GitHub Actions shows as annotations: one for each run that did not pass, at the line of the scenario's
 * file with the first expectation that did not. An inconclusive run is an error too: it proves nothing. One that was skipped is a warning. A run that passed says
 * nothing. Format and escapes: actions/toolkit, `packages/core/src/command.ts`: escapeData, escapeProperty.
 */

import type {Report} from '../../lab/index.ts'
import {labelled, nextWord, printableValues} from '../../lab/inside/start.ts'
import {answer} from './answer.ts'
import {explain, isTold} from './explain.ts'
import {sayMoment, zeroOf} from './moment.ts'
import {besides} from './recovery.ts'
import {isSkipped, titleOf} from './verdict-words.ts'

export function renderGithub(reports: readonly Report[]): string {
  return reports
    .filter(report => report.verdict !== 'pass' || report.recovered === false)
    .map(report => annotation(printableValues(report)))
    .join('')
}

function annotation(report: Report): string {
  const {verdict, scenario, file, findings, reasons, headline, ended} = report
  // The finding that made the verdict; of a run that is inconclusive as a whole, none did.
  const first =
    headline === reasons[0]
      ? undefined
      : findings.find(finding => finding.verdict === verdict && isTold(finding, report))
  const place = file === null ? {} : {file, line: String(first?.line ?? 1)}
  const properties = Object.entries({...place, title: `${titleOf(report)} ${scenario}`})
  const told = properties.map(([name, value]) => `${name}=${property(value)}`).join(',')
  const explained = first === undefined ? [] : sayExplained(first, report)
  // What spoiled the run as a whole stands above: it is not the run that has to be mended.
  const again = first === undefined ? [`${nextWord} mend that, and play it again`] : []
  const next = ended === null ? again : [labelled(nextWord, ended.next, '')]
  return `::${isSkipped(report) ? 'warning' : 'error'} ${told}::${data([answer(report), ...besides(report), ...explained, ...next].join('\n'))}\n`
}

function sayExplained(finding: Report['findings'][number], report: Report): string[] {
  const {expected, proof, hint} = explain(finding, report)
  const zero = zeroOf(report)
  return [
    `expected: ${expected}`,
    ...proof.map(({at, says}) => `proof: ${sayMoment(at, zero)} ${says}`),
    `${nextWord} ${hint}`,
  ]
}

function data(text: string): string {
  return text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A')
}

function property(text: string): string {
  return data(text).replaceAll(':', '%3A').replaceAll(',', '%2C')
}
