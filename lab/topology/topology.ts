/**
 * The Topology: hosts, the services on each, and the settings that decide how a failover goes. A plain value; parsing
 * of a person's file is in `topology-file.ts`, turning it into configuration is in `compose/`.
 */

import type {Engines} from './engines.ts'
import type {KeepalivedSettings} from './keepalived.ts'
import type {balances, Kept} from './kept.ts'
import type {OwnHaproxy} from './own-haproxy.ts'
import type {OwnImages} from './own-images.ts'
import type {PatroniBuild} from './patroni-build.ts'
import type {PgbouncerSettings} from './pgbouncer.ts'
import type {ReleaseName} from './release.ts'
import type {Security} from './security.ts'
import {type PortName, portsWith, type ServiceName, type ServicePort, serviceNames} from './services.ts'

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
  /** Replication slots that every leader has, by their names; left out: none. */
  readonly slots?: Readonly<Record<string, PermanentSlot>>
}

/** A permanent slot as Patroni's dynamic configuration has it. */
export type PermanentSlot =
  | {readonly type: 'physical'}
  | {readonly type: 'logical'; readonly database: string; readonly plugin: string}

/** HAProxy's health checks and connection handling. */
export interface HaproxySettings {
  readonly interMs: number
  readonly fastinterMs: number
  readonly downinterMs: number
  readonly fall: number
  readonly rise: number
  readonly connectTimeoutMs: number
  readonly checkTimeoutMs: number
  /** How long a session may be idle on the side of the client, and of the server, before HAProxy ends it. */
  readonly clientTimeoutMs: number
  readonly serverTimeoutMs: number
  /** What becomes of the sessions of a server that goes down: without `shutdown-sessions` they stay with it. */
  readonly onMarkedDown: 'shutdown-sessions' | 'none'
  /** Where they are not those of the lab: what servers are asked, and whether in TLS; left out, as the REST API speaks. */
  readonly checkPrimary?: string
  readonly checkReplicas?: string
  readonly checkTls?: boolean
  /** How many clients it lets in. */
  readonly maxconn?: number
  /** How often it tries to connect once more, and whether then to another server. */
  readonly retries?: number
  readonly redispatch?: boolean
  /** How it chooses among the servers for reads; by turns when not given. */
  readonly balance?: (typeof balances)[number]
  /** TCP keepalives on both sides (`option tcpka`). */
  readonly tcpka?: boolean
}

export interface Topology extends Kept, Security {
  readonly profile: ProfileName
  /** Of PostgreSQL and what keeps it available. */
  readonly release: ReleaseName
  /** A Patroni of somebody's own in the place of the release's. */
  readonly patroniBuild?: PatroniBuild
  /** Images of somebody's own, by service: that of each host that runs it. */
  readonly images?: OwnImages
  /** Which engine has which host, of a lab on several; those that are not named lie on the first. */
  readonly engines?: Engines
  readonly hosts: readonly Host[]
  readonly patroni: PatroniSettings
  readonly haproxy: HaproxySettings
  /** A haproxy.cfg of somebody's own, of which `haproxy` has what the lab has to know. */
  readonly haproxyFile?: OwnHaproxy
  /** Of every PgBouncer; there where a host runs one. */
  readonly pgbouncer?: PgbouncerSettings
  /** Of every keepalived; there where a host runs one. */
  readonly keepalived?: KeepalivedSettings
  /** Added to PostgreSQL's configuration in the DCS, e.g. {wal_sender_timeout: '5s'}. */
  readonly postgresParameters: Readonly<Record<string, string>>
  /** Patroni's `scope` and `namespace`; `pgha` under `/service/` when not given. */
  readonly scope?: string
  readonly namespace?: string
  /** A second cluster, with an etcd and proxies of its own, that follows the first as Patroni's standby cluster (`standby_cluster`). */
  readonly standbyCluster?: StandbyCluster
  /** Ports that are not as usual. */
  readonly ports?: Readonly<Partial<Record<ServicePort, number>>>
  /** Size of the file system of each data directory, which is then kept in memory; else the engine's own disk, without a limit. */
  readonly dataBytes?: number
}

export interface StandbyCluster {
  readonly scope: string
  /** Every host that belongs to it and not to the first. */
  readonly hosts: readonly HostName[]
}

export type ProfileName = 'default' | 'fast'

export type Profile = Pick<Topology, 'patroni' | 'haproxy' | 'postgresParameters'>

