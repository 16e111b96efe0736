/**
 * Histories by hand: a complete, clean run of kill-leader in a lab of three, whose every moment can be set, and from which
 * anything can be taken away or added. Times are seconds after the fault, which comes `faultAt` seconds into the run.
 */

import {bank} from '../../../lab/history/bank.ts'
import type {Event, Happening, Of} from '../../../lab/history/event.ts'
import {type History, historyOf} from '../../../lab/history/history.ts'
import type {Scenario} from '../../../lab/history/scenario-values.ts'
import {
  type HostName,
  type PatroniSettings,
  type ProfileName,
  profiles,
  type Topology,
} from '../../../lab/topology/topology.ts'
import {strikeOf} from '../strike-of.ts'

export const faultAt = 8

export interface RunShape {
  readonly profile: ProfileName
  readonly patroni: Partial<PatroniSettings>
  readonly haproxy: Partial<Topology['haproxy']>
  /** Seconds after the fault. */
  readonly refresh: number
  readonly injected: number
  readonly down: number
  readonly keyGone: number
  readonly newKey: number
  readonly promoted: number
  readonly up: number
  readonly firstWrite: number
  readonly mend: number
  readonly rejoined: number
  readonly finalReads: number
  readonly oldLeader: HostName
  readonly newLeader: HostName
  readonly etcdLeader: HostName
  /** When etcd's next leader was seen, where its old one died. */
  readonly newTerm: number | null
  readonly writers: number
  /** Of all writers. */
  readonly writesPerSecond: number
  /** Reads of two readers through the primary port, and operations of two bankers; 0: there are none. */
  readonly readsPerSecond: number
  readonly bankPerSecond: number
}

export const quickRun: RunShape = {
  profile: 'fast',
  patroni: {},
  haproxy: {},
  refresh: -0.4,
  injected: 0.05,
  down: 1.2,
  keyGone: 19.8,
  newKey: 21.7,
  promoted: 21.85,
  up: 21.95,
  firstWrite: 22.1,
  mend: 24,
  rejoined: 29,
  finalReads: 33,
  oldLeader: 'node1',
  newLeader: 'node2',
  etcdLeader: 'node2',
  newTerm: null,
  writers: 4,
  writesPerSecond: 120,
  readsPerSecond: 0,
  bankPerSecond: 0,
}

export const micros = (seconds: number): number => Math.round((seconds + faultAt) * 1e6)

export function topologyOf(shape: RunShape): Topology {
  const profile = profiles[shape.profile]
  return {
    profile: shape.profile,
    release: 'trixie',
    hosts: [
      ...['node1', 'node2', 'node3'].map(name => ({name, services: ['etcd', 'patroni'] as const})),
      {name: 'proxy1', services: ['haproxy']},
      {name: 'app1', services: ['client']},
    ],
    patroni: {...profile.patroni, ...shape.patroni},
    haproxy: {...profile.haproxy, ...shape.haproxy},
    postgresParameters: profile.postgresParameters,
  }
}

export const bytesPerWrite = 200
/** What the promoted replica had not yet received when the leader died. */
export const replicaLagBytes = 100

