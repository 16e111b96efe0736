/**
 * etcd's JSON gateway (etcd 3.5, `api/etcdserverpb/rpc.proto`): keys and values in base64, 64-bit numbers as decimal
 * strings, fields that hold their zero value left out, one watch response per line.
 */
import type {Of} from '../history/event.ts'
import {type Cluster, keyPrefix} from '../topology/clusters.ts'
import type {HostName} from '../topology/topology.ts'

export function base64(text: string): string {
  return Buffer.from(text).toString('base64')
}

/** The end of the range of all keys that begin with `prefix`: the prefix with its last byte raised by one. */
export function rangeEnd(prefix: string): string {
  const end = Buffer.from(prefix)
  end[end.length - 1]! += 1
  return end.toString('base64')
}

/** A key that was put, deleted, or found when first read. */
export interface KeyChange {
  readonly key: string
  /** null: deleted. */
  readonly value: string | null
  readonly revision: number
  readonly lease: string | null
}

interface Header {
  readonly revision: number
  readonly term: number
}

/** What one line of a watch says. `canceled`: the watch is over, why, and from which revision another can begin. */
interface WatchLine {
  readonly header: Header
  readonly changes: readonly KeyChange[]
  readonly canceled: {readonly why: string; readonly resumeAt: number} | null
}

interface KeyValue {
  key: string
  value?: string
  mod_revision?: string
  lease?: string
}

interface RawHeader {
  revision?: string
  raft_term?: string
  member_id?: string
}

/** Throws on what is no answer of a watch, such as `{"error": ...}`. */
export function decodeWatchLine(line: string): WatchLine {
  const {result, error} = JSON.parse(line) as {
    result?: {
      header?: RawHeader
      events?: {type?: 'DELETE'; kv: KeyValue}[]
      canceled?: boolean
      cancel_reason?: string
      compact_revision?: string
    }
    error?: {message?: string}
  }
  if (result === undefined) throw new Error(`etcd ended the watch: ${error?.message ?? line.slice(0, 200)}`)
  return {
    header: decodeHeader(result.header),
    changes: (result.events ?? []).map(({type, kv}) => decodeChange(kv, type === 'DELETE')),
    canceled:
      result.canceled === true
        ? {why: result.cancel_reason ?? 'no reason given', resumeAt: Number(result.compact_revision ?? 0)}
        : null,
  }
}

/** The answer of /v3/kv/range. */
export function decodeRange(body: string): {header: Header; changes: KeyChange[]} {
  const {header, kvs = []} = JSON.parse(body) as {header?: RawHeader; kvs?: KeyValue[]}
  return {header: decodeHeader(header), changes: kvs.map(kv => decodeChange(kv, false))}
}

interface EtcdStatus {
  readonly member: string
  /** null: this member knows none. */
  readonly leader: string | null
  readonly term: number | null
  /** Of all members, as this one has them in its store. */
  readonly alarms: readonly {readonly member: string; readonly alarm: string}[]
}

/** The answer of /v3/maintenance/status. Ids are decimal. */
export function decodeStatus(body: string): EtcdStatus {
  const {header, leader, raftTerm, errors} = JSON.parse(body) as {
    header?: RawHeader
    leader?: string
    raftTerm?: string
    errors?: readonly string[]
  }
  if (header?.member_id === undefined) throw new Error('etcd answered without its id')
  return {
    member: header.member_id,
    leader: leader === undefined || leader === '0' ? null : leader,
    term: raftTerm === undefined ? null : Number(raftTerm),
    // `AlarmMember.String()`, as protobuf prints it
    alarms: (errors ?? []).flatMap(one => {
      const [, member = '', alarm = ''] = /^memberID:(\d+) +alarm:(\w+)/.exec(one) ?? []
      return alarm === '' ? [] : [{member, alarm}]
    }),
  }
}