/** As in the configuration that Patroni's documentation has. */
const sessions = {
  clientTimeoutMs: 1_800_000,
  serverTimeoutMs: 1_800_000,
  onMarkedDown: 'shutdown-sessions',
} as const satisfies Partial<HaproxySettings>

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
      ...sessions,
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
      ...sessions,
    },
    postgresParameters: {wal_retrieve_retry_interval: '500ms', wal_sender_timeout: '5s', wal_receiver_timeout: '5s'},
  },
}

export function hostsWith(topology: Topology, service: ServiceName): readonly HostName[] {
  return topology.hosts.filter(host => host.services.includes(service)).map(host => host.name)
}

/** Every port of a host inside the lab's network, in the order of its services. */
export function portsOn(topology: Topology, host: HostName): {readonly name: ServicePort; readonly number: number}[] {
  const {services = []} = topology.hosts.find(one => one.name === host) ?? {}
  return portsWith(services).map(({name, number}) => ({name, number: topology.ports?.[name] ?? number}))
}

/** The number of a port of this host inside the lab's network. @throws TypeError where no service of the host listens on it. */
export function portOf(topology: Topology, host: HostName, name: ServicePort): number {
  const port = portsOn(topology, host).find(one => one.name === name)
  if (port === undefined) throw new TypeError(`host ${host} has no port ${name}`)
  return port.number
}

/** The number of a port, which is the same on each host of a topology that has it; `portOf` knows which those are. */
export function portNumber({ports = {}}: Pick<Topology, 'ports'>, name: ServicePort): number {
  const port = portsWith(serviceNames).find(one => one.name === name)
  if (port === undefined) throw new TypeError(`no service has a port ${name}`)
  return ports[name] ?? port.number
}

/** Where a proxy leads its clients on a host with PostgreSQL: to the pooler beside that, where there is one. */
export function servedAt(topology: Topology, host: HostName): 'pgbouncer' | 'postgres' {
  return hostsWith(topology, 'pgbouncer').includes(host) ? 'pgbouncer' : 'postgres'
}

/** Hosts whose pooler stands before the proxies instead: no PostgreSQL is beside it. */
export function poolersBefore(topology: Topology): readonly HostName[] {
  const servers = hostsWith(topology, 'patroni')
  return hostsWith(topology, 'pgbouncer').filter(host => !servers.includes(host))
}

/** Whom a replica is to stream from: the leader, or another member that its tag names (cascading replication). */
export function sourceOf({tags = {}}: Pick<Topology, 'tags'>, host: HostName, leader: HostName): HostName {
  return tags[host]?.replicatefrom ?? leader
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
    /** Of etcd's users, and for the REST API; there where somebody is asked. */
    readonly etcdRoot?: string
    readonly etcdPatroni?: string
    readonly rest?: string
  }
  /** The lab's own CA; there where something speaks TLS. */
  readonly authority?: Authority
  /** With which etcd signs its tokens, and knows them again; there where they are signed. */
  readonly tokenKey?: {readonly private: string; readonly public: string}
  readonly images: {
    readonly host: string
    readonly app: string
    /** Of somebody's own: by their names the ids that they had when the lab was raised. */
    readonly own?: Readonly<Record<string, string>>
  }
  /** Its engine publishes on another machine: this one gets to PostgreSQL through the observer too. */
  readonly elsewhere?: true
}

/** A CA of one lab and no other, and what it has signed: all PEM. */
export interface Authority {
  readonly ca: string
  readonly caKey: string
  /** Of each host that shows or needs a certificate: its key, and behind it the certificate. */
  readonly hosts: Readonly<Record<HostName, string>>
  /** Of whoever asks through the observer. */
  readonly observer: string
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
  reaper: 'pgha-lab.reaper',
  owner: 'pgha-lab.owner',
  home: 'pgha-lab.home',
} as const

export function projectName(lab: string): string {
  return `pgha-lab-${lab}`
}

/** What the engine calls a lab's network. */
export function networkName(lab: string): string {
  return `${projectName(lab)}_lab`
}

/** Whose a lab is; `lab/state/owner.ts` makes it. */
export interface Owner {
  /** The id that everything of the lab carries. */
  readonly id: string
  /** Where the owner keeps what is known about it; null: nowhere. Only what holds data says it: others read a container's labels. */
  readonly home: string | null
}
