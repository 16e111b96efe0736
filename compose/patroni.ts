/**
 * Patroni's configuration (Patroni 4.0), one file for all hosts: a host's name and addresses come from PATRONI_*
 * variables in its environment. And the script that makes the applications' role and database once the cluster exists.
 */
import type {HostName} from '../lab/event.ts'
import {type Allocation, appDatabase, hostsWith, roles, scope, servicePorts, type Topology} from '../lab/topology.ts'

const ports = servicePorts.patroni

/** In every lab, unless its topology says otherwise. */
export const postgresParameters = {
  // as far back as images/host/bin/replica-from-image relies on
  wal_keep_size: '128MB',
  password_encryption: 'scram-sha-256',
  // tells PostgreSQL's lines from Patroni's, in the one log they share
  log_line_prefix: 'postgres | %m [%p] %q%u@%d ',
}

export function patroni(topology: Topology, allocation: Allocation): string {
  const {ttlSeconds, loopWaitSeconds, retryTimeoutSeconds, maximumLagOnFailoverBytes, primaryStartTimeoutSeconds} =
    topology.patroni
  const {passwords} = allocation
  const etcdHosts = hostsWith(topology, 'etcd').map(
    host => `    - ${allocation.addresses[host]}:${servicePorts.etcd.etcd}`,
  )
  const parameters = Object.entries({...postgresParameters, ...topology.postgresParameters}).map(
    ([name, value]) => `        ${name}: ${quoted(value)}`,
  )
  return `\
scope: ${scope}
namespace: /service/

restapi:
  listen: 0.0.0.0:${ports.patroni}

etcd3:
  hosts:
${etcdHosts.join('\n')}

bootstrap:
  # Goes to etcd when the cluster is made; change it there later: patronictl edit-config
  dcs:
    ttl: ${ttlSeconds}
    loop_wait: ${loopWaitSeconds}
    retry_timeout: ${retryTimeoutSeconds}
    maximum_lag_on_failover: ${maximumLagOnFailoverBytes}
    primary_start_timeout: ${primaryStartTimeoutSeconds}
${synchronous(topology)}\
${topology.patroni.failsafeMode ? '    failsafe_mode: true\n' : ''}\
    postgresql:
      use_pg_rewind: true
      use_slots: true
      parameters:
${parameters.join('\n')}
  initdb:
    - data-checksums
    - encoding: UTF8
    - locale: C.UTF-8
  post_bootstrap: sh /etc/patroni/post-bootstrap.sh

postgresql:
  listen: 0.0.0.0:${ports.postgres}
  data_dir: /data/postgresql/main
  bin_dir: /usr/lib/postgresql/17/bin
  bin_name:
    initdb: /usr/local/bin/initdb-from-image   # what initdb made with the options above when the image was built
    pg_isready: /usr/local/bin/pg-isready-at-first-start   # waits for a first start instead of being asked again
  pgpass: /data/postgresql/pgpass
  use_unix_socket: true
  use_unix_socket_repl: true
  parameters:
    unix_socket_directories: /run/postgresql
${walWithin(topology)}\
  authentication:
    superuser:
      username: ${roles.superuser}
      password: ${quoted(passwords.superuser)}
    replication:
      username: ${roles.replication}
      password: ${quoted(passwords.replication)}
    rewind:
      username: ${roles.rewind}
      password: ${quoted(passwords.rewind)}
  pg_hba:
    - local all ${roles.superuser} peer
    - local all all scram-sha-256
    - local replication ${roles.replication} peer map=patroni
    - host replication ${roles.replication} all scram-sha-256
    - host all all all scram-sha-256
  pg_ident:
    - patroni postgres ${roles.replication}
  create_replica_methods: [image, basebackup]
  image:
    command: replica-from-image   # the same copy, while the cluster is so young that its WAL reaches back to it
  basebackup:
    - checkpoint: fast

watchdog:
${watchdog(topology)}
`
}

/** What makes this host's Patroni different from the others'. */
export function patroniEnvironment(allocation: Allocation, host: HostName): Record<string, string> {
  const address = allocation.addresses[host]
  return {
    PATRONI_NAME: host,
    PATRONI_RESTAPI_CONNECT_ADDRESS: `${address}:${ports.patroni}`,
    PATRONI_POSTGRESQL_CONNECT_ADDRESS: `${address}:${ports.postgres}`,
  }
}

/** Patroni runs it with a connection string, as superuser, before the new cluster is announced. */
export function postBootstrap(allocation: Allocation): string {
  return `\
psql --quiet --set ON_ERROR_STOP=1 "$1" <<'SQL'
CREATE ROLE ${roles.app} LOGIN PASSWORD '${allocation.passwords.app.replaceAll("'", "''")}';
CREATE DATABASE ${appDatabase} OWNER ${roles.app} STRATEGY file_copy;
SQL
`
}

function synchronous({patroni: {synchronousMode}}: Topology): string {
  if (synchronousMode === 'off') return ''
  const mode = synchronousMode === 'quorum' ? 'quorum' : 'true'
  return `    synchronous_mode: ${mode}\n    synchronous_mode_strict: ${synchronousMode === 'strict'}\n`
}

/** Said when it is off, too: Patroni's own default is to look for a /dev/watchdog (`watchdog/base.py: WatchdogConfig`). */
function watchdog({patroni: {watchdog: mode, watchdogSafetyMarginSeconds}}: Topology): string {
  if (mode === 'off') return '  mode: off'
  return `\
  mode: ${mode}
  driver: testing   # bytes to a FIFO that images/host/bin/watchdog reads; when they stay away, it resets the host
  device: /run/watchdog/fifo
  safety_margin: ${watchdogSafetyMarginSeconds}`
}

/** PostgreSQL's own limit (1 GB) would let WAL alone fill a small volume: that is for the fault `fill-disk` to do. */
function walWithin({dataBytes, postgresParameters}: Topology): string {
  if (dataBytes === undefined || postgresParameters.max_wal_size !== undefined) return ''
  return `    max_wal_size: ${Math.floor(dataBytes / 4 / 1024 ** 2)}MB   # the data volume has a limited size\n`
}

/** A YAML string whatever it contains. */
function quoted(value: string): string {
  return `'${value.replaceAll("'", "''")}'`
}
