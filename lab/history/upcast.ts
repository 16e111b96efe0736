/**
 * Frozen: what older records leave out, and new ones say themselves: which cluster a key is about (there was one), whose clock was
 * measured, and what the faults of runs did that were recorded before a fault said it itself (`strike`), told from their names and
 * their parameters as they were written; where parameters were not kept either, from the text, such as `kill host on leader`. The
 * one place that knows faults by name. Nothing is added for what is made or changed today: it records what it means.
 */
import {type CutOff, type LeaderFault, noBounds, type Struck, struckByCuts} from '../budget/index.ts'
import {type HostName, hostsWith, type Topology} from '../topology/topology.ts'
import type {Event, Of} from './event.ts'
import type {Strike} from './strike.ts'

type Injecting = Of<'fault-injecting'>

/** As it was recorded then. */
export type Old = Omit<Injecting, 'strike'> & Partial<Pick<Injecting, 'strike'>>

type ScopedKind = 'leader-key' | 'status-key' | 'sync-key' | 'lease'
type Unscoped<K extends ScopedKind> = K extends unknown ? Omit<Of<K>, 'scope'> & Partial<Pick<Of<K>, 'scope'>> : never

/** What a file may hold: an event of today, or one as it was recorded before. */
export type InFile<K extends Event['kind'] = Event['kind']> = K extends 'fault-injecting'
  ? Old
  : K extends 'clock'
    ? Omit<Of<'clock'>, 'who'> & {readonly who: 'app1' | Of<'clock'>['who']}
    : K extends ScopedKind
      ? Unscoped<K>
      : Of<K>

/** Of every cluster then. */
const scope = 'pgha'

/** The events of a file, one after the other. */
export class Upcast {
  #topology: Topology | undefined
  /** Whom the selectors of a fault meant. */
  readonly #targets = new Map<string, readonly HostName[]>()

  of(event: InFile): Event {
    switch (event.kind) {
      case 'run-started':
        this.#topology = event.topology
        return event
      case 'target':
        this.#targets.set(`${event.fault} ${event.selector}`, event.hosts)
        return event
      case 'fault-injecting':
        return isNew(event) ? event : {...event, strike: {...this.#strike(event), ...setBy(event)}}
      case 'clock':
        return this.#clock(event)
      case 'leader-key':
      case 'status-key':
      case 'sync-key':
      case 'lease':
        return isScoped(event) ? event : ({scope, ...event} as Event)
      default:
        return event
    }
  }

  /** Of the clients' host, whatever it was called. */
  #clock({who, ...event}: InFile<'clock'>): Event {
    if (who !== 'app1') return {...event, who}
    const [host] = this.#topology === undefined ? [] : hostsWith(this.#topology, 'client')
    return {...event, who: 'clients', ...(host !== undefined && {host})}
  }

  #strike(event: Old): Strike {
    const {fault, hosts} = event
    const params = paramsOf(event)
    const done = what(event, params)
    const known = byName[`${fault} ${done}`] ?? byName[fault]
    if (fault === 'partition') return this.#partitioned(event, params)
    const members = this.#topology === undefined ? [] : hostsWith(this.#topology, 'patroni')
    const struck = known === 'switchover' ? [...new Set([...members, ...hosts])] : hosts
    return {
      struck: struck.map(host => ({host, ...(known === undefined ? {why: noBounds} : {fault: known})})),
      ...(known === 'host-killed' && {dead: hosts}),
      ...(known === 'host-paused' && {frozen: hosts}),
      ...(params['stays-down'] === true && {down: hosts.map(host => ({host, service: done}))}),
      ...(fault === 'fill-disk' && {full: hosts}),
    }
  }

  #partitioned({id, hosts}: Old, params: Readonly<Record<string, unknown>>): Strike {
    const {services, ways = 'both', how, shape = 'split'} = params
    const topology = this.#topology
    const all = (struck: Struck): Strike => ({struck: hosts.map(host => ({host, ...struck}))})
    if (shape !== 'split') return all({why: `the timing model has no bounds for a cut in the shape of a ${shape}`})
    const from = this.#otherSide(id, params.from)
    if (topology === undefined || from === undefined) return all({why: 'nobody recorded who was cut from whom'})
    const cuts = hosts.flatMap(host =>
      (Array.isArray(services) ? services.map(String) : [null]).map((service): CutOff => {
        const peers = from ?? topology.hosts.map(one => one.name).filter(one => one === host || !hosts.includes(one))
        const others = service === 'etcd' ? peers : peers.filter(one => one !== host)
        return {host, from: others, service, ways: ways === 'out' || ways === 'in' ? ways : 'both'}
      }),
    )
    const meant = {cuts, how: how === 'reject' ? 'reject' : 'drop'} as const
    return {cut: cuts, struck: hosts.map(host => ({host, ...struckByCuts(topology, host, meant)}))}
  }

  /** null: every other host; undefined: nobody recorded whom a selector meant. */
  #otherSide(id: string, from: unknown): readonly HostName[] | null | undefined {
    if (from === undefined) return null
    const isHost = (word: unknown) => this.#topology?.hosts.some(host => host.name === word)
    const sides = (Array.isArray(from) ? from : [from]).map(
      word => this.#targets.get(`${id} ${word}`) ?? (isHost(word) ? [String(word)] : undefined),
    )
    return sides.includes(undefined) ? undefined : [...new Set(sides.flatMap(one => one ?? []))]
  }
}

function isNew(event: Old): event is Injecting {
  return event.strike !== undefined
}

function setBy(event: Old): Pick<Strike, 'sets'> {
  const {config, tags} = paramsOf(event) as NonNullable<Strike['sets']>
  if (event.fault === 'pause-cluster') return {sets: {config: {pause: true}}}
  if (event.fault === 'set-config') return {sets: {config: config ?? {}}}
  return event.fault === 'set-tags' ? {sets: {tags: tags ?? {}}} : {}
}

function isScoped(event: InFile<ScopedKind>): event is Of<ScopedKind> {
  return event.scope !== undefined
}

const whats = [
  'host',
  'patroni',
  'postgres',
  'etcd',
  'haproxy',
  'walreceiver',
  'checkpointer',
  'startup',
  'backend',
] as const

/** A fault with what it is done to, or alone. */
const byName: Readonly<Record<string, LeaderFault>> = {
  'kill host': 'host-killed',
  'kill patroni': 'patroni-killed',
  'kill postgres': 'postgres-killed',
  'stop host': 'stopped',
  'stop patroni': 'stopped',
  // Patroni calls a PostgreSQL that it did not stop itself crashed (ha.py: Ha.recover).
  'stop postgres': 'postgres-killed',
  'pause host': 'host-paused',
  'pause patroni': 'patroni-frozen',
  'freeze-watchdog': 'patroni-frozen',
  switchover: 'switchover',
  failover: 'switchover',
  unplug: 'isolated',
}

function paramsOf({params}: Old): Readonly<Record<string, unknown>> {
  return typeof params === 'object' && params !== null ? (params as Record<string, unknown>) : {}
}

function what(event: Old, params: Readonly<Record<string, unknown>>): string {
  if (typeof params.what === 'string') return params.what
  return whats.find(one => new RegExp(`\\b${one}\\b`).test(event.what)) ?? ''
}
