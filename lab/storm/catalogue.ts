/**
 * What a storm may draw: what the faults say of themselves (`storm`), in an order that never changes. A fault that is never drawn says
 * why (`neverDrawn`); docs/how/storm.md has what is left out of the others.
 */

import type {Company, Impairs, StormLine, Written} from '../breaking/in-storms.ts'
import type {Capability} from '../engine/capabilities.ts'
import {faults} from '../faults/index.ts'
import {firstCluster} from '../topology/clusters.ts'
import {hostsWith, type Topology} from '../topology/topology.ts'
import {Random} from '../words/random.ts'

/** A line of a fault for this topology, with what the dice said. */
export interface Draw extends Pick<StormLine, 'kind' | 'sparesLeader' | 'alone' | 'blow'> {
  readonly fault: string
  readonly spoils: readonly Company[]
  readonly minds: readonly Company[]
  readonly params: Written
  readonly on: string
  readonly heals: boolean
  readonly holdMs: readonly [number, number]
  readonly impairs: Impairs
  readonly strikesLeader: boolean
  readonly mustWake: boolean
  readonly afterMs: number
}

interface FaultLine extends StormLine {
  readonly fault: string
}

/** Each the lines of which the dice choose one. */
const lines: readonly (readonly FaultLine[])[] = inOrder()

function inOrder(): readonly (readonly FaultLine[])[] {
  const all = Object.entries(faults).flatMap(([fault, {storm}]) => (storm?.lines ?? []).map(line => ({...line, fault})))
  const placed = Map.groupBy(
    all.filter(line => line.place !== undefined),
    line => line.place!,
  )
  const late = all.filter(line => line.place === undefined).map(line => [line])
  return [...[...placed].toSorted(([one], [other]) => one - other).map(([, same]) => same), ...late]
}

/** A way to draw one fault on one target. */
export interface Choice {
  readonly on: string
  draw(random: Random): Draw
}

/** All that may be drawn on a lab of this topology, in an order that never changes. */
export function choices(topology: Topology, options: {readonly beyondQuorum: boolean}): readonly Choice[] {
  const hasReplica = hostsWith(firstCluster(topology), 'patroni').length > 1
  const hasFollower = hostsWith(firstCluster(topology), 'etcd').length > 1
  const hasProxy = hostsWith(firstCluster(topology), 'haproxy').length > 0
  const isThere = (on: string) =>
    (hasReplica || !/replica/.test(on)) && (hasFollower || on !== 'etcd-follower') && (hasProxy || on !== 'proxy')
  const fits = (line: FaultLine) =>
    line.unless?.(topology) !== true && (line.beyondQuorum === undefined || options.beyondQuorum)
  return lines.flatMap(same => {
    const fitting = same.filter(fits)
    const targets = new Set(fitting.flatMap(line => line.on).filter(isThere))
    return [...targets].map(on => {
      const onIt = fitting.filter(line => line.on.includes(on))
      return {on, draw: (random: Random) => drawn(oneOf(onIt, random), on, topology, random)}
    })
  })
}

/** No dice where there is no choice. */
function oneOf<T>(all: readonly T[], random: Random): T {
  return all.length === 1 ? all[0]! : random.one(all)
}

function drawn(line: FaultLine, on: string, topology: Topology, random: Random): Draw {
  const {fault, heals, holdMs, impairs, strikesLeader, afterMs} = line
  const {spoils = [], minds = [], mustWake = false} = faults[fault]?.storm ?? {}
  const params = oneOf(line.params ?? [{}], random)
  return {
    ...line,
    ...{params, on, spoils, minds, mustWake},
    heals: typeof heals === 'boolean' ? heals : heals(params),
    holdMs: typeof holdMs === 'function' ? holdMs(topology, on) : holdMs,
    impairs: typeof impairs === 'function' ? impairs(topology) : impairs,
    strikesLeader: strikesLeader ?? on === 'leader',
    afterMs: afterMs?.(topology) ?? 0,
  }
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

/** `kill host`, `partition from etcd`, `partition halves`, `slow bandwidth`: the lines of the faults, told apart in words. */
export function kindOf({fault, params, kind}: Pick<Draw, 'fault' | 'params' | 'kind'>): string {
  const {what, shape, from} = params
  const own = what ?? shape ?? (from === undefined ? kind : `from ${String(from)}`)
  return own === undefined ? fault : `${fault} ${String(own)}`
}

/** Whether a second fault can show that it took hold while a first one, on another host or another service, is in force. */
export function showsBeside(first: Pick<Draw, 'spoils'>, second: Pick<Draw, 'minds'>): boolean {
  return !first.spoils.some(one => second.minds.includes(one))
}
