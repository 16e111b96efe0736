import fc from 'fast-check'
import {expect, test} from 'vitest'
import {hasPlainKeys} from '../../../lab/words/plain-keys.ts'

test('whatever JSON.stringify writes has each key once', () => {
  fc.assert(
    fc.property(fc.json(), text => {
      // A key with a backslash may be read in place of another one with an escape (nodejs/node#63785).
      fc.pre(!text.includes('__proto__') && !text.includes('\\\\'))
      const value = JSON.parse(text) as unknown
      for (const spelled of [JSON.stringify(value), JSON.stringify(value, null, 2)])
        expect(hasPlainKeys(spelled, value)).toBe(true)
    }),
  )
})

test.each([
  '{"a":1,"a":2}',
  '{"a" : 1, "a":2}',
  '[{"b":{"a":1,"\\u0061":2}}]',
  '{"a\\"":":","a\\"":2}',
  '{"__proto__":{}}',
  '{"a":{"\\u005f_proto__":1}}',
])('%s does not', text => {
  expect(hasPlainKeys(text, JSON.parse(text))).toBe(false)
})
