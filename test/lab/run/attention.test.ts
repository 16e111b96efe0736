import {expect, test} from 'vitest'
import type {Happening, Of} from '../../../lab/history/event.ts'
import {Attention} from '../../../lab/run/attention.ts'

const s = (seconds: number) => seconds * 1e6
const postgres = (up: boolean) => ({kind: 'postgres', host: 'node1', up}) as unknown as Of<'postgres'>
const patroni = (code: number | null) => ({kind: 'patroni', host: 'node1', code}) as unknown as Of<'patroni'>
const happening = (kind: string) => ({kind}) as unknown as Happening

test('answers of a healthy cluster leave it calm', () => {
  const attention = new Attention()
  for (const one of [postgres(true), patroni(200), happening('status-key'), happening('lease'), happening('op')])
    attention.heard(one, s(1))
  expect(attention.leastMs(s(1))).toBe(500)
})

test.each([
  ['a server that does not answer', postgres(false)],
  ['a Patroni that does not', patroni(null)],
  ['another leader', happening('leader-key')],
  ['a container that dies', happening('container')],
  ['a proxy that changes its mind', happening('proxy')],
  ['a fault', happening('fault-injecting')],
])('%s is looked at closely for a minute', (_, one) => {
  const attention = new Attention()
  attention.heard(one, s(10))
  expect(attention.leastMs(s(69))).toBe(250)
  expect(attention.leastMs(s(71))).toBe(500)
})
