import {describe, expect, it} from 'vitest'
import type {MemberKey, PatroniKeys} from '../../../lab/cluster/patroni-keys.ts'
import {restartOrder} from '../../../lab/cluster/pending-restarts.ts'

const member = (pendingRestart: boolean): MemberKey => ({
  ...{role: null, state: 'running', tags: {}, pendingRestart, paused: false},
})
const [waits, rests] = [member(true), member(false)]
const same = {inForce: 10, next: 10}
const keys = (leader: string | null, members: PatroniKeys['members']): PatroniKeys => ({
  leader,
  optime: null,
  synchronousMode: 'off',
  standbys: [],
  members,
})

describe('members that wait for a restart', () => {
  it('restart with the replicas first when a parameter grows', () => {
    const all = keys('node2', {node3: waits, node2: waits, node1: waits})
    expect(restartOrder(all, [same, {inForce: 100, next: 120}])).toEqual(['node1', 'node3', 'node2'])
    expect(restartOrder(all, [])).toEqual(['node1', 'node3', 'node2'])
  })

  it('restart with the leader first when one shrinks', () => {
    const all = keys('node2', {node1: waits, node2: waits, node3: waits})
    expect(
      restartOrder(all, [
        {inForce: 8, next: 16},
        {inForce: 120, next: 100},
      ]),
    ).toEqual(['node2', 'node1', 'node3'])
  })

  it('are all that restart', () => {
    expect(restartOrder(keys('node1', {node1: rests, node2: waits, node3: rests}), [])).toEqual(['node2'])
    expect(restartOrder(keys(null, {}), [])).toEqual([])
  })
})
