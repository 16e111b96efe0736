/**
 * Draws the plan of a storm: episodes of one fault, sometimes of two at once, each with its holding, its healing and a quiet time.
 * The plan is a scenario file like any other. It depends on the seed, the topology, the length and what the lab can do, and on
 * nothing else: the same four give the same text to the byte.
 *
 * A selector that finds nobody would end the run, so roles (`leader`, `replica`) are drawn only where somebody has them for sure:
 * after a step that waited until the cluster was whole, or beside a fault that leaves that role alone.
 */

import {failoverMs, type Impairs, impairsNobody} from '../breaking/in-storms.ts'
import type {Capability} from '../engine/capabilities.ts'
import type {Scenario, Step} from '../scenario/index.ts'
import {writeScenario} from '../scenario/write.ts'
import {firstCluster} from '../topology/clusters.ts'
import {hostsWith, type Topology} from '../topology/topology.ts'
import {Random} from '../words/random.ts'
import {type Choice, choices, type Draw, kindOf, needsOf, showsBeside} from './catalogue.ts'

export interface StormRequest {
  /** A whole number from 0 to 4294967295. */
  readonly seed: number
  /** How long the steps are to take, about. */
  readonly forMs: number
  readonly topology: Topology
  /** What this lab cannot do. */
  readonly absent?: ReadonlySet<Capability>
  /** More hosts may be impaired at once than etcd or PostgreSQL can do without. */
  readonly beyondQuorum?: boolean
  /** Of the tail each failover may lose so much, where replication is asynchronous; any when not given. */
  readonly asyncTail?: string
}

export interface Storm {
  /** A scenario file. */
  readonly plan: string
  /** The faults of each episode. */
  readonly episodes: readonly (readonly Draw[])[]
  /** Kinds of faults that this lab cannot do, each with what is missing. */
  readonly leftOut: readonly {readonly kind: string; readonly needs: Capability}[]
}

/** Nobody waits longer for a cluster that is whole again. */
const recoversWithinMs = 120_000
const writesWithinMs = 60_000

export function drawStorm(request: StormRequest): Storm {
  const {seed, forMs, topology, absent = new Set(), beyondQuorum = false} = request
  const random = new Random(seed)
  const all = choices(topology, {beyondQuorum})
  const missing = (choice: Choice) => needsOf(choice.draw(new Random(0))).find(one => absent.has(one))
  const possible = all.filter(one => missing(one) === undefined)
  const limits = beyondQuorum ? unlimited : limitsOf(topology)
  const drawer = new Drawer(random, possible, limits, topology)

  const steps: Step[] = [{do: 'hold', forMs: 2000}]
  const remarks = new Map<number, string>()
  const episodes: (readonly Draw[])[] = []
  let left = forMs
  let inForce: Impairs | null = null
  do {
    const {draws, ...episode} = drawer.episode(inForce, episodes.flat().length)
    left -= episode.takesMs
    episodes.push(draws)
    // What heals by itself has not for sure before the cluster was waited for.
    const unhealed = sum([
      ...(inForce === null ? [] : [inForce]),
      ...draws.filter(one => !one.heals).map(one => one.impairs),
    ])
    // The last one always waits: what comes after it is the end.
    const whole = left <= 0 || random.chance(0.8) || !drawer.canBlow(unhealed)
    inForce = whole ? null : unhealed
    const says = draws.map(one => `${kindOf(one)} on ${one.on}`).join(', then ')
    remarks.set(steps.length, `episode ${episodes.length}: ${says}`)
    const quiet: Step = {do: 'hold', forMs: random.int(2, 10) * 500}
    steps.push(...episode.steps, ...(whole ? settled : []), quiet)
    left -= quiet.forMs
  } while (left > 0)
  steps[steps.length - 1] = {do: 'hold', forMs: 3000} // late trouble shows, and writes flow

  const leftOut = new Map(
    all.flatMap(one => {
      const needs = missing(one)
      return needs === undefined ? [] : [[kindOf(one.draw(new Random(0))), needs] as const]
    }),
  )
  return {
    plan: writeScenario(
      {about: aboutOf(request, episodes.length), ...promises(topology, request.asyncTail), steps},
      remarks,
    ),
    episodes,
    leftOut: [...leftOut].map(([kind, needs]) => ({kind, needs})),
  }
}

