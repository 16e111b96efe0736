/** Mends of the cluster's own configuration, through Patroni's REST API. */

import {takeOff} from '../breaking/patroni-overlay.ts'
import {isMapping} from '../cluster/config-patch.ts'
import {editConfig} from '../cluster/edit-config.ts'
import {members} from '../cluster/members.ts'
import {askPatroni, type Config, sayAnswer, took} from '../cluster/patroni-api.ts'
import {restartPending} from '../cluster/pending-restarts.ts'
import {waitFor} from '../cluster/wait.ts'
import type {Lab} from '../engine/lab.ts'
import type {Mend} from '../history/event.ts'
import {type Cluster, clusters, firstCluster, following} from '../topology/clusters.ts'
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
  try {
    await setConfig(lab, config)
  } catch (error) {
    if (!(error instanceof LabError)) throw error
    await editConfig(lab, config).catch(() => Promise.reject(error)) // every Patroni is down: it finds it when it comes back
  }
  if (isMapping(config.standby_cluster)) await untilReadOnly(lab)
  await restartPending(lab, config)
}

/**
 * A cluster that has been told to follow another one stops taking writes a moment later (4.0, `ha.py: enforce_follow_remote_member`).
 * Whoever hands those to the other one before that makes two primaries. One that answers nothing is not waited for.
 */
async function untilReadOnly(lab: Lab): Promise<void> {
  await waitFor(
    'its members to take no more writes',
    async () => {
      const {primaries} = await members(lab, 1000)
      return primaries.length === 0 ? {} : `${primaries.join(' and ')} still leads as a primary`
    },
    {withinMs: readOnlyWithinMs, everyMs: 250, signal: new AbortController().signal},
  )
}

const readOnlyWithinMs = 25_000

/** A script for the host: back to the tags of its own patroni.yml. */
export const resetTags = (_host: HostName) => takeOff('tags')

type SetConfig = Extract<Mend, {do: 'set-config'}>

/**
 * Of `set-config` maintenance mode shows: it outlives everything, and nothing fails over in it; and, of two clusters, which one follows
 * the other, where that is not as they were raised. Who is to follow is told so first. A text: nobody could be asked,
 * which is so for a while after every member was started, and is no news of the cluster.
 */
export async function maintenance(lab: Lab): Promise<SetConfig[] | string> {
  const each = await Promise.all(
    clusters(lab.topology)
      .toReversed()
      .map(async one => await configOf(lab, one)),
  )
  return each.find(one => typeof one === 'string') ?? each.filter(one => typeof one !== 'string').flat()
}

async function configOf(lab: Lab, {members, standby}: Cluster): Promise<SetConfig[] | string> {
  for (const host of members) {
    try {
      const {code, body} = await lab.ask(host, 'patroni', '/config', {withinMs: 1000})
      if (code !== 200) continue
      const {pause, standby_cluster: follows} = JSON.parse(body) as {pause?: boolean; standby_cluster?: object}
      const asRaised = standby ? following(lab.topology, clusters(lab.topology)[0], lab.allocation.addresses) : null
      const config = {
        ...(pause === true && {pause: null}),
        ...((follows === undefined) === (asRaised === null) ? {} : {standby_cluster: asRaised}),
      }
      const due: SetConfig = {do: 'set-config', host: standby ? host : null, config}
      return Object.keys(config).length > 0 ? [due] : []
    } catch {
      // down or frozen: another member has the same configuration
    }
  }
  return 'no member tells whether the cluster is in maintenance mode'
}
