/** PgBouncer's configuration of one host (PgBouncer 1.18 to 1.26): its ini file and its list of users. */
import {clusterOf, within} from '../lab/topology/clusters.ts'
import type {PgbouncerSettings} from '../lab/topology/pgbouncer.ts'
import {releaseOf} from '../lab/topology/release.ts'
import {type Allocation, type HostName, hostsWith, portOf, roles, type Topology} from '../lab/topology/topology.ts'
import {keysOf} from './keys.ts'

/** images/host/services/pgbouncer/run puts what the lab gave it there, for its user alone. */
const folder = '/run/pgha-lab/pgbouncer'

const keys = keysOf('postgres')

type Keys = readonly (readonly [key: string, value: string | number, about?: string])[]

export function pgbouncer(topology: Topology, allocation: Allocation, host: HostName): string {
  const {pgbouncer: settings} = topology
  if (settings === undefined) throw new TypeError(`the topology says nothing of PgBouncer, which runs on ${host}`)
  const {about, ...server} = serverOf(topology, allocation, host)
  const connection = Object.entries(server)
    .map(([key, value]) => `${key}=${word(value)}`)
    .join(' ')
  return `${[
    comment(about),
    '[databases]',
    `* = ${connection}`,
    '',
    '[pgbouncer]',
    ...[...settingsOf(settings, portOf(topology, host, 'pgbouncer')), ...inTls(topology)]
      .filter(([key]) => !releaseOf(topology).pgbouncer.lacks.includes(key))
      .flatMap(([key, value, says]) => [...(says === undefined ? [] : ['', comment(says)]), `${key} = ${word(value)}`]),
  ].join('\n')}\n`
}

/** PostgreSQL beside it; where there is none, the proxies' way in for writes: their own first, as whoever is beside it fails with it. */
function serverOf(topology: Topology, {addresses}: Allocation, host: HostName) {
  if (hostsWith(topology, 'patroni').includes(host))
    return {
      about: 'The server beside it, whether it leads or not.',
      host: '127.0.0.1',
      port: portOf(topology, host, 'postgres'),
    }
  const proxies = hostsWith(within(topology, clusterOf(topology, host)), 'haproxy')
  const [first = ''] = proxies
  const near = proxies.includes(host) ? ['127.0.0.1'] : proxies.map(proxy => addresses[proxy])
  return {
    about: 'Behind it are the proxies, which know who leads; it does not.',
    host: near.join(','),
    port: portOf(topology, first, 'primary'),
  }
}

function settingsOf(settings: PgbouncerSettings, port: number): Keys {
  return [
    ['listen_addr', '0.0.0.0'],
    ['listen_port', port],
    ['unix_socket_dir', folder],

    ['auth_type', 'scram-sha-256', 'Whom it lets in.'],
    ['auth_file', `${folder}/userlist.txt`],
    ...(settings.auth === 'auth_query'
      ? ([
          ['auth_user', roles.superuser],
          ['auth_dbname', 'postgres'],
        ] as const)
      : []),
    ['admin_users', roles.superuser],

    ['pool_mode', settings.poolMode, 'Clients, and the connections to the server that they share.'],
    ['max_client_conn', 2000],
    ['default_pool_size', settings.defaultPoolSize],
    ['max_prepared_statements', 200],
    ['ignore_startup_parameters', 'extra_float_digits'],

    [
      'server_login_retry',
      seconds(settings.serverLoginRetryMs),
      'What decides how long a server that was away stays away for clients.',
    ],
    ['server_connect_timeout', seconds(settings.serverConnectTimeoutMs)],
    ['server_lifetime', seconds(settings.serverLifetimeMs)],
    ['server_idle_timeout', seconds(settings.serverIdleTimeoutMs)],
    ['query_wait_timeout', seconds(settings.queryWaitTimeoutMs)],

    ['log_connections', 0, 'Connections that came and went as they should are no news.'],
  ]
}

/** On both sides: its clients verify it, and it verifies the servers. */
function inTls({tls}: Topology): Keys {
  if (tls?.postgresql !== true) return []
  return [
    ['client_tls_sslmode', 'require', 'Nobody comes in without TLS, and it goes to nobody without.'],
    ['client_tls_key_file', keys.own],
    ['client_tls_cert_file', keys.own],
    ['server_tls_sslmode', 'verify-full'],
    ['server_tls_ca_file', keys.ca],
  ]
}

/** It takes parts of a second. */
function seconds(ms: number): number {
  return ms / 1000
}

/**
 * Those whom it lets in, and as whom it connects itself: it needs their passwords for that, so they stand here as they are. With
 * `auth_query` it asks the server about all but the one whom it asks as.
 */
export function userlist({pgbouncer: settings}: Topology, {passwords}: Allocation): string {
  const users = [
    [roles.superuser, passwords.superuser],
    ...(settings?.auth === 'auth_query' ? [] : [[roles.app, passwords.app]]),
  ]
  return users.map(user => `${user.map(quoted).join(' ')}\n`).join('')
}

/** `"` is doubled (`src/loader.c: load_auth_file`). */
function quoted(text: string): string {
  return `"${text.replaceAll('"', '""')}"`
}

/**
 * A value ends with its line; a name or a place of ours needs no quotes.
 * @throws TypeError for one that PgBouncer could read as something else.
 */
function word(value: string | number): string {
  if (!/^[\w.:/,*-]+$/.test(String(value))) throw new TypeError(`PgBouncer could misread ${JSON.stringify(value)}`)
  return String(value)
}

function comment(text: string): string {
  return `; ${text}`
}
