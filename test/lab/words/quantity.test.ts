import fc from 'fast-check'
import {describe, expect, test} from 'vitest'
import {z} from 'zod'
import {LabError} from '../../../lab/words/errors.ts'
import {
  parseBandwidth,
  parseDuration,
  parsePercent,
  parseRate,
  parseSize,
  sayMicros,
} from '../../../lab/words/quantity.ts'
import {duration, rate, size} from '../../../lab/words/schemas.ts'

const complaint = (read: () => unknown): string => {
  try {
    return `no complaint, but ${read()}`
  } catch (error) {
    expect(error).toBeInstanceOf(LabError)
    expect((error as LabError).code).toBe('config')
    return (error as LabError).message
  }
}

describe('a duration', () => {
  test.each([
    ['500ms', 500],
    ['10s', 10_000],
    ['1.5s', 1500],
    ['2m', 120_000],
    ['1h', 3_600_000],
    [' 3 s ', 3000],
    ['0s', 0],
  ])('%j is %d milliseconds', (written, ms) => expect(parseDuration(written)).toBe(ms))

  test.each([
    [10, 'did you mean 10s?'],
    [3000, 'did you mean 3000ms?'],
    ['10', 'did you mean 10s?'],
    ['10S', 'did you mean 10s?'],
    ['5sec', 'did you mean 5s?'],
    ['2min', 'did you mean 2m?'],
    ['3millis', 'did you mean 3ms?'],
    ['-1s', 'cannot be negative'],
    ['10 parsecs', 'the units are ms, s, m, h'],
    ['99999999999999h', 'more than any lab can use'],
    ['', 'write one number with its unit'],
    [undefined, 'is missing'],
    [{}, 'a mapping is not a duration'],
    [Number.NaN, 'has no unit'],
  ])('%j is refused with what was probably meant', (written, says) =>
    expect(complaint(() => parseDuration(written))).toContain(says),
  )
})

test('sizes are powers of 1024, as PostgreSQL reads them', () => {
  expect([parseSize('1MB'), parseSize('512kB'), parseSize('8B'), parseSize('2GB')]).toEqual([
    1_048_576, 524_288, 8, 2_147_483_648,
  ])
  expect(complaint(() => parseSize(1_048_576))).toContain('did you mean 1MB?')
  expect(complaint(() => parseSize('1MiB'))).toContain('did you mean 1MB?')
})

test('a rate is per second, and never zero', () => {
  expect([parseRate('200/s'), parseRate('600/m')]).toEqual([200, 10])
  expect(complaint(() => parseRate(200))).toContain('did you mean 200/s?')
  expect(complaint(() => parseRate('0/s'))).toContain('never do anything')
})

test('bandwidths are powers of 1000, as tc reads them, and never next to nothing', () => {
  expect([parseBandwidth('5Mbit'), parseBandwidth('512kbit'), parseBandwidth('0.5Gbit')]).toEqual([5e6, 512_000, 5e8])
  expect(complaint(() => parseBandwidth(5))).toContain('did you mean 5Mbit?')
  expect(complaint(() => parseBandwidth(5_000_000))).toContain('did you mean 5Mbit?')
  expect(complaint(() => parseBandwidth('5mbit'))).toContain('did you mean 5Mbit?')
  expect(complaint(() => parseBandwidth('5MB'))).toContain('the units are kbit, Mbit, Gbit')
  expect(complaint(() => parseBandwidth('1kbit'))).toContain('lets nothing through')
})

test('a share is more than nothing and at most everything', () => {
  expect([parsePercent('1%'), parsePercent('0.5 %'), parsePercent('100%')]).toEqual([1, 0.5, 100])
  expect(complaint(() => parsePercent(0.01))).toContain('did you mean 1%?')
  expect(complaint(() => parsePercent('0%'))).toContain('more than 0%')
  expect(complaint(() => parsePercent('101%'))).toContain('at most 100%')
})

test('in a schema the complaint is an issue at the value', () => {
  const schema = z.strictObject({within: duration, lag: size, rate})
  expect(schema.parse({within: '10s', lag: '1MB', rate: '5/s'})).toEqual({within: 10_000, lag: 1_048_576, rate: 5})
  const issues = schema.safeParse({within: 10, lag: '1MB', rate: '5/s'}).error?.issues
  expect(issues).toEqual([expect.objectContaining({path: ['within'], message: expect.stringContaining('10s')})])
})

test('no input makes a parser throw anything but its complaint, and what it accepts is finite and not negative (5000 runs)', {
  timeout: 30_000,
}, () => {
  const written = fc.oneof(
    fc.anything({withBigInt: true, withDate: true, withSparseArray: true}),
    fc.string({unit: 'binary'}),
    fc
      .tuple(fc.double(), fc.constantFrom('ms', 's', 'm', 'h', 'MB', 'kB', '/s', 'kbit', '%', 'x'))
      .map(([n, unit]) => `${n}${unit}`),
    fc.tuple(fc.nat(), fc.string({maxLength: 4})).map(([n, unit]) => `${n}${unit}`),
  )
  fc.assert(
    fc.property(written, value => {
      for (const parse of [parseDuration, parseSize, parseRate, parseBandwidth, parsePercent]) {
        try {
          const number = parse(value)
          if (!Number.isFinite(number) || number < 0) return false
        } catch (error) {
          if (!(error instanceof LabError) || error.message.includes('\n') || error.message.length > 300) return false
        }
      }
      return true
    }),
    {numRuns: 5000},
  )
})

test('micros are told in milliseconds below a second', () => {
  expect([sayMicros(130_000), sayMicros(21_930_000), sayMicros(-5000)]).toEqual(['130 ms', '21.93 s', '-5 ms'])
})
