/**
 * What else a lab.yaml may say so that the lab behaves like somebody's cluster: the rest of Patroni's dynamic configuration, tags,
 * etcd's own times, what HAProxy asks and how many it lets in, stand-ins for programs of theirs, and a network without a way out.
 */
import {z} from 'zod'
import {duration, line, name, size} from '../words/schemas.ts'
import {type Callbacks, callbackMistakes, callbackSetting, type Program} from './callbacks.ts'
import {type HbaRule, hbaMistakes, hbaSetting} from './hba.ts'
import type {HostName, Topology} from './topology.ts'

const onOff = (key: string) =>
  z.enum(['off', 'on'], {error: `${key} is off or on`}).transform(written => written === 'on')
const seconds = duration.refine(ms => ms % 1000 === 0, 'Patroni takes whole seconds').transform(ms => ms / 1000)

/** Keys of Patroni's dynamic configuration that no other setting has: where each stands there, and what a person writes. */
export const dynamicSettings = {
  synchronous_node_count: {under: '', takes: z.int({error: 'a whole number of standbys'}).min(1).max(8)},
  maximum_lag_on_syncnode: {under: '', takes: z.union([z.literal(-1), size])},
  max_timelines_history: {under: '', takes: z.int({error: 'a whole number of timelines'}).min(0).max(1_000_000)},
  check_timeline: {under: '', takes: onOff('check_timeline')},
  primary_stop_timeout: {under: '', takes: seconds},
  member_slots_ttl: {under: '', takes: seconds},
  use_pg_rewind: {under: 'postgresql', takes: onOff('use_pg_rewind')},
  use_slots: {under: 'postgresql', takes: onOff('use_slots')},
  pg_ctl_timeout: {under: 'postgresql', takes: seconds},
  remove_data_directory_on_rewind_failure: {
    under: 'postgresql',
    takes: onOff('remove_data_directory_on_rewind_failure'),
  },
  remove_data_directory_on_diverged_timelines: {
    under: 'postgresql',
    takes: onOff('remove_data_directory_on_diverged_timelines'),
  },
} as const satisfies Readonly<Record<string, {readonly under: '' | 'postgresql'; readonly takes: z.ZodType}>>

export type DynamicName = keyof typeof dynamicSettings
export const dynamicNames = Object.keys(dynamicSettings) as DynamicName[]

/** As Patroni takes them: numbers of seconds and bytes, true and false. */
export type Dynamic = {readonly [key in DynamicName]?: number | boolean}

const priority = z.int({error: 'a priority is a whole number'}).min(0).max(1000)
const flag = z.boolean({error: 'this tag is true or false'})

/** The tags that Patroni obeys. */
export const tagSettings = {
  nofailover: flag,
  failover_priority: priority,
  noloadbalance: flag,
  clonefrom: flag,
  nosync: flag,
  sync_priority: priority,
  nostream: flag,
  replicatefrom: name('host'),
} as const
const tagsOfHost = z.strictObject(tagSettings).partial()
export type Tags = z.output<typeof tagsOfHost>

/** What keepalived calls when it becomes what its name says; `notify` each time. */
export const notifyScripts = ['notify', 'notify_master', 'notify_backup', 'notify_fault', 'notify_stop'] as const

/** Programs of somebody's, in whose place the lab has one that writes down that it was called; `compose/stand-ins.ts` has each. */
export const standIns = [
  ...(['archive_command', 'restore_command', 'archive_cleanup_command', 'recovery_end_command'] as const),
  ...(['on_reload', 'on_restart', 'on_role_change', 'on_start', 'on_stop'] as const),
  ...(['pre_promote', 'before_stop', 'post_bootstrap'] as const),
  ...notifyScripts,
] as const
export type StandIn = (typeof standIns)[number]

/** A path of Patroni's REST API, or `tcp`: whether the server's port opens; `none`: nobody asks. */
export const haproxyCheck = z
  .string({error: 'a check is a path of the REST API, tcp or none'})
  .regex(
    /^(tcp|none|\/[\w/-]{0,60}(\?[\w=&.-]{1,60})?)$/,
    'a check is a path such as /replica?lag=16MB, or tcp, or none',
  )

