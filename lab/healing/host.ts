/** Mends of a whole host, through the engine. */

import type {Lab} from '../engine/lab.ts'
import {anew} from '../state/state.ts'
import type {HostName} from '../topology/topology.ts'
import {LabError} from '../words/errors.ts'

export async function startHost(lab: Lab, host: HostName): Promise<void> {
  const {id} = await lab.container(host)
  await lab.engineOf(host).start(id)
}

export async function unpauseHost(lab: Lab, host: HostName): Promise<void> {
  const {id, state} = await lab.container(host)
  if (state === 'paused') await lab.engineOf(host).unpause(id)
}

/** An orderly stop of a host, when its ports can't be had otherwise; as in the compose file. */
const stopGraceSeconds = 60

/**
 * Back to the lab's network, under its own address and with its published ports. Docker opens those again when it connects a
 * container; an engine that does not gets the host restarted, which is what opens them everywhere.
 * @throws LabError `engine` when the ports stay closed.
 */
export async function plugIn(lab: Lab, host: HostName): Promise<void> {
  const {id} = await lab.container(host)
  await lab.engineOf(host).connect(id, lab.name, lab.allocation.addresses[host])
  if (await isReachable(lab, host, id)) return
  await lab.engineOf(host).stop(id, stopGraceSeconds)
  await lab.engineOf(host).start(id)
  if (await isReachable(lab, host, id)) return
  throw new LabError('engine', `${host} is plugged in again, and its ports stay closed even after a restart`, {
    hint: anew(lab.name),
  })
}

/** A host that is down has no ports open; they come with its start. */
async function isReachable(lab: Lab, host: HostName, id: string): Promise<boolean> {
  const {running, published} = await lab.engineOf(host).condition(id, lab.name)
  return !running || Object.values(lab.allocation.ports[host] ?? {}).every(port => published.includes(port))
}

export async function liftCpuLimit(lab: Lab, host: HostName): Promise<void> {
  const {id} = await lab.container(host)
  await lab.engineOf(host).limitCpus(id, null)
}
