/**
 * A run by hand in which the leader stays the leader: a fault at 0 s, its mend at `mend`, and whatever a test changes. Times
 * are seconds after the fault, as in history-builder.ts.
 */
import type {Event, Happening} from '../../../lab/history/event.ts'
import type {HostName} from '../../../lab/topology/topology.ts'
import {strikeOf} from '../strike-of.ts'
import {lsnAt, micros, proxy, quickRun, sample, topologyOf, watchers} from './history-builder.ts'

export interface CalmShape {
  readonly mend: number
  readonly finalReads: number
  /** No write is acknowledged between these; attempts fail there once a second. */
  readonly outage: readonly [number, number] | null
  /** The leader answers as a read-only standby between these. */
  readonly demoted: readonly [number, number] | null
  readonly hosts: readonly HostName[]
}

export const calmShape: CalmShape = {mend: 12, finalReads: 20, outage: null, demoted: null, hosts: ['node2']}

/** Long because a run has that many kinds of lines. */
export function calmRun(changes: Partial<CalmShape> = {}): Event[] {
  const shape = {...calmShape, ...changes}
  const events: Event[] = []
  const add = (seconds: number, happening: Happening) => events.push({at: micros(seconds), ...happening} as Event)
  add(-8, {
    kind: 'run-started',
    run: 'run-2',
    scenario: {
      ...{name: 'calm', about: 'Nothing happens.', needs: {postgres: 3, etcd: 3}},
      ...{clients: [], steps: [], expect: []},
    },
    lab: 'demo',
    topology: topologyOf(quickRun),
    versions: {},
    startedAt: '2026-01-01T00:00:00.000000Z',
  })
  add(-7, {kind: 'leader-key', scope: 'pgha', holder: 'node1', revision: 10, lease: 'a1', term: 2, told: 'node2'})
  for (const host of ['node1', 'node2', 'node3']) add(-6.9, proxy(host, host === 'node1'))
  add(-4, {kind: 'phase', name: 'steps'})
  add(-0.1, {kind: 'target', fault: 'loss', selector: 'replica', hosts: shape.hosts})
  add(0, {
    kind: 'fault-injecting',
    id: 'loss',
    fault: 'kill',
    what: 'kill etcd',
    hosts: shape.hosts,
    params: {what: 'etcd'},
    strike: strikeOf('kill', {what: 'etcd'}, shape.hosts),
  })
  add(0.02, {kind: 'fault-injected', id: 'loss'})
  add(0.05, {kind: 'fault-proof', id: 'loss', holds: true, says: 'gone'})
  const mend = {do: 'start-service', host: shape.hosts[0]!, service: 'etcd'} as const
  add(shape.mend, {kind: 'fault-mending', id: 'loss', mend})
  add(shape.mend + 0.2, {kind: 'fault-mended', id: 'loss', mend, ok: true})
  add(shape.mend + 0.3, {kind: 'phase', name: 'healing'})
  add(shape.mend + 0.4, {kind: 'phase', name: 'recovery'})
  const within = (at: number, span: readonly [number, number] | null) => span !== null && at >= span[0] && at < span[1]
  for (let at = -7; at < shape.finalReads + 0.3; at += 0.1) {
    const primary = within(at, shape.demoted) ? {receiver: null} : {inRecovery: false, receiver: null}
    events.push(sample('node1', at, primary), sample('node2', at), sample('node3', at))
  }
  let id = 0
  const write = (at: number, ok: boolean) =>
    add(at, {
      kind: 'op',
      client: 'w1',
      op: 'write',
      id: ++id,
      sentAt: micros(at) - 3000,
      outcome: ok ? 'ok' : 'fail',
      server: ok ? 'node1' : null,
      timeline: ok ? 1 : null,
      lsn: ok ? lsnAt(at) : null,
      sqlstate: ok ? null : '25006',
      error: ok ? null : 'cannot execute INSERT in a read-only transaction',
    })
  for (let at = -6; at < shape.finalReads; at += 0.05) {
    if (!within(at, shape.outage)) write(at, true)
    else if (Math.round(at * 20) % 20 === 0) write(at, false)
  }
  for (let at = -7; at < shape.finalReads + 1; at += 1)
    for (const one of watchers) add(at, {kind: 'watching', ...one, samples: 10, failures: 0, worstMicros: 20_000})
  add(shape.finalReads, {kind: 'phase', name: 'final-reads'})
  for (const host of ['node1', 'node2', 'node3'])
    add(shape.finalReads + 0.1, {
      kind: 'final-rows',
      host,
      timeline: 1,
      ranges: [[1, id]],
      duplicates: [],
      checksum: '1:1',
      caughtUp: true,
    })
  add(shape.finalReads + 0.4, {kind: 'run-ended', how: 'complete'})
  return events
}
