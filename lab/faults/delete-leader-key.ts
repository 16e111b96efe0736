/**
 * Somebody deletes the leader key in etcd, by hand or with a program of theirs. Patroni of the leader has its lease still, and must take
 * the key back before anybody else does. Nothing to mend.
 */

import {z} from 'zod'
import type {Fault} from '../breaking/fault.ts'
import {impairsNobody, seconds} from '../breaking/in-storms.ts'
import {clusterWith} from '../breaking/one-cluster.ts'
import {strikeOn} from '../breaking/strike.ts'
import {base64} from '../cluster/etcd-messages.ts'
import {leaderOf} from '../cluster/patroni-keys.ts'
import {clusters, keyPrefix} from '../topology/clusters.ts'
import {hostsWith} from '../topology/topology.ts'

export const deleteLeaderKey: Fault<Record<string, never>> = {
  area: 'the operator',
  about: "Deletes the leader key in etcd by hand, though its holder is well and the key's lease has not run out",
  on: 'leader',
  params: z.strictObject({}),
  // Whoever is named: the key is that of the cluster.
  strikes: (_, {topology}) => ({...strikeOn(hostsWith(topology, 'patroni'), null), byHand: {deletesKey: true}}),
  storm: {
    lines: [
      {on: ['leader'], heals: false, impairs: impairsNobody, holdMs: seconds(3, 8), alone: true, strikesLeader: true},
    ],
  },

  async inject({lab, hosts, broke, proof, signal}) {
    const own = clusterWith(lab, hosts)
    const holder = await leaderOf(own, signal)
    const key = `${keyPrefix(clusters(own.topology)[0])}leader`
    const [member] = hostsWith(own.topology, 'etcd')
    const {code, body} = await broke(() =>
      lab.ask(member!, 'etcd', '/v3/kv/deleterange', {
        method: 'POST',
        body: {key: base64(key), prev_kv: true},
        withinMs: 5000,
        signal,
      }),
    )
    const {holds, says} = judgeDeletion(code, body)
    proof(holds, `${says}; ${holder} held it right before`)
  },
}

/** What etcd says that it deleted. Its holder may have put the key again before anybody could look whether it is gone. */
export function judgeDeletion(code: number, body: string): {holds: boolean; says: string} {
  if (code !== 200) return {holds: false, says: `etcd answered ${code} and deleted nothing`}
  const {deleted = '0', header} = JSON.parse(body) as {deleted?: string; header?: {revision?: string}}
  const one = deleted === '1'
  return {
    holds: one,
    says: one
      ? `etcd deleted the leader key, in revision ${header?.revision ?? '?'}`
      : `etcd deleted ${deleted} keys: there was no leader key`,
  }
}
