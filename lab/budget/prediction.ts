/** What a topology's timings imply for each fault of its leader, or of who has its virtual address, before anything has happened: bounds, distributions, and what other settings would buy. */

import type {Topology} from '../topology/topology.ts'
import {type Micros, sayMicros} from '../words/quantity.ts'
import {
  type Bounds,
  type Distribution,
  distributionsOf,
  effectiveTimings,
  type FaultFacts,
  type FaultModel,
  modelOf,
  type Phase,
  phaseLabel,
  sayAdjustment,
  usualPatience,
  type Variable,
  watchdogTimeoutSeconds,
} from './index.ts'
import {neverComes, type PredictedCase, type PredictedName, predictedCases, predictedNames} from './predicted-faults.ts'
import {addressModel, type LostPart} from './virtual-address.ts'

export {neverComes, type PredictedName, predictedName, predictedNames, worthTelling} from './predicted-faults.ts'

export interface PredictedPhase {
  readonly phase: Phase
  readonly label: string
  /** After the fault. */
  readonly at: Distribution
  /** After the phase that it waits for. */
  readonly took: Bounds
}

export interface PredictedFault {
  readonly name: PredictedName
  readonly about: string
  /** takeover: a replica leads. in-place: the old leader goes on. none: neither, and `why` says the reason. */
  readonly outcome: 'takeover' | 'in-place' | 'none'
  readonly why: string | null
  readonly phases: readonly PredictedPhase[]
  /** For how long clients behind the proxy cannot write, and when that begins. */
  readonly outage: {readonly begins: Distribution; readonly length: Distribution} | null
  /** From the last write of the old leader to the first of the new one; negative: two primaries. */
  readonly margin: {readonly length: Distribution; readonly until: string} | null
  readonly notes: readonly string[]
}

export interface Prediction {
  readonly topology: Topology
  /** Patroni's three timings as it would use them. */
  readonly effective: {
    readonly ttlSeconds: number
    readonly loopWaitSeconds: number
    readonly retryTimeoutSeconds: number
  }
  /** What Patroni would change, each in a sentence. */
  readonly adjustments: readonly string[]
  readonly faults: readonly PredictedFault[]
}

/** How a cluster is, whatever its settings. */
type Circumstances = Pick<FaultFacts, 'isPaused'>

/** @param only these faults; all that may come when not given. */
export function predict(
  topology: Topology,
  only: readonly PredictedName[] = predictedNames.filter(name => neverComes(topology, name) === null),
  circumstances: Circumstances = {},
): Prediction {
  const {adjusted, ...effective} = effectiveTimings(topology.patroni)
  return {
    topology,
    effective,
    adjustments: adjusted.map(one => sayAdjustment(one, topology.patroni)),
    faults: only.map(name => predictFault(topology, name, circumstances)),
  }
}

function modelled(
  given: Topology,
  name: PredictedName,
  circumstances: Circumstances,
): {readonly topology: Topology; readonly model: ReturnType<typeof modelOf>} {
  const known: PredictedCase = predictedCases[name]
  const never = neverComes(given, name)
  if (never !== null) return {topology: given, model: {why: never}}
  if ('loses' in known) return {topology: given, model: addressModel(given, known.loses, usualPatience)}
  const {facts, setting} = known
  const topology: Topology = {...given, patroni: {...given.patroni, ...setting}}
  const usual = {refreshAge: null, etcd: {leader: 'elsewhere'}, callTook: 0} as const
  return {topology, model: modelOf(topology, {...usual, ...circumstances, ...facts})}
}

function predictFault(given: Topology, name: PredictedName, circumstances: Circumstances): PredictedFault {
  const known: PredictedCase = predictedCases[name]
  const {about} = known
  const {topology, model} = modelled(given, name, circumstances)
  if ('why' in model)
    return {name, about, outcome: 'none', why: model.why, phases: [], outage: null, margin: null, notes: []}
  const variables: Record<string, Variable> = {begins: model.outage.begins, length: model.outage.length}
  for (const {phase, at} of model.phases) variables[`at ${phase}`] = at
  if (model.margin) variables.margin = model.margin.length
  const drawn = distributionsOf(variables)
  const outage = {begins: drawn.begins!, length: drawn.length!}
  const margin = model.margin && {length: drawn.margin!, until: model.margin.until}
  return {
    name,
    about,
    outcome: model.takesOver ? 'takeover' : 'in-place',
    why: null,
    phases: model.phases.map(({phase, took}) => ({
      phase,
      label: phaseLabel(phase, model.key),
      at: drawn[`at ${phase}`]!,
      took: took.bounds,
    })),
    outage,
    margin,
    notes: [
      ...('loses' in known ? addressNotes(name, known.loses, topology) : notesOf(name, topology, model)),
      ...(circumstances.isPaused && !('loses' in known) ? [pausedNote] : []),
      ...(margin ? [sayMargin(margin)] : []),
    ],
  }
}

const pausedNote = 'a paused cluster is handed over only to a member that is named'

