/** A run that did not come to its end is told once, with up to when it counts and what to do next: not as a list of what nobody knows. */
import {expect, test} from 'vitest'
import {answer} from '../../../cli/render/answer.ts'
import {renderGithub} from '../../../cli/render/github.ts'
import {renderHtml} from '../../../cli/render/html.ts'
import {renderJson} from '../../../cli/render/json.ts'
import {renderJunit} from '../../../cli/render/junit.ts'
import {renderMarkdown} from '../../../cli/render/markdown.ts'
import {renderSummary} from '../../../cli/render/summary.ts'
import {renderText} from '../../../cli/render/text.ts'
import type {Event, Happening} from '../../../lab/history/event.ts'
import {type History, historyOf} from '../../../lab/history/history.ts'
import {judge} from '../../../lab/judge/judge.ts'
import type {Report} from '../../../lab/judge/report.ts'
import {withAskedLimit} from '../../../lab/scenario/asked-limit.ts'
import {loadScenario} from '../../../lab/scenario/index.ts'
import {recorded} from './recorded.ts'

type Ending = Omit<Extract<Happening, {kind: 'run-ended'}>, 'kind'>

/** A recorded run as if it had been cut short so many seconds after its first fault, and healed after that. */
function cut(name: string, seconds: number, ending: Ending | null, more: readonly Event[] = []): History {
  const {events} = recorded(name)
  const fault = events.find(event => event.kind === 'fault-injecting')!.at
  const at = fault + seconds * 1e6
  const before = [...events.filter(event => event.at <= at), ...more]
  if (ending === null) return historyOf(before)
  return historyOf([...before, {at, kind: 'phase', name: 'healing'}, {at: at + 800_000, kind: 'run-ended', ...ending}])
}

const whole = judge(recorded('kill-leader.pass'))
const bySignal: Ending = {how: 'interrupted', says: 'the run was interrupted; it has been healed'}
const noEngine: Ending = {how: 'error', says: 'no Docker engine answers'}
/** Told by an expectation, whatever came after it. */
const broken = 'switchover-tcp-check.fail'

const reports: Readonly<Record<string, Report>> = {
  'Ctrl-C as it was recorded': judge(recorded('kill-leader-interrupted.unknown')),
  'Ctrl-C 3 s after the fault': judge(cut('kill-leader.pass', 3, bySignal)),
  'Ctrl-C before the fault was seen to take hold': judge(cut('kill-leader.pass', 0.01, bySignal)),
  'no engine any more': judge(cut('kill-leader.pass', 3, noEngine)),
  'a process that was killed': judge(cut('kill-leader.pass', 3, null)),
  'a run that never began': judge({
    events: [
      {
        ...{at: 0, kind: 'never-began', run: 'run-9', scenario: loadScenario('kill-leader'), lab: 'lab'},
        ...{startedAt: '2026-01-01T00:00:00.000000Z', code: 'docker-missing', says: 'no Docker engine answers'},
      },
    ],
  }),
}
const names = Object.keys(reports)
const plain = {color: false, width: 100}
const oneLine = (text: string) => text.replaceAll(/\s+/g, ' ')

test.each(names)('%s: the sentence says why, and up to when it counts; JSON has it too', name => {
  const report = reports[name]!
  const says = {
    'Ctrl-C as it was recorded': 'the run was interrupted 13.33 s after the fault, and counts up to there',
    'Ctrl-C 3 s after the fault': 'the run was interrupted 3.00 s after the fault, and counts up to there',
    'Ctrl-C before the fault was seen to take hold':
      'the run was interrupted 10 ms after the fault, and counts up to there',
    'no engine any more':
      'the run ended early, 3.00 s after the fault (no Docker engine answers), and counts up to there',
    'a process that was killed': 'the record breaks off 3.00 s after the fault, and counts up to there',
    'a run that never began': 'the run never began: no Docker engine answers',
  }[name]
  expect([report.verdict, report.headline, report.reasons]).toEqual(['unknown', says, [says]])
  expect(JSON.parse(renderJson(report))).toMatchObject({ended: {says, next: report.ended!.next}})
})

