import fc from 'fast-check'
import {expect, test} from 'vitest'
import {Distinct} from '../../../lab/words/distinct.ts'

test('it counts what a Set counts, whatever comes in whatever order', () => {
  const near = fc.nat(3000)
  const far = fc.oneof(fc.nat(2 ** 31 - 1), fc.maxSafeInteger().map(Math.abs))
  fc.assert(
    fc.property(fc.array(fc.oneof({arbitrary: near, weight: 9}, {arbitrary: far, weight: 1})), numbers => {
      const distinct = new Distinct()
      for (const one of numbers) distinct.add(one)
      expect(distinct.size).toBe(new Set(numbers).size)
    }),
  )
})

test('a number that is far off takes no memory for those between, and is found again when they come', () => {
  const distinct = new Distinct()
  distinct.add(100_000)
  distinct.add(Number.MAX_SAFE_INTEGER)
  for (let one = 0; one <= 100_000; one++) distinct.add(one)
  for (const one of [5, 100_000, Number.MAX_SAFE_INTEGER]) distinct.add(one)
  expect(distinct.size).toBe(100_002)
})
