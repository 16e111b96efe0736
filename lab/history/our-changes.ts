/** What the steps of a run, and their mends, changed of the cluster's configuration: all else that changes, somebody else changed. */
import type {HostName} from '../topology/topology.ts'
import type {Micros} from '../words/quantity.ts'
import {type History, of} from './history.ts'
import type {Interval} from './lateness.ts'

type Config = Readonly<Record<string, unknown>>

interface Patch extends Interval {
  readonly config: Config
}

/** A change is told so much later than the call that made it returned, or a mend ended. */
export const toldLate: Micros = 2_000_000
/** The call is stamped by the process that makes it; the watch may be a moment ahead of that. */
const toldEarly: Micros = 100_000

/** Every patch of Patroni's configuration that the run sent, and when it was under way. */
export function ourPatches(history: History): readonly Patch[] {
  const ended = (at: Micros | undefined) => (at ?? Number.POSITIVE_INFINITY) + toldLate
  const made = of(history, 'fault-injecting').flatMap((fault): Patch[] => {
    const config = fault.strike.sets?.config ?? null
    const returned = of(history, 'fault-injected').find(one => one.id === fault.id && one.at >= fault.at)
    return config === null ? [] : [{config, from: fault.at - toldEarly, to: ended(returned?.at)}]
  })
  const mended = of(history, 'fault-mending').flatMap(({id, mend, at}): Patch[] => {
    if (mend.do !== 'set-config') return []
    const done = of(history, 'fault-mended').find(one => one.id === id && one.mend.do === mend.do && one.at >= at)
    return [{config: mend.config, from: at - toldEarly, to: ended(done?.at)}]
  })
  return [...made, ...mended]
}

/** Whether a patch of ours gave this key that value at that time. Patroni compares by text, and a null removes a key. */
export function isPatchOfOurs(
  patches: readonly Patch[],
  path: readonly string[],
  to: unknown,
  when: Interval,
): boolean {
  return patches.some(patch => {
    if (when.from > patch.to || when.to < patch.from) return false
    let value: unknown = patch.config
    for (const key of path) {
      if (value === null) break
      if (typeof value !== 'object' || value === undefined || !Object.hasOwn(value, key)) return false
      value = (value as Config)[key]
    }
    return value === null ? to === undefined || to === null : sameValue(value, to) || hasAll(to, value)
  })
}

/** A mapping that was not there before, with all that the patch is known to have. */
function hasAll(to: unknown, patch: unknown): boolean {
  const isMapping = (one: unknown): one is Config => typeof one === 'object' && one !== null && !Array.isArray(one)
  return isMapping(to) && isMapping(patch) && Object.entries(patch).every(([key, value]) => sameValue(to[key], value))
}

export function sameValue(a: unknown, b: unknown): boolean {
  return sayValue(a) === sayValue(b)
}

export function sayValue(value: unknown): string {
  return typeof value === 'object' ? JSON.stringify(value) : String(value)
}

/** Whether a step, or its mend, gave this member that tag. A tag that is false is left out by Patroni. */
export function isTagOfOurs(history: History, host: HostName, tag: string, to: unknown, {at}: {at: Micros}): boolean {
  return of(history, 'fault-injecting').some(({id, hosts, strike, at: since}) => {
    const tags = strike.sets?.tags
    if (tags === undefined || !hosts.includes(host) || at < since) return false
    const mended = of(history, 'fault-mending').some(one => one.id === id && one.mend.host === host && one.at <= at)
    return (mended && to === undefined) || sameValue(tags[tag] ?? false, to ?? false)
  })
}

/** When a step of ours had the cluster in maintenance mode. */
export function ourPauses(history: History): readonly Interval[] {
  return of(history, 'fault-injecting').flatMap(({id, strike, at}): Interval[] => {
    if (strike.sets?.config?.pause !== true) return []
    const mended = of(history, 'fault-mended').find(one => one.id === id && one.at >= at)
    return [{from: at - toldEarly, to: (mended?.at ?? Number.POSITIVE_INFINITY) + toldLate}]
  })
}
