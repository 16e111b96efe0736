import {createHash} from 'node:crypto'
import {expect, test} from 'vitest'
import {renderHtml} from '../../../cli/render/html.ts'
import {type History, historyOf} from '../../../lab/history/history.ts'
import {judge} from '../../../lab/judge/judge.ts'
import {withAskedLimit} from '../../../lab/scenario/asked-limit.ts'
import {sayMicros} from '../../../lab/words/quantity.ts'
import {altered, cleanRun, withRows} from '../../lab/checks/history-builder.ts'
import {recorded} from './recorded.ts'

const clean = cleanRun()
const page = (history: History, logs: Readonly<Record<string, string>> = {}) =>
  renderHtml({report: judge(history), history, logs: new Map(Object.entries(logs))})
const passed = page(historyOf(clean))

test('the page is one file: it names nothing that would have to be fetched, and forbids fetching', () => {
  expect(passed).not.toMatch(/<(link|img|iframe|object|embed|base)\b/)
  expect(passed).not.toMatch(/\b(src|srcset|poster|data)="/)
  expect(passed).not.toMatch(/url\((?!#)|@import/)
  expect([...passed.matchAll(/href="([^"]+)"/g)].every(match => match[1]!.startsWith('#'))).toBe(true)
  expect(passed).toContain(`content="default-src 'none'; `)
})

test('its own script may run, and no other', () => {
  const scripts = [...passed.matchAll(/<script>([\s\S]*?)<\/script>/g)].map(match => match[1]!)
  const hashes = scripts.map(script => `'sha256-${createHash('sha256').update(script).digest('base64')}'`)
  expect(scripts.length).toBe(1)
  expect(/script-src ([^;]+);/.exec(passed)![1]).toBe(hashes.join(' '))
})

test('every link leads to something on the page, and every id is there once', () => {
  for (const text of [passed, page(historyOf([]))]) {
    const ids = [...text.matchAll(/\bid="([^"]+)"/g)].map(match => match[1]!)
    const links = [...text.matchAll(/href="#([^"]+)"/g)].map(match => match[1]!)
    expect(links.filter(link => !ids.includes(link))).toEqual([])
    expect(ids.filter((id, index) => ids.indexOf(id) !== index)).toEqual([])
  }
})

test('what hosts and servers say is text, whatever it looks like', () => {
  const evil = '</script><script>alert(1)</script><img src=x onerror=alert(1)>" onload="x'
  const history = altered(clean, event =>
    event.kind === 'op' && event.outcome === 'fail' ? {...event, error: evil} : event,
  )
  const text = page(history, {'node1"><b>': `2026-01-01T00:00:08.1Z etcd | ${evil}\n`})
  expect(text).not.toContain('<img')
  expect(text).not.toContain('<script>alert')
  expect(text).not.toContain('node1"><b>')
  expect(text).toContain('&lt;img src=x onerror=alert(1)&gt;')
})

test('every lost write is listed', () => {
  const gone = Array.from({length: 600}, (_, index) => index + 1)
  const text = page(historyOf(withRows(clean, rows => void gone.map(id => rows.delete(id)))))
  const [, table = ''] = /<table class="lost">([\s\S]*?)<\/table>/.exec(text)!
  const listed = [...table.matchAll(/<th scope="row" class="num">(\d+)<\/th>/g)].map(match => Number(match[1]))
  expect(listed).toEqual(gone.slice(0, 500))
  expect(text).toContain('And 100 more, with the ids 501 to 600.')
})

test('the number of a run that broke off while nobody could write is how long that was, and not zero', () => {
  const text = page(recorded('kill-leader-interrupted.unknown'))
  expect(text).toMatch(
    /<b>13\.\d\d<small> s<\/small><\/b> <span>the longest pause between two acknowledged writes, and it never ended</,
  )
})

test('the one number is the time to the first write, or the writes lost where losing them is what failed', () => {
  const number = (text: string) => /<p class="number"><b>([^/]*?)<\/b>|<p class="number"><b>([^<]*)<small>/.exec(text)
  expect(number(passed)?.[2]).toBe('22.10')
  const lost = page(historyOf(withRows(clean, rows => rows.delete(10))))
  expect(number(lost)?.[1]).toBe('1')
})

test('a run of which nothing is known still makes a page', () => {
  expect(page(historyOf([]))).toContain('INCONCLUSIVE')
  const interrupted = page(historyOf(clean.slice(0, Math.floor(clean.length / 3))))
  expect(interrupted).toContain('he record breaks off ')
  expect(interrupted).not.toMatch(/NaN|Infinity|undefined/)
})

test('a hundred times as many events make no larger page', () => {
  const events = clean.filter(event => event.kind !== 'op')
  const ops = Array.from({length: 100_000}, (_, id) => ({
    ...{kind: 'op' as const, client: `w${id % 8}`, op: 'write' as const, id, sentAt: id * 300, at: id * 300 + 3000},
    ...{outcome: 'ok' as const, server: 'node1', timeline: 1, lsn: id, sqlstate: null, error: null},
  }))
  const history = historyOf([...events, ...ops])
  const report = judge(historyOf(clean))
  const began = performance.now()
  const text = renderHtml({report, history, logs: new Map()})
  expect(text.length).toBeLessThan(passed.length * 2 + 200_000)
  expect(performance.now() - began).toBeLessThan(10_000)
})

test('several drivers are a table of their own, which a single one is not', () => {
  expect(passed).not.toContain('id="drivers"')
  const several = page(
    altered(clean, event => (event.kind === 'op' && event.client === 'w3' ? {...event, client: 'psycopg-mw1'} : event)),
  )
  expect(several).toContain('href="#drivers"')
  expect(several).toMatch(/<th scope="row">psycopg \(members\)<\/th>/)
})

test('a time without writes that was judged is the same number wherever the page shows it', () => {
  const {events} = recorded('kill-leader-default-profile.pass')
  const fault = events.find(event => event.kind === 'fault-injecting')!.at
  const transfer = events.findLast(event => event.kind === 'bank' && event.op === 'transfer' && event.outcome === 'ok')!
  // A transfer in the middle ends the time without writes for the check; the lanes show single writes alone.
  const amid = {...transfer, at: fault + 5e6, sentAt: fault + 4.99e6} as (typeof events)[number]
  const asked = historyOf(
    [...events.filter(event => event.at <= amid.at), amid, ...events.filter(event => event.at > amid.at)].map(event =>
      event.kind === 'run-started' ? {...event, scenario: withAskedLimit(event.scenario, 30_000)} : event,
    ),
  )
  const says = sayMicros(judge(asked).limit!.measuredMicros!)
  expect(says).toMatch(/^35\.\d\d s$/)
  expect(page(asked)).toContain(`<b>${says.replace(' s', '')}<small> s</small></b> <span>without writes</span>`)
})

test('a fault that did not strike the leader is one that the model says nothing of, not one that costs no time', () => {
  const {events} = recorded('kill-haproxy.pass')
  const asked = events.map(event =>
    event.kind === 'run-started' ? {...event, scenario: withAskedLimit(event.scenario, 30_000)} : event,
  )
  const {limit, verdict} = judge(historyOf(asked))
  expect(verdict).toBe('pass')
  expect(limit!.says).toMatch(
    /^\d\.\d\d of 30 s without writes; no fault struck the leader, and of others the timing model says nothing$/,
  )
})
