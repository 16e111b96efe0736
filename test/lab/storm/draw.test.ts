import fc from 'fast-check'
import {describe, expect, test} from 'vitest'
import type {Capability} from '../../../lab/engine/capabilities.ts'
import {faults} from '../../../lab/faults/index.ts'
import {bind, parseScenario} from '../../../lab/scenario/index.ts'
import {allCapabilities, type Draw, kindOf, needsOf} from '../../../lab/storm/catalogue.ts'
import {drawStorm} from '../../../lab/storm/draw.ts'
import {hostsWith} from '../../../lab/topology/topology.ts'
import {loadTopology} from '../../../lab/topology/topology-file.ts'
import {Random} from '../../../lab/words/random.ts'

const topology = loadTopology({profile: 'fast'})
const synchronous = loadTopology({profile: 'default', set: ['patroni.synchronous_mode=on']})
const larger = loadTopology({profile: 'fast', set: ['hosts.node4=etcd,patroni', 'hosts.node5=etcd,patroni']})
/** One member of etcd, of a cluster in which the loss of a host takes it away. */
const alone = loadTopology({
  profile: 'fast',
  set: ['hosts.node1=etcd,patroni', 'hosts.node2=patroni', 'hosts.node3=patroni'],
})
/** No machine of its own for the proxy. */
const shared = loadTopology({profile: 'fast', set: ['hosts.node1=etcd,patroni,haproxy', 'hosts.proxy1=etcd']})
const seeds = fc.nat({max: 2 ** 32 - 1})
const minutes = fc.integer({min: 10, max: 600}).map(seconds => seconds * 1000)
const topologies = fc.constantFrom(topology, synchronous, larger, alone, shared)

test('the same seed, topology and length give the same plan to the byte, and another seed another one', () => {
  const draw = (seed: number) => drawStorm({seed, forMs: 600_000, topology}).plan
  expect(draw(7)).toBe(draw(7))
  expect(new Set(Array.from({length: 50}, (_, seed) => draw(seed))).size).toBe(50)
})

test('what is absent makes another plan, and that one is the same in whatever order it is told', () => {
  const draw = (...absent: Capability[]) => drawStorm({seed: 7, forMs: 600_000, topology, absent: new Set(absent)}).plan
  expect(draw('delay', 'freezer')).toBe(draw('freezer', 'delay'))
  expect(draw('delay', 'freezer')).not.toBe(draw())
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

describe('two faults at once', () => {
  const pairs = (on: typeof topology, many = 80) =>
    Array.from({length: many}, (_, seed) => drawStorm({seed, forMs: 600_000, topology: on}).episodes)
      .flat()
      .filter(episode => episode.length === 2) as [Draw, Draw][]
  const said = (on: typeof topology) =>
    new Set(pairs(on).map(both => both.map(one => `${kindOf(one)} on ${one.on}`).join(' + ')))

  test('are never such that one hides what the other does', () => {
    const both = [...said(topology)]
    expect(both).toContain('partition from replicas on leader + kill host on leader')
    for (const pair of both) {
      expect(pair).not.toMatch(/\b(partition|slow|lag) .*\+ (partition|slow|lag) /)
      expect(pair).not.toMatch(/overload.*\+ slow /)
      expect(pair).not.toMatch(/switchover|restart|reinit/)
      expect(pair).not.toMatch(/^(kill|pause|partition) .*\+ stop/)
    }
  })

  test('do not meet on one host by chance, where a proxy stands beside PostgreSQL', () => {
    expect([...said(topology)].some(pair => pair.includes('haproxy'))).toBe(true)
    for (const pair of said(shared)) expect(pair).not.toMatch(/on proxy/)
  })
})

test('after an episode whose end nobody waited for comes only what needs nothing from the cluster', () => {
  for (const on of [topology, synchronous, larger, alone, shared]) {
    const hosts = new Set(on.hosts.map(host => host.name))
    for (let seed = 0; seed < 25; seed++) {
      const {plan} = drawStorm({seed, forMs: 600_000, topology: on})
      let settled = true
      for (const [index, step] of parseScenario('plan.yaml', plan).steps.entries()) {
        if (step.do === 'until') settled = true
        else if (step.do === 'heal') settled = false
        else if (step.do === 'inject') {
          if (!settled && ![step.on].flat().every(one => hosts.has(one)))
            expect.fail(`seed ${seed}, step ${index + 1}: ${step.fault} on ${step.on}`)
        }
      }
    }
  }
})

test('with synchronous replication a switchover waits until a standby has been named', () => {
  const loops = 2 * synchronous.patroni.loopWaitSeconds * 1000
  let seen = 0
  for (let seed = 0; seed < 25; seed++) {
    const {steps} = parseScenario('plan.yaml', drawStorm({seed, forMs: 600_000, topology: synchronous}).plan)
    for (const [index, step] of steps.entries()) {
      if (step.do !== 'inject' || step.fault !== 'switchover') continue
      seen++
      expect(steps[index - 1]).toEqual({do: 'hold', forMs: loops})
    }
  }
  expect(seen).toBeGreaterThan(5)
})

test('what the lab cannot do is not drawn, and is told', () => {
  const absent = new Set<Capability>(['delay', 'nftables', 'freezer'])
  for (let seed = 0; seed < 50; seed++) {
    const {episodes, leftOut} = drawStorm({seed, forMs: 600_000, topology, absent})
    for (const draw of episodes.flat()) for (const needs of needsOf(draw)) expect([...absent]).not.toContain(needs)
    expect(leftOut).toContainEqual({kind: 'pause host', needs: 'freezer'})
  }
  expect(drawStorm({seed: 1, forMs: 10_000, topology}).leftOut).toEqual([])
  expect(allCapabilities(topology)).toEqual(expect.arrayContaining(['freezer', 'nftables', 'tbf', 'delay']))
})

test('many storms draw every line of the faults', () => {
  const drawn = new Set(
    Array.from({length: 40}, (_, seed) => drawStorm({seed, forMs: 1_800_000, topology}).episodes)
      .flat(2)
      .map(draw => `${draw.fault} ${String(draw.params.what ?? '')}`.trim()),
  )
  expect([...drawn].sort()).toMatchInlineSnapshot(`
    [
      "break-start configuration",
      "break-start control-file",
      "break-start library",
      "delete-leader-key",
      "flap",
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
      "slow-disk etcd",
      "slow-disk postgres",
      "stop host",
      "stop patroni",
      "stop postgres",
      "switchover",
    ]
  `)
})

test('lines of one place, of which the dice choose one, may be drawn on the same hosts', () => {
  const lines = Object.values(faults).flatMap(({storm}) => storm?.lines ?? [])
  for (const same of Map.groupBy(lines, line => line.place).values())
    if (same[0]!.place !== undefined)
      for (const line of same) expect([line.on, line.beyondQuorum]).toEqual([same[0]!.on, same[0]!.beyondQuorum])
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

test('what a failover may lose is in the plan as it was asked for, and the rest of it is the same', () => {
  const asked = {seed: 1, forMs: 60_000, topology}
  const plain = drawStorm(asked).plan
  const bounded = drawStorm({...asked, asyncTail: '1MB'}).plan
  expect(bounded.replace('{ async-tail: 1MB }', 'async-tail')).toBe(plain)
  const own = parseScenario('plan.yaml', bounded).expect.find(one => one.check === 'no-lost-writes')
  expect(own?.params).toEqual({allow: {'async-tail': '1MB'}})
  expect(() => parseScenario('plan.yaml', drawStorm({...asked, asyncTail: 'much'}).plan)).toThrow(
    /`allow` has async-tail and split-brain, each with how much/,
  )
})
