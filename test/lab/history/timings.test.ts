import {basename} from 'node:path'
import {describe, expect, test} from 'vitest'
import type {Event} from '../../../lab/history/event.ts'
import {historyOf} from '../../../lab/history/history.ts'
import {medianTimings, type TimedPart, type Timings, timingsOf} from '../../../lab/history/timings.ts'
import {recordedFiles, recordedRun} from '../../recorded-runs.ts'

const recorded = (name: string) => timingsOf(recordedRun(`${name}.ndjson.gz`))
const took = ({parts}: Timings, part: TimedPart) => parts.find(one => one.part === part)?.micros
const made = ({parts}: Timings, part: TimedPart) => parts.find(one => one.part === part)?.of

describe('every recorded run', () => {
  test.each(recordedFiles.map(file => [basename(file, '.ndjson.gz')]))('%s adds up', name => {
    const history = recordedRun(`${name}.ndjson.gz`)
    const {totalMicros, parts} = timingsOf(history)
    expect(totalMicros).toBe(history.events.at(-1)?.at)
    expect(parts.reduce((sum, {micros}) => sum + micros, 0)).toBe(totalMicros)
    for (const {part, micros, of} of parts)
      if (of.length > 0) expect([part, of.reduce((sum, one) => sum + one.micros, 0)]).toEqual([part, micros])
  })
})

test('a leader that was killed: by hand from its events', () => {
  const timings = recorded('kill-leader-imported.pass')
  const shown = Object.fromEntries(timings.parts.map(({part, micros}) => [part, micros]))
  expect(shown).toEqual({
    'set-up': 338_051,
    leftovers: 636_610 - 338_051,
    healthy: 2_353_978 - 636_610,
    steady: 2_921_413 - 2_353_978,
    aiming: 6_594_103 - 5_144_349,
    injection: 6_823_675 - 6_594_103,
    failover: took(timings, 'failover'),
    waits: took(timings, 'waits'),
    holds: 5_144_115 - 2_921_862 + (35_445_342 - 32_378_993) + (43_202_096 - 41_198_908),
    mending: 36_383_456 - 35_445_440 + (43_215_631 - 43_202_184),
    recovery: 43_478_692 - 43_215_631,
    'final-reads': 44_330_427 - 43_478_692,
    between: took(timings, 'between'),
  })
  // The call returned, and the wait for a new leader began, while the failover went on: both are in it.
  expect(made(timings, 'failover')).toEqual([
    {says: 'crash: kill host on leader: writes again 25.68 s after it', micros: took(timings, 'failover')},
  ])
  expect(took(timings, 'failover')! + took(timings, 'injection')!).toBeCloseTo(25.68e6, -4)
  expect(made(timings, 'waits')?.map(({says}) => says)).toEqual(['until new-leader', 'until rejoined'])
  expect(took(timings, 'between')).toBeLessThan(2000)
})

test('a switchover is over when its effect is seen: each has its own line, and no failover is waited for', () => {
  const timings = recorded('there-and-back.pass')
  expect(made(timings, 'injection')).toEqual([
    {says: 'there: switchover on replica', micros: 5_798_771 - 3_154_139},
    {says: 'back: switchover on leader', micros: 14_030_779 - 11_935_171},
  ])
  expect(took(timings, 'failover')).toBeUndefined()
})

test('what a hold lasted while the failover was under way is of the failover', () => {
  const timings = recorded('watchdog-resets.pass')
  expect(took(timings, 'failover')).toBeGreaterThan(39e6)
  expect(took(timings, 'holds')).toBeLessThan(12e6)
})

test('a leader that nobody could take over from before its mend was held, and not failed over', () => {
  const timings = recorded('maintenance-mode.pass')
  expect(took(timings, 'failover')).toBeUndefined()
  expect(made(timings, 'holds')).toEqual([{says: 'hold 40 s', micros: 43_004_329 - 3_003_375}])
})

test('a change of settings that restarts the leader in place is no failover', () => {
  const timings = recorded('rolling-restart.pass')
  expect(took(timings, 'failover')).toBeUndefined()
  expect(made(timings, 'waits')).toEqual([{says: 'until pending-restart', micros: 4_944_946 - 4_011_721}])
})

test('a run that was interrupted: what was under way lasted until the healing', () => {
  const timings = recorded('kill-leader-interrupted.unknown')
  expect(made(timings, 'waits')).toEqual([{says: 'until new-leader', micros: 18_478_206 - 5_584_009}])
  expect(took(timings, 'final-reads')).toBeUndefined()
})

test('what was measured around the history is added to it', () => {
  const alone = recorded('switchover.pass')
  const history = recordedRun('switchover.pass.ndjson.gz')
  const whole = timingsOf(history, {beforeMicros: 100, judgingMicros: 20, evidenceMicros: 3})
  expect(whole.totalMicros).toBe(alone.totalMicros + 123)
  expect(took(whole, 'set-up')).toBe(took(alone, 'set-up')! + 100)
  expect([took(whole, 'judging'), took(whole, 'evidence')]).toEqual([20, 3])
})

test('faults that come together, and a proof after their step', () => {
  const strike = {struck: []}
  const injecting = (at: number, id: string): Event => ({
    ...{at, kind: 'fault-injecting', id, fault: 'kill', what: `kill ${id}`, hosts: [id], strike},
  })
  const history = historyOf([
    {at: 0, kind: 'phase', name: 'steps'},
    injecting(100, 'a'),
    injecting(110, 'b'),
    {at: 150, kind: 'fault-proof', id: 'b', holds: true, says: ''},
    {at: 200, kind: 'fault-proof', id: 'a', holds: true, says: ''},
    {at: 300, kind: 'phase', name: 'healing'},
    {at: 320, kind: 'run-ended', how: 'complete'},
  ])
  const timings = timingsOf(history)
  expect(made(timings, 'injection')).toEqual([
    {says: 'kill a', micros: 60},
    {says: 'kill b', micros: 40},
  ])
  expect([took(timings, 'between'), took(timings, 'mending')]).toEqual([200, 20])
})

test('nothing happened: nothing took time', () => {
  expect(timingsOf(historyOf([]))).toEqual({totalMicros: 0, parts: []})
})

test('the median of each part; a run without it counts with nothing', () => {
  const run = (micros: Partial<Record<TimedPart, number>>): Timings => ({
    totalMicros: Object.values(micros).reduce((sum, one) => sum + one, 0),
    parts: Object.entries(micros).map(([part, one]) => ({part: part as TimedPart, micros: one, of: []})),
  })
  expect(medianTimings([run({steady: 10, waits: 5}), run({steady: 30}), run({steady: 20, waits: 1})])).toEqual({
    runs: 3,
    totalMicros: 21,
    parts: [
      {part: 'steady', micros: 20},
      {part: 'waits', micros: 1},
    ],
  })
  expect(() => medianTimings([])).toThrow(RangeError)
})
