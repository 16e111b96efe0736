/** Where a lab has one thing for all that their files say for each: of servers, of entries and of members. Said before all else. */

import {isTurned, roleAsked} from '../haproxy/check.ts'
import {serverBareWords, serverValueWords} from '../haproxy/keywords.ts'
import {
  checkTimings,
  type HaproxyProxy,
  type HaproxyServer,
  isChecked,
  isForReading,
  timeWords,
} from '../haproxy/proxies.ts'
import {differing} from '../lint/as-topology.ts'
import {hasNoWeight, isBackup, isDisabled, refusing} from '../lint/letting-in.ts'
import {lint} from '../lint/lint.ts'
import {postgresProxies, writing} from '../lint/members.ts'
import {withoutPlaces} from '../lint/misread.ts'
import type {Files} from '../lint/read/read.ts'
import {nodeAt} from '../lint/read/yaml-path.ts'
import {type Place, sayPlace} from '../words/place.ts'

/** Words of a server that the lab has, that are told as times of the check, or that change no failover. */
const asTheirs =
  /^(check|no-check|port|inter|fastinter|downinter|fall|rise|on-marked-down|(no-)?check-ssl|verify|no-verifyhost|ca-file|crl-file|crt|check-sni|check-alpn|enabled|no-backup|cookie|id|alpn|sni|stick|non-stick|(no-)?ssl|ssl-(min|max)-ver|init-addr|resolve-prefer|(no-)?agent-check|agent-\w+)$/

/** Of the others what each does, and what the lab does. One that is not here is told without its meaning. */
const serverWords: Readonly<Record<string, string>> = {
  other: 'this word of a server is not in the lab',
  disabled: 'this server gets nobody until somebody enables it; in the lab it gets clients (disabled)',
  backup: 'this server gets clients only where no other is up; in the lab it is as the others are (backup)',
  'weight 0': 'this server gets no new clients; in the lab it gets its share (weight 0)',
  weight: 'servers have shares of their own; in the lab each has the same (weight)',
  unchecked:
    'this server without `check` is always up, whatever its role; in the lab it is asked as the others are (haproxy/server-without-check)',
  maxconn: 'this server gets so many clients and no more; in the lab nothing limits them (maxconn)',
  maxqueue: 'so many clients wait for this server and no more; in the lab nothing limits them (maxqueue)',
  slowstart: 'this server gets its clients little by little when it is up again; in the lab all at once (slowstart)',
  track: 'this server is up when another one is; in the lab it is asked itself (track)',
  'agent-check': 'an agent has a say in whether this server is up; in the lab it has none (agent-check)',
  addr: 'another address is asked how this server is; in the lab its own is (addr)',
  observe: 'what clients meet counts as a check; in the lab checks alone count (observe)',
  resolvers: 'this server is looked up again while HAProxy runs; in the lab its address is known (resolvers)',
  'tcp-ut': 'a dead connection to this server is given up after a time; in the lab the kernel decides (tcp-ut)',
}

/** What is no word of HAProxy's may be one of theirs. */
function isHaproxys(word: string): boolean {
  return serverValueWords.includes(word) || serverBareWords.includes(word)
}

interface Unlike {
  readonly place: Place
  readonly says: string
}

/** Each a sentence. Of their words only places. */
export function unlike(files: Files): readonly string[] {
  const proxies = postgresProxies(files)
  const found = [
    ...otherEntries(files, proxies),
    ...proxies.flatMap(ofEntry),
    ...proxies.flatMap(proxy => proxy.servers.flatMap(server => ofServer(proxy, server))),
    ...otherTimes(files, proxies),
    ...otherTls(files),
    ...ofMembers(files),
  ]
  const sentences = [...Map.groupBy(found, ({says}) => says)].map(([says, all]) => {
    const places = [...new Set(all.map(({place}) => sayPlace(place)))]
    const more = places.length > 1 ? ` and ${places.length - 1} more` : ''
    return `${places[0]}${more}: ${says}.`
  })
  return [...differing(files), ...sentences]
}

function ofServer({servers}: HaproxyProxy, server: HaproxyServer): readonly Unlike[] {
  const {options, place} = server
  const at = (word: string, key = word): Unlike => ({
    place: options.get(word)?.place ?? place,
    says: serverWords[key] ?? (isHaproxys(word) ? `the lab has no \`${word}\` of a server` : serverWords.other!),
  })
  const hasOwnWeight = new Set(servers.map(one => one.options.get('weight')?.value ?? '1')).size > 1
  const isUnchecked = !isChecked(server) && servers.some(isChecked) && !isDisabled(server)
  return [
    ...(isDisabled(server) ? [at('disabled')] : []),
    ...(isBackup(server) ? [at('backup')] : []),
    ...(hasNoWeight(server) ? [at('weight', 'weight 0')] : hasOwnWeight && options.has('weight') ? [at('weight')] : []),
    ...(isUnchecked ? [at('', 'unchecked')] : []),
    ...(options.has('agent-check') ? [at('agent-check')] : []),
    ...[...options.keys()]
      .filter(key => !asTheirs.test(key) && !/^(disabled|backup|weight)$/.test(key))
      .map(key => at(key)),
  ]
}

