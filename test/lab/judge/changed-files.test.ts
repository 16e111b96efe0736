/** What the lab gave a service stays as it was given, or is told. */
import {describe, expect, test} from 'vitest'
import type {Event, Happening} from '../../../lab/history/event.ts'
import type {History} from '../../../lab/history/history.ts'
import {judge} from '../../../lab/judge/judge.ts'
import {altered, cleanRun, faultAt, micros} from '../checks/history-builder.ts'

const clean = cleanRun()
const at = (seconds: number, happening: Happening): Event => ({at: micros(seconds), ...happening}) as Event
const run = (...added: Event[]) => altered(clean, event => event, added)
const ofCheck = (history: History, check: string, params: unknown = {}) =>
  judge(history, [{check, params}]).findings[0]!

describe('a file that the lab gave a service', () => {
  const cfg = {kind: 'file', host: 'proxy1', file: '/etc/haproxy/haproxy.cfg'} as const
  const given = at(-faultAt + 1.2, {...cfg, as: 'given'})

  test('that stays as it is is not spoken of', () => {
    expect(judge(run(given))).toMatchObject({verdict: 'pass', reasons: []})
  })

  test('changed in the run makes it inconclusive, and says which and when', () => {
    const report = judge(run(given, at(-2, {...cfg, as: 'changed'})))
    expect(report.verdict).toBe('unknown')
    expect(report.reasons).toEqual([
      '/etc/haproxy/haproxy.cfg of proxy1 was changed at 6.00 s of the run by somebody else: no step did that (a look at proxy1)',
    ])
    expect(report.story.map(one => one.says)).toContain(report.reasons[0])
  })

  test('that was another one when the run began is told', () => {
    expect(judge(run(at(-faultAt + 1.2, {...cfg, as: 'changed'}))).reasons).toEqual([
      'when the run began /etc/haproxy/haproxy.cfg of proxy1 was changed: no step did that (a look at proxy1)',
    ])
  })

  test('of the times that the model knows: its budget holds no more, a limit of a person does', () => {
    const history = run(given, at(-2, {...cfg, as: 'gone'}))
    expect(ofCheck(history, 'failover', {within: 'budget'}).says).toMatch(
      /^The budget is one of values that no longer held: \/etc\/haproxy\/haproxy\.cfg of proxy1 was removed /,
    )
    expect(ofCheck(history, 'failover', {within: '30s'}).verdict).toBe('pass')
  })
})
