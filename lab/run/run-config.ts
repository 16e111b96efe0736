/** Patroni's dynamic configuration as a scenario needs it: put in force for one run, and taken back afterwards. */
import {covers} from '../cluster/config-patch.ts'
import {members} from '../cluster/members.ts'
import {type Config, dynamicConfig} from '../cluster/patroni-api.ts'
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
  if (config.synchronous_mode === undefined || config.synchronous_mode === null || config.synchronous_mode === false)
    return {}
  const {members: all} = await members(lab, 1000)
  return all.some(one => one.sync) ? {} : 'no replica is synchronous yet'
}
