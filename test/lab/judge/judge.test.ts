import fc from 'fast-check'
import {describe, expect, test} from 'vitest'
import type {checks} from '../../../lab/checks/index.ts'
import type {Event} from '../../../lab/history/event.ts'
import {historyOf, of} from '../../../lab/history/history.ts'
import {judge} from '../../../lab/judge/judge.ts'
import {altered, cleanRun, micros, quickRun, type RunShape, sample, withRows} from '../checks/history-builder.ts'

const clean = cleanRun()
const without = (gone: (event: Event) => boolean, added: Event[] = []) =>
  judge(altered(clean, event => (gone(event) ? null : event), added))

test('a clean run passes, with the number that matters in front', () => {
  const report = judge(historyOf(clean))
  expect(report).toMatchObject({
    verdict: 'pass',
    exitCode: 0,
    headline: 'clients could write again 22.10 s after the fault, no acknowledged write lost',
    reasons: [],
    scenario: 'kill-leader',
    profile: 'fast',
    faults: [{id: 'crash', held: true, at: micros(0), mendedAt: micros(24.4)}],
    clients: {writes: {fail: 40, unknown: 4}},
  })
  expect(report.findings.map(one => [one.expectation, one.verdict])).toEqual([
    ['failover within budget', 'pass'],
    ['clients-reconnect within 10s', 'pass'],
    ['no-lost-writes allow async-tail', 'pass'],
    ['one-writable-primary', 'pass'],
    ['rejoined within 2m', 'pass'],
  ])
  expect(report.story.length).toBeGreaterThan(12)
  expect(report.story.length).toBeLessThanOrEqual(60)
})

test('a record that says nothing is judged as that, and nothing of it is left blank', () => {
  expect(judge(historyOf([]))).toMatchObject({
    verdict: 'unknown',
    exitCode: 4,
    ...{scenario: 'unknown', lab: 'unknown', profile: 'unknown', headline: 'the record is empty'},
  })
})

test('one failed finding fails the run', () => {
  const first = judge(historyOf(withRows(clean, rows => rows.delete(10))))
  expect(first).toMatchObject({verdict: 'fail', exitCode: 1, headline: expect.stringContaining('1 lost')})
})

test('a report survives JSON, and a history that went through JSON is judged the same', () => {
  const report = judge(historyOf(clean))
  expect(JSON.parse(JSON.stringify(report))).toEqual(report)
  expect(judge(historyOf(JSON.parse(JSON.stringify(clean)) as Event[]))).toEqual(report)
})

