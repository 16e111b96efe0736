/**
 * Patroni's configuration (Patroni 3.0 to 4.1), one file for all hosts of a cluster: a host's name and addresses come from PATRONI_*
 * variables in its environment, its server's own name from a second file. And the SQL that makes the applications' role and database once the cluster exists.
 */

import {clusterOf, clusters, type Following, followersSlot, following, within} from '../lab/topology/clusters.ts'
import {hbaLine} from '../lab/topology/hba.ts'
import {type DynamicName, dynamicSettings} from '../lab/topology/kept.ts'
import {releaseOf} from '../lab/topology/release.ts'
import {etcdUsers, restUser} from '../lab/topology/security.ts'
import {
  type Allocation,
  appDatabase,
  type HostName,
  hostParameter,
  hostsWith,
  portOf,
  roles,
  type Topology,
  withParameters,
} from '../lab/topology/topology.ts'
import {keysOf} from './keys.ts'
import {type Note, printYaml, type Value} from './print-yaml.ts'
import {literal} from './sql.ts'
import {afterBootstrap, hostStandIns, sharedStandIns} from './stand-ins.ts'

/** In every lab, unless its topology says otherwise. */
export const postgresParameters = {
  // as far back as images/host/bin/replica-from-image relies on
  wal_keep_size: '128MB',
  password_encryption: 'scram-sha-256',
  // tells PostgreSQL's lines from Patroni's, in the one log they share
  log_line_prefix: 'postgres | %m [%p] %q%u@%d ',
}

/** Where a host's services find what the lab gave them; images/host/services/patroni/run puts it there for `postgres` alone. */
const bootstrapSql = '/run/pgha-lab/post-bootstrap.sql'

export function patroni(topology: Topology, allocation: Allocation, host: HostName): string {
  const cluster = clusterOf(topology, host)
  const {scope, namespace} = cluster
  const etcd = hostsWith(within(topology, cluster), 'etcd').map(
    name => `${allocation.addresses[name]}:${portOf(topology, name, 'etcd')}`,
  )
  const settings = {
    scope,
    namespace,
    restapi: {listen: `0.0.0.0:${portOf(topology, host, 'patroni')}`, ...restOf(topology, allocation)},
    ...ctlOf(topology),
    etcd3: {hosts: etcd, ...etcdOf(topology, allocation)},
    bootstrap: bootstrap(
      topology,
      cluster.standby ? following(topology, clusters(topology)[0], allocation.addresses) : null,
    ),
    postgresql: postgresql(topology, allocation, host, cluster.standby === true),
    watchdog: watchdog(topology),
  } satisfies Value
  return printYaml(settings, {
    notes: notesOn(settings.postgresql, settings.watchdog, cluster.standby === true),
  })
}

const own = keysOf('postgres')

function restOf({tls, auth}: Topology, {passwords}: Allocation): Readonly<Record<string, Value>> {
  const clients = tls?.restClients === undefined ? {} : {verify_client: tls.restClients}
  return {
    ...(tls?.rest === true ? {certfile: own.own, keyfile: own.own, cafile: own.ca, ...clients} : {}),
    ...(auth?.rest === true ? {authentication: {username: restUser, password: passwords.rest ?? ''}} : {}),
  }
}

/** As whom Patroni itself, and patronictl, ask a REST API. */
function ctlOf({tls}: Topology): Readonly<Record<string, Value>> {
  return tls?.rest === true ? {ctl: {cacert: own.ca, certfile: own.own, keyfile: own.own}} : {}
}

function etcdOf({tls, auth}: Topology, {passwords}: Allocation): Readonly<Record<string, Value>> {
  return {
    ...(tls?.etcd === true ? {protocol: 'https', cacert: own.ca, cert: own.own, key: own.own} : {}),
    ...(auth?.etcd === undefined ? {} : {username: etcdUsers.patroni, password: passwords.etcdPatroni ?? ''}),
  }
}

/** Of whoever connects to a member over the network: only to one that proves to be it. */
function verifying({tls}: Topology): Readonly<Record<string, string>> {
  return tls?.postgresql === true ? {sslmode: 'verify-full', sslrootcert: own.ca} : {}
}

function served({tls}: Topology): Readonly<Record<string, string>> {
  return tls?.postgresql === true ? {ssl: 'on', ssl_cert_file: own.own, ssl_key_file: own.own, ssl_ca_file: own.ca} : {}
}

