/** Of two clusters one takes writes and the other follows it: whatever else is the case is said. */
import {expect, test} from 'vitest'
import {following} from '../../../lab/cluster/health-parts.ts'
import type {Member, Members} from '../../../lab/cluster/members.ts'

const member = (host: string, state: string, timeline = 2): Member => ({
  ...{host, container: 'running', role: 'replica', state, timeline, lagBytes: 0, sync: null},
})

const primary = (host: string, sends: readonly string[]): Members => ({
  members: [member(host, 'running')],
  primaries: [host],
  standbyLeaders: [],
  leader: host,
  senders: sends.map(name => ({application_name: name, state: 'streaming'})),
})

const standby = (host: string, state = 'streaming', timeline = 2): Members => ({
  members: [member(host, state, timeline)],
  primaries: [],
  standbyLeaders: [host],
  leader: host,
  senders: [],
})

const nobody: Members = {members: [], primaries: [], standbyLeaders: [], leader: null, senders: []}

test('one takes writes, the other follows it, whichever was raised as which', () => {
  expect(following([primary('node1', ['node3'])])).toEqual([])
  expect(following([primary('node1', ['node3']), standby('node3')])).toEqual([])
  expect(following([standby('node1'), primary('node3', ['node1'])])).toEqual([])
})

test.each([
  [
    'each takes writes',
    [primary('node1', []), primary('node3', [])],
    'node1 and node3 are primaries at once, each of a cluster of its own: none of them follows another',
  ],
  [
    'it does not stream',
    [primary('node1', []), standby('node3', 'running')],
    'the standby leader node3 is running, not streaming from node1',
  ],
  [
    'it streams from a replica of the other',
    [primary('node1', ['node2']), standby('node3')],
    'the standby leader node3 streams, but not from node1',
  ],
  [
    'it is on another timeline',
    [primary('node1', ['node3']), standby('node3', 'streaming', 1)],
    'the standby leader node3 streams on timeline 1, node1 is on 2',
  ],
  [
    'nobody takes writes',
    [standby('node1'), standby('node3')],
    'no cluster takes writes: node1 and node3 are standby leaders',
  ],
  ['the only one follows somebody', [standby('node1')], 'no cluster takes writes: node1 is a standby leader'],
])('%s', (_what, all, says) => {
  expect(following(all)).toEqual([says])
})

test('who has no leader at all is told of elsewhere', () => {
  expect(following([nobody, standby('node3')])).toEqual([])
  expect(following([primary('node1', []), nobody])).toEqual([])
})
