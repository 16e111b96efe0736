/** What a patroni.yml and the output of show-config say besides the timings: kept, put otherwise, or dropped with the reason. */
import {dcsOf, type PatroniFile} from '../lint/read/patroni.ts'
import type {Files} from '../lint/read/read.ts'
import type {YamlNode} from '../lint/read/yaml.ts'
import {entriesAt, isOnAt, isTruthyAt, numberAt, scalarAt, wholeAt, wordAt} from '../lint/read/yaml-path.ts'
import {fromDcsOnly} from '../lint/rules/patroni-keys.ts'
import {type DynamicName, dynamicSettings, type StandIn, standIns, type Tags, tagSettings} from '../topology/kept.ts'
import {releases, usualRelease} from '../topology/release.ts'
import type {Written} from '../topology/settings.ts'
import {nameRules} from '../words/plain-text.ts'
import {type Change, type Leaf, leaves} from './change.ts'
import {parametersOf} from './parameters.ts'
import {isKnownKey} from './redact.ts'
import {slotsOf} from './slots.ts'
import type {TheirWords} from './words.ts'

type Patroni = NonNullable<Written['patroni']>

export interface FromPatroni {
  readonly patroni: Patroni
  readonly postgresql: NonNullable<Written['postgresql']>
  readonly standIns: readonly StandIn[]
  readonly changes: readonly Change[]
}

type Rule = readonly [pattern: RegExp, how: Change['how'] | 'kept' | 'elsewhere', why?: string]

const paths = 'paths, devices and programs are those of the lab'
const replicas = 'nothing of yours is run: a new member is a copy of the leader, and a new cluster is empty'
const own = "users and passwords are the lab's own"
const ownKeys = 'where yours speaks TLS or asks for a password, the lab does with its own keys and passwords'

/** Of a path from the root of a patroni.yml; the first that fits. What none fits is dropped. */
const rules: readonly Rule[] = [
  [/^(scope|namespace)$/, 'elsewhere'],
  [/^(name|postgresql\.name)$/, 'kept otherwise', "hosts have the lab's names"],
  [/^bootstrap\.dcs\.(ttl|loop_wait|retry_timeout|maximum_lag_on_failover|(primary|master)_start_timeout)$/, 'kept'],
  [/^bootstrap\.dcs\.(synchronous_mode|synchronous_mode_strict|failsafe_mode)$/, 'kept'],
  [/^(bootstrap\.dcs\.)?postgresql\.parameters\b/, 'elsewhere'],
  [/^bootstrap\.dcs\.slots\b|^tags\b/, 'elsewhere'],
  [
    /^(restapi|postgresql)\.(listen|connect_address)$|^etcd3?\.hosts?$/,
    'kept otherwise',
    "addresses are the lab's own",
  ],
  [/^etcd3?\.protocol$|^restapi\.verify_client$/, 'elsewhere'],
  [
    /^(restapi|ctl|etcd3?)\.(authentication|username|password|auth|(cert|key|ca)(file|cert)?|keyfile_password|cacert)\b/,
    'kept otherwise',
    ownKeys,
  ],
  [
    /^(restapi|ctl|etcd3?)\.(ciphers|insecure)$/,
    'dropped',
    'the lab verifies whom it reaches, with what OpenSSL takes by itself',
  ],
  [/^etcd3?\.|^postgresql\.proxy_address$/, 'dropped', 'members are found at the addresses of the lab'],
  [/^postgresql\.authentication\b|^bootstrap\.users\b|\.pgpass$/, 'kept otherwise', own],
  [
    /\.(data_dir|bin_dir|config_dir|config_base_name|custom_conf|bin_name\..*|database|use_unix_socket|use_unix_socket_repl)$/,
    'kept otherwise',
    paths,
  ],
  [
    /\.create_replica_methods?$|^postgresql\.(basebackup|wal_e|wal_g|pgbackrest|barman)\b|^bootstrap\.method$/,
    'dropped',
    replicas,
  ],
  [/^bootstrap\.initdb\b/, 'kept otherwise', "the lab's databases are made once, in its image"],
  [/\.pg_hba$/, 'elsewhere'],
  [/\.(pg_hba|pg_ident)(_\w+)?$/, 'kept otherwise', "whom the lab lets in is the lab's own"],
  [/^watchdog\.(mode|safety_margin)$/, 'kept'],
  [/^watchdog\./, 'kept otherwise', paths],
  [/^(log|ctl)\b/, 'dropped', "the lab reads Patroni's log, and needs it as it is"],
]

