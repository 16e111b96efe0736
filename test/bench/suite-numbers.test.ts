import {expect, test} from 'vitest'
import type {Event} from '../../lab/history/event.ts'
import {historyOf} from '../../lab/history/history.ts'
import {effectMs, resetSeconds} from './suite-numbers.ts'

/** A run that began at this second of the day, was steady after 4 s, struck after 5 s, and ended after 20 s. */
function run(lab: string, atSecond: number, how: 'complete' | 'error' = 'complete') {
  const startedAt = new Date(Date.UTC(2026, 10, 20) + atSecond * 1000).toISOString()
  const events = [
    {at: 0, kind: 'run-started', run: '', scenario: {}, lab, topology: {}, versions: {}, startedAt},
    {at: 4_000_000, kind: 'phase', name: 'steps'},
    {at: 5_000_000, kind: 'fault-injecting', id: 'crash', fault: 'kill', what: '', hosts: [], params: {what: 'host'}},
    {at: 5_020_000, kind: 'fault-proof', id: 'crash', holds: false, says: ''},
    {at: 5_080_000, kind: 'fault-proof', id: 'crash', holds: true, says: ''},
    {at: 20_000_000, kind: 'run-ended', how},
  ]
  return {lab, history: historyOf(events as unknown as Event[])}
}

test('a reset goes from the end of one run to the steady state of the next on the same lab', () => {
  expect(resetSeconds([run('a', 122), run('a', 100), run('b', 0)])).toEqual([6])
})

test('a run that did not end well is no beginning of a reset', () => {
  expect(resetSeconds([run('a', 100, 'error'), run('a', 122)])).toEqual([])
})

test('effect is measured from just before the break to the first proof that holds, by fault and what it hits', () => {
  expect(effectMs([run('a', 0), run('a', 50)])).toEqual(new Map([['kill host', [80, 80]]]))
})
