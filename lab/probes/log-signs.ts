/** Which lines of a host's log are evidence, by the words of Patroni 4.0, PostgreSQL 17 and etcd 3.5. Each deed has one line. */
import type {LogHappening, LogSign} from '../history/event.ts'

type Service = LogHappening['service']

/** Prefixes of the log scripts in images/host/services; haproxy and watchdog say nothing that is a sign. */
const prefixed = /^(etcd|patroni|postgres|haproxy|watchdog) *\| (.*)$/s

const signs: readonly {service: Service; sign: LogSign; words: RegExp}[] = [
  // rewind.py: pg_rewind, with its connection string; ha.py says it twice more, with a name and `in progress`
  {service: 'patroni', sign: 'pg_rewind', words: /running pg_rewind from .*=/},
  // bootstrap.py: create_replica, with the method that did it
  {service: 'patroni', sign: 'basebackup', words: /replica has been created using \w+/},
  // ha.py: enforce_primary_role, the one call that promotes
  {service: 'patroni', sign: 'promoting', words: /promoted self to /},
  // ha.py: demote, with its mode
  {service: 'patroni', sign: 'demoting', words: /Demoting self \([\w-]+\)/},
  {service: 'patroni', sign: 'bug', words: /please report it as a BUG/},
  // rewind.py: ensure_clean_shutdown; while it runs, the same words with `in progress`
  {service: 'patroni', sign: 'crash-recovery', words: /doing crash recovery in a single user mode$/},
  {service: 'postgres', sign: 'crash-recovery', words: /database system was not properly shut down/},
  {service: 'postgres', sign: 'panic', words: /\bPANIC: /},
  // wal.go: sync
  {service: 'etcd', sign: 'slow-disk', words: /slow fdatasync/},
  ...(['patroni', 'postgres', 'etcd'] as const).map(
    service => ({service, sign: 'disk-full', words: /no space left on device/i}) as const,
  ),
]

const longest = 240

/** What a line of a host's log means; null for the many that are no evidence. */
export function signOf(line: string): Pick<LogHappening, 'service' | 'sign' | 'says'> | null {
  const match = prefixed.exec(line)
  if (match === null) return null
  const [, service, text = ''] = match
  const found = signs.find(one => one.service === service && one.words.test(text))
  return found === undefined ? null : {service: found.service, sign: found.sign, says: essence(text)}
}

/** Without the stamps of Patroni and PostgreSQL, which the event's own time replaces. */
function essence(text: string): string {
  const plain = text
    .replace(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d[.,]\d{3} (UTC \[\d+\] )?/, '')
    .replace(/password=\S+/g, 'password=***')
  return plain.length > longest ? `${plain.slice(0, longest)}...` : plain
}
