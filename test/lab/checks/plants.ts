/** For every check: runs that it must not accuse, and violations to plant into them. The times, hosts and sizes are drawn. */
import fc from 'fast-check'
import type {CheckName} from '../../../lab/checks/index.ts'
import {bank} from '../../../lab/history/bank.ts'
import type {Event, Of} from '../../../lab/history/event.ts'
import {calmRun} from './calm-run.ts'
import {cleanRun, micros, proxy, quickRun, type RunShape, sample, withRows} from './history-builder.ts'

/** What is drawn for each run. */
interface Draw {
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

type Plant = (events: Event[], draw: Draw) => readonly Event[]

interface Case {
  readonly params: Readonly<Record<string, unknown>>
  readonly clean: (draw: Draw) => Event[]
  readonly plants: Readonly<Record<string, Plant>>
}

const shapeOf = ({newLeader}: Draw, more: Partial<RunShape> = {}): RunShape => ({...quickRun, newLeader, ...more})
const failedOver =
  (more: Partial<RunShape> = {}) =>
  (draw: Draw) =>
    cleanRun(shapeOf(draw, more))
const calm = () => calmRun()
/** Seconds after the fault, somewhere between the two. */
const between = ({where}: Draw, from: number, to: number) => from + where * (to - from)
const rules = (host: string, at: number, timeline: number) =>
  sample(host, at, {inRecovery: false, receiver: null, timeline})
const add =
  (what: (draw: Draw) => Event): Plant =>
  (events, draw) => [...events, what(draw)]
const takesKey = (holder: string, at: number): Event => ({
  ...{at: micros(at), kind: 'leader-key', scope: 'pgha', holder, revision: 200, lease: 'c', term: 2, told: 'node2'},
})
const one = <T>(all: readonly T[], {pick}: Draw): T => all[pick % all.length]!
const writesOf = (events: readonly Event[], outcome: 'ok' | 'fail') =>
  events.filter((event): event is Of<'op'> => event.kind === 'op' && event.op === 'write' && event.outcome === outcome)
const changed = (events: readonly Event[], which: Event, change: object) =>
  events.map(event => (event === which ? ({...event, ...change} as Event) : event))
const says = (host: string, at: number, pendingRestart: boolean): Event => ({
  ...{at: micros(at), kind: 'patroni', host, code: 200, role: 'replica', state: 'running', timeline: 1, lsn: 1},
  ...{streaming: [], tookMicros: 1000, pendingRestart},
})
const told = (server: string | null, timeline: number, at: number) => ({
  ...{at: micros(at), sentAt: micros(at) - 3000, outcome: 'ok' as const, server, timeline, sqlstate: null, error: null},
})
const acknowledged = (server: string | null, timeline: number, at: number): Event => ({
  ...{kind: 'op', client: 'w1', op: 'write', id: 400_000_000, lsn: 1_000_000_000, ...told(server, timeline, at)},
})
const committed = (server: string, timeline: number, at: number): Event => ({
  ...{kind: 'transaction', client: 'pgbench-w1', op: 'write', ...told(server, timeline, at)},
})
const members = ['node1', 'node2', 'node3']
const until = (events: readonly Event[], seconds: number) => events.filter(event => event.at <= micros(seconds))
const read = (at: number, more: Partial<Of<'op'>>): Event => ({
  ...{at: micros(at), sentAt: micros(at) - 2000, kind: 'op', client: 'r2', op: 'read', id: 1_999_999_999},
  ...{outcome: 'ok', server: 'node1', timeline: 1, lsn: 1, sqlstate: null, error: null, seen: 1},
  ...more,
})
/** A server that answers, at `at`, with the newest row of some time ago. */
const lagging: Plant = (events, draw) => {
  const reads = events.filter((event): event is Of<'op'> => event.kind === 'op' && event.op === 'read')
  const late = one(
    reads.filter(event => event.at > micros(23)),
    draw,
  )
  return changed(events, late, {seen: (late.seen ?? 0) - 30 - draw.size})
}
const exPrimary: Plant = (events, draw) => {
  const last = writesOf(events, 'ok').findLast(event => event.timeline === 1)!
  return [...events, read(between(draw, 23, 32), {seen: last.id})]
}
const reading = {
  params: {},
  clean: failedOver({readsPerSecond: 20}),
  plants: {'the old primary answers a read': exPrimary, 'a lagging server answers a read': lagging},
}

export const cases: Readonly<Record<CheckName, Case>> = {
  failover: {
    params: {within: 'budget'},
    clean: failedOver(),
    plants: {
      'the old server stays up': events =>
        events.filter(event => !(event.kind === 'proxy' && event.server === 'node1' && !event.up)),
      'the first write is late': (_, draw) => {
        const late = 8 + draw.where * 5
        return cleanRun(
          shapeOf(draw, {firstWrite: 22.1 + late, mend: 24 + late, rejoined: 29 + late, finalReads: 33 + late}),
        )
      },
    },
  },
  'clients-reconnect': {
    params: {within: '5s'},
    clean: failedOver(),
    plants: {
      'one client never comes back': (events, draw) =>
        events.filter(
          event => !(event.kind === 'op' && event.client === `w${1 + (draw.pick % 4)}` && event.at > micros(22)),
        ),
      'one client loses its way again': (events, draw) => {
        const from = between(draw, 23, 29)
        return events.map(event =>
          event.kind === 'op' && event.client === 'w2' && event.at > micros(from) && event.at < micros(from + 3)
            ? {...event, outcome: 'fail', sqlstate: '25006'}
            : event,
        )
      },
    },
  },
  'new-leader': {
    params: {},
    clean: failedOver(),
    plants: {
      'no write is acknowledged by it': events =>
        events.filter(event => !(event.kind === 'op' && event.outcome === 'ok' && event.at > micros(0))),
    },
  },
  'no-lost-writes': {
    params: {allow: 'async-tail'},
    clean: failedOver(),
    plants: {
      'a write is lost': (events, draw) => {
        const lost = one(
          writesOf(events, 'ok').filter(event => event.at < micros(-1) || event.timeline === 2),
          draw,
        )
        return withRows(events, rows => rows.delete(lost.id))
      },
      'a refused write is there': (events, draw) =>
        withRows(events, rows => rows.add(one(writesOf(events, 'fail'), draw).id)),
      'a row is not as it was written': (events, draw) =>
        events.map(event =>
          event.kind === 'final-rows' && (draw.where < 0.5 || event.host === draw.replica)
            ? {...event, altered: [[draw.size, draw.size + (draw.pick % 3)]]}
            : event,
        ),
      'a replica that had caught up lacks one': (events, draw) =>
        withRows(
          events,
          rows => rows.delete(one(writesOf(events, 'ok'), draw).id),
          draw.newLeader === 'node2' ? 'node3' : 'node2',
        ),
      'the old leader acknowledges one beside the new one': (events, draw) => [
        ...events.map((event): Event => {
          if (event.kind !== 'fault-injecting') return event
          const {dead: _, ...strike} = event.strike
          return {...event, strike}
        }),
        acknowledged('node1', 1, between(draw, 22.5, 31)),
      ],
      'a write is there twice': (events, draw) =>
        events.map(event => (event.kind === 'final-rows' ? {...event, duplicates: [draw.size]} : event)),
    },
  },
  'one-writable-primary': {
    params: {},
    clean: failedOver(),
    plants: {
      'the old primary is writable': add(draw => rules('node1', between(draw, 22.5, 32), 1)),
      'it takes the commit of a program': add(draw => committed('node1', 1, between(draw, 22.5, 32))),
      'a server that is no member takes a write': add(draw => acknowledged(null, 1 + draw.size, between(draw, -3, 32))),
    },
  },
  'writable-within-lock': {
    params: {},
    clean: failedOver(),
    plants: {
      'the old primary is writable': add(draw => rules('node1', between(draw, 20.2, 32), 1)),
      'a replica is': (events, draw) => [...events, rules(draw.newLeader, between(draw, 1, 20), 2)],
      'a replica takes the commit of a program': (events, draw) => [
        ...events,
        committed(draw.newLeader, 1, between(draw, 1, 20)),
      ],
      'the key goes to another': add(draw => takesKey('node1', between(draw, 23, 31))),
    },
  },
  'routed-to-leader': {
    params: {},
    clean: failedOver(),
    plants: {
      'a replica is up': add(
        draw =>
          ({
            at: micros(between(draw, -3, 15)),
            ...proxy(draw.newLeader === 'node2' ? 'node3' : 'node2', true),
          }) as Event,
      ),
      'a server that is no member takes a write': add(draw => acknowledged('other', 1, between(draw, -3, 32))),
      'the old leader stays up': events =>
        events.filter(event => !(event.kind === 'proxy' && event.server === 'node1' && !event.up)),
    },
  },
  fenced: {
    params: {},
    clean: failedOver(),
    plants: {'the old primary takes writes after the new one': add(draw => rules('node1', between(draw, 22.2, 32), 1))},
  },
  rejoined: {
    params: {within: '1m'},
    clean: failedOver(),
    plants: {
      'a member stays on the old timeline': (events, draw) =>
        events.map(event =>
          event.kind === 'postgres' && event.host !== draw.newLeader && event.host !== 'node1' && event.at > micros(30)
            ? {...event, timeline: 1}
            : event,
        ),
    },
  },
  recovered: {
    params: {within: '5s'},
    clean: calm,
    plants: {
      'a replica no longer streams': (events, draw) =>
        events.map(event =>
          event.kind === 'postgres' && event.host === draw.replica && event.at > micros(between(draw, 0, 12))
            ? {...event, receiver: null}
            : event,
        ),
    },
  },
  'no-failover': {
    params: {},
    clean: calm,
    plants: {
      'another takes the key': add(draw => takesKey(draw.replica, between(draw, 0.1, 19))),
      'another takes writes': add(draw => rules(draw.replica, between(draw, 0.1, 19), 2)),
      'the leader comes back on another timeline': add(draw => rules('node1', between(draw, 0.1, 19), 2)),
    },
  },
  'nobody-promoted': {
    params: {for: '10s'},
    clean: calm,
    plants: {
      'another takes the key': add(draw => takesKey(draw.replica, between(draw, 0.1, 11.9))),
      'another takes writes': add(draw => rules(draw.replica, between(draw, 0.1, 11.9), 2)),
    },
  },
  promoted: {
    params: {not: 'old-leader'},
    clean: failedOver(),
    plants: {'the old leader is': add(draw => rules('node1', between(draw, 23, 32), 3))},
  },
  demoted: {
    params: {within: '6s'},
    clean: () => calmRun({demoted: [2, 12], outage: [2, 14]}),
    plants: {'it takes a write later': add(draw => rules('node1', between(draw, 6.1, 11.9), 1))},
  },
  'two-writable-primaries': {
    params: {'at-least': '1s'},
    clean: draw =>
      calmRun().map(event =>
        event.kind === 'postgres' &&
        event.host === draw.replica &&
        event.at > micros(between(draw, 1, 5)) &&
        event.at < micros(between(draw, 1, 5) + 2)
          ? {...event, inRecovery: false, receiver: null, timeline: 2}
          : event,
      ),
    plants: {'there is only one': () => calmRun()},
  },
  unavailability: {
    params: {writes: {'at-most': '4s'}},
    clean: draw => calmRun({outage: [1, 1 + between(draw, 0.5, 3)]}),
    plants: {
      'nobody can write for longer': (_, draw) =>
        calmRun({outage: [between(draw, 0.5, 8), between(draw, 0.5, 8) + 4.5 + draw.size / 10]}),
    },
  },
  'timeline-monotone': {
    params: {},
    clean: failedOver(),
    plants: {
      'a promotion leaps': add(draw => rules(draw.newLeader, between(draw, 23, 32), 3 + draw.size)),
      'two lead on one': add(draw => rules('node1', between(draw, 23, 32), 2)),
    },
  },
  'no-pending-restart': {
    params: {},
    clean: draw => [
      ...calmRun(),
      ...members.flatMap(host => [says(host, between(draw, -3, 8), true), says(host, 18, false)]),
    ],
    plants: {'one waits again': add(draw => says(one(members, draw), between(draw, 18.1, 19.9), true))},
  },
  'pending-restart': {
    params: {},
    clean: draw => [...calmRun(), ...members.map(host => says(host, between(draw, -3, 8), true))],
    plants: {'one does not wait': add(draw => says(one(members, draw), between(draw, 8.1, 19), false))},
  },
  'read-only': {
    params: {},
    clean: draw => until(calmRun({demoted: [2, 12]}), between(draw, 4, 11)),
    plants: {'one takes writes': add(draw => rules(one(members, draw), between(draw, 4, 11), 1))},
  },
  'writes-flow': {
    params: {},
    clean: draw => until(calmRun(), between(draw, 1.5, 11)),
    plants: {
      'a write fails': (events, draw) => {
        const last = writesOf(events, 'ok').at(-1 - (draw.size % 10))!
        return changed(events, last, {outcome: 'fail', sqlstate: '25006'})
      },
    },
  },
  'monotonic-reads': reading,
  'read-your-writes': reading,
  bank: {
    params: {},
    clean: failedOver({bankPerSecond: 20}),
    plants: {
      'an audit finds one transfer too little or too much': (events, draw) => {
        const audits = events.filter(event => event.kind === 'bank' && event.op === 'audit' && event.outcome === 'ok')
        const amount = (draw.pick % 2 === 0 ? 1 : -1) * (1 + (draw.size % 5))
        return changed(events, one(audits, draw), {total: bank.total + amount})
      },
      'a member has another total at the end': (events, draw) =>
        events.map(event =>
          event.kind === 'final-rows' && event.host === draw.replica
            ? {...event, bankTotal: bank.total - draw.size}
            : event,
        ),
    },
  },
  'replicas-identical': {
    params: {},
    clean: draw => (draw.where < 0.5 ? calmRun() : cleanRun(shapeOf(draw))),
    plants: {
      'one member holds other rows': (events, draw) =>
        events.map(event =>
          event.kind === 'final-rows' && event.host === draw.replica
            ? {...event, checksum: `1:${1 + draw.size}`}
            : event,
        ),
    },
  },
  'logs-clean': {
    params: {},
    clean: calm,
    plants: Object.fromEntries(
      (['panic', 'bug'] as const).map((sign): [string, Plant] => [
        sign,
        add(draw => ({
          ...{at: micros(between(draw, -3, 19)), kind: 'log', host: one(members, draw), service: 'postgres'},
          ...{sign, says: 'as planted'},
        })),
      ]),
    ),
  },
}