/** A lab has one way in for writes and one for reads; whoever came by another is told which those are. */
function otherEntries(files: Files, proxies: readonly HaproxyProxy[]): readonly Unlike[] {
  const main = writing(files)?.proxy
  if (main === undefined) return []
  const readers = proxies.find(proxy => isForReading(proxy) && proxy !== main)
  const reads = readers === undefined ? '' : `, and its way in for reads that of ${entryOf(readers)}`
  const says = `clients come in here, too, and not in the lab: its way in for writes is that of ${entryOf(main)}${reads}`
  return proxies
    .filter(proxy => proxy !== main && proxy !== readers && proxy.binds.length > 0)
    .map(({section: {place}, binds}) => ({place, says: `${portsOf(binds)}${says}`}))
}

function entryOf({section: {place}, binds}: HaproxyProxy): string {
  const [port] = binds.flatMap(one => one.port ?? [])
  return `${sayPlace(place)}${port === undefined ? '' : ` (port ${port})`}`
}

function portsOf(binds: HaproxyProxy['binds']): string {
  const ports = [...new Set(binds.flatMap(one => one.port ?? []))]
  return ports.length === 0 ? '' : `port ${ports.join(' and ')}: `
}

/** One limit and one door for all clients: that of `global`. */
function ofEntry(proxy: HaproxyProxy): readonly Unlike[] {
  const limit = proxy.entrance.findLast(({words: [first]}) => first?.text === 'maxconn')
  return [
    ...otherQuestion(proxy),
    ...refusing(proxy).map(({line: {place}, isForAll}) => ({
      place,
      says: isForAll
        ? 'every client is turned away here; in the lab all are let in'
        : 'some clients are turned away here; in the lab all are let in',
    })),
    ...(limit === undefined
      ? []
      : [
          {
            place: limit.place,
            says: 'this entry lets in so many clients and no more; in the lab only the limit of `global` counts (maxconn)',
          },
        ]),
  ]
}

/** Who asks PostgreSQL, or a program, is not told when a leader has lost its key. */
function otherQuestion({check, servers}: HaproxyProxy): readonly Unlike[] {
  const role = roleAsked(check)
  const isByStatus = check?.asksHttp === true && check.body === undefined
  if (check === undefined || role === undefined || !servers.some(isChecked)) return []
  const {place} = check.line
  if (isByStatus)
    return isTurned(check)
      ? [
          {
            place,
            says: 'a member that starts, or is ill, answers 503 as well, and gets clients here; in the lab it gets none',
          },
        ]
      : []
  if (role === 'unknown')
    return [
      {
        place,
        says: 'a program, a query or a word of yours says who gets clients here, and whether it follows the leader no file says; in the lab Patroni is asked (option httpchk)',
      },
    ]
  return [
    {
      place,
      says: `${check.asksHttp ? "the body of Patroni's answer tells" : 'PostgreSQL itself is asked'} whether PostgreSQL is a primary: one that has lost its leader key and goes on gets clients, too; in the lab Patroni is asked who leads, and it gets none (option httpchk)`,
    },
  ]
}

function otherTimes(files: Files, proxies: readonly HaproxyProxy[]): readonly Unlike[] {
  const main = writing(files)
  if (main === undefined) return []
  const taken = Object.entries(checkTimings(main.proxy, main.server))
  return proxies.flatMap(proxy =>
    proxy.servers.filter(isChecked).flatMap(server => {
      const own = new Map(Object.entries(checkTimings(proxy, server)))
      const others = taken.flatMap(([key, value]) =>
        own.get(key) === value ? [] : [timeWords[key as 'interMs'] ?? key],
      )
      if (others.length === 0) return []
      const says = `${others.join(', ')} ${others.length === 1 ? 'is' : 'are'} not what ${sayPlace(main.server.place)} has; the lab has that for all servers`
      return [{place: server.place, says}]
    }),
  )
}

/** A lab asks all in TLS, or none: where one mistake is, there are all. */
function otherTls(files: Files): readonly Unlike[] {
  const wrong = lint(files).findings.filter(({rule}) => rule.id === 'cluster/restapi-tls-mismatch')
  const places = new Set(wrong.map(({place}) => sayPlace(place)))
  const isAll = postgresProxies(files).every(({servers}) => servers.every(({place}) => places.has(sayPlace(place))))
  const says =
    'this server is never up, for TLS of its check; in the lab that is so of every server, and nobody can write'
  return isAll ? [] : wrong.map(({place}) => ({place, says}))
}

const memberPaths = [['watchdog'], ['postgresql', 'parameters'], ['etcd3', 'protocol'], ['etcd', 'protocol']]

/** What a member says of itself is taken of the first for all. */
function ofMembers({patroni: [first, ...others]}: Files): readonly Unlike[] {
  return memberPaths.flatMap(path => {
    const said = (file: typeof first) => {
      const node = nodeAt(file?.root, ...path)
      return node === undefined ? '' : JSON.stringify(withoutPlaces(node))
    }
    const says = `${path.join('.')} is not what ${first?.file} has; the lab has that for all members`
    return others
      .filter(other => said(other) !== said(first))
      .map(other => ({place: nodeAt(other.root, ...path)?.place ?? other.root.place, says}))
  })
}
