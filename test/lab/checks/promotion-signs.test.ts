import {describe, expect, test} from 'vitest'
import {find} from '../../../lab/checks/index.ts'
import type {Event, Of} from '../../../lab/history/event.ts'
import {historyOf} from '../../../lab/history/history.ts'
import {calmRun} from './calm-run.ts'
import {cleanRun, micros, sample} from './history-builder.ts'

const rules = (host: string, at: number, timeline: number) =>
  sample(host, at, {inRecovery: false, receiver: null, timeline})
describe('a log that tells of a promotion', () => {
  const logged = (host: string, at: number): Event => ({
    ...{at: micros(at), kind: 'log', host, service: 'postgres', sign: 'new-timeline'},
    says: 'LOG:  selected new timeline ID: 2',
  })
  const found = (events: readonly Event[], check: string, params: object = {}) =>
    find(historyOf(events), {check, params})

  test.each([
    ['no-failover', {}],
    ['nobody-promoted', {for: '5s'}],
    ['writable-within-lock', {}],
    ['one-writable-primary', {}],
  ] as const)('%s fails by it where nobody was seen, between two questions of the probe', (check, params) => {
    expect(found(calmRun(), check, params).verdict).toBe('pass')
    expect(found([...calmRun(), logged('node2', 5.02)], check, params)).toMatchObject({
      verdict: 'fail',
      says: expect.stringMatching(
        /^node2 was promoted at .* without holding the leader key, as its log says \(.*timeline ID: 2\)\.$/,
      ),
    })
  })

  test('is a doubt where it may have come before the fault, which was told late', () => {
    const late: Event = {
      ...{at: micros(0.05), kind: 'watching', who: 'runner', samples: 1, failures: 0, worstMicros: 900_000},
    }
    const told = [...calmRun(), late, logged('node2', -0.3)]
    expect(found(told, 'nobody-promoted', {for: '5s'}).verdict).toBe('unknown')
  })

  test('makes unknown who led which timeline, for nobody saw it', () => {
    expect(found([...calmRun(), logged('node2', 5.02)], 'timeline-monotone')).toMatchObject({
      verdict: 'unknown',
      says: expect.stringContaining('what came of it nobody saw'),
    })
  })

  test('contradicts only what is claimed: the time until the mend, who else writes, and what clients behind the proxy got', () => {
    const late = [...calmRun(), logged('node2', 14)]
    expect(found(late, 'nobody-promoted', {for: '5s'}).verdict).toBe('pass')
    expect(found(late, 'no-failover').verdict).toBe('fail')
    expect(found(late, 'one-writable-primary', {'seen-by': 'proxied-clients'}).verdict).toBe('pass')
    // Nobody took writes then, so that there were two is not known.
    const nobodyElse = [...cleanRun(), logged('node3', 10)]
    expect(found(nobodyElse, 'one-writable-primary').verdict).toBe('unknown')
  })

  test('is excepted in maintenance mode where holding the key is not asked for', () => {
    const paused = calmRun().flatMap((event): Event[] =>
      event.kind === 'postgres'
        ? [
            event,
            {
              ...{at: event.at, kind: 'patroni', host: event.host, code: 200, role: 'replica', state: 'running'},
              ...{timeline: 1, lsn: 1, streaming: [], tookMicros: 1, paused: true, pendingRestart: false, tags: {}},
            },
          ]
        : [event],
    )
    expect(found([...paused, logged('node2', 5.02)], 'writable-within-lock').verdict).toBe('pass')
  })

  test('is no contradiction where its host held the key, or nobody watched who did', () => {
    expect(found([...cleanRun(), logged('node2', 21.8)], 'timeline-monotone').verdict).toBe('pass')
    expect(found([...cleanRun(), logged('node2', 21.8)], 'writable-within-lock').verdict).toBe('pass')
    expect(found([...cleanRun(), logged('node3', 21.8)], 'writable-within-lock').verdict).toBe('fail')
    const unwatched = calmRun().filter(event => !(event.kind === 'watching' && event.who === 'etcd'))
    expect(found([...unwatched, logged('node2', 5.02)], 'timeline-monotone').verdict).not.toBe('fail')
  })
})

