import {expect, test} from 'vitest'
import {lanesOf} from '../../../cli/render/lanes.ts'
import {writeGaps} from '../../../cli/render/write-gaps.ts'
import type {Event} from '../../../lab/history/event.ts'
import {historyOf, of} from '../../../lab/history/history.ts'
import {altered, cleanRun, micros, quickRun, sample} from '../../lab/checks/history-builder.ts'
import {recorded} from './recorded.ts'

const clean = historyOf(cleanRun())
const lane = (history = clean, host = 'node1') => lanesOf(history).hosts.find(one => one.host === host)!
const roles = (history = clean, host = 'node1') =>
  lane(history, host).role.map(({is, from, to}) => [is.role, is.timeline, Math.round(from / 1e4), Math.round(to / 1e4)])
const at = (seconds: number) => Math.round(micros(seconds) / 1e4)

test('the old leader is leader until its death, down until its mend, silent until it answers, then a replica', () => {
  const {injected, mend, finalReads, rejoined} = quickRun
  const states = roles()
  expect(states.map(([role, timeline]) => [role, timeline])).toEqual([
    ['leader', 1],
    ['stopped', null],
    ['silent', null],
    ['replica', 2],
  ])
  const [leader, stopped, starting, replica] = states
  expect(leader![2]).toBe(at(-7))
  expect([stopped![2], stopped![3]]).toEqual([at(injected + 0.01), at(mend + 0.3)])
  expect(starting![2]).toBe(at(mend + 0.3))
  expect(Number(replica![2])).toBeGreaterThanOrEqual(at(rejoined - 0.5))
  expect(replica![3]).toBe(at(finalReads + 0.5))
})

test('the new leader is a leader from the first sample that found it writable', () => {
  const states = roles(clean, 'node2')
  const leader = states.find(([role]) => role === 'leader')!
  expect(leader[1]).toBe(2)
  expect(leader[2]).toBeGreaterThanOrEqual(at(quickRun.promoted))
  expect(leader[2]).toBeLessThan(at(quickRun.promoted) + 11)
})

test('the leader key is where the watch told that it is', () => {
  expect(lane().key.map(({from, to}) => [from, to])).toEqual([[micros(-6.9), micros(quickRun.keyGone)]])
  expect(lane(clean, 'node2').key[0]!.from).toBe(micros(quickRun.newKey))
})

test('a server that takes writes without the key is called so', () => {
  const rogue = altered([...clean.events], event => event, [
    sample('node3', 5, {inRecovery: false, receiver: null, timeline: 3}),
    sample('node3', 5.05, {inRecovery: false, receiver: null, timeline: 3}),
  ])
  expect(roles(rogue, 'node3').map(([role]) => role)).toContain('primary')
})

test('where nobody looked for more than a second there is no role', () => {
  const blind = altered([...clean.events], event =>
    event.kind === 'postgres' && event.host === 'node3' && event.at > micros(2) && event.at < micros(6) ? null : event,
  )
  const intervals = lane(blind, 'node3').role
  expect(intervals.some(one => one.from < micros(4) && one.to > micros(4))).toBe(false)
  expect(lane(clean, 'node3').role.some(one => one.from < micros(4) && one.to > micros(4))).toBe(true)
})

test('the proxy sends writes to whom it had up', () => {
  const [proxy] = lanesOf(clean).proxies
  expect(proxy!.routed.map(({is, from}) => [is, from])).toEqual([
    [['node1'], micros(-6.8)],
    [[], micros(quickRun.down)],
    [['node2'], micros(quickRun.up)],
  ])
})

test('what does not answer is named', () => {
  const etcdDown: Event = {at: micros(3), kind: 'etcd-member', host: 'node3', up: false, leader: null, term: null}
  const states = lane(
    altered([...clean.events], event => event, [etcdDown]),
    'node3',
  ).answers
  expect(states.at(-1)).toMatchObject({from: micros(3), is: {silent: ['etcd']}})
})

test('the write gap lies between the last acknowledged write before it and the first after it', () => {
  const history = recorded('kill-leader.pass')
  const fault = of(history, 'fault-injecting')[0]!
  const answers = of(history, 'op').filter(op => op.op === 'write' && op.outcome === 'ok')
  const longest = writeGaps(history).toSorted((a, b) => b.to - b.from - (a.to - a.from))[0]!
  const first = answers.find(op => op.at > fault.at + 5e6)!
  expect(longest).toEqual({from: answers.findLast(op => op.at < first.at)!.at, to: first.at, ended: true})
})

test('a gap that never ended lasts until the writers stopped', () => {
  const dead = altered([...clean.events], event =>
    event.kind === 'op' && event.op === 'write' && event.at > micros(0)
      ? {...event, outcome: 'unknown', server: null}
      : event,
  )
  const last = writeGaps(dead).at(-1)!
  expect(last.ended).toBe(false)
  expect(last.to).toBe(micros(quickRun.finalReads))
})

test('a run that broke off while nobody could write has a gap to its end', () => {
  const history = recorded('kill-leader-interrupted.unknown')
  const last = of(history, 'op').findLast(op => op.op === 'write' && op.outcome === 'ok')!
  expect(writeGaps(history).at(-1)).toEqual({from: last.at, to: history.events.at(-1)!.at, ended: false})
})

test('an empty history has lanes for nobody', () =>
  expect(lanesOf(historyOf([]))).toMatchObject({hosts: [], proxies: []}))
