import {expect, test} from 'vitest'
import type {Happening, Of} from '../../../lab/history/event.ts'
import {Attention} from '../../../lab/run/attention.ts'

const s = (seconds: number) => seconds * 1e6
const postgres = (up: boolean) => ({kind: 'postgres', host: 'node1', up}) as unknown as Of<'postgres'>
const patroni = (code: number | null) => ({kind: 'patroni', host: 'node1', code}) as unknown as Of<'patroni'>
const happening = (kind: string) => ({kind}) as unknown as Happening

const proxy = (up: boolean) =>
  ({kind: 'proxy', proxy: 'proxy1', backend: 'primary', server: 'node1', up}) as unknown as Happening
const leads = (holder: string) => ({kind: 'leader-key', scope: 'demo', holder}) as unknown as Happening
const member = (leader: string | null) =>
  ({kind: 'etcd-member', host: 'node1', up: true, leader}) as unknown as Happening

test('answers of a healthy cluster, and what is told once more, leave it calm', () => {
  const attention = new Attention()
  const all = [postgres(true), patroni(200), proxy(true), leads('node1'), member('node1'), happening('lease')]
  for (const one of [...all, ...all]) attention.heard(one, s(1))
  expect(attention.leastMs(s(1))).toBe(400)
})

test.each([
  ['a server that does not answer', postgres(false)],
  ['a Patroni that does not', patroni(null)],
  ['another leader', leads('node2')],
  ['another leader of etcd', member('node2')],
  ['a container that dies', happening('container')],
  ['a proxy that changes its mind', proxy(false)],
  ['a fault', happening('fault-injecting')],
])('%s is looked at closely for a minute', (_, one) => {
  const attention = new Attention()
  for (const before of [proxy(true), leads('node1'), member('node1')]) attention.heard(before, s(1))
  attention.heard(one, s(10))
  expect(attention.leastMs(s(69))).toBe(250)
  expect(attention.leastMs(s(71))).toBe(400)
})
