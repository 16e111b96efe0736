/** Who leads etcd right now, by the answers of its members (`etcdserver/api/v3rpc: Maintenance.Status`). */

import type {Lab} from '../engine/lab.ts'
import {type HostName, hostsWith} from '../topology/topology.ts'
import {decodeStatus} from './etcd-messages.ts'

/** null when no member that answers knows its own leader, or the leader is not among those that answer. */
export async function etcdLeader(lab: Lab): Promise<HostName | null> {
  const seen = await Promise.all(
    hostsWith(lab.topology, 'etcd').map(async host => {
      try {
        const question = {method: 'POST', body: {}, withinMs: 1000} as const
        return {host, ...decodeStatus((await lab.ask(host, 'etcd', '/v3/maintenance/status', question)).body)}
      } catch {
        return {host, member: null, leader: null, term: null} // it is down: another one tells
      }
    }),
  )
  return seen.find(one => one.leader !== null && one.leader === one.member)?.host ?? null
}
