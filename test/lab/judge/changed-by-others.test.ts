/** The cluster under test must be the one that was asked for, and what a third party did is told. */
import {describe, expect, test} from 'vitest'
import type {Event, Happening} from '../../../lab/history/event.ts'
import {type History, historyOf, of} from '../../../lab/history/history.ts'
import {judge} from '../../../lab/judge/judge.ts'
import {patroniConfigOf} from '../../../lab/topology/dynamic-config.ts'
import {recordedRun} from '../../recorded-runs.ts'
import {altered, cleanRun, faultAt, micros, quickRun, topologyOf} from '../checks/history-builder.ts'
import {strikeOf} from '../strike-of.ts'

const recorded = (name: string): History => recordedRun(`${name}.ndjson.gz`)

const clean = cleanRun()
const asked = patroniConfigOf(topologyOf(quickRun))
const at = (seconds: number, happening: Happening): Event => ({at: micros(seconds), ...happening}) as Event
let revision = 100
const config = (seconds: number, changes: Readonly<Record<string, unknown>> = {}): Event =>
  at(seconds, {kind: 'config-key', scope: 'pgha', config: {...asked, ...changes}, revision: revision++, told: 'node2'})
const begin = config(-faultAt + 1.1)
const run = (...added: Event[]) => altered(clean, event => event, added)
const ofCheck = (history: History, check: string, params: unknown = {}) =>
  judge(history, [{check, params}]).findings[0]!

describe('the configuration', () => {
  test('that stays as it was asked for is not spoken of', () => {
    expect(judge(run(begin, config(5)))).toMatchObject({verdict: 'pass', reasons: []})
  })

  test('changed by no step makes the run inconclusive, and says what, when, from and to', () => {
    const report = judge(run(begin, config(-2, {ttl: 60})))
    expect(report.verdict).toBe('unknown')
    expect(report.reasons).toEqual([
      'ttl was changed from 20 to 60 at 6.00 s of the run by somebody else: no step did that (/config in etcd, as node2 told it)',
    ])
    expect(report.story.map(one => one.says)).toContain(report.reasons[0])
  })

  test('that was another one when the run began is told', () => {
    const report = judge(run(config(-faultAt + 1.1, {ttl: 60, loop_wait: 3})))
    expect(report.reasons).toEqual([
      'when the run began ttl was 60 (20 was asked for) and loop_wait was 3 (1 was asked for): no step did that (/config in etcd, as node2 told it)',
    ])
  })

  test('makes a budget of the values before unknown, either way; a limit of a person is judged', () => {
    const history = run(begin, config(-2, {ttl: 60}))
    expect(ofCheck(history, 'failover', {within: 'budget'})).toMatchObject({
      verdict: 'unknown',
      says: expect.stringMatching(/^The budget is one of values that no longer held: ttl was changed from 20 to 60 /),
    })
    expect(ofCheck(history, 'failover', {within: '30s'}).verdict).toBe('pass')
    expect(ofCheck(history, 'failover', {within: '10s'})).toMatchObject({
      verdict: 'fail',
      says: expect.stringContaining('ttl was changed from 20 to 60 at 6.00 s'),
    })
    expect(judge(history, [{check: 'failover', params: {within: '10s'}}]).verdict).toBe('fail')
  })

  test('changed after the failover changes no budget', () => {
    expect(ofCheck(run(begin, config(30, {ttl: 60})), 'failover', {}).verdict).toBe('pass')
  })

  test('changed by a step and its mend is ours; the same value at another time is not', () => {
    const params = {config: {ttl: 60}}
    const mend = {do: 'set-config', host: null, config: {ttl: 20}} as const
    const step = [
      at(25, {
        ...{kind: 'fault-injecting', id: 'longer', fault: 'set-config', what: 'set-config', hosts: ['node2'], params},
        strike: strikeOf('set-config', params, []),
      }),
      at(25.1, {kind: 'fault-injected', id: 'longer'}),
      at(25.2, {kind: 'fault-proof', id: 'longer', holds: true, says: 'every member knows it'}),
      at(28, {kind: 'fault-mending', id: 'longer', mend}),
      at(28.1, {kind: 'fault-mended', id: 'longer', mend, ok: true}),
    ]
    const ours = [begin, ...step, config(25.05, {ttl: 60}), config(28.05)]
    expect(judge(run(...ours)).reasons).toEqual([])
    expect(judge(run(...ours, config(31.5, {ttl: 60}))).reasons).toHaveLength(1)
  })
})

