/** Snapshots on an engine that behaves: what is saved comes back, and an interrupt at any moment leaves the old or the new. */
import {beforeEach, expect, test, vi} from 'vitest'
import {untilHealthy} from '../../../lab/cluster/wait.ts'
import {removeSnapshot, restoreSnapshot, saveSnapshot} from '../../../lab/run/snapshot.ts'
import {inForce, plan} from '../../../lab/state/journal.ts'
import {findSnapshot, recordSnapshot, snapshotsOf} from '../../../lab/state/snapshots.ts'
import {saveLab} from '../../../lab/state/state.ts'
import type {Topology} from '../../../lab/topology/topology.ts'
import {eachWithItsOwnState, healthyLab} from '../fake/at-rest.ts'
import {passing} from '../fake/clock.ts'
import {type Faked, fakeTopology} from '../fake/lab.ts'

vi.mock('node:timers/promises', () => import('../fake/timers.ts'))
vi.setConfig({testTimeout: 60_000})
eachWithItsOwnState()

let faked: Faked
let stop: AbortController
const data = () => ['node1', 'node2', 'node3'].map(host => faked.engine.data.get(`pgha-lab-fake_${host}`))
const states = () => [...faked.world.hosts.values()].map(host => host.state)
const copies = async () => (await faked.engine.belongings()).filter(one => one.id.includes('.snapshot.'))

async function raised(topology: Topology = fakeTopology): Promise<void> {
  faked = await healthyLab(topology)
  saveLab({schema: 2, topology, allocation: faked.lab.allocation}, '')
}
beforeEach(async () => {
  stop = new AbortController()
  await raised()
  write('first')
})

function write(what: string): void {
  for (const host of ['node1', 'node2', 'node3']) faked.engine.data.set(`pgha-lab-fake_${host}`, what)
}

const save = (name = 'base', replace = false) =>
  passing(saveSnapshot(faked.engine, faked.lab, {name, replace, progress: () => {}, signal: stop.signal}))

const restore = (name = 'base') =>
  passing(
    restoreSnapshot(faked.engine, faked.lab, {
      ...{name, progress: () => {}, signal: stop.signal},
      goOn: () => untilHealthy(faked.lab, {withinMs: 60_000, signal: stop.signal}),
    }),
  )

test('what was saved is there again, on all hosts, and the lab is healthy', async () => {
  const {snapshot} = await save()
  expect(snapshot).toMatchObject({name: 'base', leader: 'node1', bytes: 4096})
  write('second')
  expect((await restore()).raised).toMatchObject({healthy: true})
  expect(data()).toEqual(['first', 'first', 'first'])
})

test('all hosts that keep data stand still before any of it is copied, and go on', async () => {
  let then: string[] = []
  faked.engine.porterDoes = doing => {
    if (doing === 'save') then = states()
  }
  await save()
  expect(then).toEqual(['paused', 'paused', 'paused', 'running', 'running'])
  expect(states()).toEqual(['running', 'running', 'running', 'running', 'running'])
})

test('no host runs while data is put in its place', async () => {
  await save()
  let then: string[] = []
  faked.engine.porterDoes = doing => {
    if (doing === 'swap') then = states()
  }
  await restore()
  expect(then).toEqual(['exited', 'exited', 'exited', 'exited', 'exited'])
})

test('a lab that is not healthy is not saved', async () => {
  await faked.engine.kill('id-node3')
  await expect(save()).rejects.toMatchObject({
    code: 'not-ready',
    message: expect.stringContaining('so it is not saved'),
  })
  expect([snapshotsOf('fake'), await copies()]).toEqual([[], []])
})

test('nor one in which a fault is in force', async () => {
  plan('fake', {id: 'x', fault: 'partition', mend: {do: 'start-host', host: 'node1'}})
  await expect(save()).rejects.toMatchObject({code: 'not-ready', message: expect.stringContaining('partition')})
})

test('an earlier one of that name is refused, or replaced when that is asked for, and its copy goes', async () => {
  await save()
  write('second')
  await expect(save()).rejects.toMatchObject({code: 'usage', hint: expect.stringContaining('--overwrite')})
  await save('base', true)
  expect(await copies()).toHaveLength(1)
  write('third')
  await restore()
  expect(data()).toEqual(['second', 'second', 'second'])
})

