/**
 * The report as JUnit XML, in the dialect that CI systems agree on. A suite is a run, a case an expectation: `failure` where it
 * failed, `error` where it is unknown, because what nobody could see must not be read as green (`skipped` would be). The first
 * case of each suite is the run itself: did its faults take hold, did it come to its end. If it did not, that is the one error:
 * the expectations that nobody could judge for it are `skipped`, in a suite that is red. Of a run that was skipped, all are.
 */

import type {Micros, Report} from '../../lab/index.ts'
import {nextWord, printableLines, printableValues} from '../../lab/inside/start.ts'
import {answer} from './answer.ts'
import {explain, isTold, type ReportFinding, sayOpen} from './explain.ts'
import {sayMoment, zeroOf} from './moment.ts'
import {sayRecovery} from './recovery.ts'
import {renderText} from './text.ts'
import {isSkipped, titleOf} from './verdict-words.ts'

export function renderJunit(reports: readonly Report[]): string {
  const suites = reports.map(report => suite(printableValues(report)))
  const sum = (pick: (one: Suite) => number) => suites.reduce((total, one) => total + pick(one), 0)
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites name="pgha-lab" ${counts({tests: sum(one => one.tests), failures: sum(one => one.failures), errors: sum(one => one.errors), skipped: sum(one => one.skipped)})} time="${seconds(reports.reduce((total, report) => total + report.durationMicros, 0))}">`,
    ...suites.flatMap(one => one.lines),
    '</testsuites>',
    '',
  ].join('\n')
}

interface Suite {
  readonly tests: number
  readonly failures: number
  readonly errors: number
  readonly skipped: number
  readonly lines: readonly string[]
}

function suite(report: Report): Suite {
  const {findings, scenario, run, startedAt, durationMicros, lab, profile, versions} = report
  const told = findings.filter(finding => isTold(finding, report))
  const of = (verdict: ReportFinding['verdict']) => told.filter(finding => finding.verdict === verdict).length
  const tally = {
    tests: findings.length + 1,
    failures: of('fail'),
    errors: of('unknown') + (againstTheRun(report).length > 0 && !isSkipped(report) ? 1 : 0),
    skipped: findings.length - told.length + (isSkipped(report) ? 1 : 0),
  }
  const properties = Object.entries({
    run,
    lab,
    profile,
    verdict: titleOf(report).toLowerCase(),
    headline: answer(report),
    ...versions,
  })
  return {
    ...tally,
    lines: [
      `  <testsuite${attributes({name: scenario})} ${counts(tally)} time="${seconds(durationMicros)}"${attributes({timestamp: startedAt.replace(/\.\d+Z$|Z$/, '')})}>`,
      '    <properties>',
      ...properties.map(([name, value]) => `      <property${attributes({name, value})}/>`),
      '    </properties>',
      ...theRun(report),
      ...findings.flatMap(finding => expectation(finding, report)),
      `    <system-out>${xml(renderText(report, {color: false, width: 120}))}</system-out>`,
      '  </testsuite>',
    ],
  }
}

/** What nobody could see, and a lab that did not come back, must not read as green. */
function againstTheRun(report: Report): readonly string[] {
  const recovery = sayRecovery(report)
  return recovery === null ? report.reasons : [...report.reasons, recovery]
}

/** Why the run as a whole proves less than its findings say. */
function theRun(report: Report): string[] {
  const {scenario, durationMicros, ended} = report
  const reasons = againstTheRun(report)
  const opening = `    <testcase${attributes({classname: scenario, name: 'the run itself', ...fileOf(report, null)})} time="${seconds(durationMicros)}"`
  if (reasons.length === 0) return [`${opening}/>`]
  if (isSkipped(report))
    return [`${opening}>`, `      <skipped${attributes({message: reasons[0]!})}/>`, '    </testcase>']
  const open = sayOpen(report)
  const told = [
    ...reasons,
    ...(open === null ? [] : [open]),
    ...(ended === null ? [] : ended.next.map((command, index) => labelled(index === 0 ? nextWord : '', command))),
  ]
  return [
    `${opening}>`,
    `      <error${attributes({message: reasons[0]!, type: report.reasons.length > 0 ? 'inconclusive' : 'unhealthy'})}>${xml(told.join('\n'))}</error>`,
    '    </testcase>',
  ]
}

function expectation(finding: ReportFinding, report: Report): string[] {
  const {verdict} = finding
  const opening = `    <testcase${attributes({classname: report.scenario, name: finding.expectation, ...fileOf(report, finding.line)})} time="${seconds(timeOf(finding))}"`
  if (verdict === 'pass') return [`${opening}/>`]
  if (!isTold(finding, report))
    return [`${opening}>`, `      <skipped${attributes({message: report.ended!.says})}/>`, '    </testcase>']
  const [element, type] = verdict === 'fail' ? ['failure', 'failed'] : ['error', 'inconclusive']
  return [
    `${opening}>`,
    `      <${element}${attributes({message: finding.says, type})}>${xml(sayExplained(finding, report))}</${element}>`,
    '    </testcase>',
  ]
}

function sayExplained(finding: ReportFinding, report: Report): string {
  const {expected, seen, proof, more, hint} = explain(finding, report)
  const zero = zeroOf(report)
  return [
    labelled('expected:', expected),
    labelled('seen:', seen),
    ...proof.map(({at, says}, index) => labelled(index === 0 ? 'proof:' : '', `${sayMoment(at, zero)}  ${says}`)),
    ...(more > 0 ? [labelled('', `and ${more} more in report.json`)] : []),
    labelled(nextWord, hint),
  ].join('\n')
}

function labelled(label: string, says: string): string {
  return label.padEnd(10) + says
}

/** The first of these is how long the thing took that the expectation is about, so that CI can chart it; else a check takes no time. */
const times = ['totalMicros', 'rejoinedMicros', 'reconnectionMaxMicros'] as const

function timeOf({measures = {}}: ReportFinding): Micros {
  const found = times.map(name => measures[name]).find(value => typeof value === 'number')
  return typeof found === 'number' ? found : 0
}

function fileOf({file}: Report, line: number | null): Record<string, string> {
  return file === null ? {} : {file, ...(line === null ? {} : {line: String(line)})}
}

function counts({tests, failures, errors, skipped}: Omit<Suite, 'lines'>): string {
  return `tests="${tests}" failures="${failures}" errors="${errors}" skipped="${skipped}"`
}

function seconds(micros: Micros): string {
  return (Math.max(0, micros) / 1e6).toFixed(3)
}

function attributes(values: Readonly<Record<string, string>>): string {
  return Object.entries(values)
    .map(([name, value]) => ` ${name}="${xml(value).replaceAll('\n', '&#10;')}"`)
    .join('')
}

/** XML 1.0 has no way to say most control characters, half of a surrogate pair and two more: they are left out. */
function xml(raw: string): string {
  return printableLines(raw)
    .replace(/[\ufffe\uffff]/g, '')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
}
