import type {CheckName} from '../../../lab/checks/index.ts'
import {bank} from '../../../lab/history/bank.ts'
import type {Event} from '../../../lab/history/event.ts'
import {calmRun} from './calm-run.ts'
import {streamsAgain} from './cascade.ts'
import {cleanRun, micros, proxy, withRows} from './history-builder.ts'
import {
  acknowledged,
  add,
  between,
  type Case,
  calm,
  changed,
  committed,
  connectedTo,
  failedOver,
  follows,
  lostTo,
  members,
  ofEtcd,
  one,
  type Plant,
  primariesAtEnd,
  reading,
  refused,
  replicaReads,
  rules,
  says,
  shapeOf,
  takesKey,
  until,
  writesOf,
} from './planting.ts'
import {renumbered} from './renumbered.ts'
import {looks, events as slot} from './slots.ts'
import {addressMoves} from './virtual-address.ts'

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
        renumbered(
          events.filter(
            event => !(event.kind === 'op' && event.client === `w${1 + (draw.pick % 4)}` && event.at > micros(22)),
          ),
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
        renumbered(
          events.filter(event => !(event.kind === 'op' && event.outcome === 'ok' && event.at > micros(0))),
          events,
        ),
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
      'it is a primary again when the tables are read': primariesAtEnd(draw => ['node1', draw.newLeader]),
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
      'it is a primary beside the new one when the tables are read': primariesAtEnd(draw => ['node1', draw.newLeader]),
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
      'another is a primary when the tables are read': primariesAtEnd(draw => ['node1', draw.replica]),
      'a replica is on a timeline that nobody led': add(draw => follows(draw.replica, between(draw, 0.1, 19), 2)),
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
  errors: {
    params: {allow: {'08006': '25s', closed: '1s', other: '1s'}},
    clean: failedOver(),
    plants: {
      'somebody meets another one': (events, draw) => {
        const failed = one(writesOf(events, 'fail'), draw)
        return changed(events, failed, {sqlstate: '25006', error: 'cannot execute INSERT in a read-only transaction'})
      },
      'a connection is refused': add(draw => refused(between(draw, 0.1, 32), 'ECONNREFUSED')),
      'one that is allowed is met for longer': (events, draw) => [
        ...events,
        ...[2, 4 + draw.size / 10].map(at => refused(between(draw, 0.1, 20) + at, 'closed')),
      ],
    },
  },
  'lost-connections': {
    params: {},
    clean: draw => [
      ...failedOver()(draw),
      ...members.map(host => connectedTo(host, -6)),
      ...['node1', draw.newLeader].map(host => lostTo(host, host === 'node1' ? 0.1 : 22)),
    ],
    plants: {
      'a reader is cut from the replica that goes on as one': add(draw =>
        lostTo(draw.newLeader === 'node2' ? 'node3' : 'node2', between(draw, 0.5, 29)),
      ),
    },
  },
  'timeline-monotone': {
    params: {},
    clean: failedOver(),
    plants: {
      'a promotion leaps': add(draw => rules(draw.newLeader, between(draw, 23, 32), 3 + draw.size)),
      'two lead on one': add(draw => rules('node1', between(draw, 23, 32), 2)),
      'two lead on one when the tables are read': primariesAtEnd(draw => ['node1', draw.newLeader]),
      'a replica is on a timeline that nobody led': add(draw => follows('node1', between(draw, 29, 32), 2 + draw.size)),
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
  'stale-reads': {
    params: {'at-most': '2s'},
    clean: draw => [...failedOver({readsPerSecond: 20})(draw), ...replicaReads(() => 0)],
    plants: {
      'a replica lags for a while': (events, draw) => [
        ...events.filter(event => !(event.kind === 'op' && event.client === 'r1')),
        ...replicaReads(at => (at > between(draw, 23, 29) ? 2.5 + draw.size / 20 : 0)),
      ],
    },
  },
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
  'streams-again': streamsAgain,
  'address-moves': addressMoves,
  'slot-kept': {
    params: {name: 'events'},
    clean: draw => [...cleanRun(shapeOf(draw)), ...looks()],
    plants: {
      'the new leader lacks it once': (all, draw) => {
        const own = all.filter(
          event => event.kind === 'slots' && event.host === draw.newLeader && event.at > micros(22),
        )
        return changed(all, one(own, draw), {slots: []})
      },
      'it was made anew': (all, draw) =>
        all.map(event =>
          event.kind === 'slots' && event.host === draw.newLeader && event.at > micros(between(draw, 22, 30))
            ? {...event, slots: [{...slot, confirmed: slot.confirmed! + draw.size}]}
            : event,
        ),
    },
  },
  'quorum-kept': {
    params: {},
    clean: failedOver(),
    plants: {
      'two of its members do not answer': (events, draw) => [
        ...events,
        ...['node1', draw.replica].flatMap(host => [
          ofEtcd(host, between(draw, 0.1, 20), false),
          ofEtcd(host, between(draw, 0.1, 20) + 5 + draw.size / 10, true),
        ]),
      ],
      'two of them know no leader': (events, draw) => [
        ...events,
        ...['node1', draw.replica].map(host => ({...ofEtcd(host, between(draw, 0.1, 20), true), leader: null})),
      ],
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
