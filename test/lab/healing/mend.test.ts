import {readFileSync} from 'node:fs'
import {join} from 'node:path'
import {expect, test} from 'vitest'
import {signOf} from '../../../lab/healing/broken.ts'
import {mends} from '../../../lab/healing/mend.ts'
import type {Mend} from '../../../lab/history/event.ts'
import {sayMend} from '../../../lab/history/say-mend.ts'

const script = readFileSync(join(import.meta.dirname, '../../../images/host/bin/whats-broken'), 'utf8')

test('a host tells the signs that some mend is found by, and no others', () => {
  const told = [...script.matchAll(/\becho "?([a-z]+)|\/([a-z]+) \/p/g)].map(([, echoed, edited]) => echoed ?? edited)
  const signs = Object.values(mends).flatMap(({found}) => ('sign' in found ? [found.sign] : []))
  expect(signs.toSorted()).toEqual([...new Set(told)].toSorted())
})

test('a sign is read as the mend that is found by it, with the name that it says', () => {
  expect(signOf('node1', 'down patroni')).toEqual({
    mends: [{do: 'start-service', host: 'node1', service: 'patroni'}],
    unknown: [],
  })
})

test('a sign that nobody knows is said, not dropped', () => {
  expect(signOf('node1', 'bewitched etcd\u001b[2J')).toEqual({
    mends: [],
    unknown: [expect.stringMatching(/^node1 shows "bewitched etcd[^\u001b]*", which this version knows no mend for$/)],
  })
})

test('a mend that another version wrote into the journal has words too', () => {
  expect(sayMend({do: 'lift-curse', host: 'node1'} as unknown as Mend)).toBe(
    'lift-curse, which this version knows nothing of',
  )
})
