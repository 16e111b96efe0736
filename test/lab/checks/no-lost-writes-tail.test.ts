/** The tail that asynchronous replication may lose: what is none, and how long a scenario lets it be. */
import {describe, expect, test} from 'vitest'
import {noLostWrites} from '../../../lab/checks/no-lost-writes.ts'
import type {Event} from '../../../lab/history/event.ts'
import {type History, historyOf} from '../../../lab/history/history.ts'
import {altered, cleanRun, lsnAt, micros} from './history-builder.ts'
import {firstId, tailWrite} from './tail-write.ts'

const judge = (history: History, allow: unknown = 'async-tail') =>
  noLostWrites.judge(history, noLostWrites.params.parse({allow}))
const clean = cleanRun()

/** It was cut off, not killed: it goes on. */
const cut = clean.map((event): Event => {
  if (event.kind !== 'fault-injecting') return event
  const {dead: _, ...strike} = event.strike
  return {...event, strike}
})

describe('what the old leader acknowledged after the new one led', () => {
  const beside = Array.from({length: 110}, (_, index) =>
    tailWrite({
      ...{id: firstId + index, at: micros(23 + index / 100), sentAt: micros(23 + index / 100) - 5000},
      lsn: lsnAt(0) + 500 + index * 200,
    }),
  )
  const history = historyOf([...cut, tailWrite({id: firstId + 110, client: 'w2'}), ...beside])

  test('is a split brain and not the tail', () => {
    expect(judge(history)).toMatchObject({
      verdict: 'fail',
      says: expect.stringContaining(
        '110 acknowledged writes lost: acknowledged by node1 after node2 led, which is a split brain and no tail',
      ),
      measures: {lost: 111, lostInAsyncTail: 1, lostInSplitBrain: 110},
    })
  })

  test('may be lost where the scenario says so by name', () => {
    const both = {'async-tail': 'any', 'split-brain': 'any'}
    expect(judge(history, both)).toMatchObject({verdict: 'pass', measures: {lostInSplitBrain: 110}})
    expect(judge(history, 'split-brain')).toMatchObject({
      verdict: 'fail',
      says: expect.stringContaining('1 acknowledged write lost: in the tail'),
    })
    expect(judge(history, {...both, 'split-brain': '109 rows'}).verdict).toBe('fail')
  })

  test('is not told from the tail while nobody watched the new leader', () => {
    const between = tailWrite({at: micros(21.8), sentAt: micros(21.79)})
    const unwatched = altered([...cut, between], event =>
      event.kind === 'postgres' && event.host === 'node2' && event.at > micros(0.5) && event.at < micros(23)
        ? null
        : event,
    )
    expect(judge(unwatched)).toMatchObject({
      verdict: 'unknown',
      says: expect.stringContaining('whether 1 of them came after node2 led is not known'),
    })
  })
})

describe('the tail has a bound', () => {
  // From 500 to 2300 bytes beyond the old leader's last word, and the replica 100 before that; within 9 ms.
  const writes = Array.from({length: 10}, (_, index) =>
    tailWrite({
      ...{id: firstId + index, at: micros(0.02 + index / 1000), sentAt: micros(0.015)},
      lsn: lsnAt(0) + 500 + index * 200,
    }),
  )
  const history = historyOf([...clean, ...writes])
  test.each([
    ['10 rows', 'pass'],
    ['9 rows', 'fail'],
    ['1 row', 'fail'],
    ['1MB', 'pass'],
    ['1kB', 'fail'],
    ['2kB', 'unknown'],
    ['500ms', 'pass'],
    ['5ms', 'unknown'], // as far as the clients' clock is known
    ['any', 'pass'],
  ])('of %s: %s', (bound, verdict) => {
    expect(judge(history, {'async-tail': bound})).toMatchObject({verdict, measures: {lostInAsyncTail: 10}})
  })

  test('in time, from the first of them to the last that a leader acknowledges who goes on', () => {
    const on = (at: number, id: number, lsn: number) =>
      tailWrite({id, at: micros(at), sentAt: micros(at) - 1000, lsn: lsnAt(0) + lsn})
    const tail = historyOf([...cut, on(0.1, firstId, 500), on(1.1, firstId + 1, 700)])
    expect(judge(tail, {'async-tail': '2s'}).verdict).toBe('pass')
    expect(judge(tail, {'async-tail': '500ms'})).toMatchObject({
      verdict: 'fail',
      says: expect.stringContaining('s at least, and 500ms are allowed'),
    })
  })

  test.each([{'async-tail': 'much'}, {'async-tail': 3}, {'async-tall': '1MB'}, 'async-tall', ['async-tail']])(
    'what is no bound is refused: %j',
    allow => expect(noLostWrites.params.safeParse({allow}).success).toBe(false),
  )
})
