import {describe, expect, test} from 'vitest'
import {checks} from '../../../lab/checks/index.ts'
import type {Event} from '../../../lab/history/event.ts'
import {type History, historyOf, of} from '../../../lab/history/history.ts'
import {promotionsOf} from '../../../lab/history/promotions.ts'
import {recorded} from '../../cli/render/recorded.ts'
import {strikeOf} from '../strike-of.ts'
import {calmRun} from './calm-run.ts'
import {altered, cleanRun, micros, sample} from './history-builder.ts'
import {severalFailovers} from './several-failovers.ts'

const {'no-failover': noFailover, 'nobody-promoted': nobodyPromoted, promoted} = checks
const {'timeline-monotone': timelineMonotone, 'two-writable-primaries': split, recovered} = checks

const takesKey = (at: number): Event => ({
  ...{
    at: micros(at),
    kind: 'leader-key',
    scope: 'pgha',
    holder: 'node3',
    revision: 20,
    lease: 'b',
    term: 2,
    told: 'node2',
  },
})
const rules = (host: string, at: number, timeline: number) =>
  sample(host, at, {inRecovery: false, receiver: null, timeline})
const without = (events: readonly Event[], drop: (event: Event) => boolean): History =>
  historyOf(events.filter(event => !drop(event)))

describe('no-failover', () => {
  const judge = (history: History) => noFailover.judge(history, {})

  test('passes when the leader stays, and says for how long', () => {
    const found = judge(historyOf(calmRun()))
    expect(found).toMatchObject({verdict: 'pass', measures: {leader: 'node1', timeline: 1, observedMicros: 20e6}})
  })

  test('fails when another host takes the key, or takes writes, or the leader comes back on a higher timeline', () => {
    expect(judge(historyOf([...calmRun(), takesKey(5)]))).toMatchObject({
      verdict: 'fail',
      says: expect.stringContaining('node3 took the leader key 5.0'),
    })
    expect(judge(historyOf([...calmRun(), rules('node3', 6, 2)])).verdict).toBe('fail')
    expect(judge(historyOf([...calmRun(), rules('node1', 6, 2)])).verdict).toBe('fail')
  })

  test('tells that whoever takes writes does not hold the leader key', () => {
    expect(judge(historyOf([...calmRun(), rules('node3', 6, 2)]))).toMatchObject({
      says: expect.stringContaining('node3 took writes on timeline 2 without the leader key 6.0'),
      hint: expect.stringContaining('by hand'),
    })
  })

  test('fails when the timeline at the end is another one, though nobody saw the promotion', () => {
    const history = altered(calmRun(), event => (event.kind === 'final-rows' ? {...event, timeline: 2} : event))
    expect(judge(history)).toMatchObject({verdict: 'fail', says: expect.stringContaining('timeline 2 at the end')})
  })

  test('is unknown where nobody looked, and on a real failover it fails', () => {
    expect(judge(without(calmRun(), event => event.kind === 'postgres' && event.host === 'node3')).verdict).toBe(
      'unknown',
    )
    // Who led, and on which timeline, PostgreSQL says itself.
    expect(judge(without(calmRun(), event => event.kind === 'watching' && event.who === 'etcd')).verdict).toBe('pass')
    expect(judge(without(calmRun(), event => event.kind === 'final-rows')).verdict).toBe('unknown')
    expect(judge(historyOf(cleanRun())).verdict).toBe('fail')
    expect(judge(historyOf([])).verdict).toBe('unknown')
  })
})

