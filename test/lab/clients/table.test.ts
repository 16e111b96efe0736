/** The table of a run, made on a cluster that may be without a leader for a while. */
import {expect, test, vi} from 'vitest'
import {failoverBounds} from '../../../lab/budget/index.ts'
import {prepareTable} from '../../../lab/clients/clients.ts'
import {eachWithItsOwnState, healthyLab} from '../fake/at-rest.ts'
import {passing} from '../fake/clock.ts'

vi.mock('node:timers/promises', () => import('../fake/timers.ts'))
eachWithItsOwnState()
vi.setConfig({testTimeout: 60_000}) // minutes of virtual time, on a machine that may be busy

const {signal} = new AbortController()

test('a leader that is elected late, but within what the timings of the cluster allow, takes it', async () => {
  const {lab, world} = await healthyLab()
  world.cluster.electsNobody = true
  world.cluster.release('node1')
  const leaderless = failoverBounds(lab.topology).total[1] / 1000 - 2000
  setTimeout(() => {
    world.cluster.electsNobody = false
  }, leaderless)
  const seen: string[] = []
  await passing(prepareTable(lab, {signal, seen: says => void seen.push(says)}))
  expect(world.cluster.table).toMatch(/^pgha_writes_/)
  expect(seen.length).toBeGreaterThan(0)
})

test('where no leader comes it gives up after that time, and says what it waited for and saw last', async () => {
  const {lab, world} = await healthyLab()
  world.cluster.electsNobody = true
  world.cluster.release('node1')
  const began = performance.now()
  await expect(passing(prepareTable(lab, {signal}))).rejects.toMatchObject({
    code: 'not-ready',
    message: expect.stringMatching(
      /^waited \d+ s for a leader that takes the table of this run; last seen: PostgreSQL lets nobody in at port \d+: /,
    ),
    hint: 'pgha-lab status --name fake',
  })
  expect(performance.now() - began).toBeGreaterThan(failoverBounds(lab.topology).total[1] / 1000)
})

test('an interrupt ends the wait', async () => {
  const {lab, world} = await healthyLab()
  world.cluster.electsNobody = true
  world.cluster.release('node1')
  const interrupt = new AbortController()
  setTimeout(() => interrupt.abort(), 1000)
  await expect(passing(prepareTable(lab, {signal: interrupt.signal}))).rejects.toMatchObject({code: 'interrupted'})
})

test('a replica that comes late is waited for as well, and one that never comes is named', async () => {
  const {lab, world} = await healthyLab()
  const one = world.host('node3')
  one.down.add('patroni')
  await expect(passing(prepareTable(lab, {signal}))).rejects.toMatchObject({
    code: 'timeout',
    message: expect.stringMatching(
      /^waited 15 s for node3 to receive the table of this run; last seen: PostgreSQL lets nobody in/,
    ),
  })
})
