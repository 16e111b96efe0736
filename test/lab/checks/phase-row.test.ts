import {expect, test} from 'vitest'
import {betweenSamples} from '../../../lab/checks/check/phase-row.ts'
import type {Event, Of} from '../../../lab/history/event.ts'
import {historyOf} from '../../../lab/history/history.ts'

const report = (host: string, worstMicros: number): Of<'watching'> => ({
  ...{at: 10_000_000, kind: 'watching', who: 'postgres', host},
  ...{samples: 4, failures: 4, worstMicros},
})
const seen = {
  ...{
    at: 10_100_000,
    askedAt: 10_090_000,
    kind: 'postgres',
    host: 'node2',
    up: true,
    inRecovery: false,
    readOnly: false,
  },
  ...{timeline: 2, lsn: 1, replayedLsn: null, error: null, receiver: null},
} as const satisfies Event

test('how closely a server was watched is not told by how seldom one is asked that is dead', () => {
  expect(betweenSamples(historyOf([report('node1', 250_000), report('node2', 61_000), seen]), seen)).toBe(61_000)
  expect(betweenSamples(historyOf([report('node1', 50_000), report('node2', 250_000), seen]), seen)).toBe(250_000)
})
