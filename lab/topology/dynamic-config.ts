/** Patroni's dynamic configuration as a person changes it (PATCH /config): its keys, what Patroni makes of the timings in it, and what a topology says of it. */
import {nearest} from '../words/decode.ts'
import {releaseOf, usualRelease} from './release.ts'
import type {Settings} from './settings.ts'
import {effectiveTimings, sayAdjustment} from './timings.ts'
import {profiles, type Topology} from './topology.ts'

/** The key that was probably meant; the key itself where it is one; null where Patroni has none that is near. */
export function nearestKey(key: string, under: 'postgresql' | '' = ''): string | null {
  const {dynamicKeys} = releaseOf({release: usualRelease}).patroni
  const known = under === '' ? dynamicKeys.top : dynamicKeys.postgresql
  return known.includes(key) ? key : (nearest(key, known) ?? null)
}

const timings = {ttl: 'ttlSeconds', loop_wait: 'loopWaitSeconds', retry_timeout: 'retryTimeoutSeconds'} as const

/** What Patroni would use instead of these, whichever profile the lab has; `asked`: what the scenario needs beside. */
export function whatPatroniUses(
  config: object,
  asked: NonNullable<Settings['patroni']>,
): {readonly key: keyof typeof timings; readonly says: string}[] {
  const own = (layer: object) =>
    Object.entries(timings).flatMap(([key, name]) => {
      const value = Number((layer as Readonly<Record<string, unknown>>)[key] ?? Number.NaN)
      return Number.isFinite(value) ? [[name, value] as const] : []
    })
  const told = Object.values(profiles).map(({patroni}) => {
    const given = {...patroni, ...Object.fromEntries([...own(asked), ...own(config)])}
    return effectiveTimings(given).adjusted.map(one => ({key: one.key, says: sayAdjustment(one, given)}))
  })
  const [first = [], ...others] = told
  return first.filter(({key}) => key in config && others.every(one => one.some(other => other.key === key)))
}

/** All of it on which the timing model rests; the parameters of PostgreSQL come beside it. */
export function patroniConfigOf(topology: Topology): Readonly<Record<string, unknown>> {
  const {patroni} = topology
  return {
    ttl: patroni.ttlSeconds,
    loop_wait: patroni.loopWaitSeconds,
    retry_timeout: patroni.retryTimeoutSeconds,
    maximum_lag_on_failover: patroni.maximumLagOnFailoverBytes,
    [releaseOf(topology).patroni.primaryStartTimeout]: patroni.primaryStartTimeoutSeconds,
    synchronous_mode: patroni.synchronousMode === 'quorum' ? 'quorum' : patroni.synchronousMode !== 'off',
    synchronous_mode_strict: patroni.synchronousMode === 'strict',
    failsafe_mode: patroni.failsafeMode,
  }
}
