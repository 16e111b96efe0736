/**
 * What a storm may draw: for each fault whom it may hit, with which parameters, how long it is held, what it takes out of the
 * cluster, and what the lab must be able to do. What is not here is left out on purpose: a fault says why
 * (`neverDrawn`), docs/how/storm.md of the rest.
 */
import {failoverBounds} from '../budget/index.ts'
import type {Capability} from '../engine/capabilities.ts'
import {faults} from '../faults/index.ts'
import {hostsWith, type Topology} from '../topology/topology.ts'
import {Random} from './random.ts'

/** How many hosts a fault takes out, at the very most, while it is in force. */
export interface Impairs {
  /** Members of etcd that cannot vote. */
  readonly etcd: number
  /** Members of PostgreSQL that could not lead. */
  readonly postgres: number
}

export interface Draw {
  readonly fault: string
  /** As in a scenario file. */
  readonly params: Readonly<Record<string, unknown>>
  readonly on: string
  /** Whether it has to be healed; what a supervisor or Patroni mends, and what is no damage, has not. */
  readonly heals: boolean
  readonly holdMs: readonly [number, number]
  readonly impairs: Impairs
  /** Whether another leader may be needed afterwards. */
  readonly strikesLeader: boolean
  /** It takes nothing from the leader but its replicas' company: the leader may be struck while it is in force. */
  readonly sparesLeader?: boolean
  /** Only when the cluster is whole and nothing else is in force: an operator's request is refused otherwise. */
  readonly alone?: boolean
  /** The cluster must have been whole for so long before. */
  readonly afterMs?: number
}

/** One line of the catalogue: what can be drawn from it depends on the topology. */
interface Line {
  readonly on: readonly string[]
  /** Not in this topology. */
  readonly unless?: (topology: Topology) => boolean
  draw(on: string, topology: Topology, random: Random): Omit<Draw, 'on' | 'strikesLeader'> & {strikesLeader?: boolean}
}

const none: Impairs = {etcd: 0, postgres: 0}
const seconds = (from: number, to: number): readonly [number, number] => [from * 1000, to * 1000]

/** Hosts with PostgreSQL may have a member of etcd beside it. */
function wholeHost(topology: Topology): Impairs {
  const etcd = hostsWith(topology, 'etcd')
  return {etcd: hostsWith(topology, 'patroni').some(host => etcd.includes(host)) ? 1 : 0, postgres: 1}
}

const longest = new WeakMap<Topology, number>()

/** The longest that a failover takes. Worked out once a topology: each draw asks. */
export function failoverMs(topology: Topology): number {
  const known = longest.get(topology) ?? failoverBounds(topology).total[1] / 1000
  longest.set(topology, known)
  return known
}

/** From much shorter than a failover to a little longer: what is healed in the middle of one is worth a look, too. */
function aroundFailover(topology: Topology): readonly [number, number] {
  return [3000, Math.min(60_000, Math.round(failoverMs(topology)) + 3000)]
}

/**
 * A leader that does nothing and cannot be asked goes on taking writes when it wakes, until its Patroni looks; if its key is
 * taken by then there are two. A third of its lease is sure to be over before that.
 */
function withinLease({patroni}: Topology): readonly [number, number] {
  const {ttlSeconds, loopWaitSeconds} = patroni
  // Right before a refresh a loop of its lease is gone already.
  return [1000, Math.floor(Math.min(ttlSeconds / 3, (ttlSeconds - loopWaitSeconds) / 2) * 1000)]
}

const frozen = (on: string, topology: Topology) => (on === 'leader' ? withinLease(topology) : seconds(3, 30))
const isSynchronous = ({patroni}: Topology) => patroni.synchronousMode !== 'off'
const fewerThan = (hosts: number) => (topology: Topology) => hostsWith(topology, 'patroni').length < hosts