describe('maintenance mode that no step switched on', () => {
  test('is told of a run whose members alone told it', () => {
    const paused = clean.flatMap(event =>
      event.kind === 'postgres' && event.host !== 'node1' && event.at > micros(-3)
        ? [
            event,
            {
              ...{at: event.at, kind: 'patroni', host: event.host, code: 200, role: 'replica', state: 'running'},
              ...{timeline: 1, lsn: 1, streaming: [], tookMicros: 1, paused: true, pendingRestart: false, tags: {}},
            } as Event,
          ]
        : [event],
    )
    expect(judge(historyOf(paused)).reasons).toEqual([
      expect.stringMatching(/^the cluster was in maintenance mode since 5\.\d+ s of the run, set by somebody else/),
    ])
  })

  test('explains why nobody took over in a recorded run', () => {
    const report = judge(recorded('paused-by-others.fail'))
    expect(report.verdict).toBe('fail')
    expect(report.headline).toMatch(
      /no replica took it .* the cluster was in maintenance mode since 4\.03 s of the run, set by somebody else/,
    )
    expect(judge(recorded('maintenance-mode.pass')).reasons).toEqual([])
  })
})

test('a ttl that was raised behind the back of a recorded run explains its failure, and spoils its budget', () => {
  const history = recorded('config-changed-ttl.fail')
  expect(judge(history).headline).toMatch(/never went away .* ttl was changed from 20 to 60 at 4\.35 s of the run/)
  const within = judge(history, [{check: 'failover', params: {within: 'budget'}}])
  expect(within).toMatchObject({verdict: 'unknown', headline: expect.stringMatching(/^ttl was changed from 20 to 60/)})
})

describe('what somebody else does to', () => {
  const patroni = (seconds: number, tags: Readonly<Record<string, unknown>>): Event =>
    at(seconds, {
      ...{kind: 'patroni', host: 'node3', code: 200, role: 'replica', state: 'streaming', timeline: 1, lsn: 1, tags},
      ...{streaming: [], tookMicros: 1, paused: false, pendingRestart: false},
    })
  const plain = {synchronous_commit: 'on', default_transaction_read_only: 'off', fsync: 'on', full_page_writes: 'on'}
  const settings = (seconds: number, changes = {}, host = 'node1'): Event =>
    at(seconds, {kind: 'settings', host, settings: {...plain, ...changes}})
  const proxied = (seconds: number, status: string): Event =>
    at(seconds, {
      ...{kind: 'proxy', proxy: 'proxy1', backend: 'primary', server: 'node3', status, up: false, check: ''},
    })

  test.each<[string, Event[], RegExp]>([
    [
      "a member's tags",
      [patroni(-3, {}), patroni(-2, {nofailover: true})],
      /^the tag nofailover of node3 was set to true/,
    ],
    [
      'a role',
      [settings(-3), settings(-2, {'synchronous_commit of role app': 'off'})],
      /^synchronous_commit of role app was set to off at 6.00 s of the run by somebody else/,
    ],
    [
      'a role, which every member tells',
      ['node1', 'node2', 'node3'].flatMap(host => [
        settings(-3, {}, host),
        settings(-2, {'synchronous_commit of role app': 'off'}, host),
      ]),
      /^synchronous_commit of role app was set to off/,
    ],
    [
      'a server',
      [settings(-3), settings(-2, {fsync: 'off'})],
      /^fsync of PostgreSQL on node1 was changed from on to off/,
    ],
    [
      'a server before',
      [settings(-3, {fsync: 'off'})],
      /^when the run began fsync of PostgreSQL on node1 was off \(on was asked for\)/,
    ],
    [
      'a proxy',
      [proxied(-3, 'DOWN'), proxied(-2, 'MAINT')],
      /^the server node3 of proxy1 \(primary\) was changed from DOWN to MAINT/,
    ],
  ])('%s is told', (_, events, says) => {
    const {reasons} = judge(run(...events))
    expect(reasons).toEqual([expect.stringMatching(says)])
  })

  const tagged = (...added: Event[]) =>
    altered(
      clean,
      event =>
        event.kind === 'run-started'
          ? {...event, topology: {...event.topology, tags: {node3: {nofailover: true}}}}
          : event,
      added,
    )

  test('tags that a topology gives a member are not spoken of', () => {
    expect(judge(tagged(patroni(-3, {nofailover: true}))).reasons).toEqual([])
  })

  test('tags that a topology gives a member, and it has not, are told', () => {
    const {reasons} = judge(tagged(patroni(-3, {})))
    expect(reasons).toEqual([expect.stringMatching(/^when the run began the tag nofailover of node3 /)])
  })

  test("a role's own search_path is its own affair", () => {
    expect(judge(run(settings(-3), settings(-2, {'search_path of role app': 'app'}))).reasons).toEqual([])
  })

  test('a setting of the role of the probe itself hides the plain one, which has not changed by that', () => {
    const {synchronous_commit: _, ...rest} = plain
    const hidden = at(-2, {kind: 'settings', host: 'node1', settings: rest})
    expect(judge(run(settings(-3), hidden, settings(-1))).reasons).toEqual([])
  })
})

