import {describe, expect, test} from 'vitest'
import {sayTook} from '../../../cli/render/moment.ts'
import {failover} from '../../../lab/checks/failover.ts'
import type {Event} from '../../../lab/history/event.ts'
import {type History, historyOf} from '../../../lab/history/history.ts'
import {strikeOf} from '../strike-of.ts'
import {altered, cleanRun, micros, proxy, type RunShape, sample} from './history-builder.ts'
import {renumbered} from './renumbered.ts'

const judge = (history: History, within: unknown = 'budget') => failover.judge(history, failover.params.parse({within}))
const run = (changes: Partial<RunShape> = {}) => historyOf(cleanRun(changes))
const without = (gone: (event: Event) => boolean, changes: Partial<RunShape> = {}, added: Event[] = []) =>
  altered(cleanRun(changes), event => (gone(event) ? null : event), added)
const row = (history: History, name: string) => judge(history).phases!.find(one => one.name === name)!

describe('passes', () => {
  test('a failover as the model has it, every phase measured', () => {
    const finding = judge(run())
    expect(finding).toMatchObject({verdict: 'pass', measures: {totalMicros: 22_100_000, newTimeline: 2}})
    expect(finding.phases!.map(one => [one.name, one.measured, one.verdict])).toEqual([
      ['HAProxy: old server down', 1_200_000, 'pass'],
      ['lease expiry', 19_800_000, 'pass'],
      ['election', 21_700_000, 'pass'],
      ['promotion', 21_850_000, 'pass'],
      ['HAProxy: new server up', 21_950_000, 'pass'],
      ['first acknowledged write', 22_100_000, 'pass'],
    ])
    expect(finding.evidence!.map(event => event.kind)).toContain('leader-key')
  })

  test("the same failover later by as much as etcd's leader took that died with the host", () => {
    const late = {
      etcdLeader: 'node1',
      keyGone: 22.6,
      newKey: 24.5,
      promoted: 24.6,
      up: 24.8,
      firstWrite: 24.9,
      mend: 26,
    }
    expect(judge(run({...late, newTerm: 1.4})).verdict).toBe('pass')
    expect(judge(run({...late, etcdLeader: 'node2'})).verdict).toBe('fail')
  })

  test('when HAProxy had the new server up before PostgreSQL took writes', () => {
    expect(judge(run({up: 21.75})).verdict).toBe('pass')
  })

  test('a first write that was seen before the proxy was looked at again: at most so far apart, never 0 ms', () => {
    const finding = judge(run({up: 22.1, firstWrite: 22.091}))
    expect(finding.verdict).toBe('pass')
    const written = finding.phases!.at(-1)!
    expect(written).toMatchObject({
      verdict: 'pass',
      apart: 50_000,
      says: expect.stringContaining('at most 50 ms apart'),
    })
    expect(sayTook(written)).toBe('at most 50 ms apart')
    expect(sayTook(finding.phases![1]!)).toBe('19.80 s')
  })

  test('a limit of the person, and says which it was', () => {
    expect(judge(run(), '25s')).toMatchObject({verdict: 'pass', says: expect.stringContaining('25.00 s are allowed')})
  })

  test('when the last lease refresh is not known, against the bound of any moment', () => {
    const finding = judge(without(event => event.kind === 'status-key'))
    expect(finding).toMatchObject({verdict: 'pass', measures: {basis: expect.stringContaining('not known')}})
  })
})

