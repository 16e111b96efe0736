/** A lab that goes when whoever raised it has gone, however that happened: killed outright, too. */
import {readFile} from 'node:fs/promises'
import {join} from 'node:path'
import {waitFor} from '../cluster/wait.ts'
import type {Reapers} from '../engine/docker.ts'
import type {Lab} from '../engine/lab.ts'
import {type ReaperOrders, ready, socketInside} from '../reaper/orders.ts'
import {owner, savedOwner} from '../state/owner.ts'
import {labels} from '../topology/topology.ts'
import {packageRoot} from '../words/package-root.ts'

/** A connection that is lost and a process that is gone look alike; nothing comes back within this time, and who looks sees what happens. */
const graceMs = 2000
/** Its looks, and as long as an engine takes to remove a lab. */
const throughWithinMs = 60_000

/** Removes the lab, and this owner's only, when this process goes. To be disposed of when the lab has been removed. */
export async function startReaper(docker: Reapers, {name, allocation}: Lab, socket: string): Promise<AsyncDisposable> {
  const mine = owner()
  const whose = {...mine, id: savedOwner(name) ?? mine.id}
  const orders: ReaperOrders = {
    labels: [`${labels.lab}=${name}`, `${labels.owner}=${whose.id}`],
    ...{reaper: labels.reaper, graceMs},
  }
  const program = await readFile(join(packageRoot, 'dist', 'reaper.mjs'), 'utf8')
  return docker.startReaper(name, {
    ...{image: allocation.images.app, owner: whose, socket, socketInside, ready},
    command: ['node', '--max-old-space-size=32', '--input-type=module', '-e', program, '--', JSON.stringify(orders)],
  })
}

/** What a reaper is removing is not to be used, and what takes its place would be removed as well. @throws LabError `busy` */
export async function untilReaped(docker: Reapers, lab: string, signal: AbortSignal): Promise<void> {
  const look = async () => ((await docker.hasReaper(lab)) ? 'it is still there' : {})
  const wait = {withinMs: throughWithinMs, signal, code: 'busy', everyMs: 500} as const
  await waitFor(`the reaper of lab ${lab} to remove what a program that has gone left of it`, look, wait)
}
