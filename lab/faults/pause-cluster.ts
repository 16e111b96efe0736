/** Maintenance mode (`patronictl pause`): Patroni watches and does nothing; nobody fails over. Mended by resuming. */

import {z} from 'zod'
import type {Fault} from '../breaking/fault.ts'
import {stillConfigured} from '../breaking/lasting.ts'
import {clusterWith, ofStandby} from '../breaking/one-cluster.ts'
import {patiently, prove} from '../breaking/prove.ts'
import {strikeOn} from '../breaking/strike.ts'
import {patroniKeys} from '../cluster/patroni-keys.ts'
import {setConfig} from '../healing/cluster.ts'
import {hostsWith} from '../topology/topology.ts'

export const pauseCluster: Fault<Record<string, never>> = {
  area: 'the operator',
  about: 'Puts the cluster into maintenance mode (patronictl pause): Patroni no longer fails over, restarts or demotes',
  neverDrawn: "an operator's decision: what comes of it is intended",
  on: 'all',
  params: z.strictObject({}),
  strikes: (_, {on}) => ({...strikeOn(on, null), sets: {config: {pause: true}}}),

  async inject(on) {
    const {signal, hosts} = on
    const lab = clusterWith(on.lab, hosts)
    await on.mend(
      {do: 'set-config', host: ofStandby(on.lab, hosts), config: {pause: null}},
      stillConfigured({pause: true}, lab),
    )
    await on.broke(() => setConfig(lab, {pause: true}))
    await prove(
      on,
      patiently(async () => {
        const {members} = await patroniKeys(lab, signal)
        const unaware = hostsWith(lab.topology, 'patroni').filter(host => !members[host]?.paused)
        return {
          holds: unaware.length === 0,
          says:
            unaware.length === 0
              ? 'every member says that it is paused'
              : `${unaware.join(' and ')} does not say that it is paused`,
        }
      }),
      {limitMs: 2 * lab.topology.patroni.loopWaitSeconds * 1000 + 10_000, everyMs: 100},
    )
  },
}
