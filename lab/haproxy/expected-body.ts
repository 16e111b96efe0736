/** Who of a cluster is meant by a word that has to stand in the body of Patroni's answer: the status of the answer does not count then. */
import type {HaproxyLine} from './read.ts'

export interface ExpectedBody {
  readonly pattern: string
  readonly isRegex: boolean
  /** `!`: it must not stand there. */
  readonly isNot: boolean
}

/** `http-check expect [OPTION VALUE]... [!] string|rstring PATTERN` (HAProxy, configuration manual). */
export function expectedBody({words}: HaproxyLine): ExpectedBody | undefined {
  const said = words.map(({text}) => text)
  const at = said.findIndex((text, n) => n > 1 && /^r?string$/.test(text))
  const pattern = said[at + 1]
  if (at < 0 || pattern === undefined) return undefined
  return {pattern, isRegex: said[at] === 'rstring', isNot: said[at - 1] === '!'}
}

/** The members whose answer to `GET /ROUTE` has what is expected; undefined where that is not known here. */
export function whoseBody(route: string, method: string, body: ExpectedBody): ReadonlySet<Role> | undefined {
  const isThere = finder(body)
  if (isThere === undefined || (method === 'GET' && /^(cluster|history|config|metrics|failsafe)$/.test(route)))
    return undefined
  // Of these Patroni sends the status alone (api.py: _write_status_code_only).
  const isBare = method !== 'GET' || /^(liveness|readiness)$/.test(route)
  const has = (role: Role) => (isBare ? [''] : bodies(role)).some(isThere) !== body.isNot
  return new Set(roles.filter(has))
}

const roles = ['primary', 'standby_leader', 'replica'] as const
type Role = (typeof roles)[number]

function finder({pattern, isRegex}: ExpectedBody): ((text: string) => boolean) | undefined {
  if (!isRegex) return text => text.includes(pattern)
  try {
    const regex = new RegExp(pattern)
    return text => regex.test(text)
  } catch {
    return undefined
  }
}

/** As Patroni prints it (api.py: get_postgresql_status), and as before 4.0, where the primary was called master. */
function bodies(role: Role): readonly string[] {
  const isPrimary = role === 'primary'
  const told = (name: string) =>
    JSON.stringify({
      state: 'running',
      postmaster_start_time: '2026-01-05 08:00:00.000000+00:00',
      role: name,
      server_version: 170_002,
      xlog: isPrimary
        ? {location: 67_395_656}
        : {received_location: 67_395_656, replayed_location: 67_395_656, replayed_timestamp: null, paused: false},
      timeline: 3,
      ...(isPrimary
        ? {replication: [{usename: 'replicator', application_name: 'n2', state: 'streaming', sync_state: 'async'}]}
        : {replication_state: 'streaming'}),
      dcs_last_seen: 1_767_600_000,
      patroni: {version: '4.0.7', scope: 'main', name: 'n1'},
    }).replace(/([,:])(?=["[{\d]|null|true|false)/g, '$1 ')
  return isPrimary ? [told('primary'), told('master')] : [told(role)]
}
