/** Patroni's dynamic configuration as a scenario needs it: put in force for one run, and taken back afterwards. */
import {covers} from '../cluster/config-patch.ts'
import {synchronousModeOf} from '../cluster/modes.ts'
import {type Config, dynamicConfig} from '../cluster/patroni-api.ts'
import {keysOf, unnamedStandby} from '../cluster/synchronous.ts'
import {waitFor} from '../cluster/wait.ts'
import type {Lab} from '../engine/lab.ts'
import {setConfig} from '../healing/cluster.ts'
import {ofSettings} from '../history/holes.ts'
import {plan} from '../state/journal.ts'
import {clusters} from '../topology/clusters.ts'
import {onLab} from '../words/next-step.ts'

const inForceWithinMs = 60_000

/**
 * @param previous what brings the lab's own settings back; on disk before anything changes.
 * @throws LabError `not-ready` when a member does not take them over.
 */
export async function applySettings(
  lab: Lab,
  config: Readonly<Record<string, unknown>>,
  previous: Readonly<Record<string, unknown>>,
  signal: AbortSignal,
): Promise<void> {
  plan(lab.name, {id: ofSettings, fault: ofSettings, mend: {do: 'set-config', host: null, config: previous}})
  await setConfig(lab, config)
  await waitFor('the settings of the scenario to be in force', () => seen(lab, config), {
    withinMs: inForceWithinMs,
    signal,
    code: 'not-ready',
    hint: onLab(lab.name, 'status'),
  })
}

/** In the cluster that the scenario is played on: one that follows it has a configuration of its own. */
async function seen(lab: Lab, config: Readonly<Record<string, unknown>>): Promise<object | string> {
  for (const host of clusters(lab.topology)[0].members) {
    const known = await dynamicConfig(lab, host).catch((): Config => ({})) // it starts: asked again
    for (const [key, value] of Object.entries(config))
      if (!covers(known[key], value)) return `${host} does not know ${key} yet`
  }
  return synchronousModeOf(config) === 'off' ? {} : ((await unnamed(lab)) ?? {})
}

/** PostgreSQL waits for a replica a loop before Patroni's key names it; until then a failover promotes whom it likes. */
async function unnamed(lab: Lab): Promise<string | null> {
  const keys = await keysOf(lab, 1000)
  const leader = keys?.get('leader') ?? null
  if (leader === null) return "etcd does not tell who holds the leader's key"
  const replicas = clusters(lab.topology)[0].members.filter(host => host !== leader)
  return unnamedStandby(lab.topology, leader, replicas, keys)
}