describe('a leader key that somebody deleted', () => {
  const lease = (history: History) => of(history, 'leader-key')[0]!
  const deleted = (back: Partial<Extract<Event, {kind: 'leader-key'}>> = {}) => {
    const first = lease(historyOf(clean))
    return run(
      {...first, at: micros(-3), holder: null, lease: null, revision: 20},
      {...first, at: micros(-2.882), revision: 21, ...back},
    )
  }

  test('and that its holder took back within its lease is told, and spoils nothing', () => {
    const report = judge(deleted())
    const says =
      'somebody deleted the leader key of node1 at 5.00 s of the run, though its lease had not run out; node1 took it back 118 ms later'
    expect(report).toMatchObject({verdict: 'pass', remarks: [says]})
    expect(report.story.map(one => one.says)).toEqual(
      expect.arrayContaining([
        'somebody deleted the leader key of node1: its lease had not run out',
        'node1 took its leader key back after 118 ms',
      ]),
    )
  })

  test('is told by its name where a step of the run did it', () => {
    const {events} = deleted()
    const step = (byHand: object) =>
      historyOf([
        ...events,
        at(-3.01, {
          ...{kind: 'fault-injecting', id: 'mine', fault: 'delete-leader-key', what: 'delete-leader-key'},
          ...{hosts: ['node1'], params: {}, strike: {struck: [], byHand}},
        }),
        at(-2.99, {kind: 'fault-injected', id: 'mine'}),
      ])
    expect(judge(step({deletesKey: true})).remarks).toEqual([
      expect.stringMatching(/^the step `mine` deleted the leader key of node1 at 5\.00 s/),
    ])
    expect(judge(step({takesTable: true})).remarks).toEqual([expect.stringMatching(/^somebody deleted/)])
  })

  test('is another thing than a lease that ran out', () => {
    expect(judge(deleted({lease: 'other'})).remarks).toEqual([])
    expect(judge(recorded('lag-replica.pass')).remarks).toEqual([])
  })

  test('is told of a recorded run', () => {
    const {remarks, reasons, verdict} = judge(recorded('nothing-happens-key-deleted.unknown'))
    expect(verdict).toBe('unknown')
    expect(reasons).toEqual([expect.stringMatching(/^synchronous_commit of role app was set to off at 15\.40 s/)])
    expect(remarks).toContainEqual(
      expect.stringMatching(/^somebody deleted the leader key of node2 at 9\.06 s .* 95 ms later$/),
    )
  })
})