export function fromPatroni(files: Files, theirs: TheirWords): FromPatroni {
  const changes: Change[] = []
  const dynamic: Record<string, unknown> = {}
  const called = new Set<StandIn>()
  const shared = files.dynamic.length > 0
  for (const file of files.patroni)
    for (const leaf of leaves(file.root.kind === 'map' ? file.root : emptied(file)))
      if (!(leaf.path[0] === 'bootstrap' && leaf.path[1] === 'dcs')) read(leaf)
      // One member's begins a cluster: of two that differ no third is made.
      else if (!shared) read(leaf, file === dcsOf(files)[0]?.of)
  for (const {root} of files.dynamic.slice(0, 1))
    if (root.kind === 'map') for (const leaf of leaves(root)) read({...leaf, path: ['bootstrap', 'dcs', ...leaf.path]})

  function read(leaf: Leaf, counts = true): void {
    const path = leaf.path.join('.')
    const last = leaf.path.at(-1) ?? ''
    const tell = (how: Change['how'], why: string) =>
      changes.push({place: leaf.place, what: shownPath(leaf.path), how, why})
    const name = last.replace(/^master_/, 'primary_')
    if (isDynamic(name, leaf.path)) {
      const value = takenAs(name, leaf.node)
      if (value === undefined) tell('dropped', 'it is no value that Patroni takes')
      else if (counts) dynamic[name] ??= value
      return
    }
    const program = programAt(leaf.path)
    if (program !== undefined) {
      if (leaf.node.kind !== 'scalar' || leaf.node.text.trim() === '') return
      called.add(program)
      tell('stand-in', 'a program of yours: what the lab runs in its place writes down that it was called')
      return
    }
    const [, how, why = ''] = rules.find(([pattern]) => pattern.test(path)) ?? (['', 'dropped'] as const)
    if (how === 'kept' || how === 'elsewhere') return
    tell(how, why === '' ? 'the lab has nothing that it would be for' : why)
  }

  const names = namesOf(files, theirs, changes)
  const parameters = allParameters(files, theirs)
  const slots = slotsOf(dcsOf(files)[0]?.map, parameters.kept.wal_level, theirs)
  for (const one of parameters.standIns) called.add(one)
  return {
    patroni: {
      ...names.patroni,
      ...(dynamic as Patroni),
      ...rewindAndSlots(dynamic),
      ...(Object.keys(slots.kept).length === 0 ? {} : {slots: slots.kept}),
      ...tagsOf(files, theirs, changes),
    },
    postgresql: {parameters: parameters.kept, ...names.postgresql},
    standIns: standIns.filter(one => called.has(one)),
    changes: [...changes, ...parameters.changes, ...slots.changes],
  }
}

function emptied({root}: PatroniFile) {
  return {...root, entries: []}
}

/** Patroni's own where they are not said; a lab that says nothing has rewind. */
function rewindAndSlots(dynamic: Readonly<Record<string, unknown>>): Partial<Patroni> {
  return {use_pg_rewind: (dynamic.use_pg_rewind as boolean | undefined) ?? false}
}

function isDynamic(name: string, path: readonly string[]): name is DynamicName {
  if (!Object.hasOwn(dynamicSettings, name)) return false
  const above = path.slice(0, -1).join('.')
  const {under} = dynamicSettings[name as DynamicName]
  if (under === '') return above === 'bootstrap.dcs'
  return above === 'bootstrap.dcs.postgresql' || above === 'postgresql'
}

function takenAs(name: DynamicName, node: YamlNode): number | boolean | undefined {
  const holder = {kind: 'map', place: node.place, entries: [{key: name, place: node.place, value: node}]} as const
  const value = readings[name](holder, name)
  if (typeof value === 'number' && value < (name === 'maximum_lag_on_syncnode' ? -1 : 0)) return undefined
  if (name === 'synchronous_node_count' && typeof value === 'number') return Math.min(8, Math.max(1, value))
  return value
}

type Reading = (holder: YamlNode, name: string) => number | boolean | undefined
const asNumber: Reading = (holder, name) => numberAt(holder, [name])
const asSwitch: Reading = (holder, name) => isOnAt(holder, name) ?? false
const asBool: Reading = (holder, name) => isTruthyAt(holder, name) ?? false

/** How Patroni reads each: global_config.py, postgresql/rewind.py, and postgresql/__init__.py for pg_ctl_timeout. */
const readings: Readonly<Record<DynamicName, Reading>> = {
  synchronous_node_count: asNumber,
  maximum_lag_on_syncnode: asNumber,
  max_timelines_history: asNumber,
  check_timeline: asSwitch,
  primary_stop_timeout: asNumber,
  member_slots_ttl: (holder, name) => numberAt(holder, [name], 's'),
  use_pg_rewind: asBool,
  use_slots: asSwitch,
  pg_ctl_timeout: (holder, name) => wholeAt(holder, name),
  remove_data_directory_on_rewind_failure: asBool,
  remove_data_directory_on_diverged_timelines: asBool,
}

function programAt(path: readonly string[]): StandIn | undefined {
  const last = path.at(-1) === 'post_init' ? 'post_bootstrap' : path.at(-1)
  const found = standIns.find(one => one === last)
  if (found === undefined) return undefined
  const above = path.slice(0, -1).join('.')
  return /^(bootstrap\.dcs\.)?postgresql(\.callbacks|\.recovery_conf)?$|^bootstrap$/.test(above) ? found : undefined
}

