/** What haproxy.cfg and etcd's settings say besides the times of the check: kept, put otherwise, or dropped with the reason. */

import {roleAsked} from '../haproxy/check.ts'
import {balanceOf, lettingIn} from '../haproxy/letting-in.ts'
import {type HaproxyProxy, isChecked, isForReading} from '../haproxy/proxies.ts'
import type {HaproxyFile, HaproxyLine} from '../haproxy/read.ts'
import {etcdKeys} from '../lint/known-keys.ts'
import {postgresProxies, writing} from '../lint/members.ts'
import type {Files} from '../lint/read/read.ts'
import {balances} from '../topology/kept.ts'
import type {Written} from '../topology/settings.ts'
import type {Change} from './change.ts'
import {askedInLab} from './check-path.ts'

type Haproxy = NonNullable<Written['haproxy']>

/** Lines by their first words; the first that fits. */
const lines: readonly (readonly [RegExp, 'kept' | Change['how'], string?])[] = [
  [/^timeout (connect|client|server|check)$/, 'kept'],
  [
    /^(mode|option httpchk|http-check (expect|send)|retries|option (redispatch|tcpka)|balance (roundrobin|static-rr|leastconn|first|source|random))( |$)/,
    'kept',
  ],
  [/^global maxconn( |$)/, 'kept'],
  [
    /^(option tcp-check$|tcp-check )/,
    'kept otherwise',
    'the lab asks Patroni by option httpchk where yours writes the request out or asks PostgreSQL, and else whether the port opens',
  ],
  [/^(option external-check$|external-check )/, 'kept otherwise', 'nothing of yours is run: the lab asks Patroni'],
  [/^maxconn( |$)/, 'dropped', 'HAProxy of a lab has the limit of `global` only'],
  [
    /^(server|server-template|default-server|bind)( |$)/,
    'kept otherwise',
    "addresses are the lab's own; of servers' words the lab has those of one check for all",
  ],
  [
    /^stats |^user(list)? |^group |^log |^option (tcplog|httplog|dontlog|log-)/,
    'dropped',
    "statistics, logs and who may see them are the lab's own",
  ],
  [/^(default_backend|use_backend)( |$)/, 'kept otherwise', 'the lab has one entry for writes and one for reads'],
]

export function fromHaproxy(files: Files, checkTls: boolean | undefined) {
  const changes: Change[] = []
  for (const file of files.haproxy) tellLines(file, changes)
  const main = writing(files)?.proxy
  const readers = postgresProxies(files).find(proxy => isForReading(proxy) && proxy !== main)
  const entry: Haproxy = {
    ...(main === undefined ? {} : {...checked('check_primary', main, changes), ...portOf('port', main)}),
    ...(readers === undefined
      ? {}
      : {
          ...checked('check_replicas', readers, changes),
          ...portOf('replicas_port', readers),
          ...kept(balanceOf(readers)),
        }),
    ...(checkTls === undefined ? {} : {check_tls: checkTls}),
    ...(main === undefined ? {} : lettingIn(main)),
  }
  // One number for two entries of one host cannot be.
  if (entry.port !== undefined && entry.port === entry.replicas_port) delete entry.replicas_port
  return {haproxy: entry, changes}
}

function tellLines({sections}: HaproxyFile, changes: Change[]): void {
  for (const {type, lines: inSection} of sections) {
    if (type === 'userlist' || type === 'peers' || type === 'resolvers' || type === 'mailers') {
      const place = inSection[0]?.place
      if (place !== undefined)
        changes.push({place, what: type, how: 'dropped', why: 'it names what is outside of the lab'})
      continue
    }
    for (const {words, place} of inSection) {
      const first = words
        .slice(0, 2)
        .map(({text}) => text)
        .join(' ')
      const said = type === 'global' && first.startsWith('maxconn') ? `global ${first}` : first
      const [, how, why = 'the lab has nothing that it would be for'] =
        lines.find(([pattern]) => pattern.test(said)) ?? (['', 'dropped'] as const)
      if (how !== 'kept') changes.push({place, what: whatOf(words), how, why})
    }
  }
}

