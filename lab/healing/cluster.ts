/** Mends of the cluster's own configuration, through Patroni's REST API. */

import {takeOff} from '../breaking/patroni-overlay.ts'
import {askPatroni, type Config, sayAnswer, took} from '../cluster/patroni-api.ts'
import {restartPending} from '../cluster/pending-restarts.ts'
import type {Lab} from '../engine/lab.ts'
import type {Mend} from '../history/event.ts'
import {type Cluster, clusters, firstCluster} from '../topology/clusters.ts'
import {type HostName, hostsWith} from '../topology/topology.ts'
import {LabError} from '../words/errors.ts'
import {onLab} from '../words/next-step.ts'

/**
 * PATCH /config on whichever member takes it (Patroni, `api.py: do_PATCH_config`); a null removes a key.
 * @throws LabError `engine` when no member takes it.
 */
export async function setConfig(lab: Lab, config: Config): Promise<void> {
  let last = 'there is none'
  for (const host of hostsWith(firstCluster(lab.topology), 'patroni')) {
    try {
      const answer = await askPatroni(lab, host, {method: 'PATCH', path: '/config', body: config, withinMs: 5000})
      if (took(answer)) return
      last = `${host}: ${sayAnswer(answer)}`
    } catch (error) {
      if (!(error instanceof LabError)) throw error
      last = error.message // it is down: the configuration is the cluster's, another member has it as well
    }
  }
  throw new LabError('engine', `no member of the cluster took its configuration (${last})`, {
    hint: onLab(lab.name, 'status'),
  })
}

/**
 * The mend of `set-config`: PATCHes the values that were there before, and restarts whoever needs that to have them, or the next
 * scenario would find restarts pending that it knows nothing of.
 * @throws LabError `engine`
 */
export async function setConfigBack(lab: Lab, config: Config): Promise<void> {
  await setConfig(lab, config)
  await restartPending(lab, config)
}

/** A script for the host: back to the tags of its own patroni.yml. */
export const resetTags = (_host: HostName) => takeOff('tags')

type SetConfig = Extract<Mend, {do: 'set-config'}>

/**
 * Of `set-config` only maintenance mode shows: it outlives everything, and nothing fails over in it. A text: nobody could be asked,
 * which is so for a while after every member was started, and is no news of the cluster.
 */
export async function maintenance(lab: Lab): Promise<SetConfig[] | string> {
  const each = await Promise.all(clusters(lab.topology).map(async one => await maintenanceOf(lab, one)))
  return each.find(one => typeof one === 'string') ?? each.filter(one => typeof one !== 'string').flat()
}

async function maintenanceOf(lab: Lab, {members, standby}: Cluster): Promise<SetConfig[] | string> {
  for (const host of members) {
    try {
      const {code, body} = await lab.ask(host, 'patroni', '/config', {withinMs: 1000})
      if (code !== 200) continue
      const {pause} = JSON.parse(body) as {pause?: boolean}
      return pause === true ? [{do: 'set-config', host: standby ? host : null, config: {pause: null}}] : []
    } catch {
      // down or frozen: another member has the same configuration
    }
  }
  return 'no member tells whether the cluster is in maintenance mode'
}
