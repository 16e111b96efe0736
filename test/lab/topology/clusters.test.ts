import {expect, test} from 'vitest'
import {clusters, keyPrefix} from '../../../lab/topology/clusters.ts'
import {loadTopology} from '../../../lab/topology/topology-file.ts'

test('a topology has one cluster: every host with Patroni, and keys that begin with its scope', () => {
  const all = clusters(loadTopology({}))
  expect(all).toEqual([{scope: 'pgha', namespace: '/service/', members: ['node1', 'node2', 'node3']}])
  expect(keyPrefix(all[0])).toBe('/service/pgha/')
})
