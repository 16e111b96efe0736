/** What is wrong with files of every kind; what cannot be read at all is refused, see `read/refusals.ts`. */
import type {Place} from '../../words/place.ts'
import type {Files} from '../read/read.ts'
import type {YamlScalar} from '../read/yaml.ts'
import type {Found, Rule} from '../rule.ts'

export const fileRules: readonly Rule[] = [
  {
    id: 'file/placeholder',
    severity: 'warning',
    about: 'a placeholder that nothing replaces: Patroni, etcd and PgBouncer take it as it stands',
    source:
      'Patroni, config.py: _load_config_path reads the file as it is; 10 of 13 public Patroni files that have one',
    fix: 'write the value, or set it in the environment, as PATRONI_NAME and its like',
    find: files => texts(files).flatMap(({text, place}) => placeholder(text, place)),
  },
  {
    id: 'file/duplicate-key',
    severity: 'warning',
    about: 'the same key stands below once more: only the last one counts, and nothing is said of it',
    source: 'PyYAML (tried with Patroni 4.0.7); systemd.exec, EnvironmentFile; pgbouncer.ini',
    fix: 'keep one of them',
    find: files =>
      duplicates(files).map(({key, place}) => ({
        place,
        says: `\`${key}\` stands below once more: this one does not count`,
      })),
  },
]

function placeholder(text: string, place: Place): Found[] {
  const [found] = /\$\{\w+\}|(^|[^\w])__[A-Z][A-Z0-9_]*__|<[a-z][\w -]*>|\bCHANGE_?ME\b/i.exec(text) ?? []
  return found === undefined ? [] : [{place, says: `${found.trim()} is a placeholder that nothing replaces`}]
}

/** Where a value is meant: HAProxy and keepalived know variables of their own. */
function texts({patroni, dynamic, etcd, pgbouncer}: Files): readonly {readonly text: string; readonly place: Place}[] {
  const scalars = [...patroni, ...dynamic].flatMap(({yaml}): readonly YamlScalar[] => yaml.scalars)
  return [
    ...scalars.filter(({text}) => !isProgram(text)),
    ...etcd.flatMap(({settings}) => [...settings.values()]),
    ...pgbouncer.flatMap(({settings, databases}) => [...settings.values(), ...databases]),
  ]
}

/** A shell replaces its variables itself. */
function isProgram(text: string): boolean {
  return /^\S*\/\S+\s|\b(sh|bash|cp|test|envdir|pgbackrest|wal-g|barman)\b/.test(text)
}

function duplicates({patroni, dynamic, etcd, pgbouncer}: Files) {
  return [
    ...[...patroni, ...dynamic].flatMap(({yaml}) => yaml.overridden),
    ...[...etcd, ...pgbouncer].flatMap(({overridden}) => overridden),
  ]
}