describe('nobody-promoted', () => {
  const judge = (history: History, forMs: number, until: 'mend' | 'end' = 'mend') =>
    nobodyPromoted.judge(history, {for: forMs, until})

  test('holds for as long as it was observed, and no longer', () => {
    expect(judge(historyOf(calmRun()), 10_000)).toMatchObject({verdict: 'pass', measures: {observedMicros: 12e6}})
    expect(judge(historyOf(calmRun()), 13_000).verdict).toBe('unknown')
  })

  test('fails when somebody is promoted before the mend, not when after it', () => {
    expect(judge(historyOf([...calmRun(), rules('node2', 11, 2)]), 10_000)).toMatchObject({verdict: 'fail'})
    expect(judge(historyOf([...calmRun(), takesKey(3)]), 10_000)).toMatchObject({verdict: 'fail'})
    expect(judge(historyOf([...calmRun(), rules('node2', 14, 2)]), 10_000).verdict).toBe('pass')
  })

  test('until the end, is about what comes after the mend, too, but for the old leader that leads anew', () => {
    expect(judge(historyOf(calmRun()), 19_000, 'end')).toMatchObject({
      verdict: 'pass',
      says: 'Nobody was promoted in the 19.98 s until the end.',
    })
    expect(judge(historyOf(calmRun()), 21_000, 'end').verdict).toBe('unknown')
    const later = [rules('node2', 14, 2), takesKey(14)]
    for (const sign of later) expect(judge(historyOf([...calmRun(), sign]), 10_000, 'end').verdict).toBe('fail')
    const anew = calmRun().map(event =>
      event.kind === 'postgres' && event.host === 'node1' && event.at > micros(13) ? {...event, timeline: 2} : event,
    )
    expect(judge(historyOf(anew), 10_000, 'end').verdict).toBe('pass')
    const beheaded = without(calmRun(), event => 'host' in event && event.host === 'node3' && event.at > micros(14))
    expect(judge(beheaded, 10_000, 'end').verdict).toBe('unknown')
    expect(judge(beheaded, 10_000).verdict).toBe('pass')
  })

  test('is unknown when the servers were not watched', () => {
    for (const host of ['node2', 'node3']) {
      const blind = without(
        calmRun(),
        event => event.kind === 'postgres' && event.host === host && event.at > micros(1),
      )
      expect(judge(blind, 10_000).verdict).toBe('unknown')
    }
  })
})

