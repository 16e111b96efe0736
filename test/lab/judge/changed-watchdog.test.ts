/** A watchdog that somebody disarmed, or armed with another timeout, behind the run's back. */
import {describe, expect, test} from 'vitest'
import type {Event, Happening} from '../../../lab/history/event.ts'
import {judge} from '../../../lab/judge/judge.ts'
import {altered, cleanRun, micros} from '../checks/history-builder.ts'

const at = (seconds: number, happening: Happening): Event => ({at: micros(seconds), ...happening}) as Event

describe('a watchdog', () => {
  const guarded = cleanRun({patroni: {watchdog: 'required'}})
  const watchdog = (seconds: number, state: 'armed' | 'fed' | 'disarmed', timeoutSeconds = 15): Event =>
    at(seconds, {kind: 'watchdog', host: 'node1', state, timeoutSeconds, leftMicros: null})
  const reasons = (...added: Event[]) => judge(altered(guarded, event => event, added)).reasons

  test('that is disarmed though its host leads on is told', () => {
    expect(reasons(watchdog(-6, 'armed'), watchdog(-5, 'disarmed'))).toEqual([
      expect.stringMatching(
        /^the watchdog of node1 was changed from armed to disarmed at 3\.00 s of the run by somebody/,
      ),
    ])
  })

  test('that is armed again, or whose host stops leading, is not spoken of', () => {
    expect(reasons(watchdog(-5, 'disarmed'), watchdog(-4.9, 'armed'))).toEqual([])
    expect(reasons(watchdog(19.7, 'disarmed'))).toEqual([])
  })

  test('whose host has given up, while the key that it cannot reach runs out, is not spoken of', () => {
    const givenUp = (event: Event): Event =>
      event.kind === 'postgres' && event.host === 'node1' && event.askedAt > micros(-5)
        ? {...event, up: false, error: 'ECONNREFUSED', inRecovery: null, timeline: null}
        : event
    const told = judge(altered(guarded, givenUp, [watchdog(-5, 'disarmed')])).reasons
    expect(told.filter(one => one.includes('watchdog'))).toEqual([])
  })

  test('that is armed with another timeout than the topology implies is told', () => {
    expect(reasons(watchdog(-6, 'armed', 50), watchdog(-5, 'fed', 50))).toEqual([
      expect.stringMatching(/^the timeout of the watchdog of node1 was changed from 15 s to 50 s at 2\.00 s/),
    ])
  })
})
