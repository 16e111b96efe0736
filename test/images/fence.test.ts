/** What only a live lab can show in a kernel (test/live/web-page.test.ts), held here in the file that makes it. */
import {readFileSync} from 'node:fs'
import {join} from 'node:path'
import {expect, test} from 'vitest'

test('the fence of a host closes every port on which etcd and Patroni obey anybody: clients, members, REST API', () => {
  const powerOn = readFileSync(join(import.meta.dirname, '..', '..', 'images', 'host', 'bin', 'power-on'), 'utf8')
  const closed = /tcp dport \{ ([\d, ]+) \} reject/.exec(powerOn)?.[1]?.split(', ')
  expect(closed).toEqual(['2379', '2380', '8008'])
})
