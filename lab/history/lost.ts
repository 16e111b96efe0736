/**
 * Faults that ended before a mend of ours began: somebody else ended them, or their limit ran out. What came afterwards did not come of
 * them. The run tells it (`fault-lost`), and the record shows it by itself, so that a run is judged alike that nobody watched for it.
 */

import {type HostName, hostsWith, type Topology} from '../topology/topology.ts'
import type {Micros} from '../words/quantity.ts'
import {attemptsOf} from './attempts.ts'
import {isDirect} from './client-group.ts'
import {clockSet} from './disturbances.ts'
import type {Event, Of} from './event.ts'
import {type History, of, once} from './history.ts'
import type {Strike} from './strike.ts'
import type {Witness} from './tellers.ts'

export interface Lost {
  readonly id: string
  readonly at: Micros
  /** So long after the fault came. */
  readonly after: Micros
  readonly host: HostName | null
  /** What became of it, or what showed that. */
  readonly says: string
  readonly event: Event
}

/** Whose word shows that a fault was lost, or that it was part of the machine. A claim about what a fault did needs them all. */
export const showLost: readonly Witness[] = ['engine', 'watchdog', 'patroni', 'postgres', 'clients']

/** Each fault that was lost, by the first sign of it and in the words of whoever looked for it, in the order of time. */
export const lostOf = once((history): readonly Lost[] =>
  of(history, 'fault-injecting')
    .flatMap(fault => {
      const {id} = fault
      const told = of(history, 'fault-lost').flatMap(one => (one.id === id ? sign(one, one.host, one.says) : []))
      const signs = [...told, ...shown(history, fault)]
      const first = signs.reduce<Sign | undefined>(
        (least, one) => (least && least.at <= one.at ? least : one),
        undefined,
      )
      if (first === undefined) return []
      // Whoever looked for the fault itself saw what became of it.
      const {host, says} = told[0] ?? first
      return [{...first, id, host, says, after: Math.max(0, first.at - fault.at)}]
    })
    .toSorted((a, b) => a.at - b.at),
)

type Sign = Pick<Lost, 'at' | 'host' | 'says' | 'event'>

function sign(event: Event, host: HostName | null, says: string): Sign {
  return {at: event.at, host, says, event}
}

/** Two clocks may be so far apart besides what is known of them. */
const apart: Micros = 100_000

/** What only comes of a fault's end, between its proof and its mend. */
function shown(history: History, fault: Of<'fault-injecting'>): Sign[] {
  const {id, at: t0, strike} = fault
  const proofs = of(history, 'fault-proof').filter(one => one.id === id)
  if (proofs.length === 0 || proofs.some(one => !one.holds)) return []
  const proven = Math.max(...proofs.map(one => one.at))
  const topology = of(history, 'run-started')[0]?.topology
  const hosts = [...new Set([...fault.hosts, ...(strike.cut ?? []).map(one => one.host)])]
  return hosts.flatMap(host => {
    const stretch = {id, host, t0, from: proven, to: mendOf(history, id, host)}
    const still = isStill(strike, host) || putToRest(history, stretch)
    const down = servicesDown(strike, host)
    return [
      ...(still ? woken(history, stretch) : down.length > 0 ? bootedAlone(history, stretch) : []),
      ...(still || down.length > 0 ? answered(history, stretch, still ? null : down) : []),
      ...(topology === undefined || strike.cut === undefined
        ? []
        : served(history, stretch, waysTo(topology, strike, host))),
    ]
  })
}

/** From the fault's proof on this host to its mend there. */
interface Watched {
  readonly id: string
  readonly host: HostName
  readonly t0: Micros
  readonly from: Micros
  readonly to: Micros
}

const isStill = ({dead, frozen}: Strike, host: HostName) =>
  dead?.includes(host) === true || frozen?.includes(host) === true

/** By the engine's word: it was shut down, say. */
function putToRest(history: History, {host, t0, from}: Watched): boolean {
  return of(history, 'container').some(
    one =>
      one.host === host &&
      (one.action === 'die' || one.action === 'pause') &&
      one.at > t0 - apart &&
      one.at < from + apart,
  )
}

const servicesDown = ({down = []}: Strike, host: HostName) =>
  down.filter(one => one.host === host).map(one => one.service)

function mendOf(history: History, id: string, host: HostName): Micros {
  const mending = of(history, 'fault-mending').find(one => one.id === id && (one.mend.host ?? host) === host)
  return mending?.at ?? Number.POSITIVE_INFINITY
}

/** Told by the engine: somebody started the host, or let it go on. A mend of another fault may start a host as well. */
function woken(history: History, {host, t0, to}: Watched): Sign[] {
  return startsOf(history, host, t0, to)
    .filter(one => !ofAMend(history, one))
    .slice(0, 1)
    .map(one => sign(one, host, `${host} was ${one.action === 'start' ? 'started' : 'unpaused'}, and not by a mend`))
}

