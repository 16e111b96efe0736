/** The settings of a scenario are those of the cluster that it is played on. */
import {expect, test, vi} from 'vitest'
import type {Lab} from '../../../lab/engine/lab.ts'
import {applySettings} from '../../../lab/run/run-config.ts'
import {loadTopology} from '../../../lab/topology/topology-file.ts'
import {eachWithItsOwnState} from '../fake/at-rest.ts'
import {passing} from '../fake/clock.ts'

const asked: string[] = []
const wanted = {failsafe_mode: true}
let ignorant: string | undefined

vi.mock('node:timers/promises', () => import('../fake/timers.ts'))
vi.mock('../../../lab/healing/cluster.ts', async original => ({
  ...(await original<typeof import('../../../lab/healing/cluster.ts')>()),
  setConfig: async () => {},
}))
vi.mock('../../../lab/cluster/patroni-api.ts', async original => ({
  ...(await original<typeof import('../../../lab/cluster/patroni-api.ts')>()),
  dynamicConfig: async (_: Lab, host: string) => {
    asked.push(host)
    return host === ignorant ? {} : wanted
  },
}))
eachWithItsOwnState()

const topology = loadTopology({topology: 'standby-cluster', profile: 'fast'})
const lab = {name: 'mine', topology} as Lab
const apply = () => passing(applySettings(lab, wanted, {failsafe_mode: null}, new AbortController().signal))

test('a cluster that follows has a configuration of its own, and is not waited for', async () => {
  ignorant = 'node3'
  await apply()
  expect(asked).toEqual(['node1', 'node2'])
})

test('a member of the cluster itself that does not take them over is named', async () => {
  ignorant = 'node2'
  await expect(apply()).rejects.toMatchObject({
    code: 'not-ready',
    message: expect.stringContaining('node2 does not know failsafe_mode yet'),
  })
})
