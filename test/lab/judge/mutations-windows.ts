/**
 * An observer that could not look for a while and is back: what changed meanwhile is told late, when it looks again, or by nobody. Its
 * reports are missing then, or say that it took no sample (there was no way to what it watches), or that every one of them failed.
 */
import type {Event, Happening} from '../../../lab/history/event.ts'
import {type History, historyOf, of, once} from '../../../lab/history/history.ts'
import {accountOf, counting, hostOf, lineOf, tellerOf, type Witness} from '../../../lab/history/tellers.ts'
import {boundaries, deaf, distinct, everybody, type Mutation} from './mutations.ts'

interface Window {
  readonly from: number
  readonly to: number
}

/** What its reports say of the time in which it could not look. */
type Account = 'none' | 'no samples' | 'failures'

/** The runner's own sleep is told otherwise, and clients tell what they did. */
const observers = ['etcd', 'proxy', 'patroni', 'postgres', 'logs', 'disk', 'watchdog', 'engine'] as const

/** A little before each moment at which something is measured; each length and each account comes to each observer. */
const lengths = [2.5, 5, 12] as const
const accounts: readonly Account[] = ['none', 'no samples', 'failures']
const before = 300_000

export function deafWindows(history: History): Mutation[] {
  const end = history.events.at(-1)?.at ?? 0
  const pairs = distinct(
    history.events.flatMap(event => {
      const [who, host] = [tellerOf(event), hostOf(event)]
      // Of etcd one member that tells is enough: deaf to it is who hears none of them.
      return observers.some(one => one === who) ? [who === 'etcd' ? 'etcd ' : `${who} ${host ?? ''}`] : []
    }),
  ).map(one => one.split(' ') as [Witness, string])
  return pairs.flatMap(([who, host], which) =>
    boundaries(history).flatMap(([name, moment], index) => {
      // Each second one of them, so that the suite stays quick: over all runs every observer is deaf around every moment.
      if ((which + index) % 2 === 1) return []
      const seconds = lengths[Math.floor((which + index) / 2) % lengths.length]!
      const account = accounts[Math.floor((which + index) / 2 + which / 3) % accounts.length]!
      const window = {from: moment - before, to: moment - before + seconds * 1e6}
      if (window.to > end) return []
      const isIt = (event: Event) => tellerOf(event) === who && (host === '' || hostOf(event) === host)
      return {
        ...{kind: 'one observer deaf for a while', touches: [who]},
        name: `${who} ${host} for ${seconds} s before ${name}, reports: ${account}`,
        apply: (all: History) => deafFor(all, isIt, window, account),
      }
    }),
  )
}

/** Those that reach the lab through the observer's relay, when that is gone. */
const throughRelay: readonly Witness[] = ['etcd', 'patroni', 'proxy']

export function withoutWay(history: History): Mutation[] {
  const steps = of(history, 'phase').find(one => one.name === 'steps')?.at ?? 0
  const fault = of(history, 'fault-injecting')[0]?.at ?? steps
  const end = history.events.at(-1)?.at ?? 0
  const windows = [
    ['from the steps to the end', steps, end + 1],
    ['for 7 s from 1 s before the fault', fault - 1e6, fault + 6e6],
    ['for 10 s from 1 s after the fault', fault + 1e6, fault + 11e6],
    ['for 12 s from 15 s after the fault', fault + 15e6, fault + 27e6],
  ] as const
  return [throughRelay, ...throughRelay.map(one => [one])].flatMap(whos =>
    windows.map(([when, from, to]) => ({
      ...{kind: 'no way to the observer', name: `${whos.join(', ')} ${when}`, touches: whos},
      apply: (all: History) =>
        deafFor(all, event => whos.some(one => one === tellerOf(event)), {from, to}, 'no samples'),
    })),
  )
}

/** The same, and what changed meanwhile is not even told late: it is lost, or the run ended with it. */
export function withoutWord(history: History): Mutation[] {
  return withoutWay(history).map(one => ({
    ...{...one, kind: 'no way to the observer, and nothing told again'},
    apply: all => historyOf(one.apply(all).events.filter(event => !isToldAgain.has(event))),
  }))
}

const isToldAgain = new WeakSet<Event>()

/** One line of the record is missing. Its observer's reports say how many there were. */
export function lostLines(history: History): Mutation[] {
  const counted = withCounts(history)
  const lines = Map.groupBy(
    counted.events.filter(event => event.kind !== 'watching' && accountOf(event) !== null),
    event => `${event.kind} ${'sign' in event ? event.sign : ''} ${hostOf(event) ?? ''}`,
  )
  // Of what is told again and again one between; of changes the first and the last, too.
  const own = [...lines].flatMap(([name, all]) => {
    const middle = all[Math.floor(all.length / 2)]!
    return (all.length > 40 ? [middle] : distinct([all[0]!, middle, all.at(-1)!])).map(one => [name, one] as const)
  })
  return own.map(([name, lost]) => ({
    ...{kind: 'one line lost', name: `${name} at ${lost.at}`, touches: [tellerOf(lost)!]},
    apply: () => historyOf(counted.events.filter(one => one !== lost)),
  }))
}

