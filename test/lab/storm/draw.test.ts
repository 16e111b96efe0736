import fc from 'fast-check'
import {describe, expect, test} from 'vitest'
import {bind, parseScenario} from '../../../lab/scenario.ts'
import {allCapabilities, needsOf} from '../../../lab/storm/catalogue.ts'
import {drawStorm} from '../../../lab/storm/draw.ts'
import {Random} from '../../../lab/storm/random.ts'
import {hostsWith} from '../../../lab/topology.ts'
import {loadTopology} from '../../../lab/topology-file.ts'
import type {Capability} from '../../../lab/unit.ts'

const topology = loadTopology({profile: 'fast'})
const synchronous = loadTopology({profile: 'default', set: ['patroni.synchronous_mode=on']})
const larger = loadTopology({profile: 'fast', set: ['hosts.node4=etcd,patroni', 'hosts.node5=etcd,patroni']})
const seeds = fc.nat({max: 2 ** 32 - 1})
const minutes = fc.integer({min: 10, max: 600}).map(seconds => seconds * 1000)
const topologies = fc.constantFrom(topology, synchronous, larger)

test('the same seed, topology and length give the same plan to the byte, and another seed another one', () => {
  const draw = (seed: number) => drawStorm({seed, forMs: 600_000, topology}).plan
  expect(draw(7)).toBe(draw(7))
  expect(new Set(Array.from({length: 50}, (_, seed) => draw(seed))).size).toBe(50)
})

test('the numbers of a seed never change: plans that people have kept can be drawn again', () => {
  const random = new Random(7)
  expect(Array.from({length: 6}, () => random.int(0, 999))).toMatchInlineSnapshot(`
    [
      11,
      61,
      976,
      699,
      521,
      405,
    ]
  `)
})

test('every plan is a valid scenario that goes with its lab', () => {
  fc.assert(
    fc.property(seeds, minutes, topologies, fc.boolean(), (seed, forMs, on, beyondQuorum) => {
      const {plan, episodes} = drawStorm({seed, forMs, topology: on, beyondQuorum})
      const scenario = parseScenario('plan.yaml', plan)
      expect(bind(scenario, on).config).toBeNull()
      expect(scenario.steps.filter(step => step.do === 'inject').length).toBe(episodes.flat().length)
    }),
    {numRuns: 40},
  )
})

describe('at no moment', () => {
  /** What is in force after each step, as the catalogue says it. */
  const worst = (seed: number, on: typeof topology, beyondQuorum: boolean) => {
    const {plan, episodes} = drawStorm({seed, forMs: 600_000, topology: on, beyondQuorum})
    const impairs = new Map<string, {etcd: number; postgres: number; heals: boolean}>(
      episodes
        .flat()
        .map((draw, index) => [`${draw.fault}-${index + 1}`, {...draw.impairs, heals: draw.heals}] as const),
    )
    let most = {etcd: 0, postgres: 0}
    const inForce = new Map<string, {etcd: number; postgres: number}>()
    for (const step of parseScenario('plan.yaml', plan).steps) {
      // What heals by itself has done so when the cluster was waited for.
      if (step.do === 'until') for (const name of inForce.keys()) if (!impairs.get(name)!.heals) inForce.delete(name)
      if (step.do === 'heal') inForce.delete(step.as)
      if (step.do === 'inject') inForce.set(step.as, impairs.get(step.as)!)
      const sum = (of: 'etcd' | 'postgres') => [...inForce.values()].reduce((all, one) => all + one[of], 0)
      most = {etcd: Math.max(most.etcd, sum('etcd')), postgres: Math.max(most.postgres, sum('postgres'))}
    }
    return most
  }

  test('do faults take etcd its majority, or every member that could lead', () => {
    fc.assert(
      fc.property(seeds, topologies, (seed, on) => {
        const {etcd, postgres} = worst(seed, on, false)
        expect(etcd).toBeLessThan(hostsWith(on, 'etcd').length / 2)
        expect(postgres).toBeLessThan(hostsWith(on, 'patroni').length)
      }),
      {numRuns: 40},
    )
  })

  test('unless that is asked for', () => {
    const some = Array.from({length: 30}, (_, seed) => worst(seed, topology, true))
    expect(some.some(({etcd}) => etcd > 1)).toBe(true)
    expect(some.some(({postgres}) => postgres > 2)).toBe(true)
  })
})

test('what the lab cannot do is not drawn, and is told', () => {
  const absent = new Set<Capability>(['netem', 'nftables', 'freezer'])
  for (let seed = 0; seed < 50; seed++) {
    const {episodes, leftOut} = drawStorm({seed, forMs: 600_000, topology, absent})
    for (const draw of episodes.flat()) for (const needs of needsOf(draw)) expect([...absent]).not.toContain(needs)
    expect(leftOut).toContainEqual({kind: 'pause host', needs: 'freezer'})
  }
  expect(drawStorm({seed: 1, forMs: 10_000, topology}).leftOut).toEqual([])
  expect(allCapabilities(topology)).toEqual(expect.arrayContaining(['freezer', 'nftables', 'tbf', 'netem']))
})

test('many storms draw every line of the catalogue', () => {
  const drawn = new Set(
    Array.from({length: 40}, (_, seed) => drawStorm({seed, forMs: 1_800_000, topology}).episodes)
      .flat(2)
      .map(draw => `${draw.fault} ${String(draw.params.what ?? '')}`.trim()),
  )
  expect([...drawn].sort()).toMatchInlineSnapshot(`
    [
      "kill backend",
      "kill checkpointer",
      "kill etcd",
      "kill haproxy",
      "kill host",
      "kill patroni",
      "kill postgres",
      "kill walreceiver",
      "lag",
      "overload",
      "partition",
      "pause etcd",
      "pause host",
      "pause patroni",
      "pause-replay",
      "reinit",
      "restart",
      "skew-clock",
      "slow",
      "stop host",
      "stop patroni",
      "stop postgres",
      "switchover",
    ]
  `)
})

test('a leader that is frozen wakes before its lease can be over', () => {
  for (let seed = 0; seed < 40; seed++) {
    const {plan} = drawStorm({seed, forMs: 600_000, topology})
    const {steps} = parseScenario('plan.yaml', plan)
    for (const [index, step] of steps.entries()) {
      if (step.do !== 'inject' || step.fault !== 'pause' || step.on !== 'leader') continue
      const healed = steps.findIndex(one => one.do === 'heal' && one.as === step.as)
      const between = steps.slice(index + 1, healed)
      expect(between.every(one => one.do === 'hold')).toBe(true)
      const heldMs = between.reduce((sum, one) => sum + (one.do === 'hold' ? one.forMs : 0), 0)
      expect(heldMs).toBeLessThanOrEqual((topology.patroni.ttlSeconds * 1000) / 3)
    }
  }
})
