import {describe, expect, it} from 'vitest'
import type {MemberKey, PatroniKeys} from '../../../lab/cluster/patroni-keys.ts'
import {restartOrder} from '../../../lab/cluster/pending-restarts.ts'

const member = (before?: string, after?: string): MemberKey => ({
  role: null,
  state: 'running',
  tags: {},
  pendingRestart: after !== undefined,
  pendingFor: after === undefined ? {} : {max_connections: {old_value: before, new_value: after}},
  paused: false,
})
const keys = (leader: string | null, members: PatroniKeys['members']): PatroniKeys => ({
  leader,
  optime: null,
  synchronousMode: 'off',
  standbys: [],
  members,
})

describe('members that wait for a restart', () => {
  it('restart with the replicas first when a parameter grows', () => {
    const grows = member('100', '120')
    expect(restartOrder(keys('node2', {node3: grows, node2: grows, node1: grows}))).toEqual(['node1', 'node3', 'node2'])
  })

  it('restart with the leader first when one shrinks', () => {
    const shrinks = member('120', '100')
    expect(restartOrder(keys('node2', {node1: shrinks, node2: shrinks, node3: shrinks}))).toEqual([
      'node2',
      'node1',
      'node3',
    ])
  })

  it('are all that restart', () => {
    expect(restartOrder(keys('node1', {node1: member(), node2: member('100', '120'), node3: member()}))).toEqual([
      'node2',
    ])
    expect(restartOrder(keys(null, {}))).toEqual([])
  })
})
