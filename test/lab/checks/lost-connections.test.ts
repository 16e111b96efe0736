import {readFileSync} from 'node:fs'
import {join} from 'node:path'
import {gunzipSync} from 'node:zlib'
import {describe, expect, test} from 'vitest'
import {find} from '../../../lab/checks/index.ts'
import type {Event} from '../../../lab/history/event.ts'
import {historyOf} from '../../../lab/history/history.ts'
import {parseHistory} from '../../../lab/history/read-events.ts'
import {cleanRun, micros} from './history-builder.ts'

const judge = (events: readonly Event[], params: object = {}) =>
  find(historyOf(events), {check: 'lost-connections', params})
const connected = (client: string, server: string, at = -6): Event => ({
  ...{at: micros(at), kind: 'client-connected', client, op: 'read', server, tookMicros: 1000},
})
const lost = (client: string, at: number, sqlstate = 'closed'): Event => ({
  ...{at: micros(at), kind: 'client-disconnected', client, op: 'read', error: `${sqlstate} was told`, sqlstate},
})
// node1 dies, node2 is promoted 21.85 s later, node3 goes on as a replica.
const run = [...cleanRun(), connected('r1', 'node1'), connected('r2', 'node2'), connected('r3', 'node3')]

describe('passes', () => {
  test('where the server was struck, or took another role', () => {
    expect(judge([...run, lost('r1', 0.1), lost('r2', 22.5)])).toMatchObject({
      verdict: 'pass',
      says: 'No client was seen to lose a connection that it need not have lost.',
    })
  })

  test('where the client hung up itself, had no connection, or lost it before the fault', () => {
    for (const code of ['25006', 'timeout']) expect(judge([...run, lost('r3', 5, code)]).verdict).toBe('pass')
    expect(judge([...run, lost('r1', 0.1), lost('r1', 5)]).verdict).toBe('pass')
    expect(judge([...run, lost('r3', -3), connected('r3', 'node3', -2)]).verdict).toBe('pass')
  })

  test('where the way was cut: the proxy died', () => {
    const proxy = run.map(event => (event.kind === 'fault-injecting' ? {...event, hosts: ['proxy1']} : event))
    expect(judge([...proxy, lost('r3', 5)]).verdict).toBe('pass')
  })

  test('where all is told at one time, by an agent that slept: it tells it in its order', () => {
    const late = [lost('r2', 22.5), connected('r2', 'node3', 22.5), connected('r1', 'node3', 22.5)]
    expect(judge([...run, lost('r1', 0.1), ...late]).verdict).toBe('pass')
  })

  test('where the replica had got more than the one that was promoted, and was rewound; not before that, and not where it had as much', () => {
    const got = (more: number) =>
      run.map(event =>
        event.kind === 'postgres' && event.host !== 'node1' && event.inRecovery === true && event.at > 0
          ? {...event, lsn: 5000 + (event.host === 'node3' ? more : 0), receiver: null}
          : event,
      )
    expect(judge([...got(200), lost('r3', 23)]).verdict).toBe('pass')
    expect(judge([...got(200), lost('r3', 5)]).verdict).toBe('fail')
    expect(judge([...got(0), lost('r3', 23)]).verdict).toBe('fail')
    expect(judge([...got(-200), lost('r3', 23)]).verdict).toBe('fail')
  })

  test('where no more are lost than may be', () => {
    expect(judge([...run, lost('r3', 5)], {'at-most': 1}).verdict).toBe('pass')
  })
})

test('is unknown where what is known of the one that was promoted is old: it may have got anything since', () => {
  // Its probe was deaf from the moment of the fault to its promotion; before, it had 4000, and node3 has 5000.
  const deaf = run.flatMap(event => {
    if (event.kind !== 'postgres' || event.inRecovery !== true || event.host === 'node1') return [event]
    if (event.host === 'node3') return [{...event, lsn: 5000, receiver: null}]
    return event.at < micros(0) ? [{...event, lsn: 4000, receiver: null}] : []
  })
  expect(judge([...deaf, lost('r3', 23)])).toMatchObject({
    verdict: 'unknown',
    says: expect.stringContaining('whether node3 had got more than who was promoted, and was rewound, is not known'),
  })
})