function addressNotes(name: PredictedName, loses: LostPart, {keepalived}: Topology): string[] {
  const {connectMs, statementMs} = usualPatience
  const [connect, statement] = [sayMicros(connectMs * 1000), sayMicros(statementMs * 1000)]
  return [
    ...(loses === 'host'
      ? ['the others wait for three adverts since the last one that they heard, and for a skew by their priority']
      : [
          `the script beside HAProxy is asked every ${keepalived?.intervalSeconds} s, and has to fail ${keepalived?.fall} times`,
        ]),
    `clients are taken to give up a connection after ${connect} and an answer after ${statement}: what is under way has to end before they come anew, by the other host`,
    ...(name === 'freeze-vip-holder'
      ? ["the kernel of a frozen proxy goes on taking what is sent: only the clients' own time-outs end that"]
      : []),
    ...(name === 'isolate-vip-holder'
      ? ['each of the two has the address for its own meanwhile, and only one of them can be reached']
      : []),
  ]
}

function sayMargin({length, until}: {length: Distribution; until: string}): string {
  const [least, most] = length.bounds
  const between = `${sayMicros(least)} to ${sayMicros(most)} before the new leader takes writes`
  return least > 0
    ? `the old leader takes its last write ${between}: ${until}`
    : `the old leader may take writes ${sayMicros(-least)} beyond the new leader's first (${until}): two primaries at once`
}

function notesOf(name: PredictedName, topology: Topology, model: FaultModel): string[] {
  const notes: string[] = []
  if (name === 'kill-host-and-etcd-leader')
    notes.push("etcd's next leader starts every lease anew, at full length and 1 s more: whatever had run off is lost")
  if (name === 'kill-host' || name === 'pause-host' || name === 'isolate')
    notes.push('2 s of it are spent on asking the silent leader before the race (fetch_node_status, timeout=2)')
  if (name === 'kill-patroni' && model.phases.every(one => one.phase !== 'reset'))
    notes.push(
      'HAProxy that finds out sooner makes this time longer and the cluster safer: until then the orphan takes writes that nobody keeps',
    )
  if (name === 'kill-patroni-direct-clients')
    notes.push('replicas that see each other ahead both decline, and such a lost round costs a loop_wait')
  if ((name === 'kill-patroni' || name === 'freeze-patroni') && model.phases.every(one => one.phase !== 'reset')) {
    notes.push(
      'the most includes two lost rounds of the race, possible only while clients write to the orphan past HAProxy',
    )
    if (topology.patroni.watchdog !== 'off')
      notes.push('the watchdog is not used: its timeout would be shorter than loop_wait')
  }
  if (name === 'freeze-patroni-watchdog') {
    const timeout = watchdogTimeoutSeconds(topology.patroni)
    notes.push(
      timeout === null
        ? 'Patroni does not use this watchdog: its timeout, ttl - safety_margin, would be shorter than loop_wait'
        : `fires ${timeout} s after it was last fed (ttl - safety_margin); a host that is up again before the key has gone keeps it`,
    )
  }
  if (name === 'crash-postgres' && model.takesOver === false)
    notes.push(
      'nothing wakes Patroni when PostgreSQL dies: it is found at the next loop, after half a loop_wait on average',
    )
  if (topology.haproxy.onMarkedDown === 'none') notes.push(...sessionsStay(name, topology, model))
  if (name === 'stop')
    notes.push('Patroni looks once a second whether PostgreSQL has stopped, so a stop costs that second')
  return notes
}

/** What clients meet whose sessions HAProxy does not end (on_marked_down none). */
function sessionsStay(name: PredictedName, {haproxy}: Topology, model: FaultModel): string[] {
  const isOrphan = model.phases.every(one => one.phase !== 'reset')
  if (/^(kill|freeze)-patroni/.test(name) && isOrphan)
    return [
      'HAProxy leaves the sessions of a server that is down alone (on_marked_down none): who has one goes on writing to the orphan for as long as it lasts, beside the new leader: two primaries at once',
    ]
  if (['kill-host', 'kill-host-and-etcd-leader', 'pause-host', 'isolate'].includes(name))
    return [
      `HAProxy leaves the sessions of a server that is down alone (on_marked_down none): a client that waits for an answer there, and has no time-out of its own, waits on for up to ${sayMicros(Math.min(haproxy.clientTimeoutMs, haproxy.serverTimeoutMs) * 1000)} (timeout client, timeout server)`,
    ]
  return []
}

/** A setting next to the one asked for. */
interface Neighbour {
  readonly says: string
  readonly topology: Topology
}

