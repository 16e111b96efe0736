/** What the planted violations are made of: what is drawn for each run, the runs, and single events. */
import fc from 'fast-check'
import type {Event, Of} from '../../../lab/history/event.ts'
import {calmRun} from './calm-run.ts'
import {cleanRun, micros, quickRun, type RunShape, sample} from './history-builder.ts'

/** What is drawn for each run. */
export interface Draw {
  readonly newLeader: 'node2' | 'node3'
  /** Where in the time that a plant may choose, from 0 to 1. */
  readonly where: number
  readonly replica: 'node2' | 'node3'
  /** From 1. */
  readonly size: number
  readonly pick: number
}

export const draws: fc.Arbitrary<Draw> = fc.record({
  newLeader: fc.constantFrom('node2', 'node3'),
  where: fc.double({min: 0, max: 1, noNaN: true}),
  replica: fc.constantFrom('node2', 'node3'),
  size: fc.integer({min: 1, max: 40}),
  pick: fc.nat(),
})

export type Plant = (events: Event[], draw: Draw) => readonly Event[]

export interface Case {
  readonly params: Readonly<Record<string, unknown>>
  readonly clean: (draw: Draw) => Event[]
  readonly plants: Readonly<Record<string, Plant>>
}

export const shapeOf = ({newLeader}: Draw, more: Partial<RunShape> = {}): RunShape => ({
  ...quickRun,
  newLeader,
  ...more,
})
export const failedOver =
  (more: Partial<RunShape> = {}) =>
  (draw: Draw) =>
    cleanRun(shapeOf(draw, more))
export const calm = () => calmRun()
/** Seconds after the fault, somewhere between the two. */
export const between = ({where}: Draw, from: number, to: number) => from + where * (to - from)
export const rules = (host: string, at: number, timeline: number) =>
  sample(host, at, {inRecovery: false, receiver: null, timeline})
/** By their own word when the tables were read. */
export const primariesAtEnd =
  (who: (draw: Draw) => readonly string[]): Plant =>
  (events, draw) =>
    events.map(event => (event.kind === 'final-rows' ? {...event, inRecovery: !who(draw).includes(event.host)} : event))
export const follows = (host: string, at: number, timeline: number) => sample(host, at, {timeline})
export const add =
  (what: (draw: Draw) => Event): Plant =>
  (events, draw) => [...events, what(draw)]
export const takesKey = (holder: string, at: number): Event => ({
  ...{at: micros(at), kind: 'leader-key', scope: 'pgha', holder, revision: 200, lease: 'c', term: 2, told: 'node2'},
})
export const one = <T>(all: readonly T[], {pick}: Draw): T => all[pick % all.length]!
export const writesOf = (events: readonly Event[], outcome: 'ok' | 'fail') =>
  events.filter((event): event is Of<'op'> => event.kind === 'op' && event.op === 'write' && event.outcome === outcome)
export const changed = (events: readonly Event[], which: Event, change: object) =>
  events.map(event => (event === which ? ({...event, ...change} as Event) : event))
export const says = (host: string, at: number, pendingRestart: boolean): Event => ({
  ...{at: micros(at), kind: 'patroni', host, code: 200, role: 'replica', state: 'running', timeline: 1, lsn: 1},
  ...{streaming: [], tookMicros: 1000, pendingRestart},
})
export const told = (server: string | null, timeline: number, at: number) => ({
  ...{at: micros(at), sentAt: micros(at) - 3000, outcome: 'ok' as const, server, timeline, sqlstate: null, error: null},
})
export const acknowledged = (server: string | null, timeline: number, at: number): Event => ({
  ...{kind: 'op', client: 'w1', op: 'write', id: 500_000_000, lsn: 1_000_000_000, ...told(server, timeline, at)},
})
export const committed = (server: string, timeline: number, at: number): Event => ({
  ...{kind: 'transaction', client: 'pgbench-w1', op: 'write', ...told(server, timeline, at)},
})
export const refused = (at: number, sqlstate: string): Event => ({
  ...{at: micros(at), kind: 'client-disconnected', client: 'w1', op: 'write', error: 'no connection', sqlstate},
})
export const ofEtcd = (host: string, at: number, up: boolean): Of<'etcd-member'> => ({
  ...{at: micros(at), kind: 'etcd-member', host, up, leader: up ? 'node3' : null, term: up ? 2 : null},
})
/** A client of the same name. */
export const connectedTo = (server: string, at: number): Event => ({
  ...{at: micros(at), kind: 'client-connected', client: `r-${server}`, op: 'read', server, tookMicros: 1000},
})
export const lostTo = (server: string, at: number): Event =>
  ({...refused(at, 'closed'), client: `r-${server}`}) as Event
export const members = ['node1', 'node2', 'node3']
export const until = (events: readonly Event[], seconds: number) => events.filter(event => event.at <= micros(seconds))
export const read = (at: number, more: Partial<Of<'op'>>): Event => ({
  ...{at: micros(at), sentAt: micros(at) - 2000, kind: 'op', client: 'r2', op: 'read', id: 1_500_000_000},
  ...{outcome: 'ok', server: 'node1', timeline: 1, lsn: 1, sqlstate: null, error: null, seen: 1},
  ...more,
})
/** A server that answers, at `at`, with the newest row of some time ago. */
export const lagging: Plant = (events, draw) => {
  const reads = events.filter((event): event is Of<'op'> => event.kind === 'op' && event.op === 'read')
  const late = one(
    reads.filter(event => event.at > micros(23)),
    draw,
  )
  return changed(events, late, {seen: (late.seen ?? 0) - 30 - draw.size})
}
export const exPrimary: Plant = (events, draw) => {
  const last = writesOf(events, 'ok').findLast(event => event.timeline === 1)!
  return [...events, read(between(draw, 23, 32), {seen: last.id})]
}
export const written = writesOf(cleanRun(quickRun), 'ok')
/** What r1 is answered on a replica that is so many seconds behind. */
export const replicaReads = (behind: (at: number) => number): Event[] => {
  return Array.from({length: 90}, (_, index): Event => {
    const at = 23 + index / 10
    const seen = written.findLast(write => write.at < micros(at - behind(at)) - 5000)?.id ?? null
    return read(at, {client: 'r1', id: 1_500_000_000 + index, server: 'node3', seen})
  })
}
export const reading = {
  params: {},
  clean: failedOver({readsPerSecond: 20}),
  plants: {'the old primary answers a read': exPrimary, 'a lagging server answers a read': lagging},
}
