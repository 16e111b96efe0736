/** Every failover of a run is judged: each fault has its own phases, limits, reconnection, losses and coming back. */
import {describe, expect, test} from 'vitest'
import type {Event} from '../../../lab/history/event.ts'
import {failoversOf} from '../../../lab/history/failover.ts'
import {historyOf} from '../../../lab/history/history.ts'
import {judge} from '../../../lab/judge/judge.ts'
import {measureRun} from '../../../lab/judge/measure-run.ts'
import {micros, quickRun} from './history-builder.ts'
import {severalFailovers} from './several-failovers.ts'

const judged = (events: readonly Event[]) => judge(historyOf(events))
const failedIn = (events: readonly Event[]) =>
  judged(events).findings.flatMap(one => (one.verdict === 'fail' ? [one.check] : []))
const saysOf = (events: readonly Event[], check: string) =>
  judged(events).findings.find(one => one.check === check)!.says

test.each([1, 2, 3, 4])('a run of %i clean failovers passes, and each is measured', count => {
  const events = severalFailovers(Array.from({length: count}, () => ({})))
  const {findings} = judged(events)
  expect(findings.filter(one => one.verdict !== 'pass').map(one => one.says)).toEqual([])
  const all = failoversOf(historyOf(events))
  expect(all).toHaveLength(count)
  expect(typeof all === 'string' ? [] : all.map(one => one.oldLeader)).toEqual(
    ['node1', 'node2', 'node3', 'node1'].slice(0, count),
  )
  expect(findings[0]!.phases).toHaveLength(6 * count)
})

describe('of two, the second', () => {
  const late = {newKey: 25, promoted: 25.1, up: 25.2, firstWrite: 25.3, mend: 30, rejoined: 35, finalReads: 40}

  test('that is slower than the model allows fails, and is named', () => {
    const events = severalFailovers([{}, late])
    expect(failedIn(events)).toEqual(['failover'])
    expect(saysOf(events, 'failover')).toMatch(/^crash-2: node3 took over from node2 .*: election took 5\.20 s/)
  })

  test('that a client does not come back from fails, and the kill itself is no trouble of the first', () => {
    const away = severalFailovers([{}, {}], (event, part) =>
      part === 1 && event.kind === 'op' && event.client === 'w2' && event.at > micros(20) ? null : event,
    )
    expect(failedIn(away)).toContain('clients-reconnect')
    expect(saysOf(away, 'clients-reconnect')).toMatch(/^crash-2: .*w2 never wrote again/)
  })

  test('after which the old leader stays away fails, though the first came back', () => {
    const away = severalFailovers([{}, {finalReads: quickRun.finalReads + 130}], (event, part) =>
      part === 1 && event.at > micros(quickRun.mend) && 'host' in event && event.host === 'node1'
        ? event.kind === 'postgres'
          ? ({...event, up: false, inRecovery: null, readOnly: null, timeline: null, error: 'ECONNREFUSED'} as Event)
          : event.kind === 'patroni'
            ? null
            : event
        : event,
    )
    expect(failedIn(away)).toContain('rejoined')
    expect(saysOf(away, 'rejoined')).toMatch(/^crash-2: node2 /)
  })
})

test('of two, the first that is too slow fails, though the second was quick', () => {
  const late = {newKey: 25, promoted: 25.1, up: 25.2, firstWrite: 25.3, mend: 30, rejoined: 35, finalReads: 40}
  const events = severalFailovers([late, {}])
  expect(failedIn(events)).toEqual(['failover'])
  expect(saysOf(events, 'failover')).toMatch(/^crash-1: node2 took over from node1/)
})

test('`until: new-leader` after the second fault is about the second', () => {
  const events = severalFailovers([{}, {}])
  const all = failoversOf(historyOf(events))
  const second = typeof all === 'string' ? undefined : all[1]!
  const early = events.filter(event => event.at <= second!.t0 + 5_000_000)
  const find = (some: readonly Event[]) =>
    judge(historyOf(some), [{check: 'new-leader', params: {}}]).findings[0]!.verdict
  expect(find(early)).not.toBe('pass')
  expect(find(events)).toBe('pass')
})

test('what is compared with other runs is of one of them: the time in all, and its phases', () => {
  const late = {promoted: 22.4, up: 22.5, firstWrite: 22.6}
  for (const parts of [
    [late, {}],
    [{}, late],
  ]) {
    const {values} = measureRun(historyOf(severalFailovers(parts)))
    expect(values.total! / 1e6).toBeCloseTo(22.6, 1)
    expect(values.promotion! / 1e6).toBeCloseTo(0.7, 1)
  }
})
