import fc from 'fast-check'
import {expect, test} from 'vitest'
import {ddmin, ddminBound} from '../../../lab/storm/ddmin.ts'

test('finds exactly the parts that fail together, within its bound of questions', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc
        .integer({min: 1, max: 40})
        .chain(size =>
          fc.tuple(
            fc.constant(Array.from({length: size}, (_, index) => index)),
            fc.uniqueArray(fc.integer({min: 0, max: size - 1}), {minLength: 1, maxLength: 5}),
          ),
        ),
      async ([parts, planted]) => {
        let asked = 0
        const found = await ddmin(parts, async subset => {
          asked++
          return planted.every(one => subset.includes(one))
        })
        expect(found).toEqual(planted.toSorted((a, b) => a - b))
        expect(asked).toBeLessThanOrEqual(ddminBound(parts.length))
      },
    ),
    {numRuns: 500},
  )
})

test('is 1-minimal where more than one set of parts fails', async () => {
  const size = fc.integer({min: 2, max: 20})
  await fc.assert(
    fc.asyncProperty(
      size,
      fc.array(fc.uniqueArray(fc.nat({max: 19}), {minLength: 1, maxLength: 4}), {minLength: 1}),
      async (many, sets) => {
        const parts = Array.from({length: many}, (_, index) => index)
        const fails = (subset: readonly number[]) => sets.some(set => set.every(one => subset.includes(one)))
        fc.pre(fails(parts))
        const found = await ddmin(parts, async subset => fails(subset))
        expect(fails(found)).toBe(true)
        if (found.length > 1) for (const one of found) expect(fails(found.filter(other => other !== one))).toBe(false)
      },
    ),
    {numRuns: 500},
  )
})

test('ended early, it answers with the fewest so far, which still fail', async () => {
  const parts = Array.from({length: 32}, (_, index) => index)
  for (let most = 0; most < 30; most++) {
    let asked = 0
    const fails = (subset: readonly number[]) => [3, 17].every(one => subset.includes(one))
    const found = await ddmin(
      parts,
      async subset => {
        asked++
        return fails(subset)
      },
      () => asked >= most,
    )
    expect(fails(found)).toBe(true)
    expect(asked).toBeLessThanOrEqual(most)
  }
})
