/** Topologies to ask the model about: the two profiles, as measured, and any that Patroni would leave as they are. */
import fc from 'fast-check'
import {type FaultFacts, type LeaderFault, leaderFaults} from '../../../lab/budget/index.ts'
import type {Topology} from '../../../lab/topology/topology.ts'
import {quickRun, topologyOf} from '../checks/history-builder.ts'

export const fast = topologyOf(quickRun)
export const standard = topologyOf({...quickRun, profile: 'default'})
/** The measured runs of the study had HAProxy's connect time-out at 1 s, not at 250 ms as in our fast profile. */
export const measuredFast: Topology = {...fast, haproxy: {...fast.haproxy, connectTimeoutMs: 1000}}

export function factsOf(fault: LeaderFault, more: Partial<FaultFacts> = {}): FaultFacts {
  return {fault, refreshAge: null, etcd: {leader: 'elsewhere'}, callTook: 0, ...more}
}

const ms = (least: number, most: number) => fc.integer({min: least, max: most})

/** Any settings, hosts and replication mode; the timings need not be legal, Patroni corrects them. */
export const anyTopology: fc.Arbitrary<Topology> = fc
  .record({
    ttlSeconds: fc.integer({min: 5, max: 90}),
    loopWaitSeconds: fc.integer({min: 1, max: 30}),
    retryTimeoutSeconds: fc.integer({min: 1, max: 40}),
    synchronousMode: fc.constantFrom('off', 'on', 'strict', 'quorum'),
    primaryStartTimeoutSeconds: fc.constantFrom(0, 300),
    failsafeMode: fc.boolean(),
    watchdog: fc.constantFrom('off', 'automatic', 'required'),
    watchdogSafetyMarginSeconds: fc.integer({min: 0, max: 30}),
    interMs: ms(100, 10_000),
    fastinterMs: ms(100, 10_000),
    downinterMs: ms(100, 10_000),
    fall: fc.integer({min: 1, max: 10}),
    rise: fc.integer({min: 1, max: 10}),
    connectTimeoutMs: ms(50, 10_000),
    checkTimeoutMs: ms(50, 10_000),
    members: fc.integer({min: 1, max: 7}),
    replicas: fc.integer({min: 0, max: 4}),
  })
  .map(one => {
    const {
      interMs,
      fastinterMs,
      downinterMs,
      fall,
      rise,
      connectTimeoutMs,
      checkTimeoutMs,
      members,
      replicas,
      ...patroni
    } = one
    const hosts = Array.from({length: Math.max(members, replicas + 1)}, (_, index) => ({
      name: `node${index + 1}`,
      services: [...(index < members ? (['etcd'] as const) : []), ...(index <= replicas ? (['patroni'] as const) : [])],
    }))
    return {
      ...fast,
      hosts: [...hosts, {name: 'proxy1', services: ['haproxy']}, {name: 'app1', services: ['client']}],
      patroni: {...fast.patroni, ...patroni} as Topology['patroni'],
      haproxy: {...fast.haproxy, interMs, fastinterMs, downinterMs, fall, rise, connectTimeoutMs, checkTimeoutMs},
    }
  })

export const anyFacts: fc.Arbitrary<FaultFacts> = fc
  .record({
    fault: fc.constantFrom(...leaderFaults),
    refreshAge: fc.option(fc.integer({min: -100_000, max: 12_000_000})),
    etcd: fc.constantFrom<FaultFacts['etcd']>(
      {leader: 'elsewhere'},
      {leader: 'unknown'},
      {leader: 'died', newTerm: null},
      {leader: 'changed', newTerm: [400_000, 1_900_000]},
    ),
    callTook: fc.integer({min: 0, max: 1_500_000}),
    cut: fc.constantFrom('drop', 'reject', undefined),
    orphanIsWritten: fc.constantFrom(true, false, undefined),
    proxyReaches: fc.boolean(),
  })
  .map(({cut, orphanIsWritten, ...facts}) => ({
    ...facts,
    ...(cut && {cut}),
    ...(orphanIsWritten !== undefined && {orphanIsWritten}),
  })) as fc.Arbitrary<FaultFacts>
