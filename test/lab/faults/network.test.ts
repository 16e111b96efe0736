import {describe, expect, it} from 'vitest'
import type {ZodType} from 'zod'
import type {DialAnswer, Dialled} from '../../../lab/breaking/paths.ts'
import {faults} from '../../../lab/faults/index.ts'
import {type CutSeen, judged, partition} from '../../../lab/faults/partition.ts'
import {judged as judgedSlow, type Measured, slow} from '../../../lab/faults/slow.ts'

function complaint(fault: string, params: unknown): string | undefined {
  return (faults[fault]!.params as ZodType).safeParse(params).error?.issues[0]?.message
}

describe('the faults of the network', () => {
  it.each([
    ['partition', {}],
    ['partition', {from: 'etcd', services: ['etcd']}],
    ['partition', {from: ['all', 'proxy1'], ways: 'out', how: 'reject', limit: '30m'}],
    ['partition', {shape: 'ring'}],
    ['slow', {bandwidth: '5Mbit'}],
    ['slow', {delay: '100ms', jitter: '20ms', loss: '1%', bandwidth: '1Gbit'}],
    ['unplug', {}],
  ])('%s takes %j', (fault, params) => expect(complaint(fault, params)).toBeUndefined())

  it.each([
    ['partition', {from: []}, /./],
    ['partition', {services: ['http']}, /etcd/],
    ['partition', {services: []}, /./],
    ['partition', {ways: 'up'}, /both/],
    ['partition', {shape: 'halves', from: 'leader'}, /`from` belongs to `shape: split`/],
    ['partition', {shape: 'bridge', ways: 'in'}, /`ways` belongs to `shape: split`/],
    ['partition', {limit: '31m'}, /between 1s and 30m/],
    ['partition', {limit: 30}, /unit/],
    ['partition', {form: 'leader'}, /form/],
    ['slow', {}, /bandwidth \(5Mbit\), delay \(100ms\) and loss \(1%\)/],
    ['slow', {limit: '1m'}, /takes one or more/],
    ['slow', {bandwidth: '5MB'}, /Mbit/],
    ['slow', {bandwidth: 5}, /did you mean 5Mbit/],
    ['slow', {jitter: '5ms', bandwidth: '5Mbit'}, /`jitter` varies a `delay`/],
    ['slow', {delay: '5ms', jitter: '10ms'}, /not larger/],
    ['slow', {loss: '0.1%'}, /cannot be proven/],
    ['unplug', {limit: '1m'}, /limit/],
  ])('%s refuses %j', (fault, params, says) => expect(complaint(fault, params)).toMatch(says))

  it('say what they need of the kernel, and how long they last', () => {
    expect(partition.needs?.(partition.params.parse({}))).toEqual(['nftables'])
    expect(slow.needs?.(slow.params.parse({bandwidth: '5Mbit'}))).toEqual(['tbf'])
    expect(slow.needs?.(slow.params.parse({bandwidth: '5Mbit', delay: '5ms'}))).toEqual(['delay'])
    expect(partition.limitMs?.(partition.params.parse({}))).toBe(180_000)
    expect(slow.limitMs?.(slow.params.parse({loss: '1%', limit: '10s'}))).toBe(10_000)
    expect(faults.unplug?.limitMs?.({})).toBeNull()
  })
})

const asked = (to: string, answer: DialAnswer): Dialled => ({from: 'node1', to, port: 2379, answer})
const other = (to: string, answer: DialAnswer): Dialled => ({from: 'node1', to, port: 2380, answer})

const cut: CutSeen = {
  how: 'drop',
  hits: new Map([['node1', {in: 2, out: 3}]]),
  before: [asked('node2', 'open'), asked('app1', 'refused'), other('node2', 'open'), other('node3', 'refused')],
  stopped: [asked('node2', 'silent'), asked('app1', 'silent')],
  spared: [other('node2', 'open'), other('node3', 'refused')],
}