describe('fails', () => {
  test('when the total is beyond the limit of the person', () => {
    expect(judge(run(), '20s')).toMatchObject({verdict: 'fail', says: expect.stringContaining('20.00 s are allowed')})
  })

  test('when the total is plainly beyond the limit, however short the steady state was', () => {
    const short = without(event => event.kind === 'op' && event.at < micros(-0.5))
    expect(judge(short, '5s')).toMatchObject({
      verdict: 'fail',
      says: expect.stringContaining('5.00 s are allowed'),
    })
    expect(judge(short, '22090ms').verdict).toBe('unknown')
    // What they saw in time was in time, however seldom they looked.
    expect(judge(short, '25s').verdict).toBe('pass')
  })

  test('when HAProxy never marked the dead leader down, and says so', () => {
    const history = without(event => event.kind === 'proxy' && event.server === 'node1' && !event.up)
    expect(judge(history)).toMatchObject({
      verdict: 'fail',
      says: expect.stringContaining('proxy1 never marked the dead node1 down'),
    })
    expect(row(history, 'HAProxy: old server down')).toMatchObject({verdict: 'fail', measured: null})
  })

  test("when HAProxy's own settings are so slow that it never could", () => {
    const history = without(event => event.kind === 'proxy' && event.server === 'node1' && !event.up, {
      haproxy: {fall: 1000},
    })
    expect(judge(history)).toMatchObject({
      verdict: 'fail',
      says: expect.stringContaining('never marked the dead node1 down'),
    })
  })

  test('when HAProxy routes to a server before it is the leader', () => {
    const early = {at: micros(-5), ...proxy('node2', true)} as Event
    const history = without(event => event.kind === 'proxy' && event.server === 'node2' && event.up, {}, [early])
    expect(judge(history)).toMatchObject({verdict: 'fail', says: expect.stringContaining('do not ask who leads')})
  })

  const nobodyTakesOver = (event: Event) =>
    (event.kind === 'leader-key' && event.holder === 'node2') ||
    (event.kind === 'proxy' && event.server === 'node2' && event.up) ||
    (event.kind === 'postgres' && event.inRecovery === false && event.at > micros(0)) ||
    (event.kind === 'op' && event.outcome === 'ok' && event.at > micros(0))

  test('when no replica ever took over', () => {
    expect(judge(without(nobodyTakesOver, {mend: 40, rejoined: 45, finalReads: 50}))).toMatchObject({
      verdict: 'fail',
      says: expect.stringContaining('no replica took it'),
    })
  })

  test('when the dead leader came back and kept its key', () => {
    const back = {
      at: micros(20.5),
      kind: 'leader-key',
      scope: 'pgha',
      holder: 'node1',
      revision: 91,
      lease: 'c',
      term: 2,
      told: 'node2',
    }
    const history = without(nobodyTakesOver, {mend: 40, rejoined: 45, finalReads: 50}, [back as Event])
    expect(judge(history)).toMatchObject({
      verdict: 'fail',
      says: expect.stringContaining('got its own leader key back'),
    })
  })

  test('when the new leader is not on a higher timeline', () => {
    const history = altered(cleanRun({mend: 40, rejoined: 45, finalReads: 50}), event =>
      'timeline' in event && event.kind !== 'final-rows' ? ({...event, timeline: 1} as Event) : event,
    )
    expect(judge(history)).toMatchObject({
      verdict: 'fail',
      says: expect.stringContaining('never seen on a higher timeline'),
    })
  })

  test.each([
    ['election', {newKey: 25, promoted: 25.1, up: 25.2, firstWrite: 25.3, mend: 30}],
    ['promotion', {promoted: 23.5, up: 21.9, firstWrite: 23.6, mend: 30}],
    ['HAProxy: new server up', {up: 24, firstWrite: 24.1, mend: 30}],
    ['first acknowledged write', {firstWrite: 25.1, mend: 30}],
    ['lease expiry', {keyGone: 21.2, newKey: 21.6}],
    ['HAProxy: old server down', {down: 4}],
  ])('when %s alone is beyond any slow machine, and names it', (name, changes) => {
    const finding = judge(run({...changes, rejoined: 35, finalReads: 40}))
    expect(finding).toMatchObject({verdict: 'fail', says: expect.stringContaining(`${name} took`)})
    expect(finding.phases!.filter(one => one.verdict !== 'pass').map(one => one.name)).toEqual([name])
  })

  test('but not when a phase is only longer than on a quiet machine, and that is marked', () => {
    const finding = judge(run({promoted: 22.4, firstWrite: 22.5}))
    expect(finding.verdict).toBe('pass')
    expect(finding.phases!.find(one => one.name === 'promotion')!.says).toContain('within the slack for a slow one')
  })
})