const settled: readonly Step[] = [
  {do: 'until', check: 'recovered', params: {within: '120s'}, within: recoversWithinMs},
  {do: 'until', check: 'writes-flow', params: {}, within: writesWithinMs},
]

const unlimited: Impairs = {etcd: Number.POSITIVE_INFINITY, postgres: Number.POSITIVE_INFINITY}

/** As many as may be impaired at once: etcd keeps its majority, and one member of PostgreSQL is left that could lead. */
function limitsOf(topology: Topology): Impairs {
  return {
    etcd: Math.floor((hostsWith(firstCluster(topology), 'etcd').length - 1) / 2),
    postgres: hostsWith(firstCluster(topology), 'patroni').length - 1,
  }
}

interface Episode {
  readonly draws: readonly Draw[]
  readonly steps: readonly Step[]
  readonly takesMs: number
}

class Drawer {
  readonly #random: Random
  readonly #choices: readonly Choice[]
  readonly #limits: Impairs
  readonly #topology: Topology

  constructor(random: Random, possible: readonly Choice[], limits: Impairs, topology: Topology) {
    this.#random = random
    this.#choices = possible
    this.#limits = limits
    this.#topology = topology
  }

  /**
   * @param inForce what may still be impaired by earlier episodes; null: the cluster has just been seen whole.
   * @param before so many faults were drawn in earlier episodes.
   */
  episode(inForce: Impairs | null, before: number): Episode {
    const first = inForce === null ? this.#first() : this.#onAnyHost(inForce)
    const firstHold = this.#between(first.holdMs)
    const second = inForce === null && !isAlone(first) && this.#random.chance(0.35) ? this.#beside(first) : undefined
    const inject = (draw: Draw, number: number): Step => ({
      ...{do: 'inject', fault: draw.fault, params: draw.params, on: draw.on, as: `${draw.fault}-${before + number}`},
    })
    const heal = (draw: Draw, number: number): Step[] =>
      draw.heals ? [{do: 'heal', as: `${draw.fault}-${before + number}`}] : []
    if (second === undefined) {
      const {afterMs} = first
      const settling = afterMs > 0 ? [hold(afterMs)] : []
      const steps = [...settling, inject(first, 1), hold(firstHold), ...heal(first, 1)]
      return {draws: [first], steps, takesMs: this.#takes([first], afterMs + firstHold)}
    }
    const alone = this.#random.int(1, 8) * 500
    const both = this.#between(second.holdMs)
    const heals = [heal(first, 1), heal(second, 2)]
    if (second.mustWake || this.#random.chance(0.5)) heals.reverse()
    const steps = [inject(first, 1), hold(alone), inject(second, 2), hold(both), ...heals.flat()]
    return {draws: [first, second], steps, takesMs: this.#takes([first, second], alone + both)}
  }

  /** Whether there is a blow that may come before the cluster has been waited for. */
  canBlow(inForce: Impairs): boolean {
    return this.#blows(inForce).length > 0
  }

  #first(): Draw {
    const drawn = this.#draw(this.#choices, impairsNobody)
    if (drawn === undefined) throw new TypeError('no fault of the catalogue can be drawn here')
    return drawn
  }

  /** On another host than the first, which is still in force: one that somebody has for sure, whatever the first does. */
  #beside(first: Draw): Draw | undefined {
    const roles = first.sparesLeader === true ? ['leader', 'proxy'] : (besides[first.on] ?? [])
    const fitting = this.#choices.filter(one => roles.includes(one.on) && !this.#isShared(one.on, first.on))
    return this.#draw(fitting, first.impairs, draw => draw.alone !== true && showsBeside(first, draw))
  }

  /** A proxy beside PostgreSQL may be the very host that the other fault strikes. */
  #isShared(...roles: readonly string[]): boolean {
    const members = hostsWith(firstCluster(this.#topology), 'patroni')
    return (
      roles.includes('proxy') && hostsWith(firstCluster(this.#topology), 'haproxy').some(host => members.includes(host))
    )
  }

  /** While the cluster may still be busy with the last episode: a blow that needs nothing from it. */
  #onAnyHost(inForce: Impairs): Draw {
    const on = this.#random.one(hostsWith(firstCluster(this.#topology), 'patroni'))
    return {...this.#random.one(this.#blows(inForce)).draw(this.#random), on}
  }

  #blows(inForce: Impairs): readonly Choice[] {
    return this.#choices.filter(choice => {
      if (choice.on !== 'leader') return false
      const {blow, impairs} = choice.draw(new Random(0))
      return blow === true && this.#within(inForce, impairs)
    })
  }

  #draw(from: readonly Choice[], inForce: Impairs, fits = (_: Draw) => true): Draw | undefined {
    const left = [...from]
    while (left.length > 0) {
      const choice = this.#random.one(left)
      const draw = choice.draw(this.#random)
      if (fits(draw) && this.#within(inForce, draw.impairs)) return draw
      left.splice(left.indexOf(choice), 1)
    }
    return undefined
  }

  #within(inForce: Impairs, more: Impairs): boolean {
    return inForce.etcd + more.etcd <= this.#limits.etcd && inForce.postgres + more.postgres <= this.#limits.postgres
  }

  /** In steps of half a second. */
  #between([least, most]: readonly [number, number]): number {
    return this.#random.int(Math.ceil(least / 500), Math.floor(most / 500)) * 500
  }