/** How HAProxy chooses among the servers for reads. */
export const balances = ['roundrobin', 'static-rr', 'leastconn', 'first', 'source', 'random'] as const

const MB = 1024 ** 2
/** Less and etcd is full of what Patroni writes in a minute; more and no run could fill it. */
const quota = size.refine(bytes => bytes >= 16 * MB && bytes <= 256 * MB, 'a quota of etcd is 16MB to 256MB')

export const keptSettings = {
  patroni: {
    ...(Object.fromEntries(dynamicNames.map(key => [key, dynamicSettings[key].takes.optional()])) as {
      [key in DynamicName]: z.ZodOptional<(typeof dynamicSettings)[key]['takes']>
    }),
    build: line.optional(),
    callbacks: callbackSetting.optional(),
    post_bootstrap: line.optional(),
    tags: z.record(name('host'), tagsOfHost, {error: '`tags` is a mapping of hosts, each with its tags'}).optional(),
  },
  haproxy: {
    file: line.optional(),
    check_primary: haproxyCheck.optional(),
    check_replicas: haproxyCheck.optional(),
    check_tls: onOff('check_tls').optional(),
    maxconn: z.int({error: 'a whole number of connections'}).min(1).max(20_000).optional(),
    retries: z.int({error: 'a whole number of attempts'}).min(0).max(1000).optional(),
    redispatch: onOff('redispatch').optional(),
    balance: z.enum(balances, {error: `balance is one of ${balances.join(', ')}`}).optional(),
    tcpka: onOff('tcpka').optional(),
  },
  postgresql: {pg_hba: hbaSetting.optional()},
  etcd: z
    .strictObject({
      heartbeat_interval: duration.optional(),
      election_timeout: duration.optional(),
      quota: quota.optional(),
    })
    .optional(),
  stand_ins: z.array(z.enum(standIns, {error: `a stand-in is one of ${standIns.join(', ')}`})).optional(),
  network: z.enum(['open', 'internal'], {error: 'the network is open or internal'}).optional(),
}

/** What a topology has of it. */
export interface Kept {
  /** `internal`: nothing leads out of the lab's network but the ports that are published. */
  readonly network?: 'internal'
  readonly dynamic?: Dynamic
  /** By host, beside what a fault sets. */
  readonly tags?: Readonly<Record<HostName, Tags>>
  readonly etcd?: {readonly heartbeatMs?: number; readonly electionMs?: number; readonly quotaBytes?: number}
  readonly standIns?: readonly StandIn[]
  /** Patroni's callbacks that are files of somebody's own. */
  readonly callbacks?: Callbacks
  /** A program of somebody's own that runs once, when the cluster has been made. */
  readonly postBootstrap?: Program
  /** Whom PostgreSQL lets in, besides the lab's own superuser. */
  readonly hba?: readonly HbaRule[]
}

interface Layer {
  readonly patroni?: ({readonly [key in DynamicName]?: unknown} & {readonly tags?: unknown}) | undefined
  readonly etcd?:
    | {
        readonly heartbeat_interval?: number | undefined
        readonly election_timeout?: number | undefined
        readonly quota?: number | undefined
      }
    | undefined
  readonly stand_ins?: readonly StandIn[] | undefined
  readonly postgresql?: {readonly pg_hba?: readonly HbaRule[] | undefined} | undefined
  readonly network?: 'open' | 'internal' | undefined
}