describe('cannot tell', () => {
  test.each<[string, (event: Event) => boolean, string]>([
    ['without a fault', event => event.kind === 'fault-injecting', 'no fault was injected'],
    ['without the return of the call', event => event.kind === 'fault-injected', 'never returned'],
    ['without the watch on etcd', event => event.kind === 'watching' && event.who === 'etcd', 'the watch on etcd'],
    [
      'without the answers of the new leader from the promotion on',
      event => event.kind === 'postgres' && event.host === 'node2' && event.at > micros(2),
      'nobody asked node2',
    ],
    [
      'without the probe of HAProxy',
      event => event.kind === 'watching' && event.who === 'proxy',
      'the probe of HAProxy',
    ],
    [
      'without word of the clients',
      event => event.kind === 'watching' && event.who === 'clients',
      'the agent of the clients',
    ],
    ['without any topology', event => event.kind === 'run-started', 'does not begin with run-started'],
    [
      'without the state of the proxy',
      event => event.kind === 'proxy' && event.server === 'node1',
      'nobody saw HAProxy mark',
    ],
  ])('%s', (_, gone, says) => {
    expect(judge(without(gone))).toMatchObject({verdict: 'unknown', says: expect.stringContaining(says)})
  })

  test('a time just above the limit with too few writes, and says what would give enough of them', () => {
    const seldom = historyOf(renumbered(without(event => event.kind === 'op' && event.id % 60 !== 0).events))
    const {firstWrite} = {firstWrite: judge(seldom).measures!.totalMicros as number}
    const found = judge(seldom, `${Math.floor(firstWrite / 1000) - 100}ms`)
    expect(found).toMatchObject({verdict: 'unknown', says: expect.stringContaining('clients wrote as seldom as every')})
    expect(found.hint).toMatch(/`hold:`.*`rate:` where it is below 90\/s/)
    // Seldom enough to be off by half a second, and far too late all the same.
    expect(judge(seldom, '10s').verdict).toBe('fail')
    expect(judge(seldom, '60s').verdict).toBe('pass')
  })

  test('when the fault struck a replica', () => {
    const history = altered(cleanRun(), event =>
      event.kind === 'fault-injecting'
        ? {...event, hosts: ['node3'], strike: strikeOf('kill', {what: 'host'}, ['node3'])}
        : event,
    )
    expect(judge(history)).toMatchObject({verdict: 'unknown', says: expect.stringContaining('node1 was the leader')})
  })

  test.each(['runner', 'clients'] as const)('when %s was later than a time is above its limit, and only then', who => {
    const starved = (worstMicros: number): Event => ({
      ...{at: micros(10), kind: 'watching', who, samples: 1, failures: 0, worstMicros},
    })
    const late = {newKey: 25, promoted: 25.1, up: 25.2, firstWrite: 25.3, mend: 30, rejoined: 35, finalReads: 40}
    const judged = (by: number, limit: string) =>
      judge(
        without(() => false, late, [starved(by)]),
        limit,
      ).verdict
    // 25.3 s were measured.
    expect(judged(900_000, '25s')).toBe('unknown')
    expect(judged(200_000, '25s')).toBe('fail')
    expect(judged(770_000, '10s')).toBe('fail')
    expect(judged(900_000, '26s')).toBe('pass')
  })

  test('when observers only failed', () => {
    const history = altered(cleanRun(), event =>
      event.kind === 'watching' ? {...event, samples: 0, failures: 5} : event,
    )
    expect(judge(history).verdict).toBe('unknown')
  })

  test('when the leader key went before its lease could have run out', () => {
    expect(judge(run({keyGone: 5, newKey: 5.2, promoted: 5.3, up: 5.4, firstWrite: 5.6}))).toMatchObject({
      verdict: 'unknown',
      says: expect.stringContaining('before its lease could have run out'),
    })
  })

  test('when the fault was mended before the time that a failover may take was over', () => {
    const events = cleanRun({mend: 10, rejoined: 12, finalReads: 15})
    const early = events.filter(
      event => event.at < micros(15) && !(event.kind === 'leader-key' && event.at > micros(0)),
    )
    expect(judge(historyOf(early))).toMatchObject({
      verdict: 'unknown',
      says: expect.stringContaining('until the fault was mended'),
    })
  })
})

test('on a growing history it waits, then passes, and never fails in between', () => {
  const events = historyOf(cleanRun()).events
  const verdicts: string[] = []
  for (let at = -1; at < 34; at += 0.25)
    verdicts.push(judge({events: events.filter(event => event.at <= micros(at))}).verdict)
  expect(new Set(verdicts)).toEqual(new Set(['unknown', 'pass']))
  // Once it has passed, nothing that follows in a clean run takes it back.
  expect(verdicts.slice(verdicts.indexOf('pass')).every(verdict => verdict === 'pass')).toBe(true)
})

test('a parameter that is no duration is refused with what may stand there', () => {
  expect(failover.params.parse({})).toEqual({within: 'budget'})
  expect(failover.params.safeParse({within: 10}).error?.issues[0]?.message).toMatch(/10s\?; or write the word budget/)
  expect(failover.params.safeParse({within: 'budgte'}).success).toBe(false)
})

test('a sample of the past is not the promotion', () => {
  const odd = sample('node2', -1, {inRecovery: false, timeline: 2})
  expect(row(historyOf([...cleanRun(), odd]), 'promotion').measured).toBe(21_850_000)
})