/** A run of which nothing can be complained about. Long because a run has that many kinds of lines. */
export function cleanRun(changes: Partial<RunShape> = {}): Event[] {
  const shape: RunShape = {...quickRun, ...changes}
  const {oldLeader, newLeader, mend, finalReads} = shape
  const events: Event[] = []
  const add = (seconds: number, happening: Happening) => events.push({at: micros(seconds), ...happening} as Event)
  const third = ['node1', 'node2', 'node3'].find(host => host !== oldLeader && host !== newLeader)!
  const begin = -faultAt

  add(begin, {
    kind: 'run-started',
    run: 'run-1',
    scenario: {
      name: 'kill-leader',
      about: 'The leader loses power under load.',
      needs: {postgres: 3, etcd: 3},
      steps: [],
      expect: expectations,
      ...clientsOf(shape),
    },
    lab: 'demo',
    topology: topologyOf(shape),
    versions: {postgres: '17.11', patroni: '4.0.7'},
    startedAt: '2026-01-01T00:00:00.000000Z',
  })
  add(begin + 0.1, {kind: 'phase', name: 'healthy'})
  add(begin + 1, {kind: 'phase', name: 'steady'})
  add(begin + 1.1, {
    kind: 'leader-key',
    scope: 'pgha',
    holder: oldLeader,
    revision: 10,
    lease: 'a1',
    term: 2,
    told: 'node2',
  })
  for (const host of ['node1', 'node2', 'node3']) {
    add(begin + 1.1, {kind: 'etcd-member', host, up: true, leader: shape.etcdLeader, term: 2})
    add(begin + 1.2, proxy(host, host === oldLeader))
  }
  add(-4, {kind: 'phase', name: 'steps'})
  const loop = topologyOf(shape).patroni.loopWaitSeconds
  for (let at = shape.refresh; at > begin + 1; at -= loop)
    add(at, {kind: 'status-key', scope: 'pgha', optime: lsnAt(at), revision: 11, term: 2, told: 'node2'})

  add(0, {
    ...{kind: 'fault-injecting', id: 'crash', fault: 'kill', what: 'kill host on leader', hosts: [oldLeader]},
    strike: strikeOf('kill', {what: 'host'}, [oldLeader]),
  })
  add(shape.injected, {kind: 'fault-injected', id: 'crash'})
  add(shape.injected + 0.01, {kind: 'container', host: oldLeader, action: 'die', exitCode: 137})
  add(shape.injected + 0.05, {kind: 'fault-proof', id: 'crash', holds: true, says: `${oldLeader} is not running`})
  add(shape.down, proxy(oldLeader, false))
  if (shape.newTerm !== null)
    for (const host of [newLeader, third])
      add(shape.newTerm, {kind: 'etcd-member', host, up: true, leader: newLeader, term: 3})
  const term = shape.newTerm === null ? 2 : 3
  add(shape.keyGone, {kind: 'leader-key', scope: 'pgha', holder: null, revision: 90, lease: null, term, told: third})
  add(shape.newKey, {
    kind: 'leader-key',
    scope: 'pgha',
    holder: newLeader,
    revision: 91,
    lease: 'b2',
    term,
    told: third,
  })
  add(shape.up, proxy(newLeader, true))
  add(mend, {kind: 'fault-mending', id: 'crash', mend: {do: 'start-host', host: oldLeader}})
  add(mend + 0.3, {kind: 'container', host: oldLeader, action: 'start', exitCode: null})
  add(mend + 0.4, {kind: 'fault-mended', id: 'crash', mend: {do: 'start-host', host: oldLeader}, ok: true})
  add(mend + 0.5, {kind: 'phase', name: 'healing'})
  add(mend + 0.6, {kind: 'phase', name: 'recovery'})
  add(shape.rejoined, {
    ...{kind: 'patroni', host: oldLeader, code: 200, role: 'replica', state: 'streaming', timeline: 2, lsn: 1},
    streaming: [],
    tookMicros: 5000,
  })

  if (topologyOf(shape).patroni.synchronousMode !== 'off') {
    const sync = {kind: 'sync-key', scope: 'pgha', told: 'node2'} as const
    add(begin + 1.1, {...sync, leader: oldLeader, standbys: [newLeader], revision: 9})
    add(shape.promoted + 0.1, {...sync, leader: newLeader, standbys: [], revision: 92})
    add(shape.rejoined + 0.1, {...sync, leader: newLeader, standbys: [third], revision: 93})
  }
  samples(shape, third, add)
  const ids = load(shape, events)
  if (shape.readsPerSecond > 0) readers(shape, events)
  if (shape.bankPerSecond > 0) bankers(shape, events)
  for (let at = begin + 1; at < finalReads + 1; at += 1) {
    for (const one of watchers) add(at, {kind: 'watching', ...one, samples: 10, failures: 0, worstMicros: 20_000})
  }
  add(finalReads, {kind: 'phase', name: 'final-reads'})
  for (const host of ['node1', 'node2', 'node3'])
    add(finalReads + 0.1, {
      kind: 'final-rows',
      host,
      timeline: 2,
      ranges: ranges(ids),
      duplicates: [],
      ...content(shape),
    })
  add(finalReads + 0.5, {kind: 'run-ended', how: 'complete'})
  return events
}

const nodes = ['node1', 'node2', 'node3']

