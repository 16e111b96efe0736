import {mkdtempSync, rmSync, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import fc from 'fast-check'
import {expect, test} from 'vitest'
import {historyOf, of, once, Recorder} from '../../../lab/history/history.ts'
import {loadHistory, parseHistory} from '../../../lab/history/read-events.ts'

const note = (at: number) => ({at, kind: 'note', says: `${at}`}) as const

test('the events of a kind are told in order, and those that are recorded later too', () => {
  using recorder = new Recorder()
  recorder.record({kind: 'note', says: 'one'}, 1)
  expect(of(recorder, 'note').map(one => one.says)).toEqual(['one'])
  recorder.record({kind: 'phase', name: 'steps'}, 2)
  recorder.record({kind: 'note', says: 'two'}, 3)
  expect(of(recorder, 'note').map(one => one.says)).toEqual(['one', 'two'])
  expect(of(recorder, 'phase')).toHaveLength(1)
  expect(of(recorder, 'op')).toEqual([])
})

test('two histories of the same events have an index each', () => {
  const events = [note(2), note(1)]
  expect(of(historyOf(events), 'note').map(one => one.at)).toEqual([1, 2])
  expect(of({events}, 'note').map(one => one.at)).toEqual([2, 1])
})

test('what is worked out once is worked out again after the history has grown', () => {
  let times = 0
  const count = once(history => {
    times++
    return history.events.length
  })
  using recorder = new Recorder()
  recorder.record({kind: 'note', says: 'one'})
  expect([count(recorder), count(recorder), times]).toEqual([1, 1, 1])
  recorder.record({kind: 'note', says: 'two'})
  expect([count(recorder), times]).toEqual([2, 2])
})

test('events are put in the order of their times, and those of one time stay as they were told', () => {
  const inOrder = (times: readonly number[]) => {
    const events = times.map((at, index) =>
      index % 3 === 0 ? ({at, kind: 'phase', name: 'steps'} as const) : ({at, kind: 'note', says: `${index}`} as const),
    )
    const sorted = events.toSorted((a, b) => a.at - b.at)
    const history = historyOf(events)
    expect(history.events).toEqual(sorted)
    expect(of(history, 'note')).toEqual(sorted.filter(one => one.kind === 'note'))
    expect(events.map(one => one.at)).toEqual(times)
  }
  fc.assert(fc.property(fc.array(fc.nat(50), {maxLength: 300}), inOrder))
  // So far from any order that they are sorted in another way.
  inOrder(Array.from({length: 20_000}, (_, index) => 20_000 - (index % 10_000)))
})

test('a record is read line by line, and a last line that was cut short is dropped', () => {
  const lines = [note(3), note(1), note(2)].map(one => `${JSON.stringify(one)}\n`).join('')
  expect(parseHistory(`${lines}{"at":4,"kind":"no`).events.map(one => one.at)).toEqual([1, 2, 3])
  expect(parseHistory('').events).toEqual([])
})

test('a file is read in portions, wherever those cut a line or a letter, and long lines are read too', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'pgha-lab-history-'))
  try {
    const file = join(folder, 'events.ndjson')
    const filler = (bytes: number) => ({...note(1), says: 'x'.repeat(bytes)})
    const fillerBytes = Buffer.byteLength(`${JSON.stringify(filler(0))}\n`)
    for (const beforeEnd of [0, 1, 2, 3, 40]) {
      // The first letter of the second line, of three bytes, lies where the first portion ends.
      const events = [
        filler((1 << 20) - fillerBytes - beforeEnd),
        {...note(2), says: '\u20ac'.repeat(100)},
        filler(3 << 20),
        note(3_000_000_000),
      ]
      writeFileSync(file, `${events.map(one => JSON.stringify(one)).join('\n')}\n{"at":4,"ki`)
      expect((await loadHistory(file)).events.toSorted((a, b) => a.at - b.at)).toEqual(
        events.toSorted((a, b) => a.at - b.at),
      )
    }
    writeFileSync(file, '')
    expect((await loadHistory(file)).events).toEqual([])
    await expect(loadHistory(join(folder, 'none'))).rejects.toThrow(/ENOENT/)
  } finally {
    rmSync(folder, {recursive: true})
  }
})

test('what is read is what was recorded, also keys that this version does not know', () => {
  const value = fc.oneof(fc.constant(null), fc.integer(), fc.double({noNaN: true}), fc.string(), fc.boolean())
  // A key that JSON writes with an escape may come back from JSON.parse as one that it read before (nodejs/node#63785):
  // no version of ours names one so, and what is misread keeps its backslash, so it is never taken for one of ours.
  const written = (name: string) => JSON.stringify(name) === `"${name}"`
  const fields = fc.dictionary(
    fc.string().filter(name => written(name) && !['__proto__', 'at', 'kind', 'says', 'n'].includes(name)),
    value,
  )
  fc.assert(
    fc.property(fc.array(fields), all => {
      const lines = all.map((some, at) => JSON.stringify({...some, at, kind: 'note', says: 'so'}))
      const read = parseHistory(lines.map(line => `${line}\n`).join('')).events
      expect(read.map(event => JSON.stringify(event))).toEqual(lines)
    }),
  )
})
