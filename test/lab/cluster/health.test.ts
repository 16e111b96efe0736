import {expect, test} from 'vitest'
import {type Health, healthOf} from '../../../lab/cluster/health.ts'
import {disguised} from '../../../lab/cluster/health-parts.ts'

const addresses = {node1: '10.0.0.11', node2: '10.0.0.12', node3: '10.0.0.13'}

test('a replica that comes to the leader under another address is told, with the next step', () => {
  const senders = [
    {application_name: 'node2', client_addr: '10.0.0.1'},
    {application_name: 'node3', client_addr: '10.0.0.13'},
  ]
  const [complaint] = disguised('node1', senders, addresses)
  expect(complaint).toContain('node1 sees node2 as 10.0.0.1, not as 10.0.0.12')
  expect(complaint).toContain('iptables -t nat -S POSTROUTING')
  expect(complaint).not.toContain('node3')
})

test('several such replicas are one complaint', () => {
  const senders = ['node2', 'node3'].map(name => ({application_name: name, client_addr: '10.0.0.1'}))
  expect(disguised('node1', senders, addresses)).toEqual([
    expect.stringContaining('sees node2 as 10.0.0.1, not as 10.0.0.12, and node3 as 10.0.0.1, not as 10.0.0.13:'),
  ])
})

test('who is no host of the lab, or comes through a socket, is not accused, nor is anybody of whom nothing is told', () => {
  const senders = [
    {application_name: 'pg_receivewal', client_addr: '10.0.0.1'},
    {application_name: 'node2', client_addr: null},
    {application_name: 'node3'},
  ]
  expect(disguised('node1', senders, addresses)).toEqual([])
})

test('who looks once asks again, with more time, where no Patroni answered at all, and only there', async () => {
  const asked: (number | undefined)[] = []
  const answering =
    (...roles: (string | null)[]) =>
    async (_: unknown, withinMs?: number) => {
      asked.push(withinMs)
      const silent = withinMs === undefined ? roles : ['primary', 'replica']
      return {healthy: false, members: silent.map(role => ({role}))} as unknown as Health
    }
  const lab = {} as never
  expect((await healthOf(lab, answering(null, null))).members).toEqual([{role: 'primary'}, {role: 'replica'}])
  expect((await healthOf(lab, answering('primary', null))).members).toEqual([{role: 'primary'}, {role: null}])
  expect(asked).toEqual([undefined, 3000, undefined])
})