/** One of the run's own lines is missing: of each kind the first and the last. */
export function lostOfRun(history: History): Mutation[] {
  const own = Map.groupBy(
    history.events.filter(event => tellerOf(event) === undefined && !isAside.has(event.kind)),
    event => ('name' in event ? `${event.kind} ${event.name}` : event.kind),
  )
  return [...own].flatMap(([name, all]) =>
    distinct([all[0]!, all.at(-1)!]).map(lost => ({
      ...{kind: "one of the run's own lines lost", name: `${name} at ${lost.at}`, touches: everybody},
      apply: ({events}: History) => historyOf(events.filter(one => one !== lost)),
    })),
  )
}

/** Told for people, or where what they tell stands in others as well. */
const isAside: ReadonlySet<Event['kind']> = new Set(['note', 'target', 'recovery'])

/** Of a record with numbered lines: one word or report is missing, and another one came twice, so that the counts are as they were. */
export function lostNumbers(history: History): Mutation[] {
  const numbered = withNumbers(history)
  const lines = Map.groupBy(numbered.events, lineOf)
  // Of each teller one, so that the suite stays quick: the first, one between, or the last.
  return [...lines].map(([name, all], which) => {
    const lost = all[[0, Math.floor(all.length / 2), all.length - 1][which % 3]!]!
    const twice = which % 2 === 0 ? all.find(one => one !== lost) : undefined
    return {
      ...{kind: 'a numbered line lost, another told twice', name: `${name} ${lost.n}`},
      touches: tellerOf(lost) === undefined ? everybody : [tellerOf(lost)!],
      apply: () => historyOf([...numbered.events.filter(one => one !== lost), ...(twice === undefined ? [] : [twice])]),
    }
  })
}

/** As a recorder numbers them today. */
export function withNumbers(history: History): History {
  const counts = new Map<string, number>()
  const events = withCounts(history).events.map((event): Event => {
    const n = counts.get(lineOf(event)) ?? 0
    counts.set(lineOf(event), n + 1)
    return event.kind === 'run-ended' ? {...event, n, lines: Object.fromEntries(counts)} : {...event, n}
  })
  return historyOf(events)
}

/** Recorded before reports had counts: what they would have said. */
export const withCounts = once((history): History => {
  const events: Event[] = []
  const record = counting((happening, at: number) => events.push({at, ...happening} as Event))
  for (const {at, ...happening} of history.events) record(happening as Happening, at)
  return historyOf(events)
})

/** One word on the leader key is not in the record. Whoever told it watched all the time. */
export function lostKeys(history: History): Mutation[] {
  return of(history, 'leader-key')
    .slice(0, 6)
    .map((lost, index) => ({
      ...{kind: 'a word on the leader key is lost', name: `the ${index + 1}. (${lost.holder ?? 'nobody'})`},
      touches: ['etcd' as const],
      apply: ({events}: History) => historyOf(events.filter(one => one !== lost)),
    }))
}

function deafFor(history: History, isIt: (event: Event) => boolean, {from, to}: Window, account: Account): History {
  const late = new Map<string, Event>()
  const end = history.events.at(-1)?.at ?? 0
  const left = history.events.flatMap((event, index): Event[] => {
    if (!isIt(event) || event.at >= to) return [event]
    const keep = subjectOf(event, index)
    // What stands when it looks again is told then, also where it is what stood before.
    if (keep !== null && (event.at >= from || event.kind === 'proxy')) late.set(keep, event)
    if (event.at < from) return [event]
    if (event.kind === 'watching' && account !== 'none')
      return [{...event, samples: 0, failures: 0, ...toldBy(account, event, from)}]
    return []
  })
  const again = [...late.values()].map(event => ({...event, at: to}))
  for (const event of again) isToldAgain.add(event)
  return historyOf(to > end ? left : [...left, ...again])
}

function toldBy(account: Account, event: Event & {kind: 'watching'}, from: number) {
  const samples = Math.max(1, event.samples)
  return account === 'failures' ? {samples, failures: samples} : {worstMicros: Math.round(event.at - from)}
}

/** What is told of when one looks again, and of what: a later one takes the place of an earlier one. Null: nobody tells it later. */
function subjectOf(event: Event, index: number): string | null {
  switch (event.kind) {
    case 'leader-key':
    case 'sync-key':
    case 'status-key':
    case 'config-key':
      return `${index}` // the watch goes on where it was: each of them
    case 'etcd-member':
    case 'patroni':
      return `${event.kind} ${event.host}`
    case 'proxy':
      return `${event.proxy} ${event.backend} ${event.server}`
    default:
      return null
  }
}

