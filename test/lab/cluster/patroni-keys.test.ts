import {describe, expect, it} from 'vitest'
import {decodeKeys as decode} from '../../../lab/cluster/patroni-keys.ts'

const decodeKeys = (found: Parameters<typeof decode>[0]) => decode(found, {scope: 'pgha', namespace: '/service/'})
const key = (name: string, value: unknown) => ({
  key: `/service/pgha/${name}`,
  value: typeof value === 'string' ? value : JSON.stringify(value),
})

describe("Patroni's keys", () => {
  it('tell the leader, its position, and what each member says of itself', () => {
    expect(
      decodeKeys([
        key('leader', 'node2'),
        key('status', {optime: 67197376, slots: {}}),
        key('config', {ttl: 20, synchronous_mode: true}),
        key('sync', {leader: 'node2', sync_standby: 'node1,node3'}),
        key('members/node1', {role: 'replica', state: 'running', tags: {nofailover: true}, pause: true}),
        key('members/node2', {
          role: 'primary',
          state: 'running',
          pending_restart: true,
          pending_restart_reason: {max_connections: {old_value: '100', new_value: '120'}},
        }),
      ]),
    ).toEqual({
      leader: 'node2',
      optime: 67197376,
      synchronousMode: 'on',
      standbys: ['node1', 'node3'],
      members: {
        node1: {
          role: 'replica',
          state: 'running',
          tags: {nofailover: true},
          pendingRestart: false,
          paused: true,
        },
        node2: {
          role: 'primary',
          state: 'running',
          tags: {},
          pendingRestart: true,
          paused: false,
        },
      },
    })
  })

  it('that are not there are no leader, no position and no members', () => {
    expect(decodeKeys([])).toEqual({
      leader: null,
      optime: null,
      synchronousMode: 'off',
      standbys: [],
      members: {},
    })
  })

  it('with values that are no JSON tell nothing', () => {
    expect(decodeKeys([key('status', '12'), key('members/node1', 'oops')])).toEqual({
      leader: null,
      optime: null,
      synchronousMode: 'off',
      standbys: [],
      members: {node1: {role: null, state: null, tags: {}, pendingRestart: false, paused: false}},
    })
  })
})
