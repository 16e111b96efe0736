import {describe, expect, test} from 'vitest'
import type {Event, Of} from '../../../lab/history/event.ts'
import {historyOf} from '../../../lab/history/history.ts'
import {starvedFor, whenCame, whenWas} from '../../../lab/history/lateness.ts'

/** Both of our processes ran on time, and said so. */
const timely = Array.from({length: 25}, (_, second) =>
  (['runner', 'clients'] as const).map(
    (who): Event => ({at: second * 1e6, kind: 'watching', who, samples: 9, failures: 0, worstMicros: 0}),
  ),
).flat()
const fsync = (at: number, worstMicros: number): Event => ({at, kind: 'fsync', host: 'node2', count: 3, worstMicros})

test('a write of etcd that took longer than a verdict can bear is told with its host', () => {
  const history = historyOf([fsync(5_000_000, 64_000), fsync(6_000_000, 2_048_000)])
  expect(starvedFor(history, 4_000_000, 9_000_000).says).toMatch(/etcd on node2 waited up to 2\.05 s/)
})

test('one that was over before, or began after, makes no doubt', () => {
  const history = historyOf([...timely, fsync(1_000_000, 1_024_000), fsync(20_000_000, 1_024_000)])
  expect(starvedFor(history, 4_000_000, 9_000_000)).toEqual({micros: 0, says: ''})
})

test('one that ended after but began before does', () => {
  // Longer than etcd's election timeout: what comes of it has no bound.
  expect(starvedFor(historyOf([fsync(12_000_000, 4_096_000)]), 4_000_000, 9_000_000).micros).toBe(
    Number.POSITIVE_INFINITY,
  )
})

test('one that a fault made slow is no doubt on its host, from the fault to its mend', () => {
  const mend = {do: 'unslow-disk', host: 'node2'} as const
  const slowed: readonly Event[] = [
    {
      ...{at: 4_000_000, kind: 'fault-injecting', id: 'slow', fault: 'slow-disk', what: 'slow-disk', hosts: ['node2']},
      strike: {struck: [], slowDisk: ['node2']},
    },
    {at: 10_000_000, kind: 'fault-mended', id: 'slow', mend, ok: true},
  ]
  const on = (host: string, at: number) =>
    starvedFor(historyOf([...timely, ...slowed, {...fsync(at, 2_048_000), host} as Event]), 0, 20_000_000).micros
  expect(on('node2', 5_000_000)).toBe(0)
  expect(on('node1', 5_000_000)).toBe(Number.POSITIVE_INFINITY)
  expect(on('node2', 3_000_000)).toBe(Number.POSITIVE_INFINITY)
  expect(on('node2', 15_000_000)).toBe(Number.POSITIVE_INFINITY)
})

describe('a machine without a CPU to spare', () => {
  /** `share` of each second from 5 to 7 s somebody waited for a CPU; no timer was late. */
  const waiting = (share: number, more: readonly Event[] = []) =>
    historyOf([
      ...timely.map(
        (one): Event =>
          one.kind === 'watching' && one.who === 'clients'
            ? {...one, cpuWaitMicros: one.at > 5e6 && one.at <= 8e6 ? share * 1e6 : 100_000}
            : one,
      ),
      ...more,
    ])

  test('lets the cluster wait for all of those seconds, for all that anybody knows', () => {
    expect(starvedFor(waiting(0.95), 0, 20e6)).toEqual({
      micros: 2_850_000,
      says: 'somebody on the machine waited for a CPU for nearly all of 3 s of it',
    })
    expect(starvedFor(waiting(0.95), 5_500_000, 6_500_000).micros).toBe(1_900_000)
    expect(starvedFor(waiting(0.95), 9e6, 20e6).micros).toBe(0)
  })

  test('is none where somebody waited for a part of the time, as on every machine', () => {
    expect(starvedFor(waiting(0.8), 0, 20e6)).toEqual({micros: 0, says: ''})
  })

  test('is no excuse where a fault left its host too little', () => {
    const overload: Event = {
      ...{at: 4_000_000, kind: 'fault-injecting', id: 'less', fault: 'overload', what: 'overload', hosts: ['node1']},
      strike: {struck: [], slowCpu: ['node1']},
    }
    expect(starvedFor(waiting(0.95, [overload]), 0, 20e6).micros).toBe(0)
  })
})

