import {expect, test} from 'vitest'
import {parseDigests} from '../../../lab/probes/files.ts'

const digest = 'ab'.repeat(32)

test('each file with its digest, as sha256sum prints them', () => {
  expect(parseDigests(`${digest}  /etc/haproxy/haproxy.cfg\n${digest} */etc/a b\n`)).toEqual(
    new Map([
      ['/etc/haproxy/haproxy.cfg', digest],
      ['/etc/a b', digest],
    ]),
  )
})

test('one that is not there is said to be gone; of one that was not read nothing is said, and nothing known', () => {
  expect(parseDigests('- /etc/haproxy/haproxy.cfg\n')).toEqual(new Map([['/etc/haproxy/haproxy.cfg', '-']]))
  expect(parseDigests('')).toEqual(new Map())
})

test('anything else is no answer', () =>
  expect(() => parseDigests('sh: sha256sum: not found\n')).toThrow('printed sh:'))
