/** A seed draws the same plan for ever: what people have kept of a storm is its seed. */
import {createHash} from 'node:crypto'
import {expect, test} from 'vitest'
import {drawStorm} from '../../../lab/storm/draw.ts'
import {loadTopology} from '../../../lab/topology/topology-file.ts'

const topologies = {
  fast: loadTopology({profile: 'fast'}),
  synchronous: loadTopology({profile: 'default', set: ['patroni.synchronous_mode=on']}),
  larger: loadTopology({profile: 'fast', set: ['hosts.node4=etcd,patroni', 'hosts.node5=etcd,patroni']}),
  shared: loadTopology({profile: 'fast', set: ['hosts.node1=etcd,patroni,haproxy', 'hosts.proxy1=etcd']}),
}

test('200 storms of fifty seeds on four topologies are drawn as they always were', async () => {
  const lines = Object.entries(topologies).flatMap(([name, topology]) =>
    Array.from({length: 50}, (_, seed) => {
      // Every other one more than a quorum can bear, every fifth where nothing can be frozen and no packet dropped.
      const absent = new Set(seed % 5 === 4 ? (['freezer', 'nftables'] as const) : [])
      const storm = drawStorm({seed, forMs: 900_000, topology, absent, beyondQuorum: seed % 2 === 1})
      return `${name} ${seed} ${createHash('sha256')
        .update(JSON.stringify([storm.plan, storm.leftOut]))
        .digest('hex')
        .slice(0, 12)}`
    }),
  )
  await expect(`${lines.join('\n')}\n`).toMatchFileSnapshot('golden/plans.txt')
})