test('a quick disk, and a run in which nobody asked, make no doubt', () => {
  expect(starvedFor(historyOf([...timely, fsync(5_000_000, 512_000)]), 0, 9_000_000).micros).toBe(0)
  expect(starvedFor(historyOf(timely), 0, 9_000_000).micros).toBe(0)
})

test.each(['runner', 'clients'])('while the %s did not say how late it was, it may have been late by so long', who => {
  const silent = (from: number, to: number) =>
    historyOf(timely.filter(one => !('who' in one && one.who === who && one.at >= from && one.at <= to)))
  expect(starvedFor(silent(5_000_000, 5_000_000), 0, 9_000_000).micros).toBe(900_000)
  expect(starvedFor(silent(5_000_000, 7_000_000), 0, 9_000_000).micros).toBe(2_900_000)
  expect(starvedFor(silent(5_000_000, 7_000_000), 10_000_000, 19_000_000).micros).toBe(0)
  expect(starvedFor(silent(0, 25_000_000), 0, 9_000_000)).toMatchObject({
    micros: 9_000_000,
    says: expect.stringMatching(/did not say for 9\.00 s how late it was/),
  })
})

const report = (at: number, of: Partial<Event & {kind: 'watching'}> = {}): Event => ({
  ...{at: at * 1e6, kind: 'watching', who: 'etcd', host: 'node1', samples: 4, failures: 0, worstMicros: 250_000},
  ...of,
})
const key = (at: number): Event => ({
  ...{
    at: at * 1e6,
    kind: 'leader-key',
    scope: 'pgha',
    holder: 'node2',
    revision: 7,
    lease: 'a',
    term: 2,
    told: 'node1',
  },
})
const seconds = (first: number, last: number) => Array.from({length: last - first + 1}, (_, index) => first + index)

describe('what is told when it changes', () => {
  const told = (at: number, reports: readonly Event[]) => {
    const event = key(at)
    return whenWas(historyOf([...reports, event]), event).from / 1e6
  }
  const whole = seconds(1, 20).map(at => report(at))
  const watched = (at: number) => at <= 5 || at >= 12

  test('was then, where somebody looked all the time', () => {
    expect(told(11.5, whole)).toBe(11.5)
  })

  test('may have been since the last look, where reports are missing, tell of no sample, or of failures only', () => {
    const missing = whole.filter(one => watched(one.at / 1e6))
    const mute = seconds(1, 20).map(at => report(at, watched(at) ? {} : {samples: 0, worstMicros: (at - 5) * 1e6}))
    const failing = seconds(1, 20).map(at => report(at, watched(at) ? {} : {failures: 4}))
    for (const reports of [missing, mute, failing]) {
      expect(told(11.5, reports)).toBe(5)
      expect(told(8, reports)).toBe(5)
      // It had looked again for a while when this came.
      expect(told(13.5, reports)).toBe(13.5)
    }
  })

  test('may have been since the report before, where one tells of a long time between two looks', () => {
    expect(
      told(
        11.5,
        seconds(1, 20).map(at => report(at, at === 12 ? {worstMicros: 900_000} : {})),
      ),
    ).toBe(11)
  })

  test('is known by any member of etcd that told', () => {
    const other = whole.map((one): Event => ({...one, host: 'node2'}) as Event)
    expect(told(11.5, [...whole.filter(one => watched(one.at / 1e6)), ...other])).toBe(11.5)
  })
})

test('what a server is the first to tell may have been so since its last word, and no time-out is a word', () => {
  const sample = (at: number, more: Partial<Of<'postgres'>>): Of<'postgres'> => ({
    ...{at: at * 1e6, kind: 'postgres', host: 'node2', askedAt: at * 1e6 - 2000, up: true, inRecovery: true},
    ...{readOnly: true, timeline: 1, lsn: 1, replayedLsn: 1, error: null, receiver: null, ...more},
  })
  const silence = {up: false, inRecovery: null, readOnly: null, timeline: null, error: 'timeout'}
  const [before, first] = [sample(3, {}), sample(9, {inRecovery: false, readOnly: false, timeline: 2})]
  const history = historyOf([before, sample(6, silence), first])
  expect(whenCame(history, first)).toEqual({from: 3_000_000, to: 9_000_000})
  // That it was so by its own time is certain.
  expect(whenWas(history, first).from).toBe(first.at)
})
