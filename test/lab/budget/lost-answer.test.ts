import {join} from 'node:path'
import {describe, expect, test} from 'vitest'
import {type FaultFacts, modelOf} from '../../../lab/budget/index.ts'
import {findFailover} from '../../../lab/history/failover.ts'
import {loadHistory} from '../../../lab/history/read-events.ts'
import type {Topology} from '../../../lab/topology/topology.ts'
import {factsOf, fast, standard} from './topologies.ts'

describe('an answer of etcd that is lost while the key is taken', () => {
  const promotion = (topology: Topology, facts: FaultFacts) => {
    const row = phasesOf(topology, facts).find(one => one.phase === 'promotion')!
    return [row.took.max, row.at.max]
  }
  const elected = {electedInRace: true}
  const none = {electedInRace: false}

  test.each([
    ['fast: a third of retry_timeout, as long as a loop', fast, 1_000_000],
    ['default: a loop, longer than what Patroni waits for one member', standard, 10_000_000],
  ])('delays a promotion once, by %s', (_, topology, most) => {
    for (const fault of ['stopped', 'switchover'] as const) {
      const [took, at] = promotion(topology, {...factsOf(fault), ...none})
      expect(promotion(topology, {...factsOf(fault), ...elected})).toEqual([took! + most, at! + most])
    }
  })

  test('is possible, before anybody has seen it, where a host is stopped in order with a member of etcd', () => {
    const dedicated = {
      ...fast,
      hosts: fast.hosts.map(host => ({...host, services: host.services.filter(one => one !== 'etcd')})),
    }
    const apart = {
      ...dedicated,
      hosts: [...dedicated.hosts, ...['etcd1', 'etcd2', 'etcd3'].map(name => ({name, services: ['etcd' as const]}))],
    }
    expect(promotion(fast, factsOf('stopped'))).toEqual(promotion(fast, {...factsOf('stopped'), ...elected}))
    expect(promotion(apart, factsOf('stopped'))).toEqual(promotion(apart, {...factsOf('stopped'), ...none}))
    expect(promotion(fast, factsOf('switchover'))).toEqual(promotion(fast, {...factsOf('switchover'), ...none}))
    expect(promotion(fast, factsOf('host-killed'))).toEqual(promotion(fast, {...factsOf('host-killed'), ...none}))
  })
})

function phasesOf(topology: Topology, facts: FaultFacts) {
  const found = modelOf(topology, facts)
  if ('why' in found) throw new Error(found.why)
  return found.phases
}

test.each([
  ['stop-leader-holding-etcd-leader.pass', true],
  ['stop-leader.pass', false],
  ['kill-leader-holding-etcd-leader.pass', false],
  ['kill-leader.pass', false],
])('in the run %s etcd elected a leader during the race: %s', async (name, elected) => {
  const found = findFailover(await loadHistory(join(import.meta.dirname, '..', '..', 'histories', `${name}.ndjson.gz`)))
  if (typeof found === 'string') throw new Error(found)
  expect(found.facts.electedInRace).toBe(elected)
})
