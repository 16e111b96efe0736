/** Markdown, JUnit and GitHub's annotations: what CI shows of a run. */
import {expect, test} from 'vitest'
import {renderGithub} from '../../../cli/render/github.ts'
import {renderJunit} from '../../../cli/render/junit.ts'
import {renderMarkdown} from '../../../cli/render/markdown.ts'
import {historyOf} from '../../../lab/history/history.ts'
import {judge} from '../../../lab/judge/judge.ts'
import type {Report} from '../../../lab/judge/report.ts'
import {altered, cleanRun, expectations, withRows} from '../../lab/checks/history-builder.ts'

/** As parseScenario notes it down: the expectations stand in the lines from 20. */
const events = cleanRun().map(event =>
  event.kind === 'run-started'
    ? {
        ...event,
        scenario: {
          ...event.scenario,
          file: 'scenarios/kill-leader.yaml',
          expect: expectations.map((one, index) => ({...one, line: 20 + index})),
        },
      }
    : event,
)
const passed = judge(historyOf(events))
const failed = judge(historyOf(withRows(events, rows => rows.delete(10))))
const unproven = judge(altered(events, event => (event.kind === 'fault-proof' ? {...event, holds: false} : event)))
const unknown = judge(altered(events, event => (event.kind === 'final-rows' ? null : event)))
const evil: Report = {
  ...failed,
  headline: '</failure><script>alert(1)</script> | 50%\n::error::x ]]> \u0000\ud800 **bold** https://example.org',
  findings: failed.findings.map(finding => ({...finding, says: 'a "quote" & <b> | `tick`\nnext\u0007'})),
}

test('JUnit has one case per expectation, and one for the run itself', () => {
  const xml = renderJunit([passed])
  const names = [...xml.matchAll(/<testcase classname="kill-leader" name="([^"]+)"/g)].map(match => match[1])
  expect(names).toEqual(['the run itself', ...passed.findings.map(finding => finding.expectation)])
  expect(xml).toMatch(/<testsuite name="kill-leader" tests="6" failures="0" errors="0" skipped="0" time="41\.500"/)
  expect(xml).toContain('name="failover within budget" file="scenarios/kill-leader.yaml" line="20" time="22.100"')
})

test('JUnit: a failed expectation is a failure with its evidence', () => {
  const xml = renderJunit([failed])
  expect(xml).toContain('failures="1" errors="0"')
  const [, body] = /<failure message="[^"]+" type="failed">([^<]+)<\/failure>/.exec(xml)!
  expect(body).toMatch(/^expected: no-lost-writes/)
  expect(body).toMatch(/^seen: /m)
  expect(body).toMatch(/^proof: +[+-]\d+\.\d\d s {2}write 10 of w\d+ was acknowledged by node1/m)
  expect(body).toMatch(/^next: /m)
})

test.each([
  ['an expectation that is unknown', unknown],
  ['a fault that did not take hold', unproven],
])('JUnit: %s is an error, and never green', (_, report) => {
  expect(report.verdict).toBe('unknown')
  const xml = renderJunit([report])
  expect(xml).toMatch(/<testsuites name="pgha-lab" tests="6" failures="0" errors="[1-9]/)
  expect(xml).toMatch(/<error message="[^"]+" type="inconclusive">/)
  expect(xml).not.toContain('<skipped')
})

test('JUnit: no verdict but a pass leaves a suite without failure and error', () => {
  for (const report of [
    passed,
    failed,
    unknown,
    unproven,
    {...unknown, findings: [], reasons: ['nothing was expected']},
  ]) {
    const [, failures, errors] = /<testsuites [^>]*failures="(\d+)" errors="(\d+)"/.exec(renderJunit([report]))!
    expect(Number(failures) + Number(errors) > 0).toBe(report.verdict !== 'pass')
  }
})

test('JUnit: the sums of several runs', () =>
  expect(renderJunit([passed, failed, unknown])).toContain(
    '<testsuites name="pgha-lab" tests="18" failures="1" errors="1" skipped="0"',
  ))

test('JUnit: what servers say cannot leave its place', () => {
  const xml = renderJunit([evil])
  expect(xml).not.toContain('<script>')
  expect(xml).not.toMatch(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ud800-\udfff]/)
})