/** Later layers win, key by key; what nobody says is not there. */
export function keptOf(layers: readonly Layer[]): Kept {
  const patroni = Object.assign({}, ...layers.map(layer => layer.patroni)) as Record<string, unknown>
  const etcd = Object.assign({}, ...layers.map(layer => layer.etcd)) as NonNullable<Layer['etcd']>
  const dynamic = present(Object.fromEntries(dynamicNames.map(key => [key, patroni[key]])))
  const ofEtcd = present({
    heartbeatMs: etcd.heartbeat_interval,
    electionMs: etcd.election_timeout,
    quotaBytes: etcd.quota,
  })
  const network = layers.findLast(layer => layer.network !== undefined)?.network
  const standIns = layers.findLast(layer => layer.stand_ins !== undefined)?.stand_ins
  const hba = layers.findLast(layer => layer.postgresql?.pg_hba !== undefined)?.postgresql?.pg_hba
  return {
    ...(hba === undefined ? {} : {hba}),
    ...(network === 'internal' ? {network} : {}),
    ...(dynamic === undefined ? {} : {dynamic: dynamic as Dynamic}),
    ...(patroni.tags === undefined ? {} : {tags: patroni.tags as NonNullable<Kept['tags']>}),
    ...(ofEtcd === undefined ? {} : {etcd: ofEtcd as NonNullable<Kept['etcd']>}),
    ...(standIns === undefined || standIns.length === 0 ? {} : {standIns: [...new Set(standIns)]}),
  }
}

function present(values: Readonly<Record<string, unknown>>): Record<string, unknown> | undefined {
  const said = Object.entries(values).filter(([, value]) => value !== undefined)
  return said.length === 0 ? undefined : Object.fromEntries(said)
}

/** What cannot be of it. */
export function keptMistakes(
  topology: Pick<Topology, 'tags' | 'etcd' | 'hba' | 'hosts' | 'callbacks' | 'postBootstrap' | 'standIns'>,
  clusters: readonly {readonly members: readonly HostName[]}[],
): {readonly path: readonly string[]; readonly says: string}[] {
  const {tags = {}, etcd = {}, hosts} = topology
  const ofTags = Object.entries(tags).flatMap(([host, {replicatefrom}]) => {
    const path = ['patroni', 'tags', host]
    const members = clusters.find(one => one.members.includes(host))?.members
    if (members === undefined) return [{path, says: `${host} runs no patroni, and so has no tags`}]
    if (replicatefrom === undefined || (replicatefrom !== host && members.includes(replicatefrom))) return []
    return [{path: [...path, 'replicatefrom'], says: `${replicatefrom} is no other member to replicate from`}]
  })
  const contrary = Object.entries(tags).flatMap(([host, own]) =>
    contradictions(own).map(([flag, priority]) => ({
      path: ['patroni', 'tags', host, priority],
      says: `${flag} says otherwise, and counts: leave one of the two out`,
    })),
  )
  const all = clusters.some(({members}) => members.length > 0 && members.every(host => neverLeads(tags[host])))
  const {heartbeatMs = 100, electionMs = 1000} = etcd
  const names = hosts.map(({name: host}) => host)
  return [
    ...hbaMistakes(topology, names),
    ...callbackMistakes(topology),
    ...ofTags,
    ...contrary,
    ...(all
      ? [{path: ['patroni', 'tags'], says: 'nobody could ever lead: every member has a tag that forbids it'}]
      : []),
    ...(electionMs < 5 * heartbeatMs || electionMs > 50_000
      ? [
          {
            path: ['etcd', 'election_timeout'],
            says: `etcd would not start: its election_timeout is five heartbeat_intervals to 50s, and here ${electionMs} and ${heartbeatMs} ms`,
          },
        ]
      : []),
  ]
}

/** A flag and a priority that do not say the same: Patroni takes the flag (config.py: _validate_contradictory_tags). */
function contradictions(tags: Tags): readonly (readonly [flag: keyof Tags, priority: keyof Tags])[] {
  return (
    [
      ['nofailover', 'failover_priority'],
      ['nosync', 'sync_priority'],
    ] as const
  ).filter(([flag, priority]) => {
    const [isOff, value] = [tags[flag], tags[priority]]
    return isOff !== undefined && value !== undefined && isOff !== value <= 0
  })
}

/** Patroni's own reading (tags.py): the flag counts, where both are there. */
export function neverSynchronous(tags: Tags | undefined): boolean {
  return tags?.nosync ?? tags?.sync_priority === 0
}

export function neverLeads(tags: Tags | undefined): boolean {
  return tags?.nofailover ?? tags?.failover_priority === 0
}
