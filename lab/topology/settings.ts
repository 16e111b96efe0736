/** What a person may write of a topology: the keys of a lab.yaml, of `--set` and of a scenario's `needs`, and what each may hold. */
import {z} from 'zod'
import {isSizeBeyondReason} from '../words/quantity.ts'
import {duration, line, name, positiveDuration, size} from '../words/schemas.ts'
import {enginesSetting} from './engines.ts'
import {keptSettings} from './kept.ts'
import {imagesSetting} from './own-images.ts'
import {releaseNames} from './release.ts'
import {securitySettings} from './security.ts'
import {serviceNames} from './services.ts'
import {observerName, type PermanentSlot} from './topology.ts'

const wholeSeconds = duration.refine(ms => ms % 1000 === 0, 'Patroni takes whole seconds').transform(ms => ms / 1000)
const count = (what: string, most: number) =>
  z
    .int({error: `a whole number of ${what}`})
    .min(1, `${what}: at least 1`)
    .max(most, `${what}: at most ${most}`)

/** Services run with no right to any below. */
const port = z.int({error: 'a port is a number'}).min(1024, 'a port from 1024').max(65_535, 'a port up to 65535')

const MB = 1024 ** 2
/** PostgreSQL's files and the WAL it keeps take 200MB; and what fills it is this machine's memory. */
const dataSize = size.refine(
  bytes => bytes >= 384 * MB && bytes <= 2048 * MB,
  'a data volume is kept in memory: 384MB to 2GB',
)

/**
 * What Patroni and the lab set themselves, and the least that Patroni takes of others: it would silently use another value
 * (Patroni 4.0, `postgresql/config.py: CMDLINE_OPTIONS`).
 */
const ownedByPatroni: ReadonlySet<string> = new Set([
  ...['listen_addresses', 'port', 'cluster_name', 'data_directory', 'config_file', 'unix_socket_directories'],
  ...['primary_conninfo', 'primary_slot_name'],
])
/** Patroni would take these, and with them leave the ones that it writes for the lab unread. */
const writtenForLab: ReadonlySet<string> = new Set(['hba_file', 'ident_file'])
const leastForPatroni: Readonly<Record<string, number | `${number}MB`>> = {
  max_connections: 25,
  max_wal_senders: 3,
  max_prepared_transactions: 0,
  max_locks_per_transaction: 32,
  max_replication_slots: 4,
  max_worker_processes: 2,
  wal_keep_segments: 1,
  wal_keep_size: '16MB',
}

function overruled(name: string, value: string | number | boolean): string | null {
  if (ownedByPatroni.has(name)) return `Patroni or the lab sets \`${name}\` itself, so another value would not be used`
  if (writtenForLab.has(name)) return `\`${name}\` would shut out what the lab's own hosts need to let each other in`
  if (name === 'hot_standby' && /^(off|false|no|0)$/i.test(String(value)))
    return 'Patroni keeps `hot_standby` on, so another value would not be used'
  const least = Object.hasOwn(leastForPatroni, name) ? leastForPatroni[name]! : null
  if (least !== null && amountOf(value) < amountOf(least))
    return `Patroni takes no less than ${least} for \`${name}\`, and would silently use another value`
  return name === 'wal_level' && !/^(hot_standby|replica|logical)$/i.test(String(value))
    ? '`wal_level` is replica or logical: with less no replica can follow, and Patroni would silently use another value'
    : null
}

/** Of a size without its unit PostgreSQL takes `wal_keep_size` for MB. NaN: no amount. */
function amountOf(value: string | number | boolean): number {
  const [, number = 'none', unit = 'MB'] = /^\s*(\d+(?:\.\d+)?)\s*([kMGT]?B)?\s*$/.exec(String(value)) ?? []
  const factor = {B: 1 / MB, kB: 1 / 1024, MB: 1, GB: 1024, TB: MB}[unit]
  return Number(number) * (factor ?? Number.NaN)
}

