/** A disk that stalls makes a verdict about time unknown, never a failure; what is in time passes all the same. */
import {describe, expect, test} from 'vitest'
import {checks} from '../../../lab/checks/index.ts'
import type {Event} from '../../../lab/history/event.ts'
import {historyOf} from '../../../lab/history/history.ts'
import {calmRun} from './calm-run.ts'
import {cleanRun, micros, quickRun} from './history-builder.ts'

const stall = (at: number): Event => ({
  ...{at: micros(at), kind: 'fsync', host: 'node3', count: 2, worstMicros: 2_048_000},
})
const starved = expect.stringContaining('etcd on node3 waited up to 2.05 s for one write of its log')

const cases: readonly (readonly [
  string,
  readonly Event[],
  (events: readonly Event[], limit: number) => unknown,
  number,
])[] = [
  [
    'clients-reconnect',
    cleanRun({...quickRun, firstWrite: 25, mend: 27, rejoined: 32, finalReads: 36}),
    (events, within) => checks['clients-reconnect'].judge(historyOf(events), {within}),
    24,
  ],
  [
    'demoted',
    calmRun({demoted: [7, 12], outage: [7, 14]}),
    (events, within) => checks.demoted.judge(historyOf(events), {within, after: 'fault'}),
    6.5,
  ],
  [
    'unavailability',
    calmRun({outage: [3, 8]}),
    (events, most) => checks.unavailability.judge(historyOf(events), {writes: {'at-most': most}}),
    6,
  ],
]

describe.each(cases)('%s', (_, events, judge, stalledAt) => {
  test('that is too late is unknown when the disk stalled then, and fails when it did not', () => {
    expect(judge(events, 2000)).toMatchObject({verdict: 'fail'})
    expect(judge([...events, stall(stalledAt)], 2000)).toMatchObject({verdict: 'unknown', says: starved})
    expect(judge([...events, stall(-7)], 2000)).toMatchObject({verdict: 'fail'})
  })

  test('that is in time passes although the disk stalled', () => {
    expect(judge([...events, stall(stalledAt)], 9000)).toMatchObject({verdict: 'pass'})
  })
})
