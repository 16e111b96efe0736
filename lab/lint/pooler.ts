/** Where a cluster's PgBouncer stands, and the times that it has: beside each PostgreSQL, or before the proxies. */
import type {Written} from '../topology/settings.ts'
import {isLoopback, type Place, sameHost} from '../words/place.ts'
import {memberAddresses, postgresProxies, writing} from './members.ts'
import type {PgbouncerDatabase, PgbouncerFile} from './read/pgbouncer.ts'
import type {Files} from './read/read.ts'

type Settings = NonNullable<Written['pgbouncer']>

export interface Pooler {
  readonly stands: 'beside' | 'before'
  /** Whose settings are taken for all. */
  readonly file: PgbouncerFile
  /** The database by which it is told where it stands; none where they are in another file. */
  readonly by: PgbouncerDatabase | undefined
  /** The proxy before it, or the one behind it, is on its own host as far as the files tell. */
  readonly isNear: boolean
  readonly settings: Settings
}

/** Why the lab runs none. */
export interface NoPooler {
  readonly place: Place
  readonly why: string
}

/** PgBouncer 1.24, doc/config.md. */
const usualPort = 6432
export const usualPostgres = 5432

/** Undefined where there is no file of one. */
export function poolerOf(files: Files): Pooler | NoPooler | undefined {
  const [file] = files.pgbouncer
  if (file === undefined) return undefined
  const {databases, includes} = file
  const stands = databases.map(by => ({by, ...standing(files, file, by)}))
  const found = stands.find(one => 'stands' in one)
  if (found !== undefined && 'stands' in found) return {...found, file, settings: settingsIn(file)}
  const elsewhere = includes.find(({section}) => section === 'databases')
  if (databases.length === 0 && elsewhere !== undefined && isLedTo(files, file))
    return {stands: 'beside', by: undefined, isNear: true, file, settings: settingsIn(file)}
  const [first] = stands
  if (first !== undefined && 'why' in first) return {place: first.by.place, why: first.why}
  const place = elsewhere?.place ?? {file: file.file, line: 1, column: 1}
  return {place, why: 'its databases are not here, so that nobody knows whom it leads to'}
}

export function isPooler(found: Pooler | NoPooler | undefined): found is Pooler {
  return found !== undefined && 'stands' in found
}

function standing(
  files: Files,
  file: PgbouncerFile,
  {options}: PgbouncerDatabase,
): Pick<Pooler, 'stands' | 'isNear'> | {readonly why: string} {
  const hosts = (options.get('host') ?? '').split(',').map(host => host.trim())
  const port = Number(options.get('port') ?? usualPostgres)
  const isHere = hosts.every(host => host === '' || host.startsWith('/') || isLoopback(host))
  const isMember = hosts.some(host => memberAddresses(files).some(member => sameHost(member.host, host)))
  const isProxy = postgresProxies(files).some(({binds}) => binds.some(bind => bind.port === port))
  if (isLedTo(files, file) && (isHere || isMember)) return {stands: 'beside', isNear: true}
  if (isProxy && hosts.length === 1) return {stands: 'before', isNear: isHere}
  if (hosts.length > 1) return {why: 'it leads to several servers by turns, whoever of them leads the cluster'}
  if (isMember) return {why: 'it leads to one member, whoever leads the cluster'}
  if (!isHere) return {stands: 'before', isNear: false}
  if (files.haproxy.length === 0) return {stands: 'beside', isNear: true}
  return {why: 'no proxy leads to it, and it leads to none, so that nobody knows how clients come to it'}
}

/** Whether HAProxy leads writers to the poolers; without one, what members say of themselves. */
function isLedTo(files: Files, file: PgbouncerFile): boolean {
  const port = listensOn(file)
  const main = writing(files)?.proxy
  if (main !== undefined) return main.servers.some(({address}) => address.port === port)
  return files.patroni.some(({pooler}) => pooler?.port === port)
}

export function listensOn({settings}: PgbouncerFile): number {
  return Number(settings.get('listen_port')?.text ?? usualPort)
}

/** Each with PgBouncer's own where it is not said, as the lab's own differ. Amounts that it takes in seconds, which may have a fraction. */
export const poolerTimes = {
  server_login_retry: {seconds: 15, least: 0},
  server_connect_timeout: {seconds: 15, least: 0.001},
  server_lifetime: {seconds: 3600, least: 0},
  server_idle_timeout: {seconds: 600, least: 0},
  query_wait_timeout: {seconds: 120, least: 0},
} as const

/** The longest that a lab has: a day. */
export const longestSeconds = 86_400

function settingsIn(file: PgbouncerFile): Settings {
  const times = Object.entries(poolerTimes).map(([key, {seconds, least}]) => {
    const said = secondsOf(file.settings.get(key)?.text)
    return [key, Math.round(1000 * Math.min(longestSeconds, Math.max(least, said ?? seconds)))] as const
  })
  const port = listensOn(file)
  return {
    ...(port >= 1024 && port <= 65_535 && port !== usualPort ? {port} : {}),
    pool_mode:
      said(file, 'pool_mode') === 'session' || said(file, 'pool_mode') === undefined ? 'session' : 'transaction',
    default_pool_size: poolSize(file),
    ...(Object.fromEntries(times) as {[key in keyof typeof poolerTimes]: number}),
    // Without a user to ask as it asks nobody.
    auth: asksAs(file) ? 'auth_query' : 'userlist',
  }
}

/** Whether it asks the server for passwords: without somebody as whom `auth_query` is of no effect. */
export function asksAs({settings, databases}: PgbouncerFile): boolean {
  return settings.has('auth_user') || databases.some(({options}) => options.has('auth_user'))
}

export function secondsOf(text: string | undefined): number | undefined {
  return text !== undefined && /^\d+(\.\d+)?$/.test(text) ? Number(text) : undefined
}

/** What every database says in place of the setting, or the setting. */
function said(file: PgbouncerFile, key: 'pool_mode'): string | undefined {
  return (ofDatabases(file, key) ?? file.settings.get(key)?.text)?.toLowerCase()
}

function poolSize(file: PgbouncerFile): number {
  const text = ofDatabases(file, 'pool_size') ?? file.settings.get('default_pool_size')?.text ?? ''
  return /^\d{1,9}$/.test(text) ? Math.min(1000, Math.max(1, Number(text))) : 20
}

/** Undefined where they differ, or one says nothing. */
export function ofDatabases({databases}: PgbouncerFile, key: string): string | undefined {
  const all = new Set(databases.map(({options}) => options.get(key)))
  const [one] = all
  return all.size === 1 ? one : undefined
}
