import fc from 'fast-check'
import {expect, test} from 'vitest'
import {Dice} from '../../../lab/budget/dice.ts'
import {holdOut} from '../../../lab/budget/hold-out.ts'

const usual = (members: number, retrySeconds: number) => holdOut(members, retrySeconds, 'drop').draw(new Dice(1)) / 1e6

test.each([
  [3, 6.0],
  [5, 6.7],
  [10, 11.7],
])(
  'with three members and vanishing packets, retry_timeout %i s means %f s: R/3 + 5 * max(1, R/6)',
  (retry, expected) => {
    expect(usual(3, retry)).toBeCloseTo(expected, 1)
  },
)

test('refused connections are given up within retry_timeout', () => {
  const {min, max} = holdOut(3, 10, 'reject')
  expect([min, max]).toEqual([8.1e6, 10e6])
})

test('an unknown cut is bounded by both kinds, for any number of members (500 runs)', () => {
  fc.assert(
    fc.property(fc.integer({min: 1, max: 7}), fc.integer({min: 3, max: 40}), (members, retry) => {
      const [unknown, drop, reject] = [undefined, 'drop' as const, 'reject' as const].map(cut =>
        holdOut(members, retry, cut),
      )
      return (
        unknown!.min <= Math.min(drop!.min, reject!.min) &&
        unknown!.max >= Math.max(drop!.max, reject!.max) &&
        drop!.min <= drop!.max &&
        // It never ends: a leader that holds out for ever would be a split brain.
        drop!.max < 20 * retry * 1e6
      )
    }),
    {numRuns: 500},
  )
})
