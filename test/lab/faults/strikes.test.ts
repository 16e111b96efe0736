/** What a fault says that it does goes by the hosts that it is done to, in whatever way they were written. */
import fc from 'fast-check'
import {describe, expect, test} from 'vitest'
import {meant, type Roles, selectors} from '../../../lab/cluster/selector.ts'
import {faults} from '../../../lab/faults/index.ts'
import {eventSchemas} from '../../../lab/history/event-schema.ts'
import {keysOfParams} from '../../../lab/scenario/params.ts'
import {hostsWith} from '../../../lab/topology/topology.ts'
import {loadTopology} from '../../../lab/topology/topology-file.ts'
import {forms} from '../fault-forms.ts'
import {strikeOf} from '../strike-of.ts'

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
  test('says the same of a selector and of the hosts that it means', () => {
    const takesFrom = keysOfParams(faults[name]!.params).includes('from')
    fc.assert(
      fc.property(
        clusters,
        fc.constantFrom(...selectors),
        fc.constantFrom(...selectors),
        fc.constantFrom(...(forms[name] ?? [{}])),
        (cluster, onWhom, fromWhom, params) => {
          const on = meant(cluster.topology, onWhom, cluster.now)!
          const from = meant(cluster.topology, fromWhom, cluster.now)!
          fc.pre(on.length > 0 && from.length > 0)
          const strike = strikeOf(name, takesFrom ? {...params, from: fromWhom} : params, on, cluster)
          if (takesFrom) {
            expect(strikeOf(name, {...params, from}, on, cluster)).toEqual(strike)
            expect(strikeOf(name, {...params, from: [...from, fromWhom]}, on, cluster)).toEqual(strike)
          }
          expect(strike.struck.map(one => one.host)).toEqual(expect.arrayContaining(elsewhere.has(name) ? [] : [...on]))
          const event = {at: 1, kind: 'fault-injecting', id: 'x', fault: name, what: name, hosts: on, params, strike}
          expect(eventSchemas['fault-injecting'].safeParse(event).error).toBeUndefined()
        },
      ),
      {numRuns: 100},
    )
  })
})

/** Whatever they name: a request is about the leader, and a dry run about nobody. */
const elsewhere = new Set(['switchover', 'failover', 'noop'])
