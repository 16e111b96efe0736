/** What a record's answers are kept as is read as the events that they are, by every check and every renderer. */
import {globSync, mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {basename, join} from 'node:path'
import {gunzipSync} from 'node:zlib'
import {afterAll, expect, test} from 'vitest'
import {renderHtml} from '../../../cli/render/html.ts'
import {renderText} from '../../../cli/render/text.ts'
import type {Event} from '../../../lab/history/event.ts'
import {plain} from '../../../lab/history/event-table.ts'
import {of} from '../../../lab/history/history.ts'
import {loadHistory, parseHistory} from '../../../lab/history/read-events.ts'
import {judge} from '../../../lab/judge/judge.ts'

const folder = mkdtempSync(join(tmpdir(), 'event-table-'))
afterAll(() => rmSync(folder, {recursive: true}))

const write = {
  ...{at: 2_400_000_000, kind: 'op', client: 'w1', op: 'write', id: 7, sentAt: 2_399_000_000, outcome: 'ok'},
  ...{server: 'node1', timeline: 1, lsn: 9_007_199_254_740_991, sqlstate: null, error: null},
} as const
const read = {...write, client: 'r1', op: 'read', id: 500_000_007, lsn: null, seen: 0} as const

async function loaded(events: readonly object[]) {
  const file = join(folder, 'events.ndjson')
  writeFileSync(file, events.map(one => `${JSON.stringify(one)}\n`).join(''))
  return loadHistory(file)
}

/** The first of each layout is read the long way, and is an object of its own. */
async function kept(event: object): Promise<Event> {
  const {events} = await loaded([event, event])
  expect(plain(events[1]!)).not.toBe(events[1])
  return events[1]!
}

test('an answer has the fields that it was told with, and no others, however great its numbers', async () => {
  for (const one of [write, read]) {
    const event = await kept(one)
    for (const [name, value] of Object.entries(one)) expect(event[name as 'at'], name).toBe(value)
    const names: string[] = []
    for (const name in event) names.push(name)
    expect(names).toEqual(Object.keys(one))
    expect('seen' in event).toBe('seen' in one)
    expect('n' in event).toBe(false)
    expect(JSON.stringify(event)).toBe(JSON.stringify(one))
  }
})

test('a copy of it is made of what `plain` gives, which is the same each time', async () => {
  const event = await kept(write)
  expect({...plain(event), id: 8}).toEqual({...write, id: 8})
  expect(plain(event)).toBe(plain(event))
  expect(plain(plain(event))).toBe(plain(event))
})

test('a test that compares two of them compares what they say', async () => {
  const {events} = await loaded([write, write, {...write, id: 8}, {...write, id: 8}])
  expect(events[1]).toEqual(events[1])
  expect(events[2]).toEqual(events[3])
  expect(events[1]).not.toEqual(events[2])
  expect([events[1]]).not.toEqual([events[2]])
  expect(events[1]).toEqual(write)
})

test('thousands keep their own values', async () => {
  const told = Array.from({length: 20_000}, (_, nth) => ({
    ...(nth % 3 === 0 ? read : write),
    ...{at: write.at + nth, id: nth + 1, client: `w${nth % 40}`, lsn: nth % 7 === 0 ? null : nth * 1e9},
    ...{outcome: nth % 11 === 0 ? 'unknown' : 'ok', error: nth % 1000 === 0 ? `it broke off at ${nth}` : null},
  }))
  const {events} = await loaded(told)
  expect(events.map(plain)).toEqual(told)
})

test('what is told late stands in its place, and what is told at once in the order in which it was told', async () => {
  const told = Array.from({length: 2000}, (_, nth) => ({
    ...write,
    at: write.at + 10 * (nth + (nth % 50 === 0 ? -30 : 0) - (nth % 2)),
    id: nth,
  }))
  const {events} = await loaded(told)
  expect(events.map(plain)).toEqual(told.toSorted((a, b) => a.at - b.at))
})

test('a key that this version does not know stays in its event, among thousands', async () => {
  const strange = {...write, colour: 'red'}
  const history = await loaded([write, write, strange, write])
  expect(history.events.map(plain)).toEqual([write, write, strange, write])
  expect(history.source?.foreign).toHaveLength(1)
})

const recorded = globSync(join(import.meta.dirname, '..', '..', 'histories', '*.ndjson.gz')).toSorted()
const every = 12
const some = [
  ...recorded.filter((_, nth) => nth % every === 0),
  // Whose evidence and story is made of answers.
  ...recorded.filter(file => /switchover-tcp-check|no-rewind|no-lost-writes-ghosts/.test(file)),
]

test.each(some.map(file => [basename(file), file]))(
  '%s: report and pages are those of events with keys of their own',
  async (_, file) => {
    const own = parseHistory(gunzipSync(readFileSync(file)).toString(), file)
    const history = await loadHistory(file, {digest: true})
    expect(of(history, 'op').length).toBe(of(own, 'op').length)
    const [report, expected] = [judge(history), judge(own)]
    expect(report).toEqual(expected)
    expect(JSON.stringify(report)).toBe(JSON.stringify(expected))
    const options = {color: false, width: 100}
    expect(renderText(report, options)).toBe(renderText(expected, options))
    const page = renderHtml({report, history, logs: new Map()})
    expect(page).toBe(renderHtml({report: expected, history: own, logs: new Map()}))
  },
)
