import {describe, expect, test} from 'vitest'
import {rejoined} from '../../../lab/checks/rejoined.ts'
import type {Event} from '../../../lab/history/event.ts'
import {type History, historyOf} from '../../../lab/history/history.ts'
import {altered, cleanRun, micros, sample} from './history-builder.ts'

const judge = (history: History, within = '2m') => rejoined.judge(history, rejoined.params.parse({within}))
const without = (gone: (event: Event) => boolean, added: Event[] = []) =>
  altered(cleanRun(), event => (gone(event) ? null : event), added)
const streams = (event: Event) =>
  event.kind === 'postgres' && event.host === 'node1' && event.at > micros(24) && event.receiver === 'streaming'

test('passes when the old leader streams from the new one in time', () => {
  expect(judge(historyOf(cleanRun()))).toMatchObject({verdict: 'pass', measures: {rejoinedMicros: 5_000_000}})
})

test('takes the word of the leader for who streams from it', () => {
  const listed: Event = {
    ...{
      at: micros(30),
      kind: 'patroni',
      host: 'node2',
      code: 200,
      role: 'primary',
      state: 'running',
      timeline: 2,
      lsn: 1,
    },
    ...{streaming: [{name: 'node1', state: 'streaming', sync: 'async'}], tookMicros: 1},
  }
  const history = altered(cleanRun(), event => (streams(event) ? ({...event, receiver: null} as Event) : event), [
    listed,
  ])
  expect(judge(history)).toMatchObject({verdict: 'pass', measures: {rejoinedMicros: 6_000_000}})
})

describe('fails', () => {
  test('when it took longer than allowed', () => expect(judge(historyOf(cleanRun()), '4s').verdict).toBe('fail'))

  test('when it never streamed', () => {
    const history = altered(cleanRun(), event => (streams(event) ? ({...event, receiver: null} as Event) : event))
    expect(judge(history, '5s')).toMatchObject({verdict: 'fail', says: expect.stringContaining('never streamed')})
  })

  test('when it never called itself a replica', () => {
    const primary = (event: Event): Event =>
      event.kind === 'patroni'
        ? {...event, role: 'primary'}
        : event.kind === 'postgres' && event.host === 'node1' && event.at > micros(24)
          ? {...event, receiver: null}
          : event
    expect(judge(altered(cleanRun(), primary), '5s').verdict).toBe('fail')
  })

  test('in words that do not contradict each other, with what its log says: a replica of its own timeline is none of the new one', () => {
    const forked =
      'LOG:  new timeline 2 forked off current database system timeline 1 before current recovery point 0/204F090'
    const stays = (event: Event): Event =>
      event.kind === 'patroni'
        ? {
            ...event,
            ...(event.host === 'node1' && {role: 'replica', state: 'running', timeline: 1}),
            streaming: event.streaming.filter(one => one.name !== 'node1'),
          }
        : event.kind === 'postgres' && event.host === 'node1' && event.at > micros(24)
          ? {...event, receiver: null, timeline: 1}
          : event
    const log: Event = {
      kind: 'log',
      at: micros(28),
      host: 'node1',
      service: 'postgres',
      sign: 'cannot-follow',
      says: forked,
    }
    const found = judge(altered(cleanRun(), stays, [log]), '5s')
    expect(found.verdict).toBe('fail')
    expect(found.says).toMatch(/^node1 never was a replica on timeline 2, on which node2 led, in the /)
    expect(found.says).toContain(
      `; at the end it called itself replica, running, on timeline 1; its log says: "${forked}".`,
    )
    expect(found.evidence).toContainEqual(log)
    expect(found.hint).toContain('use_pg_rewind')
  })

  test('when a member is on another timeline at the end', () => {
    const history = without(() => false, [sample('node3', 33, {timeline: 1})])
    expect(judge(history)).toMatchObject({verdict: 'fail', says: expect.stringContaining('different timelines')})
  })

  test('when a member does not answer at the end', () => {
    const silent = (from: number) => (event: Event) =>
      event.kind === 'postgres' && event.host === 'node1' && event.at > micros(from) && event.at <= micros(33)
    const refused = (event: Event) =>
      silent(30)(event) ? ({...event, up: false, error: 'ECONNREFUSED'} as Event) : event
    expect(judge(altered(cleanRun(), refused))).toMatchObject({
      verdict: 'fail',
      says: expect.stringContaining('node1 did not answer'),
    })
    expect(judge(without(silent(30)))).toMatchObject({
      verdict: 'unknown',
      says: expect.stringContaining('nobody asked node1'),
    })
    expect(judge(without(silent(32))).verdict).toBe('pass')
  })

  test('when it is a primary beside the new one at the end', () => {
    const history = without(() => false, [sample('node1', 33, {inRecovery: false, timeline: 2})])
    expect(judge(history)).toMatchObject({
      verdict: 'fail',
      says: expect.stringContaining('2 of the members are primaries'),
    })
  })
})

describe('cannot tell', () => {
  test.each<[string, (event: Event) => boolean]>([
    ['without a fault', event => event.kind === 'fault-injecting'],
    ['without a new leader', event => event.kind === 'leader-key' && event.holder === 'node2'],
    ['without a mend', event => event.kind === 'fault-mending'],
    ['when it did not stream by the end, but the limit was not over', streams],
  ])('%s', (_, gone) => expect(judge(without(gone)).verdict).toBe('unknown'))

  test('quoting the rejection by pg_hba.conf of the host that it was to follow', () => {
    const says =
      'FATAL:  pg_hba.conf rejects replication connection for host "172.30.0.11", user "replicator", no encryption'
    const rejected: Event = {at: micros(27), kind: 'log', host: 'node2', service: 'postgres', sign: 'rejected', says}
    const history = altered(cleanRun(), event => (streams(event) ? ({...event, receiver: null} as Event) : event), [
      rejected,
    ])
    const found = judge(history, '5s')
    expect(found).toMatchObject({verdict: 'fail', says: expect.stringContaining(`the log of node2 says: "${says}"`)})
    expect(found.evidence).toContainEqual(rejected)
  })

  test('when the mend did not work', () => {
    const history = altered(cleanRun(), event =>
      event.kind === 'fault-mended' ? {...event, ok: false, says: 'no space'} : event,
    )
    expect(judge(history)).toMatchObject({verdict: 'unknown', says: expect.stringContaining('no space')})
  })
})

test('a rewind that was asked for and is in no line fails where the log was heard whole, and is unknown where a report is missing', () => {
  const heard: Event = {at: micros(22), kind: 'log', host: 'node2', service: 'patroni', sign: 'promoting', says: 'x'}
  const rewound: Event = {...heard, at: micros(25), host: 'node1', sign: 'pg_rewind'}
  const params = rejoined.params.parse({within: '2m', how: 'pg_rewind'})
  const verdict = (lines: readonly Event[], gone: (event: Event) => boolean = () => false) =>
    rejoined.judge(
      altered(cleanRun(), event => (gone(event) ? null : event), lines),
      params,
    ).verdict
  const reported = (event: Event) => event.kind === 'watching' && event.who === 'logs' && event.at > micros(25)
  expect(verdict([heard, rewound])).toBe('pass')
  expect(verdict([heard])).toBe('fail')
  expect(verdict([heard], reported)).toBe('unknown')
  expect(verdict([heard, {...rewound, sign: 'basebackup'}])).toBe('fail')
})
