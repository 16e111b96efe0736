/** Healing on a lab that behaves: every mend of the table, what fails, and an engine that goes away meanwhile. */
import {describe, expect, test, vi} from 'vitest'
import {broken, sayBroken} from '../../../lab/healing/broken.ts'
import {heal} from '../../../lab/healing/heal.ts'
import {mend, mends} from '../../../lab/healing/mend.ts'
import type {Mend} from '../../../lab/history/event.ts'
import {sayMend} from '../../../lab/history/say-mend.ts'
import {inForce, plan} from '../../../lab/state/journal.ts'
import {LabError} from '../../../lab/words/errors.ts'
import {eachWithItsOwnState, healthyLab} from '../fake/at-rest.ts'
import {breaks} from '../fake/breaks.ts'
import {passing} from '../fake/clock.ts'

vi.mock('node:timers/promises', () => import('../fake/timers.ts'))
eachWithItsOwnState()
vi.setConfig({testTimeout: 60_000}) // minutes of virtual time, on a machine that may be busy

const kinds = Object.keys(mends) as Mend['do'][]
const whole = {mends: [], unknown: [], untold: []}

describe.each(kinds)('%s', kind => {
  test('is what is due after its fault, and healing does it and nothing else', async () => {
    const faked = await healthyLab()
    expect(await passing(broken(faked.lab))).toEqual(whole)
    const due = await breaks[kind](faked, 'node2')
    expect(await passing(broken(faked.lab))).toMatchObject({mends: [due], unknown: []})
    expect(await passing(heal(faked.lab))).toEqual([{mend: due, fault: null}])
    expect(await passing(broken(faked.lab))).toEqual(whole)
  })

  test('done twice changes nothing more', async () => {
    const faked = await healthyLab()
    const due = await breaks[kind](faked, 'node2')
    await passing(mend(faked.lab, due))
    const changes = () =>
      [...faked.world.hosts.values()].map(one => [one.state, one.plugged, one.cpus, one.startedAtMs])
    const before = changes()
    await passing(mend(faked.lab, due))
    expect(changes()).toEqual(before)
    expect(await passing(broken(faked.lab))).toEqual(whole)
  })
})

test('a lab of which nothing but the observer is whole is mended in the order of the table, and then is whole', async () => {
  const faked = await healthyLab()
  const hosts: Partial<Record<Mend['do'], string>> = {
    ...{'start-host': 'app1', 'unpause-host': 'proxy1', 'plug-in': 'proxy1', 'lift-cpu-limit': 'app1'},
  }
  const most = kinds.filter(kind => kind !== 'start-observer')
  for (const kind of most.toReversed()) await breaks[kind](faked, hosts[kind] ?? 'node3')
  expect((await passing(broken(faked.lab))).mends.map(one => one.do)).toEqual(most)
  expect((await passing(heal(faked.lab))).map(one => one.mend.do)).toEqual(most)
  expect(await passing(broken(faked.lab))).toEqual(whole)
})

test('maintenance mode is ended also where every member has to come back before anybody can tell of it', async () => {
  const faked = await healthyLab()
  const due = breaks['set-config'](faked, 'node1')
  for (const host of ['node1', 'node2', 'node3']) await breaks['start-host'](faked, host)
  expect((await passing(heal(faked.lab))).map(one => one.mend)).toContainEqual(await due)
  expect(faked.world.cluster.config.pause).not.toBe(true)
})

test('a lab of which no member ever tells whether it is in maintenance mode is not called healed', async () => {
  const faked = await healthyLab()
  vi.spyOn(faked.world.cluster, 'isUp').mockReturnValue(false)
  await expect(passing(heal(faked.lab))).rejects.toMatchObject({
    code: 'heal-failed',
    message: 'lab fake is not healed: no member tells whether the cluster is in maintenance mode',
  })
})

test('what the journal has is mended newest first, by the name of its fault, and is in force no more', async () => {
  const faked = await healthyLab()
  for (const [index, kind] of (['free-disk', 'open-network'] as const).entries())
    plan('fake', {id: `${index}`, fault: `fault-${index}`, mend: await breaks[kind](faked, 'node2')})
  expect((await passing(heal(faked.lab))).map(({fault, mend}) => [fault, mend.do])).toEqual([
    ['fault-1', 'open-network'],
    ['fault-0', 'free-disk'],
  ])
  expect(inForce('fake')).toEqual([])
})

test('a mend that fails is named with why, the others are done all the same, and it stays in the journal', async () => {
  const faked = await healthyLab()
  const failing = await breaks['free-disk'](faked, 'node2')
  plan('fake', {id: 'older', fault: 'older', mend: await breaks['open-network'](faked, 'node1')})
  plan('fake', {id: 'failing', fault: 'failing', mend: failing})
  faked.world.host('node2').refuses = script => (script.startsWith('rm ') ? 'read-only file system' : undefined)
  await expect(passing(heal(faked.lab))).rejects.toMatchObject({
    code: 'heal-failed',
    message: `lab fake is not healed: ${sayMend(failing)}: node2 said: read-only file system`,
  })
  expect(faked.world.host('node1').cuts.size).toBe(0)
  expect(inForce('fake').map(one => one.fault)).toEqual(['failing'])
})

test('of what the journal does not know, a mend that fails keeps no other from being done', async () => {
  const faked = await healthyLab()
  await breaks['free-disk'](faked, 'node1')
  await breaks['end-load'](faked, 'node3')
  faked.world.host('node1').refuses = script => (script.startsWith('rm ') ? 'no' : undefined)
  await expect(passing(heal(faked.lab))).rejects.toMatchObject({
    code: 'heal-failed',
    message: expect.stringContaining('free the disk of node1: node1 said: no'),
  })
  expect(faked.world.host('node3').marks.size).toBe(0)
})