describe('is inconclusive', () => {
  const lost = withRows(clean, rows => rows.delete(10))

  test('when the engine was away during the steps, whatever was found besides', () => {
    const watching = (at: number, failures: number): Event => ({
      ...{at: micros(at), kind: 'watching', who: 'engine'},
      ...{samples: 2, failures, worstMicros: 500_000},
    })
    const seen = [0, 1, 2, 3, 4].map(at => watching(at, 1))
    expect(judge(historyOf([...lost, ...seen])).verdict).toBe('fail')
    const deaf = [...lost, ...seen, watching(5, 2)]
    expect(judge(historyOf(deaf))).toMatchObject({
      verdict: 'unknown',
      exitCode: 4,
      headline: expect.stringMatching(/^the Docker engine did not answer, from \d.* after the steps began/),
    })
  })

  test('when a disk ran full that no fault had filled, whatever was found besides', () => {
    const full: Event = {
      ...{at: micros(3), kind: 'log', host: 'node2', service: 'postgres', sign: 'disk-full'},
      says: 'could not extend file: No space left on device',
    }
    expect(judge(historyOf([...lost, full]))).toMatchObject({
      verdict: 'unknown',
      headline: expect.stringMatching(/^the disk of the Docker engine is full, as postgres on node2 found/),
    })
    const mend: Event = {
      ...{at: micros(20), kind: 'fault-mended', id: 'crash', mend: {do: 'start-host', host: 'node1'}, ok: false},
      says: 'the disk of the Docker engine is full: it failed at starting a container',
    }
    expect(judge(historyOf([...lost, mend])).verdict).toBe('unknown')
  })

  test("when the engine's own disk was full, also where a fault had filled a volume", () => {
    const filling = lost.map(one =>
      one.kind === 'fault-injecting' ? {...one, strike: {...one.strike, full: ['node1']}} : one,
    )
    const room = (full: boolean): Event => ({...{at: micros(3), kind: 'room'}, freeBytes: full ? 4096 : 9e9, full})
    expect(judge(historyOf([...filling, room(true)]))).toMatchObject({
      verdict: 'unknown',
      headline: expect.stringMatching(/^the disk of the Docker engine is full, 4 kB were free: the lab was disturbed/),
    })
    expect(judge(historyOf([...filling, room(false)])).verdict).toBe('fail')
  })

  test.each([
    [-3, 'back'],
    [3600, 'forward'],
  ])(
    'when the wall clock of the engine was set by %d s in the middle, whatever was found besides',
    (seconds, where) => {
      const zeroMicros = -1.79e15
      const clock = (at: number, offsetMicros: number): Event => ({
        ...{at: micros(at), kind: 'clock', who: 'engine'},
        ...{offsetMicros: zeroMicros + offsetMicros, uncertaintyMicros: 1500},
      })
      const measured = [
        ...lost.filter(one => one.kind !== 'clock' || one.who !== 'engine'),
        clock(-4, 0),
        clock(2, -seconds * 1e6),
      ]
      expect(judge(historyOf(measured))).toMatchObject({
        verdict: 'unknown',
        headline: expect.stringMatching(new RegExp(`^the wall clock of the engine was set .* ${where} in the middle`)),
      })
      expect(judge(historyOf([...lost, clock(-4, 0), clock(2, 900)])).verdict).toBe('fail') // measured again, and the same
    },
  )

  test('when the fault did not take hold, whatever was found besides', () => {
    const failed = withRows(clean, rows => rows.delete(10)).map(event =>
      event.kind === 'fault-proof' ? {...event, holds: false, says: 'node1 still runs'} : event,
    )
    const report = judge(historyOf(failed))
    expect(report).toMatchObject({
      verdict: 'unknown',
      exitCode: 4,
      headline: expect.stringContaining('node1 still runs'),
    })
    expect(report.findings.some(one => one.verdict === 'fail')).toBe(true)
  })

  test('when nobody saw whether the fault took hold', () => {
    expect(without(event => event.kind === 'fault-proof')).toMatchObject({verdict: 'unknown', exitCode: 4})
  })

  test.each(['interrupted', 'error'] as const)('when the run ended early (%s), unless something failed', how => {
    const early = clean.map(event => (event.kind === 'run-ended' ? {...event, how} : event))
    expect(judge(historyOf(early))).toMatchObject({verdict: 'unknown', exitCode: 4})
    expect(judge(historyOf(withRows(early, rows => rows.delete(10))))).toMatchObject({verdict: 'fail', exitCode: 1})
  })

  test('when the fault was lost before its mend', () => {
    const lost: Event = {at: micros(5), kind: 'fault-lost', id: 'crash', host: 'node1', says: 'it restarted'}
    expect(without(() => false, [lost])).toMatchObject({
      verdict: 'unknown',
      reasons: [expect.stringMatching(/^crash was lost .* after it came, before its mend: it restarted$/)],
    })
  })

  test('when a step was not done, unless something failed besides', () => {
    const undone: Event[] = [
      {at: micros(1), kind: 'step-started', index: 0, says: 'kill'},
      {at: micros(2), kind: 'step-ended', index: 0, ok: true, says: 'killed'},
      {at: micros(3), kind: 'step-started', index: 1, says: 'wait'},
      {at: micros(5), kind: 'step-ended', index: 1, ok: false, says: 'not within 9 s'},
    ]
    expect(without(() => false, undone)).toMatchObject({
      verdict: 'unknown',
      headline: 'step 2 was not done (not within 9 s)',
    })
    const lossy = withRows([...clean, ...undone], rows => rows.delete(10))
    expect(judge(historyOf(lossy)).verdict).toBe('fail')
  })

  test('when the record breaks off', () => expect(without(event => event.kind === 'run-ended').verdict).toBe('unknown'))

  test('when nothing was expected', () =>
    expect(judge(historyOf(clean), [])).toMatchObject({verdict: 'unknown', exitCode: 4}))

  test('when the history is empty', () => expect(judge(historyOf([]))).toMatchObject({verdict: 'unknown', exitCode: 4}))

  test('when a check crashes, does not exist or has parameters it does not understand', () => {
    const broken = historyOf(
      clean.map(event => (event.kind === 'run-started' ? {...event, topology: {} as never} : event)),
    )
    expect(judge(broken, [{check: 'one-writable-primary', params: {}}]).findings[0]).toMatchObject({
      verdict: 'unknown',
      says: expect.stringContaining('crashed'),
    })
    for (const expected of [
      {check: 'toString', params: {}},
      {check: 'rejoined', params: {within: 10}},
      {check: 'rejoined', params: {within: '10s', more: 1}},
    ])
      expect(judge(historyOf(clean), [expected])).toMatchObject({verdict: 'unknown', findings: [{verdict: 'unknown'}]})
  })
})