/** Who says once a second that it watches, and whom. */
export const watchers: readonly Pick<Of<'watching'>, 'who' | 'host'>[] = [
  ...(['runner', 'clients', 'engine'] as const).map(who => ({who})),
  ...(['etcd', 'postgres', 'patroni'] as const).flatMap(who => nodes.map(host => ({who, host}))),
  ...[...nodes, 'proxy1'].map(host => ({who: 'logs' as const, host})),
  {who: 'proxy', host: 'proxy1'},
]

export const expectations = [
  {check: 'failover', params: {within: 'budget'}},
  {check: 'clients-reconnect', params: {within: '10s'}},
  {check: 'no-lost-writes', params: {allow: 'async-tail'}},
  {check: 'one-writable-primary', params: {}},
  {check: 'rejoined', params: {within: '2m'}},
]

export function proxy(server: HostName, up: boolean): Happening {
  const check = up ? 'L7OK 200 2ms' : 'L4TOUT 250ms'
  return {kind: 'proxy', proxy: 'proxy1', backend: 'primary', server, status: up ? 'UP' : 'DOWN', up, check}
}

/** Where the WAL is at this moment; it stands still while nobody writes. */
export function lsnAt(seconds: number): number {
  return Math.round((seconds + faultAt + 1) * quickRun.writesPerSecond) * bytesPerWrite
}

export function sample(host: HostName, seconds: number, changes: Partial<Of<'postgres'>> = {}): Event {
  return {
    ...{kind: 'postgres', host, askedAt: micros(seconds) - 3000, up: true, inRecovery: true, readOnly: false},
    ...{timeline: 1, lsn: lsnAt(seconds), replayedLsn: lsnAt(seconds), error: null, receiver: 'streaming'},
    at: micros(seconds),
    ...changes,
  }
}

function samples(shape: RunShape, third: HostName, add: (seconds: number, happening: Happening) => void): void {
  const {oldLeader, newLeader} = shape
  const put = (event: Event) => {
    const {at, ...happening} = event
    add(at / 1e6 - faultAt, happening as Happening)
  }
  const primary = {inRecovery: false, receiver: null} as const
  const dead = {up: false, inRecovery: null, readOnly: null, timeline: null, lsn: null, receiver: null} as const
  const atDeath = lsnAt(0) - replicaLagBytes
  for (let at = -faultAt + 1; at < shape.finalReads + 0.4; at += 0.1) {
    if (at <= 0) put(sample(oldLeader, at, primary))
    else if (at < shape.rejoined - 0.5) put(sample(oldLeader, at, {...dead, error: 'ECONNREFUSED'}))
    else put(sample(oldLeader, at, {timeline: 2, lsn: lsnAt(at)}))
    const alive = at <= 0
    const replica = {lsn: alive ? lsnAt(at) - replicaLagBytes : atDeath, receiver: alive ? 'streaming' : null}
    for (const host of [newLeader, third]) {
      if (at < shape.promoted) put(sample(host, at, replica))
      else if (host === newLeader) put(sample(host, at, {...primary, timeline: 2}))
      else put(sample(host, at, {timeline: 2}))
    }
  }
  put(sample(newLeader, shape.promoted, {...primary, timeline: 2}))
}

function clientsOf({readsPerSecond, writers, writesPerSecond}: RunShape): Pick<Scenario, 'clients'> {
  if (readsPerSecond === 0) return {clients: []}
  const clients: Scenario['clients'] = [
    {kind: 'writers', count: writers, perSecond: writesPerSecond, through: 'primary'},
    {kind: 'readers', count: 1, perSecond: 1, through: 'replicas'},
    {kind: 'readers', count: 2, perSecond: readsPerSecond, through: 'primary'},
  ]
  return {clients}
}

function content({bankPerSecond}: RunShape): Partial<Of<'final-rows'>> {
  return {checksum: '1:1', caughtUp: true, ...(bankPerSecond === 0 ? {} : {bankTotal: bank.total})}
}

/** Whoever leads, and since when; null while nobody does. */
function leads(shape: RunShape, at: number): {server: HostName; timeline: number} | null {
  if (at < -0.02) return {server: shape.oldLeader, timeline: 1}
  return at > shape.firstWrite ? {server: shape.newLeader, timeline: 2} : null
}

