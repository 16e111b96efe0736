import {expect, test} from 'vitest'
import {historyOf, of, once, Recorder} from '../../lab/history.ts'

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
