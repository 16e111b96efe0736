import {describe, expect, test} from 'vitest'
import {checks} from '../../../lab/checks/index.ts'
import type {Event} from '../../../lab/history/event.ts'
import {historyOf} from '../../../lab/history/history.ts'
import type {Slot} from '../../../lab/history/slot.ts'
import {calmRun} from './calm-run.ts'
import {cleanRun, micros, quickRun} from './history-builder.ts'
import {events, look, looks} from './slots.ts'

const judge = (all: readonly Event[], name = 'events') => checks['slot-kept'].judge(historyOf(all), {name})
const run = (at?: (host: string, seconds: number) => Slot | null) => judge([...cleanRun(), ...looks(at)])
const {promoted} = quickRun
const at = (confirmed: number, more: Partial<Slot> = {}): Slot => ({...events, confirmed, ...more})

test('passes where the new leader has the slot from its promotion on, where it was', () => {
  expect(run()).toMatchObject({
    verdict: 'pass',
    says: 'node2 had the slot events of node1 from its promotion on, at 0/186D8.',
    measures: {positionBefore: 100_056, positionAfter: 100_056, behindBytes: 0},
  })
})

test('passes where its copy is behind by no more than the two loops in which Patroni moves it, and says how much comes again', () => {
  const found = run((host, seconds) =>
    host === 'node1' ? at(seconds < -3 ? 100_056 : 130_056, {active: true}) : at(seconds < 25 ? 100_056 : 170_056),
  )
  expect(found).toMatchObject({verdict: 'pass', measures: {behindBytes: 30_000}})
  expect(found.says).toMatch(/that much its subscriber gets again/)
})

describe('fails', () => {
  test('where the new leader lacks it, and says when it was made anew', () => {
    const gone = run((host, seconds) => (host === 'node2' && seconds > promoted ? null : events))
    expect(gone).toMatchObject({
      verdict: 'fail',
      says: expect.stringMatching(/^node2 had no slot events 5\d\d ms after/),
    })
    const anew = run((host, seconds) => {
      if (host !== 'node2' || seconds < promoted) return events
      return seconds < 24 ? null : at(900_000)
    })
    expect(anew).toMatchObject({
      verdict: 'fail',
      says: expect.stringMatching(/it was there again 2\.55 s after the promotion, at 0\/DBBA0\.$/),
    })
  })

  test('where it is further on than anybody had read: what lies between is lost', () => {
    const found = run((host, seconds) => (host === 'node2' && seconds > promoted ? at(200_056) : events))
    expect(found).toMatchObject({
      verdict: 'fail',
      says: expect.stringMatching(/100 kB beyond .* nobody read from it/),
    })
  })

  test('where its copy had stood still for longer than two loops', () => {
    const found = run((host, seconds) =>
      at(host === 'node1' && seconds > -5.9 ? 130_056 : 100_056, {active: host === 'node1'}),
    )
    expect(found).toMatchObject({verdict: 'fail', says: expect.stringMatching(/further back than what node1 knew/)})
  })

  test('where it is another slot of that name, or its WAL is gone', () => {
    expect(
      run((host, seconds) => (host === 'node2' && seconds > promoted ? {...events, plugin: 'wal2json'} : events)).says,
    ).toBe(
      'The slot events of node2 is logical (wal2json in database app), that of node1 was logical (pgoutput in database app).',
    )
    expect(
      run((host, seconds) => (host === 'node2' && seconds > 25 ? {...events, walStatus: 'lost'} : events)).verdict,
    ).toBe('fail')
  })
})

describe('is inconclusive', () => {
  test.each<[string, () => readonly Event[], RegExp]>([
    ['nothing failed over', () => [...calmRun(), ...looks()], /^No slot had to be kept/],
    ['nobody read slots', () => cleanRun(), /^Nobody read the slots of node1 before the fault/],
    [
      'the old leader had none',
      () => [...cleanRun(), ...looks(host => (host === 'node1' ? null : events))],
      /there was nothing to keep/,
    ],
    [
      'nobody asked the new leader',
      () => [...cleanRun(), ...looks()].filter(one => !(one.kind === 'slots' && one.host === 'node2')),
      /^Nobody read the slots of node2 after it was promoted/,
    ],
    [
      'nobody asked it for a while',
      () =>
        [...cleanRun(), ...looks()].filter(one => one.kind !== 'slots' || one.at < micros(24) || one.at > micros(29)),
      /but for 6\.\d+ s nobody did/,
    ],
    [
      'nobody looked right before the fault',
      () =>
        [...cleanRun(), ...looks()].filter(one => one.kind !== 'slots' || one.at < micros(-4.5) || one.at > micros(0)),
      /^Nobody read the slots of node1 in the .* before the fault/,
    ],
    [
      'the record ends early',
      () => [...cleanRun(), ...looks()].filter(one => one.at < micros(24)),
      /^The record ends before it is known/,
    ],
    [
      'a subscriber read while nobody looked',
      () => [
        ...cleanRun(),
        ...looks((host, seconds) =>
          at(host === 'node2' && seconds > promoted ? 100_100 : 100_056, {active: seconds < 0}),
        ),
      ],
      /its subscriber may have read that, or not/,
    ],
  ])('where %s', (_, all, says) => {
    const {verdict, says: said} = judge(all())
    expect([verdict, said]).toEqual(['unknown', expect.stringMatching(says)])
  })
})

test('what the run itself takes out of the configuration need not be kept any longer', () => {
  const mend = {do: 'set-config', host: null, config: {slots: null}} as const
  const all = [
    ...cleanRun(),
    ...looks((_, seconds) => (seconds > 26 ? null : events)),
    {at: micros(25.9), kind: 'fault-mending', id: 'slot', mend} as const,
  ]
  expect(judge(all).verdict).toBe('pass')
  expect(judge(all.filter(one => one.kind !== 'fault-mending' || one.id !== 'slot')).verdict).toBe('fail')
})

test('a look that may have been before the promotion says nothing of the new leader', () => {
  const asked = {...look('node2', promoted + 0.05, []), askedAt: micros(promoted - 0.5)} as Event
  expect(judge([...cleanRun(), ...looks(), asked]).verdict).toBe('pass')
})