describe('where a check of the proxy got no answer in time', () => {
  const unanswered = (at: number): Event => ({
    ...{at: micros(at), kind: 'proxy', proxy: 'proxy1', backend: 'replicas', server: 'node3'},
    ...{status: 'DOWN', up: false, check: 'L7TOUT 1038ms'},
  })
  /** Somebody on the machine waited for a CPU for so much of each second. */
  const waiting = (share: number) =>
    run.map(event =>
      event.kind === 'watching' && event.who === 'clients' ? {...event, cpuWaitMicros: share * 1_000_000} : event,
    )

  test('is unknown on a machine that let everybody wait for as long', () => {
    expect(judge([...waiting(0.97), unanswered(12), lost('r3', 12.2)])).toMatchObject({
      verdict: 'unknown',
      says: expect.stringMatching(
        /a proxy's check of node3 got no answer in time, and somebody on the machine waited for a CPU for nearly all of \d+ s of it/,
      ),
    })
  })

  test('is unknown on such a machine where nobody saw the proxy, and fails where that alone is missing', () => {
    const deaf = (events: readonly Event[]) =>
      events.filter(event => !(event.kind === 'watching' && event.who === 'proxy' && event.at > micros(3)))
    expect(judge([...deaf(waiting(0.97)), lost('r3', 12.2)])).toMatchObject({
      verdict: 'unknown',
      says: expect.stringContaining("whether a proxy's check of node3 got no answer is not known"),
    })
    expect(judge([...deaf(waiting(0.1)), lost('r3', 12.2)]).verdict).toBe('fail')
  })

  test('fails on a machine that had CPUs to spare, or whose proxy had its answers', () => {
    expect(judge([...waiting(0.1), unanswered(12), lost('r3', 12.2)]).verdict).toBe('fail')
    expect(judge([...waiting(0.97), lost('r3', 12.2)]).verdict).toBe('fail')
    expect(
      judge([...waiting(0.97), {...unanswered(12), check: 'L7STS 503 2ms'} as Event, lost('r3', 12.2)]).verdict,
    ).toBe('fail')
    expect(judge([...waiting(0.97), unanswered(2), lost('r3', 12.2)]).verdict).toBe('fail')
  })
})

test('is unknown where nobody told to whom the client that lost its connection was connected', () => {
  expect(judge([...run.slice(0, -1), lost('r3', 5)])).toMatchObject({
    verdict: 'unknown',
    says: expect.stringContaining('r3 lost a connection that nobody told it had'),
  })
})

describe('fails', () => {
  test('where a reader is cut from the replica that goes on as one, and names both', () => {
    expect(judge([...run, lost('r3', 5)])).toMatchObject({
      verdict: 'fail',
      says: 'A connection ended although nothing had befallen the server (node3); r3 lost the first, 5.00 s after the fault: closed was told.',
    })
    // Long after its promotion, and connected since.
    const later = [lost('r2', 22.5), connected('r2', 'node2', 28.5), lost('r2', 30)]
    expect(judge([...run, ...later]).verdict).toBe('fail')
  })

  test('where a proxy between two clusters ended the sessions of a healthy leader', () => {
    const file = join(import.meta.dirname, '..', '..', 'histories', 'nothing-happens-two-scopes.fail.ndjson.gz')
    expect(
      find(parseHistory(gunzipSync(readFileSync(file)).toString()), {check: 'lost-connections', params: {}}),
    ).toMatchObject({
      verdict: 'fail',
      says: expect.stringMatching(/^6 connections ended although nothing .* \(node2\)/),
    })
  })
})

test('is unknown where nobody saw the server, the key, or why a client was connected again', () => {
  const without = (drop: (event: Event) => boolean) => judge([...run, lost('r3', 5)].filter(event => !drop(event)))
  expect(without(event => event.kind === 'postgres' && event.host === 'node3').verdict).toBe('unknown')
  expect(without(event => event.kind === 'watching' && event.who === 'etcd').verdict).toBe('unknown')
  expect(without(event => event.kind === 'client-connected').verdict).toBe('unknown')
  expect(judge([...run, connected('r3', 'node3', 8)]).says).toMatch(/r3 was connected again, and nobody told why/)
})