/** An observer of one host came late, or went early: its reports are missing there, and its words as well, or not. */
export function headsAndTails(history: History): Mutation[] {
  const pairs = distinct(
    history.events.flatMap(event => {
      const [who, host] = [tellerOf(event), hostOf(event)]
      return event.kind === 'watching' && observers.some(one => one === who) ? [`${who} ${host ?? ''}`] : []
    }),
  )
  return pairs.flatMap((pair, which) =>
    boundaries(history).flatMap(([name, moment], index) =>
      (['head', 'tail'] as const).flatMap(part => {
        if ((which + index) % 8 !== (part === 'head' ? 0 : 3)) return []
        const words = which % 2 === 0
        const isGone = (at: number) => (part === 'head' ? at < moment + 1e6 : at > moment + 1e6)
        return {
          ...{kind: 'an observer of one host came late or went early', touches: [pair.split(' ')[0] as Witness]},
          name: `${part} of ${pair} at ${name}${words ? ', words as well' : ''}`,
          apply: ({events}: History) =>
            deaf(
              one =>
                `${tellerOf(one)} ${hostOf(one) ?? ''}` === pair &&
                isGone(one.at) &&
                (one.kind === 'watching' || words),
            )(historyOf(events)),
        }
      }),
    ),
  )
}

/** One report of an observer is missing, and no word: the first after the fault, or one between. */
export function lostReports(history: History): Mutation[] {
  const fault = of(history, 'fault-injecting')[0]?.at ?? 0
  const ofEach = Map.groupBy(
    of(history, 'watching').filter(one => one.at > fault),
    one => `${one.who} ${one.host ?? ''}`,
  )
  return [...ofEach].flatMap(([name, all], which) =>
    // Each second one of them, so that the suite stays quick.
    [all[which % 2 === 0 ? 0 : Math.floor(all.length / 2)]!].map(lost => ({
      ...{kind: 'one report lost', name: `${name} at ${lost.at}`, touches: [lost.who]},
      apply: ({events}: History) => historyOf(events.filter(one => one !== lost)),
    })),
  )
}

/** All that an observer told for a while is missing from a record whose reports have counts: words, and the reports themselves. */
export function lostStretches(history: History): Mutation[] {
  const counted = withCounts(history)
  const end = history.events.at(-1)?.at ?? 0
  return observers.flatMap((who, which) =>
    boundaries(history).flatMap(([name, moment], index) => {
      if ((which + index) % 2 === 1) return []
      const seconds = [3, 10][Math.floor((which + index) / 2) % 2]!
      const [from, to] = [moment - (index % 3) * 1e6, moment - (index % 3) * 1e6 + seconds * 1e6]
      if (to > end) return []
      return {
        ...{kind: 'all words of one observer lost for a while', name: `${who} for ${seconds} s from ${from}, ${name}`},
        touches: [who],
        apply: () => historyOf(counted.events.filter(one => tellerOf(one) !== who || one.at < from || one.at >= to)),
      }
    }),
  )
}

/** The same of two at once, who might make up for each other; all hosts of theirs, or one. */
export function lostPairs(history: History): Mutation[] {
  const counted = withCounts(history)
  const end = history.events.at(-1)?.at ?? 0
  return pairsOfObservers.flatMap((pair, which) =>
    boundaries(history).flatMap(([name, moment], index) => {
      if ((which + index) % 8 !== 0) return []
      const [from, to] = [moment - 1e6, moment + [3, 11][index % 2]! * 1e6]
      if (to > end) return []
      return {
        ...{kind: 'all words of two observers lost for a while', name: `${pair.join(' and ')} from ${from}, ${name}`},
        touches: pair,
        apply: () =>
          historyOf(
            counted.events.filter(one => !pair.some(who => who === tellerOf(one)) || one.at < from || one.at >= to),
          ),
      }
    }),
  )
}

const pairsOfObservers = (['postgres', 'etcd', 'patroni', 'proxy', 'clients', 'logs', 'engine'] as const).flatMap(
  (one, index, all) => all.slice(index + 1).map((other): readonly Witness[] => [one, other]),
)

/** One line on a change is in the record later than it was told, though reports in between have counted it. */
export function lateLines(history: History): Mutation[] {
  const counted = withCounts(history)
  const end = counted.events.at(-1)?.at ?? 0
  const changes = counted.events.filter(event => told.has(event.kind))
  const lines = Map.groupBy(changes, event => `${event.kind} ${hostOf(event) ?? ''}`)
  return [...lines].flatMap(([name, all], which) =>
    distinct([0, Math.floor(all.length / 2), all.length - 1]).flatMap((place, index) => {
      const late = all[place]!
      const by = [1.5e6, 4e6][(which + index) % 2]!
      // Whoever tells one after the other does not tell a later one before it; of a key any member does.
      const next =
        late.kind === 'leader-key' ? changes.find(one => one.kind === late.kind && one.at > late.at) : all[place + 1]
      if (late.at + by >= Math.min(next?.at ?? end, end)) return []
      return {
        ...{kind: 'one line told late', name: `${name} at ${late.at}, ${by / 1e6} s late`, touches: [tellerOf(late)!]},
        apply: () => historyOf(counted.events.map(one => (one === late ? {...one, at: late.at + by} : one))),
      }
    }),
  )
}

const told: ReadonlySet<Event['kind']> = new Set(['leader-key', 'sync-key', 'etcd-member', 'proxy', 'virtual-address'])
