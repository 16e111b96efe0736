/**
 * What each host was from moment to moment, as intervals: what the probes saw, what etcd told, what the engine said. A state
 * lasts from the event that first showed it to the event that first showed another; where nobody looked, there is a gap.
 */
import type {Event, History, HostName, Micros, Of, ServiceName} from '../../lab/index.ts'
import type {ContainerPhase, Role} from '../../lab/inside/reading.ts'
import {containerAfter, countLeading, isWritable, of, plain, roleOfHost, viewOf} from '../../lab/inside/reading.ts'

export interface Interval<S> {
  readonly from: Micros
  readonly to: Micros
  readonly is: S
}

export interface RoleState {
  /** That a replica is being promoted shows by the key, which is a row of its own. */
  readonly role: Exclude<Role, 'promoting'>
  /** Of a replica: the one that it receives; null while it streams from nobody. */
  readonly timeline: number | null
}

/** Which of a host's services that we ask did not answer; empty: all of `asked` did. */
export interface Answers {
  readonly asked: readonly string[]
  readonly silent: readonly string[]
}

interface HostLane {
  readonly host: HostName
  readonly services: readonly ServiceName[]
  /** Of its PostgreSQL. */
  readonly role: readonly Interval<RoleState>[]
  /** It held the leader key, as etcd's watch told. */
  readonly key: readonly Interval<true>[]
  readonly answers: readonly Interval<Answers>[]
}

interface ProxyLane {
  readonly proxy: HostName
  /** The servers it sent writes to. */
  readonly routed: readonly Interval<readonly HostName[]>[]
}

export interface Lanes {
  /** The clients and probes begin. */
  readonly from: Micros
  readonly to: Micros
  readonly hosts: readonly HostLane[]
  readonly proxies: readonly ProxyLane[]
}

/** The probe asks 20 times a second and waits for 1 s: this long without a question, and nobody looked. */
const unobserved: Micros = 1_000_000

export function lanesOf(history: History): Lanes {
  const from = history.events.find(event => event.kind === 'phase' && event.name === 'steady')?.at ?? 0
  const to = Math.max(from + 1, history.events.at(-1)?.at ?? 0)
  const hosts = of(history, 'run-started')[0]?.topology.hosts ?? []
  return {
    from,
    to,
    hosts: hosts
      .filter(({services}) => services.includes('patroni') || services.includes('etcd'))
      .map(({name, services}) => {
        const own = viewOf(history, name)
        const holders = holdersOf(own, to)
        return {
          host: name,
          services,
          role: clip(rolesOf(own, name, holders, to), from),
          key: clip(
            holders.flatMap(one => (one.is === name ? {...one, is: true as const} : [])),
            from,
          ),
          answers: clip(answersOf(history, name, to), from),
        }
      }),
    proxies: hosts
      .filter(({services}) => services.includes('haproxy'))
      .map(({name}) => ({proxy: name, routed: clip(routesOf(history, name, to), from)})),
  }
}

/** Gathers a state's changes into intervals; `null` is a state that nobody knows. */
class Track<S> {
  readonly #intervals: Interval<S>[] = []
  #is: S | null = null
  #since: Micros = 0

