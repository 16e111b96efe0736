import {expect, test} from 'vitest'
import {type Bearing, bearingOf, borne, isStarved} from '../../../lab/suite/bearing.ts'

const strain = (share: number) => ({timer: 250_000 * share, disk: 0, share})
const runs = (bearing: Bearing, ...shares: readonly number[]) =>
  shares.reduce(
    (before, share) => borne(before, {strain: strain(share), inconclusive: false, since: before.changes}),
    bearing,
  )

test('an engine begins with one lab, and gets one more when each of its labs has had a calm run beside the others', () => {
  const one = bearingOf(3)
  expect(one.width).toBe(1)
  const two = runs(one, 0.1)
  expect([two.width, runs(two, 0.1).width, runs(two, 0.1, 0.2).width]).toEqual([2, 2, 3])
  expect(runs(two, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1).width).toBe(3)
})

test('a run that was not calm begins the count anew, and one that tells nothing counts for nothing', () => {
  const two = runs(bearingOf(4), 0.1)
  expect(runs(two, 0.1, 0.8, 0.1)).toMatchObject({width: 2, calm: 1})
  expect(borne(two, {strain: null, inconclusive: false, since: two.changes})).toEqual(two)
})

test('a run that began before the last change tells nothing of the labs since', () => {
  const two = runs(bearingOf(4), 0.1)
  expect(borne(two, {strain: strain(5), inconclusive: true, since: 0})).toEqual(two)
})

test('a run that was starved beside others and proves nothing takes one lab away for good', () => {
  const two = runs(bearingOf(4), 0.1)
  const starved = {strain: strain(1.4), inconclusive: true, since: two.changes}
  const one = borne(two, starved)
  expect(one).toMatchObject({width: 1, most: 1})
  expect(runs(one, 0.1, 0.1, 0.1).width).toBe(1)
  expect([isStarved(starved, two), isStarved({...starved, since: one.changes}, one)]).toEqual([true, false])
  // Another one had begun beside it, and ends when there is one lab left.
  expect(isStarved(starved, one)).toBe(true)
})

test('a run that proves nothing on a machine that was not starved is not the fault of its neighbours', () => {
  const two = runs(bearingOf(4), 0.1)
  expect(borne(two, {strain: strain(0.2), inconclusive: true, since: two.changes}).width).toBe(2)
  expect(borne(bearingOf(4), {strain: strain(9), inconclusive: true, since: 0}).width).toBe(1)
})