describe('promoted', () => {
  const judge = (history: History, params: {is?: string; not?: string}) => promoted.judge(history, params)
  const sync = (...standbys: string[]): Event => ({
    ...{at: micros(-3), kind: 'sync-key', scope: 'pgha', leader: 'node1', standbys, revision: 12, told: 'node2'},
  })

  test('knows the synchronous standby of the moment of the fault', () => {
    expect(judge(historyOf([...cleanRun(), sync('node2')]), {is: 'sync-standby'}).verdict).toBe('pass')
    expect(judge(historyOf([...cleanRun(), sync('node3')]), {is: 'sync-standby'})).toMatchObject({
      verdict: 'fail',
      says: 'node2 was promoted, to timeline 2; it was to be the synchronous standby (node3).',
    })
    expect(judge(historyOf(cleanRun()), {is: 'sync-standby'}).verdict).toBe('unknown')
  })

  test('fails where the key /sync named nobody when the fault came, and tells whether the mode was off', () => {
    const alone: Event = {...sync(), at: micros(-1)}
    const off = {...alone, leader: null} as Event
    expect(judge(historyOf([...cleanRun(), sync('node2'), off]), {is: 'sync-standby'})).toMatchObject({
      verdict: 'fail',
      says: expect.stringMatching(
        /no standby was synchronous when the fault came: Patroni had deleted its key \/sync, .* 1\.00 s before it\.$/,
      ),
    })
    expect(judge(historyOf([...cleanRun(), sync('node2'), alone]), {is: 'sync-standby'})).toMatchObject({
      verdict: 'fail',
      says: expect.stringContaining('its key /sync had named none since 1.00 s before it'),
    })
  })

  test('knows the hosts of a step, and hosts by their name', () => {
    const target: Event = {at: micros(-1), kind: 'target', fault: 'tagged', selector: 'replica', hosts: ['node2']}
    expect(judge(historyOf([...cleanRun(), target]), {not: 'tagged'}).verdict).toBe('fail')
    expect(judge(historyOf([...cleanRun(), target]), {is: 'tagged'}).verdict).toBe('pass')
    expect(judge(historyOf(cleanRun()), {is: 'node2', not: 'old-leader'}).verdict).toBe('pass')
    expect(judge(historyOf(cleanRun()), {is: 'nobody-i-know'}).verdict).toBe('unknown')
  })

  test('is unknown of a member that was promoted only when it had its own tags again', () => {
    const history = recorded('nofailover-tag.pass')
    const [tagged] = of(history, 'target').filter(one => one.fault === 'tagged')
    // Nobody else could be promoted: it was, but not before the mend.
    const of2 = (mended: number) =>
      historyOf(
        history.events.flatMap((event): Event[] =>
          event.kind === 'target' && event.fault === 'tagged'
            ? [{...event, hosts: [last.host]}]
            : event.kind === 'fault-mending' && event.id === 'tagged'
              ? [{...event, at: last.at + mended}]
              : [event],
        ),
      )
    const last = promotionsOf(history).at(-1)!
    expect(tagged?.hosts).not.toContain(last.host)
    expect(judge(of2(-1000), {not: 'tagged'})).toMatchObject({
      verdict: 'unknown',
      says: expect.stringMatching(/but only after step tagged was mended/),
    })
    expect(judge(of2(1000), {not: 'tagged'}).verdict).toBe('fail')
  })

  test('fails of a tagged member that was promoted before the mend, whoever is promoted after it', () => {
    // node1 led, and was followed by node2, node3, node1 and node2 again.
    const events = severalFailovers([{}, {}, {}, {}])
    const [, first, , , again] = promotionsOf(historyOf(events))
    expect([first?.host, again?.host]).toEqual(['node2', 'node2'])
    const strike = {...strikeOf('noop', {}, ['node2']), sets: {tags: {nofailover: true}}}
    const mine = {id: 'tagged', fault: 'set-tags', what: 'tags', hosts: ['node2'], params: {}, needsMend: true}
    const tagged = (mendedAt: number) =>
      historyOf([
        ...events,
        {at: first!.at - 5_000_000, kind: 'target', fault: 'tagged', selector: 'replica', hosts: ['node2']},
        {at: first!.at - 5_000_000, kind: 'fault-injecting', ...mine, strike} as Event,
        {at: mendedAt, kind: 'fault-mending', id: 'tagged', mend: {do: 'start-host', host: 'node2'}} as Event,
      ])
    expect(judge(tagged(again!.at - 1000), {not: 'tagged'})).toMatchObject({
      verdict: 'fail',
      says: expect.stringMatching(/node2 was promoted, to timeline 2; it must not be/),
    })
    // It was not before that: what the others did meanwhile is told, not denied.
    expect(judge(tagged(first!.at - 1000), {not: 'tagged'})).toMatchObject({
      verdict: 'unknown',
      says: expect.stringMatching(/but only after step tagged was mended, before which it was not\.$/),
    })
  })

  test('every way to say whom makes a sentence', () => {
    const target = (...hosts: string[]): Event => ({
      ...{at: micros(-1), kind: 'target', fault: 'handover', selector: 'replica', hosts},
    })
    const says = (params: {is?: string; not?: string}, ...more: Event[]) =>
      judge(historyOf([...cleanRun(), ...more]), params).says
    const one = target('node2')
    const two = target('node2', 'node3')
    const other = target('node3')
    expect([
      says({is: 'handover'}, one),
      says({is: 'handover'}, two),
      says({is: 'handover'}, other),
      says({not: 'handover'}, one),
      says({not: 'handover'}, other),
      says({is: 'node2'}),
      says({is: 'node3'}),
      says({not: 'node2'}),
      says({not: 'old-leader'}),
      says({is: 'sync-standby', not: 'old-leader'}, sync('node2')),
      says({not: 'sync-standby'}, sync()),
    ]).toEqual([
      'node2, the target of step handover, was promoted, to timeline 2.',
      'node2, a target of step handover, was promoted, to timeline 2.',
      'node2 was promoted, to timeline 2; it was to be the target of step handover (node3).',
      'node2 was promoted, to timeline 2; it must not be: it is the target of step handover.',
      'node2 was promoted, to timeline 2, and not the target of step handover (node3).',
      'node2 was promoted, to timeline 2, as it was to be.',
      'node2 was promoted, to timeline 2; it was to be node3.',
      'node2 was promoted, to timeline 2; it must not be.',
      'node2 was promoted, to timeline 2, and not the old leader (node1).',
      'node2, the synchronous standby, was promoted, to timeline 2, and not the old leader (node1).',
      'node2 was promoted, to timeline 2, and not a synchronous standby (there was none).',
    ])
  })

  test('fails when nobody was promoted', () => {
    expect(judge(historyOf(calmRun()), {not: 'old-leader'}).verdict).toBe('fail')
  })

  test('is unknown when nobody was promoted because the step that it names was never played', () => {
    const step = {do: 'inject', fault: 'switchover', on: 'replica', as: 'handover', params: {}} as const
    const events = calmRun().map(
      (event): Event =>
        event.kind === 'run-started'
          ? {...event, scenario: {...event.scenario, steps: [...event.scenario.steps, step]}}
          : event,
    )
    expect(judge(historyOf(events), {is: 'handover'})).toMatchObject({
      verdict: 'unknown',
      says: 'Nobody was promoted: step handover, of which that was to come, was not played.',
    })
    const target: Event = {at: micros(1), kind: 'target', fault: 'handover', selector: 'replica', hosts: ['node2']}
    expect(judge(historyOf([...events, target]), {is: 'handover'}).verdict).toBe('fail')
  })

  test('wants to be told whom', () => expect(promoted.params.safeParse({}).success).toBe(false))
})

