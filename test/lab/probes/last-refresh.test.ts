/** What two answers on a lease tell of its last refresh: never later than it was told, and at most 100 ms before. */
import fc from 'fast-check'
import {expect, test} from 'vitest'
import {LastRefresh, type LeaseAnswer} from '../../../lab/probes/last-refresh.ts'

const second = 1_000_000
const answer = (refreshedAt: number, truthAt: number, around: readonly [number, number], ttl = 30): LeaseAnswer => ({
  lease: 'a1',
  leftSeconds: Math.floor((refreshedAt + ttl * second - truthAt) / second),
  grantedSeconds: ttl,
  askedAt: truthAt - around[0],
  heardAt: truthAt + around[1],
})
const hear = (...answers: readonly LeaseAnswer[]) => {
  const last = new LastRefresh()
  return answers.map(one => last.hear(one))
}

test('whatever the moments, what is told is no earlier than the refresh and at most 100 ms later', () => {
  const micros = (most: number) => fc.integer({min: 0, max: most})
  fc.assert(
    fc.property(
      micros(29 * second),
      fc.array(fc.record({pause: micros(90_000), asked: micros(40_000), heard: micros(40_000)}), {minLength: 40}),
      (age, answers) => {
        let now = 0
        const last = new LastRefresh()
        for (const {pause, asked, heard} of answers) {
          const truth = now + asked
          if (truth + age >= 30 * second) return
          const told = last.hear(answer(-age, truth, [asked, heard]))
          if (told !== undefined) {
            expect(told).toBeGreaterThanOrEqual(-age)
            expect(told).toBeLessThanOrEqual(-age + 100_000)
          }
          now = truth + heard + pause
        }
      },
    ),
  )
})

test('asked every 40 ms it is known within a second', () => {
  const every40 = Array.from({length: 26}, (_, index) => answer(-7_300_000, index * 40_000, [2000, 2000]))
  expect(hear(...every40).filter(told => told !== undefined)).toHaveLength(1)
})

test('a refresh between two answers is known by itself', () => {
  expect(hear(answer(-9_500_000, 0, [1000, 1000]), answer(20_000, 40_000, [1000, 1000]))).toEqual([undefined, 41_000])
})

test('answers too far apart, of another lease or of one that is gone tell nothing', () => {
  const [before, after] = [answer(-7_990_000, 0, [1000, 1000]), answer(-7_990_000, 40_000, [1000, 1000])]
  expect(hear(before, after)[1]).toBe(41_000 - 8 * second)
  expect(hear(before, {...after, heardAt: 120_000})[1]).toBeUndefined()
  expect(hear(before, {...after, lease: 'b2'})[1]).toBeUndefined()
  expect(hear({...before, leftSeconds: 0}, {...after, leftSeconds: -1})[1]).toBeUndefined()
})
