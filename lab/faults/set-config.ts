/** The operator changes the cluster's dynamic configuration; the mend brings the previous values back. */

import {z} from 'zod'
import type {Fault} from '../breaking/fault.ts'
import {stillConfigured} from '../breaking/lasting.ts'
import {clusterWith, ofStandby} from '../breaking/one-cluster.ts'
import {patiently, prove} from '../breaking/prove.ts'
import {strikeOn} from '../breaking/strike.ts'
import {covers, reverse} from '../cluster/config-patch.ts'
import {type Config, dynamicConfig} from '../cluster/patroni-api.ts'
import {leaderOf} from '../cluster/patroni-keys.ts'
import type {Lab} from '../engine/lab.ts'
import {setConfig} from '../healing/cluster.ts'
import {nearestKey, refusedValues, whatPatroniUses} from '../topology/dynamic-config.ts'
import {type HostName, hostsWith} from '../topology/topology.ts'

const params = z.strictObject({
  config: z
    .record(z.string(), z.unknown(), {error: '`config` is a mapping, as in `patronictl edit-config`'})
    .refine(config => Object.keys(config).length > 0, '`config` changes nothing')
    .refine(config => !('pause' in config), 'maintenance mode is `inject: pause-cluster`')
    .superRefine((config, {addIssue}) => {
      const {postgresql} = config
      const inner = typeof postgresql === 'object' && postgresql !== null ? Object.keys(postgresql) : []
      const keys = [
        ...Object.keys(config).map(key => ({path: [key], key, near: nearestKey(key)})),
        ...inner.map(key => ({path: ['postgresql', key], key, near: nearestKey(key, 'postgresql')})),
      ]
      // Patroni says nothing of a key that it does not know: one that is mistyped would change nothing.
      for (const {path, key, near} of keys)
        if (near !== null && near !== key)
          addIssue({code: 'custom', path, message: `Patroni knows no key \`${key}\`, did you mean \`${near}\`?`})
      for (const {path, says} of refusedValues(config)) addIssue({code: 'custom', path, message: says})
    }),
})

type Params = z.output<typeof params>

export const setConfigFault: Fault<Params> = {
  area: 'the operator',
  about: "Changes the cluster's dynamic configuration (PATCH /config): a null removes a key, mappings are merged",
  on: 'all',
  neverDrawn: "an operator's decision: what comes of it is intended",
  params,
  strikes: ({config}, {on}) => ({...strikeOn(on, null), sets: {config}}),

  doubts({config}, patroni) {
    const unknown = Object.keys(config).filter(key => nearestKey(key) === null)
    return [
      ...unknown.map(key => ({path: ['config', key], says: `Patroni knows no key \`${key}\` and ignores it`})),
      ...whatPatroniUses(config, patroni).map(({key, says}) => ({path: ['config', key], says})),
    ]
  },

  async inject(on, {config}) {
    const {signal, hosts} = on
    const lab = clusterWith(on.lab, hosts)
    const now = await dynamicConfig(lab, await leaderOf(lab, signal), signal)
    if (covers(now, config)) return on.proof(false, 'the cluster has this configuration already: nothing was changed')
    const previous = reverse(config, now)
    await on.mend({do: 'set-config', host: ofStandby(on.lab, hosts), config: previous}, stillConfigured(config, lab))
    await on.broke(() => setConfig(lab, config))
    await prove(
      on,
      patiently(async () => {
        const ignorant = await without(lab, config, signal)
        return {
          holds: ignorant.length === 0,
          says:
            ignorant.length === 0
              ? 'every member knows the new configuration'
              : `${ignorant.join(' and ')} does not know it`,
        }
      }),
      {limitMs: 2 * lab.topology.patroni.loopWaitSeconds * 1000 + 10_000, everyMs: 500},
    )
  },
}

/** Members that have another configuration in mind. */
async function without(lab: Lab, config: Config, signal: AbortSignal): Promise<HostName[]> {
  const members = hostsWith(lab.topology, 'patroni')
  const known = await Promise.all(members.map(host => dynamicConfig(lab, host, signal)))
  return members.filter((_, index) => !covers(known[index], config))
}
