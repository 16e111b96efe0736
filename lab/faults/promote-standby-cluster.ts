/**
 * The operator promotes the standby cluster, as `patronictl edit-config` or, since Patroni 4.1, `promote-cluster` does: without
 * `standby_cluster` in its configuration its leader, which has the leader key of its own cluster, is a primary. Patroni asks nobody
 * whether the other cluster is lost. The mend tells it to follow that again: what it took meanwhile and the other has not is gone.
 */
import {z} from 'zod'
import type {Fault} from '../breaking/fault.ts'
import {stillConfigured} from '../breaking/lasting.ts'
import {clusterWith, ofStandby} from '../breaking/one-cluster.ts'
import {patiently, prove} from '../breaking/prove.ts'
import {strikeOn} from '../breaking/strike.ts'
import {reverse} from '../cluster/config-patch.ts'
import {members} from '../cluster/members.ts'
import {dynamicConfig} from '../cluster/patroni-api.ts'
import {leaderOf} from '../cluster/patroni-keys.ts'
import {setConfig} from '../healing/cluster.ts'

const promotion = {standby_cluster: null} as const

export const promoteStandbyCluster: Fault<Record<string, never>> = {
  area: 'the operator',
  about: 'Promotes the standby cluster: takes `standby_cluster` out of its configuration (patronictl edit-config)',
  on: 'standby-cluster',
  neverDrawn: "an operator's decision: what comes of it is intended",
  params: z.strictObject({}),
  needs: () => ['standby-cluster'],
  strikes: (_, {on}) => ({...strikeOn(on, null), sets: {config: promotion}}),

  async inject(on) {
    const {signal, hosts} = on
    const host = ofStandby(on.lab, hosts)
    if (host === null)
      return on.proof(false, `${hosts.join(' and ')} is of the cluster that takes writes: nothing was changed`)
    const lab = clusterWith(on.lab, hosts)
    const now = await dynamicConfig(lab, await leaderOf(lab, signal), signal)
    if (now.standby_cluster === undefined)
      return on.proof(false, 'the cluster follows no other one: nothing was changed')
    await on.mend({do: 'set-config', host, config: reverse(promotion, now)}, stillConfigured(promotion, lab))
    await on.broke(() => setConfig(lab, promotion))
    await prove(
      on,
      patiently(async () => {
        const {primaries, standbyLeaders} = await members(lab, 1000)
        const holds = primaries.length > 0
        return {
          holds,
          says: holds ? `${primaries.join(' and ')} leads it as a primary` : sayUnpromoted(standbyLeaders),
        }
      }),
      {limitMs: 2 * lab.topology.patroni.loopWaitSeconds * 1000 + 15_000, everyMs: 200},
    )
  },
}

function sayUnpromoted(leaders: readonly string[]): string {
  return leaders.length === 0 ? 'nobody leads it' : `${leaders.join(' and ')} is a standby leader still`
}
