/** Checks that a storm asks, in runs with more than one fault and failover. */

import {describe, expect, test} from 'vitest'
import {checks} from '../../../lab/checks/index.ts'
import type {Event, Happening, Of} from '../../../lab/history/event.ts'
import {historyOf} from '../../../lab/history/history.ts'
import type {Step} from '../../../lab/history/scenario-values.ts'
import {calmRun} from '../checks/calm-run.ts'
import {cleanRun, lsnAt, micros, ranges, sample} from '../checks/history-builder.ts'
import {renumbered} from '../checks/renumbered.ts'

const at = (seconds: number, happening: Happening): Event => ({at: micros(seconds), ...happening}) as Event

describe('recovered, as a step that waits between two faults,', () => {
  const calm = calmRun({mend: 12, finalReads: 20})
  /** What is known so many seconds after the fault, while steps are played. */
  const until = (seconds: number, events = calm) =>
    checks.recovered.judge(
      historyOf(
        events.filter(event => event.at <= micros(seconds) && !(event.kind === 'phase' && event.name !== 'steps')),
      ),
      {within: 5000},
    ).verdict

  test('waits for more than the moment after the mend', () => {
    expect(until(12.4)).toBe('unknown')
    expect(until(14)).toBe('pass')
  })

  test('is about the last fault where there is no mend', () => {
    const unmended = calm.filter(event => !event.kind.startsWith('fault-mend'))
    expect(until(0.5, unmended)).toBe('unknown')
    expect(until(3, unmended)).toBe('pass')
  })

  test('does not pass while a member does not stream', () => {
    const idle = calm.map(event =>
      event.kind === 'postgres' && event.host === 'node2' && event.at > micros(11) ? {...event, receiver: null} : event,
    )
    expect(until(14, idle)).not.toBe('pass')
    expect(until(19, idle)).toBe('fail')
  })

  test('that ran out fails the run, though the cluster came back later', () => {
    const steps: readonly Step[] = [
      {do: 'hold', forMs: 1000},
      {do: 'until', check: 'recovered', params: {within: '5s'}, within: 5000},
    ]
    const events = [
      ...calm.map(event => (event.kind === 'run-started' ? {...event, scenario: {...event.scenario, steps}} : event)),
      at(1, {kind: 'step-started', index: 1, says: 'until recovered'}),
      at(6, {kind: 'step-ended', index: 1, ok: false, says: 'not within 5 s: node2 does not stream.'}),
    ]
    expect(checks.recovered.judge(historyOf(events), {within: 60_000})).toMatchObject({
      verdict: 'fail',
      says: 'Step 2 waited in vain for the cluster to be whole: not within 5 s: node2 does not stream.',
    })
    const blind = events.filter(event => event.kind !== 'postgres' || event.host !== 'node2' || event.at > micros(6))
    expect(checks.recovered.judge(historyOf(blind), {within: 60_000}).verdict).toBe('unknown')
    const other = events.map(event => (event.kind === 'step-ended' ? {...event, index: 0} : event))
    expect(checks.recovered.judge(historyOf(other), {within: 60_000}).verdict).toBe('pass')
  })
})

describe('writes-flow, asked of a finished run,', () => {
  test('is about the last second of the writers, who have stopped', () => {
    expect(checks['writes-flow'].judge(historyOf(cleanRun()), {}).verdict).toBe('pass')
  })

  test('is not known when they stopped right after a mend', () => {
    const [last] = cleanRun()
      .filter(event => event.kind === 'op')
      .slice(-1)
    const mended = {
      ...at(0, {kind: 'fault-mended', id: 'crash', mend: {do: 'start-host', host: 'node1'}, ok: true}),
      at: last!.at - 500_000,
    }
    expect(checks['writes-flow'].judge(historyOf([...cleanRun(), mended]), {}).verdict).toBe('unknown')
  })

  test('fails when writes failed until the end', () => {
    const failing = cleanRun().map(event =>
      event.kind === 'op' && event.op === 'write' && event.at > micros(30)
        ? {...event, outcome: 'fail' as const, sqlstate: '25006'}
        : event,
    )
    expect(checks['writes-flow'].judge(historyOf(failing), {}).verdict).toBe('fail')
  })
})

describe('no-lost-writes, with a second failover,', () => {
  const seconds = {again: 30, promoted: 31}
  const id = 5_000_000
  /** node2, which led on timeline 2, is followed by node3 on timeline 3; nothing was injected for that. */
  const twice = (written: Partial<Of<'op'>> = {}, kept = false): Event[] => [
    ...cleanRun({finalReads: 40}).flatMap((event): Event[] => {
      const late = event.at > micros(seconds.again)
      if (event.kind === 'postgres' && late) {
        if (event.host === 'node2') return [{...event, inRecovery: true, timeline: 3, receiver: 'streaming'}]
        if (event.host === 'node3' && event.at > micros(seconds.promoted))
          return [{...event, inRecovery: false, timeline: 3, receiver: null}]
        return [event.host === 'node3' ? {...event, lsn: lsnAt(seconds.again) - 1000} : event]
      }
      if (event.kind === 'postgres' && event.at > micros(seconds.again - 0.2))
        return event.host === 'node2' ? [] : [{...event, lsn: lsnAt(seconds.again) - 1000}]
      if (event.kind === 'op' && late) return []
      if (event.kind === 'final-rows') {
        const ids = event.ranges.flatMap(([from, to]) => Array.from({length: to - from + 1}, (_, step) => from + step))
        const gone = new Set(lateIds)
        return [{...event, timeline: 3, ranges: ranges([...ids.filter(one => !gone.has(one)), ...(kept ? [id] : [])])}]
      }
      return [event]
    }),
    {
      ...{
        at: micros(seconds.again - 0.01),
        sentAt: micros(seconds.again - 0.015),
        kind: 'op',
        client: 'w1',
        op: 'write',
      },
      ...{
        id,
        outcome: 'ok',
        server: 'node2',
        timeline: 2,
        lsn: lsnAt(seconds.again) + 500,
        sqlstate: null,
        error: null,
      },
      ...written,
    },
    sample('node2', seconds.again, {inRecovery: false, receiver: null, timeline: 2, lsn: lsnAt(seconds.again) + 500}),
  ]
  const lateIds = cleanRun({finalReads: 40}).flatMap(event =>
    event.kind === 'op' && event.at > micros(seconds.again) ? [event.id] : [],
  )
  const judge = (events: readonly Event[], allow: 'none' | 'async-tail' = 'async-tail') =>
    checks['no-lost-writes'].judge(
      historyOf(renumbered(events)),
      allow === 'none' ? {allow: {}} : {allow: {'async-tail': {of: 'any'}}},
    )

  test('passes when nothing is lost', () => {
    expect(judge(twice({}, true))).toMatchObject({verdict: 'pass', measures: {lost: 0}})
  })

  test('allows the tail of the second one, too', () => {
    expect(judge(twice())).toMatchObject({verdict: 'pass', measures: {lost: 1, lostInAsyncTail: 1}})
    expect(judge(twice(), 'none').verdict).toBe('fail')
  })

  test('fails what the promoted replica had received, and what nobody who led acknowledged', () => {
    expect(judge(twice({at: micros(24), sentAt: micros(23.9), lsn: lsnAt(24)}))).toMatchObject({
      verdict: 'fail',
      says: expect.stringContaining('node3 had received as much'),
    })
    expect(judge(twice({server: 'node1', timeline: 2}))).toMatchObject({
      verdict: 'fail',
      says: expect.stringContaining('not by the dead leader'),
    })
  })
})
