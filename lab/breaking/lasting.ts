/**
 * How it is seen, again and again, that what a fault has left is still there. Somebody else may end a fault, by hand or with a program:
 * then what comes afterwards is no answer to it. A look is read off what is open already, since it is taken once a second on hosts
 * that are being measured.
 */

import {covers} from '../cluster/config-patch.ts'
import {type Config, dynamicConfig} from '../cluster/patroni-api.ts'
import type {Condition} from '../engine/docker.ts'
import type {Lab} from '../engine/lab.ts'
import {type HostName, hostsWith} from '../topology/topology.ts'
import {LabError} from '../words/errors.ts'
import {
  isSupervised,
  type ProcessName,
  parseStates,
  type ServiceProcess,
  sayProcess,
  statesScript,
} from './processes.ts'

/** Through what is looked. Either throws when the host, or the engine, cannot tell just now. */
export interface Sight {
  readonly lab: Lab
  /** What a script prints, in a root shell of the host that stays open. */
  run(host: HostName, script: string): Promise<string>
  /** What the engine says of the host's container. */
  condition(host: HostName): Promise<Condition>
}

/** null: it is still there. Else what was seen instead, in one sentence. It throws when nobody knows: that is no sign of its end. */
export type Still = (sight: Sight) => Promise<string | null>

/** By what the engine says of a host: it is off, frozen, unplugged, throttled. */
export function stillSo(host: HostName, isSo: (seen: Condition) => boolean, instead: string): Still {
  return async sight => (isSo(await sight.condition(host)) ? null : `the engine says that ${host} ${instead}`)
}

export const stillOff = (host: HostName) => stillSo(host, ({running}) => !running, 'runs')

/** A script prints exactly this as long as it lasts. */
export function stillPrints(host: HostName, script: string, wanted: string, instead: string): Still {
  return async sight => ((await sight.run(host, script)).trim() === wanted ? null : instead)
}

/** A shell's own words, so that no program is started: the first line of a file; nothing when there is none. */
const firstLine = (file: string) =>
  `if [ -r ${file} ]; then IFS= read -r line < ${file} || true; printf '%s' "$line"; fi`

export function stillReads(host: HostName, file: string, wanted: string, what: string): Still {
  return async sight => {
    const line = await sight.run(host, firstLine(file))
    return line === wanted ? null : `${what} of ${host} is ${line === '' ? 'gone' : 'another'}`
  }
}

export function stillDown(host: HostName, service: ServiceProcess): Still {
  const script = `s6-svstat -o up,wantedup /run/service/${service}`
  return stillPrints(host, script, 'false false', `${sayProcess[service]} of ${host} is no longer held down`)
}

/**
 * SIGSTOP holds. A process of PostgreSQL that is gone may have been ended by the cluster itself, as its answer to the fault; nobody in
 * it ends a service that stands still.
 */
export function stillStopped(host: HostName, name: ProcessName, pids: readonly number[]): Still {
  return async sight => {
    const says = whoGoesOn(name, pids, await sight.run(host, statesScript(pids)))
    return says === null ? null : `${sayProcess[name]} of ${host} ${says}`
  }
}

export function whoGoesOn(name: ProcessName, pids: readonly number[], printed: string): string | null {
  const states = parseStates(printed)
  const going = [...states].find(([, state]) => !/[TtZX]/.test(state))
  if (going !== undefined) return `is no longer stopped: pid ${going[0]} is in state ${going[1]}`
  if (states.has(pids[0]!)) return null
  if (isSupervised(name)) return `is no longer stopped: pid ${pids[0]} is gone`
  throw new LabError('engine', `pid ${pids[0]} is gone, and who ended it is not known`)
}

/** By the first member of the cluster (of `lab`, which may be one of several) that tells it. */
export function stillConfigured(config: Config, lab: Lab): Still {
  return async () => {
    const members = hostsWith(lab.topology, 'patroni')
    const now = await Promise.any(members.map(host => dynamicConfig(lab, host)))
    return covers(now, config) ? null : "the cluster's dynamic configuration is another"
  }
}