  /** About: injecting and healing, holding, and what the cluster needs to be whole again. */
  #takes(draws: readonly Draw[], heldMs: number): number {
    const struck = draws.some(one => one.strikesLeader)
    const recoveryMs = struck ? Math.max(0, failoverMs(this.#topology) - heldMs) / 3 + 3500 : 1500
    return draws.length * 500 + heldMs + recoveryMs
  }
}

function sum(all: readonly Impairs[]): Impairs {
  return all.reduce(
    (one, other) => ({etcd: one.etcd + other.etcd, postgres: one.postgres + other.postgres}),
    impairsNobody,
  )
}

/** A frozen leader must wake in time, so nothing is put in force while it sleeps. */
function isAlone({alone, mustWake, on}: Draw): boolean {
  return alone === true || (mustWake && on === 'leader')
}

/** By the role that the first fault hit: roles on other hosts that stay where they are. */
const besides: Readonly<Record<string, readonly string[]>> = {
  replica: ['leader', 'proxy'],
  'etcd-follower': ['leader', 'proxy'],
  leader: ['proxy'],
  proxy: ['leader', 'replica'],
}

function hold(forMs: number): Step {
  return {do: 'hold', forMs}
}

function aboutOf({seed, forMs, beyondQuorum}: StormRequest, episodes: number): string {
  const size = `${episodes} ${episodes === 1 ? 'episode' : 'episodes'} of random faults`
  const more = beyondQuorum ? ', also more than a quorum can bear' : ''
  return `Storm of ${forMs / 1000} s with seed ${seed}: ${size}${more}. Whatever comes, no promise to a client is broken, and the cluster comes back by itself each time.`
}

/** What must hold whatever comes; docs/how/storm.md says why these, and what is left out. */
function promises(
  {patroni, ...topology}: Topology,
  asyncTail?: string,
): Omit<Scenario, 'about' | 'steps' | 'name' | 'file'> {
  const synchronous = patroni.synchronousMode
  const expect = [
    [
      'no-lost-writes',
      synchronous === 'off' ? {allow: asyncTail === undefined ? 'async-tail' : {'async-tail': asyncTail}} : {},
    ],
    ['one-writable-primary', {}],
    ['routed-to-leader', {}],
    ['timeline-monotone', {}],
    ['read-your-writes', {}],
    ['monotonic-reads', {}],
    ['bank', {}],
    ['replicas-identical', {}],
    ['writes-flow', {}],
    ['recovered', {within: '120s'}],
    ['logs-clean', {}],
  ] as const
  return {
    needs: {
      postgres: topology.hosts.filter(host => host.services.includes('patroni')).length,
      etcd: topology.hosts.filter(host => host.services.includes('etcd')).length,
      ...(synchronous === 'off' ? {} : {patroni: {synchronous_mode: synchronous}}),
    },
    clients: [
      {kind: 'writers', count: 8, perSecond: 80, through: 'primary'},
      {kind: 'readers', count: 4, perSecond: 40, through: 'primary'},
      {kind: 'readers', count: 2, perSecond: 10, through: 'replicas'},
      {kind: 'bankers', count: 4, perSecond: 20, through: 'primary'},
    ],
    expect: expect.map(([check, params]) => ({check, params, line: 0})),
  }
}
