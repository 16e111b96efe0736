import {expect, test, vi} from 'vitest'
import type {Happening} from '../../../lab/history/event.ts'
import {leastBytes, parseRoom, room} from '../../../lab/probes/room.ts'
import {eachWithItsOwnState, healthyLab} from '../fake/at-rest.ts'
import {passing} from '../fake/clock.ts'
import type {Faked} from '../fake/lab.ts'

vi.mock('node:timers/promises', () => import('../fake/timers.ts'))
eachWithItsOwnState()
vi.setConfig({testTimeout: 60_000})

/** What is recorded from now on, for so many seconds, and at each of them this is done. */
async function watched({lab}: Faked, seconds: number, at: Readonly<Record<number, () => void>>): Promise<Happening[]> {
  const told: Happening[] = []
  const end = new AbortController()
  const began = performance.now()
  for (const [second, what] of Object.entries(at)) setTimeout(what, Number(second) * 1000)
  setTimeout(() => end.abort(), seconds * 1000)
  const now = () => Math.round((performance.now() - began) * 1000)
  await passing(room.run({lab, record: happening => void told.push(happening), now, signal: end.signal}))
  return told
}

const events = (told: readonly Happening[]) => told.filter(one => one.kind !== 'watching')

test('a disk with room is no event, and that somebody looked is told once a second', async () => {
  const told = await watched(await healthyLab(), 4.5, {})
  expect(events(told)).toEqual([])
  expect(told).toContainEqual(expect.objectContaining({kind: 'watching', who: 'room', failures: 0}))
})

test('an event comes when there is less than a segment of WAL, and one when there is more again', async () => {
  const faked = await healthyLab()
  const leave = (freeBytes: number) => () => {
    faked.world.freeBytes = freeBytes
  }
  const told = await watched(faked, 9.5, {2.5: leave(leastBytes - 4096), 4.5: leave(0), 6.5: leave(leastBytes)})
  expect(events(told)).toEqual([
    {kind: 'room', freeBytes: leastBytes - 4096, full: true},
    {kind: 'room', freeBytes: leastBytes, full: false},
  ])
})

test('while the observer is away nobody has looked, and it is asked again when it is back', async () => {
  const faked = await healthyLab()
  const told = await watched(faked, 9.5, {
    0.5: () => faked.engine.endObserver(),
    4.5() {
      faked.world.observer = {id: 'id-observer', state: 'running'}
      faked.world.freeBytes = 0
    },
  })
  const samples = told.flatMap(one => (one.kind === 'watching' ? [one.samples] : []))
  expect(samples.slice(1, 4)).toEqual([0, 0, 0])
  expect(events(told)).toEqual([{kind: 'room', freeBytes: 0, full: true}])
})

test('blocks and their size make bytes, and anything else is an error', () => {
  expect(parseRoom('17250000 4096\n')).toBe(70_656_000_000)
  expect(() => parseRoom('stat: unrecognized option')).toThrow(/`stat -f` printed/)
})
