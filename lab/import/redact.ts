/**
 * Somebody's file with nothing in it that says who they are. What may stay is known: numbers, and words of the programs themselves
 * and of the lab.yaml that was made. All else is taken out, so that nothing is left over that nobody thought of.
 */
import {etcdKeys, knownKeys, pgbouncerKeys, predefinedTags} from '../lint/known-keys.ts'
import type {Kind} from '../lint/read/kinds.ts'
import type {TheirWords} from './words.ts'

const taken = 'REDACTED'

const words = `
  global defaults listen frontend backend bind mode tcp http log option tcplog dontlognull redispatch retries timeout connect client
  server check queue maxconn default-server inter fastinter downinter fall rise on-marked-down shutdown-sessions port httpchk
  http-check expect status send meth uri options get head balance roundrobin leastconn source stats enable refresh httpchk tcp-check
  pgsql-check user group daemon nbthread backup check-ssl ssl verify none required local0 stdout default_backend use_backend
  master primary replica leader read-only read-write async sync health liveness readiness lag
  host hostssl hostnossl local all replication md5 scram-sha-256 trust peer reject cert samenet samehost
  true false on off yes no null superuser rewind username password options createrole createdb encoding utf8 locale data-checksums
  basebackup checkpoint fast physical logical type database plugin pgoutput ttl hot_standby minimal quorum
  etcd_name name etcd new existing periodic revision
  vrrp_instance vrrp_script vrrp_sync_group state backup master interface virtual_router_id priority advert_int authentication auth_type
  pass auth_pass virtual_ipaddress track_script script interval weight nopreempt unicast_peer
  databases pgbouncer session transaction statement dbname
`

const vocabulary = new Set(
  [
    ...words.split(/\s+/),
    ...Object.values(knownKeys).flat(),
    ...predefinedTags,
    ...etcdKeys,
    ...etcdKeys.map(key => `ETCD_${key.replaceAll('-', '_')}`),
    ...pgbouncerKeys,
    'postgresql',
    'bootstrap',
    'restapi',
  ].map(word => word.toLowerCase()),
)

/** A key of one of the programs. */
export function isKnownKey(key: string): boolean {
  return vocabulary.has(key.toLowerCase())
}

const word = /[\p{L}\p{N}_][\p{L}\p{N}_@%+~-]*(?:\.[\p{L}\p{N}_@%+~-]+)*/gu
const ipv6 = /(?:[\da-f]{0,4}:){2,}[\da-f]{0,4}/gi
/** No secret is so short that anybody would look for it. */
const amount = /^\d{1,7}(us|ms|s|m|min|h|d|b|kb|mb|gb|tb)?$/i
const harmlessAddress = /^(127\.0\.0\.1|0\.0\.0\.0|localhost)$/

/** @param known the text of the lab.yaml, whose words may stand here, too. */
export function redacted(text: string, kind: Kind, {hosts, secrets}: TheirWords, known: string): string {
  const ours = new Set(known.toLowerCase().match(word))
  const ofLab = new Set(hosts.values())
  // One word is met below, whole: taken out of the middle of another, it would show where it was.
  const hidden = [...secrets].filter(text => /[^\p{L}\p{N}_]/u.test(text)).toSorted((a, b) => b.length - a.length)
  const said = (one: string) => {
    if (secrets.has(one)) return taken
    // Of a host that is called `primary` the word tells nothing, and in its place a setting would be another one.
    if (vocabulary.has(one.toLowerCase())) return one
    const host = hosts.get(one)
    if (host !== undefined) return host
    const isOurs = ours.has(one.toLowerCase()) && !ofLab.has(one)
    return isOurs || amount.test(one) || harmlessAddress.test(one) ? one : taken
  }
  return text
    .split('\n')
    .map(line => {
      const bare = kind === 'haproxy' ? checkHidden(withoutComment(line, kind)) : withoutComment(line, kind)
      const open = hidden.reduce((left, secret) => left.replaceAll(secret, taken), valuesHidden(bare))
      return open.replace(ipv6, taken).replace(word, said)
    })
    .join('\n')
}

/** What stands behind the key of a password or of a program, whatever it is; and of a URL all but the host. */
function valuesHidden(line: string): string {
  return line
    .replace(/([\w.-]*(?:pass|secret|token)[\w.-]*["']?\s*[:=]\s*)\S.*$/i, `$1${taken}`)
    .replace(programKey, `$1${taken}`)
    .replace(/:\/\/(?:[^\s"'/]*@)?([^\s"'/,]+)(?:\/[^\s"',]*)?/g, '://$1')
}

/** Of a check what is sent and expected, and the conditions behind a path but for Patroni's own: numbers among them, too. */
function checkHidden(line: string): string {
  if (!/^\s*(option\s+httpchk|(http|tcp)-check)\s/.test(line)) return line
  return line.replace(sentOrExpected, `$1 ${taken}`).replace(/\?(\S*)/g, (_, conditions: string) => {
    const kept = conditions.split('&').filter(one => /^lag=\d{1,12}([kMGT]?B)?$/.test(one))
    return kept.length === 0 ? '' : `?${kept.join('&')}`
  })
}

const sentOrExpected =
  /(\s(?:f?hdr|body|body-lf|body-log-format|uri-lf|send|send-lf|send-binary|send-binary-lf|r?string(?:-lf)?|r?binary(?:-lf)?))(?!\s+(?:meth|uri|ver|hdr|body|comment)\s)\s.*$/

const programKey =
  /(\b(?:[\w-]*_?command|[\w-]*conninfo|on_\w+|post_\w+|pre_promote|before_stop|script|notify\w*)["']?(?:\s*[:=]\s*|\s+))\S.*$/i

function withoutComment(line: string, kind: Kind): string {
  const mark = kind === 'keepalived' ? /(^|\s)[#!].*$/ : kind === 'pgbouncer' ? /^\s*[#;].*$/ : /(^|\s)#.*$/
  return line.replace(mark, '').trimEnd()
}
