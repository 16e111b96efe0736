import fc from 'fast-check'
import {expect, test} from 'vitest'
import {marks} from '../../../cli/ui/failover.ts'
import {Player} from '../../../cli/ui/player.ts'
import {view} from '../../../cli/ui/view.ts'
import {story} from './story.ts'

const events = story()
const end = events.at(-1)!.at

function player(speed = 1) {
  let ms = 0
  const one = new Player(events, speed, () => ms)
  const pass = (seconds: number) => {
    ms += seconds * 1000
  }
  return {one, pass}
}

test('time passes as fast as it is told to, and stops at the end', () => {
  const {one, pass} = player(4)
  pass(2)
  expect(one.now()).toBe(8_000_000)
  one.accelerate(1 / 2)
  pass(1)
  expect(one.now()).toBe(10_000_000)
  pass(1000)
  expect(one.now()).toBe(end)
  expect(one.says()).toMatch(/^end 2x (\d:\d\d)\/\1$/)
})

test('a pause stands still, also while the arrows jump', () => {
  const {one, pass} = player()
  pass(7)
  one.toggle()
  pass(100)
  expect(one.now()).toBe(7_000_000)
  one.seek(5_000_000)
  one.seek(-1_000_000)
  pass(5)
  expect(one.says()).toMatch(/^paused 1x 0:11\//)
  one.toggle()
  pass(1)
  expect(one.now()).toBe(12_000_000)
})

test('nothing lies before the beginning or behind the end, and from the end it begins again', () => {
  const {one, pass} = player()
  one.seek(-5_000_000)
  expect(one.now()).toBe(0)
  one.seek(1e12)
  expect(one.now()).toBe(end)
  one.toggle()
  pass(1)
  expect(one.now()).toBe(1_000_000)
})

test('the speed has limits', () => {
  const {one} = player()
  for (let press = 0; press < 50; press++) one.accelerate(2)
  expect(one.says()).toMatch(/^128x /)
  for (let press = 0; press < 50; press++) one.accelerate(1 / 2)
  expect(one.says()).toMatch(/^0.125x /)
})

test('wherever it jumps, it shows what a fold of everything up to there shows', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({min: 0, max: end}), {maxLength: 6}), moments => {
      const {one} = player()
      for (const at of moments) {
        one.seek(at - one.now())
        expect(one.view()).toEqual(view(events.filter(event => event.at <= at)))
      }
    }),
    {numRuns: 20},
  )
})

test('at its end it says the verdict, which no green tick of a step tells', () => {
  let now = 0
  const player = new Player(
    [
      {at: 0, kind: 'note', says: 'a'},
      {at: 1_000_000, kind: 'note', says: 'b'},
    ],
    1,
    () => now,
    'FAILED',
  )
  expect(player.says()).not.toContain('FAILED')
  now = 2000
  expect(player.says()).toBe('FAILED; q says why')
})

test('it jumps to where phases and steps begin and to each moment of a failover, on to the end and back to the beginning', () => {
  const {one, pass} = player()
  const {failover} = view(events)
  const moments = [failover!.at, ...marks.map(mark => failover!.phases[mark]!)]
  expect(new Set(moments).size).toBe(6)
  const turns = [
    ...events.filter(({kind}) => kind === 'phase' || kind === 'step-started').map(({at}) => at),
    ...moments,
  ].toSorted((a, b) => a - b)
  one.toggle()
  const seen = new Set<number>()
  for (let jumps = 0; one.now() < end; jumps++) {
    expect(jumps).toBeLessThanOrEqual(turns.length)
    one.jump('next')
    if (one.now() < end) seen.add(one.now())
  }
  expect([...seen]).toEqual([...new Set(turns)].filter(at => at > 0))
  // Where it stands then, the screen shows that moment as the newest.
  for (const mark of marks) {
    const at = failover!.phases[mark]!
    one.seek(at - one.now())
    expect(one.view().failover?.phases).toHaveProperty(mark)
  }
  one.seek(end)
  one.jump('previous')
  expect(turns).toContain(one.now())
  for (let jumps = 0; jumps <= turns.length; jumps++) one.jump('previous')
  expect(one.now()).toBe(0)
  pass(1)
  expect(one.now()).toBe(0)
})
