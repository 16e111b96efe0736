import {expect, test} from 'vitest'
import {Dice} from '../../../lab/budget/dice.ts'
import {
  between,
  earliest,
  either,
  fixed,
  latest,
  repeated,
  slowMachine,
  smallTerm,
  sum,
} from '../../../lab/budget/variable.ts'

test('what stands in both cancels out in a difference, in its bounds and in each run', () => {
  const age = between(0, 10)
  const gone = fixed(30).minus(age)
  const due = fixed(10).minus(age)
  expect(gone.minus(due).bounds).toEqual([20, 20])
  const dice = new Dice(7)
  dice.nextRun()
  expect(gone.draw(dice) - due.draw(dice)).toBe(20)
})

test('only small terms are stretched for a slow machine', () => {
  const sumOfBoth = sum(between(5, 10), smallTerm([1, 2], 4))
  expect([sumOfBoth.min, sumOfBoth.max, sumOfBoth.limit]).toEqual([5, 14, 14 + (slowMachine - 1) * 4])
  expect(fixed(20).minus(smallTerm([1, 2], 4)).limit).toBe(20)
})

test('the later, the earlier and either of two have the bounds and limits of both', () => {
  const [a, b] = [between(1, 5), sum(between(2, 3), smallTerm([0, 1], 1))]
  expect(latest(a, b)).toMatchObject({min: 2, max: 5, limit: 6})
  expect(earliest(a, b)).toMatchObject({min: 1, max: 4, limit: 5})
  expect(either(a, b)).toMatchObject({min: 1, max: 5, limit: 6})
})

test('a chance of nothing never happens, a certain one as often as it may', () => {
  expect(repeated(10, 0, 3).draw(new Dice(1))).toBe(0)
  expect(repeated(10, 1, 3).draw(new Dice(1))).toBe(30)
})

test('dice are even: ten equal parts get a tenth each, within 1 % of a hundred thousand', () => {
  const dice = new Dice(3)
  const counts = new Array<number>(10).fill(0)
  for (let run = 0; run < 100_000; run++) counts[Math.floor(dice.next() * 10)]!++
  for (const count of counts) expect(Math.abs(count - 10_000)).toBeLessThan(1000)
})
