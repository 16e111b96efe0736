import fc from 'fast-check'
import {describe, expect, it} from 'vitest'
import {estimateOffset} from '../../../lab/probes/clock-offset.ts'

describe('the offset of another clock', () => {
  it('comes from the quickest ping-pong', () => {
    const slow = {askedMicros: 0, answeredMicros: 10_000, theirMicros: 9_000}
    const quick = {askedMicros: 20_000, answeredMicros: 20_200, theirMicros: 19_100}
    expect(estimateOffset([slow, quick, slow])).toEqual({offsetMicros: 1000, uncertaintyMicros: 100})
  })

  it('is wrong by at most its uncertainty, however lopsided the way there and back are', () => {
    const way = fc.integer({min: 0, max: 50_000})
    fc.assert(
      fc.property(
        fc.integer({min: -1e9, max: 1e9}),
        fc.array(fc.tuple(way, way), {minLength: 1, maxLength: 20}),
        (truth, ways) => {
          let now = 0
          const seen = ways.map(([there, back]) => {
            const askedMicros = now
            now += there + back
            return {askedMicros, answeredMicros: now, theirMicros: askedMicros + there - truth}
          })
          const {offsetMicros, uncertaintyMicros} = estimateOffset(seen)
          expect(Math.abs(offsetMicros - truth)).toBeLessThanOrEqual(uncertaintyMicros + 0.5)
        },
      ),
    )
  })

  it('cannot be known without a ping-pong', () => {
    expect(() => estimateOffset([])).toThrow(RangeError)
  })
})
