import {describe, expect, test} from 'vitest'
import {checks} from '../../../lab/checks/index.ts'
import type {Event, Of} from '../../../lab/history/event.ts'
import {historyOf} from '../../../lab/history/history.ts'
import {strikeOf} from '../strike-of.ts'
import {calmRun} from './calm-run.ts'
import {cleanRun, micros, proxy} from './history-builder.ts'

const judge = (events: readonly Event[]) => checks['routed-to-leader'].judge(historyOf(events), {})
const seen = (server: string, at: number, check: string | null): Event =>
  ({...proxy(server, check !== null), ...(check === null ? {} : {check}), at: micros(at)}) as Event
const write = (at: number, changes: Partial<Of<'op'>>): Event => ({
  ...{at: micros(at), sentAt: micros(at) - 900, kind: 'op', client: 'w1', op: 'write', id: 500_000_000, outcome: 'ok'},
  ...{server: null, timeline: null, lsn: null, sqlstate: null, error: null},
  ...changes,
})
const holds = (holder: string | null, at: number): Event => ({
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

test('passes across a failover and without one, and tells how long the proxy led astray', () => {
  expect(judge(cleanRun())).toMatchObject({verdict: 'pass', measures: {astray: 0, allowedMicros: 3_500_000}})
  expect(judge(calmRun()).verdict).toBe('pass')
})

describe('fails', () => {
  test('when replicas are up because the check is a mere connection, and counts the writes refused there', () => {
    const found = judge([
      ...calmRun(),
      seen('node2', 1, 'L4OK 0ms'),
      seen('node3', 1, 'L4OK 0ms'),
      write(2, {outcome: 'fail', sqlstate: '25006'}),
    ])
    expect(found).toMatchObject({
      verdict: 'fail',
      says: expect.stringMatching(
        /^proxy1 led writes to node2 and node3 while another host held the leader key, for up to .* \(its health checks may need 3\.50 s to find out\); its check is a mere connection \(L4OK\), which does not ask who leads; writes refused there as read-only \(SQLSTATE 25006\): 1\.$/,
      ),
      hint: expect.stringContaining('option httpchk OPTIONS /primary'),
    })
    expect(found.evidence?.map(one => one.kind)).toEqual(['leader-key', 'proxy', 'op'])
  })

  test('when the Patroni of another cluster says that it leads, and counts the writes acknowledged there', () => {
    const found = judge([...calmRun(), seen('node3', 1, 'L7OK 200 2ms'), write(2, {server: 'node3', timeline: 2})])
    expect(found).toMatchObject({
      verdict: 'fail',
      says: expect.stringMatching(
        /the Patroni of node3 answers its check that it leads \(L7OK 200 2ms\); writes acknowledged there: 1\.$/,
      ),
      hint: expect.stringContaining('`scope` and `namespace` of node3'),
    })
  })

  test('when the key goes to another while nobody holds it for a moment, and the old server stays up', () => {
    const found = judge([...calmRun(), holds(null, 1), holds('node2', 2)])
    expect(found).toMatchObject({
      verdict: 'fail',
      says: expect.stringMatching(/led writes to node1 while node2 held .* it was never marked down since it led/),
    })
  })
})

test('allows the proxy the time that its checks need, and accuses nobody while the key is free', () => {
  expect(judge([...calmRun(), seen('node3', 1, 'INI'), seen('node3', 4.4, null)]).verdict).toBe('pass')
  expect(judge([...calmRun(), seen('node3', 1, 'INI'), seen('node3', 4.7, null)]).verdict).toBe('fail')
  expect(judge([...calmRun(), holds(null, 1), holds('node1', 15)]).verdict).toBe('pass')
})

test('is unknown where nobody looked, where a timer of ours was late, and of an empty history', () => {
  const without = (who: string) => calmRun().filter(one => one.kind !== 'watching' || one.who !== who)
  expect(judge(without('proxy')).verdict).toBe('unknown')
  expect(judge(without('etcd')).verdict).toBe('unknown')
  expect(judge(calmRun().filter(one => one.kind !== 'proxy')).verdict).toBe('unknown')
  const late: Event = {
    ...{at: micros(3), kind: 'watching', who: 'runner', samples: 10, failures: 0, worstMicros: 900_000},
  }
  expect(judge([...calmRun(), late, seen('node3', 1, 'INI'), seen('node3', 4.7, null)]).verdict).toBe('unknown')
  expect(judge([]).verdict).toBe('unknown')
})

describe('while HAProxy does not answer', () => {
  const mute = (from: number, to: number) =>
    calmRun().map(one =>
      one.kind === 'watching' && one.who === 'proxy' && one.at > micros(from) && one.at < micros(to)
        ? {...one, failures: one.samples}
        : one,
    )
  const killed = (from: number, to: number, held = true): Event[] => [
    {
      ...{at: micros(from), kind: 'fault-injecting', id: 'loss', fault: 'kill', what: 'kill haproxy on proxy'},
      ...{hosts: ['proxy1'], params: {what: 'haproxy', 'stays-down': true}, needsMend: true},
      strike: strikeOf('kill', {what: 'haproxy', 'stays-down': true}, ['proxy1']),
    },
    {at: micros(from + 0.1), kind: 'fault-proof', id: 'loss', holds: held, says: 'HAProxy is gone'},
    {
      at: micros(to),
      kind: 'fault-mending',
      id: 'loss',
      mend: {do: 'start-service', host: 'proxy1', service: 'haproxy'},
    },
  ]

  test('it leads nobody where it is known to be dead, and nobody knows where it is not', () => {
    expect(judge(mute(3, 8.5)).verdict).toBe('unknown')
    expect(judge([...mute(3, 8.5), ...killed(3, 8)]).verdict).toBe('pass')
    expect(judge([...mute(3, 8.5), ...killed(3, 8, false)]).verdict).toBe('unknown')
    expect(judge([...mute(3, 9.9), ...killed(3, 5)]).verdict).toBe('unknown')
    expect(judge([...calmRun(), seen('node3', 1, 'INI'), ...killed(6, 8)]).verdict).toBe('fail')
  })
})

test('a session that the proxy left with a server that had lost the key is led astray, whatever the proxy shows', () => {
  const left = write(28, {server: 'node1', timeline: 1})
  const found = judge([...cleanRun(), left])
  expect(found).toMatchObject({
    verdict: 'fail',
    says: expect.stringMatching(/stayed with node1, which acknowledged a write of w1 6\.\d+ s after node2 had taken/),
    hint: expect.stringContaining('on_marked_down'),
  })
  // Its answer was under way when the proxy ended the session.
  expect(judge([...cleanRun(), write(22.5, {server: 'node1', timeline: 1})]).verdict).toBe('pass')
  const none = (events: readonly Event[]) =>
    events.map(one =>
      one.kind === 'run-started'
        ? {...one, topology: {...one.topology, haproxy: {...one.topology.haproxy, onMarkedDown: 'none' as const}}}
        : one,
    )
  expect(judge(none(cleanRun())).verdict).toBe('pass')
  // Where the proxy leaves them alone, nobody but the clients can tell.
  expect(judge(none(cleanRun().filter(one => one.kind !== 'op'))).verdict).toBe('unknown')
  // It goes past the proxy.
  expect(judge([...cleanRun(), write(28, {client: 'd1', server: 'node1', timeline: 1})]).verdict).toBe('pass')
})