/** r2 and r3, through the primary port: each sees the newest row that was acknowledged 1 ms before it was sent, or earlier. */
function readers(shape: RunShape, events: Event[]): void {
  const writes = events.filter((event): event is Of<'op'> => event.kind === 'op' && event.outcome === 'ok')
  let id = 999_999_999
  let next = 0
  let seen: number | null = null
  for (let at = -faultAt + 1.6; at < shape.finalReads - 0.1; at += 1 / shape.readsPerSecond) {
    const from = leads(shape, at)
    if (from === null) continue
    for (; next < writes.length && writes[next]!.at <= micros(at); next++) seen = Math.max(seen ?? 0, writes[next]!.id)
    id++
    events.push({
      ...{at: micros(at) + 1000, kind: 'op', client: `r${2 + (id % 2)}`, op: 'read', id, sentAt: micros(at) + 500},
      ...{outcome: 'ok', ...from, lsn: lsnAt(at), sqlstate: null, error: null, seen},
    })
  }
}

function bankers(shape: RunShape, events: Event[]): void {
  let id = 0
  for (let at = -faultAt + 1.6; at < shape.finalReads - 0.1; at += 1 / shape.bankPerSecond) {
    const from = leads(shape, at) ?? {server: null, timeline: null}
    const ok = from.server !== null
    const op = ++id % 2 === 0 ? 'audit' : 'transfer'
    events.push({
      ...{at: micros(at), kind: 'bank', client: `b${1 + (id % 2)}`, op, id, sentAt: micros(at) - 2000, ...from},
      ...{outcome: ok ? 'ok' : 'fail', lsn: null, sqlstate: ok ? null : '08006', error: ok ? null : 'gone'},
      total: op === 'audit' && ok ? bank.total : null,
    })
  }
}

/** Writes until the death, failures while there is no primary, writes again; returns the ids that are in the table. */
function load(shape: RunShape, events: Event[]): number[] {
  const {oldLeader, newLeader, writers, writesPerSecond} = shape
  const present: number[] = []
  let id = 0
  const write = (seconds: number, changes: Partial<Of<'op'>>) => {
    id++
    const op: Of<'op'> = {
      ...{
        at: micros(seconds),
        kind: 'op',
        client: `w${(id % writers) + 1}`,
        op: 'write',
        id,
        sentAt: micros(seconds) - 4000,
      },
      ...{outcome: 'ok', server: null, timeline: null, lsn: null, sqlstate: null, error: null},
      ...changes,
    }
    events.push(op)
    if (op.outcome === 'ok') present.push(id)
  }
  const every = 1 / writesPerSecond
  // The last write of the old leader is acknowledged well before its death, so that nothing of it is in the async tail.
  for (let at = -faultAt + 1.5; at < -0.02; at += every) write(at, {server: oldLeader, timeline: 1, lsn: lsnAt(at)})
  for (let client = 0; client < writers; client++)
    write(0.6 + client * 0.01, {
      outcome: 'unknown',
      sentAt: micros(-0.005),
      error: 'Connection terminated unexpectedly',
    })
  for (let at = 2; at < shape.firstWrite - 0.2; at += 0.5)
    write(at, {outcome: 'fail', sqlstate: '08006', error: 'server closed the connection unexpectedly'})
  for (let at = shape.firstWrite; at < shape.finalReads - 0.1; at += every)
    write(at, {server: newLeader, timeline: 2, lsn: lsnAt(at)})
  return present
}

export function ranges(ids: readonly number[]): (readonly [number, number])[] {
  const found: [number, number][] = []
  for (const id of ids.toSorted((a, b) => a - b)) {
    const last = found.at(-1)
    if (last && last[1] === id - 1) last[1] = id
    else found.push([id, id])
  }
  return found
}

/** The same events with some changed, left out (null) or added. */
export function altered(
  events: readonly Event[],
  change: (event: Event) => Event | null,
  added: readonly Event[] = [],
): History {
  return historyOf([...events.flatMap(event => change(event) ?? []), ...added])
}

/** Takes ids out of every table, or puts them in. */
export function withRows(events: readonly Event[], edit: (ids: Set<number>) => void, only?: HostName): Event[] {
  return events.map(event => {
    if (event.kind !== 'final-rows' || (only !== undefined && event.host !== only)) return event
    const ids = new Set(
      event.ranges.flatMap(([from, to]) => Array.from({length: to - from + 1}, (_, step) => from + step)),
    )
    edit(ids)
    return {...event, ranges: ranges([...ids])}
  })
}
