/** Nothing of a stranger's run folder is obeyed, hidden or run, in whatever form it is shown. */
import {renderToString} from 'ink'
import {describe, expect, test} from 'vitest'
import {renderComparison} from '../../../cli/render/compare-text.ts'
import {renderGithub} from '../../../cli/render/github.ts'
import {renderHtml} from '../../../cli/render/html.ts'
import {renderJson} from '../../../cli/render/json.ts'
import {renderJunit} from '../../../cli/render/junit.ts'
import {renderMarkdown} from '../../../cli/render/markdown.ts'
import {renderPrediction} from '../../../cli/render/predict.ts'
import {predictionJson} from '../../../cli/render/predict-json.ts'
import {renderRepetition} from '../../../cli/render/repeat-text.ts'
import {sayEvidence} from '../../../cli/render/say-event.ts'
import {renderSummary} from '../../../cli/render/summary.ts'
import {renderText} from '../../../cli/render/text.ts'
import {progressLine, table} from '../../../cli/suite/render.ts'
import {lookOf} from '../../../cli/ui/look.ts'
import {plainProgress, plainRun} from '../../../cli/ui/plain.ts'
import {ProgressScreen} from '../../../cli/ui/progress-screen.tsx'
import {RunScreen} from '../../../cli/ui/run-screen.tsx'
import {view} from '../../../cli/ui/view.ts'
import {boughtBy, predict, sayLoopWait} from '../../../lab/budget/prediction.ts'
import {historyOf} from '../../../lab/history/history.ts'
import {layOver} from '../../../lab/history/laid-over.ts'
import {compare} from '../../../lab/judge/compare.ts'
import {jepsenHistory} from '../../../lab/judge/jepsen.ts'
import {judge} from '../../../lab/judge/judge.ts'
import {measureRun} from '../../../lab/judge/measure-run.ts'
import type {Report} from '../../../lab/judge/report.ts'
import {summarise} from '../../../lab/run/repeat.ts'
import {standard} from '../../lab/budget/topologies.ts'
import {recorded, recordedNames} from './recorded.ts'
import {attack, eachPlaceHostile, fewOfEachKind, hostile, hostileEvents} from './stranger.ts'