test('a host that is down shows only after its start what lies on its disk, and that is mended as well', async () => {
  const faked = await healthyLab()
  await breaks['free-disk'](faked, 'node2')
  await breaks['start-host'](faked, 'node2')
  expect((await passing(heal(faked.lab))).map(one => one.mend.do)).toEqual(['start-host', 'free-disk'])
})

test('a mend that brings no cure is tried for three looks, and what still shows is told', async () => {
  const faked = await healthyLab()
  await breaks['end-load'](faked, 'node2')
  const marks = faked.world.host('node2').marks
  marks.delete = () => false
  await expect(passing(heal(faked.lab))).rejects.toMatchObject({
    code: 'heal-failed',
    message: 'lab fake is not healed: still to do: end the load on node2',
  })
})

test('an engine that falls silent half-way ends the healing in time: what is not done is named, and stays in the journal', async () => {
  const faked = await healthyLab()
  for (const host of ['node1', 'node2', 'node3'])
    plan('fake', {id: host, fault: host, mend: await breaks['end-load'](faked, host)})
  let runs = 0
  faked.engine.hinder = call => (call.startsWith('run ') && ++runs > 1 ? 'silent' : undefined)
  const began = performance.now()
  const error = await passing(heal(faked.lab)).catch((error: LabError) => error)
  expect(error).toMatchObject({code: 'heal-failed'})
  expect((error as LabError).message).toMatch(
    /^lab fake is not healed: end the load on node2: .*; end the load on node1: /,
  )
  expect(inForce('fake').map(one => one.fault)).toEqual(['node2', 'node1'])
  expect(faked.world.host('node3').marks.size).toBe(0)
  expect(performance.now() - began).toBeLessThan(61_000)
})

test.each([
  ['that falls silent', 'silent', /: nobody can tell what is broken: /],
  [
    'that refuses',
    new LabError('engine', 'Docker failed at inspecting a container: so it says', {hint: 'restart it'}),
    /: nobody can tell what is broken: Docker failed at inspecting a container: so it says$/,
  ],
] as const)(
  'an engine %s during the look leaves a lab that is not called healed, and the next steps go on healing',
  async (_, how, says) => {
    const faked = await healthyLab()
    plan('fake', {id: 'one', fault: 'one', mend: await breaks['end-load'](faked, 'node2')})
    faked.engine.hinder = call => (call.startsWith('condition ') ? how : undefined)
    const error = await passing(heal(faked.lab)).catch((error: LabError) => error)
    expect(error).toMatchObject({code: 'heal-failed', exitCode: 5, message: expect.stringMatching(says)})
    expect(String((error as LabError).hint)).toMatch(
      /to go on healing:\npgha-lab heal --name fake\nto remove the lab:\npgha-lab down --name fake$/,
    )
    expect(inForce('fake')).toEqual([])
  },
)

test('an interrupt during the look is an interrupt', async () => {
  const faked = await healthyLab()
  vi.spyOn(faked.world.cluster, 'isUp').mockReturnValue(false)
  const interrupt = new AbortController()
  const healing = passing(heal(faked.lab, interrupt.signal))
  healing.catch(() => {})
  setTimeout(() => interrupt.abort(), 1000)
  await expect(healing).rejects.toMatchObject({code: 'interrupted'})
})

test('a mend whose host does not come to an end is given up after 30 s, and the next one is done', async () => {
  const faked = await healthyLab()
  plan('fake', {id: 'next', fault: 'next', mend: await breaks['end-load'](faked, 'node3')})
  plan('fake', {id: 'hangs', fault: 'hangs', mend: await breaks['start-host'](faked, 'node2')})
  faked.engine.start = () => new Promise(() => {})
  await expect(passing(heal(faked.lab))).rejects.toMatchObject({
    code: 'heal-failed',
    message: 'lab fake is not healed: start node2 again: waited 30 s for it',
  })
  expect(faked.world.host('node3').marks.size).toBe(0)
})

test('a host that cannot tell what is broken is named, and keeps nothing else from being mended', async () => {
  const faked = await healthyLab()
  const due = await breaks['end-load'](faked, 'node3')
  faked.world.host('node2').refuses = () => 'cannot fork'
  const found = await passing(broken(faked.lab))
  expect(found.mends).toEqual([due])
  expect(sayBroken(found)).toEqual([sayMend(due), 'node2 cannot tell what is broken: cannot fork'])
  await expect(passing(heal(faked.lab))).rejects.toMatchObject({
    code: 'heal-failed',
    message: 'lab fake is not healed: still to do: node2 cannot tell what is broken: cannot fork',
  })
  expect(faked.world.host('node3').marks.size).toBe(0)
})

test('a mend that another version wrote into the journal fails by its name', async () => {
  const faked = await healthyLab()
  const foreign = JSON.parse('{"do": "lift-curse", "host": "node1"}')
  plan('fake', {id: 'curse', fault: 'curse', mend: foreign})
  await expect(passing(heal(faked.lab))).rejects.toMatchObject({
    code: 'heal-failed',
    message: expect.stringContaining('this version knows no mend called lift-curse'),
  })
})

test('an observer that is frozen thaws, and one that has ended is started', async () => {
  const faked = await healthyLab()
  for (const state of ['paused', 'exited']) {
    faked.world.observer = {id: 'id-observer', state}
    await passing(heal(faked.lab))
  }
  expect(faked.engine.asked.filter(call => / observer$/.test(call))).toEqual(['unpause observer', 'start observer'])
})