const lines: readonly Line[] = [
  {
    on: ['leader', 'replica'],
    draw: (on, topology) => ({
      ...{fault: 'kill', params: {what: 'host'}, heals: true, impairs: wholeHost(topology)},
      holdMs: on === 'leader' ? aroundFailover(topology) : seconds(3, 30),
    }),
  },
  {
    on: ['leader', 'replica'],
    draw: (_, topology) => ({
      ...{fault: 'stop', params: {what: 'host'}, heals: true, impairs: wholeHost(topology)},
      holdMs: seconds(3, 20),
    }),
  },
  {
    on: ['leader', 'replica'],
    draw: (on, topology) => ({
      ...{fault: 'pause', params: {what: 'host'}, heals: true, impairs: wholeHost(topology)},
      ...{holdMs: frozen(on, topology), strikesLeader: false},
    }),
  },
  {
    on: ['leader', 'replica'],
    draw: (on, topology) => ({
      ...{fault: 'pause', params: {what: 'patroni'}, heals: true, impairs: {etcd: 0, postgres: 1}},
      ...{holdMs: frozen(on, topology), strikesLeader: false},
    }),
  },
  {
    on: ['leader', 'replica'],
    draw: () => ({
      ...{fault: 'kill', params: {what: 'patroni'}, heals: false, impairs: {etcd: 0, postgres: 1}},
      ...{holdMs: seconds(5, 12), strikesLeader: false},
    }),
  },
  {
    on: ['leader', 'replica'],
    draw: () => ({
      ...{fault: 'stop', params: {what: 'patroni'}, heals: true, impairs: {etcd: 0, postgres: 1}},
      holdMs: seconds(3, 20),
    }),
  },
  {
    on: ['leader', 'replica'],
    draw: (_, __, random) => ({
      ...{fault: random.one(['kill', 'stop']), params: {what: 'postgres'}, heals: false},
      ...{impairs: {etcd: 0, postgres: 1}, holdMs: seconds(5, 15)},
    }),
  },
  {
    on: ['leader'],
    draw: (_, __, random) => ({
      ...{fault: 'kill', params: {what: random.one(['backend', 'checkpointer'])}, heals: false},
      ...{impairs: {etcd: 0, postgres: 1}, holdMs: seconds(5, 12)},
    }),
  },
  {
    on: ['replica'],
    draw: () => ({
      ...{fault: 'kill', params: {what: 'walreceiver'}, heals: false},
      ...{impairs: {etcd: 0, postgres: 1}, holdMs: seconds(5, 12)},
    }),
  },
  {
    on: ['etcd-leader', 'etcd-follower'],
    draw: () => ({
      ...{fault: 'kill', params: {what: 'etcd'}, heals: true},
      ...{impairs: {etcd: 1, postgres: 0}, holdMs: seconds(3, 20), strikesLeader: false},
    }),
  },
  {
    on: ['etcd-leader', 'etcd-follower'],
    draw: () => ({
      ...{fault: 'pause', params: {what: 'etcd'}, heals: true},
      ...{impairs: {etcd: 1, postgres: 0}, holdMs: seconds(3, 15), strikesLeader: false},
    }),
  },
  {
    on: ['leader', 'replica'],
    draw: (on, topology) => ({
      ...{fault: 'partition', params: {from: 'servers'}, heals: true, impairs: wholeHost(topology)},
      holdMs: on === 'leader' ? aroundFailover(topology) : seconds(3, 30),
    }),
  },
  {
    on: ['leader', 'replica'],
    draw: (on, topology) => ({
      ...{fault: 'partition', params: {from: 'etcd', services: ['etcd']}, heals: true},
      impairs: {etcd: 0, postgres: 1},
      holdMs: on === 'leader' ? aroundFailover(topology) : seconds(3, 30),
    }),
  },
  {
    // Cut off from the leader a replica can lead, with what it has: that is the tail that asynchronous replication may lose.
    on: ['leader'],
    unless: fewerThan(2),
    draw: (_, __, random) => ({
      fault: 'partition',
      params: {from: 'replicas', services: ['replication'], ways: random.one(['both', 'in', 'out'])},
      ...{heals: true, impairs: none, holdMs: seconds(3, 20), strikesLeader: false, sparesLeader: true},
    }),
  },
  {
    on: ['all'],
    unless: fewerThan(3),
    draw: (_, topology, random) => {
      const half = Math.floor(hostsWith(topology, 'patroni').length / 2)
      return {
        ...{fault: 'partition', params: {shape: random.one(['halves', 'bridge'])}, heals: true},
        ...{impairs: {etcd: wholeHost(topology).etcd * half, postgres: half}, holdMs: seconds(3, 30)},
        strikesLeader: true,
      }
    },
  },
  {
    on: ['leader', 'replica', 'proxy'],
    draw: (_, __, random) => ({
      ...{fault: 'slow', params: {bandwidth: random.one(['2Mbit', '5Mbit'])}, heals: true},
      ...{impairs: none, holdMs: seconds(5, 20), strikesLeader: false},
    }),
  },
  {
    on: ['leader', 'replica', 'proxy'],
    draw: (_, __, random) => ({
      ...{fault: 'slow', params: {delay: random.one(['20ms', '50ms', '100ms'])}, heals: true},
      ...{impairs: none, holdMs: seconds(5, 20), strikesLeader: false},
    }),
  },
  ...['lag', 'pause-replay'].map(
    (fault): Line => ({
      on: ['replica'],
      unless: isSynchronous, // commits would wait for the very replica that is to fall behind
      draw: () => ({fault, params: {}, heals: true, impairs: {etcd: 0, postgres: 1}, holdMs: seconds(5, 20)}),
    }),
  ),
  {
    on: ['proxy'],
    unless: topology => hostsWith(topology, 'haproxy').length === 0,
    draw: (_, __, random) => ({
      ...{fault: 'kill', params: {what: 'haproxy'}, heals: random.chance(0.5)},
      ...{impairs: none, holdMs: seconds(3, 8)},
    }),
  },
  {
    on: ['leader'],
    draw: (_, __, random) => ({
      ...{fault: 'overload', params: {connections: random.one([50, 120, 200])}, heals: true},
      ...{impairs: none, holdMs: seconds(5, 15), strikesLeader: false},
    }),
  },
  {
    on: ['replica'],
    draw: (_, topology, random) => ({
      ...{fault: 'overload', params: {cpus: random.one([0.2, 0.4])}, heals: true},
      ...{impairs: wholeHost(topology), holdMs: seconds(5, 15)}, // a starved member of etcd may miss a vote
    }),
  },
  {
    on: ['replica'],
    draw: (_, __, random) => ({
      ...{fault: 'skew-clock', params: {by: random.one(['+60s', '-60s', '+2h'])}, heals: true},
      ...{impairs: {etcd: 0, postgres: 1}, holdMs: seconds(5, 15)},
    }),
  },
  {
    on: ['leader'],
    unless: fewerThan(2),
    draw: (_, topology) => ({
      ...{fault: 'switchover', params: {}, heals: false, impairs: none, holdMs: seconds(2, 6), alone: true},
      // Patroni refuses until its leader has named a synchronous standby again, one loop or two after that streams.
      ...(isSynchronous(topology) ? {afterMs: 2 * topology.patroni.loopWaitSeconds * 1000} : {}),
    }),
  },
  {
    on: ['leader', 'replica'],
    draw: () => ({
      ...{fault: 'restart', params: {}, heals: false, impairs: none, holdMs: seconds(2, 6), alone: true},
      strikesLeader: false,
    }),
  },
  {
    on: ['replica'],
    draw: () => ({
      ...{fault: 'reinit', params: {}, heals: false, impairs: {etcd: 0, postgres: 1}, holdMs: seconds(2, 6)},
      alone: true,
    }),
  },
]

