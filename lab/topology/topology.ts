/**
 * The Topology: hosts, the services on each, and the settings that decide how a failover goes. A plain value; parsing
 * of a person's file is in `topology-file.ts`, turning it into configuration is in `compose/`.
 */

import type {ReleaseName} from './release.ts'
import {type PortName, portsWith, type ServiceName, type ServicePort} from './services.ts'

export type HostName = string

export interface Host {
  readonly name: HostName
  readonly services: readonly ServiceName[]
}

/** Patroni's own, in whole seconds as Patroni takes them (`patroni/config.py: _validate_and_adjust_timeouts`). */
export interface PatroniSettings {
  readonly ttlSeconds: number
  readonly loopWaitSeconds: number
  readonly retryTimeoutSeconds: number
  readonly maximumLagOnFailoverBytes: number
  readonly synchronousMode: 'off' | 'on' | 'strict' | 'quorum'
  readonly primaryStartTimeoutSeconds: number
  readonly failsafeMode: boolean
  /** Whether a host must be reset when its Patroni stops feeding the watchdog (`watchdog.mode`). */
  readonly watchdog: 'off' | 'automatic' | 'required'
  /** The watchdog fires this long before the leader key expires (`watchdog.safety_margin`). */
  readonly watchdogSafetyMarginSeconds: number
}

/** HAProxy's health checks and connection handling. */
export interface HaproxySettings {
  readonly interMs: number
  readonly fastinterMs: number
  readonly downinterMs: number
  readonly fall: number
  readonly rise: number
  readonly connectTimeoutMs: number
  readonly checkTimeoutMs: number
}

export interface Topology {
  readonly profile: ProfileName
  /** Of PostgreSQL and what keeps it available. */
  readonly release: ReleaseName
  readonly hosts: readonly Host[]
  readonly patroni: PatroniSettings
  readonly haproxy: HaproxySettings
  /** Added to PostgreSQL's configuration in the DCS, e.g. {wal_sender_timeout: '5s'}. */
  readonly postgresParameters: Readonly<Record<string, string>>
  /** Size of the file system of each data directory, which is then kept in memory; else the engine's own disk, without a limit. */
  readonly dataBytes?: number
}

export type ProfileName = 'default' | 'fast'

export type Profile = Pick<Topology, 'patroni' | 'haproxy' | 'postgresParameters'>

/**
 * Timing profiles. `default`: Patroni's own defaults and the HAProxy settings of its documentation. `fast`: the smallest
 * values that Patroni accepts unchanged (anything below ttl 20 is silently raised) with quick HAProxy checks.
 */
export const profiles: Readonly<Record<ProfileName, Profile>> = {
  default: {
    patroni: {
      ttlSeconds: 30,
      loopWaitSeconds: 10,
      retryTimeoutSeconds: 10,
      maximumLagOnFailoverBytes: 1_048_576,
      synchronousMode: 'off',
      primaryStartTimeoutSeconds: 300,
      failsafeMode: false,
      watchdog: 'off',
      watchdogSafetyMarginSeconds: 5,
    },
    haproxy: {
      interMs: 3000,
      fastinterMs: 3000,
      downinterMs: 3000,
      fall: 3,
      rise: 2,
      connectTimeoutMs: 4000,
      checkTimeoutMs: 5000,
    },
    postgresParameters: {},
  },
  fast: {
    patroni: {
      ttlSeconds: 20,
      loopWaitSeconds: 1,
      retryTimeoutSeconds: 3,
      maximumLagOnFailoverBytes: 1_048_576,
      synchronousMode: 'off',
      primaryStartTimeoutSeconds: 300,
      failsafeMode: false,
      watchdog: 'off',
      watchdogSafetyMarginSeconds: 5,
    },
    haproxy: {
      interMs: 1000,
      fastinterMs: 500,
      downinterMs: 500,
      fall: 2,
      rise: 1,
      connectTimeoutMs: 250,
      checkTimeoutMs: 1000,
    },
    postgresParameters: {wal_retrieve_retry_interval: '500ms', wal_sender_timeout: '5s', wal_receiver_timeout: '5s'},
  },
}

export function hostsWith(topology: Topology, service: ServiceName): readonly HostName[] {
  return topology.hosts.filter(host => host.services.includes(service)).map(host => host.name)
}

/** The number of a port of this host inside the lab's network. @throws TypeError where no service of the host listens on it. */
export function portOf(topology: Topology, host: HostName, name: ServicePort): number {
  const {services = []} = topology.hosts.find(one => one.name === host) ?? {}
  const port = portsWith(services).find(one => one.name === name)
  if (port === undefined) throw new TypeError(`host ${host} has no port ${name}`)
  return port.number
}

/** Parameters of PostgreSQL with others over them, whose names are the same in capitals and small letters. */
export function withParameters(
  under: Readonly<Record<string, string>>,
  over: Readonly<Record<string, string>>,
): Record<string, string> {
  const given = new Set(Object.keys(over).map(name => name.toLowerCase()))
  return {...Object.fromEntries(Object.entries(under).filter(([name]) => !given.has(name.toLowerCase()))), ...over}
}

/** What a lab has been given on this machine when it was first raised; kept 0600 in the state directory. */
export interface Allocation {
  readonly lab: string
  /** CIDR of the lab's own network, e.g. 10.213.7.0/24. */
  readonly subnet: string
  readonly addresses: Readonly<Record<HostName, string>>
  /** Of the observer, which is none of the topology's hosts. */
  readonly observer: string
  /** Port on 127.0.0.1 for each published port of each host. */
  readonly ports: Readonly<Record<HostName, Readonly<Partial<Record<PortName, number>>>>>
  readonly passwords: {
    readonly superuser: string
    readonly replication: string
    readonly rewind: string
    readonly app: string
  }
  readonly images: {readonly host: string; readonly app: string}
}

/** The service of the compose file that is no host of the topology: the runner reaches the hosts through it. */
export const observerName = 'observer'

/** Names of the database roles; passwords come from the Allocation. */
export const roles = {superuser: 'postgres', replication: 'replicator', rewind: 'rewinder', app: 'app'} as const

/** PostgreSQL's parameter in which each server has the name of its host: it says so whatever it is reached through. */
export const hostParameter = 'pgha_lab.host'

/** The database the clients use. */
export const appDatabase = 'app'

/**
 * Labels on every container, network and volume of a lab; a container is a host, the observer through which the hosts are reached, or
 * a program of somebody else's that is a client for the length of a run.
 */
export const labels = {
  lab: 'pgha-lab.lab',
  host: 'pgha-lab.host',
  observer: 'pgha-lab.observer',
  program: 'pgha-lab.program',
  owner: 'pgha-lab.owner',
  home: 'pgha-lab.home',
} as const

/** Whose a lab is; `lab/state/owner.ts` makes it. */
export interface Owner {
  /** The id that everything of the lab carries. */
  readonly id: string
  /** Where the owner keeps what is known about it; null: nowhere. Only what holds data says it: others read a container's labels. */
  readonly home: string | null
}
