/** What a line of a host's log means, by the words of the release that wrote it. */
import type {LogHappening} from '../history/event.ts'
import type {Release} from '../topology/release.ts'

/** Prefixes of the log scripts in images/host/services; haproxy and watchdog say nothing that is a sign. */
const prefixed = /^(etcd|patroni|postgres|haproxy|watchdog) *\| (.*)$/s

const longest = 240

/** null for the many lines that are no evidence. */
export function signOf(
  line: string,
  {logSigns}: Pick<Release, 'logSigns'>,
): Pick<LogHappening, 'service' | 'sign' | 'says'> | null {
  const match = prefixed.exec(line)
  if (match === null) return null
  const [, service, text = ''] = match
  const found = logSigns.find(one => one.service === service && one.words.test(text))
  return found === undefined ? null : {service: found.service, sign: found.sign, says: essence(text)}
}

/** Without the stamps of Patroni and PostgreSQL, which the event's own time replaces. */
function essence(text: string): string {
  const plain = text
    .replace(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d[.,]\d{3} (UTC \[\d+\] )?/, '')
    .replace(/password=\S+/g, 'password=***')
  return plain.length > longest ? `${plain.slice(0, longest)}...` : plain
}