/** More than what a cluster is built to survive: it may stop, but must break no promise. */
const beyondQuorum: readonly Line[] = [
  {
    on: ['etcd-majority'],
    draw: (_, topology, random) => ({
      ...{fault: random.one(['kill', 'pause']), heals: true, holdMs: seconds(5, 30), strikesLeader: true},
      ...{params: {what: 'etcd'}, impairs: {etcd: hostsWith(topology, 'etcd').length, postgres: 0}},
    }),
  },
  {
    on: ['replicas'],
    unless: fewerThan(2),
    draw: (_, topology, random) => {
      const many = hostsWith(topology, 'patroni').length
      return {
        ...{fault: random.one(['kill', 'stop']), params: {what: 'host'}, heals: true, strikesLeader: true},
        ...{impairs: {etcd: wholeHost(topology).etcd * many, postgres: many}, holdMs: seconds(5, 30)},
      }
    },
  },
]

/** A way to draw one fault on one target. */
export interface Choice {
  readonly on: string
  draw(random: Random): Draw
}

/** All that may be drawn on a lab of this topology, in an order that never changes. */
export function choices(topology: Topology, options: {readonly beyondQuorum: boolean}): readonly Choice[] {
  const hasReplica = hostsWith(topology, 'patroni').length > 1
  const hasFollower = hostsWith(topology, 'etcd').length > 1
  const hasProxy = hostsWith(topology, 'haproxy').length > 0
  const isThere = (on: string) =>
    (hasReplica || !/replica/.test(on)) && (hasFollower || on !== 'etcd-follower') && (hasProxy || on !== 'proxy')
  return [...lines, ...(options.beyondQuorum ? beyondQuorum : [])]
    .filter(line => line.unless?.(topology) !== true)
    .flatMap(line =>
      line.on.filter(isThere).map(on => ({
        on,
        draw(random: Random): Draw {
          const {strikesLeader, ...drawn} = line.draw(on, topology, random)
          return {...drawn, ...staysDown(drawn), on, strikesLeader: strikesLeader ?? on === 'leader'}
        },
      })),
    )
}

