/** Members tell of themselves in the words of their release. */
import {expect, test, vi} from 'vitest'
import {health} from '../../../lab/cluster/health.ts'
import {members} from '../../../lab/cluster/members.ts'
import {releaseNames} from '../../../lab/topology/release.ts'
import {eachWithItsOwnState, healthyLab} from '../fake/at-rest.ts'
import {passing} from '../fake/clock.ts'
import {fakeTopology} from '../fake/lab.ts'

vi.mock('node:timers/promises', () => import('../fake/timers.ts'))
eachWithItsOwnState()
vi.setConfig({testTimeout: 60_000}) // minutes of virtual time, on a machine that may be busy

test.each(releaseNames)('a cluster of %s is healthy while its replicas stream, and only then', async release => {
  const {lab, world} = await healthyLab({...fakeTopology, release})
  expect(await passing(health(lab))).toMatchObject({healthy: true, leader: 'node1'})
  const states = async () =>
    (await passing(members(lab, 1000))).members.map(({host, role, state}) => [host, role, state])
  expect(await states()).toEqual([
    ['node1', 'leader', 'running'],
    ['node2', 'replica', 'streaming'],
    ['node3', 'replica', 'streaming'],
  ])
  const {streams} = world.cluster
  world.cluster.streams = host => host !== 'node3' && streams.call(world.cluster, host)
  expect(await states()).toContainEqual(['node3', 'replica', 'running'])
  expect(await passing(health(lab))).toMatchObject({healthy: false})
})
