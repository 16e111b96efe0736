/** The faults of a run that are in force, on whom and since when. */
import type {HostName, Micros, Of} from '../../lab/index.ts'

export interface FaultInForce {
  readonly id: string
  readonly fault: string
  /** Those not mended yet. */
  readonly hosts: readonly HostName[]
  readonly since: Micros
  /** Null: not proven yet. */
  readonly holds: boolean | null
}

type Faults = readonly FaultInForce[]

/** What has nothing to mend is over with its blow. */
export function injected(faults: Faults, {id, fault, hosts, at, needsMend}: Of<'fault-injecting'>): Faults {
  return needsMend === false ? faults : [...faults, {id, fault, hosts, since: at, holds: null}]
}

export function proven(faults: Faults, {id, holds}: Of<'fault-proof'>): Faults {
  return faults.map(one => (one.id === id ? {...one, holds: (one.holds ?? true) && holds} : one))
}

export function mended(faults: Faults, {id, ok, mend}: Of<'fault-mended'>): Faults {
  if (!ok) return faults
  const {host} = mend
  if (host === null) return faults.filter(one => one.id !== id) // a mend of the whole cluster
  return faults
    .map(one => (one.id === id ? {...one, hosts: one.hosts.filter(broken => broken !== host)} : one))
    .filter(one => one.hosts.length > 0)
}