/** A killed service is started again at once unless it is held down. */
function staysDown({fault, params, heals}: Pick<Draw, 'fault' | 'params' | 'heals'>): Partial<Draw> {
  const needsIt = fault === 'kill' && heals && params.what !== 'host'
  return needsIt ? {params: {...params, 'stays-down': true}} : {}
}

/** What the lab must be able to do for it. */
export function needsOf({fault, params}: Pick<Draw, 'fault' | 'params'>): readonly Capability[] {
  const unit = faults[fault]
  if (unit === undefined) throw new TypeError(`no fault ${fault}`)
  return unit.needs?.(unit.params.parse(params)) ?? []
}

/** Of all that may be drawn on such a lab. */
export function allCapabilities(topology: Topology): readonly Capability[] {
  return [...new Set(choices(topology, {beyondQuorum: true}).flatMap(one => needsOf(one.draw(new Random(0)))))]
}

/** `kill host`, `partition from etcd`, `partition halves`, `slow bandwidth`: the lines of the catalogue, told apart in words. */
export function kindOf({fault, params}: Pick<Draw, 'fault' | 'params'>): string {
  const {what, shape, from} = params
  if (typeof what === 'string') return `${fault} ${what}`
  if (fault === 'partition') return `${fault} ${shape ?? `from ${from}`}`
  const [first] = Object.keys(params)
  return first === undefined || fault === 'skew-clock' ? fault : `${fault} ${first}`
}

/** Whether a second fault can show that it took hold while a first one, on another host or another service, is in force. */
export function showsBeside(first: Draw, second: Draw): boolean {
  // Packets that one stops do not reach the rules of the other, and a slow line is measured against a host that must be in reach.
  const onTheLine = ['partition', 'slow', 'lag']
  if (onTheLine.includes(first.fault) && onTheLine.includes(second.fault)) return false
  // That host must be quick as well.
  if (first.fault === 'overload' && second.fault === 'slow') return false
  // PostgreSQL does not stop before replicas that say nothing are given up, for as long as wal_sender_timeout.
  return !(['kill', 'pause', 'partition'].includes(first.fault) && second.fault === 'stop')
}
