/** What a patroni.yml says of its member, with places; and the output of `patronictl show-config`, which is the truth of a running cluster. */
import {type HostPort, hostPort, type Place, type Word} from '../../words/place.ts'
import type {Yaml, YamlMap, YamlNode} from './yaml.ts'
import {entryAt, isFalsy, isOnAt, isTruthyAt, listAt, mapAt, nodeAt, numberAt, wholeAt, wordAt} from './yaml-path.ts'

export interface PatroniFile {
  readonly kind: 'patroni'
  readonly file: string
  readonly yaml: Yaml
  readonly root: YamlMap
  readonly name: Word | undefined
  readonly scope: Word | undefined
  /** Without slashes around it. */
  readonly namespace: string
  readonly restapi: {
    readonly address: HostPort | undefined
    readonly certificate: Word | undefined
    readonly verifyClient: string
  }
  /** postgresql.connect_address. */
  readonly address: HostPort | undefined
  /** postgresql.proxy_address. */
  readonly pooler: HostPort | undefined
  readonly etcd: PatroniEtcd | undefined
  readonly dcs: YamlMap | undefined
  readonly tags: YamlMap | undefined
}

interface PatroniEtcd {
  readonly section: 'etcd' | 'etcd3'
  readonly place: Place
  readonly endpoints: readonly HostPort[]
  /** The members are asked of DNS or of a proxy, not listed. */
  readonly isDiscovered: boolean
}

export interface DynamicFile {
  readonly kind: 'show-config'
  readonly file: string
  readonly yaml: Yaml
  readonly root: YamlMap
}

export function patroniFile(file: string, yaml: Yaml, root: YamlMap): PatroniFile {
  const address = (...keys: readonly string[]) => {
    const word = wordAt(root, ...keys)
    return word === undefined ? undefined : hostPort(word)
  }
  return {
    kind: 'patroni',
    file,
    yaml,
    root,
    name: wordAt(root, 'name') ?? wordAt(root, 'postgresql', 'name'),
    scope: wordAt(root, 'scope'),
    namespace: (wordAt(root, 'namespace')?.text ?? 'service').replace(/^\/+|\/+$/g, ''),
    restapi: {
      address: address('restapi', 'connect_address') ?? address('restapi', 'listen'),
      certificate: wordAt(root, 'restapi', 'certfile'),
      verifyClient: wordAt(root, 'restapi', 'verify_client')?.text.toLowerCase() ?? 'none',
    },
    address: address('postgresql', 'connect_address'),
    pooler: address('postgresql', 'proxy_address'),
    // Of several Patroni takes the first by name (dcs/__init__.py: get_dcs).
    etcd: etcdOf(root, 'etcd') ?? etcdOf(root, 'etcd3'),
    dcs: mapAt(root, 'bootstrap', 'dcs'),
    tags: mapAt(root, 'tags'),
  }
}

function etcdOf(root: YamlMap, section: PatroniEtcd['section']): PatroniEtcd | undefined {
  const entry = entryAt(root, section)
  if (entry === undefined) return undefined
  const endpoints = [...listAt(entry.value, 'hosts'), ...listAt(entry.value, 'host')].map(hostPort)
  const isDiscovered = ['srv', 'url', 'proxy'].some(key => nodeAt(entry.value, key) !== undefined)
  return {section, place: entry.place, endpoints, isDiscovered}
}

/** A configuration that the whole cluster has. */
export interface Dcs {
  readonly map: YamlMap
  readonly place: Place
  /** The member whose file has it; none has the output of show-config. */
  readonly of: PatroniFile | undefined
}

/** What the cluster runs with: the output of show-config where it is given, else what each file would begin a cluster with. */
export function dcsOf(files: {
  readonly patroni: readonly PatroniFile[]
  readonly dynamic: readonly DynamicFile[]
}): readonly Dcs[] {
  if (files.dynamic.length > 0) return files.dynamic.map(({root}) => ({map: root, place: root.place, of: undefined}))
  return files.patroni.flatMap(of => (of.dcs === undefined ? [] : [{map: of.dcs, place: of.dcs.place, of}]))
}

export interface Written {
  readonly ttl: number
  readonly loopWait: number
  readonly retryTimeout: number
}

/** The three timings as they are written, or Patroni's own; undefined where one is no number. */
export function timingsOf(map: YamlMap): Written | undefined {
  const read = (key: string, otherwise: number) => (nodeAt(map, key) === undefined ? otherwise : wholeAt(map, key))
  const [ttl, loopWait, retryTimeout] = [read('ttl', 30), read('loop_wait', 10), read('retry_timeout', 10)]
  if (ttl === undefined || loopWait === undefined || retryTimeout === undefined) return undefined
  return {ttl, loopWait, retryTimeout}
}

