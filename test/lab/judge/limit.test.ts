import {expect, test} from 'vitest'
import {historyOf} from '../../../lab/history/history.ts'
import {judge} from '../../../lab/judge/judge.ts'
import {withAskedLimit} from '../../../lab/scenario/asked-limit.ts'
import {loadScenario} from '../../../lab/scenario/index.ts'
import {calmRun} from '../checks/calm-run.ts'
import {cleanRun, type RunShape} from '../checks/history-builder.ts'

const written = loadScenario('kill-leader')
const judged = {...written, expect: written.expect.filter(({check}) => check === 'failover')}

/** As `chaos --within` records it: the limit is among the scenario's expectations. */
function limited(ms: number, changes: Partial<RunShape> = {}) {
  const events = cleanRun(changes).map(event =>
    event.kind === 'run-started' ? {...event, scenario: withAskedLimit(judged, ms)} : event,
  )
  return judge(historyOf(events))
}

test('a limit that was asked for is judged from the record alone, and adds what the worst moment takes', () => {
  const report = limited(30_000, {refresh: -0.02})
  expect(report.verdict).toBe('pass')
  expect(report.limit).toMatchObject({from: 'asked', of: 'time-without-writes', limitMicros: 30_000_000})
  expect(report.limit?.says).toMatch(
    /^22\.10 of 30 s without writes; the worst moment takes up to \d\d\.\d s by the model$/,
  )
  expect(report.limit!.worstMicros).toBeGreaterThan(report.limit!.measuredMicros!)
  expect(report.findings[0]).toMatchObject({check: 'unavailability', verdict: 'pass', line: null})
})

test('says which moment it was when it was not the worst one', () => {
  expect(limited(30_000, {refresh: -0.8, keyGone: 19.4, newKey: 21.3, promoted: 21.5}).limit?.says).toContain(
    'it came 0.80 s after a refresh of the lease; the worst moment, right after one, takes up to',
  )
})

test('more than was asked for fails, whatever the budget allows', () => {
  const report = limited(20_000)
  expect([report.verdict, report.exitCode]).toEqual(['fail', 1])
  expect(report.limit?.says).toMatch(/^22\.10 of 20 s without writes; /)
  expect(limited(22_000).limit?.says).toMatch(/^22\.10 of 22 s without writes; /)
})

test('a fault that leaves the leader alone has no worst moment, and the time is measured all the same', () => {
  const events = calmRun({outage: [3, 5]}).map(event =>
    event.kind === 'run-started' ? {...event, scenario: withAskedLimit(loadScenario('lag-replica'), 30_000)} : event,
  )
  expect(judge(historyOf(events)).limit).toMatchObject({
    from: 'asked',
    worstMicros: null,
    says: expect.stringMatching(/^2\.0\d of 30 s without writes; no fault struck the leader/),
  })
})

test('without one it is the limit of the failover; what nobody can tell is no measure', () => {
  const budget = judge(historyOf(cleanRun()), [{check: 'failover', params: {}}])
  expect(budget.limit).toMatchObject({from: 'budget', says: '22.10 of 27.45 s'})
  expect(judge(historyOf(cleanRun()), [{check: 'failover', params: {within: '25s'}}]).limit).toMatchObject({
    from: 'scenario',
    says: '22.10 of 25 s',
  })
  const blind = cleanRun().filter(event => !(event.kind === 'watching' && event.who === 'clients'))
  const unknown = judge(historyOf(blind), [{check: 'failover', params: {}}])
  expect(unknown.limit).toMatchObject({measuredMicros: null, says: 'limit 27.45 s'})
})

test('a scenario whose only clients are bankers is measured by their transfers', () => {
  const bankers = {...judged, clients: [{kind: 'bankers', count: 2, perSecond: 20, through: 'primary'} as const]}
  const only = (outage: readonly [number, number] | null) =>
    calmRun({outage}).map(event => {
      if (event.kind === 'run-started') return {...event, scenario: withAskedLimit(bankers, 3000)}
      if (event.kind !== 'op') return event
      return {...event, kind: 'bank', client: 'b1', op: 'transfer', total: null} as const
    })
  const [report, late] = [judge(historyOf(only([3, 5]))), judge(historyOf(only([3, 9])))]
  expect(report.findings[0]).toMatchObject({check: 'unavailability', verdict: 'pass'})
  expect(report.limit).toMatchObject({from: 'asked', says: expect.stringMatching(/^2\.0\d of 3 s without writes; /)})
  expect([late.findings[0]?.verdict, late.limit?.says]).toEqual([
    'fail',
    expect.stringMatching(/^6\.\d\d of 3 s without writes; /),
  ])
})

test('an audit is no write', () => {
  const events = calmRun().map(event => {
    if (event.kind === 'run-started') return {...event, scenario: withAskedLimit(judged, 3000)}
    return event.kind === 'op' ? ({...event, kind: 'bank', client: 'b1', op: 'audit', total: 1} as const) : event
  })
  expect(judge(historyOf(events)).findings[0]).toMatchObject({
    verdict: 'unknown',
    says: expect.stringMatching(/^No write was acknowledged before/),
  })
})

test('a limit is refused where nobody writes through the proxy', () => {
  const scenario = loadScenario('kill-leader')
  const readers = {...scenario, clients: scenario.clients.filter(({kind}) => kind === 'readers')}
  expect(() => withAskedLimit(readers, 30_000)).toThrow(/no client of kill-leader writes through the proxy/)
})
