/** Of a fault that never came, or did not take hold, no finding says more than that; what holds of the cluster stays what it was. */
import {describe, expect, test} from 'vitest'
import {type CheckName, checks, find} from '../../../lab/checks/index.ts'
import type {Event} from '../../../lab/history/event.ts'
import {historyOf} from '../../../lab/history/history.ts'
import {judge} from '../../../lab/judge/judge.ts'
import {calmRun} from './calm-run.ts'
import {cleanRun} from './history-builder.ts'

/** Some parameters of each that its schema takes. */
const params: Partial<Record<CheckName, unknown>> = {
  'clients-reconnect': {within: '10s'},
  demoted: {within: '10s'},
  errors: {allow: {others: '1m'}},
  promoted: {not: 'old-leader'},
  unavailability: {writes: {'at-most': '30s'}},
  'nobody-promoted': {for: '1s'},
  recovered: {within: '2m'},
  rejoined: {within: '2m'},
  'slot-kept': {name: 'feed'},
  'stale-reads': {'at-most': '5s'},
  'streams-again': {within: '45s'},
}
const names = Object.keys(checks) as CheckName[]
const ofFault = names.filter(name => 'ofFault' in checks[name])

const failedProof = (events: readonly Event[]) =>
  events.map(event => (event.kind === 'fault-proof' ? {...event, holds: false} : event))
const step = {do: 'inject', fault: 'kill', on: 'leader', as: 'crash', params: {}} as const
const neverCame = (events: readonly Event[]) =>
  events
    .filter(event => !event.kind.startsWith('fault-'))
    .map(event => (event.kind === 'run-started' ? {...event, scenario: {...event.scenario, steps: [step]}} : event))

const struck = cleanRun()
test('a clean run has a fault that took hold, of which the checks find something out', () => {
  expect(struck.filter(event => event.kind === 'fault-proof')).not.toEqual([])
  expect(find(historyOf(struck), {check: 'failover', params: {}}).verdict).toBe('pass')
})

describe.each([
  ['a failover came all the same', struck],
  ['nothing happened', calmRun().some(event => event.kind === 'fault-proof') ? calmRun() : []],
])('%s', (_, events) => {
  test.each(ofFault)('%s: a fault that did not take hold', check => {
    if (events.length === 0) return
    const found = find(historyOf(failedProof(events)), {check, params: params[check] ?? {}})
    const calm = 'ofFault' in checks[check] && checks[check].ofFault === 'calm'
    if (calm && found.verdict === 'fail') return
    expect(found).toMatchObject({verdict: 'unknown', says: expect.stringMatching(/: \S+ did not take hold\.$/)})
    expect(Object.keys(found.measures ?? {}).filter(name => !/limit/i.test(name))).toEqual([])
    expect(found.phases).toBeUndefined()
  })
})

test.each(ofFault)('%s: a fault that never came', check => {
  const found = find(historyOf(neverCame(calmRun())), {check, params: params[check] ?? {}})
  expect(found).toMatchObject({verdict: 'unknown', says: expect.stringMatching(/no fault came\.$/)})
})

test.each(names.filter(name => !ofFault.includes(name)))('%s is about the cluster and stays what it was', check => {
  const expected = {check, params: params[check] ?? {}}
  const held = find(historyOf(struck), expected)
  expect(find(historyOf(failedProof(struck)), expected).verdict).toBe(held.verdict)
})

test('such a run is inconclusive, and no finding about its fault has failed', () => {
  const report = judge(
    historyOf(failedProof(struck)),
    ofFault.map(check => ({check, params: params[check] ?? {}})),
  )
  expect(report.verdict).toBe('unknown')
  expect(
    report.findings.filter(
      ({check, verdict}) => verdict !== 'unknown' && !['no-failover', 'nobody-promoted'].includes(check),
    ),
  ).toEqual([])
})
