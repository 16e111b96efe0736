/** Two clusters back in the roles that they were raised in: who is to follow takes no more writes before the other one does. */
import {expect, test} from 'vitest'
import type {Lab} from '../../../lab/engine/lab.ts'
import {maintenance, setConfigBack} from '../../../lab/healing/cluster.ts'
import {within} from '../../../lab/topology/clusters.ts'
import {loadTopology} from '../../../lab/topology/topology-file.ts'

const topology = loadTopology({topology: 'standby-cluster'})
const addresses = Object.fromEntries(topology.hosts.map(({name}, index) => [name, `10.0.0.${index + 1}`]))

/** @param configs by host, as its Patroni tells them. @param roles of node3, one answer after the other; the last one stays. */
function labOf(configs: Readonly<Record<string, object>>, roles: readonly string[] = []) {
  const asked: string[] = []
  const left = [...roles]
  const ask = async (host: string, _service: string, path: string, {method = 'GET'}: {method?: string}) => {
    asked.push(`${method} ${path} of ${host}`)
    if (path === '/config') return {code: 200, body: JSON.stringify(configs[host])}
    if (path === '/patroni') {
      const role = host === 'node3' ? ((left.length > 1 ? left.shift() : left[0]) ?? '') : 'replica'
      return {code: 200, body: JSON.stringify({role, state: 'running'})}
    }
    return {code: 200, body: '{"header": {}}'}
  }
  const docker = {containers: async () => []}
  const lab = {name: 'x', topology, allocation: {addresses}, docker, ask} as unknown as Lab
  const second = {...lab, topology: within(topology, {scope: 'pgha-standby'})} as unknown as Lab
  return {lab, second, asked}
}

const toSecond = {host: '10.0.0.6,10.0.0.7', port: 5432, primary_slot_name: 'standby_cluster'}
const toFirst = {...toSecond, host: '10.0.0.2,10.0.0.3'}

test('what was told to follow is waited for until nobody in it leads as a primary', async () => {
  const {second, asked} = labOf({}, ['primary', 'primary', 'standby_leader'])
  await setConfigBack(second, {standby_cluster: toFirst})
  expect(asked.filter(one => one === 'GET /patroni of node3')).toHaveLength(3)
})

test('what is told to follow nobody is not waited for', async () => {
  const {second, asked} = labOf({}, ['primary'])
  await setConfigBack(second, {standby_cluster: null})
  expect(asked.filter(one => one.startsWith('GET /patroni'))).toEqual([])
})

test('roles that are not as they were raised are found without a journal, who is to follow first', async () => {
  const asRaised = {node1: {}, node3: {standby_cluster: toFirst}}
  expect(await maintenance(labOf(asRaised).lab)).toEqual([])
  expect(await maintenance(labOf({node1: {standby_cluster: toSecond}, node3: {}}).lab)).toEqual([
    {do: 'set-config', host: 'node3', config: {standby_cluster: toFirst}},
    {do: 'set-config', host: null, config: {standby_cluster: null}},
  ])
})
