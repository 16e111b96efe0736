/** A scenario that needs a synchronous cluster begins on one: where Patroni's key `/sync` names a standby, which alone it promotes. */
import {expect, test, vi} from 'vitest'
import {applySettings} from '../../../lab/run/run-config.ts'
import {eachWithItsOwnState, healthyLab} from '../fake/at-rest.ts'
import {passing} from '../fake/clock.ts'

vi.mock('node:timers/promises', () => import('../fake/timers.ts'))
eachWithItsOwnState()
vi.setConfig({testTimeout: 60_000})

const {signal} = new AbortController()

test('that PostgreSQL waits for a replica is not yet that Patroni has named it', async () => {
  const {lab, world} = await healthyLab()
  const {cluster} = world
  cluster.namesNobody = true
  let namedAt = Number.POSITIVE_INFINITY
  setTimeout(() => {
    namedAt = performance.now()
    cluster.namesNobody = false
  }, 20_000)
  await passing(applySettings(lab, {synchronous_mode: true}, {synchronous_mode: null}, signal))
  expect(cluster.synchronous).toHaveLength(1)
  expect(cluster.standbys).toEqual(cluster.synchronous)
  expect(performance.now()).toBeGreaterThan(namedAt)
})

test('where nobody is ever named, it says so', async () => {
  const {lab, world} = await healthyLab()
  world.cluster.namesNobody = true
  await expect(
    passing(applySettings(lab, {synchronous_mode: true}, {synchronous_mode: null}, signal)),
  ).rejects.toMatchObject({
    code: 'not-ready',
    message: expect.stringContaining('no replica is named a synchronous standby of node1 yet'),
  })
})
