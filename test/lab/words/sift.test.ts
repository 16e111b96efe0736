import fc from 'fast-check'
import {expect, test} from 'vitest'
import {sift} from '../../../lab/words/sift.ts'

test('what is sifted is what a filter leaves', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(9)), fc.nat(9), (list, most) => {
      const before = [...list]
      expect(sift(list, one => one < most)).toStrictEqual(list.filter(one => one < most))
      expect(list).toStrictEqual(before)
    }),
  )
})

test('a list of which all are so is not copied', () => {
  const list = [1, 2, 3]
  expect(sift(list, () => true)).toBe(list)
})