/** A key that is none of the programs' (the name of a user, of a tag, of a way to make replicas) is not repeated. */
function shownPath(path: readonly string[]): string {
  const isNobodys = (key: string) =>
    isKnownKey(key) || Object.hasOwn(tagSettings, key) || standIns.some(one => one === key)
  return path.map(key => (isNobodys(key) ? key : '…')).join('.')
}

/** Later ones count more, as in Patroni, which takes some from the DCS only. */
function allParameters(files: Files, theirs: TheirWords) {
  const [dcs] = dcsOf(files)
  const [first] = files.patroni
  const shared = parametersOf(
    entriesAt(dcs?.map, 'postgresql', 'parameters'),
    'bootstrap.dcs.postgresql.parameters',
    theirs,
  )
  const entries = entriesAt(first?.root, 'postgresql', 'parameters')
  const ignored = entries.filter(({key}) => fromDcsOnly.has(key.toLowerCase()))
  const local = parametersOf(
    entries.filter(one => !ignored.includes(one)),
    'postgresql.parameters',
    theirs,
  )
  return {
    kept: {...shared.kept, ...local.kept},
    standIns: [...shared.standIns, ...local.standIns],
    changes: [
      ...shared.changes,
      ...local.changes,
      ...ignored.map(({key, place}): Change => {
        const why = 'Patroni takes it from the DCS only, so that yours does not use it either'
        return {place, what: `postgresql.parameters.${key}`, how: 'dropped', why}
      }),
    ],
  }
}

function namesOf({patroni: [first]}: Files, {isOurs}: TheirWords, changes: Change[]) {
  const keep = (key: 'scope' | 'namespace', written: string | undefined) => {
    if (written === undefined) return {}
    if (nameRules[key].pattern.test(written) && isOurs(written)) return {[key]: written}
    const place = wordAt(first?.root, key)?.place ?? first!.root.place
    changes.push({place, what: key, how: 'kept otherwise', why: 'the lab takes no such name, or it tells who you are'})
    return {}
  }
  const namespace = wordAt(first?.root, 'namespace') === undefined ? undefined : `/${first?.namespace}/`
  const port = (number: number | undefined) =>
    number !== undefined && number >= 1024 && number <= 65_535 ? {port: number} : {}
  return {
    patroni: {
      ...keep('scope', first?.scope?.text),
      ...keep('namespace', namespace),
      ...port(first?.restapi.address?.port),
    },
    postgresql: port(first?.address?.port),
  }
}

function tagsOf(files: Files, {hosts}: TheirWords, changes: Change[]): Pick<Patroni, 'tags'> {
  const known = releases[usualRelease].patroni
  const tags = files.patroni.flatMap((file): [string, Tags][] => {
    const host = hosts.get(file.address?.host ?? '') ?? hosts.get(file.name?.text ?? '')
    const own: Record<string, unknown> = {}
    for (const {key, place} of entriesAt(file.root, 'tags')) {
      const tell = (why: string) => changes.push({place, what: shownPath(['tags', key]), how: 'dropped', why})
      const value = tagAt(file, key, hosts)
      if (host === undefined) tell('no host of the lab stands for this member')
      else if (value === undefined) tell('Patroni only shows it, or the lab has no such member')
      else if (!known.tags.includes(key)) tell(`${known.title}, which the lab runs, does not know it`)
      else if (isOverruled(file, key)) tell(`the tag beside it says otherwise, and counts (patroni/contradicting-tags)`)
      // What a member without tags has anyway.
      else if (value !== false) own[key] = value
    }
    return host === undefined || Object.keys(own).length === 0 ? [] : [[host, own as Tags]]
  })
  return tags.length === 0 ? {} : {tags: Object.fromEntries(tags)}
}

/** Of a flag and a priority that do not say the same Patroni takes the flag. */
function isOverruled({root}: PatroniFile, key: string): boolean {
  const flag = {failover_priority: 'nofailover', sync_priority: 'nosync'}[key]
  const [isOff, priority] = [isTruthyAt(root, 'tags', flag ?? ''), numberAt(root, ['tags', key])]
  return flag !== undefined && isOff !== undefined && priority !== undefined && isOff !== priority <= 0
}

function tagAt({root}: PatroniFile, key: string, hosts: TheirWords['hosts']): boolean | number | string | undefined {
  if (!Object.hasOwn(tagSettings, key)) return undefined
  if (key === 'replicatefrom') {
    const host = hosts.get(scalarAt(root, 'tags', key)?.text ?? '')
    return host?.startsWith('node') ? host : undefined
  }
  if (key === 'nostream') return isOnAt(root, 'tags', key) ?? false
  if (!key.endsWith('_priority')) return isTruthyAt(root, 'tags', key) ?? false
  const priority = numberAt(root, ['tags', key])
  return priority === undefined ? undefined : Math.min(1000, Math.max(0, priority))
}