/** Clean runs of every kind that the model allows. */
const shapes = fc
  .record({
    profile: fc.constantFrom('fast' as const, 'default' as const),
    age: fc.double({min: 0.02, max: 0.85, noNaN: true}),
    scan: fc.double({min: 0.02, max: 0.5, noNaN: true}),
    race: fc.double({min: 0.05, max: 2.4, noNaN: true}),
    promotion: fc.double({min: 0.05, max: 0.38, noNaN: true}),
    up: fc.double({min: 0.05, max: 0.75, noNaN: true}),
    client: fc.double({min: 0.02, max: 0.8, noNaN: true}),
    down: fc.double({min: 0.55, max: 2.2, noNaN: true}),
    rejoin: fc.double({min: 1, max: 20, noNaN: true}),
    synchronousMode: fc.constantFrom('off' as const, 'on' as const),
    newLeader: fc.constantFrom('node2', 'node3'),
    writers: fc.integer({min: 1, max: 12}),
    election: fc.option(fc.double({min: 0.95, max: 1.9, noNaN: true})),
  })
  .map((one): RunShape => {
    const standard = one.profile === 'default'
    // The steady state, which begins 7 s before the fault, has seen the refresh: no run goes on without one.
    const age = one.age * (standard ? 8 : 1)
    const ttl = standard ? 30 : 20
    const keyGone = one.election === null ? ttl - age + one.scan : one.election + 1 + ttl + one.scan
    const newKey = keyGone + one.race
    const promoted = newKey + one.promotion
    const up = newKey + one.up + (standard ? 3 : 0)
    const firstWrite = Math.max(promoted, up) + one.client
    const mend = firstWrite + 2
    return {
      ...quickRun,
      profile: one.profile,
      patroni: {synchronousMode: one.synchronousMode},
      refresh: -age,
      down: one.down + (standard ? 13 : 0),
      etcdLeader: one.election === null ? one.newLeader : 'node1',
      newTerm: one.election,
      newLeader: one.newLeader,
      writers: one.writers,
      ...{
        keyGone,
        newKey,
        promoted,
        up,
        firstWrite,
        mend,
        rejoined: mend + one.rejoin,
        finalReads: mend + one.rejoin + 4,
      },
    }
  })

test('no clean run is ever accused (200 runs)', {timeout: 120_000}, () => {
  fc.assert(
    fc.property(shapes, shape => {
      const report = judge(historyOf(cleanRun(shape)))
      expect(report.findings.filter(one => one.verdict !== 'pass').map(one => one.says)).toEqual([])
      expect(report.verdict).toBe('pass')
    }),
    {numRuns: 200},
  )
})

/** Each with what must never pass, and the check that must say so. */
const violations: readonly (readonly [string, keyof typeof checks, (shape: RunShape) => Event[]])[] = [
  [
    'the old server stays up',
    'failover',
    shape => cleanRun(shape).filter(event => !(event.kind === 'proxy' && event.server === 'node1' && !event.up)),
  ],
  ['the election is late', 'failover', shape => cleanRun(shifted(shape, 'newKey', 4))],
  ['the promotion is late', 'failover', shape => cleanRun(shifted(shape, 'promoted', 4))],
  ['the proxy is late', 'failover', shape => cleanRun(shifted(shape, 'up', 7))],
  ['the first write is late', 'failover', shape => cleanRun(shifted(shape, 'firstWrite', 8))],
  [
    'nobody takes over',
    'failover',
    shape =>
      leaderless({...shape, mend: shape.mend + 40, rejoined: shape.rejoined + 40, finalReads: shape.finalReads + 40}),
  ],
  ['a write is lost', 'no-lost-writes', shape => withRows(cleanRun(shape), rows => rows.delete(10))],
  [
    'a failed write is there',
    'no-lost-writes',
    shape => withRows(cleanRun(shape), rows => rows.add(firstFailed(cleanRun(shape)))),
  ],
  [
    'two primaries',
    'one-writable-primary',
    shape => [...cleanRun(shape), sample('node1', shape.firstWrite + 1, {inRecovery: false})],
  ],
  [
    'the old leader stays away',
    'rejoined',
    shape =>
      cleanRun({...shape, finalReads: shape.finalReads + 130}).map(event =>
        (event.kind === 'patroni' || event.kind === 'postgres') &&
        event.host === 'node1' &&
        event.at > micros(shape.mend)
          ? event.kind === 'patroni'
            ? {...event, role: 'primary'}
            : {...event, up: false, error: 'ECONNREFUSED'}
          : event,
      ),
  ],
]

