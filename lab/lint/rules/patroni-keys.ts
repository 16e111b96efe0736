/** Keys of a patroni.yml: misspelt, in the wrong place, renamed, or of the wrong kind. */
import {nearest} from '../../words/did-you-mean.ts'
import {dynamicKeys, knownKeys, oldKeys, predefinedTags, removedKeys} from '../known-keys.ts'
import {type PatroniFile, parameterMaps, synchronousOf} from '../read/patroni.ts'
import type {Files} from '../read/read.ts'
import type {YamlEntry} from '../read/yaml.ts'
import {entriesAt, entryAt, isFalsy, isTruthyAt, listAt, mapAt, nodeAt, numberAt, scalarAt} from '../read/yaml-path.ts'
import type {Found, Rule} from '../rule.ts'

export const patroniKeys: readonly Rule[] = [
  {
    id: 'patroni/unknown-key',
    severity: 'warning',
    about: 'a key that Patroni does not read here: it has no effect',
    source: 'Patroni, docs/yaml_configuration.rst, validator.py',
    fix: 'spell it as Patroni does, or take it out',
    find: files => [
      ...files.patroni.flatMap(unknownKeys),
      ...files.dynamic.flatMap(({root}) =>
        root.entries.filter(({key}) => !dynamicKeys.includes(key)).map(entry => unknown(entry, dynamicKeys)),
      ),
    ],
  },
  {
    id: 'patroni/setting-misplaced',
    severity: 'error',
    about: 'a setting of the whole cluster outside of bootstrap.dcs has no effect',
    source: 'Patroni, config.py: only what the DCS has is taken (tried with 4.0.7); issue 1066',
    fix: 'move it below bootstrap.dcs; of a cluster that runs, patronictl edit-config',
    find: files => files.patroni.flatMap(misplaced),
  },
  {
    id: 'patroni/slot-not-a-mapping',
    severity: 'error',
    about:
      'slots: each has a name, and below that its type: the indentation makes settings of a slot into slots of their own',
    source: 'Patroni, docs/dynamic_configuration.rst: slots; dcs/__init__.py: is_physical_slot, is_logical_slot',
    fix: 'indent type (database, plugin) below the name of the slot',
    find: files =>
      slotMaps(files).flatMap(slots =>
        slots
          // One of which nothing is said is physical (dcs/__init__.py: is_physical_slot).
          .filter(({key, value}) => isOfSlot(key) || (value.kind !== 'map' && !isFalsy(value)))
          .map(({key, place}) => ({
            place,
            says: isOfSlot(key)
              ? `\`${key}\` is read as the name of a slot: it stands not below one`
              : `what stands behind the slot \`${key}\` is no mapping: it is not made`,
          })),
      ),
  },
  {
    id: 'patroni/probable-typo',
    severity: 'warning',
    about: 'a tag of its own, which Patroni only shows, and nearly one that it obeys',
    source: 'Patroni, docs/yaml_configuration.rst: tags',
    fix: 'spell the tag as Patroni does',
    find: files =>
      files.patroni.flatMap(({tags}) =>
        (tags?.entries ?? []).flatMap(({key, place}) => {
          const meant = predefinedTags.includes(key) ? undefined : nearest(key, predefinedTags)
          return meant === undefined
            ? []
            : [{place, says: `the tag \`${key}\` has no effect, did you mean \`${meant}\`?`, fix: `${meant}: ...`}]
        }),
      ),
  },
  {
    id: 'patroni/old-name',
    severity: 'warning',
    about: 'a name of an earlier release',
    source: 'Patroni, docs/releases.rst (3.0: primary instead of master); PostgreSQL 13: wal_keep_size',
    fix: 'use the new name',
    find: files => [
      ...maps(files).flatMap(map => renamed(map, oldKeys)),
      ...parameters(files).flatMap(({map}) =>
        renamed(map.entries, {wal_keep_segments: 'wal_keep_size (in MB: 16 for each segment)'}),
      ),
      ...files.patroni.flatMap(({root}) => renamed(entriesAt(root, 'postgresql'), oldKeys)),
    ],
  },
  {
    id: 'patroni/removed',
    severity: 'error',
    about: 'bootstrap.users is gone since Patroni 4.0: these users are not made',
    source: 'Patroni, docs/releases.rst (4.0.0); pull request 2894',
    fix: 'make them in a script: bootstrap.post_bootstrap',
    find: files =>
      files.patroni.flatMap(({root}) => {
        const users = entryAt(root, 'bootstrap', 'users')
        const isSaid = users !== undefined && !(users.value.kind === 'scalar' && users.value.value === null)
        return isSaid && !(users.value.kind === 'map' && users.value.entries.length === 0) ? [{place: users.place}] : []
      }),
  },
  {
    id: 'patroni/local-parameter-ignored',
    severity: 'warning',
    about: 'Patroni takes this parameter from the DCS only: here it has no effect',
    source: 'Patroni, postgresql/config.py: CMDLINE_OPTIONS; issue 1147',
    fix: 'move it to bootstrap.dcs.postgresql.parameters; of a cluster that runs, patronictl edit-config',
    find: files =>
      parameters(files)
        .filter(({isLocal}) => isLocal)
        .flatMap(({map}) =>
          map.entries
            .filter(({key}) => fromDcsOnly.has(key.toLowerCase()))
            .map(({key, place}) => ({
              place,
              says: `Patroni takes ${key} from the DCS only: here it has no effect`,
            })),
        ),
  },
  {
    id: 'patroni/managed-parameter',
    severity: 'warning',
    about: 'Patroni sets this parameter itself: what is written here has no effect',
    source: 'Patroni, postgresql/config.py: CMDLINE_OPTIONS; docs/replication_modes.rst',
    fix: 'take it out: the address stands in postgresql.listen, the name of the cluster in scope',
    find: files =>
      parameters(files).flatMap(({map}) =>
        map.entries
          .filter(entry => isManaged(entry, files))
          .map(({key, place}) => ({
            place,
            says: `Patroni sets ${key} itself: what is written here has no effect`,
          })),
      ),
  },
  {
    id: 'patroni/not-a-list',
    severity: 'error',
    about: 'pg_hba and pg_ident are lists of lines',
    source: 'Patroni, validator.py: pg_hba is [str]',
    fix: 'each line as an item: - host all all 10.0.0.0/8 scram-sha-256',
    find: files =>
      files.patroni.flatMap(({root, dcs}) =>
        [mapAt(root, 'postgresql'), mapAt(dcs, 'postgresql'), mapAt(root, 'bootstrap')].flatMap(map =>
          (map?.entries ?? [])
            .filter(({key, value}) => /^pg_(hba|ident)/.test(key) && !isListOfTexts(value))
            .map(({key, value}) => ({
              place: value.place,
              says: `${key} is no list of lines`,
            })),
        ),
      ),
  },
  {
    id: 'patroni/password-is-a-number',
    severity: 'error',
    about: 'an unquoted password of digits is a number to YAML: one that begins with 0 is octal, and another one',
    source: 'PyYAML (tried with Patroni: 0123456701 became 21913025)',
    fix: 'quote it',
    find: files =>
      files.patroni.flatMap(({root}) =>
        passwords(root).flatMap(({key, value}) => {
          if (value.kind !== 'scalar' || (typeof value.value !== 'number' && typeof value.value !== 'boolean'))
            return []
          const changed = String(value.value) !== value.text
          if (!changed) return []
          return [{place: value.place, says: `YAML reads this unquoted ${key} as another value than what is written`}]
        }),
      ),
  },
  {
    id: 'patroni/contradicting-tags',
    severity: 'error',
    about:
      'nofailover and failover_priority, or nosync and sync_priority, say the same thing twice: one of them does not count',
    source: 'Patroni, validator.py: AtMostOne; config.py: _validate_contradictory_tags',
    fix: 'keep one of the two',
    find: files =>
      files.patroni.flatMap(({tags}) =>
        (
          [
            ['nofailover', 'failover_priority'],
            ['nosync', 'sync_priority'],
          ] as const
        ).flatMap(([flag, priority]) => {
          const [isSet, number] = [isTruthyAt(tags, flag), numberAt(tags, [priority])]
          const place = entryAt(tags, priority)?.place
          return isSet === undefined || number === undefined || place === undefined || isSet === number <= 0
            ? []
            : [{place, says: `${flag} and ${priority} contradict each other: ${flag} counts`}]
        }),
      ),
  },
]