function slots({patroni, standbyCluster}: Topology): Record<string, Value> {
  if (standbyCluster === undefined) return patroni.slots === undefined ? {} : {slots: {...patroni.slots}}
  return {slots: {...patroni.slots, [followersSlot]: {type: 'physical', cluster_type: 'primary'}}}
}

function bootstrap(topology: Topology, follows: Following | null) {
  const {patroni} = topology
  const {parameters, recovery} = sharedStandIns(topology)
  return {
    dcs: {
      ttl: patroni.ttlSeconds,
      loop_wait: patroni.loopWaitSeconds,
      retry_timeout: patroni.retryTimeoutSeconds,
      maximum_lag_on_failover: patroni.maximumLagOnFailoverBytes,
      [releaseOf(topology).patroni.primaryStartTimeout]: patroni.primaryStartTimeoutSeconds,
      ...synchronous(topology),
      ...(patroni.failsafeMode ? {failsafe_mode: true} : {}),
      ...slots(topology),
      ...dynamicUnder(topology, ''),
      ...(follows === null ? {} : {standby_cluster: follows}),
      postgresql: {
        use_pg_rewind: true,
        use_slots: true,
        ...dynamicUnder(topology, 'postgresql'),
        parameters: {...withParameters(postgresParameters, topology.postgresParameters), ...parameters},
        ...recovery,
      },
    },
    initdb: ['data-checksums', {encoding: 'UTF8'}, {locale: 'C.UTF-8'}],
    // Patroni adds the connection string, and runs it as superuser before the new cluster is announced.
    post_bootstrap: afterBootstrap(topology, `psql --no-psqlrc --quiet --set=ON_ERROR_STOP=1 --file=${bootstrapSql}`),
  }
}

/** What a person has said beside the settings above. */
function dynamicUnder({dynamic = {}}: Topology, under: '' | 'postgresql'): Record<string, Value> {
  const said = Object.entries(dynamic).filter(([key]) => dynamicSettings[key as DynamicName].under === under)
  return Object.fromEntries(said)
}

/** Over the network: all users of the lab, or those that a lab.yaml says, and the superuser, as whom the lab itself looks. */
function letIn({hba, tls}: Topology, addresses: Allocation['addresses']): readonly string[] {
  const host = tls?.postgresql === true ? 'hostssl' : 'host'
  if (hba === undefined)
    return [`${host} replication ${roles.replication} all scram-sha-256`, `${host} all all all scram-sha-256`]
  const addressOf = (host: string) => (addresses[host] === undefined ? host : `${addresses[host]}/32`)
  return [`${host} all ${roles.superuser} all scram-sha-256`, ...hba.map(one => hbaLine(one, addressOf))]
}

/** A first start is faster by these; without them it is as Patroni makes it, and no replica is a copy of the image's cluster. */
const binNames = {
  initdb: '/usr/local/bin/initdb-from-image',
  pg_isready: '/usr/local/bin/pg-isready-at-first-start',
}

function postgresql(topology: Topology, {passwords, addresses}: Allocation, host: HostName, isStandby: boolean) {
  const {
    bin,
    patroni: {takesBinNames},
  } = releaseOf(topology)
  return {
    listen: `0.0.0.0:${portOf(topology, host, 'postgres')}`,
    data_dir: '/data/postgresql/main',
    bin_dir: bin,
    ...(takesBinNames ? {bin_name: binNames} : {}),
    pgpass: '/data/postgresql/pgpass',
    use_unix_socket: true,
    use_unix_socket_repl: true,
    parameters: {unix_socket_directories: '/run/postgresql', ...served(topology), ...walWithin(topology)},
    authentication: {
      superuser: {username: roles.superuser, password: passwords.superuser, ...verifying(topology)},
      replication: {username: roles.replication, password: passwords.replication, ...verifying(topology)},
      rewind: {username: roles.rewind, password: passwords.rewind, ...verifying(topology)},
    },
    pg_hba: [
      `local all ${roles.superuser} peer`,
      'local all all scram-sha-256',
      `local replication ${roles.replication} peer map=patroni`,
      ...letIn(topology, addresses),
    ],
    pg_ident: [`patroni postgres ${roles.replication}`],
    // A standby leader has no WAL from before its own base backup, which the image's copy would need.
    ...(takesBinNames && !isStandby
      ? {create_replica_methods: ['image', 'basebackup'], image: {command: 'replica-from-image'}}
      : {create_replica_methods: ['basebackup']}),
    basebackup: [{checkpoint: 'fast'}],
    ...hostStandIns(topology),
  }
}

