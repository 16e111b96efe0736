import fc from 'fast-check'
import {describe, expect, test} from 'vitest'
import {faults} from '../../../lab/faults/index.ts'
import type {Event, Of} from '../../../lab/history/event.ts'
import {eventSchemas} from '../../../lab/history/event-schema.ts'
import {type Old, Upcast} from '../../../lab/history/upcast.ts'
import {toJsonLine} from '../../../lab/words/spelled-json.ts'
import {recordedFiles, recordedRun} from '../../recorded-runs.ts'
import {formsOf} from '../fault-forms.ts'
import {node1Leads, strikeOf} from '../strike-of.ts'

const {topology} = node1Leads
const started: Event = {
  ...{at: 0, kind: 'run-started', run: 'r', lab: 'l', topology, versions: {}},
  ...{startedAt: '2026-01-01T00:00:00.000000Z'},
  scenario: {name: 'x', about: 'X.', needs: {postgres: 3, etcd: 3}, clients: [], steps: [], expect: []},
}
const target = (selector: string, hosts: readonly string[]): Event => ({
  ...{at: 1, kind: 'target', fault: 'x', selector, hosts},
})
const old = (fault: string, params: unknown, what = `${fault} on leader`): Old => ({
  ...{at: 2, kind: 'fault-injecting', id: 'x', fault, what, hosts: ['node1']},
  ...(params !== undefined && {params}),
})

/** What the fault is given when it is read, after what was recorded before it. */
function read(event: Old, ...before: readonly Event[]) {
  const upcast = new Upcast()
  for (const one of [started, ...before]) upcast.of(one)
  const now = upcast.of(event)
  if (now.kind !== 'fault-injecting') throw new TypeError('it became another kind of event')
  return now.strike
}
const asLeader = (...all: Parameters<typeof read>) => {
  const {host, ...struck} = read(...all).struck.find(one => one.host === 'node1')!
  return struck
}

describe('a fault of the model is told', () => {
  test.each([
    ['kill', {what: 'host'}, 'host-killed'],
    ['kill', {what: 'patroni'}, 'patroni-killed'],
    ['kill', {what: 'postgres'}, 'postgres-killed'],
    ['stop', {what: 'host'}, 'stopped'],
    ['stop', {what: 'patroni'}, 'stopped'],
    ['stop', {what: 'postgres'}, 'postgres-killed'],
    ['pause', {what: 'host'}, 'host-paused'],
    ['pause', {what: 'patroni'}, 'patroni-frozen'],
    ['freeze-watchdog', {}, 'patroni-frozen'],
    ['switchover', {}, 'switchover'],
    ['failover', {to: 'node2'}, 'switchover'],
    ['unplug', {}, 'isolated'],
  ])('%s %j', (fault, params, expected) => {
    expect(asLeader(old(fault, params))).toEqual({fault: expected})
  })

  const targets = [
    target('etcd', ['node1', 'node2', 'node3']),
    target('etcd-majority', ['node1', 'node2']),
    target('all', ['node1', 'node2', 'node3']),
    target('servers', ['node1', 'node2', 'node3', 'proxy1']),
    target('proxy', ['proxy1']),
    target('replica', ['node2']),
  ]
  test.each([
    [{services: ['etcd']}, {fault: 'cut-from-etcd', cut: 'drop'}],
    [
      {from: 'etcd', services: ['etcd'], how: 'reject'},
      {fault: 'cut-from-etcd', cut: 'reject'},
    ],
    [
      {from: ['node1', 'node2', 'node3'], services: ['etcd']},
      {fault: 'cut-from-etcd', cut: 'drop'},
    ],
    [
      {from: 'etcd', services: ['etcd', 'etcd-peer'], ways: 'out'},
      {fault: 'cut-from-etcd', cut: 'drop'},
    ],
    [{}, {fault: 'isolated', cut: 'drop', proxyReaches: false}],
    [
      {how: 'reject', shape: 'split'},
      {fault: 'isolated', cut: 'reject', proxyReaches: false},
    ],
    [{from: 'servers'}, {fault: 'isolated', cut: 'drop', proxyReaches: false}],
    [{from: ['node1', 'node2', 'node3', 'proxy1']}, {fault: 'isolated', cut: 'drop', proxyReaches: false}],
    [{from: ['all', 'proxy']}, {fault: 'isolated', cut: 'drop', proxyReaches: false}],
    [{from: 'all'}, {fault: 'isolated', cut: 'drop', proxyReaches: true}],
    [{from: 'replica'}, {why: 'the timing model has no bounds for a cut in part'}],
    // One member is enough for a client, and its own has a majority.
    [{from: 'etcd-majority', services: ['etcd']}, {why: 'the timing model has no bounds for a cut in part'}],
    [{from: ['node2', 'node3'], services: ['etcd']}, {why: 'the timing model has no bounds for a cut in part'}],
    [
      {from: ['node2', 'node3'], services: ['etcd', 'etcd-peer']},
      {fault: 'cut-from-etcd', cut: 'drop'},
    ],
    [{from: 'etcd-majority'}, {why: 'the timing model has no bounds for a cut in part'}],
  ])('partition %j', (params, expected) => {
    expect(asLeader(old('partition', params), ...targets)).toEqual(expected)
  })

  test('from the text, where parameters were not recorded', () => {
    expect(asLeader(old('kill', undefined, 'kill host on leader'))).toEqual({fault: 'host-killed'})
    expect(asLeader(old('pause', undefined, 'pause patroni on node2'))).toEqual({fault: 'patroni-frozen'})
  })
})

