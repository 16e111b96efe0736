/** A run that was about something else than its faults, of a lab on several engines: which of them it was. */
import {expect, test} from 'vitest'
import type {Event} from '../../../lab/history/event.ts'
import {historyOf} from '../../../lab/history/history.ts'
import {judge} from '../../../lab/judge/judge.ts'
import {cleanRun, micros, withRows} from '../checks/history-builder.ts'

const lost = withRows(cleanRun(), rows => rows.delete(10))

test('one of several engines that was away is named', () => {
  const away: Event = {
    ...{at: micros(5), kind: 'watching', who: 'engine', samples: 2, failures: 2, worstMicros: 500_000},
    engines: ['ssh://me@there'],
  }
  expect(judge(historyOf([...lost, away]))).toMatchObject({
    verdict: 'unknown',
    headline: expect.stringMatching(/^the Docker engine ssh:\/\/me@there did not answer, from \d/),
  })
})

test('one of several engines whose wall clock was set is named; two that differ are none that was set', () => {
  const clock = (engine: string, at: number, seconds: number): Event => ({
    ...{at: micros(at), kind: 'clock', who: 'engine', engine},
    ...{offsetMicros: -1.79e15 + seconds * 1e6, uncertaintyMicros: 1500},
  })
  const others = lost.filter(one => one.kind !== 'clock' || one.who !== 'engine')
  const apart = [...others, clock('big', -4, 0), clock('small', -4, 60)]
  expect(judge(historyOf(apart)).verdict).toBe('fail')
  expect(judge(historyOf([...apart, clock('small', 2, 57)]))).toMatchObject({
    verdict: 'unknown',
    headline: expect.stringMatching(/^the wall clock of the engine small was set 3.* forward in the middle/),
  })
})
