/** Where the time without writes is longer than the model has it at any moment, that is said: never a smaller "up to" beside it. */
import fc from 'fast-check'
import {expect, test} from 'vitest'
import {renderGithub} from '../../../cli/render/github.ts'
import {renderHtml} from '../../../cli/render/html.ts'
import {renderJson} from '../../../cli/render/json.ts'
import {renderJunit} from '../../../cli/render/junit.ts'
import {renderMarkdown} from '../../../cli/render/markdown.ts'
import {renderRepetition} from '../../../cli/render/repeat-text.ts'
import {renderSummary} from '../../../cli/render/summary.ts'
import {renderText} from '../../../cli/render/text.ts'
import type {Event} from '../../../lab/history/event.ts'
import {type History, historyOf} from '../../../lab/history/history.ts'
import {judge} from '../../../lab/judge/judge.ts'
import {measureRun} from '../../../lab/judge/measure-run.ts'
import type {Report} from '../../../lab/judge/report.ts'
import {summarise} from '../../../lab/run/repeat.ts'
import {withAskedLimit} from '../../../lab/scenario/asked-limit.ts'
import {loadScenario} from '../../../lab/scenario/index.ts'
import {cleanRun, quickRun} from '../../lab/checks/history-builder.ts'
import {recorded} from './recorded.ts'

const kill = loadScenario('kill-leader')
const scenario = {...kill, expect: kill.expect.filter(({check}) => check === 'failover')}

function within(events: readonly Event[], ms: number): History {
  return historyOf(
    events.map(event => (event.kind === 'run-started' ? {...event, scenario: withAskedLimit(scenario, ms)} : event)),
  )
}

/** A failover whose proxy comes up late, so many seconds without writes. */
const late = (seconds: number): Event[] =>
  cleanRun({
    refresh: -0.02,
    ...{firstWrite: seconds, up: Math.max(quickRun.up, seconds - 0.1)},
    ...{mend: seconds + 2, rejoined: seconds + 6, finalReads: seconds + 9},
  })

const options = {color: false, width: 120}
const told = (report: Report) => report.limit!.says

test('what is measured is above the model or below its "up to", in the very digits that are shown (60 runs)', () => {
  let beyond = 0
  fc.assert(
    fc.property(fc.integer({min: 22_100, max: 40_000}), fc.integer({min: 20_000, max: 45_000}), (measured, limit) => {
      const report = judge(within(late(measured / 1000), limit))
      const {measuredMicros, worstMicros} = report.limit!
      // As near to its limit as the clocks are good, it is no number that could be shown.
      fc.pre(measuredMicros !== null)
      const says = told(report)
      const shown = Number(/^([\d.]+) of /.exec(says)?.[1])
      const above = /above what the model allows, ([\d.]+) s/.exec(says)?.[1]
      const upTo = /takes up to ([\d.]+) s by the model/.exec(says)?.[1]
      expect(above !== undefined).toBe(measuredMicros > worstMicros!)
      expect(upTo !== undefined).toBe(above === undefined)
      if (above !== undefined) expect(shown).toBeGreaterThan(Number(above))
      else expect(shown).toBeLessThanOrEqual(Number(upTo))
      if (above !== undefined) beyond++
    }),
    {
      numRuns: 60,
      examples: [
        [27_460, 30_000],
        [27_500, 30_000],
        [27_401, 30_000],
      ],
    },
  )
  expect(beyond).toBeGreaterThan(5)
})

test("where to look goes by the run's own evidence: the machine, another fault, else the story", () => {
  const says = (events: readonly Event[]) => told(judge(within(events, 45_000)))
  const clean = late(35)
  expect(says(clean)).toMatch(
    /^35\.00 of 45 s without writes; above what the model allows, 2\d\.\d\d s at the worst moment: no clock of ours ran late, so look for the phase/,
  )
  const starved = clean.map(event =>
    event.kind === 'watching' && event.who === 'runner' ? {...event, worstMicros: 1_070_000} : event,
  )
  expect(says(starved)).toMatch(/: the machine was too busy: a timer of the runner ran 1\.07 s late$/)
  const twice = clean.flatMap((event): Event[] =>
    event.kind === 'fault-injecting' ? [event, {...event, at: event.at + 1_000_000, id: 'again'}] : [event],
  )
  expect(says(twice.toSorted((a, b) => a.at - b.at))).toMatch(
    /: it allows that for \S+ alone, and 1 more fault was made by then$/,
  )
})

const history = within(late(35), 45_000)
const report = judge(history)
const runs = [35, 36, 23].map((seconds, index) => {
  const one = within(late(seconds), 45_000)
  return {...measureRun(one), folder: `runs/${index + 1}`, limit: judge(one).limit}
})

test.each([
  ['text', () => renderText(report, options)],
  ['what remains on the screen', () => renderSummary(report, options, [])],
  ['Markdown', () => renderMarkdown([report])],
  ['Markdown of several runs', () => renderMarkdown([report, report])],
  ['GitHub', () => renderGithub([{...report, verdict: 'fail'}])],
  ['JUnit', () => renderJunit([report])],
  ['JSON', () => renderJson(report)],
  ['HTML', () => renderHtml({report, history, logs: new Map()})],
  [
    'a repetition',
    () =>
      renderRepetition(
        summarise(runs, {scenario: 'kill-leader', lab: 'l', asked: 3, phase: 'worst', seed: null}),
        options,
      ),
  ],
])('%s says it', (_, rendered) => {
  const text = rendered().replace(/\s+/g, ' ')
  expect(text).toMatch(
    /3\d\.00 of 45 s without writes(<\/b>)?; above what the model allows, 2\d\.\d\d s at the worst moment/,
  )
  expect(text).not.toMatch(/up to [\d.]+ s by the model/)
})

test('of repeated runs it says how many were', () => {
  expect(summarise(runs, {scenario: 'kill-leader', lab: 'l', asked: 3, phase: 'worst', seed: null}).says).toMatch(
    /longest 36\.00 of 45 s without writes; above what the model allows, .*; 2 of 3 runs were above it; first runs\/1: /,
  )
})

test('a recorded crash of PostgreSQL is below it now', () => {
  const crash = recorded('crash-postgres-synchronous.pass')
  expect(told(judge(crash))).toMatch(/^4\.08 of 30 s without writes; the worst moment takes up to 6\.4 s by the model$/)
})
