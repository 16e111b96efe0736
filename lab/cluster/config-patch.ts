/** Patches of Patroni's dynamic configuration as values (Patroni 4.0, `utils.py: patch_config`): null removes, mappings merge. */
import {isDeepStrictEqual} from 'node:util'
import type {Config} from './patroni-api.ts'

/** The patch that brings back what `patch` changes in `config`. */
export function reverse(patch: Config, config: Config): Config {
  return Object.fromEntries(
    Object.entries(patch).map(([key, value]) => {
      const was = Object.hasOwn(config, key) ? config[key] : null
      return [key, isMapping(value) && isMapping(was) ? reverse(value, was) : (was ?? null)]
    }),
  )
}

/** As Patroni does it: `config` with what `patch` changes. */
export function patched(config: Config, patch: Config): Config {
  const all = {...config}
  for (const [key, value] of Object.entries(patch)) {
    const was = all[key]
    if (value === null) delete all[key]
    else all[key] = isMapping(value) && isMapping(was) ? patched(was, value) : value
  }
  return all
}

/** Whether `config` has all that `patch` says. Patroni compares by text: `1` is `'1'`. */
export function covers(config: unknown, patch: unknown): boolean {
  if (patch === null) return config === undefined || config === null
  if (isMapping(patch))
    return isMapping(config) && Object.entries(patch).every(([key, one]) => covers(config[key], one))
  return isDeepStrictEqual(config, patch) || (typeof config !== 'object' && String(config) === String(patch))
}

export function isMapping(value: unknown): value is Config {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
