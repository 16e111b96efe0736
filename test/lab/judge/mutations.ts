/**
 * Ways in which a record can lose evidence, or be told late: each makes another record of a recorded run. What happened in the run
 * has not changed, so no verdict may turn into its contrary.
 */
import type {Event} from '../../../lab/history/event.ts'
import {failoversOf, measuredPhases} from '../../../lab/history/failover.ts'
import {type History, historyOf, of, once} from '../../../lab/history/history.ts'
import {hostOf, observers, tellerOf, tellers, type Witness} from '../../../lab/history/tellers.ts'
import {renumbered} from '../checks/renumbered.ts'

type Kind = Event['kind']
export interface Mutation {
  /** Of all recordings together. */
  readonly kind: string
  /** Which of that kind. */
  readonly name: string
  /** Whose word is touched. A check that needs nobody of these may not change its mind. */
  readonly touches: readonly Witness[]
  apply(history: History): History
}

const only = (keep: (event: Event) => boolean) => (history: History) => historyOf(history.events.filter(keep))
export const distinct = <T>(all: Iterable<T>): T[] => [...new Set(all)]

/** All that can be done to this record. */
export function mutationsOf(history: History): Mutation[] {
  return [
    ...droppedKinds(history),
    ...unaskedLeases(history),
    ...deafHosts(history),
    ...deafObservers(history),
    ...stalls(history),
    ...clockSteps(history),
    ...truncations(history),
    ...orders(history),
  ]
}

/** Its observer goes on saying that it watches. */
function droppedKinds(history: History): Mutation[] {
  return distinct(history.events.map(one => one.kind))
    .filter(kind => tellers[kind] !== undefined || kind === 'watching' || kind === 'fault-proof' || kind === 'clock')
    .map(kind => ({
      ...{kind: 'one kind of event dropped', name: kind},
      touches: tellers[kind] === undefined ? everybody : [tellers[kind]!],
      apply: only(event => event.kind !== kind),
    }))
}

/** What etcd says of the lease stays, and not what two answers tell of its last refresh: as in records before that was asked for. */
function unaskedLeases(history: History): Mutation[] {
  if (!of(history, 'lease').some(one => 'refreshedAt' in one)) return []
  const without = (event: Event): Event => {
    if (event.kind !== 'lease') return event
    const {refreshedAt: _, ...rest} = event
    return rest
  }
  return [
    {
      ...{kind: 'the last refresh of the lease not told', name: 'by etcd', touches: ['etcd']},
      apply: ({events}) => historyOf(events.map(without)),
    },
  ]
}

export const everybody: readonly Witness[] = [...observers, 'rows']

function deafHosts(history: History): Mutation[] {
  const about = history.events.filter(event => tellerOf(event) !== undefined && hostOf(event) !== undefined)
  const pairs = distinct(about.map(event => `${tellerOf(event)} ${hostOf(event)}`)).map(one => one.split(' '))
  const hosts = distinct(pairs.map(([, host]) => host!))
  return [
    ...pairs.map(([teller, host]) => ({
      ...{kind: 'one observer deaf to one host', name: `${teller} of ${host}`, touches: [teller as Witness]},
      apply: deaf(event => tellerOf(event) === teller && hostOf(event) === host),
    })),
    ...hosts.map(host => ({
      ...{kind: 'all observers deaf to one host', name: host},
      touches: distinct(pairs.filter(([, of]) => of === host).map(([teller]) => teller as Witness)),
      apply: deaf(event => tellerOf(event) !== undefined && hostOf(event) === host),
    })),
  ]
}

/** What one member of etcd did not tell another one does, if it is watched at all. */
export function deaf(lost: (event: Event) => boolean) {
  return (history: History) => {
    const others = distinct(
      of(history, 'watching').flatMap(one =>
        one.who === 'etcd' && !lost(one) && one.host !== undefined ? [one.host] : [],
      ),
    )
    return historyOf(
      history.events.flatMap(event => {
        if (!lost(event)) return [event]
        return 'told' in event && others[0] !== undefined ? [{...event, told: others[0]}] : []
      }),
    )
  }
}

function deafObservers(history: History): Mutation[] {
  const all = distinct(history.events.flatMap(event => tellerOf(event) ?? []))
  const steps = of(history, 'phase').find(one => one.name === 'steps')?.at ?? 0
  const fault = of(history, 'fault-injecting')[0]?.at ?? steps
  return all.flatMap(teller =>
    (
      [
        ['from the start', 0],
        ['from the steps on', steps],
        ['from 1 s after the fault on', fault + 1_000_000],
      ] as const
    ).map(([when, from]) => ({
      ...{kind: 'one observer deaf', name: `${teller} ${when}`, touches: [teller]},
      apply: only(event => tellerOf(event) !== teller || event.at < from),
    })),
  )
}