/** One that Patroni cannot read, after which it takes none of them. */
export interface Unread {
  readonly place: Place
  /** A sentence without its full stop. */
  readonly says: string
}

/** Where Patroni would need a number of seconds and there is none, in the order in which it looks. */
function unreadTimings(map: YamlMap): readonly Unread[] {
  return ['loop_wait', 'retry_timeout', 'ttl'].flatMap(key => {
    const node = nodeAt(map, key)
    if (node === undefined || wholeAt(map, key) !== undefined) return []
    const says =
      node.kind === 'scalar' && node.value === null
        ? `${key} has no value, where a whole number of seconds is expected`
        : `${key}${node.kind === 'scalar' ? ` ${node.text}` : ''} is no whole number of seconds`
    return [{place: node.place, says}]
  })
}

/** All of which Patroni makes nothing (config.py: _validate_and_adjust_timeouts, _safe_copy_dynamic_configuration). */
export function unreadSettings(map: YamlMap): readonly Unread[] {
  const maps = [['postgresql'], ['postgresql', 'parameters'], ['standby_cluster']]
  return [
    ...unreadTimings(map),
    ...maps.flatMap(path => {
      const node = nodeAt(map, ...path)
      return node === undefined || node.kind === 'map' || isFalsy(node)
        ? []
        : [{place: node.place, says: `${path.join('.')} is no mapping`}]
    }),
  ]
}

export type Synchronous = 'off' | 'on' | 'strict' | 'quorum'

export function synchronousOf(map: YamlMap): Synchronous {
  const isQuorum = wordAt(map, 'synchronous_mode')?.text.toLowerCase() === 'quorum'
  if (!isQuorum && isOnAt(map, 'synchronous_mode') !== true) return 'off'
  return isOnAt(map, 'synchronous_mode_strict') === true ? 'strict' : isQuorum ? 'quorum' : 'on'
}

/** Where PostgreSQL's parameters stand in a file: what Patroni takes of each is another question. */
export function parameterMaps({
  root,
  dcs,
}: Pick<PatroniFile, 'root' | 'dcs'>): readonly {readonly map: YamlMap; readonly isLocal: boolean}[] {
  const local = mapAt(root, 'postgresql', 'parameters')
  const shared = mapAt(dcs, 'postgresql', 'parameters')
  return [
    ...(shared === undefined ? [] : [{map: shared, isLocal: false}]),
    ...(local === undefined ? [] : [{map: local, isLocal: true}]),
  ]
}

/** Whether this member may never lead. */
export function neverLeads(tags: YamlNode | undefined): boolean {
  return forbids(tags, 'nofailover', 'failover_priority')
}

/** Whether this member is never a synchronous standby. */
export function neverSynchronous(tags: YamlNode | undefined): boolean {
  return forbids(tags, 'nosync', 'sync_priority')
}

/** A flag that has a value counts, whatever the priority beside it (tags.py: _bool_tag). */
function forbids(tags: YamlNode | undefined, flag: string, priority: string): boolean {
  return isTruthyAt(tags, flag) ?? (numberAt(tags, [priority]) ?? 1) <= 0
}

/** As Patroni's parse_mode (watchdog/base.py). Without a word it uses one where it finds it; what it does not know is off. */
export function watchdogMode(root: YamlNode | undefined): 'required' | 'automatic' | 'off' | 'unknown' {
  const section = nodeAt(root, 'watchdog')
  const mode = nodeAt(section, 'mode')
  if (section === undefined || isFalsy(section) || mode === undefined) return 'automatic'
  if (mode.kind !== 'scalar') return 'unknown'
  if (mode.value === false) return 'off'
  const text = String(mode.value).toLowerCase()
  if (/^required?$/.test(text)) return 'required'
  if (/^auto(matic)?$/.test(text)) return 'automatic'
  return /^(off|disabled?)$/.test(text) ? 'off' : 'unknown'
}

/** What a permanent slot is (dcs/__init__.py: is_logical_slot, is_physical_slot); undefined: neither, and none is made. */
export function slotKind(slot: YamlNode): 'physical' | 'logical' | undefined {
  if (isFalsy(slot)) return 'physical'
  const type = nodeAt(slot, 'type')
  const isOf = (kind: string) => type === undefined || (type.kind === 'scalar' && type.value === kind)
  const has = (key: string) => isTruthyAt(slot, key) === true
  if (slot.kind === 'map' && isOf('logical') && has('database') && has('plugin')) return 'logical'
  return slot.kind === 'map' && isOf('physical') ? 'physical' : undefined
}
