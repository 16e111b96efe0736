/** Probes of a host that the engine says is down: they knock seldom, miss nothing, and believe nobody but the engine. */
import {setTimeout as pause} from 'node:timers/promises'
import {expect, test, vi} from 'vitest'
import type {Happening, Of} from '../../../lab/history/event.ts'
import {containers} from '../../../lab/probes/containers.ts'
import {files} from '../../../lab/probes/files.ts'
import {logs} from '../../../lab/probes/logs.ts'
import {postgres} from '../../../lab/probes/postgres.ts'
import {slots} from '../../../lab/probes/slots.ts'
import {LabError} from '../../../lab/words/errors.ts'
import {eachWithItsOwnState, healthyLab} from '../fake/at-rest.ts'
import {passing} from '../fake/clock.ts'
import type {Faked} from '../fake/lab.ts'

vi.mock('node:timers/promises', () => import('../fake/timers.ts'))
eachWithItsOwnState()
vi.setConfig({testTimeout: 60_000})

type Sample = Of<'postgres'>

/** Under these probes; `meanwhile` says what is done to the lab. */
async function watched({lab}: Faked, meanwhile: () => Promise<void>): Promise<readonly Sample[]> {
  const samples: Sample[] = []
  const over = new AbortController()
  const now = () => performance.now() * 1000
  const site = {
    lab,
    now,
    signal: over.signal,
    record: (happening: Happening, at = now()) => {
      if (happening.kind === 'postgres') samples.push({...happening, at})
    },
  }
  const probing = Promise.all([containers, postgres, slots, logs, files].map(one => one.run(site)))
  await passing(meanwhile())
  over.abort()
  await passing(probing)
  return samples
}

const ofNode3 = ({host}: Sample) => host === 'node3'
const between = (from: number, to: number) => (one: Sample) =>
  ofNode3(one) && one.at >= from * 1000 && one.at < to * 1000

test('a host that is down is asked four times a second, and as often as ever once it is started', async () => {
  const faked = await healthyLab()
  const {engine} = faked
  let [diedAt, startedAt] = [0, 0]
  let whileDown: readonly string[] = []
  const samples = await watched(faked, async () => {
    const {id} = await engine.container(faked.lab.name, 'node3')
    await pause(1000)
    await engine.kill(id)
    diedAt = performance.now()
    await pause(500) // the engine's word has come to all
    engine.asked.length = 0
    await pause(9500)
    whileDown = engine.asked.filter(call => / node3\b/.test(call) || call === 'logs')
    await engine.start(id)
    startedAt = performance.now()
    await pause(1000)
  })
  const down = samples.filter(between(diedAt + 500, startedAt))
  expect(down.every(one => !one.up)).toBe(true)
  expect(down.length).toBeGreaterThanOrEqual(35)
  expect(down.length).toBeLessThanOrEqual(40)
  const gaps = down.slice(1).map((one, index) => one.at - down[index]!.at)
  expect(Math.max(...gaps)).toBeLessThanOrEqual(300_000)
  expect(samples.filter(between(startedAt, startedAt + 1000)).length).toBeGreaterThanOrEqual(15)
  // Its log is looked for now and then, and no program is begun there.
  expect(whileDown.length).toBeLessThanOrEqual(10)
  expect(whileDown.some(call => call.startsWith('exec'))).toBe(false)
})

test('without the word of the engine nobody is taken for down: it is asked as often as ever', async () => {
  const faked = await healthyLab()
  const {engine} = faked
  engine.hinder = call => (call === 'events' ? new LabError('engine', 'no events') : undefined)
  let diedAt = 0
  const samples = await watched(faked, async () => {
    const {id} = await engine.container(faked.lab.name, 'node3')
    await pause(1000)
    await engine.kill(id)
    diedAt = performance.now()
    await pause(3000)
  })
  expect(samples.filter(between(diedAt, diedAt + 3000)).length).toBeGreaterThanOrEqual(45)
})

test('one that answers is not down, though the engine has not said that it was started', async () => {
  const faked = await healthyLab()
  const {engine, world} = faked
  let upAt = 0
  const samples = await watched(faked, async () => {
    const {id} = await engine.container(faked.lab.name, 'node3')
    await pause(1000)
    await engine.kill(id)
    await pause(2000)
    world.host('node3').comeUp() // behind everybody's back
    upAt = performance.now()
    await pause(12_000)
  })
  const first = samples.find(one => ofNode3(one) && one.at >= upAt * 1000 && one.up)?.at ?? Number.POSITIVE_INFINITY
  const after = samples.filter(one => ofNode3(one) && one.at >= first && one.at < first + 1_000_000)
  expect(after.length).toBeGreaterThanOrEqual(15)
})
