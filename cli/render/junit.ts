/**
 * The report as JUnit XML, in the dialect that CI systems agree on. A suite is a run, a case an expectation: `failure` where it
 * failed, `error` where it is unknown, because what nobody could see must not be read as green (`skipped` would be). The first
 * case of each suite is the run itself: did its faults take hold, did it come to its end. If it did not, that is the one error:
 * the expectations that nobody could judge for it are `skipped`, in a suite that is red. Of a run that was skipped, all are.
 */

import type {Micros, Report} from '../../lab/index.ts'
import {nextWord, printableValues} from '../../lab/inside/start.ts'
import {answer} from './answer.ts'
import {explain, isTold, type ReportFinding, sayOpen} from './explain.ts'
import {sayMoment, zeroOf} from './moment.ts'
import {sayRecovery} from './recovery.ts'
import {renderText} from './text.ts'
import {isSkipped, titleOf} from './verdict-words.ts'
import {type Element, element, printXml} from './xml.ts'

/** @param others suites that are of no one run. */
export function renderJunit(reports: readonly Report[], others: readonly Suite[] = []): string {
  const suites = [...reports.map(report => suite(printableValues(report))), ...others]
  const sum = (pick: keyof Tally) => suites.reduce((total, {tally}) => total + tally[pick], 0)
  const all = {tests: sum('tests'), failures: sum('failures'), errors: sum('errors'), skipped: sum('skipped')}
  const time = seconds(suites.reduce((total, {micros}) => total + micros, 0))
  return printXml(
    element(
      'testsuites',
      {name: 'pgha-lab', ...counts(all), time},
      suites.map(({name, tally, micros, attributes, inside}) =>
        element('testsuite', {name, ...counts(tally), time: seconds(micros), ...attributes}, inside),
      ),
    ),
  )
}

export interface Suite {
  readonly name: string
  readonly tally: Tally
  readonly micros: Micros
  readonly attributes: Readonly<Record<string, string>>
  readonly inside: readonly Element[]
}

interface Tally {
  readonly tests: number
  readonly failures: number
  readonly errors: number
  readonly skipped: number
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
  const remarks = (report.remarks ?? []).map(one => ['remark', one] as const)
  const timestamp = startedAt.replace(/\.\d+Z$|Z$/, '')
  return {
    name: scenario,
    tally,
    micros: durationMicros,
    attributes: {timestamp},
    inside: [
      element(
        'properties',
        {},
        [...properties, ...remarks].map(([name, value]) => element('property', {name, value})),
      ),
      theRun(report),
      ...findings.map(finding => expectation(finding, report)),
      element('system-out', {}, renderText(report, {color: false, width: 120})),
    ],
  }
}

/** What nobody could see, and a lab that did not come back, must not read as green. */
function againstTheRun(report: Report): readonly string[] {
  const recovery = sayRecovery(report)
  return recovery === null ? report.reasons : [...report.reasons, recovery]
}

/** Why the run as a whole proves less than its findings say. */
function theRun(report: Report): Element {
  const {scenario, durationMicros, next} = report
  const reasons = againstTheRun(report)
  const about = {classname: scenario, name: 'the run itself', ...fileOf(report, null), time: seconds(durationMicros)}
  if (reasons.length === 0) return element('testcase', about)
  if (isSkipped(report)) return element('testcase', about, [element('skipped', {message: reasons[0]!})])
  const open = sayOpen(report)
  const told = [
    ...reasons,
    ...(open === null ? [] : [open]),
    ...next.map((command, index) => labelled(index === 0 ? nextWord : '', command)),
  ]
  const type = report.reasons.length > 0 ? 'inconclusive' : 'unhealthy'
  return element('testcase', about, [element('error', {message: reasons[0]!, type}, told.join('\n'))])
}

function expectation(finding: ReportFinding, report: Report): Element {
  const {verdict, says, line, expectation: name} = finding
  const about = {classname: report.scenario, name, ...fileOf(report, line), time: seconds(timeOf(finding))}
  if (verdict === 'pass') return element('testcase', about)
  if (!isTold(finding, report)) return element('testcase', about, [element('skipped', {message: report.ended!.says})])
  const [kind, type] = verdict === 'fail' ? (['failure', 'failed'] as const) : (['error', 'inconclusive'] as const)
  return element('testcase', about, [element(kind, {message: says, type}, sayExplained(finding, report))])
}

function sayExplained(finding: ReportFinding, report: Report): string {
  const {expected, seen, proof, more, hint, next} = explain(finding, report)
  const zero = zeroOf(report)
  return [
    labelled('expected:', expected),
    labelled('seen:', seen),
    ...proof.map(({at, says}, index) => labelled(index === 0 ? 'proof:' : '', `${sayMoment(at, zero)}  ${says}`)),
    ...(more > 0 ? [labelled('', `and ${more} more in report.json`)] : []),
    labelled(nextWord, hint),
    ...next.map(command => labelled('', command)),
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

function counts({tests, failures, errors, skipped}: Tally): Record<keyof Tally, string> {
  return {tests: String(tests), failures: String(failures), errors: String(errors), skipped: String(skipped)}
}

function seconds(micros: Micros): string {
  return (Math.max(0, micros) / 1e6).toFixed(3)
}
