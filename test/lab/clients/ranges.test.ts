import fc from 'fast-check'
import {describe, expect, it} from 'vitest'
import {Ranges} from '../../../lab/clients/ranges.ts'

function compress(ids: readonly number[]): Ranges {
  const ranges = new Ranges()
  for (const id of ids) ranges.add(id)
  return ranges
}

describe('ranges of ids', () => {
  it('join neighbours and show gaps', () => {
    expect(compress([1, 2, 3, 5, 8, 9]).ranges).toEqual([
      [1, 3],
      [5, 5],
      [8, 9],
    ])
    expect(compress([]).ranges).toEqual([])
  })

  it('name an id that is there more than once, once', () => {
    expect(compress([1, 2, 2, 2, 3, 4, 4])).toMatchObject({ranges: [[1, 4]], duplicates: [2, 4]})
  })

  it('hold exactly the ids that were told', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({min: 0, max: 60})), ids => {
        const sorted = ids.toSorted((a, b) => a - b)
        const {ranges, duplicates} = compress(sorted)
        const told = ranges.flatMap(([from, to]) => Array.from({length: to - from + 1}, (_, index) => from + index))
        expect(told).toEqual([...new Set(sorted)])
        expect(duplicates).toEqual([...new Set(sorted.filter((id, index) => sorted[index - 1] === id))])
      }),
    )
  })

  it('refuse ids that fall', () => {
    expect(() => compress([2, 1])).toThrow('ids must rise')
  })
})