/** A keyword and, where it has one, its second word: never what a person chose. */
function whatOf(words: HaproxyLine['words']): string {
  const [first, second] = words.map(({text}) => text)
  const isPair = /^(option|timeout|stats|http-check|tcp-check|http-request|tcp-request)$/.test(first ?? '')
  const said = isPair ? `${first} ${second ?? ''}` : (first ?? '')
  return /^[a-z_-]+( [a-z0-9_-]+)?$/.test(said) ? said : 'a line'
}

function checked(key: 'check_primary' | 'check_replicas', proxy: HaproxyProxy, changes: Change[]): Haproxy {
  const {check, servers} = proxy
  const usual = key === 'check_primary' ? '/primary' : '/replica'
  if (servers.length > 0 && !servers.some(isChecked)) return {[key]: 'none'}
  const role = roleAsked(check)
  if (check === undefined || role === undefined) return {[key]: 'tcp'}
  // Another question than Patroni is asked: what that is, is said before all else.
  if (!check.asksHttp || role === 'unknown')
    return role === 'replicas' && usual !== '/replica' ? {[key]: '/replica'} : {}
  const {path, isWhole} = askedInLab(check, role)
  if (!isWhole) {
    const why = `the lab asks ${path}, which the same members answer: of a path it has Patroni's own words only, since others may tell who you are`
    changes.push({place: check.line.place, what: 'option httpchk', how: 'kept otherwise', why})
  }
  return path === usual ? {} : {[key]: path}
}

function portOf(key: 'port' | 'replicas_port', {binds}: HaproxyProxy): Haproxy {
  const port = binds.find(one => one.port !== undefined)?.port
  return port === undefined || port < 1024 || port > 65_535 ? {} : {[key]: port}
}

/** Where nobody says, HAProxy goes by turns. */
function kept(said: string): Haproxy {
  const balance = balances.find(one => one === said)
  return balance === undefined || balance === 'roundrobin' ? {} : {balance}
}

export function fromEtcd({etcd}: Files): {etcd: NonNullable<Written['etcd']>; changes: readonly Change[]} {
  const changes: Change[] = []
  const times: NonNullable<Written['etcd']> = {}
  for (const {settings} of etcd)
    for (const [key, {text, place}] of settings) {
      const name = key.replaceAll('-', '_')
      if ((name === 'heartbeat_interval' || name === 'election_timeout') && /^[1-9]\d{0,5}$/.test(text))
        times[name] ??= Number(text)
      else if (name === 'quota_backend_bytes' && /^\d{8,9}$/.test(text) && isQuota(Number(text)))
        times.quota ??= Number(text)
      else changes.push({place, what: shown(key), ...reasonOf(key)})
    }
  return {etcd: times, changes}
}

/** What a lab can have, which can be filled. */
function isQuota(bytes: number): boolean {
  return bytes >= 16 * 1024 ** 2 && bytes <= 256 * 1024 ** 2
}

function shown(key: string): string {
  return etcdKeys.includes(key) ? key : 'a setting'
}

function reasonOf(key: string): Pick<Change, 'how' | 'why'> {
  if (/^(name|initial-|listen-|advertise-)/.test(key))
    return {how: 'kept otherwise', why: "names, addresses and tokens are the lab's own"}
  if (/cert|key|ca-file|tls|crl|auth/.test(key))
    return {
      how: 'kept otherwise',
      why: 'where yours speaks TLS or lets users in, the lab does with keys and users of its own',
    }
  if (/-dir$|^log|logger|metrics|debug/.test(key))
    return {how: 'kept otherwise', why: "paths and logs are the lab's own"}
  return {how: 'dropped', why: "the lab has etcd's own value, or one of its own"}
}
