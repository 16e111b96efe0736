/** What a fault says that it does goes by the hosts that it is done to, in whatever way they were written. */
import fc from 'fast-check'
import {describe, expect, test} from 'vitest'
import {type ZodType, z} from 'zod'
import type {Fault} from '../../../lab/breaking/fault.ts'
import {meant, type Roles, selectors, whom} from '../../../lab/cluster/selector.ts'
import {faults} from '../../../lab/faults/index.ts'
import {noop} from '../../../lab/faults/noop.ts'
import {eventSchemas} from '../../../lab/history/event-schema.ts'
import type {Strike} from '../../../lab/history/strike.ts'
import {namedIn} from '../../../lab/scenario/params.ts'
import {type HostName, hostsWith} from '../../../lab/topology/topology.ts'
import {loadTopology} from '../../../lab/topology/topology-file.ts'
import {size} from '../../../lab/words/schemas.ts'
import {formless, formsOf, targetsOf, type Written} from '../fault-forms.ts'
import {type Cluster, strikeOf} from '../strike-of.ts'

const topologies = [
  loadTopology({profile: 'fast'}),
  loadTopology({profile: 'fast', set: ['hosts.node4=etcd,patroni', 'hosts.node5=etcd,patroni']}),
  loadTopology({
    profile: 'fast',
    set: ['hosts.node1=patroni', 'hosts.node2=patroni', 'hosts.node3=patroni', 'hosts.e1=etcd', 'hosts.proxy1=haproxy'],
  }),
]

/** A cluster whose roles fell on any hosts. */
const clusters = fc.constantFrom(...topologies).chain(topology =>
  fc
    .record({
      members: fc.shuffledSubarray([...hostsWith(topology, 'patroni')], {minLength: 1}),
      etcdLeader: fc.constantFrom(...hostsWith(topology, 'etcd')),
      sync: fc.boolean(),
    })
    .map(({members: [leader = null, ...others], etcdLeader, sync}) => {
      const now: Roles = {leader, etcdLeader, replicas: others.map(host => ({host, sync}))}
      return {topology, now}
    }),
)

describe.each(Object.keys(faults))('%s', name => {
  const {params: schema} = faults[name]! as Fault<unknown>

  test('says the same of a selector and of the hosts that it means', () => {
    fc.assert(
      fc.property(clusters, fc.constantFrom(...selectors), formsOf(schema), (cluster, onWhom, params) => {
        const on = meant(cluster.topology, onWhom, cluster.now)!
        fc.pre(on.length > 0 && wordsIn(schema, params).every(word => hostsOf(word, cluster).length > 0))
        const strike = strikeOf(name, params, on, cluster)
        for (const written of rewritten(schema, params, cluster))
          expect(strikeOf(name, written, on, cluster)).toEqual(strike)
        mustMean(on, strike, others => strikeOf(name, params, others, cluster))
        const event = {at: 1, kind: 'fault-injecting', id: 'x', fault: name, what: name, hosts: on, params, strike}
        expect(eventSchemas['fault-injecting'].safeParse(event).error).toBeUndefined()
      }),
      {numRuns: 200},
    )
  })

  test('has forms for every parameter', () => expect(formless(schema)).toEqual([]))
})

test('a parameter of which nobody can tell how it is written is named', () => {
  const params = z.strictObject({
    by: size.refine(bytes => bytes > 0).optional(),
    what: z.enum(['host']),
    sign: z.unknown().transform(String),
    regex: z
      .string()
      .regex(/^[0-9]{7}$/)
      .optional(),
    config: z.record(z.string(), z.unknown()),
    from: z.union([whom, z.array(whom).min(1)]).optional(),
  })
  const stranger: Fault<unknown> = {...noop, params}
  expect(formless(stranger.params)).toEqual(['sign', 'regex'])
  expect(targetsOf(stranger.params)).toEqual(['from'])
})

test('forms are of every word that a parameter takes, and of every combination that is read', () => {
  const written = fc.sample(formsOf(faults.kill!.params), {numRuns: 500, seed: 1})
  const seen = new Set(
    written.map(({what, ...rest}) => `${what}${'stays-down' in rest ? ` ${rest['stays-down']}` : ''}`),
  )
  for (const what of ['host', 'backend', 'patroni', 'patroni true', 'patroni false']) expect(seen).toContain(what)
  expect(seen).not.toContain('host true')
})

const hostsOf = (word: string, {topology, now}: Cluster) => meant(topology, word, now) ?? []
const wordsIn = (schema: ZodType, params: Written) => namedIn(schema, params).map(({word}) => word)

/** The same targets in other words: their hosts, and these beside the words that mean them. */
function rewritten(schema: ZodType, params: Written, cluster: Cluster): Written[] {
  return targetsOf(schema).flatMap(key => {
    const words = wordsIn(schema, {[key]: params[key]})
    const hosts = words.flatMap(word => hostsOf(word, cluster))
    return words.length === 0 ? [] : [hosts, [...hosts, ...words]].map(all => ({...params, [key]: all}))
  })
}

/** Whoever is named is struck; or it does not matter who is, as with a request, which is about the leader, and a dry run. */
function mustMean(on: readonly HostName[], strike: Strike, of: (on: readonly HostName[]) => Strike): void {
  const struck = strike.struck.map(one => one.host)
  if (!on.every(host => struck.includes(host))) expect(of(['nobody'])).toEqual(strike)
}
