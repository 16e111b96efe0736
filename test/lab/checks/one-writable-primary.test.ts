import fc from 'fast-check'
import {describe, expect, test} from 'vitest'
import {oneWritablePrimary} from '../../../lab/checks/one-writable-primary.ts'
import type {Event, Of} from '../../../lab/history/event.ts'
import {type History, historyOf} from '../../../lab/history/history.ts'
import {altered, cleanRun, micros, sample} from './history-builder.ts'

const judge = (history: History) => oneWritablePrimary.judge(history, {seenBy: 'anyone'})
const writable = {inRecovery: false, timeline: 1, receiver: null} as const
const clean = cleanRun()
const ack = (seconds: number, changes: Partial<Of<'op'>> = {}): Event => ({
  ...{at: micros(seconds), sentAt: micros(seconds) - 4000, kind: 'op', client: 'w1', op: 'write', id: 500_000_000},
  ...{outcome: 'ok', server: 'node1', timeline: 1, lsn: 1, sqlstate: null, error: null},
  ...changes,
})

test('passes a clean failover, with the time between the two primaries', () => {
  const finding = judge(historyOf(clean))
  expect(finding.verdict).toBe('pass')
  expect(finding.measures!.primaries).toBe(2)
  expect(finding.measures!.fencingMarginMicros).toBeGreaterThan(21_500_000)
})

describe('fails', () => {
  test('when the old primary answers as writable while the new one is', () => {
    const history = historyOf([...clean, sample('node1', 25.05, writable)])
    expect(judge(history)).toMatchObject({
      verdict: 'fail',
      says: expect.stringMatching(/node1 on timeline 1.*node2 on timeline 2/),
    })
    expect(judge(history).evidence).toHaveLength(3)
  })

  test('when the old primary acknowledges a write while the new one does', () => {
    expect(judge(historyOf([...clean, ack(25)])).verdict).toBe('fail')
  })

  test('when a server that no client writes to is writable beside the leader', () => {
    const history = historyOf([
      ...clean,
      sample('node3', -3.05, {...writable, timeline: 9}),
      sample('node3', -2.95, writable),
    ])
    expect(judge(history).verdict).toBe('fail')
  })
})

describe('does not accuse', () => {
  test('a sample that begins before the new primary and ends after: nobody knows when in between it was writable', () => {
    const history = historyOf([...clean, sample('node1', 22, {...writable, askedAt: micros(0.01)})])
    expect(judge(history).verdict).toBe('pass')
  })

  test('an acknowledgement within what the clock of the clients is uncertain by', () => {
    const clock: Event = {
      at: micros(-7),
      kind: 'clock',
      who: 'clients',
      host: 'app1',
      offsetMicros: 0,
      uncertaintyMicros: 300_000,
    }
    expect(judge(historyOf([...clean, ack(22)])).verdict).toBe('fail')
    expect(judge(historyOf([...clean, ack(22), clock])).verdict).toBe('pass')
  })
})

