/** Which hosts a step means: `leader`, `replica`, `etcd-leader`, `all`, or a host's name. Resolved when first used, then pinned. */
import {LabError} from './errors.ts'
import type {HostName} from './event.ts'
import {health} from './health.ts'
import type {Lab} from './lab.ts'
import {hostsWith} from './topology.ts'

export const selectors = ['leader', 'replica', 'replicas', 'all'] as const

/** @throws LabError `no-target` when nothing matches: a fault that hits nothing must never pass. */
export async function resolve(lab: Lab, selector: string): Promise<readonly HostName[]> {
  const hosts = await candidates(lab, selector)
  if (hosts.length === 0) throw new LabError('no-target', `\`on: ${selector}\` matches no host of this lab right now`)
  return hosts
}

async function candidates(lab: Lab, selector: string): Promise<readonly HostName[]> {
  const known = lab.topology.hosts.map(host => host.name)
  if (known.includes(selector)) return [selector]
  const {leader, members} = await health(lab)
  const replicas = members.filter(one => one.host !== leader && one.state === 'streaming').map(one => one.host)
  if (selector === 'leader') return leader === null ? [] : [leader]
  if (selector === 'replica') return replicas.slice(0, 1)
  if (selector === 'replicas') return replicas
  if (selector === 'all') return hostsWith(lab.topology, 'patroni')
  throw new LabError(
    'no-target',
    `\`on: ${selector}\` is neither a selector (${selectors.join(', ')}) nor a host (${known.join(', ')})`,
  )
}