/** CMDLINE_OPTIONS without what Patroni always sets itself. */
export const fromDcsOnly = new Set([
  ...[
    'wal_level',
    'max_connections',
    'max_wal_senders',
    'wal_keep_segments',
    'wal_keep_size',
    'max_prepared_transactions',
  ],
  ...[
    'max_locks_per_transaction',
    'track_commit_timestamp',
    'max_replication_slots',
    'max_worker_processes',
    'wal_log_hints',
  ],
])

function isManaged({key, value}: YamlEntry, files: Files): boolean {
  const name = key.toLowerCase()
  if (/^(listen_addresses|port|cluster_name|primary_conninfo|primary_slot_name)$/.test(name)) return true
  // Written out as Patroni sets it, it is harmless and common.
  if (name === 'hot_standby') return value.kind === 'scalar' && /^(off|false|no|0)$/i.test(value.text)
  return (
    name === 'synchronous_standby_names' &&
    files.patroni.some(({dcs}) => dcs !== undefined && synchronousOf(dcs) !== 'off')
  )
}

function unknownKeys({root}: PatroniFile): Found[] {
  return Object.entries(knownKeys).flatMap(([section, known]) => {
    const path = section === '' ? [] : section.split('.')
    const methods =
      section === 'postgresql'
        ? methodsOf(root)
        : section === 'bootstrap'
          ? [scalarAt(root, 'bootstrap', 'method')?.text]
          : []
    return entriesAt(root, ...path)
      .filter(
        ({key}) =>
          !known.includes(key) && !methods.includes(key) && !/^(x-|\.)/.test(key) && !isMisplaced(section, key),
      )
      .map(entry => unknown(entry, known, section))
  })
}

