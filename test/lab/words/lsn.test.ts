import {expect, it} from 'vitest'
import {lsnBytes} from '../../../lab/words/lsn.ts'

it('an LSN is 32 upper and 32 lower bits in hex', () => {
  expect(lsnBytes('0/3000060')).toBe(0x3000060)
  expect(lsnBytes('16/B374D848')).toBe(0x16b374d848)
  expect(lsnBytes('FF/FFFFFFFF')).toBe(0xffffffffff)
})

it('anything else is refused', () => {
  for (const text of ['', '0', '0/', '/0', '0/G', '0/123456789']) expect(() => lsnBytes(text)).toThrow('not an LSN')
})