const parameters = z
  .record(
    name('parameter'),
    z.union([line, z.number(), z.boolean()], {
      error: issue =>
        (typeof issue.input === 'string' && line.safeParse(issue.input).error?.issues[0]?.message) ||
        'a parameter is a text, a number, true or false',
    }),
  )
  .superRefine((written, {addIssue}) => {
    const seen = new Map<string, string>()
    for (const [one, value] of Object.entries(written)) {
      const why = overruled(one.toLowerCase(), value)
      if (why !== null) addIssue({code: 'custom', path: [one], message: why})
      if (typeof value === 'string' && isSizeBeyondReason(value))
        addIssue({code: 'custom', path: [one], message: `${value} is more than any lab can use`})
      const before = seen.get(one.toLowerCase())
      if (before !== undefined)
        addIssue({code: 'custom', path: [one], message: `PostgreSQL takes \`${before}\` and \`${one}\` for the same`})
      seen.set(one.toLowerCase(), one)
    }
  })

/** Of a lab's own: who is none of its members reads from it. */
const slots = z.record(
  z.string().regex(/^[a-z0-9_]{1,63}$/, 'a slot has a name of small letters, digits and _'),
  z
    .strictObject({
      type: z.enum(['physical', 'logical'], {error: 'the type of a slot is physical or logical'}),
      database: line.optional(),
      plugin: line.optional(),
    })
    .transform(({type, database, plugin}, {addIssue}): PermanentSlot => {
      if (type === 'logical' && database !== undefined && plugin !== undefined) return {type, database, plugin}
      const rest = database ?? plugin
      if (type === 'logical' || rest !== undefined)
        addIssue({
          code: 'custom',
          message: `a ${type} slot has ${type === 'logical' ? 'a `database` and a `plugin`' : 'neither `database` nor `plugin`'}`,
        })
      return {type: 'physical'}
    }),
  {error: '`slots` is a mapping of names, as in `patronictl edit-config`'},
)

/** The settings of Patroni and of what is around it as a person writes them; a scenario's `needs` takes the same keys. */
export const settings = {
  patroni: z.strictObject({
    ttl: wholeSeconds.optional(),
    loop_wait: wholeSeconds.optional(),
    retry_timeout: wholeSeconds.optional(),
    maximum_lag_on_failover: size.optional(),
    synchronous_mode: z
      .enum(['off', 'on', 'strict', 'quorum'], {error: 'synchronous_mode is off, on, strict or quorum'})
      .optional(),
    primary_start_timeout: wholeSeconds.optional(),
    failsafe_mode: z.enum(['off', 'on'], {error: 'failsafe_mode is off or on'}).optional(),
    watchdog: z.enum(['off', 'automatic', 'required'], {error: 'watchdog is off, automatic or required'}).optional(),
    watchdog_safety_margin: wholeSeconds.optional(),
    slots: slots.optional(),
  }),
  postgresql: z.strictObject({
    parameters: parameters.optional(),
    data_size: dataSize.optional(),
  }),
  haproxy: z.strictObject({
    inter: duration.optional(),
    fastinter: duration.optional(),
    downinter: duration.optional(),
    fall: count('failed checks', 1000).optional(),
    rise: count('passed checks', 1000).optional(),
    timeout_connect: duration.optional(),
    timeout_check: duration.optional(),
    timeout_client: positiveDuration.optional(),
    timeout_server: positiveDuration.optional(),
    on_marked_down: z
      .enum(['shutdown-sessions', 'none'], {error: 'on_marked_down is shutdown-sessions or none'})
      .optional(),
  }),
  pgbouncer: z.strictObject({
    pool_mode: z
      .enum(['session', 'transaction'], {
        error: ({input}) =>
          input === 'statement'
            ? "pool_mode is session or transaction: the lab's own tables are made in a transaction, which `statement` refuses"
            : 'pool_mode is session or transaction',
      })
      .optional(),
    default_pool_size: count('connections to a server', 1000).optional(),
    server_login_retry: duration.optional(),
    server_connect_timeout: positiveDuration.optional(),
    server_lifetime: duration.optional(),
    server_idle_timeout: duration.optional(),
    query_wait_timeout: duration.optional(),
    auth: z.enum(['userlist', 'auth_query'], {error: 'auth is userlist or auth_query'}).optional(),
  }),
}

