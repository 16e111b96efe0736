import fc from 'fast-check'
import {expect, test} from 'vitest'
import {countLeading} from '../../../lab/words/search.ts'

test('as many are counted as a walk from the head counts, in a list that is empty or has the same value twice, too', () => {
  const lists = fc.array(fc.integer({min: 0, max: 20}), {maxLength: 30}).map(list => list.toSorted((a, b) => a - b))
  fc.assert(
    fc.property(lists, fc.integer({min: -1, max: 21}), (list, limit) => {
      const walked = list.findIndex(one => one > limit)
      expect(countLeading(list, one => one <= limit)).toBe(walked === -1 ? list.length : walked)
    }),
  )
})
