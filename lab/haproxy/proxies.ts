/** The proxies of a haproxy.cfg, each with what it takes from `defaults`: who listens where, how servers are checked, which servers. */

import {type HostPort, hostPort, isLoopback, type Place} from '../words/place.ts'
import {askedFor, checkOf, type HaproxyCheck, roleAsked} from './check.ts'
import {type Options, optionsOf} from './options.ts'
import type {HaproxyFile, HaproxyLine, HaproxySection} from './read.ts'
import {haproxyTime} from './read.ts'

export interface HaproxyServer {
  readonly name: string
  readonly address: HostPort
  readonly place: Place
  /** Its own, and of `default-server` lines what stands above it. */
  readonly options: Options
  readonly own: Options
  /** The server at the end of its `track`, which is asked for both; undefined where it is asked itself, or the other is not there. */
  readonly tracked?: {readonly proxy: HaproxyProxy; readonly server: HaproxyServer} | undefined
}

export interface HaproxyProxy {
  readonly section: HaproxySection
  /** Its own and before them those of its `defaults`. */
  readonly lines: readonly HaproxyLine[]
  readonly name: string
  /** Where its clients come in, through frontends too. */
  readonly binds: readonly HostPort[]
  /** What counts for its clients as they come in: of the sections that lead here, with their `defaults`. */
  readonly entrance: readonly HaproxyLine[]
  /** The names of the sections that lead here, its own included. */
  readonly names: readonly string[]
  readonly mode: HaproxyLine | undefined
  /** `disabled`: it is read, and does not run. */
  readonly isOff: boolean
  /** That of the servers that are tracked where it asks nobody itself. */
  readonly check: HaproxyCheck | undefined
  readonly servers: readonly HaproxyServer[]
  /** `default-server` lines below a server of the same section. */
  readonly lateDefaults: readonly HaproxyLine[]
  /** Of `timeout client` and its like the line in force. */
  readonly timeouts: ReadonlyMap<string, HaproxyLine>
  readonly file: HaproxyFile
}

const known = new WeakMap<HaproxyFile, readonly HaproxyProxy[]>()

/** Every rule asks for them. */
export function proxiesOf(file: HaproxyFile): readonly HaproxyProxy[] {
  const made = known.get(file) ?? makeProxies(file)
  known.set(file, made)
  return made
}

interface Placed {
  readonly section: HaproxySection
  /** What it takes from the `defaults` that count for it, those that they take from among them. */
  readonly defaults: readonly HaproxyLine[]
}

function makeProxies(file: HaproxyFile): readonly HaproxyProxy[] {
  const named = new Map<string, readonly HaproxyLine[]>()
  let last: readonly HaproxyLine[] = []
  const placed = file.sections.map((section): Placed => {
    const {type, name, from, lines} = section
    const chosen = from === undefined ? undefined : (named.get(from) ?? [])
    if (type !== 'defaults') return {section, defaults: chosen ?? last}
    // Of defaults only what they name themselves counts before their own.
    last = [...(chosen ?? []), ...lines]
    named.set(name, last)
    return {section, defaults: chosen ?? []}
  })
  const frontends = new Map<string, Placed[]>()
  for (const one of placed.filter(({section}) => section.type === 'frontend'))
    for (const backend of backendsOf(one.section)) frontends.set(backend, [...(frontends.get(backend) ?? []), one])
  const proxies = placed.flatMap(one => {
    const {type, name} = one.section
    if (type === 'listen') return [proxyOf(file, one, [one])]
    if (type !== 'backend') return []
    const leading = frontends.get(name) ?? []
    const open = leading.filter(({section, defaults}) => !isOff([...defaults, ...section.lines]))
    return [proxyOf(file, one, open.length > 0 ? open : leading)]
  })
  return proxies.map(proxy => tracking(proxy, proxies))
}

/** Whether a section is read and does not run. */
export function isOff(lines: readonly HaproxyLine[]): boolean {
  const last = lines.findLast(({words: [first]}) => first?.text === 'disabled' || first?.text === 'enabled')
  return last?.words[0]?.text === 'disabled'
}

/** What a tracked server is asked decides for the one that tracks it. */
function tracking(proxy: HaproxyProxy, all: readonly HaproxyProxy[]): HaproxyProxy {
  const servers = proxy.servers.map(server => ({...server, tracked: trackedBy(proxy, server, all)}))
  const asked = servers.filter(isChecked)
  const ends = asked.flatMap(({tracked}) => tracked ?? [])
  return ends.length === 0 || ends.length < asked.length
    ? {...proxy, servers}
    : {...proxy, servers, check: ends[0]!.proxy.check}
}