describe('timeline-monotone', () => {
  const judge = (events: readonly Event[]) => timelineMonotone.judge(historyOf(events), {})

  test('passes for a promotion by one, and for none', () => {
    expect(judge(cleanRun())).toMatchObject({verdict: 'pass', measures: {promotions: 1}})
    expect(judge(calmRun())).toMatchObject({verdict: 'pass', measures: {promotions: 0}})
  })

  test('fails for a leap, and for two leaders on one timeline', () => {
    expect(judge([...calmRun(), rules('node2', 6, 3)]).verdict).toBe('fail')
    expect(judge([...calmRun(), rules('node2', 6, 1)])).toMatchObject({
      verdict: 'fail',
      says: 'node1 and node2 both took writes on timeline 1.',
    })
  })

  test('is unknown when no server was seen', () => expect(judge([]).verdict).toBe('unknown'))
})

describe('two-writable-primaries', () => {
  const judge = (events: readonly Event[], atLeast: number) => split.judge(historyOf(events), {'at-least': atLeast})
  const both = calmRun().map(event =>
    event.kind === 'postgres' && event.host === 'node2' && event.at > micros(5) && event.at < micros(8)
      ? {...event, inRecovery: false, receiver: null, timeline: 2}
      : event,
  )

  test('passes when both were seen for long enough', () => {
    expect(judge(both, 2000)).toMatchObject({verdict: 'pass', measures: {overlapMicros: expect.any(Number)}})
    expect(judge(both, 5000).verdict).toBe('fail')
  })

  test('fails when there was never more than one, and is unknown when there was none', () => {
    expect(judge(calmRun(), 0).verdict).toBe('fail')
    expect(judge(cleanRun(), 0).verdict).toBe('fail')
    expect(judge([], 0).verdict).toBe('unknown')
  })
})

describe('recovered', () => {
  const judge = (events: readonly Event[], within = 5000) => recovered.judge(historyOf(events), {within})

  test('passes for a cluster that is whole, and tells since when', () => {
    expect(judge(calmRun())).toMatchObject({verdict: 'pass', measures: {recoveredMicros: 0}})
    expect(judge(cleanRun(), 10_000).verdict).toBe('pass')
    expect(judge(cleanRun(), 1000).verdict).toBe('fail')
  })

  test('fails when a member does not stream at the end', () => {
    const idle = calmRun().map(event =>
      event.kind === 'postgres' && event.host === 'node3' && event.at > micros(2) ? {...event, receiver: null} : event,
    )
    expect(judge(idle)).toMatchObject({verdict: 'fail', says: expect.stringContaining('node3 does not stream')})
  })

  test('fails when a member is on another timeline, or does not answer', () => {
    const apart = calmRun().map(event =>
      event.kind === 'postgres' && event.host === 'node3' ? {...event, timeline: 2} : event,
    )
    expect(judge(apart).verdict).toBe('fail')
    const node3 = (event: Event) => event.kind === 'postgres' && event.host === 'node3' && event.at > micros(3)
    const dead = calmRun().map(event =>
      node3(event) ? {...event, up: false, error: 'ECONNREFUSED'} : event,
    ) as Event[]
    expect(judge(dead).verdict).toBe('fail')
    expect(judge(calmRun().filter(event => !node3(event))).verdict).toBe('unknown')
  })

  test('is unknown when nobody looked, or when the time was too short to tell', () => {
    expect(judge(calmRun().filter(event => event.kind !== 'postgres')).verdict).toBe('unknown')
    expect(recovered.judge(historyOf([]), {within: 1000}).verdict).toBe('unknown')
  })
})

test('what depends on seeing every promotion is unknown where the servers were not watched', () => {
  // The last third of the run.
  const unwatched = (events: readonly Event[]) =>
    without(events, event => event.kind === 'postgres' && event.host === 'node3' && event.at > micros(8))
  expect(promoted.judge(unwatched(cleanRun()), {is: 'node2'}).verdict).toBe('unknown')
  expect(promoted.judge(unwatched(calmRun()), {not: 'old-leader'}).verdict).toBe('unknown')
  expect(promoted.judge(unwatched(cleanRun()), {not: 'node2'}).verdict).toBe('unknown')
  expect(timelineMonotone.judge(unwatched(cleanRun()), {}).verdict).toBe('unknown')
  expect(timelineMonotone.judge(unwatched([...calmRun(), rules('node2', 6, 3)]), {}).verdict).toBe('unknown')
  expect(timelineMonotone.judge(unwatched([...calmRun(), rules('node2', 6, 1)]), {}).verdict).toBe('fail')
  expect(split.judge(unwatched(calmRun()), {'at-least': 0}).verdict).toBe('unknown')
})
