/** The settings of PgBouncer that decide what its clients see of a failover: what they are by default, and their keys in a lab.yaml. */
import {ms} from '../words/quantity.ts'
import type {Written} from './settings.ts'

/** Under its own names (PgBouncer 1.24, `doc/config.md`). */
export interface PgbouncerSettings {
  readonly poolMode: 'session' | 'transaction'
  /** Connections to a server for each user and database. */
  readonly defaultPoolSize: number
  /** After a failed connection to a server nobody tries again for so long; until then who waits is told that it failed. */
  readonly serverLoginRetryMs: number
  readonly serverConnectTimeoutMs: number
  /** How old a connection to a server gets, and how long it may be idle. */
  readonly serverLifetimeMs: number
  readonly serverIdleTimeoutMs: number
  /** How long a client waits for a connection to a server. */
  readonly queryWaitTimeoutMs: number
  /** How it knows the clients' passwords: from a file, or from the server (`auth_query`). */
  readonly auth: 'userlist' | 'auth_query'
}

/** PgBouncer's own, but for the mode. */
const byDefault: PgbouncerSettings = {
  poolMode: 'transaction',
  defaultPoolSize: 20,
  serverLoginRetryMs: 15_000,
  serverConnectTimeoutMs: 15_000,
  serverLifetimeMs: 3_600_000,
  serverIdleTimeoutMs: 600_000,
  queryWaitTimeoutMs: 120_000,
  auth: 'userlist',
}

/** Of each timing profile. `fast`: a server that was away is looked for as soon as others look for it. */
export const pgbouncerProfiles = {
  default: byDefault,
  fast: {...byDefault, serverLoginRetryMs: 1000, serverConnectTimeoutMs: 2000},
} as const satisfies Readonly<Record<string, PgbouncerSettings>>

/** With what is written of them. */
export function withPgbouncer(base: PgbouncerSettings, written: NonNullable<Written['pgbouncer']>): PgbouncerSettings {
  return {
    poolMode: written.pool_mode ?? base.poolMode,
    defaultPoolSize: written.default_pool_size ?? base.defaultPoolSize,
    serverLoginRetryMs: written.server_login_retry ?? base.serverLoginRetryMs,
    serverConnectTimeoutMs: written.server_connect_timeout ?? base.serverConnectTimeoutMs,
    serverLifetimeMs: written.server_lifetime ?? base.serverLifetimeMs,
    serverIdleTimeoutMs: written.server_idle_timeout ?? base.serverIdleTimeoutMs,
    queryWaitTimeoutMs: written.query_wait_timeout ?? base.queryWaitTimeoutMs,
    auth: written.auth ?? base.auth,
  }
}

/** As a lab.yaml has them. */
export function pgbouncerKeys(of: PgbouncerSettings): Readonly<Record<string, string>> {
  return {
    pool_mode: of.poolMode,
    default_pool_size: String(of.defaultPoolSize),
    server_login_retry: ms(of.serverLoginRetryMs),
    server_connect_timeout: ms(of.serverConnectTimeoutMs),
    server_lifetime: ms(of.serverLifetimeMs),
    server_idle_timeout: ms(of.serverIdleTimeoutMs),
    query_wait_timeout: ms(of.queryWaitTimeoutMs),
    auth: of.auth,
  }
}