function unknown({key, place}: YamlEntry, known: readonly string[], section = ''): Found {
  const near = nearest(
    key,
    known.filter(one => !removedKeys.includes(one)),
  )
  const meant = near === undefined ? undefined : (oldKeys[near] ?? near)
  const says = `Patroni reads no \`${key}\`${section === '' ? '' : ` in ${section}`}${meant === undefined ? '' : `, did you mean \`${meant}\`?`}`
  const belongs = Object.entries(knownKeys).find(
    ([other, keys]) => other !== section && keys.includes(key) && /^(bootstrap|postgresql|restapi)$/.test(other),
  )
  const fix =
    meant === undefined ? (belongs === undefined ? undefined : `move it below ${belongs[0]}`) : `${meant}: ...`
  return {place, says, ...(fix === undefined ? {} : {fix})}
}

function methodsOf(root: PatroniFile['root']): readonly string[] {
  return [
    ...listAt(root, 'postgresql', 'create_replica_methods'),
    ...listAt(root, 'postgresql', 'create_replica_method'),
  ].map(({text}) => text)
}

/** Keys that nothing but the DCS may have. */
const clusterWide = new Set(dynamicKeys.filter(key => !/^(postgresql|tags|pause|standby_cluster)$/.test(key)))

function isMisplaced(section: string, key: string): boolean {
  if (section === '' || section === 'bootstrap' || section === 'postgresql')
    return clusterWide.has(key) || (section !== 'postgresql' && /^use_(pg_rewind|slots)$/.test(key))
  return section === 'bootstrap.dcs' && /^use_(pg_rewind|slots)$/.test(key)
}

function misplaced({root}: PatroniFile): Found[] {
  const sections = ['', 'bootstrap', 'postgresql', 'bootstrap.dcs']
  const found = sections.flatMap(section => {
    const path = section === '' ? [] : section.split('.')
    return entriesAt(root, ...path)
      .filter(({key}) => isMisplaced(section, key))
      .map(({key, place}) => ({
        place,
        says: `${key} stands ${section === '' ? 'at the top of the file' : `in ${section}`}, where Patroni does not look for it`,
        fix: /^use_/.test(key) ? 'move it below bootstrap.dcs.postgresql' : 'move it below bootstrap.dcs',
      }))
  })
  // Slots are for all or for none.
  const slots = entryAt(root, 'postgresql', 'use_slots')
  return slots === undefined
    ? found
    : [
        ...found,
        {
          place: slots.place,
          says: 'use_slots in postgresql has no effect',
          fix: 'move it below bootstrap.dcs.postgresql',
        },
      ]
}

export function isOfSlot(key: string): boolean {
  return /^(type|database|plugin)$/.test(key)
}

export function slotMaps(files: Files): readonly (readonly YamlEntry[])[] {
  return maps(files).flatMap(entries =>
    entries.filter(({key, value}) => key === 'slots' && value.kind === 'map').map(({value}) => entriesAt(value)),
  )
}

/** The settings of the cluster, wherever they stand. */
function maps({patroni, dynamic}: Files): readonly (readonly YamlEntry[])[] {
  return [...patroni.map(({dcs}) => dcs?.entries ?? []), ...dynamic.map(({root}) => root.entries)]
}

function parameters({patroni, dynamic}: Files) {
  const shared = dynamic
    .flatMap(({root}) => mapAt(root, 'postgresql', 'parameters') ?? [])
    .map(map => ({map, isLocal: false}))
  return [...patroni.flatMap(parameterMaps), ...shared]
}

function renamed(entries: readonly YamlEntry[], names: Readonly<Record<string, string>>): Found[] {
  return entries.flatMap(({key, place}) => {
    const now = Object.hasOwn(names, key) ? names[key] : undefined
    return now === undefined ? [] : [{place, says: `${key} is called ${now} now`, fix: now}]
  })
}

function isListOfTexts(value: YamlEntry['value']): boolean {
  if (value.kind === 'scalar') return value.value === null
  return value.kind === 'list' && value.items.every(item => item.kind === 'scalar' && typeof item.value === 'string')
}

/** Every password of a member, with its key. */
export function passwords(root: PatroniFile['root']): readonly YamlEntry[] {
  const holders = [
    ...entriesAt(root, 'postgresql', 'authentication').map(({value}) => value),
    nodeAt(root, 'restapi', 'authentication'),
    nodeAt(root, 'etcd'),
    nodeAt(root, 'etcd3'),
  ]
  return holders.flatMap(holder => entriesAt(holder).filter(({key}) => key === 'password'))
}