/** What a person tuning the timings would try next; only what Patroni would leave as it is. */
export function neighbours(topology: Topology): Neighbour[] {
  const {ttlSeconds: ttl, loopWaitSeconds: loop, retryTimeoutSeconds: retry} = effectiveTimings(topology.patroni)
  const patroni = (change: Partial<Topology['patroni']>): Topology => ({
    ...topology,
    patroni: {...topology.patroni, ttlSeconds: ttl, loopWaitSeconds: loop, retryTimeoutSeconds: retry, ...change},
  })
  const haproxy = (change: Partial<Topology['haproxy']>): Topology => ({
    ...patroni({}),
    haproxy: {...topology.haproxy, ...change},
  })
  const {interMs, fastinterMs, downinterMs, fall, rise} = topology.haproxy
  const leastTtl = Math.max(20, loop + 2 * retry, ttl - 10)
  const mostLoop = Math.min(2 * loop, ttl - 2 * retry)
  const leastLoop = Math.max(1, Math.floor(loop / 2))
  const leastRetry = Math.max(3, Math.floor(retry / 2))
  const half = (ms: number) => Math.max(1, Math.round(ms / 2))
  const all: (Neighbour & {changes: boolean})[] = [
    {says: `loop_wait ${leastLoop}s`, changes: leastLoop < loop, topology: patroni({loopWaitSeconds: leastLoop})},
    {says: `loop_wait ${mostLoop}s`, changes: mostLoop > loop, topology: patroni({loopWaitSeconds: mostLoop})},
    {says: `ttl ${leastTtl}s`, changes: leastTtl < ttl, topology: patroni({ttlSeconds: leastTtl})},
    {says: `ttl ${ttl + 10}s`, changes: true, topology: patroni({ttlSeconds: ttl + 10})},
    {
      says: `retry_timeout ${leastRetry}s`,
      changes: leastRetry < retry,
      topology: patroni({retryTimeoutSeconds: leastRetry}),
    },
    {
      says: 'HAProxy: half of inter',
      changes: true,
      topology: haproxy({interMs: half(interMs), fastinterMs: half(fastinterMs), downinterMs: half(downinterMs)}),
    },
    {says: `HAProxy: fall ${fall - 1}`, changes: fall > 1, topology: haproxy({fall: fall - 1})},
    {says: `HAProxy: rise ${rise - 1}`, changes: rise > 1, topology: haproxy({rise: rise - 1})},
  ]
  return all.filter(one => one.changes).map(({says, topology}) => ({says, topology}))
}

/** What the neighbours are compared by: one fault of each family. */
export const comparedFaults = [
  'kill-host',
  'kill-patroni',
  'cut-from-etcd',
  'stop',
  'crash-postgres',
] as const satisfies readonly PredictedName[]

export interface Bought {
  readonly says: string
  /** The mean outage with it, and its difference to the setting asked for; null where the model expects no recovery. */
  readonly outages: readonly {
    readonly name: PredictedName
    readonly mean: Micros | null
    readonly change: Micros | null
  }[]
}

export function boughtBy(topology: Topology, circumstances: Circumstances = {}): Bought[] {
  const meansOf = (one: Topology) => comparedFaults.map(name => meanOutage(one, name, circumstances))
  const own = meansOf(topology)
  const row = (says: string, means: readonly (Micros | null)[]): Bought => ({
    says,
    outages: comparedFaults.map((name, index) => {
      const [mean, was] = [means[index] ?? null, own[index] ?? null]
      return {name, mean, change: mean === null || was === null ? null : mean - was}
    }),
  })
  return [row('as asked', own), ...neighbours(topology).map(({says, topology: one}) => row(says, meansOf(one)))]
}

function meanOutage(topology: Topology, name: PredictedName, circumstances: Circumstances): Micros | null {
  const {model} = modelled(topology, name, circumstances)
  return 'why' in model ? null : distributionsOf({length: model.outage.length}).length.mean
}

/** Less than this nobody would notice. */
const worthSaying: Micros = 200_000

/**
 * What most people believe the other way round: the lease is refreshed once per loop, so with a shorter loop it is younger when
 * the leader dies, and lasts longer.
 */
export function sayLoopWait(topology: Topology, bought: readonly Bought[]): string | null {
  const [own, ...others] = bought
  const loop = effectiveTimings(topology.patroni).loopWaitSeconds
  const other = others.find(one => one.says.startsWith('loop_wait'))
  const [was, is] = [own?.outages[0], other?.outages[0]]
  if (!other || !was?.mean || !is?.mean || Math.abs(is.change ?? 0) < worthSaying) return null
  const slower = is.change! > 0
  const crash = other.outages.find(one => one.name === 'crash-postgres')?.change ?? null
  const gains =
    crash === null
      ? ''
      : ` (a crashed PostgreSQL is found ${sayMicros(Math.abs(crash))} ${crash < 0 ? 'sooner' : 'later'})`
  return (
    `A ${slower ? 'smaller' : 'larger'} loop_wait makes the failover from a killed host ${slower ? 'slower' : 'faster'}: ` +
    `${other.says} instead of ${loop}s takes ${sayMicros(is.mean)} instead of ${sayMicros(was.mean)} on average${gains}. ` +
    `The lease is refreshed once per loop, so it is half a loop_wait old on average when its holder dies, and the rest has to run out.`
  )
}
