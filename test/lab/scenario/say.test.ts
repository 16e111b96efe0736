import {expect, test} from 'vitest'
import {pgbenchGroup} from '../../../lab/clients/pgbench.ts'
import {sayClients, sayNeeds, sayStep} from '../../../lab/scenario/index.ts'

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
  expect(sayStep({do: 'inject', fault: 'kill', on: ['leader', 'node3'], as: 'kill', params})).toBe(
    'kill host on leader and node3',
  )
  expect(sayStep({do: 'inject', fault: 'kill', on: 'replica', as: 'kill', params, together: true})).toBe(
    'at the same moment: kill host on replica',
  )
  expect(sayStep({do: 'hold', forMs: 500})).toBe('hold 500 ms')
  expect(sayStep({do: 'hold', forMs: 90_000})).toBe('hold 90 s')
  expect(sayStep({do: 'hold', forMs: 120_000})).toBe('hold 2 min')
})

test('needs and clients are said in words', () => {
  expect(sayNeeds({postgres: 3, etcd: 3, patroni: {synchronous_mode: 'on'}})).toBe(
    'at least 3 PostgreSQL and 3 etcd hosts, patroni.synchronous_mode: on',
  )
  expect(sayNeeds({postgres: 2, etcd: 1})).toBe('at least 2 PostgreSQL hosts')
  expect(sayNeeds({postgres: 1, etcd: 1})).toBe('any')
  expect(sayClients({kind: 'writers', count: 2, perSecond: 10, through: {to: 'leader'}})).toBe(
    '2 writers, 10/s, directly to leader',
  )
  expect(sayClients({kind: 'writers', count: 2, perSecond: 10, through: 'members', driver: 'psycopg'})).toBe(
    '2 writers with psycopg, 10/s, to all members, of which the driver finds the primary',
  )
  expect(sayClients({...pgbenchGroup(4, 20, 'primary')})).toBe(
    "pgbench, at most 20/s, through the proxy's primary port",
  )
  expect(
    sayClients({kind: 'program', name: 'mine', image: 'a/b', command: [], perSecond: 5, through: 'replicas'}),
  ).toBe("mine (a/b), at most 5/s, through the proxy's replicas port")
})
