import {expect, test} from 'vitest'
import {logExcerpt, type Window} from '../../../cli/render/log-lines.ts'
import type {Event} from '../../../lab/history/event.ts'
import {historyOf} from '../../../lab/history/history.ts'
import {cleanRun} from '../../lab/checks/history-builder.ts'

/** Began at 2026-01-01T00:00:00Z. */
const history = historyOf(cleanRun())
const all: readonly Window[] = [[0, 60e6]]
const excerpt = (text: string, windows = all, from = history) =>
  logExcerpt(new Map([['node1', text]]), from, windows).lines

test('a line stands at its moment of the run, with its service and without its own time', () => {
  const [line] = excerpt(
    '2026-01-01T00:00:08.123456789Z patroni  | 2026-01-01 00:00:08,123 INFO: Lock owner: None; I am node2\n',
  )
  expect(line).toMatchObject({
    ...{at: 8_123_456, host: 'node1', service: 'patroni', says: 'INFO: Lock owner: None; I am node2'},
    ...{level: null, times: 1},
  })
})

test("the engine's clock is mapped as it was measured", () => {
  const clock: Event = {
    ...{at: 1, kind: 'clock', who: 'engine', uncertaintyMicros: 1000},
    offsetMicros: -Date.parse('2026-01-01T00:00:05Z') * 1000,
  }
  const [line] = excerpt('2026-01-01T00:00:08.000000000Z etcd | hi\n', all, historyOf([...history.events, clock]))
  expect(line!.at).toBe(3_000_000)
})

test("PostgreSQL's further lines belong to the first one", () => {
  const [line, ...more] = excerpt(
    [
      '2026-01-01T00:00:08.1Z postgres | 2026-01-01 00:00:08.100 UTC [7] FATAL:  could not receive data',
      '2026-01-01T00:00:08.2Z \t\tThis probably means the server terminated',
      '',
    ].join('\n'),
  )
  expect(line).toMatchObject({
    says: '[7] FATAL: could not receive data This probably means the server terminated',
    level: 'error',
  })
  expect(more).toEqual([])
})

test("etcd's JSON is told as a sentence, and a broken one as it is", () => {
  const [whole, cut] = excerpt(
    [
      '2026-01-01T00:00:08.1Z etcd | {"level":"warn","ts":"x","msg":"lost the leader","error":"EOF"}',
      '2026-01-01T00:00:08.2Z etcd | {"level":"warn","ms',
      '',
    ].join('\n'),
  )
  expect(whole).toMatchObject({says: 'warn: lost the leader: EOF', level: 'warning'})
  expect(cut!.says).toBe('{"level":"warn","ms')
})

test('lines that differ in numbers only are counted, but not across what was left out', () => {
  const line = (second: number) =>
    `2026-01-01T00:00:${String(second).padStart(2, '0')}.0Z haproxy | 10.0.0.5:344${second} sC\n`
  const text = [1, 2, 3, 20, 21].map(line).join('')
  expect(excerpt(text).map(one => one.times)).toEqual([5])
  const parts = excerpt(text, [
    [0, 5e6],
    [19e6, 22e6],
  ])
  expect(parts.map(({at, times, last}) => [at, times, last])).toEqual([
    [1e6, 3, 3e6],
    [20e6, 2, 21e6],
  ])
})

test('what nobody would read is left out and counted', () => {
  const letters = (nth: number) => [...String(nth)].map(digit => 'qrstuvwxyz'[Number(digit)]).join('')
  const text = Array.from({length: 900}, (_, nth) => `2026-01-01T00:00:01.0Z etcd | ${letters(nth)}\n`).join('')
  const {lines, left} = logExcerpt(new Map([['node1', text]]), history, all)
  expect([lines.length, left]).toEqual([800, 100])
})

test('a log that could not be read has no lines', () =>
  expect(excerpt('the log of node1 could not be read: gone\n')).toEqual([]))
