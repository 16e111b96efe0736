/** Who leads etcd, by the answers of its members (`etcdserver/api/v3rpc: Maintenance.Status`), and who is to (`MoveLeader`). */

import type {Lab} from '../engine/lab.ts'
import {firstCluster} from '../topology/clusters.ts'
import {type HostName, hostsWith} from '../topology/topology.ts'
import {LabError} from '../words/errors.ts'
import {decodeStatus} from './etcd-messages.ts'

/** null when no member that answers knows its own leader, or the leader is not among those that answer. */
export async function etcdLeader(lab: Lab): Promise<HostName | null> {
  return leaderAmong(await membersOf(lab))?.host ?? null
}

/**
 * Resolves when etcd is led from this host; every lease begins anew with that.
 * @throws LabError `no-target` when etcd has no leader, or the member there does not answer; `engine` when it was not moved.
 */
export async function leadEtcdFrom(lab: Lab, host: HostName): Promise<void> {
  const seen = await membersOf(lab)
  const [now, next] = [leaderAmong(seen), seen.find(one => one.host === host)]
  if (now === undefined || next?.member == null)
    throw new LabError(
      'no-target',
      `etcd is not led from ${host}: ${now === undefined ? 'it has no leader' : `${host} does not answer`}`,
    )
  if (now.host === host) return
  const question = {method: 'POST', body: {targetID: next.member}, withinMs} as const
  const {code, body} = await lab.ask(now.host, 'etcd', '/v3/maintenance/transfer-leadership', question)
  if (code !== 200 || (await etcdLeader(lab)) !== host)
    throw new LabError('engine', `etcd on ${now.host} did not give the lead to ${host}: ${code} ${body}`)
}

/** etcd gives up moving its lead after an election timeout of its own (`Server.MoveLeader`). */
const withinMs = 10_000

type Seen = Awaited<ReturnType<typeof membersOf>>[number]

function leaderAmong(seen: readonly Seen[]): Seen | undefined {
  return seen.find(one => one.leader !== null && one.leader === one.member)
}

async function membersOf(lab: Lab) {
  return await Promise.all(
    hostsWith(firstCluster(lab.topology), 'etcd').map(async host => {
      try {
        const question = {method: 'POST', body: {}, withinMs: 1000} as const
        return {host, ...decodeStatus((await lab.ask(host, 'etcd', '/v3/maintenance/status', question)).body)}
      } catch {
        return {host, member: null, leader: null, term: null} // it is down: another one tells
      }
    }),
  )
}
