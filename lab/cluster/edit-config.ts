/**
 * The dynamic configuration, changed where it is kept: as `patronictl edit-config` does, which asks etcd and no Patroni (4.0,
 * `ctl.py: edit_config`). So it can be changed while all members of a cluster are down, and they find it when they start.
 */
import {setTimeout as sleep} from 'node:timers/promises'
import type {Lab} from '../engine/lab.ts'
import type {Answer} from '../observer/ask.ts'
import {clusters, firstCluster, keyPrefix} from '../topology/clusters.ts'
import {hostsWith} from '../topology/topology.ts'
import {LabError} from '../words/errors.ts'
import {onLab} from '../words/next-step.ts'
import {patched} from './config-patch.ts'
import {base64, decodeRange, objectIn} from './etcd-messages.ts'
import type {Config} from './patroni-api.ts'

const withinMs = 3000
/** A member that was just started comes to it; and somebody else may change it at the same moment. */
const patienceMs = 15_000
const pauseMs = 250

/**
 * @returns the revision of etcd in which it was changed.
 * @throws LabError `engine` when no member of the (first) cluster's etcd takes it.
 */
export async function editConfig(lab: Lab, patch: Config, signal?: AbortSignal): Promise<number> {
  let last = 'there is none'
  const deadline = performance.now() + patienceMs
  while (performance.now() < deadline) {
    for (const host of hostsWith(firstCluster(lab.topology), 'etcd')) {
      const ask = (path: string, body: object) => lab.ask(host, 'etcd', path, {method: 'POST', body, withinMs, signal})
      try {
        const done = await attemptAt(lab, patch, ask)
        if (typeof done === 'number') return done
        last = `${host} ${done}`
      } catch (error) {
        signal?.throwIfAborted()
        last = `${host}: ${(error as Error).message}`
      }
    }
    await sleep(pauseMs, undefined, {signal})
  }
  throw new LabError('engine', `etcd did not take the cluster's configuration (${last})`, {
    hint: onLab(lab.name, 'status'),
  })
}

/** Once: a text when it was not changed. */
async function attemptAt(
  lab: Lab,
  patch: Config,
  ask: (path: string, body: object) => Promise<Answer>,
): Promise<number | string> {
  const key = base64(`${keyPrefix(clusters(lab.topology)[0])}config`)
  const read = await ask('/v3/kv/range', {key})
  if (read.code !== 200) return `answered ${read.code}`
  const [known] = decodeRange(read.body).changes
  if (known === undefined) return 'has no configuration of the cluster'
  const value = base64(JSON.stringify(patched(objectIn(known.value), patch)))
  const put = await ask('/v3/kv/txn', {
    compare: [{target: 'MOD', result: 'EQUAL', key, mod_revision: String(known.revision)}],
    success: [{request_put: {key, value}}],
  })
  if (put.code !== 200) return `answered ${put.code}`
  const {succeeded = false, header} = JSON.parse(put.body) as {succeeded?: boolean; header?: {revision?: string}}
  return succeeded ? Number(header?.revision ?? 0) : 'had another one by then'
}