describe('cannot tell', () => {
  const gone = (drop: (event: Event) => boolean, added: Event[] = []) =>
    judge(altered(clean, event => (drop(event) ? null : event), added))
  const samplesOf = (host: string, from: number, to: number) => (event: Event) =>
    event.kind === 'postgres' && event.host === host && event.at > micros(from) && event.at < micros(to)
  const deathOf1 = (event: Event) =>
    (event.kind === 'container' && event.action === 'die') || event.kind === 'fault-proof'

  test('without any sample of PostgreSQL', () => {
    expect(gone(event => event.kind === 'postgres').verdict).toBe('unknown')
  })

  test('when one host was never asked', () => {
    expect(gone(samplesOf('node3', -99, 99))).toMatchObject({
      verdict: 'unknown',
      says: expect.stringContaining('node3 was never asked'),
    })
  })

  test('when nobody asked the old primary while the new one took writes, and nothing proves that it was dead', () => {
    const unseen = (event: Event) => samplesOf('node1', 0, 27)(event) || deathOf1(event)
    expect(gone(unseen)).toMatchObject({verdict: 'unknown', says: expect.stringContaining('nobody asked node1')})
    expect(gone(samplesOf('node1', 0, 23.9)).verdict).toBe('pass')
  })

  test('when the old primary lived but did not answer', () => {
    const silent = clean.map(event =>
      event.kind === 'postgres' && event.host === 'node1' && !event.up ? {...event, error: 'timeout'} : event,
    )
    expect(judge(historyOf(silent)).verdict).toBe('pass')
    const alive = silent.filter(event => !deathOf1(event))
    expect(judge(historyOf(alive))).toMatchObject({
      verdict: 'unknown',
      says: expect.stringContaining('lived but did not answer'),
    })
  })

  test('but a frozen host is no such host', () => {
    const frozen = clean.flatMap((event): Event[] => {
      if (event.kind === 'postgres' && event.host === 'node1' && !event.up) return [{...event, error: 'timeout'}]
      if (event.kind === 'container') return [{...event, action: event.action === 'die' ? 'pause' : 'unpause'}]
      return event.kind === 'fault-proof' ? [] : [event]
    })
    const thawed = frozen.filter(event => !samplesOf('node1', 24.3, 28.6)(event))
    const settled = Array.from({length: 44}, (_, step) =>
      sample('node1', 24.3 + step * 0.1, {up: false, inRecovery: null, error: 'ECONNREFUSED'}),
    )
    expect(judge(historyOf([...thawed, ...settled])).verdict).toBe('pass')
  })

  test('but what nobody saw before the steady state was nobody to see', () => {
    const deaf = clean.map(event =>
      event.kind === 'postgres' && event.at < micros(-4)
        ? {...event, up: false, inRecovery: null, error: 'timeout'}
        : event,
    )
    expect(judge(historyOf(deaf)).verdict).toBe('pass')
  })

  test('but a replica that nobody asked for a while, on the same timeline before and after, was a replica', () => {
    expect(gone(samplesOf('node3', 5, 12)).verdict).toBe('pass')
  })

  test('unless nobody read its log meanwhile: a rewind would have put it back on that timeline', () => {
    const unread = clean.filter(
      event =>
        !samplesOf('node3', 24, 30)(event) &&
        !(event.kind === 'watching' && event.who === 'logs' && event.host === 'node3' && event.at > micros(22)),
    )
    expect(judge(historyOf(unread))).toMatchObject({
      verdict: 'unknown',
      says: expect.stringContaining('nobody asked node3'),
    })
    // Where no log is read at all, as in older runs, the timeline is all there is.
    const older = unread.filter(event => !(event.kind === 'watching' && event.who === 'logs'))
    expect(judge(historyOf(older)).verdict).toBe('pass')
  })
})

test('a planted overlap is always found, and none is seen where there is none (500 runs)', () => {
  const margin = 0.11
  fc.assert(
    fc.property(
      fc.double({min: 1, max: 32, noNaN: true}),
      fc.double({min: 0.0005, max: 0.02, noNaN: true}),
      fc.boolean(),
      (seconds, took, bySample) => {
        const at = micros(seconds)
        const planted: Event = bySample
          ? ({...sample('node1', seconds, writable), askedAt: at - Math.round(took * 1e6)} as Event)
          : ack(seconds, {sentAt: at - Math.round(took * 1e6)})
        // Only while node2 reigns is a sign of node1 an overlap; close to the beginning of its reign nobody can tell.
        if (Math.abs(seconds - 21.85) < margin || seconds > 32.8) return
        const {verdict} = judge(historyOf([...clean, planted]))
        expect(verdict).toBe(seconds - took > 21.85 ? 'fail' : 'pass')
      },
    ),
    {numRuns: 500},
  )
}, 60_000)