function trackedBy(proxy: HaproxyProxy, server: HaproxyServer, all: readonly HaproxyProxy[]): HaproxyServer['tracked'] {
  const seen = new Set<HaproxyServer>()
  let at = {proxy, server}
  for (;;) {
    const word = at.server.options.get('track')?.value
    if (word === undefined) return at.server === server ? undefined : at
    const next = namedIn(word, at.proxy, all)
    if (next === undefined || seen.has(next.server)) return undefined
    seen.add(next.server)
    at = next
  }
}

/** `[proxy/]server` */
export function namedIn(word: string, proxy: HaproxyProxy, all: readonly HaproxyProxy[]): HaproxyServer['tracked'] {
  const [name, of] = word.split('/').toReversed()
  const found = of === undefined ? proxy : all.find(one => one.name === of)
  const server = found?.servers.find(one => one.name === name)
  return found === undefined || server === undefined ? undefined : {proxy: found, server}
}

/** Every listener, also of what is not proxied to PostgreSQL; of a range of ports one for each. */
export function bindsOf(section: HaproxySection): readonly HostPort[] {
  return section.lines
    .filter(({words}) => words[0]?.text === 'bind')
    .flatMap(({words}) =>
      (words[1]?.text.split(',') ?? []).flatMap(text => listeners(text, words[1]?.place ?? section.place)),
    )
}

function listeners(text: string, place: Place): readonly HostPort[] {
  const [, address = '', from, to] = /^(.*:)(\d{1,5})-(\d{1,5})$/.exec(text) ?? []
  const first = Number(from)
  const count = Math.min(Number(to), 65_535) - first + 1
  if (from === undefined || count < 1) return [hostPort({text, place})]
  return Array.from({length: count}, (_, n) => ({...hostPort({text: `${address}${first + n}`, place}), text}))
}

function backendsOf({lines}: HaproxySection): ReadonlySet<string> {
  const named = lines.filter(({words: [first]}) => /^(default_backend|use_backend)$/.test(first?.text ?? ''))
  return new Set(named.map(({words: [, second]}) => second?.text ?? ''))
}

function proxyOf(file: HaproxyFile, {section, defaults}: Placed, leading: readonly Placed[]): HaproxyProxy {
  const lines = [...defaults, ...section.lines]
  // Clients' time-outs are the frontend's.
  const entrance = leading.flatMap(frontend => [...frontend.defaults, ...frontend.section.lines])
  const ofClients = entrance.filter(line => isTimeout(line) && line.words[1]?.text === 'client')
  return {
    file,
    section,
    lines,
    name: section.name,
    names: [...new Set([section.name, ...leading.map(one => one.section.name)])],
    entrance,
    binds: leading.flatMap(one => bindsOf(one.section)),
    mode: lines.findLast(({words}) => words[0]?.text === 'mode'),
    isOff: isOff(lines),
    check: checkOf(defaults, section.lines),
    timeouts: new Map([...lines.filter(isTimeout), ...ofClients].map(line => [line.words[1]?.text ?? '', line])),
    ...serversOf(defaults, section.lines),
  }
}

function isTimeout({words}: HaproxyLine): boolean {
  return words[0]?.text === 'timeout'
}

function serversOf(inherited: readonly HaproxyLine[], own: readonly HaproxyLine[]) {
  let base = new Map(inherited.filter(isDefaultServer).flatMap(({words}) => [...optionsOf(words.slice(1))]))
  const servers: HaproxyServer[] = []
  const lateDefaults: HaproxyLine[] = []
  for (const line of own) {
    const [first, name, address, ...more] = line.words
    if (isDefaultServer(line)) {
      if (servers.length > 0) lateDefaults.push(line)
      base = new Map([...base, ...optionsOf(line.words.slice(1))])
    }
    // server-template PREFIX COUNT ADDRESS ...
    const isTemplate = first?.text === 'server-template'
    if ((first?.text !== 'server' && !isTemplate) || name === undefined || address === undefined) continue
    const target = isTemplate ? more[0] : address
    const mine = optionsOf(isTemplate ? more.slice(1) : more)
    if (target === undefined) continue
    servers.push({
      name: name.text,
      address: hostPort(target),
      place: line.place,
      own: mine,
      options: new Map([...base, ...mine]),
    })
  }
  return {servers, lateDefaults}
}

function isDefaultServer({words}: HaproxyLine): boolean {
  return words[0]?.text === 'default-server'
}

export function isChecked({options}: HaproxyServer): boolean {
  const isAsked = options.has('check') && !options.has('no-check')
  return isAsked || options.has('track') || options.has('agent-check')
}