test('a copy that fails leaves the earlier one, and no host frozen', async () => {
  await save()
  faked.engine.porterDoes = () => {
    throw new Error('cp: error writing: No space left on device')
  }
  await expect(save('base', true)).rejects.toMatchObject({code: 'disk-full'})
  expect(states()).not.toContain('paused')
  expect(await copies()).toEqual([expect.objectContaining({id: findSnapshot('fake', 'base').volume})])
})

test('an interrupt while it is copied saves nothing, keeps the earlier one, and the hosts go on', async () => {
  await save()
  const earlier = findSnapshot('fake', 'base')
  faked.engine.porterDoes = () => {
    stop.abort()
    return new Promise(() => {})
  }
  await expect(save('base', true)).rejects.toMatchObject({
    code: 'interrupted',
    message: expect.stringContaining('nothing was saved'),
  })
  expect(states()).not.toContain('paused')
  expect([findSnapshot('fake', 'base'), await copies()]).toEqual([
    earlier,
    [expect.objectContaining({id: earlier.volume})],
  ])
})

test('what a save that was killed has left goes with the next', async () => {
  await faked.engine.makeVolume('fake', 'pgha-lab-fake.snapshot.base.0badf00d', {id: 'us', home: null})
  await save('other')
  expect((await copies()).map(one => one.id)).toEqual([findSnapshot('fake', 'other').volume])
})

test('an interrupt while it is staged leaves the lab as it was, running', async () => {
  await save()
  write('second')
  faked.engine.porterDoes = doing => void (doing === 'stage' && stop.abort())
  await expect(restore()).rejects.toMatchObject({
    code: 'interrupted',
    message: 'interrupted: lab fake is as it was, and nothing was restored',
  })
  expect(data()).toEqual(['second', 'second', 'second'])
  expect([states().includes('exited'), faked.engine.staged.size]).toEqual([false, 0])
})

test('an interrupt after that has the data of the snapshot, and says so', async () => {
  await save()
  write('second')
  faked.engine.porterDoes = doing => void (doing === 'swap' && stop.abort())
  await expect(restore()).rejects.toMatchObject({
    code: 'interrupted',
    message: 'interrupted: lab fake has the data of snapshot base, and may be half started',
    hint: 'pgha-lab up --name fake',
  })
  expect(data()).toEqual(['first', 'first', 'first'])
})

test('what was broken in the data before is not mended in the data that is put back', async () => {
  await save()
  plan('fake', {id: 'x', fault: 'set-config', mend: {do: 'set-config', host: null, config: {ttl: 99}}})
  await restore()
  expect(inForce('fake')).toEqual([])
})

test('one of another topology, release or images is refused before anything is touched', async () => {
  await save()
  const kept = findSnapshot('fake', 'base')
  const change = {
    release: {topology: {...kept.topology, release: 'forky' as const}},
    topology: {topology: {...kept.topology, profile: 'default' as const}},
    images: {allocation: {...kept.allocation, images: {...kept.allocation.images, host: 'pgha-lab/host:other'}}},
  }
  for (const [what, other] of Object.entries(change)) {
    recordSnapshot('fake', {...kept, ...other})
    faked.engine.asked.length = 0
    await expect(restore()).rejects.toMatchObject({
      code: 'config',
      message: `snapshot base is of a lab fake with another ${what} than it has now`,
      hint: expect.stringContaining('snapshot save base --overwrite'),
    })
    expect(faked.engine.asked).toEqual([])
  }
})

test('one that is not there is told with those that are', async () => {
  await save()
  await expect(restore('bsae')).rejects.toMatchObject({
    code: 'usage',
    message: 'lab fake has no snapshot bsae; there is base',
    instead: [{written: 'bsae', meant: 'base'}],
  })
})

test('removed, it is gone with its copy', async () => {
  await save()
  await removeSnapshot(faked.engine, 'fake', 'base')
  expect([snapshotsOf('fake'), await copies()]).toEqual([[], []])
})

test('data in memory is refused by its setting', async () => {
  await raised({...fakeTopology, dataBytes: 256 * 2 ** 20})
  await expect(save()).rejects.toMatchObject({code: 'config', message: expect.stringContaining('data_size')})
})