test('GitHub: one annotation for a failed run, at the line of the expectation that failed', () => {
  const lines = renderGithub([failed, unknown]).trimEnd().split('\n')
  expect(lines.length).toBe(2)
  expect(lines[0]).toMatch(
    /^::error file=scenarios\/kill-leader\.yaml,line=22,title=FAILED kill-leader::22\.10 of 27\.45 s; \d+ writes acknowledged, 1 lost/,
  )
  expect(lines[0]).toMatch(/%0Aproof: .*%0Anext: /)
  expect(lines[1]).toMatch(/^::error file=scenarios\/kill-leader\.yaml,line=22,title=INCONCLUSIVE kill-leader::/)
})

test('GitHub: a run whose fault did not take hold points at its file, and a run without a file at none', () => {
  expect(renderGithub([unproven])).toMatch(/^::error file=scenarios\/kill-leader\.yaml,line=1,title=INCONCLUSIVE/)
  expect(renderGithub([{...failed, file: null}])).toMatch(/^::error title=FAILED kill-leader::/)
})

test('GitHub: what servers say cannot begin a command of its own', () => {
  const text = renderGithub([evil])
  expect(text.trimEnd().split('\n').length).toBe(1)
  expect(text).toContain('50%25')
})

test('GitHub: a run that passed is a notice, and one whose lab did not come back an error', () => {
  expect(renderGithub([passed])).toMatch(
    /^::notice file=scenarios\/kill-leader\.yaml,line=1,title=PASSED kill-leader::/,
  )
  expect(renderGithub([{...passed, recovered: false}])).toMatch(/^::error /)
})

test('Markdown: the verdict and the number first, then what failed with its proof', () => {
  const lines = renderMarkdown([failed]).split('\n')
  expect(lines[0]).toBe('## ✘ FAILED kill-leader: 22.10 of 27.45 s')
  expect(lines[2]).toMatch(/^\*\*\d+ writes acknowledged, 1 lost/)
  expect(lines).toContain('### ✘ FAILED: no-lost-writes allow async-tail (scenarios/kill-leader.yaml:22)')
  for (const label of ['Expected', 'Seen', 'Proof', 'Next']) expect(lines.join('\n')).toContain(`- **${label}:**`)
})

test('Markdown: several runs begin with a table of them', () => {
  const text = renderMarkdown([passed, failed, unknown])
  expect(text).toMatch(/^# 1 of 3 scenarios passed\n/)
  expect(text.match(/^\| (✔ PASSED|✘ FAILED|\? INCONCLUSIVE) \| kill-leader \|/gm)?.length).toBe(3)
})

test('Markdown: what servers say is no markup, and no row of a table breaks', () => {
  const text = renderMarkdown([evil])
  expect(text).not.toMatch(/(?<!\\)<script/)
  expect(text).not.toContain('**bold**')
  // In a code span nobody makes a link of it.
  expect(text).toContain('`https://example.org`')
  expect(text.replace(/`[^`]*`/g, '')).not.toContain('https://example.org')
  const rows = text.split('\n').filter(line => line.startsWith('| ✘') && line.includes('quote'))
  for (const row of rows) expect(row.match(/(?<!\\)\|/g)?.length).toBe(4)
})

test('what somebody else did in the run is told by each of them', () => {
  const says = 'somebody deleted the leader key of node1 at 5.00 s of the run'
  const one = {...failed, remarks: [says]}
  expect(renderJunit([one])).toContain(`<property name="remark" value="${says}"/>`)
  expect(renderGithub([one])).toContain(`%0A${says}%0A`)
  expect(renderMarkdown([one])).toContain(says)
})
