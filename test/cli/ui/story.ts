/** A kill-leader run at profile `fast`, written by hand: node1 leads, dies at 7.0 s, node2 takes over, node1 returns. */

import type {Event} from '../../../lab/history/event.ts'
import type {Scenario} from '../../../lab/history/scenario-values.ts'
import {type HostName, profiles, type Topology} from '../../../lab/topology/topology.ts'
import type {Micros} from '../../../lab/words/quantity.ts'
import {strikeOf} from '../../lab/strike-of.ts'

export const topology: Topology = {
  profile: 'fast',
  release: 'trixie',
  ...profiles.fast,
  hosts: [
    {name: 'node1', services: ['etcd', 'patroni']},
    {name: 'node2', services: ['etcd', 'patroni']},
    {name: 'node3', services: ['etcd', 'patroni']},
    {name: 'proxy1', services: ['haproxy']},
    {name: 'app1', services: ['client']},
  ],
}

const scenario: Scenario = {
  name: 'kill-leader',
  about: "The leader's host loses power under load.",
  steps: [
    {do: 'hold', forMs: 2000},
    {do: 'inject', fault: 'kill', on: 'leader', as: 'crash', params: {what: 'host'}},
    {do: 'until', check: 'new-leader', params: {}, within: 'budget'},
    {do: 'hold', forMs: 3000},
    {do: 'heal', as: 'crash'},
    {do: 'until', check: 'rejoined', params: {}, within: 120_000},
    {do: 'hold', forMs: 2000},
  ],
  needs: {postgres: 3, etcd: 3},
  clients: [],
  expect: [],
}

const s = (seconds: number): Micros => Math.round(seconds * 1_000_000)
const mend = {do: 'start-host', host: 'node1'} as const
const steps = [
  'hold 2 s',
  'kill host on leader',
  'until new-leader',
  'hold 3 s',
  'heal crash',
  'until rejoined',
  'hold 2 s',
]

const began = (at: number, index: number): Event => ({at: s(at), kind: 'step-started', index, says: steps[index]!})
const ended = (at: number, index: number, says: string): Event => ({
  at: s(at),
  kind: 'step-ended',
  index,
  ok: true,
  says,
})
const proxy = (at: number, backend: 'primary' | 'replicas', server: HostName, up: boolean, check: string): Event => ({
  at: s(at),
  kind: 'proxy',
  proxy: 'proxy1',
  backend,
  server,
  status: up ? 'UP' : 'DOWN',
  up,
  check,
})
const key = (at: number, holder: HostName | null, revision: number): Event => ({
  at: s(at),
  kind: 'leader-key',
  scope: 'pgha',
  holder,
  revision,
  lease: holder && 'a1',
  term: 2,
  told: 'node2',
})
const etcd = (at: number, host: HostName, up: boolean): Event => ({
  at: s(at),
  kind: 'etcd-member',
  host,
  up,
  leader: up ? 'node3' : null,
  term: up ? 2 : null,
})

/** t0 of the fault. */
export const killedAt = s(7)

/** What a person would call the story; without the samples that come by the hundred. */
const plot: readonly Event[] = [
  {
    at: 0,
    kind: 'run-started',
    run: 'r1',
    scenario,
    lab: 'demo',
    topology,
    versions: {postgres: '17.11', patroni: '4.0.7', etcd: '3.5.16', haproxy: '3.0.11'},
    startedAt: '2026-01-01T00:00:00.000000Z',
  },
  {at: s(0.01), kind: 'phase', name: 'leftovers'},
  {at: s(0.1), kind: 'phase', name: 'healthy'},
  key(0.5, 'node1', 10),
  etcd(0.5, 'node1', true),
  etcd(0.5, 'node2', true),
  etcd(0.5, 'node3', true),
  proxy(0.6, 'primary', 'node1', true, 'L7OK 200 2ms'),
  proxy(0.6, 'primary', 'node2', false, 'L7STS 503 2ms'),
  proxy(0.6, 'primary', 'node3', false, 'L7STS 503 2ms'),
  proxy(0.6, 'replicas', 'node1', false, 'L7STS 503 2ms'),
  proxy(0.6, 'replicas', 'node2', true, 'L7OK 200 2ms'),
  proxy(0.6, 'replicas', 'node3', true, 'L7OK 200 2ms'),
  {at: s(1), kind: 'phase', name: 'steady'},
  {at: s(4.9), kind: 'phase', name: 'steps'},
  began(4.95, 0),
  ended(6.95, 0, 'held'),
  began(6.96, 1),
  {at: s(6.98), kind: 'target', fault: 'crash', selector: 'leader', hosts: ['node1']},
  {
    ...{
      at: killedAt,
      kind: 'fault-injecting',
      id: 'crash',
      fault: 'kill',
      what: 'kill host on leader',
      hosts: ['node1'],
    },
    strike: strikeOf('kill', {what: 'host'}),
  },
  {at: s(7.02), kind: 'fault-injected', id: 'crash'},
  {at: s(7.05), kind: 'container', host: 'node1', action: 'kill', exitCode: null},
  {at: s(7.06), kind: 'container', host: 'node1', action: 'die', exitCode: 137},
  {at: s(7.08), kind: 'fault-proof', id: 'crash', holds: true, says: 'the engine says that node1 is not running'},
  ended(7.1, 1, 'the fault took hold'),
  began(7.1, 2),
  etcd(7.5, 'node1', false),
  proxy(9.9, 'primary', 'node1', false, 'L4TOUT 1000ms'),
  key(26.4, null, 40),
  key(28.5, 'node2', 41),
  proxy(28.8, 'primary', 'node2', true, 'L7OK 200 3ms'),
  ended(28.85, 2, 'node2 leads'),
  began(28.86, 3),
  proxy(29.1, 'replicas', 'node2', false, 'L7STS 503 2ms'),
  ended(31.9, 3, 'held'),
  began(31.9, 4),
  {at: s(31.92), kind: 'fault-mending', id: 'crash', mend},
  {at: s(32.1), kind: 'container', host: 'node1', action: 'start', exitCode: null},
  {at: s(32.2), kind: 'fault-mended', id: 'crash', mend, ok: true},
  ended(32.2, 4, 'healed'),
  began(32.2, 5),
  etcd(33.4, 'node1', true),
  proxy(37.0, 'replicas', 'node1', true, 'L7OK 200 2ms'),
  ended(37.2, 5, 'node1 streams from node2'),
  began(37.2, 6),
  ended(39.2, 6, 'held'),
  {at: s(39.3), kind: 'phase', name: 'healing'},
  {at: s(39.4), kind: 'phase', name: 'recovery'},
  {at: s(40.2), kind: 'phase', name: 'final-reads'},
  {at: s(40.3), kind: 'final-rows', host: 'node2', timeline: 5, ranges: [[1, 4000]], duplicates: []},
  {at: s(40.5), kind: 'run-ended', how: 'complete'},
]

