/**
 * The operator makes the first cluster follow the one that was promoted, as `patronictl edit-config` or, since Patroni 4.1,
 * `demote-cluster` does. It is written into that cluster's etcd, no Patroni of it need live: a site that comes back with it is no second
 * primary, and without it is one. The mend makes the first cluster the one that takes writes again, once the other takes none.
 */
import {z} from 'zod'
import type {Fault} from '../breaking/fault.ts'
import {stillConfigured} from '../breaking/lasting.ts'
import {ofStandby} from '../breaking/one-cluster.ts'
import {patiently, prove} from '../breaking/prove.ts'
import {covers} from '../cluster/config-patch.ts'
import {editConfig} from '../cluster/edit-config.ts'
import {objectIn} from '../cluster/etcd-messages.ts'
import {members} from '../cluster/members.ts'
import {keysOf} from '../cluster/synchronous.ts'
import {clusters, following} from '../topology/clusters.ts'

export const demoteCluster: Fault<Record<string, never>> = {
  area: 'the operator',
  about: 'Makes the first cluster follow the promoted one: writes `standby_cluster` into its configuration, in etcd',
  on: 'first-cluster',
  neverDrawn: "an operator's decision: what comes of it is intended",
  params: z.strictObject({}),
  destroys: () => 'what the first cluster alone has written',
  needs: () => ['standby-cluster'],
  strikes(_, {topology}) {
    // Where the members of the other one are found the lab alone knows.
    const {host: _host, ...known} = following(topology, {members: []}, {})
    // Nobody leads there, or Patroni stops whoever does: no blow whose failover anybody would measure.
    return {struck: [], sets: {config: {standby_cluster: known}}}
  },

  async inject(on) {
    const {lab, hosts, signal} = on
    const [first, second] = clusters(lab.topology)
    if (second === undefined || ofStandby(lab, hosts) !== null)
      return on.proof(
        false,
        `${hosts.join(' and ')} is of the standby cluster, which is mended by its promotion's own mend`,
      )
    const own = lab.of(first)
    const {addresses} = lab.allocation
    const follows = {standby_cluster: following(lab.topology, second, addresses)}
    const [other = ''] = second.members
    const back = {standby_cluster: following(lab.topology, first, addresses)}
    await on.mend({do: 'set-config', host: null, config: {standby_cluster: null}}, stillConfigured(follows, own))
    // Newest first: who is to follow takes no more writes before anybody else does.
    await on.mend(
      {do: 'set-config', host: other, config: back},
      stillConfigured({standby_cluster: null}, lab.of(second)),
    )
    const revision = await on.broke(() => editConfig(own, follows, signal))
    await prove(
      on,
      patiently(async () => {
        const [keys, {primaries}] = await Promise.all([keysOf(own, 2000), members(own, 1000)])
        const isStored = covers(objectIn(keys?.get('config') ?? null), follows)
        return {
          holds: isStored && primaries.length === 0,
          says: isStored
            ? `etcd has it since revision ${revision}, and ${primaries.join(' and ') || 'nobody'} of that cluster leads as a primary`
            : 'etcd has another configuration',
        }
      }),
      {limitMs: 2 * lab.topology.patroni.loopWaitSeconds * 1000 + 15_000, everyMs: 200},
    )
  },
}