const wholeSecond = duration
  .refine(ms => ms >= 1000 && ms <= 255_000 && ms % 1000 === 0, 'keepalived takes whole seconds, from 1s to 255s')
  .transform(ms => ms / 1000)

/** What of `settings` is written. */
export interface Settings {
  readonly patroni?: z.output<typeof settings.patroni> | undefined
  readonly postgresql?: z.output<typeof settings.postgresql> | undefined
}

const profileNames = ['default', 'fast'] as const

/** Who looks for PostgreSQL among the services finds what runs it. */
function noService(written: unknown): string {
  const says = `a service is one of ${serviceNames.join(', ')}`
  return typeof written === 'string' && /^(pg|postgres|postgresql)$/i.test(written)
    ? `${says}; PostgreSQL is run by Patroni, did you mean \`patroni\`?`
    : says
}

/** A person's lab.yaml. */
export const fileSchema = z.strictObject({
  release: z.enum(releaseNames, {error: `the release is ${releaseNames.join(', ')}`}).optional(),
  profile: z.enum(profileNames, {error: 'the profile is default or fast'}).optional(),
  images: imagesSetting.optional(),
  engines: enginesSetting.optional(),
  hosts: z
    .record(
      name('host').refine(
        one => one !== observerName,
        `\`${observerName}\` is the container through which the hosts are reached`,
      ),
      z
        .array(z.enum(serviceNames, {error: ({input}) => noService(input)}), {
          error: 'a host has a list of services, such as [etcd, patroni]',
        })
        .min(1, 'a host without services does nothing'),
    )
    .optional(),
  patroni: settings.patroni
    .extend({
      scope: name('scope').optional(),
      namespace: name('namespace').optional(),
      port: port.optional(),
      ...keptSettings.patroni,
    })
    .optional(),
  haproxy: settings.haproxy
    .extend({
      port: port.optional(),
      replicas_port: port.optional(),
      stats_port: port.optional(),
      ...keptSettings.haproxy,
    })
    .optional(),
  pgbouncer: settings.pgbouncer.extend({port: port.optional()}).optional(),
  keepalived: z
    .strictObject({
      advert_int: wholeSecond.optional(),
      interval: wholeSecond.optional(),
      fall: count('failed checks', 1000).optional(),
      rise: count('passed checks', 1000).optional(),
      preempt: z.enum(['off', 'on'], {error: 'preempt is off or on'}).optional(),
      check: z.enum(['haproxy', 'none'], {error: 'the check is haproxy or none'}).optional(),
      weight: z
        .int({error: 'a weight is a whole number'})
        .min(-253, 'a weight is -253 to 253')
        .max(253, 'a weight is -253 to 253')
        .optional(),
      priority: z
        .record(
          name('host'),
          z
            .int({error: 'a priority is a whole number'})
            .min(1, 'a priority is 1 to 254')
            .max(254, 'a priority is 1 to 254'),
          {error: '`priority` is a mapping of hosts, each with its number'},
        )
        .optional(),
    })
    .optional(),
  standby_cluster: z
    .strictObject({
      scope: name('scope').optional(),
      hosts: z
        .array(name('host'), {error: 'a standby cluster has a list of hosts, such as [node3, node4, proxy2]'})
        .min(1, 'a standby cluster without hosts is none'),
    })
    .optional(),
  etcd: keptSettings.etcd,
  stand_ins: keptSettings.stand_ins,
  network: keptSettings.network,
  ...securitySettings,
  postgresql: settings.postgresql.extend({port: port.optional(), ...keptSettings.postgresql}).optional(),
})

/** What of it is written. */
export type Written = z.output<typeof fileSchema>