/** When node1 is there, when node2 leads. */
const nodes = {dies: 7.0, promoted: 28.6, returns: 34.0, streams: 35.5}

export function postgres(at: number, host: HostName): Event {
  const down = host === 'node1' && at >= nodes.dies && at < nodes.returns
  const leads = at < nodes.promoted ? host === 'node1' : host === 'node2'
  const timeline = at < nodes.promoted ? 4 : host === 'node1' && at < nodes.streams ? 4 : 5
  const written = 50_000_000 + Math.round(Math.min(at, nodes.dies) * 30_000 + Math.max(0, at - 28.7) * 30_000)
  const receiver =
    leads || (at > nodes.dies && at < nodes.promoted) || (host === 'node1' && at < nodes.streams && at > 7)
  return {
    at: s(at),
    kind: 'postgres',
    host,
    askedAt: s(at) - 2000,
    up: !down,
    inRecovery: down ? null : !leads,
    readOnly: down ? null : !leads,
    timeline: down ? null : timeline,
    lsn: down ? null : written,
    replayedLsn: down || leads ? null : host === 'node1' && at < nodes.streams ? 50_100_000 : written,
    error: down ? 'ECONNREFUSED' : null,
    receiver: down || receiver ? null : 'streaming',
  }
}

export function patroni(at: number, host: HostName): Event {
  const down = host === 'node1' && at >= nodes.dies && at < 33
  const leads = at < nodes.promoted ? host === 'node1' : host === 'node2'
  const state = host === 'node1' && at >= 33 && at < nodes.streams ? 'starting' : leads ? 'running' : 'streaming'
  return {
    at: s(at),
    kind: 'patroni',
    host,
    code: down ? null : 200,
    role: down ? null : leads ? 'primary' : 'replica',
    state: down ? null : state,
    timeline: null,
    lsn: null,
    streaming: [],
    tookMicros: 2000,
  }
}

let nextId = 0
export function op(
  at: number,
  op: 'write' | 'read',
  outcome: 'ok' | 'fail' | 'unknown',
  server: HostName | null,
): Event {
  nextId++
  return {
    at: s(at),
    kind: 'op',
    client: `w${nextId % 8}`,
    op,
    id: nextId,
    sentAt: s(at) - 3000,
    outcome,
    server,
    timeline: server === null ? null : server === 'node2' && op === 'write' ? 5 : 4,
    lsn: null,
    sqlstate: outcome === 'ok' ? null : '08006',
    error: outcome === 'ok' ? null : 'Connection terminated unexpectedly',
  }
}

/** The whole story with `perSecond` writes and a quarter as many reads, sorted. */
export function story(perSecond = 20): Event[] {
  const samples: Event[] = []
  for (let at = 1.2; at < 40.2; at += 0.1)
    for (const host of ['node1', 'node2', 'node3']) samples.push(postgres(at, host))
  for (let at = 1; at < 40.2; at++) {
    for (const host of ['node1', 'node2', 'node3']) samples.push(patroni(at, host))
    if (at < nodes.dies || at > nodes.promoted)
      samples.push({
        at: s(at - 0.35),
        kind: 'status-key',
        scope: 'pgha',
        optime: 1,
        revision: 20 + at,
        term: 2,
        told: 'node2',
      })
  }
  for (let n = 0; n < 39 * perSecond; n++) {
    const at = 1.2 + n / perSecond
    if (at < 6.99) samples.push(op(at, 'write', 'ok', 'node1'))
    else if (at >= 7 && at < 7 + 3 / perSecond) samples.push(op(at + 3, 'write', 'unknown', null))
    else if (at > 10 && at < 28.9 && n % perSecond === 0) samples.push(op(at, 'write', 'fail', null))
    else if (at >= 29 && at < 40.1) samples.push(op(at, 'write', 'ok', 'node2'))
    if (n % 4 === 0 && at < 40.1)
      samples.push(op(at + 0.001, 'read', 'ok', n % 8 ? 'node3' : at < 28.6 ? 'node2' : 'node3'))
  }
  return [...plot, ...samples].sort((a, b) => a.at - b.at)
}

const told = story()

/** The story up to a moment of it. */
export function storyUntil(seconds: number): Event[] {
  return told.filter(event => event.at <= s(seconds))
}