test('a server out of recovery may take writes, whatever the role of the probe may do there', () => {
  const denied = (event: Event): Event => (event.kind === 'postgres' ? {...event, readOnly: true} : event)
  const two = [...calmRun(), rules('node2', 6, 2), rules('node2', 6.2, 2)].map(denied)
  for (const check of ['one-writable-primary', 'writable-within-lock', 'no-failover'])
    expect([check, find(historyOf(two), {check, params: {}}).verdict]).toEqual([check, 'fail'])
  expect(find(historyOf(calmRun().map(denied)), {check: 'no-failover', params: {}}).verdict).toBe('pass')
})

describe('a replica that nobody could ask while it was cut off', () => {
  /** Silent from 1 s to 13 s after the fault, which is mended at 12 s; then it says `after`. */
  const unplugged = (after: Partial<Of<'postgres'>> = {}): Event[] =>
    calmRun().map(event => {
      if (event.kind !== 'postgres' || event.host !== 'node3' || event.at < micros(1)) return event
      const silent = {up: false, inRecovery: null, readOnly: null, timeline: null, lsn: null, error: 'timeout'} as const
      return event.at < micros(13) ? {...event, ...silent} : {...event, ...after}
    })
  const found = (events: readonly Event[], check: string, params: object = {}) =>
    find(historyOf(events), {check, params}).verdict

  test('was none of it promoted, as its timeline says afterwards', () => {
    expect(found(unplugged(), 'nobody-promoted', {for: '10s'})).toBe('pass')
    expect(found(unplugged(), 'one-writable-primary')).toBe('pass')
  })

  test('may have been promoted where it comes back on a timeline that nobody was seen to lead', () => {
    expect(found(unplugged({timeline: 2}), 'nobody-promoted', {for: '10s'})).toBe('unknown')
    expect(found(unplugged({timeline: 2}), 'no-failover')).toBe('fail')
  })

  test('was promoted where it takes writes afterwards, without the key', () => {
    const led = unplugged({timeline: 2, inRecovery: false, receiver: null})
    expect(found(led, 'nobody-promoted', {for: '10s'})).toBe('unknown')
    for (const check of ['no-failover', 'one-writable-primary', 'writable-within-lock'])
      expect([check, found(led, check)]).toEqual([check, 'fail'])
  })

  test('may have been promoted where its log tells of a rewind after a time in which it was seen to be down', () => {
    // Asked in vain to 4 s, refused to 13 s, and rewound while it was down.
    const down = calmRun().map(event => {
      if (event.kind !== 'postgres' || event.host !== 'node3') return event
      if (event.at < micros(1) || event.at >= micros(13)) return event
      const error = event.at < micros(4) ? 'timeout' : 'ECONNREFUSED'
      return {...event, up: false, inRecovery: null, readOnly: null, timeline: null, lsn: null, error}
    })
    const rewind: Event = {
      ...{at: micros(11), kind: 'log', host: 'node3', service: 'patroni', sign: 'pg_rewind'},
      says: 'INFO: running pg_rewind from node1',
    }
    expect(found(down, 'nobody-promoted', {for: '10s'})).toBe('pass')
    expect(found([...down, rewind], 'nobody-promoted', {for: '10s'})).toBe('unknown')
  })

  test('may have been promoted where its log tells of a rewind meanwhile', () => {
    const rewound: Event = {
      ...{at: micros(12.8), kind: 'log', host: 'node3', service: 'patroni', sign: 'pg_rewind'},
      says: 'INFO: running pg_rewind from dbname=postgres',
    }
    expect(found([...unplugged(), rewound], 'nobody-promoted', {for: '10s'})).toBe('unknown')
  })
})