/** The moments between which something is measured. */
export const boundaries = once((history): readonly (readonly [string, number])[] => {
  const all = failoversOf(history)
  const phases =
    typeof all === 'string'
      ? []
      : all.flatMap(one =>
          Object.entries(measuredPhases(one)).map(
            ([phase, after]) => [`${phase} of ${one.fault.id}`, one.t0 + after!] as const,
          ),
        )
  return [
    ...of(history, 'fault-injecting')
      .slice(0, 2)
      .map((one, index) => [`fault ${index + 1}`, one.at] as const),
    ...phases,
    ...of(history, 'fault-mending')
      .slice(0, 2)
      .map((one, index) => [`mend ${index + 1}`, one.at] as const),
    ...of(history, 'phase')
      .filter(one => one.name === 'healing' || one.name === 'recovery' || one.name === 'final-reads')
      .map(one => [one.name, one.at] as const),
  ]
})

const stallSeconds = [0.5, 2, 10, 30]

/** A process of ours slept: what came meanwhile is told when it wakes up, and what it would have asked was not asked. */
function stalls(history: History): Mutation[] {
  return boundaries(history).flatMap(([name, moment]) =>
    stallSeconds.flatMap(seconds =>
      (['runner', 'clients'] as const).map(who => ({
        ...{
          kind: `the ${who === 'runner' ? 'runner' : "clients' agent"} slept`,
          name: `${seconds} s just before ${name}`,
        },
        // The runner tells the parts of the run as well, by which everything is laid out.
        touches: who === 'clients' ? ['clients' as const] : everybody,
        apply: (of: History) => asleep(of, who, moment - 1, moment - 1 + seconds * 1e6),
      })),
    ),
  )
}

/** Whose times are another clock's, as these arrive with them. */
const ownClock = new Set<Kind>(['container', 'watchdog', 'log'])

/** It slept from `from` to `to`. */
export function asleep(history: History, who: 'runner' | 'clients', from: number, to: number): History {
  const isIn = (at: number) => at >= from && at < to
  const told = history.events.flatMap((event): Event[] => {
    const byClients = tellerOf(event) === 'clients'
    if (byClients !== (who === 'clients') || ownClock.has(event.kind) || event.kind === 'final-rows') return [event]
    if (event.kind === 'watching') {
      if (isIn(event.at)) return []
      // The first report after it tells how late it was.
      const first = event.at >= to && event.at < to + 1_100_000
      return [first ? {...event, worstMicros: Math.max(event.worstMicros, to - from)} : event]
    }
    if ('askedAt' in event && isIn(event.askedAt)) return []
    if ('sentAt' in event && isIn(event.sentAt)) return []
    return [isIn(event.at) ? {...event, at: to} : event]
  })
  const end = told.at(-1)?.at ?? 0
  const slept: Event = {at: to, kind: 'watching', who, samples: 1, failures: 0, worstMicros: to - from}
  // What it did not begin has no id.
  const numbered = who === 'clients' ? renumbered(told, history.events) : told
  return historyOf(to <= end + 2_000_000 ? [...numbered, slept] : numbered)
}

/** The engine's wall clock is set in the middle; what it stamps from there on is that much off. */
function clockSteps(history: History): Mutation[] {
  const first = of(history, 'clock').find(one => one.who === 'engine')
  if (first === undefined) return []
  return boundaries(history).flatMap(([name, moment]) =>
    [-5, 5].map(seconds => ({
      ...{
        kind: "the engine's clock was set",
        name: `${seconds} s at ${name}`,
        touches: ['engine', 'watchdog', 'logs'] as const,
      },
      apply: ({events}: History) =>
        historyOf([
          ...events.map(event =>
            ownClock.has(event.kind) && event.at >= moment
              ? {...event, at: Math.max(0, event.at + seconds * 1e6)}
              : event,
          ),
          {...first, at: moment + 1_000_000, offsetMicros: first.offsetMicros - seconds * 1e6},
        ]),
    })),
  )
}

/** The process was killed there. */
function truncations(history: History): Mutation[] {
  return boundaries(history).map(([name, moment]) => ({
    ...{kind: 'the record breaks off', name: `just after ${name}`, touches: everybody},
    apply: only(event => event.at <= moment),
  }))
}

/** Sources told in another order what they told at one time; and everything came twice. */
function orders(_: History): Mutation[] {
  return [
    {
      ...{kind: 'sources told in another order', name: 'backwards', touches: []},
      apply: ({events}) => {
        const sources = distinct(events.map(one => tellerOf(one) ?? 'run')).toReversed()
        return historyOf(sources.flatMap(source => events.filter(one => (tellerOf(one) ?? 'run') === source)))
      },
    },
    {
      ...{kind: 'events told twice', name: 'all but what the run itself did', touches: []},
      apply: ({events}) => historyOf(events.flatMap(one => (tellerOf(one) === undefined ? [one] : [one, one]))),
    },
  ]
}