/**
 * A host that boots starts all its services. Whoever holds one down there again says so by its mend at the latest; and a watchdog that
 * resets its host is part of the machine.
 */
function bootedAlone(history: History, {id, host, from, to}: Watched): Sign[] {
  const [boot] = startsOf(history, host, from, to)
  if (boot === undefined || to === Number.POSITIVE_INFINITY || ofAMend(history, boot)) return []
  const again = of(history, 'fault-again').some(one => one.id === id && one.host === host && one.at >= boot.at - apart)
  const reset = of(history, 'watchdog').some(
    one => one.host === host && one.state === 'fired' && one.at > from && one.at <= boot.at,
  )
  return again || reset ? [] : [sign(boot, host, `${host} was restarted, which started its services`)]
}

/** Nothing is known of when the engine said it when its clock was set. */
function startsOf(history: History, host: HostName, from: Micros, to: Micros): readonly Of<'container'>[] {
  if (clockSet(history) !== null) return []
  const off =
    apart + Math.max(0, ...of(history, 'clock').map(one => (one.who === 'engine' ? one.uncertaintyMicros : 0)))
  return of(history, 'container').filter(
    one =>
      one.host === host &&
      (one.action === 'start' || one.action === 'unpause') &&
      one.at > from + off &&
      one.at < to - off,
  )
}

function ofAMend(history: History, {host, at}: Of<'container'>): boolean {
  return of(history, 'fault-mending').some(begun => {
    if (begun.mend.host !== host || begun.at > at + apart) return false
    const done = of(history, 'fault-mended').find(one => one.id === begun.id && one.at >= begun.at && same(one, begun))
    return done === undefined || done.at >= at - apart
  })
}

const same = (one: Of<'fault-mended'>, other: Of<'fault-mending'>) =>
  one.mend.do === other.mend.do && one.mend.host === other.mend.host

/** Asked after the fault was proven. @param services held down; null: all of the host is still. */
function answered(history: History, {host, from, to}: Watched, services: readonly string[] | null): Sign[] {
  const until = restart(history, host, from, to)
  const isIn = (askedAt: Micros, at: Micros) => askedAt > from + apart && at < until
  const patroni =
    services === null || services.includes('patroni')
      ? of(history, 'patroni').find(
          one => one.host === host && one.code !== null && isIn(one.at - one.tookMicros, one.at),
        )
      : undefined
  const postgres =
    services === null
      ? of(history, 'postgres').find(one => one.host === host && one.up && isIn(one.askedAt, one.at))
      : undefined
  return [
    ...(patroni ? [sign(patroni, host, `Patroni of ${host} answered again`)] : []),
    ...(postgres ? [sign(postgres, host, `PostgreSQL of ${host} answered again`)] : []),
  ]
}

/** Answered by a host though nothing of the way to it was open. */
function served(history: History, {host, from, to}: Watched, open: Ways): Sign[] {
  if (open.direct && open.throughProxy) return []
  const off =
    apart + Math.max(0, ...of(history, 'clock').map(one => (one.who === 'clients' ? one.uncertaintyMicros : 0)))
  const until = restart(history, host, from, to)
  const first = attemptsOf(history).find(
    one =>
      one.server === host &&
      one.outcome === 'ok' &&
      one.sentAt > from + off &&
      one.at < until &&
      !(isDirect(one.client) ? open.direct : open.throughProxy),
  )
  if (first === undefined) return []
  return [sign(first, host, `${host}, which was cut off, answered a ${first.op} of ${first.client}`)]
}

/** What a host that restarts has of the fault, the run says. */
function restart(history: History, host: HostName, from: Micros, to: Micros): Micros {
  return Math.min(to, startsOf(history, host, from, to)[0]?.at ?? Number.POSITIVE_INFINITY)
}

interface Ways {
  readonly direct: boolean
  readonly throughProxy: boolean
}

/** Whether clients still get through to the host. A cut that is not of all traffic leaves them a way. */
function waysTo(topology: Topology, {cut = []}: Strike, host: HostName): Ways {
  const drops = (one: HostName, other: HostName) =>
    cut.some(each => each.service === null && each.host === one && each.from.includes(other))
  const isOpen = (one: HostName, other: HostName) => one === other || !(drops(one, other) || drops(other, one))
  const clients = hostsWith(topology, 'client')
  return {
    direct: clients.some(client => isOpen(client, host)),
    throughProxy: hostsWith(topology, 'haproxy').some(
      proxy => isOpen(proxy, host) && clients.some(client => isOpen(client, proxy)),
    ),
  }
}