  set(at: Micros, is: S | null): void {
    if (JSON.stringify(is) === JSON.stringify(this.#is)) return
    const moment = Math.max(at, this.#since)
    if (this.#is !== null && moment > this.#since) this.#intervals.push({from: this.#since, to: moment, is: this.#is})
    this.#is = is
    this.#since = moment
  }

  end(at: Micros): Interval<S>[] {
    this.set(at, null)
    return this.#intervals
  }
}

function clip<S>(intervals: readonly Interval<S>[], from: Micros): Interval<S>[] {
  return intervals.flatMap(one => (one.to <= from ? [] : {...one, from: Math.max(from, one.from)}))
}

/** @param intervals in order and apart. */
function intervalAt<S>(intervals: readonly Interval<S>[], at: Micros): Interval<S> | undefined {
  const found = intervals[countLeading(intervals, one => one.to <= at)]
  return found !== undefined && found.from <= at ? found : undefined
}

function holdersOf(history: History, to: Micros): Interval<HostName>[] {
  const track = new Track<HostName>()
  for (const event of of(history, 'leader-key')) track.set(event.at, event.holder)
  return track.end(to)
}

function rolesOf(
  history: History,
  host: HostName,
  holders: readonly Interval<HostName>[],
  to: Micros,
): Interval<RoleState>[] {
  const track = new Track<RoleState>()
  const changes: Event[] = history.events.filter(
    event =>
      (event.kind === 'postgres' && event.host === host) ||
      (event.kind === 'container' && event.host === host) ||
      event.kind === 'leader-key',
  )
  const told = of(history, 'leader-key')[0]?.at ?? Number.POSITIVE_INFINITY
  let container: ContainerPhase = 'running'
  let sample: Of<'postgres'> | undefined
  const state = (at: Micros): RoleState | null => {
    const answer =
      sample === undefined ? null : {...plain(sample), writable: isWritable(sample) && sample.readOnly === false}
    const key = intervalAt(holders, at)?.is === host ? 'own' : at < told ? 'untold' : 'not-own'
    const role = roleOfHost(container, answer, key)
    if (role === null) return null
    const timeline = sample !== undefined && isServer(role) ? sample.timeline : null
    return {role: role === 'promoting' ? 'replica' : role, timeline}
  }
  for (const event of changes) {
    if (event.kind === 'container') {
      container = containerAfter(event.action) ?? container
      // Nothing runs there yet, or no more; what was known is of yesterday.
      if (event.action === 'start') sample = undefined
      track.set(event.at, event.action === 'start' ? {role: 'silent', timeline: null} : state(event.at))
    } else if (event.kind === 'postgres') {
      if (sample !== undefined && isUp(container) && event.askedAt - sample.at > unobserved) track.set(sample.at, null)
      sample = event
      // What does not answer has been silent since it was asked.
      track.set(event.up ? event.at : event.askedAt, state(event.at))
    } else if (sample !== undefined) track.set(event.at, state(event.at))
  }
  if (sample !== undefined && isUp(container) && to - sample.at > unobserved) track.set(sample.at, null)
  return track.end(to)
}

function isUp(container: ContainerPhase): boolean {
  return container === 'running' || container === 'started'
}

/** One that answers. */
function isServer(role: Role): boolean {
  return role !== 'silent' && role !== 'stopped' && role !== 'paused'
}

/** PostgreSQL's and Patroni's own answers, and etcd's. */
function answersOf(history: History, host: HostName, to: Micros): Interval<Answers>[] {
  const track = new Track<Answers>()
  const up = new Map<string, boolean>()
  for (const event of history.events) {
    if (!('host' in event) || event.host !== host) continue
    const told =
      event.kind === 'postgres'
        ? (['PostgreSQL', event.up] as const)
        : event.kind === 'patroni'
          ? (['Patroni', event.code !== null] as const)
          : event.kind === 'etcd-member'
            ? (['etcd', event.up] as const)
            : undefined
    if (told === undefined || up.get(told[0]) === told[1]) continue
    up.set(told[0], told[1])
    const asked = [...up.keys()].sort()
    track.set(event.at, {asked, silent: asked.filter(service => !up.get(service))})
  }
  return track.end(to)
}

function routesOf(history: History, proxy: HostName, to: Micros): Interval<readonly HostName[]>[] {
  const track = new Track<readonly HostName[]>()
  const up = new Map<HostName, boolean>()
  for (const event of of(history, 'proxy')) {
    if (event.proxy !== proxy || event.backend !== 'primary') continue
    up.set(event.server, event.up)
    track.set(event.at, [...up.keys()].filter(server => up.get(server)).sort())
  }
  return track.end(to)
}
