/** A host named on the command line. */

import type {Lab} from '../lab/engine/lab.ts'
import type {HostName} from '../lab/topology/topology.ts'
import {suggestion} from '../lab/words/decode.ts'
import {LabError} from '../lab/words/errors.ts'

/** @throws LabError `usage` with the nearest name */
export function knownHost(lab: Lab, host: string): HostName {
  const names = lab.topology.hosts.map(one => one.name)
  if (!names.includes(host))
    throw new LabError('usage', `lab ${lab.name} has no host \`${host}\`${suggestion(host, names)}`)
  return host
}
