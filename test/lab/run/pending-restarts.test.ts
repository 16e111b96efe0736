/** The leader is asked for its end, each replica whether it is there: of one that streams from another replica the leader sees nothing. */
import {expect, test, vi} from 'vitest'
import type {MemberKey} from '../../../lab/cluster/patroni-keys.ts'
import {restartPending} from '../../../lab/cluster/pending-restarts.ts'
import type {Lab} from '../../../lab/engine/lab.ts'
import {LabError} from '../../../lab/words/errors.ts'
import {eachWithItsOwnState} from '../fake/at-rest.ts'
import {passing} from '../fake/clock.ts'

const asked: string[] = []
const restarted: string[] = []
let leaderAsked = 0
const waits: MemberKey = {role: null, state: 'running', tags: {}, pendingRestart: true, paused: false}

vi.mock('node:timers/promises', () => import('../fake/timers.ts'))
vi.mock('../../../lab/cluster/sql.ts', () => ({
  async sql(_: Lab, host: string, text: string, params: readonly unknown[] = []) {
    if (text.includes('pg_current_wal_flush_lsn')) {
      if (leaderAsked++ === 0)
        throw new LabError('engine', 'PostgreSQL on node1 said: Connection terminated unexpectedly')
      return [['0/3000060']]
    }
    if (text.includes('pg_stat_replication')) return params.includes('node2') ? [[1]] : []
    // node2 is there when it is asked for the second time.
    if (text.includes('pg_last_wal_replay_lsn')) return asked.push(host) > 1 ? [[1]] : []
    return text.includes("context = 'postmaster'") ? [[1]] : [['120', '100']]
  },
}))
vi.mock('../../../lab/cluster/patroni-keys.ts', () => ({
  patroniKeys: async () => ({
    ...{leader: 'node1', optime: null, synchronousMode: 'off', standbys: []},
    members: {node1: waits, node2: waits, node3: waits},
  }),
}))
vi.mock('../../../lab/cluster/patroni-api.ts', () => ({
  took: () => true,
  askPatroni: async (_: Lab, host: string) => void restarted.push(host),
}))
eachWithItsOwnState()

test('a replica that streams from another one is restarted when it has replayed what the leader has written', async () => {
  const lab = {name: 'mine', topology: {patroni: {loopWaitSeconds: 1}}} as Lab
  await passing(restartPending(lab, {postgresql: {parameters: {max_connections: 100}}}))
  expect(restarted).toEqual(['node1', 'node2', 'node3'])
  expect(asked).toEqual(['node2', 'node2', 'node3'])
  // The first time it was still ending the connections from before its restart.
  expect(leaderAsked).toBe(3)
})