function shifted(shape: RunShape, from: 'newKey' | 'promoted' | 'up' | 'firstWrite', bySeconds: number): RunShape {
  const moved = {
    newKey: ['newKey', 'promoted', 'up', 'firstWrite'],
    promoted: ['promoted', 'firstWrite'],
    up: ['up', 'firstWrite'],
    firstWrite: ['firstWrite'],
  }[from]
  const late = [...moved, 'mend', 'rejoined', 'finalReads'] as (keyof RunShape)[]
  return Object.assign({...shape}, Object.fromEntries(late.map(key => [key, Number(shape[key]) + bySeconds])))
}

function leaderless(shape: RunShape): Event[] {
  return cleanRun(shape).filter(
    event =>
      event.at <= micros(0) ||
      !(
        (event.kind === 'leader-key' && event.holder !== null) ||
        (event.kind === 'proxy' && event.up) ||
        (event.kind === 'postgres' && event.inRecovery === false) ||
        (event.kind === 'op' && event.outcome === 'ok')
      ),
  )
}

function firstFailed(events: readonly Event[]): number {
  const failed = events.find(event => event.kind === 'op' && event.outcome === 'fail')
  return failed?.kind === 'op' ? failed.id : 0
}

test('every planted violation fails its own check, in every kind of run (150 runs)', {timeout: 180_000}, () => {
  const found = new Map<string, number>()
  fc.assert(
    fc.property(shapes, fc.constantFrom(...violations), (shape, [name, check, plant]) => {
      const report = judge(historyOf(plant(shape)))
      expect(report.findings.find(one => one.check === check)?.says).toBeDefined()
      expect([name, report.findings.find(one => one.check === check)?.verdict]).toEqual([name, 'fail'])
      expect(report.exitCode).toBe(1)
      found.set(name, (found.get(name) ?? 0) + 1)
    }),
    {numRuns: 150},
  )
  console.log([...found].map(([name, times]) => `${name}: found ${times} of ${times}`).join('\n'))
})

test('whatever is missing from a clean run, no check crashes, and a missing kind of event never makes a failed run pass (400 runs)', {
  timeout: 120_000,
}, () => {
  const kinds = [...new Set(clean.map(event => event.kind))]
  const lost = withRows(clean, rows => rows.delete(10))
  fc.assert(
    fc.property(fc.subarray(kinds, {minLength: 1}), gone => {
      const report = judge(
        altered(lost, event => (gone.includes(event.kind) ? null : event)),
        of(historyOf(clean), 'run-started')[0]!.scenario.expect,
      )
      expect(report.findings.filter(one => one.says.includes('crashed'))).toEqual([])
      expect(report.verdict).not.toBe('pass')
    }),
    {numRuns: 400},
  )
})

describe('a lab that did not recover', () => {
  const unhealthy: Event = {kind: 'recovery', at: micros(34), recovered: false, says: 'node1 is running, not streaming'}
  const withIt = (events: readonly Event[]) => historyOf([...events, unhealthy].toSorted((a, b) => a.at - b.at))
  const exit = (within: string) => {
    const {verdict, exitCode, recovered, notRecovered} = judge(withIt(cleanRun()), [
      {check: 'failover', params: {within}},
    ])
    return {verdict, exitCode, recovered, notRecovered}
  }
  const said = {recovered: false, notRecovered: 'node1 is running, not streaming'}

  test('is 5 after a run that passed: the next one cannot go on it', () =>
    expect(exit('60s')).toEqual({verdict: 'pass', exitCode: 5, ...said}))

  test('is 1 after one that failed: what does not come back is the regression that was looked for', () =>
    expect(exit('1s')).toEqual({verdict: 'fail', exitCode: 1, ...said}))

  test('is 4 after one that proves nothing', () => {
    const history = withIt(cleanRun().filter(event => event.kind !== 'fault-proof'))
    expect(judge(history, [{check: 'failover', params: {within: '60s'}}]).exitCode).toBe(4)
  })

  test('is not known of a run that does not tell', () =>
    expect(judge(historyOf(cleanRun()), [{check: 'failover', params: {within: '60s'}}])).toMatchObject({
      exitCode: 0,
      recovered: null,
      notRecovered: null,
    }))
})