/** The answer of /v3/cluster/member/list; a member that has not started yet has no name, a learner no vote. */
export function decodeMembers(body: string): {ID: string; name: string; learner: boolean}[] {
  const {members = []} = JSON.parse(body) as {members?: {ID: string; name?: string; isLearner?: boolean}[]}
  return members.map(({ID, name = '', isLearner = false}) => ({ID, name, learner: isLearner}))
}

/** The answer of /v3/lease/timetolive; seconds left are -1 when the lease is gone. */
export function decodeLease(body: string): {leftSeconds: number; grantedSeconds: number} {
  const {TTL = '0', grantedTTL = '0'} = JSON.parse(body) as {TTL?: string; grantedTTL?: string}
  return {leftSeconds: Number(TTL), grantedSeconds: Number(grantedTTL)}
}

function decodeHeader(header: RawHeader | undefined): Header {
  return {revision: Number(header?.revision ?? 0), term: Number(header?.raft_term ?? 0)}
}

function decodeChange(kv: KeyValue, deleted: boolean): KeyChange {
  return {
    key: plain(kv.key),
    value: deleted ? null : plain(kv.value ?? ''),
    revision: Number(kv.mod_revision ?? 0),
    lease: kv.lease === undefined || kv.lease === '0' ? null : kv.lease,
  }
}

function plain(encoded: string): string {
  return Buffer.from(encoded, 'base64').toString()
}

type Told = {
  [K in 'leader-key' | 'status-key' | 'sync-key' | 'config-key']: Omit<Of<K>, 'at'>
}['leader-key' | 'status-key' | 'sync-key' | 'config-key']

/** What a change of one of Patroni's keys means; null for the keys that tell nothing about leadership. */
export function meaning(
  {key, value, revision, lease}: KeyChange,
  cluster: Pick<Cluster, 'scope' | 'namespace'>,
  term: number,
  told: HostName,
): Told | null {
  const {scope} = cluster
  switch (key.slice(keyPrefix(cluster).length)) {
    case 'leader':
      return {kind: 'leader-key', scope, holder: value, revision, lease, term, told}
    case 'status': {
      const optime = objectIn(value).optime
      return typeof optime === 'number' ? {kind: 'status-key', scope, optime, revision, term, told} : null
    }
    case 'sync': {
      const sync = objectIn(value)
      return {
        kind: 'sync-key',
        scope,
        leader: typeof sync.leader === 'string' && sync.leader !== '' ? sync.leader : null,
        standbys: standbysIn(sync),
        revision,
        told,
      }
    }
    case 'config':
      return {kind: 'config-key', scope, config: mappingIn(value), revision, told}
    default:
      return null
  }
}

function mappingIn(value: string | null): Record<string, unknown> | null {
  const read = objectIn(value)
  return Object.keys(read).length === 0 ? null : read
}

/** Patroni's values are JSON objects; one that is not has none of the fields we look for. */
export function objectIn(value: string | null): Record<string, unknown> {
  if (value === null) return {}
  try {
    const parsed = JSON.parse(value) as unknown
    return typeof parsed === 'object' && parsed !== null ? (parsed as Record<string, unknown>) : {}
  } catch {
    return {}
  }
}

/** Puts lines together from chunks that are cut anywhere, also within a character. */
export class LineSplitter {
  /** Put together once, when its end has come: not again with every chunk. */
  #rest: Buffer[] = []

  push(chunk: Buffer): string[] {
    const end = chunk.lastIndexOf(10)
    if (end < 0) {
      this.#rest.push(chunk)
      return []
    }
    const whole = Buffer.concat([...this.#rest, chunk.subarray(0, end)])
    this.#rest = end + 1 < chunk.length ? [chunk.subarray(end + 1)] : []
    return whole
      .toString()
      .split('\n')
      .filter(line => line !== '')
  }
}

/** Of the value of `/sync`. */
export function standbysIn({sync_standby: standbys}: Readonly<Record<string, unknown>>): readonly HostName[] {
  return typeof standbys === 'string' ? standbys.split(',').filter(name => name !== '') : []
}
