/** Patroni's dynamic configuration as a person changes it (PATCH /config): its keys, what Patroni makes of the timings in it, and what a topology says of it. */

import type {z} from 'zod'
import {nearest} from '../words/did-you-mean.ts'
import {own} from '../words/own.ts'
import {dynamicSettings} from './kept.ts'
import {releaseOf, usualRelease} from './release.ts'
import {type Settings, settings} from './settings.ts'
import {effectiveTimings, sayAdjustment} from './timings.ts'
import {profiles, type Topology} from './topology.ts'

/** The key that was probably meant; the key itself where it is one; null where Patroni has none that is near. */
export function nearestKey(key: string, under: 'postgresql' | '' = ''): string | null {
  const {dynamicKeys} = releaseOf({release: usualRelease}).patroni
  const known = under === '' ? dynamicKeys.top : dynamicKeys.postgresql
  return known.includes(key) ? key : (nearest(key, known) ?? null)
}

/** Values that Patroni would not read, or use instead of: as a lab's own settings refuse them, which are written with units. */
export function refusedValues(config: Readonly<Record<string, unknown>>): {path: string[]; says: string}[] {
  const inner = mappingAt(config, 'postgresql')
  const parameters = Object.fromEntries(
    Object.entries(mappingAt(inner, 'parameters')).filter(([, value]) => value !== null),
  )
  const wrong = settings.postgresql.shape.parameters.safeParse(parameters)
  return [
    ...Object.entries(config).flatMap(([key, value]) => refused([key], value)),
    ...Object.entries(inner).flatMap(([key, value]) => refused(['postgresql', key], value)),
    ...(wrong.error?.issues ?? []).map(({path, message}) => ({
      path: ['postgresql', 'parameters', ...path.map(String)],
      says: message,
    })),
  ]
}

function mappingAt(config: object, key: string): Readonly<Record<string, unknown>> {
  const value = (config as Readonly<Record<string, unknown>>)[key]
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : {}
}

function refused(path: readonly string[], value: unknown): {path: string[]; says: string}[] {
  const key = path.at(-1)!
  const setting = path.length === 1 ? own<z.ZodType>(settings.patroni.shape, key) : undefined
  const takes = setting ?? own<{takes: z.ZodType}>(dynamicSettings, key)?.takes
  if (takes === undefined || (typeof value === 'object' && value !== null) || value === null) return []
  // As Patroni reads true and false (`utils.py: parse_bool`), and numbers without a unit.
  const word = /^(true|yes|1|on)$/i.test(String(value)) ? 'on' : /^(false|no|0|off)$/i.test(String(value)) ? 'off' : ''
  const written = [value, Number(value), `${value}s`, `${value}B`, word, String(value).toLowerCase()]
  const isStrict = key === 'synchronous_mode' && String(value) === 'strict'
  if (!isStrict && written.some(one => takes.safeParse(one).success)) return []
  const why = isStrict ? 'that is `synchronous_mode_strict: true`' : takes.safeParse(value).error!.issues[0]!.message
  return [{path: [...path], says: `Patroni cannot use \`${key}: ${String(value)}\`: ${why}`}]
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