const marks = /##(?:vso|teamcity)?\[|section_(?:start|end):/i
const ourColours = /\u001b\[(?:0|1|2|22|39|32|33|36|91|1;(?:39|91))m/g

/** For every form: nothing that is obeyed or not seen, and no CI system's mark. */
function expectInert(text: string, form: string): void {
  const obeyed = /[[\p{Cc}\p{Cf}\p{Cs}\u2028\u2029\u3164]--\n]/v.exec(text)
  expect(
    obeyed && `${form}: ${JSON.stringify(text.slice(Math.max(0, obeyed.index - 40), obeyed.index + 40))}`,
  ).toBeNull()
  const mark = marks.exec(text)
  expect(mark && `${form}: ${text.slice(Math.max(0, mark.index - 40), mark.index + 20)}`).toBeNull()
  expect(text, form).not.toMatch(/^\s*::(?!(?:error|notice) (?:file=[^:,]*,(?:line=\d+,)?)?title=)/m)
}

/** Words for people: our colours are allowed. */
function expectText(text: string, form: string): void {
  expectInert(text.replace(ourColours, ''), form)
}

function expectGithub(text: string, reports: number): void {
  expectInert(text, 'github')
  expect(text.split('\n').filter(line => line !== '')).toHaveLength(reports)
}

function expectMarkdown(text: string): void {
  expectInert(text, 'markdown')
  for (const line of text.split('\n')) {
    const words = line.replace(/(?<!\\)`[^`]*`/g, '`code`').replace(/\\[\\`*_[\]<>|~#+=-]/g, '')
    expect(words, 'a link or a mention').not.toMatch(/:\/\/|www\.|@\w|!\[|\]\(|(?:^|\s)[#!]\d/)
    expect(words, 'a tag').not.toMatch(/<(?!\/?(?:details|summary|sub)>)/)
    if (line.startsWith('|')) expect(line.split(/(?<!\\)\|/).length, line).toBeLessThanOrEqual(14)
    // A heading, a fence, a rule or a row is ours, not a line of theirs.
    expect(line).not.toMatch(/^\s*(?:# heading|```|---$|\| a \| b \|)/)
  }
}

function expectJunit(text: string): void {
  expectInert(text, 'junit')
  // Well-formed: tags of ours only, attributes in quotes, and no sign that XML 1.0 has not got.
  expect(text).not.toMatch(/[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/u)
  const rest = text.replace(
    /<\?xml [^>]*\?>|<\/?(?:testsuites|testsuite|properties|property|testcase|failure|error|skipped|system-out)(?: [a-z]+="[^"<]*")*\/?>/g,
    '',
  )
  expect(rest).not.toMatch(/[<>]/)
}

function expectHtml(text: string): void {
  expectInert(text, 'html')
  expect(text.match(/<script/g)).toHaveLength(1)
  expect(text.replace(/="[^"]*"/g, '')).not.toMatch(/<img|<iframe|<[a-z]+ [^>]*\son[a-z]+/i)
  expect([...text.matchAll(/<[^>]* (?:href|src)="([^"]*)"/g)].filter(([, to]) => !to!.startsWith('#'))).toEqual([])
  for (const [, css] of text.matchAll(/<style>([^<]*)<\/style>/g)) expect(css).not.toContain('body{display:none}')
}

function expectJson(text: string, value: unknown): void {
  expectInert(text, 'json')
  expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(value)))
}

const shapesOfText = [
  {color: false, width: 100},
  {color: true, width: 40},
  {color: true, width: 80, ascii: true},
]

/** Every form of a report that needs nothing but the report. */
function expectReport(report: Report): void {
  for (const options of shapesOfText) {
    expectText(renderText(report, options), 'text')
    expectText(renderSummary(report, options, ['pgha-lab report latest']), 'summary')
  }
  expectMarkdown(renderMarkdown([report]))
  expectMarkdown(renderMarkdown([report, report]))
  expectJunit(renderJunit([report]))
  expectGithub(renderGithub([report, report]), 2)
  expectJson(renderJson(report), report)
}

const calm = {help: 0, log: true, asking: false, interrupted: false, finished: false}

test.each(recordedNames)('%s: no form of its report is obeyed anywhere when every text in it is hostile', name => {
  const told = judge(recorded(name))
  expectReport(hostile(told))
  expectReport({...hostile(told, key => key === 'verdict'), verdict: told.verdict})
})

test.each(['kill-leader-never-marked-down.fail', 'kill-leader-stalled-disk.unknown'])(
  '%s: no place of report.json is forgotten by a form, whether it should hold a word or a number',
  name => {
    const whole = recorded(name)
    // The page draws a report over its history; a few events of each kind take it everywhere that it takes a place of the report.
    const history = historyOf(fewOfEachKind(whole.events, 40))
    for (const {document} of eachPlaceHostile(judge(whole)))
      try {
        expectReport(document)
        expectHtml(renderHtml({report: document, history, logs: new Map()}))
      } catch (error) {
        // Text where a number should be may be the end of us; what is printed then is told as a bug, not shown.
        if (!(error instanceof TypeError || error instanceof RangeError)) throw error
      }
  },
  120_000,
)

test.each(recordedNames)(
  '%s: nothing is obeyed that is made of hostile events',
  name => {
    const own = recorded(name)
    const history = historyOf(hostileEvents(own.events))
    const report = judge(history)
    expectReport(report)
    const log = `2026-01-01T00:00:00.000Z patroni | ERROR ${attack.replaceAll('\n', '\n2026-01-01T00:00:00.100Z etcd | ')}\n`
    const started = history.events.find(event => event.kind === 'run-started')
    const logs = new Map([[`node1${attack}`, log.replaceAll('2026-01-01', started!.startedAt.slice(0, 10))]])
    expectHtml(renderHtml({report, history, logs}))
    expectInert(jepsenHistory(history).join('\n'), 'edn')
    // All of a kind are told by the same words.
    for (const [kind, all] of Map.groupBy(history.events, event => event.kind))
      for (const event of all.slice(0, 20)) expectInert(sayEvidence(event), kind)
    const lines: string[] = []
    plainRun(line => lines.push(line), {events: history.events, subscribe: () => () => {}})
    expectText(lines.join(''), 'plain')
  },
  120_000,
)

test.each(recordedNames)('%s: the screen shows hostile events as words', name => {
  const events = hostileEvents(recorded(name).events)
  for (const share of [0.02, 0.3, 0.6, 1]) {
    const shown = events.slice(0, Math.ceil(events.length * share))
    const seen = view(shown)
    for (const ascii of [false, true])
      for (const [columns, rows] of [
        [160, 50],
        [80, 24],
        [60, 12],
      ] as const)
        expectText(
          renderToString(
            <RunScreen
              {...{look: lookOf(ascii), view: seen, now: shown.at(-1)!.at, columns, rows, spin: 1}}
              mode={{...calm, finished: share === 1}}
              playing={`x${attack}`}
            />,
            {columns},
          ),
          'screen',
        )
  }
})

describe('of other commands', () => {
  const own = recorded('kill-leader.pass')
  const history = historyOf(hostileEvents(own.events))
  const measured = measureRun(history)

  test('a comparison and a repetition are not obeyed', () => {
    const unfit = {...measured, unfit: `unfit ${attack}`, doubts: [attack]}
    const base = [measured, measured, unfit, measured, measured]
    const compared = hostile(
      compare(base, [measured, measured, measured, unfit], {tolerance: 0.1, judged: []}),
      key => key === 'verdict' || key === 'unit' || key === 'judged',
    )
    for (const options of shapesOfText) expectText(renderComparison(compared, options), 'comparison')
    const repeated = summarise([{...measured, folder: `f${attack}`, headline: attack}], {
      ...{scenario: `s${attack}`, lab: `l${attack}`, asked: 2, phase: 'spread', seed: 1},
    })
    for (const options of shapesOfText) expectText(renderRepetition(repeated, options), 'repetition')
  })

  test('a prediction over recorded runs is not obeyed', () => {
    const bought = boughtBy(standard)
    const prediction = predict(standard)
    const laidOver = layOver(prediction, [
      {run: `r${attack}`, history},
      {run: `r${attack}`, history: own},
    ])
    const against = {prediction, written: attack}
    const seen = {prediction, bought, loopWait: sayLoopWait(standard, bought), laidOver, against}
    for (const options of shapesOfText) expectText(renderPrediction(seen, options), 'prediction')
    expectInert(predictionJson(seen), 'prediction as JSON')
  })

  test('the lines and the table of a suite are not obeyed', () => {
    const outcome = hostile(
      {
        ...{
          scenario: 'a',
          lab: 'lab-1',
          ending: 'failed' as const,
          seconds: 3,
          limit: null,
          headline: 'x',
          folder: '/f',
        },
        held: [1, 2] as const,
      },
      key => key === 'ending',
    )
    expectText(table([outcome], 3, 0), 'suite')
    for (const what of ['raising', 'raised', 'removing', 'playing', 'ended'] as const)
      expectText(
        progressLine({lab: `l${attack}`, what, says: attack, ...(what === 'ended' ? {outcome} : {})}, 3, 1, 2),
        what,
      )
  })

  test('the steps of up are not obeyed, neither as lines nor on the screen', () => {
    const lines: string[] = []
    const tell = plainProgress(line => lines.push(line))
    for (const state of ['begin', 'detail', 'done', 'failed'] as const) tell({step: `s${attack}`, state, says: attack})
    expectText(lines.join(''), 'plain progress')
    const step = {name: `s${attack}`, state: 'running' as const, says: attack, fraction: 0.5, beganMs: 0, endedMs: null}
    const shown = renderToString(
      <ProgressScreen
        {...{look: lookOf(false), columns: 100, rows: 20, nowMs: 10, spin: 1}}
        finished={[{...step, state: 'done', endedMs: 5}]}
        running={[step]}
      />,
      {columns: 100},
    )
    expectText(shown, 'progress')
  })
})