function notesOn(ofPostgresql: ReturnType<typeof postgresql>, ofWatchdog: object, isStandby: boolean): readonly Note[] {
  return [
    {at: ['restapi'], apart: true},
    {at: ['etcd3'], apart: true},
    {at: ['bootstrap'], apart: true},
    {
      at: ['bootstrap', 'dcs'],
      above: 'Goes to etcd when the cluster is made; change it there later: patronictl edit-config',
    },
    {at: ['postgresql'], apart: true},
    ...('bin_name' in ofPostgresql
      ? [
          {
            at: ['postgresql', 'bin_name', 'initdb'],
            beside: 'what initdb made with the options above when the image was built',
          },
          {
            at: ['postgresql', 'bin_name', 'pg_isready'],
            beside: 'waits for a first start instead of being asked again',
          },
        ]
      : []),
    ...('image' in ofPostgresql
      ? [
          {
            at: ['postgresql', 'image', 'command'],
            beside: 'the same copy, while the cluster is so young that its WAL reaches back to it',
          },
        ]
      : []),
    ...('max_wal_size' in ofPostgresql.parameters
      ? [{at: ['postgresql', 'parameters', 'max_wal_size'], beside: 'the data volume has a limited size'}]
      : []),
    ...(isStandby
      ? [
          {
            at: ['bootstrap', 'dcs', 'standby_cluster'],
            beside:
              "the first cluster's members, of which one takes writes; without this the cluster has a primary of its own",
          },
        ]
      : []),
    {at: ['watchdog'], apart: true},
    ...('driver' in ofWatchdog
      ? [
          {
            at: ['watchdog', 'driver'],
            beside: 'bytes to a FIFO that images/host/bin/watchdog reads; when they stay away, it resets the host',
          },
        ]
      : []),
  ]
}

/** What each host has besides: its server tells its own name to whoever asks, and Patroni its tags. */
export function patroniOfHost({tags = {}}: Topology, host: HostName): string {
  const own = tags[host] ?? {}
  return printYaml({
    postgresql: {parameters: {[hostParameter]: host}},
    ...(Object.keys(own).length === 0 ? {} : {tags: own}),
  })
}

/** What makes this host's Patroni different from the others'. */
export function patroniEnvironment(topology: Topology, allocation: Allocation, host: HostName): Record<string, string> {
  const address = allocation.addresses[host]
  return {
    PATRONI_NAME: host,
    PATRONI_RESTAPI_CONNECT_ADDRESS: `${address}:${portOf(topology, host, 'patroni')}`,
    PATRONI_POSTGRESQL_CONNECT_ADDRESS: `${address}:${portOf(topology, host, 'postgres')}`,
  }
}

/** The names are constants of ours that need no quotes. */
export function postBootstrap({passwords}: Allocation): string {
  return `\
CREATE ROLE ${roles.app} LOGIN PASSWORD ${literal(passwords.app)};
CREATE DATABASE ${appDatabase} OWNER ${roles.app} STRATEGY file_copy;
`
}

function synchronous({patroni: {synchronousMode}}: Topology): Record<string, Value> {
  if (synchronousMode === 'off') return {}
  return {
    synchronous_mode: synchronousMode === 'quorum' ? 'quorum' : true,
    synchronous_mode_strict: synchronousMode === 'strict',
  }
}

/** Said when it is off, too: Patroni's own default is to look for a /dev/watchdog (`watchdog/base.py: WatchdogConfig`). */
function watchdog({patroni: {watchdog: mode, watchdogSafetyMarginSeconds}}: Topology) {
  if (mode === 'off') return {mode: false}
  return {mode, driver: 'testing', device: '/run/watchdog/fifo', safety_margin: watchdogSafetyMarginSeconds}
}

/** PostgreSQL's own limit (1 GB) would let WAL alone fill a small volume: that is for the fault `fill-disk` to do. */
function walWithin({dataBytes, postgresParameters}: Topology): Record<string, string> {
  const given = Object.keys(postgresParameters).some(name => name.toLowerCase() === 'max_wal_size')
  return dataBytes === undefined || given ? {} : {max_wal_size: `${Math.floor(dataBytes / 4 / 1024 ** 2)}MB`}
}