test('the next step plays it again, once what may be left is healed', () => {
  expect(Object.fromEntries(names.map(name => [name, reports[name]!.ended!.next]))).toEqual({
    'Ctrl-C as it was recorded': ['pgha-lab chaos kill-leader'],
    'Ctrl-C 3 s after the fault': ['pgha-lab chaos kill-leader --name sb1'],
    'Ctrl-C before the fault was seen to take hold': ['pgha-lab chaos kill-leader --name sb1'],
    'no engine any more': ['pgha-lab heal --name sb1', 'pgha-lab chaos kill-leader --name sb1'],
    'a process that was killed': ['pgha-lab heal --name sb1', 'pgha-lab chaos kill-leader --name sb1'],
    'a run that never began': ['pgha-lab doctor', 'pgha-lab chaos kill-leader'],
  })
})

test.each(names)('%s: JUnit has exactly one error, and no case of it is green that nobody judged', name => {
  const report = reports[name]!
  const xml = renderJunit([report])
  expect(xml.match(/<error /g)).toHaveLength(1)
  expect(xml).toMatch(/<testcase [^>]*name="the run itself"[^>]*>\n\s*<error message="the r/)
  const open = report.findings.filter(one => one.verdict === 'unknown').length
  expect(open).toBeGreaterThan(0)
  expect(xml.match(/<skipped /g)).toHaveLength(open)
  expect(xml).toContain(
    `tests="${report.findings.length + 1}" failures="0" errors="1" skipped="${open}" time="${(report.durationMicros / 1e6).toFixed(3)}"`,
  )
  expect(xml).toContain(`next:     ${report.ended!.next.join('\n          ')}`)
})

test.each(names)('%s: GitHub has one annotation, and no expectation in it', name => {
  const report = reports[name]!
  const lines = renderGithub([report]).trimEnd().split('\n')
  expect(lines).toEqual([
    expect.stringMatching(/^::error (file=[^:]*,line=1,)?title=INCONCLUSIVE kill-leader::(limit [\d.]+ s; )?the r/),
  ])
  expect(lines[0]!.split('::')[2]).toBe(`${answer(report)}%0Anext: ${report.ended!.next.join('%0A      ')}`)
})

test.each(names)('%s: text, summary, Markdown and HTML tell it once, and list nothing that nobody knows', name => {
  const report = reports[name]!
  const texts = {
    text: renderText(report, plain),
    summary: renderSummary(report, plain, []),
    markdown: renderMarkdown([report]),
    html: renderHtml({report, history: recorded('kill-leader.pass'), logs: new Map()}),
  }
  const open = report.findings.filter(one => one.verdict === 'unknown')
  for (const [form, text] of Object.entries(texts)) {
    const told = oneLine(form === 'html' ? text.replaceAll(/<[^>]+>/g, '') : text.replaceAll(/\\/g, ''))
    expect(told.toLowerCase().split(report.headline.toLowerCase()), form).toHaveLength(2)
    for (const command of report.ended!.next) expect(told, form).toContain(command)
    for (const {expectation} of open) expect(told, form).not.toContain(expectation)
    expect(told, form).toContain(`${open.length} of ${report.findings.length} expectations`)
  }
  expect(renderText(report, plain)).not.toMatch(/^\? inconclusive/m)
})

test.each([
  ['its fault', (event: Event) => event.kind === 'fault-injecting'],
  ['its steps, in the steady state', (event: Event) => event.kind === 'phase' && event.name === 'steps'],
  ['its clients began', (event: Event) => event.kind === 'phase' && event.name === 'steady'],
])('what is interrupted before %s measured nothing: the limit stands there, and no number beside it', (_, isNext) => {
  const {events} = recorded('kill-leader.pass')
  const at = events.find(isNext)!.at - 100_000
  const asked = events.map(event =>
    event.kind === 'run-started' ? {...event, scenario: withAskedLimit(event.scenario, 9000)} : event,
  )
  const early = historyOf([...asked.filter(event => event.at <= at), {at, kind: 'run-ended', ...bySignal}])
  const report = judge(early)
  expect(answer(report)).toMatch(/^limit 9\.00 s; the run was interrupted [\d.]+ s after it began, before any fault/)
  for (const text of [
    renderText(report, plain),
    renderMarkdown([report]),
    renderHtml({report, history: early, logs: new Map()}),
  ])
    expect(text).not.toMatch(/\d of 9 s|timing model expects|without writes: no pause/)
  expect(report.findings.filter(one => one.check === 'unavailability').map(one => one.verdict)).toContain('unknown')
})

test('of a run that never began the limit that was asked for stands on the first line, too', () => {
  const scenario = withAskedLimit(loadScenario('kill-leader'), 20_000)
  const report = judge({
    events: [
      {
        ...{at: 0, kind: 'never-began', run: 'run-9', scenario, lab: 'lab'},
        ...{startedAt: '2026-01-01T00:00:00.000000Z', code: 'docker-missing', says: 'no Docker engine answers'},
      },
    ],
  })
  expect(answer(report)).toBe('limit 20.00 s; the run never began: no Docker engine answers')
})

test('what remains on the screen after Ctrl-C ends with one line that says how it ended', () => {
  const lines = renderSummary(reports['Ctrl-C 3 s after the fault']!, {...plain, width: 400}, [
    'pgha-lab report latest',
  ])
    .trimEnd()
    .split('\n')
  expect(lines.at(-1)).toMatch(
    /^INCONCLUSIVE .*the run was interrupted 3\.00 s after the fault, .* \(\d+ of \d+ expectations/,
  )
  expect(lines.filter(line => /interrupted|expectations/.test(line))).toHaveLength(1)
})

test.each([
  ['Ctrl-C', bySignal],
  ['an engine that is gone', noEngine],
])('a failure that was found before %s still fails the run, and shows', (_, ending) => {
  const report = judge(cut(broken, 4.5, ending))
  const failed = report.findings.filter(one => one.verdict === 'fail')
  expect([report.verdict, report.exitCode]).toEqual(['fail', 1])
  expect(failed.length).toBeGreaterThan(0)
  expect(report.headline).toContain(failed[0]!.says)
  const xml = renderJunit([report])
  expect([xml.match(/<failure /g)?.length, xml.match(/<error /g)?.length]).toEqual([failed.length, 1])
  for (const text of [renderText(report, plain), renderSummary(report, plain, [])]) {
    expect(text).toMatch(/^✘ FAILED {2}/m)
    expect(oneLine(text)).toMatch(/the run (was interrupted|ended early),? 4\.50 s after the fault/)
  }
  expect(renderGithub([report])).toMatch(/^::error [^\n]*the run [^\n]*%0Aexpected: [^\n]*\n$/)
})

test('an engine that was away before it ended: why it proves nothing is part of the same sentence', () => {
  const {events} = recorded('kill-leader.pass')
  const fault = events.find(event => event.kind === 'fault-injecting')!.at
  const deaf: Event = {
    ...{at: fault + 2.5e6, kind: 'watching', who: 'engine'},
    ...{samples: 2, failures: 2, worstMicros: 1e6},
  }
  const report = judge(cut('kill-leader.pass', 3, noEngine, [deaf]))
  expect(report.reasons).toEqual([
    expect.stringMatching(
      /^the run ended early, 3\.00 s after the fault \(no Docker engine answers\): the Docker engine did not answer, from .* so the run proves nothing$/,
    ),
  ])
  expect(report.headline).toBe(report.reasons[0])
})

test('a run that came to its end has none of it', () => {
  expect(whole.ended).toBeNull()
  expect(renderJunit([whole])).not.toContain('<skipped ')
})
