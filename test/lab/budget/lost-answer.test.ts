import {join} from 'node:path'
import {describe, expect, test} from 'vitest'
import {type FaultFacts, modelOf} from '../../../lab/budget/index.ts'
import {find} from '../../../lab/checks/index.ts'
import type {Event} from '../../../lab/history/event.ts'
import {findFailover} from '../../../lab/history/failover.ts'
import {historyOf, of} from '../../../lab/history/history.ts'
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

  test('delays as much what HAProxy sees of it: Patroni calls itself no leader before it knows', () => {
    const up = (facts: FaultFacts) => {
      const row = phasesOf(standard, facts).find(one => one.phase === 'newServerUp')!
      return [row.took.max, row.at.max]
    }
    const [took, at] = up({...factsOf('stopped'), ...none})
    expect(up({...factsOf('stopped'), ...elected})).toEqual([took! + 10_000_000, at! + 10_000_000])
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

function recording(name: string): string {
  return join(import.meta.dirname, '..', '..', 'histories', `${name}.ndjson.gz`)
}

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
  const found = findFailover(await loadHistory(recording(name)))
  if (typeof found === 'string') throw new Error(found)
  expect(found.facts.electedInRace).toBe(elected)
})

test('where words of etcd are missing from the race, nobody knows whether it elected a leader, and the cluster is not accused', async () => {
  const whole = await loadHistory(recording('stop-leader-holding-etcd-leader.pass'))
  const {at} = of(whole, 'leader-key').find(({holder}) => holder === null)!
  const isOfRace = (event: Event) => event.kind === 'etcd-member' && event.at > at - 1_000_000
  const history = historyOf(whole.events.filter(event => !isOfRace(event)))
  const found = findFailover(history)
  if (typeof found === 'string') throw new Error(found)
  expect(found.facts).not.toHaveProperty('electedInRace')
  expect(find(history, {check: 'failover', params: {within: 'budget'}}).verdict).not.toBe('fail')
})