describe('what the model has no bounds for says so', () => {
  test.each([
    ['kill', {what: 'etcd'}],
    ['kill', {what: 'backend'}],
    ['pause', {what: 'postgres'}],
    ['fill-disk', {}],
    ['partition', {services: ['replication']}],
    ['partition', {shape: 'ring'}],
    ['partition', {ways: 'in'}],
    ['partition', {from: 'node3'}],
    ['partition', {from: ['node3'], services: ['etcd']}],
    ['partition', {services: ['etcd', 'patroni']}],
  ])('%s %j', (fault, params) => {
    expect(asLeader(old(fault, params))).toMatchObject({why: expect.stringMatching(/bounds|leaves the leader its key/)})
  })

  test('as does a cut of which nobody recorded whom it was from', () => {
    expect(asLeader(old('partition', {from: 'servers'}))).toEqual({why: 'nobody recorded who was cut from whom'})
  })
})

test('a request of an operator strikes every member, whichever it names', () => {
  expect(read(old('switchover', {})).struck.map(one => one.host)).toEqual(['node1', 'node2', 'node3'])
})

test('what died, what is down and what is full is told', () => {
  expect(read(old('kill', {what: 'host'}))).toMatchObject({dead: ['node1']})
  expect(read(old('pause', {what: 'host'}))).toMatchObject({frozen: ['node1']})
  expect(read(old('kill', {what: 'haproxy', 'stays-down': true}))).toMatchObject({
    down: [{host: 'node1', service: 'haproxy'}],
  })
  expect(read(old('fill-disk', {}))).toMatchObject({full: ['node1']})
})

describe('what is about a cluster says which', () => {
  const key = {at: 3, kind: 'leader-key', holder: 'node1', revision: 1, lease: null, term: 1, told: 'node1'} as const

  test('the one that there was, in a record that does not say it', () => {
    const told = [
      key,
      {at: 3, kind: 'status-key', optime: 1, revision: 2, term: 1, told: 'node1'},
      {at: 3, kind: 'sync-key', leader: null, standbys: [], revision: 3, told: 'node1'},
      {at: 3, kind: 'lease', lease: 'a', leftSeconds: 1, grantedSeconds: 20, told: 'node1'},
    ] as const
    for (const event of told) expect(new Upcast().of(event)).toEqual({...event, scope: 'pgha'})
  })

  test('what was recorded, in one that does', () => {
    const event = {...key, scope: 'another'}
    expect(new Upcast().of(event)).toBe(event)
  })

  test.each(recordedFiles)('every key of %s', file => {
    const {events} = recordedRun(file)
    const unscoped = events.filter(event => /-key$|^lease$/.test(event.kind) && !('scope' in event))
    expect(unscoped).toEqual([])
  })
})

test('a clock that was recorded as that of app1 is that of the clients, on the host that they were on', () => {
  const upcast = new Upcast()
  const hosts = topology.hosts.map(one => (one.services.includes('client') ? {...one, name: 'load-1'} : one))
  upcast.of({...started, topology: {...topology, hosts}} as Event)
  const clock = {at: 1, kind: 'clock', who: 'app1', offsetMicros: 5, uncertaintyMicros: 6} as const
  expect(upcast.of(clock)).toEqual({...clock, who: 'clients', host: 'load-1'})
})

describe('what a fault said itself is what is read, and nobody looks at its name', () => {
  /** Whoever asks for its name, its parameters or its text is thrown at. */
  const nameless = (event: Event) =>
    new Proxy(event, {
      get(target, key) {
        if (key === 'fault' || key === 'params' || key === 'what') throw new TypeError(`asked for its ${key}`)
        return Reflect.get(target, key) as unknown
      },
    })

  test.each(Object.keys(faults))('%s', name => {
    const [params] = fc.sample(formsOf(faults[name]!.params), {numRuns: 1, seed: 1})
    const recorded = recordedBy(name, params!)
    expect(recorded).toMatchObject({fault: name, strike: strikeOf(name, params)})
    const upcast = new Upcast()
    upcast.of(started)
    const event = nameless(recorded)
    expect(upcast.of(event)).toBe(event)
    const {strike: _, ...before} = recorded
    expect(() => new Upcast().of(nameless(before as Event))).toThrow('asked for its')
  })
})

/** As it is when its line is read again. */
function recordedBy(fault: string, params: Readonly<Record<string, unknown>>): Of<'fault-injecting'> {
  const event = {...old(fault, params), strike: strikeOf(fault, params)}
  return eventSchemas['fault-injecting'].parse(JSON.parse(toJsonLine(event))) as Of<'fault-injecting'>
}
