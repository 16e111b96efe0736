/** The limit that a run was judged by stands on the first line of every report: here one that `chaos --within` asked for. */
import {expect, test} from 'vitest'
import {renderGithub} from '../../../cli/render/github.ts'
import {renderHtml} from '../../../cli/render/html.ts'
import {renderJson} from '../../../cli/render/json.ts'
import {renderJunit} from '../../../cli/render/junit.ts'
import {renderMarkdown} from '../../../cli/render/markdown.ts'
import {renderRepetition} from '../../../cli/render/repeat-text.ts'
import {renderSummary} from '../../../cli/render/summary.ts'
import {renderText} from '../../../cli/render/text.ts'
import {table} from '../../../cli/suite/render.ts'
import {historyOf} from '../../../lab/history/history.ts'
import {judge} from '../../../lab/judge/judge.ts'
import {measureRun} from '../../../lab/judge/measure-run.ts'
import {summarise} from '../../../lab/run/repeat.ts'
import {withAskedLimit} from '../../../lab/scenario/asked-limit.ts'
import {runSuite} from '../../../lab/suite/run.ts'
import {recorded} from './recorded.ts'

/** 24.8 s without writes. */
function within(ms: number) {
  const events = recorded('kill-leader.pass').events.map(event =>
    event.kind === 'run-started' ? {...event, scenario: withAskedLimit(event.scenario, ms)} : event,
  )
  return historyOf(events)
}

const history = within(20_000)
const report = judge(history)
const passed = judge(within(30_000))
const options = {color: false, width: 120}
const first = (text: string, line = /./) => text.split('\n').find(one => line.test(one))

test('it is a run that failed by the limit', () =>
  expect([report.verdict, report.limit]).toMatchObject(['fail', {from: 'asked', limitMicros: 20_000_000}]))

test.each([
  ['text', () => first(renderText(report, options)), /^FAILED kill-leader: 24\.83 of 20 s without writes; /],
  ['text of a pass', () => first(renderText(passed, options)), /^PASSED kill-leader: 24\.83 of 30 s without writes; /],
  [
    'what remains on the screen',
    () => first(renderSummary(report, options, []), /^FAILED/),
    /^FAILED kill-leader: 24\.83 of 20 s without writes; /,
  ],
  ['Markdown', () => first(renderMarkdown([report])), /^## ✘ FAILED kill-leader: 24\.83 of 20 s without writes; /],
  [
    "Markdown of several runs: each run's row",
    () => first(renderMarkdown([report, passed]), /^\| ✘ FAILED/),
    /^\| ✘ FAILED \| kill-leader \| [^|]+ \| 24\.83 of 20 s without writes; .*No write was acknowledged/,
  ],
  [
    'GitHub',
    () => renderGithub([report]),
    /^::error [^:]*title=FAILED kill-leader::24\.83 of 20 s without writes; [^\n]*%0A/,
  ],
  ['JUnit', () => first(renderJunit([report]), /name="headline"/), /value="24\.83 of 20 s without writes; /],
  [
    'HTML: the title',
    () => first(renderHtml({report, history, logs: new Map()}), /<title>/),
    /FAILED kill-leader: 24\.83 of 20 s without writes; /,
  ],
  [
    'HTML: beside the verdict',
    () => /<div class="first">[\s\S]*?<\/div>/.exec(renderHtml({report, history, logs: new Map()}))?.[0],
    /FAILED<\/span> [\s\S]*<b>24\.83 of 20 s without writes<\/b>; [^<]* <span>\(the limit asked for, on the time without writes\)/,
  ],
  [
    'a repetition',
    () => {
      const runs = [{...measureRun(history), folder: 'runs/1', limit: report.limit}]
      return first(
        renderRepetition(
          summarise(runs, {scenario: 'kill-leader', lab: 'l', asked: 1, phase: 'spread', seed: 1}),
          options,
        ),
      )
    },
    /^FAILED kill-leader: 0 of 1 runs passed, 1 failed; longest 24\.83 of 20 s without writes; /,
  ],
])('%s', (_, line, expected) => expect(line()).toMatch(expected))

test('JSON', () => expect(JSON.parse(renderJson(report)).limit.says).toMatch(/^24\.83 of 20 s without writes; /))

test('a suite: in the sentence about each run', async () => {
  const [outcome] = await runSuite({
    ...{
      jobs: [{scenario: 'kill-leader', set: [], seconds: 1}],
      parallel: 1,
      name: 'fake',
      labs: {profile: 'fast'},
      keep: false,
    },
    ...{signal: new AbortController().signal, tell: () => {}},
    child: async ([verb]) => ({exitCode: verb === 'chaos' ? 1 : 0, stdout: renderJson(report), stderr: ''}),
  })
  expect(outcome!.limit?.limitMicros).toBe(20_000_000)
  expect(first(table([outcome!], 1, 0), /^kill-leader/)).toMatch(
    / 24\.83 of 20 s without writes; .*No write was acknowledged/,
  )
})