describe('the proof of a partition', () => {
  it('holds when packets were stopped, what was cut is silent, and what was spared answers', () => {
    expect(judged(cut)).toEqual({
      holds: true,
      says: 'node1 dropped 2 in and 3 out; 2 connections that were answered no longer are; 1 to other services still are',
    })
  })

  it('fails when the rules of one host have met no packet', () => {
    const hits = new Map([...cut.hits, ['node2', {in: 0, out: 0}]])
    expect(judged({...cut, hits})).toEqual({holds: false, says: 'no packet has met the rules of node2'})
  })

  it.each<[DialAnswer]>([['open'], ['refused']])('fails when a dropped path is still answered: %s', answer => {
    const stopped = [asked('node2', answer), asked('app1', 'silent')]
    expect(judged({...cut, stopped})).toEqual({
      holds: false,
      says: `still answered: node1 to node2:2379 (${answer})`,
    })
  })

  it('takes a refusal for what a rejecting partition does', () => {
    const refused = {...cut, how: 'reject', stopped: [asked('node2', 'refused'), asked('app1', 'refused')]} as const
    expect(judged(refused)).toMatchObject({holds: true, says: expect.stringContaining('node1 rejected 2 in and 3 out')})
    expect(judged({...refused, stopped: [asked('node2', 'open')]}).holds).toBe(false)
  })

  it('fails when more was cut than should be', () => {
    expect(judged({...cut, spared: [other('node2', 'silent')]})).toEqual({
      holds: false,
      says: 'cut as well, though it should not be: node1 to node2:2380 (silent)',
    })
  })

  it('does not count a connection that nobody answered before', () => {
    const before = [asked('node2', 'silent'), other('node2', 'silent')]
    expect(judged({...cut, before, spared: [other('node2', 'silent')]})).toMatchObject({
      holds: true,
      says: expect.stringContaining('0 connections that were answered no longer are'),
    })
  })
})

describe('the proof of a slow line', () => {
  const line = {from: 'node1', to: 'node2', port: 5900}
  const at = (bandwidth: number | null, ping: Measured['ping'] = null): Measured => ({...line, bandwidth, ping})
  const ping = (averageMs: number | null, received = 5) => ({sent: 5, received, averageMs})

  it('holds when the line carries what it may, and carried more before', () => {
    const limit = {bandwidth: 5_000_000}
    expect(judgedSlow(limit, [at(700e6)], [at(4.6e6)])).toEqual({
      holds: true,
      says: 'node1 to node2 carries 4.60 Mbit/s, 700 Mbit/s before',
    })
    expect(judgedSlow(limit, [at(700e6)], [at(650e6)]).holds).toBe(false)
    expect(judgedSlow(limit, [at(4e6)], [at(4e6)]).holds).toBe(false)
    expect(judgedSlow(limit, [at(700e6)], [at(null)]).holds).toBe(false)
    expect(judgedSlow(limit, [at(700e6), at(700e6)], [at(4.6e6), at(700e6)])).toEqual({
      holds: false,
      says: 'node1 to node2 carries 700 Mbit/s, 700 Mbit/s before',
    })
  })

  it('holds when a round trip takes as much longer as it should', () => {
    const limit = {delayMs: 100, jitterMs: 20}
    expect(judgedSlow(limit, [at(null, ping(0.1))], [at(null, ping(98))]).holds).toBe(true)
    expect(judgedSlow(limit, [at(null, ping(0.1))], [at(null, ping(40))]).holds).toBe(false)
    expect(judgedSlow(limit, [at(null, ping(0.1))], [at(null, ping(null, 0))]).holds).toBe(false)
  })

  it('holds when pings are lost that were not lost before', () => {
    const limit = {lossPercent: 20}
    expect(judgedSlow(limit, [at(null, ping(0.1))], [at(null, ping(0.1, 4))]).holds).toBe(true)
    expect(judgedSlow(limit, [at(null, ping(0.1))], [at(null, ping(0.1))]).holds).toBe(false)
    expect(judgedSlow(limit, [at(null, ping(0.1, 4))], [at(null, ping(0.1, 4))]).holds).toBe(false)
  })

  it('does not hold without a measurement', () => {
    expect(judgedSlow({bandwidth: 5_000_000}, [], [])).toEqual({holds: false, says: 'nothing was measured'})
  })
})
