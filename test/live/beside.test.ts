import {expect, test} from 'vitest'
import {leftOpen} from './beside.ts'

test('what proved nothing, and what failed as it should but left something open, may be played again', () => {
  expect(leftOpen(4, 0, ['pass', 'unknown'])).toBe(true)
  expect(leftOpen(4, 1, ['unknown'])).toBe(true)
  expect(leftOpen(1, 1, ['fail', 'unknown'])).toBe(true)
})

test('what failed and should have passed counts, whatever else it left open; so does what was all found out', () => {
  expect(leftOpen(1, 0, ['fail', 'unknown'])).toBe(false)
  expect(leftOpen(0, 1, ['pass', 'pass'])).toBe(false)
  expect(leftOpen(70, 0, ['unknown'])).toBe(false)
  expect(leftOpen(1, 1, ['fail', 'pass'])).toBe(false)
  expect(leftOpen(4, 4, ['unknown'])).toBe(false)
})
