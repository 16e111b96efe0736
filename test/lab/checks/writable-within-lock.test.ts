import {describe, expect, test} from 'vitest'
import {checks} from '../../../lab/checks/index.ts'
import type {Event, Of} from '../../../lab/history/event.ts'
import {historyOf} from '../../../lab/history/history.ts'
import {calmRun} from './calm-run.ts'
import {cleanRun, micros, sample} from './history-builder.ts'

const check = checks['writable-within-lock']
const judge = (events: readonly Event[], params = {}) => check.judge(historyOf(events), check.params.parse(params))
const clean = cleanRun()
const rules = (host: string, at: number, timeline = 1) =>
  sample(host, at, {inRecovery: false, receiver: null, timeline})
const key = (holder: string | null, at: number): Of<'leader-key'> => ({
  ...{
    at: micros(at),
    kind: 'leader-key',
    scope: 'pgha',
    holder,
    revision: 1000 + at,
    lease: null,
    term: 2,
    told: 'node2',
  },
})
const says = (host: string, at: number, paused: boolean): Event => ({
  ...{at: micros(at), kind: 'patroni', host, code: 200, role: 'primary', state: 'running', timeline: 1, lsn: 1},
  ...{streaming: [], tookMicros: 1000, paused},
})
const withPatroni = (events: readonly Event[], change: object) =>
  events.map(event =>
    event.kind === 'run-started'
      ? {...event, topology: {...event.topology, patroni: {...event.topology.patroni, ...change}}}
      : event,
  )

test('passes when whoever takes writes holds the key, across a failover and without one', () => {
  expect(judge(clean)).toMatchObject({verdict: 'pass', measures: {outside: 0, excepted: 0}})
  expect(judge(calmRun()).verdict).toBe('pass')
})

describe('fails', () => {
  test('when the old leader goes on without its key, and tells for how long', () => {
    const found = judge([...clean, rules('node1', 21)])
    expect(found).toMatchObject({
      verdict: 'fail',
      says: expect.stringMatching(/^node1 took writes 1\.20 s outside its tenure, while nobody held the leader key/),
    })
    expect(found.evidence).toHaveLength(2)
  })

  test('when a client is told so by an acknowledgement', () => {
    const ack: Event = {
      ...{at: micros(25), sentAt: micros(25) - 900, kind: 'op', client: 'dw1', op: 'write', id: 9_000_000},
      ...{outcome: 'ok', server: 'node1', timeline: 1, lsn: 1, sqlstate: null, error: null},
    }
    expect(judge([...clean, ack])).toMatchObject({verdict: 'fail', says: expect.stringContaining('while node2 held')})
  })

  test('when a server that never had the key takes writes', () => {
    expect(judge([...calmRun(), rules('node3', 5)])).toMatchObject({
      verdict: 'fail',
      says: expect.stringMatching(/^node3 took writes without ever having held the leader key, while node1 held/),
      hint: expect.stringContaining('past Patroni'),
    })
  })
})

describe('the slack', () => {
  test('covers what the watch and the probe may be apart, before the key and after it', () => {
    expect(judge([...clean, rules('node2', 21.5, 2)]).verdict).toBe('pass')
    expect(judge([...clean, rules('node1', 20.0)]).verdict).toBe('pass')
    expect(judge([...clean, rules('node2', 21.3, 2)]).verdict).toBe('fail')
    expect(judge([...clean, rules('node2', 21.3, 2)], {slack: '500ms'}).verdict).toBe('pass')
  })

  test('grows with how late our own timers ran, which makes it unknown', () => {
    const starved = [...clean, rules('node1', 21)].map(event =>
      event.kind === 'watching' && event.who === 'runner' ? {...event, worstMicros: 2_000_000} : event,
    )
    expect(judge(starved)).toMatchObject({verdict: 'unknown', says: expect.stringContaining('ran 2.00 s late')})
  })

  test('does not make a question that began in time a violation', () => {
    expect(judge([...clean, {...rules('node1', 21), askedAt: micros(19.7)} as Event]).verdict).toBe('pass')
  })
})

describe('excepts, and says so,', () => {
  test('failsafe mode, for the last holder and while nobody has the key', () => {
    const safe = withPatroni(calmRun(), {failsafeMode: true})
    const gone = [...safe, key(null, 5), key('node1', 9)]
    expect(judge(gone)).toMatchObject({verdict: 'pass', says: expect.stringMatching(/excepted: \d+ in failsafe mode/)})
    expect(judge([...calmRun(), key(null, 5), key('node1', 9)]).verdict).toBe('fail')
    expect(judge([...gone, rules('node3', 7)]).verdict).toBe('fail')
    expect(judge([...safe, key(null, 5), key('node2', 7), key('node1', 9)]).verdict).toBe('fail')
  })

  test('maintenance mode, while some member says so and for one loop after', () => {
    const gone = [...calmRun(), key(null, 5), key('node1', 9)]
    const paused = [...gone, says('node1', 4, true), says('node2', 4.5, true)]
    expect(judge([...paused, says('node1', 8, false), says('node2', 8.5, false)])).toMatchObject({
      verdict: 'pass',
      says: expect.stringMatching(/excepted: \d+ in maintenance mode/),
    })
    expect(judge([...paused, says('node1', 6, false), says('node2', 6.5, false)]).verdict).toBe('fail')
  })
})

describe('is unknown', () => {
  test('when etcd was not watched, or a server was not asked', () => {
    expect(judge(clean.filter(event => !(event.kind === 'watching' && event.who === 'etcd'))).verdict).toBe('unknown')
    expect(judge(clean.filter(event => !(event.kind === 'postgres' && event.host === 'node3'))).verdict).toBe('unknown')
  })

  test('when nobody told who held the key, or nobody was seen writable', () => {
    expect(judge(clean.filter(event => event.kind !== 'leader-key')).verdict).toBe('unknown')
    expect(judge(clean.filter(event => event.kind !== 'postgres' && event.kind !== 'op')).verdict).toBe('unknown')
    expect(judge([]).verdict).toBe('unknown')
  })
})
