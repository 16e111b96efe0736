/** Over all recordings and every form of a report: one time is one number, and the first line says what it was held against. */
import {expect, test} from 'vitest'
import {answer} from '../../../cli/render/answer.ts'
import {renderGithub} from '../../../cli/render/github.ts'
import {renderHtml} from '../../../cli/render/html.ts'
import {renderJunit} from '../../../cli/render/junit.ts'
import {renderMarkdown} from '../../../cli/render/markdown.ts'
import {renderSummary} from '../../../cli/render/summary.ts'
import {renderText} from '../../../cli/render/text.ts'
import {failoversOf} from '../../../lab/history/failover.ts'
import {type History, historyOf} from '../../../lab/history/history.ts'
import {judge} from '../../../lab/judge/judge.ts'
import type {Report} from '../../../lab/judge/report.ts'
import {withAskedLimit} from '../../../lab/scenario/asked-limit.ts'
import {sayMicros} from '../../../lab/words/quantity.ts'
import {recordedFiles, recordedReport} from '../../recorded-runs.ts'
import {recorded} from './recorded.ts'

const names = recordedFiles.map(file => file.replace('.ndjson.gz', ''))

interface Told {
  readonly history: History
  readonly report: Report
}

const asRecorded = (name: string): Told => ({history: recorded(name), report: recordedReport(`${name}.ndjson.gz`)})
/** As `chaos --within` plays it: both the time without writes and that to the first write are told. */
function limited(name: string): Told {
  const history = historyOf(
    recorded(name).events.map(event =>
      event.kind === 'run-started' ? {...event, scenario: withAskedLimit(event.scenario, 45_000)} : event,
    ),
  )
  return {history, report: judge(history)}
}

const runs = names.flatMap(name => [
  [name, () => asRecorded(name)] as const,
  ...(name.startsWith('kill-leader') ? [[`${name} --within 45s`, () => limited(name)] as const] : []),
])

const pageOf = ({history, report}: Told) => renderHtml({report, history, logs: new Map()})

function forms(told: Told): Readonly<Record<string, string>> {
  const {report} = told
  const options = {color: false, width: 120}
  return {
    text: renderText(report, options),
    summary: renderSummary(report, options, []),
    markdown: renderMarkdown([report]),
    junit: renderJunit([report]),
    github: renderGithub([report]),
    // Without the drawing, whose marks are drawn where they are.
    html: pageOf(told)
      .replaceAll(/<(style|script|svg)[\s\S]*?<\/\1>/g, '')
      .replaceAll(/<[^>]*>/g, ' '),
  }
}

/** Names that one report has for a time, and what follows or precedes the number. */
const named: readonly (readonly [string, RegExp])[] = [
  [
    'to the first write',
    /([\d.]+) (?:of [\d.]+ s(?:;|\.) clients could write again|s after the fault, no acknowledged|s after the fault, \d+ ack)/g,
  ],
  ['to the first write', /first acknowledged write[^\d\n]{0,40}?([\d.]+) s after the fault/g],
  ['to the first write', /clients could write again ([\d.]+) s after/g],
  ['time without writes', /No write was acknowledged for ([\d.]+) s/g],
  ['time without writes', /time without writes\s+([\d.]+) s/gi],
]

test.each(runs)('%s', (_, read) => {
  const told = read()
  const {limit} = told.report
  // Two failovers may have taken nearly the same time.
  const isOne = failoversOf(told.history).length < 2
  const all = forms(told)
  for (const [form, text] of Object.entries(all)) {
    const said = new Map<string, Set<string>>()
    for (const [name, pattern] of named)
      for (const [, number = ''] of text.matchAll(pattern)) said.set(name, (said.get(name) ?? new Set()).add(number))
    const measured = limit?.measuredMicros ?? null
    // Below a second it is told in ms.
    if (limit !== null && measured !== null && measured >= 1e6) {
      const [number = ''] = /[\d.]+/.exec(limit.says) ?? []
      const name = limit.of === 'first-write' ? 'to the first write' : 'time without writes'
      said.set(name, (said.get(name) ?? new Set()).add(number))
    }
    for (const [name, numbers] of said) {
      const sorted = [...numbers].map(Number).toSorted((a, b) => a - b)
      const near = sorted.filter((one, index) => index > 0 && one - sorted[index - 1]! < 0.1)
      if (isOne) expect({form, name, numbers: [...numbers], near}).toMatchObject({near: []})
    }
    // The same time with fewer digits is another number.
    const ranges = text.replaceAll(/[\d.]+ to [\d.]+ s/g, '').replaceAll(/(?:up to|allows,) [\d.]+ s/g, '')
    const numbers = [...new Set([...ranges.matchAll(/(?<![\d.])\d+\.\d+(?= (?:s|of)\b)/g)].map(([number]) => number))]
    const shortened = numbers.filter(one => {
      const digits = one.split('.')[1]!.length
      return numbers.some(other => {
        const more = other.split('.')[1]!.length
        return more > digits && Number(other) !== Number(one) && Number(other).toFixed(digits) === one
      })
    })
    expect({form, shortened}).toEqual({form, shortened: []})
  }
})

test.each(runs)('%s: what is large on the page is what the first line was judged by', (_, read) => {
  const told = read()
  const {report} = told
  const page = pageOf(told)
  const [, large = '', caption] = /<p class="number"><b>(.*?)<\/b> <span>(.*?)<\/span>/.exec(page) ?? []
  const measured = report.limit?.measuredMicros ?? null
  const isLost = /^acknowledged writes? lost$/.test(caption ?? '')
  if (measured === null || isLost) return
  expect(large.replaceAll(/<[^>]*>/g, '')).toBe(sayMicros(measured))
  if (measured > 0.25e6) expect(page).not.toMatch(/[Nn]o pause (?:was longer than|above)|Writes never paused/)
  // A pause of the lanes is another measure, and is not called by the words of this one.
  expect(page).not.toMatch(/[\d.]+ m?s without an acknowledged write|no write was acknowledged for/)
})

test.each(names)('%s: the first line says what was measured, and against what', name => {
  expect(answer(asRecorded(name).report)).toMatch(
    /^(?:[\d.]+ of [\d.]+ s|limit [\d.]+ s|[\d.]+ m?s without writes, no limit set; )/,
  )
})

test('of a time that is near its limit the large number has the digits that tell them apart', () => {
  const history = recorded('kill-leader-default-profile.pass')
  const near = (ms: number) =>
    historyOf(
      history.events.map(event =>
        event.kind === 'run-started' ? {...event, scenario: withAskedLimit(event.scenario, ms)} : event,
      ),
    )
  const {measuredMicros} = judge(near(60_000)).limit!
  const run = near(Math.ceil(measuredMicros! / 1000))
  const report = judge(run)
  const [number = ''] = report.limit!.says.split(' ')
  expect(number).toMatch(/^\d+\.\d{3,}$/)
  expect(renderHtml({report, history: run, logs: new Map()})).toContain(
    `<p class="number"><b>${number}<small> s</small>`,
  )
})
