import {expect, test} from 'vitest'
import {sayClients, sayNeeds, sayStep} from '../../../lab/scenario.ts'

test('a step is said in one line: what, on whom, under which name, and its other parameters', () => {
  const params = {what: 'host'}
  expect(sayStep({do: 'inject', fault: 'kill', on: 'leader', as: 'kill', params})).toBe('kill host on leader')
  expect(
    sayStep({
      do: 'inject',
      fault: 'partition',
      on: 'leader',
      as: 'cut',
      params: {from: ['etcd', 'node2'], services: ['etcd']},
    }),
  ).toBe('cut: partition on leader (from: etcd and node2, services: etcd)')
  expect(sayStep({do: 'hold', forMs: 500})).toBe('hold 500 ms')
  expect(sayStep({do: 'hold', forMs: 90_000})).toBe('hold 90 s')
  expect(sayStep({do: 'hold', forMs: 120_000})).toBe('hold 2 min')
})

test('needs and clients are said in words', () => {
  expect(sayNeeds({postgres: 3, etcd: 3, patroni: {synchronous_mode: 'on'}})).toBe(
    '3 PostgreSQL and 3 etcd hosts, patroni.synchronous_mode: on',
  )
  expect(sayClients({kind: 'writers', count: 2, perSecond: 10, through: {to: 'leader'}})).toBe(
    '2 writers, 10/s, directly to leader',
  )
})
