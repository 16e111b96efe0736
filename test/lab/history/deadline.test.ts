import {expect, test} from 'vitest'
import {failoverBounds} from '../../../lab/budget/index.ts'
import {budgetLimit} from '../../../lab/history/deadline.ts'
import type {Event} from '../../../lab/history/event.ts'
import {historyOf} from '../../../lab/history/history.ts'
import {loadTopology} from '../../../lab/topology/topology-file.ts'
import {strikeOf} from '../strike-of.ts'

const topology = loadTopology({profile: 'default'})
const injecting = (fault: string, params: Readonly<Record<string, unknown>>): Event => ({
  ...{at: 1, kind: 'fault-injecting', id: 'x', fault, what: fault, hosts: ['node1'], params},
  strike: strikeOf(fault, params),
})
const limit = (...events: readonly Event[]) => budgetLimit(topology, historyOf(events))
const of = (fault?: Parameters<typeof failoverBounds>[1]) => failoverBounds(topology, fault).total[1]

const killHost = injecting('kill', {what: 'host'})
const switchover = injecting('switchover', {})

test('a wait is as long as the fault that was injected can take, not as the slowest there is', () => {
  expect(limit(killHost)).toBe(of('host-killed'))
  expect(limit(switchover)).toBe(of('switchover'))
  expect(of('switchover')).toBeLessThan(of('host-killed'))
  expect(of('host-killed')).toBeLessThan(of())
})

test('after several faults the slowest of them counts', () => {
  expect(limit(switchover, killHost, switchover)).toBe(of('host-killed'))
})

test('before any fault, and beside one that the model does not know, the slowest fault there is counts', () => {
  expect(limit()).toBe(of())
  expect(limit(killHost, injecting('fill-disk', {}))).toBe(of())
})

test('a fault that nothing is expected to recover from does not make the wait end at once', () => {
  const failsafe = {...topology, patroni: {...topology.patroni, failsafeMode: true}}
  expect(failoverBounds(failsafe, 'cut-from-etcd').total).toEqual([0, 0])
  const cut = historyOf([injecting('partition', {from: 'etcd', services: ['etcd']})])
  expect(budgetLimit(failsafe, cut)).toBe(failoverBounds(failsafe).total[1])
})
