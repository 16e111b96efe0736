import {beforeEach, expect, test} from 'vitest'
import {PlainLines} from '../../../cli/watch/plain-lines.ts'
import {op, storyUntil} from '../ui/story.ts'

let told: string[]
let lines: PlainLines
beforeEach(() => {
  told = []
  lines = new PlainLines(line => told.push(line))
})
const s = (seconds: number) => seconds * 1e6

test('whatever happens has its line', () => {
  for (const event of storyUntil(30)) lines.event(event)
  expect(told).toContain('[+7.00 s] FAULT kill host on leader: node1\n')
  expect(told).toContain('[+28.50 s] node2 holds the leader key\n')
})

test('etcd has a line at the beginning, when its quorum is lost, not known, or back, and for an alarm; not each time it is asked', () => {
  const quorum = (led: number, silent: number, isLost: boolean | null) => ({led, silent, members: 3, needed: 2, isLost})
  const [whole, lost, mute] = [quorum(3, 0, false), quorum(1, 0, true), quorum(0, 3, null)]
  for (const one of [whole, whole, lost, lost, mute, whole]) lines.quorum({...one, alarms: []}, s(1))
  lines.quorum({...whole, alarms: ['NOSPACE']}, s(2))
  expect(told).toEqual([
    '[+1.00 s] quorum of etcd: 3 of 3 know a leader, 2 are needed\n',
    '[+1.00 s] quorum of etcd LOST: 1 of 3 know a leader, 2 are needed\n',
    '[+1.00 s] quorum of etcd not known: 3 of 3 do not answer\n',
    '[+1.00 s] quorum of etcd: 3 of 3 know a leader, 2 are needed\n',
    '[+2.00 s] quorum of etcd: 3 of 3 know a leader, 2 are needed; ALARM NOSPACE\n',
  ])
})

test('an outage has a line once when it goes on for a second, and one when it is over', () => {
  lines.load({state: 'on', says: null, lost: 0}, 0)
  lines.event(op(1, 'write', 'ok', 'node1'))
  for (const now of [1.5, 2.2, 2.7, 9]) lines.look(s(now))
  lines.event(op(10, 'write', 'ok', 'node1'))
  lines.look(s(10.1))
  expect(told).toEqual([
    '[+0.00 s] a light load\n',
    '[+2.20 s] NO WRITES for 1.2 s\n',
    '[+10.00 s] writes are acknowledged again after 9.0 s\n',
  ])
})

test('that clients were ended is no outage, and neither is the time until they begin anew', () => {
  lines.load({state: 'on', says: null, lost: 0}, 0)
  lines.event(op(1, 'write', 'ok', 'node1'))
  lines.load({state: 'waits', says: 'chaos', lost: 0}, s(1.1))
  lines.look(s(30))
  lines.load({state: 'on', says: null, lost: 2}, s(60))
  lines.event(op(61, 'write', 'ok', 'node1'))
  expect(told.slice(1)).toEqual([
    '[+1.10 s] the load waits for chaos\n',
    '[+60.00 s] a light load; 2 acknowledged writes are LOST\n',
  ])
})
