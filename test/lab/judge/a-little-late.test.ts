/**
 * Every recorded run on a machine that was a little late all the time, and by a runner and clients that slept through what was to be
 * seen: a claim that holds by a wide margin goes on holding, and one that nobody saw is not told as if it had taken no time.
 */
import {describe, expect, test} from 'vitest'
import {findFailover} from '../../../lab/history/failover.ts'
import {type History, historyOf, of} from '../../../lab/history/history.ts'
import {type Expected, judge} from '../../../lab/judge/judge.ts'
import type {Report} from '../../../lab/judge/report.ts'
import type {Micros} from '../../../lab/words/quantity.ts'
import {recordedFiles, recordedRun} from '../../recorded-runs.ts'
import {asleep} from './mutations.ts'

/** Claimed of every run beside its own expectations: where they hold, they hold by far. */
const generous: readonly Expected[] = [
  {check: 'unavailability', params: {writes: {'at-most': '2m'}, reads: {'at-most': '2m'}}},
  {check: 'unavailability', params: {writes: {'at-most': '2m'}}},
  {check: 'clients-reconnect', params: {within: '2m'}},
  {check: 'failover', params: {within: '2m'}},
  {check: 'demoted', params: {within: '2m'}},
  {check: 'rejoined', params: {within: '2m'}},
  {check: 'recovered', params: {within: '5m'}},
  {check: 'stale-reads', params: {'at-most': '2m'}},
  {check: 'errors', params: {allow: {'25006': '2m', '57P01': '2m', '57P03': '2m', closed: '2m', timeout: '2m'}}},
  {check: 'nobody-promoted', params: {for: '1s'}},
  {check: 'lost-connections', params: {}},
  {check: 'quorum-kept', params: {}},
]

/** As it was recorded: two claims are held against it. */
const known = new Map<string, Report['findings']>()

function findingsOf(file: string): Report['findings'] {
  const history = recordedRun(file)
  const findings = known.get(file) ?? judge(history, claimsOf(history)).findings
  known.set(file, findings)
  return findings
}

const claimsOf = (history: History) => [...(of(history, 'run-started')[0]?.scenario.expect ?? []), ...generous]

/** Every report of the runner and of the clients tells so much lateness. */
const late = (history: History, micros: Micros): History =>
  historyOf(
    history.events.map(event =>
      event.kind === 'watching' && (event.who === 'runner' || event.who === 'clients')
        ? {...event, worstMicros: Math.max(micros, event.worstMicros)}
        : event,
    ),
  )

describe('a claim that holds by a wide margin', () => {
  test.each(recordedFiles)('%s: goes on holding on a machine that is 0.3 s late all the time', file => {
    const history = recordedRun(file)
    const after = judge(late(history, 300_000), claimsOf(history)).findings
    const turned = findingsOf(file).flatMap(({check, verdict, says}, index) =>
      verdict === 'pass' && after[index]!.verdict !== 'pass' ? [`${check}: ${says} -> ${after[index]!.says}`] : [],
    )
    expect(turned).toEqual([])
  })

  const little = 200_000

  test.each(recordedFiles)('%s: and one that is broken by as much is broken on one that is 0.2 s late', file => {
    const history = recordedRun(file)
    const fault = of(history, 'fault-injecting')[0]?.at ?? 0
    const after = judge(late(history, little), claimsOf(history)).findings
    // An error that was told so soon after the fault may have come before it.
    const isNear = (at: Micros | undefined) => at !== undefined && at - fault <= little
    const turned = findingsOf(file).flatMap(({check, verdict, says, evidence}, index) =>
      verdict === 'fail' && after[index]!.verdict !== 'fail' && !(check === 'errors' && isNear(evidence?.[0]?.at))
        ? [`${check}: ${says} -> ${after[index]!.says}`]
        : [],
    )
    expect(turned).toEqual([])
  })
})

/** A part of a second, and nothing said of how well that is known. */
const noTime = /\bfor \d{1,3} ms\b(?! to \d)|\bat most 0 ms\b/

let spoken = 0

describe('who slept through it tells no claim as if it had taken no time', () => {
  test.each(recordedFiles)('%s: neither the runner nor the clients', file => {
    const history = recordedRun(file)
    const steps = of(history, 'phase').find(one => one.name === 'steps')?.at ?? 0
    const fault = of(history, 'fault-injecting')[0]?.at ?? steps
    const found = findFailover(history)
    const promoted = typeof found === 'string' ? undefined : found.promoted?.at
    const around = [-1_000_000, 1, 1_000_000].map(after => ({from: fault + after, to: fault + after + 30_000_000}))
    const until = [500_000, 2_000_000].flatMap(after =>
      promoted === undefined
        ? []
        : [1, 8_000_000, 15_000_000].map(since => ({from: fault + since, to: promoted + after})),
    )
    const claimed = (check: string) => claimsOf(history).filter(one => one.check === check)
    const told = [...around, ...until.filter(({from, to}) => from < to)].flatMap(({from, to}) => {
      const runnerSlept = asleep(history, 'runner', from, to)
      const slept = asleep(runnerSlept, 'clients', from, to)
      return [
        ...judge(slept, [...claimed('unavailability'), ...claimed('clients-reconnect')]).findings,
        ...judge(runnerSlept, claimed('clients-reconnect')).findings,
      ]
        .filter(one => one.verdict === 'pass' && ++spoken && noTime.test(one.says))
        .map(one => `slept from ${from} to ${to}: ${one.check}: ${one.says}`)
    })
    expect(told).toEqual([])
  })

  test('though most of them tell one', () => expect(spoken).toBeGreaterThan(recordedFiles.length))
})
