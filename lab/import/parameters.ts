/** Parameters of PostgreSQL: which of somebody's are a part of how their cluster fails over, and can be the lab's. */
import type {YamlEntry} from '../lint/read/yaml.ts'
import {type StandIn, standIns} from '../topology/kept.ts'
import {releaseOf, usualRelease} from '../topology/release.ts'
import {settings} from '../topology/settings.ts'
import type {Change} from './change.ts'
import type {TheirWords} from './words.ts'

export interface Parameters {
  readonly kept: Readonly<Record<string, string>>
  readonly standIns: readonly StandIn[]
  readonly changes: readonly Change[]
}

const {title, goneParameters} = releaseOf({release: usualRelease})

const reasons: readonly (readonly [RegExp, string])[] = [
  [new RegExp(`^(${goneParameters.join('|')})$`), `${title}, which the lab runs, does not have it`],
  [
    /^(primary_conninfo|primary_slot_name|synchronous_standby_names|cluster_name|listen_addresses|port)$/,
    'Patroni sets it itself',
  ],
  [/^recovery_|^hot_standby$/, 'Patroni sets it itself'],
  [/^ssl/, 'where yours speaks TLS, the lab does with its own certificates'],
  [/^(krb|gss|oauth|ldap)/, 'the lab has no outside authentication'],
  [
    /^(log_|logging_|syslog|event_source|debug_|trace_)/,
    "the lab reads PostgreSQL's log as evidence, and needs it as it is",
  ],
  [
    /(_directory|_directories|_file|_path|_group|_permissions|_destination|_tablespaces?)$/,
    'a path or a name of that machine',
  ],
  [/_librar(y|ies)$|^jit_provider$|^archive_library$/, 'a library that the lab may not have'],
  [/^password_encryption$/, "the lab's passwords are for scram-sha-256"],
  [
    /^(huge_pages|shared_memory_type|dynamic_shared_memory_type|shared_buffers|min_dynamic_shared_memory)$/,
    'the memory of that machine, which the lab has not',
  ],
  [/^(lc_|timezone|default_text_search|datestyle|intervalstyle)/, 'it is no part of a failover'],
  [/\./, "an extension's, which the lab may not have"],
]

const amount = /^-?\d+(\.\d+)?\s*(B|kB|MB|GB|TB|us|ms|s|min|h|d)?$/
/** Values of PostgreSQL's own. */
const value =
  /^(on|off|true|false|yes|no|replica|logical|hot_standby|minimal|local|remote_write|remote_apply|always|try|none|all|pglz|lz4|zstd|auto|fsync|fdatasync|open_sync|open_datasync|prefer|default|partition|serializable|read committed|repeatable read)$/i

/** With a dot it is an extension's, or of somebody's own. */
const ofPostgresql = /^[a-z][a-z_]{0,62}$/i

export function parametersOf(entries: readonly YamlEntry[], above: string, {isOurs}: TheirWords): Parameters {
  const kept: Record<string, string> = {}
  const called: StandIn[] = []
  const changes: Change[] = []
  for (const {key, place, value: node} of entries) {
    const name = key.toLowerCase()
    const tell = (how: Change['how'], why: string) =>
      changes.push({place, what: `${above}.${isOurs(key) && ofPostgresql.test(key) ? key : '…'}`, how, why})
    const program = standIns.find(one => one === name)
    if (node.kind !== 'scalar' || node.value === null) {
      tell('dropped', 'it has no value')
      continue
    }
    if (program !== undefined) {
      if (node.text.trim() === '') continue
      called.push(program)
      tell('stand-in', 'a program of yours: what the lab runs in its place writes down that it was called')
      continue
    }
    if (name === 'wal_keep_segments' && /^\d{1,6}$/.test(node.text)) {
      kept.wal_keep_size = `${Math.max(1, Number(node.text)) * 16}MB`
      tell('kept otherwise', 'as wal_keep_size, as Patroni does it where PostgreSQL has that')
      continue
    }
    const said = typeof node.value === 'boolean' ? (node.value ? 'on' : 'off') : node.text
    const why = refused(name, said, isOurs)
    if (why === null) kept[name] = said
    else tell('dropped', why)
  }
  return {kept, standIns: called, changes}
}

function refused(name: string, said: string, isOurs: TheirWords['isOurs']): string | null {
  const found = reasons.find(([pattern]) => pattern.test(name))
  if (found !== undefined) return found[1]
  if (!amount.test(said) && !value.test(said)) return 'a text of yours, and no part of a failover'
  if (!isOurs(name)) return 'its name is one of your hosts or secrets'
  if (!/^[a-z_][a-z0-9_$]*(\.[a-z_][a-z0-9_$]*)?$/i.test(name)) return 'PostgreSQL takes no such name'
  const checked = settings.postgresql.safeParse({parameters: {[name]: said}})
  return checked.success ? null : (checked.error.issues[0]?.message ?? 'the lab does not take it').replaceAll('`', '')
}
