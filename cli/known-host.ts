/** A host named on the command line. */

import type {HostName, Lab} from '../lab/index.ts'
import {insteadOf, LabError, suggestion} from '../lab/inside/start.ts'

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
