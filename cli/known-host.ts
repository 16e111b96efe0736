/** A host named on the command line, or any that will do. */

import {type HostName, hostsWith, type Lab, type ServiceName} from '../lab/index.ts'
import {insteadOf, LabError, onLab, suggestion} from '../lab/inside/start.ts'

/** @throws LabError `usage` with the nearest name */
export function knownHost(lab: Lab, host: string): HostName {
  const names = lab.topology.hosts.map(one => one.name)
  if (!names.includes(host))
    throw new LabError(
      'usage',
      `lab ${lab.name} has no host \`${host}\`${suggestion(host, names)}`,
      insteadOf(host, names),
    )
  return host
}

/** The host, which has the service. @throws LabError `usage` for one that is not there or has it not. */
export function mustHave(lab: Lab, service: ServiceName, named: string): HostName {
  const host = knownHost(lab, named)
  const all = hostsWith(lab.topology, service)
  if (all.includes(host)) return host
  throw new LabError('usage', `no ${service} on ${host}; it runs on ${all.join(', ')}`)
}

/** The first of those with the service that runs. @throws LabError `no-target` when none does. */
export async function runningWith(lab: Lab, service: ServiceName): Promise<HostName> {
  for (const host of hostsWith(lab.topology, service)) if ((await lab.container(host)).state === 'running') return host
  throw new LabError('no-target', `no host with ${service} runs in lab ${lab.name}`, {
    hint: onLab(lab.name, 'heal'),
  })
}
