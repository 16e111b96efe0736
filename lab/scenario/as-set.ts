/** A topology as what `--set` takes: so that a lab which is raised for a scenario is like the one that a person has. */
import {isDeepStrictEqual} from 'node:util'
import type {PatroniSettings, Topology} from '../topology/topology.ts'
import {loadTopology} from '../topology/topology-file.ts'
import {ms} from './write.ts'

/**
 * What it has beyond its profile, each as `--set` takes it. `whole` is false when `--set` can't say all of it: that a host of the
 * preset is not there, or that a parameter is empty; that only a file says.
 */
export function asSet(topology: Topology): {readonly set: readonly string[]; readonly whole: boolean} {
  const base = loadTopology({profile: topology.profile})
  const names = new Set(topology.hosts.map(({name}) => name))
  const parameters = changed(topology.postgresParameters, base.postgresParameters)
  const said = parameters.filter(([, value]) => value !== '')
  const hosts = topology.hosts.filter(host => !base.hosts.some(one => isDeepStrictEqual(one, host)))
  const set = [
    ...hosts.map(({name, services}) => `hosts.${name}=${services.join(',')}`),
    ...changed(patroniKeys(topology.patroni), patroniKeys(base.patroni)).map(
      ([key, value]) => `patroni.${key}=${value}`,
    ),
    ...haproxyChanges(topology, base).map(([key, value]) => `haproxy.${key}=${value}`),
    ...said.map(([name, value]) => `postgresql.parameters.${name}=${value}`),
    ...(topology.dataBytes === undefined ? [] : [`postgresql.data_size=${topology.dataBytes}B`]),
  ]
  return {set, whole: said.length === parameters.length && base.hosts.every(({name}) => names.has(name))}
}

function changed<T>(now: Readonly<Record<string, T>>, base: Readonly<Record<string, T>>): [string, T][] {
  return Object.entries(now).filter(([key, value]) => base[key] !== value)
}

function patroniKeys(patroni: PatroniSettings): Readonly<Record<string, string>> {
  return {
    ttl: `${patroni.ttlSeconds}s`,
    loop_wait: `${patroni.loopWaitSeconds}s`,
    retry_timeout: `${patroni.retryTimeoutSeconds}s`,
    maximum_lag_on_failover: `${patroni.maximumLagOnFailoverBytes}B`,
    synchronous_mode: patroni.synchronousMode,
    primary_start_timeout: `${patroni.primaryStartTimeoutSeconds}s`,
    failsafe_mode: patroni.failsafeMode ? 'on' : 'off',
    watchdog: patroni.watchdog,
    watchdog_safety_margin: `${patroni.watchdogSafetyMarginSeconds}s`,
  }
}

function haproxyChanges({haproxy}: Topology, base: Topology): [string, string][] {
  const keys = (of: Topology['haproxy']) => ({
    fall: String(of.fall),
    rise: String(of.rise),
    timeout_connect: ms(of.connectTimeoutMs),
    timeout_check: ms(of.checkTimeoutMs),
  })
  // `inter` alone sets the other two.
  const often = (of: Topology['haproxy']) => ({
    inter: ms(of.interMs),
    fastinter: ms(of.fastinterMs),
    downinter: ms(of.downinterMs),
  })
  const isOther = changed(often(haproxy), often(base.haproxy)).length > 0
  return [...(isOther ? Object.entries(often(haproxy)) : []), ...changed(keys(haproxy), keys(base.haproxy))]
}