/** Ports where people let PostgreSQL, or a pooler before it, listen. */
const postgresPorts = new Set([5432, 5433, 5434, 5435, 5436, 6432, 6433])

export function isPooler(server: HaproxyServer): boolean {
  return server.address.port === 6432 || server.address.port === 6433
}

/** Whether clients of PostgreSQL come through it to several servers: the rest of a haproxy.cfg is none of our business. */
export function servesPostgres({servers, check}: HaproxyProxy, members: readonly HostPort[] = []): boolean {
  const isMember = ({address}: HaproxyServer) =>
    members.some(({host, port}) => host === address.host && port === address.port)
  // Patroni's own API, and its port, mean nothing where they are the server itself.
  const asksPatroni = (server: HaproxyServer) =>
    server.options.get('port')?.value === '8008' && server.address.port !== 8008
  const isPostgres = (server: HaproxyServer) =>
    postgresPorts.has(server.address.port ?? 0) || isMember(server) || asksPatroni(server)
  return servers.length > 0 && (check?.by === 'pgsql-check' || servers.some(isPostgres))
}

/** What people call a port for reading. */
export function isForReading({names, check}: HaproxyProxy): boolean {
  if (roleAsked(check) === 'replicas') return true
  return names.some(
    name =>
      /(^|[^a-z])(ro|read\w*|replicas?|standbys?|slaves?|secondar(y|ies)|report\w*)([^a-z]|$)/i.test(name) &&
      !/read[-_]?write|rw/i.test(name),
  )
}

/** Only reachable from its own host: the pooler or the server beside it. */
export function isBeside({servers}: HaproxyProxy): boolean {
  return servers.every(({address}) => isLoopback(address.host))
}

/** Milliseconds and counts; a limit that nobody says is infinite. */
export interface CheckTimings {
  readonly interMs: number
  readonly fastinterMs: number
  readonly downinterMs: number
  readonly fall: number
  readonly rise: number
  readonly connectTimeoutMs: number
  readonly checkTimeoutMs: number
  readonly clientTimeoutMs: number
  readonly serverTimeoutMs: number
  readonly onMarkedDown: 'shutdown-sessions' | 'none'
}

/** Limits of which HAProxy warns where one is missing or 0, which is the same: sessions last, and connections are tried, for ever. */
export function missingLimits({timeouts, binds}: HaproxyProxy): readonly string[] {
  const all = ['connect', ...(binds.length > 0 ? ['client'] : []), 'server']
  return all.filter(key => {
    const said = timeouts.get(key)?.words[2]?.text
    return said === undefined || haproxyTime(said) === 0
  })
}

/** What a person writes for each in a haproxy.cfg. */
export const timeWords: Readonly<Record<keyof CheckTimings, string>> = {
  interMs: 'inter',
  fastinterMs: 'fastinter',
  downinterMs: 'downinter',
  fall: 'fall',
  rise: 'rise',
  connectTimeoutMs: 'timeout connect',
  checkTimeoutMs: 'timeout check',
  clientTimeoutMs: 'timeout client',
  serverTimeoutMs: 'timeout server',
  onMarkedDown: 'on-marked-down',
}

/** What a server's checks are timed by, with HAProxy's own values for what is not said. */
export function checkTimings({timeouts}: HaproxyProxy, server: HaproxyServer): CheckTimings {
  const {options} = askedFor(server)
  const time = (key: string) => haproxyTime(options.get(key)?.value ?? '')
  const count = (key: string, otherwise: number) => Number.parseInt(options.get(key)?.value ?? '', 10) || otherwise
  const limit = (key: string) => haproxyTime(timeouts.get(key)?.words[2]?.text ?? '')
  const interMs = time('inter') ?? 2000
  return {
    interMs,
    fastinterMs: time('fastinter') ?? interMs,
    downinterMs: time('downinter') ?? interMs,
    fall: count('fall', 3),
    rise: count('rise', 2),
    connectTimeoutMs: limit('connect') ?? interMs,
    // Without one the whole check has inter.
    checkTimeoutMs:
      haproxyTime((server.tracked?.proxy.timeouts ?? timeouts).get('check')?.words[2]?.text ?? '') ?? interMs,
    // Without one a session may be idle for ever.
    clientTimeoutMs: limit('client') || Number.POSITIVE_INFINITY,
    serverTimeoutMs: limit('server') || Number.POSITIVE_INFINITY,
    onMarkedDown: server.options.get('on-marked-down')?.value === 'shutdown-sessions' ? 'shutdown-sessions' : 'none',
  }
}