describe('the table of the run', () => {
  const rows = (change: (event: Extract<Event, {kind: 'final-rows'}>) => Event) =>
    historyOf(clean.map(event => (event.kind === 'final-rows' ? change(event) : event)))
  const gone = rows(({checksum: _, ...rest}) => ({...rest, ranges: []}))

  test('that is gone on all members is told as that', () => {
    expect(ofCheck(gone, 'replicas-identical')).toMatchObject({
      verdict: 'fail',
      says: 'The table of the run is gone on all members: somebody dropped it.',
    })
    expect(ofCheck(gone, 'no-lost-writes', {allow: 'async-tail'})).toMatchObject({
      verdict: 'fail',
      says: expect.stringMatching(/: the table of the run is gone on all members: somebody dropped it; /),
    })
  })

  test('is told by the name of the step that took it', () => {
    const mine = historyOf(
      gone.events.map(event =>
        event.kind === 'fault-injecting'
          ? {...event, strike: {...event.strike, byHand: {takesTable: true as const}}}
          : event,
      ),
    )
    const says = /: the step `[^`]+` dropped it/
    for (const check of ['replicas-identical', 'no-lost-writes'] as const)
      expect(ofCheck(mine, check).says).toMatch(says)
  })

  test('that is gone on one member only is told of that one', () => {
    const history = rows(({checksum, ...rest}) =>
      rest.host === 'node3' ? {...rest, ranges: []} : {...rest, checksum: checksum!},
    )
    expect(ofCheck(history, 'replicas-identical')).toMatchObject({
      verdict: 'fail',
      says: 'The table of the run is gone on node3, and there on node1 and node2.',
    })
  })

  test('that was emptied is told as that', () => {
    const from = of(historyOf(clean), 'op').find(one => one.outcome === 'ok' && one.at > micros(30))!.id
    const emptied = rows(event => ({
      ...event,
      ranges: event.ranges.flatMap(([a, b]) => (b < from ? [] : [[Math.max(a, from), b] as const])),
    }))
    expect(ofCheck(emptied, 'no-lost-writes', {allow: 'async-tail'})).toMatchObject({
      verdict: 'fail',
      says: expect.stringMatching(
        /: all that was acknowledged up to 3\d\.\d+ s of the run is gone on all members, and nothing after it: somebody emptied the table; /,
      ),
    })
  })
})

describe('how old reads through the read-only way in were', () => {
  const read = (seconds: number, behind: number): Event => {
    const seen = of(historyOf(clean), 'op').findLast(one => one.outcome === 'ok' && one.at <= micros(seconds - behind))!
    return at(seconds + 0.001, {
      ...{
        kind: 'op',
        client: 'r1',
        op: 'read',
        id: 1_500_000_000 + Math.round(seconds * 1000),
        sentAt: micros(seconds),
      },
      ...{outcome: 'ok', server: 'node3', timeline: 1, lsn: null, sqlstate: null, error: null, seen: seen.id},
    })
  }
  const withReaders = cleanRun({readsPerSecond: 5})

  test('is measured, and told when it is much', () => {
    const few = historyOf([...withReaders, read(-4, 0), read(-3, 0), read(-1, 3)])
    const report = judge(few)
    expect(report.clients.replicaReads).toMatchObject({count: 3, medianMicros: 0})
    expect(report.clients.replicaReads!.maxMicros).toBeGreaterThan(2_900_000)
    expect(report.remarks).toEqual([
      expect.stringMatching(
        /^reads through the read-only way in were up to (2\.9\d|3\.00) s behind .*\(half of 3 by 0 ms at most\)$/,
      ),
    ])
  })

  test('is not told where nobody read there, nor when it is little', () => {
    expect(judge(historyOf(clean)).clients.replicaReads).toBeNull()
    expect(judge(historyOf([...withReaders, read(-3, 0)])).remarks).toEqual([])
  })
})

test('an agent that was stopped for a while is told with the precision that is left', () => {
  const index = clean.findIndex(one => one.kind === 'watching' && one.who === 'clients' && one.at > micros(2))
  const late = clean.map((event, at) => (at === index ? ({...event, worstMicros: 300_000} as Event) : event))
  expect(judge(historyOf(late)).remarks).toEqual([
    'a timer of the agent of the clients ran 300 ms late: times of this run are known no better than that',
  ])
})

test('a budget is unknown where nobody told whether its values held, whichever way it looks; a limit of a person is judged', () => {
  const changed = recorded('config-changed-ttl.fail')
  const untold = historyOf(changed.events.filter(one => one.kind !== 'config-key'))
  for (const history of [changed, untold])
    expect(ofCheck(history, 'failover', {within: 'budget'}).verdict).toBe('unknown')
  expect(ofCheck(untold, 'failover', {within: '20s'}).verdict).toBe('fail')
  const passed = recorded('kill-leader-session-timeouts.pass')
  const without = historyOf(passed.events.filter(one => one.kind !== 'config-key'))
  expect([passed, without].map(one => ofCheck(one, 'failover', {within: 'budget'}).verdict)).toEqual([
    'pass',
    'unknown',
  ])
})
