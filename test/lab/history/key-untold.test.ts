/** From when on nobody knows who holds the leader key: after a time in which nobody watched, not before it. */
import {expect, test} from 'vitest'
import type {Event} from '../../../lab/history/event.ts'
import {historyOf} from '../../../lab/history/history.ts'
import {keyUntold} from '../../../lab/history/key-untold.ts'
import {blind} from '../../../lab/history/watching.ts'

const seconds = (at: number) => at * 1_000_000
const watching = (at: number): Event => ({
  ...{at: seconds(at), kind: 'watching', who: 'etcd', host: 'node1'},
  ...{samples: 4, failures: 0, worstMicros: 250_000},
})
const held = (at: number, holder: string | null, lease: string | null): Event => ({
  ...{at: seconds(at), kind: 'leader-key', scope: 'pgha', holder, lease, revision: at, term: 2, told: 'node1'},
})
const leaseTold = (at: number, lease: string): Event => ({
  ...{at: seconds(at), kind: 'lease', scope: 'pgha', lease, leftSeconds: 19, grantedSeconds: 20, told: 'node1'},
})
const historyWith = (...events: Event[]) => historyOf(events.toSorted((a, b) => a.at - b.at))
/** Once a second, but for the reports of 26 and 27 s. */
const reports = Array.from({length: 40}, (_, at) => at).flatMap(at => (at === 26 || at === 27 ? [] : [watching(at)]))

test('a key that nobody held for long was nobody’s until the watches went silent, though no lease shows it', () => {
  const history = historyWith(
    ...reports,
    ...[held(2, 'node3', 'a'), leaseTold(3, 'a'), held(5, null, null), held(28, 'node1', 'b')],
  )
  const [stretch, ...more] = keyUntold(history).stretches
  expect(more).toEqual([])
  expect(stretch!.from).toBeGreaterThan(seconds(23))
  expect(stretch!.from).toBeLessThanOrEqual(seconds(25))
  expect(stretch!.to).toBe(seconds(28))
  expect(blind(history, 'etcd', seconds(6), seconds(35))).toBe('the watch on etcd told nothing for 4.10 s')
})

test('a lease that nobody told of shows that the watches had been deaf since the last word that stands', () => {
  const history = historyWith(
    ...reports,
    ...[held(2, 'node3', 'a'), held(5, null, null), leaseTold(29, 'c'), held(30, 'node1', 'b')],
  )
  expect(keyUntold(history)).toMatchObject({
    deaf: [{from: seconds(5), to: seconds(30)}],
    stretches: [{from: seconds(5), to: seconds(30)}],
  })
})

test('while somebody watched all the time nothing is in doubt', () => {
  const all = Array.from({length: 40}, (_, at) => watching(at))
  const history = historyWith(
    ...all,
    held(2, 'node3', 'a'),
    leaseTold(3, 'a'),
    held(5, null, null),
    held(28, 'node1', 'b'),
  )
  expect(keyUntold(history)).toMatchObject({stretches: [], deaf: []})
})
