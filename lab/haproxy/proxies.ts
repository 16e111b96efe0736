/** The proxies of a haproxy.cfg, each with what it takes from `defaults`: who listens where, how servers are checked, which servers. */

import {type HostPort, hostPort, isLoopback, type Place, type Word} from '../words/place.ts'
import type {HaproxyFile, HaproxyLine, HaproxySection} from './read.ts'
import {haproxyTime} from './read.ts'

/** `check port 8008 inter 2s`: each word that is an option, with the word behind it. */
type Options = ReadonlyMap<string, Word & {readonly value: string}>

export interface HaproxyServer {
  readonly name: string
  readonly address: HostPort
  readonly place: Place
  /** Its own, and of `default-server` lines what stands above it. */
  readonly options: Options
  readonly own: Options
}

export interface HaproxyCheck {
  /** The option that counts: the last one. */
  readonly by: 'httpchk' | 'tcp-check' | 'pgsql-check' | 'other'
  readonly line: HaproxyLine
  readonly method: string
  readonly path: string
  /** What `http-check expect status` asks for. */
  readonly expected: string | undefined
  /** A port that `http-check connect` or `tcp-check connect` names. */
  readonly port: number | undefined
  /** The option that a later one took the place of, in the same section. */
  readonly overridden: HaproxyLine | undefined
}

export interface HaproxyProxy {
  readonly section: HaproxySection
  readonly name: string
  /** Where its clients come in, through frontends too. */
  readonly binds: readonly HostPort[]
  /** What counts for its clients as they come in: of the sections that lead here, with their `defaults`. */
  readonly entrance: readonly HaproxyLine[]
  /** The names of the sections that lead here, its own included. */
  readonly names: readonly string[]
  readonly mode: HaproxyLine | undefined
  readonly check: HaproxyCheck | undefined
  readonly servers: readonly HaproxyServer[]
  /** `default-server` lines below a server of the same section. */
  readonly lateDefaults: readonly HaproxyLine[]
  /** Of `timeout client` and its like the line in force. */
  readonly timeouts: ReadonlyMap<string, HaproxyLine>
  readonly file: HaproxyFile
}

const withoutValue = new Set([
  ...['check', 'backup', 'disabled', 'enabled', 'ssl', 'check-ssl', 'send-proxy', 'send-proxy-v2', 'check-send-proxy'],
  ...[
    'agent-check',
    'no-check',
    'allow-0rtt',
    'no-ssl',
    'no-check-ssl',
    'no-backup',
    'no-agent-check',
    'non-stick',
    'stick',
  ],
  ...[
    'send-proxy-v2-ssl',
    'send-proxy-v2-ssl-cn',
    'no-send-proxy',
    'tfo',
    'check-via-socks4',
    'no-tls-tickets',
    'no-verifyhost',
  ],
])

function optionsOf(words: readonly Word[]): Options {
  const options = new Map<string, Word & {value: string}>()
  for (let at = 0; at < words.length; at++) {
    const word = words[at]
    if (word === undefined) break
    const alone = withoutValue.has(word.text) || /^(no-|force-)/.test(word.text)
    options.set(word.text, {...word, value: alone ? '' : (words[at + 1]?.text ?? '')})
    if (!alone) at++
  }
  return options
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
  /** The `defaults` section that counts for it. */
  readonly defaults: readonly HaproxyLine[]
}

function makeProxies(file: HaproxyFile): readonly HaproxyProxy[] {
  const named = new Map<string, HaproxySection>()
  let last: HaproxySection | undefined
  const placed = file.sections.map((section): Placed => {
    const defaults = section.from === undefined ? last : named.get(section.from)
    if (section.type === 'defaults') {
      last = section
      named.set(section.name, section)
    }
    return {section, defaults: defaults?.lines ?? []}
  })
  const frontends = new Map<string, Placed[]>()
  for (const one of placed.filter(({section}) => section.type === 'frontend'))
    for (const backend of backendsOf(one.section)) frontends.set(backend, [...(frontends.get(backend) ?? []), one])
  return placed.flatMap(one => {
    const {type, name} = one.section
    if (type === 'listen') return [proxyOf(file, one, [one])]
    return type === 'backend' ? [proxyOf(file, one, frontends.get(name) ?? [])] : []
  })
}

/** Every listener, also of what is not proxied to PostgreSQL. */
export function bindsOf(section: HaproxySection): readonly HostPort[] {
  return section.lines
    .filter(({words}) => words[0]?.text === 'bind')
    .flatMap(({words}) =>
      (words[1]?.text.split(',') ?? []).map(text => hostPort({text, place: words[1]?.place ?? section.place})),
    )
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
    name: section.name,
    names: [...new Set([section.name, ...leading.map(one => one.section.name)])],
    entrance,
    binds: leading.flatMap(one => bindsOf(one.section)),
    mode: lines.findLast(({words}) => words[0]?.text === 'mode'),
    check: checkOf(defaults, section.lines),
    timeouts: new Map([...lines.filter(isTimeout), ...ofClients].map(line => [line.words[1]?.text ?? '', line])),
    ...serversOf(defaults, section.lines),
  }
}

function isTimeout({words}: HaproxyLine): boolean {
  return words[0]?.text === 'timeout'
}

function checkOf(inherited: readonly HaproxyLine[], own: readonly HaproxyLine[]): HaproxyCheck | undefined {
  const isCheck = ({words: [first, second]}: HaproxyLine) =>
    first?.text === 'option' && /^(httpchk|tcp-check|[a-z]+-check|smtpchk|ssl-hello-chk)$/.test(second?.text ?? '')
  const mine = own.filter(isCheck)
  const line = mine.at(-1) ?? inherited.findLast(isCheck)
  if (line === undefined) return undefined
  const [, what, ...asked] = line.words.map(({text}) => text)
  const rules = [...inherited, ...own]
  const sent = rules.findLast(({words: [first, second]}) => first?.text === 'http-check' && second?.text === 'send')
  const send = optionsOf(sent?.words.slice(2) ?? [])
  const [method = 'OPTIONS', path = '/'] = asked.length === 1 ? [undefined, asked[0]] : asked
  const connect = rules.findLast(
    ({words: [first, second]}) => /^(http|tcp)-check$/.test(first?.text ?? '') && second?.text === 'connect',
  )
  const port = optionsOf(connect?.words.slice(2) ?? []).get('port')?.value
  return {
    by: what === 'httpchk' || what === 'tcp-check' || what === 'pgsql-check' ? what : 'other',
    line,
    method: send.get('meth')?.value ?? method,
    path: send.get('uri')?.value ?? path,
    expected: expectedOf(rules),
    port: port === undefined ? undefined : Number(port),
    overridden: mine.findLast(one => one !== line && one.words[1]?.text !== what),
  }
}

function expectedOf(rules: readonly HaproxyLine[]): string | undefined {
  const expect = rules.findLast(({words: [first, second]}) => first?.text === 'http-check' && second?.text === 'expect')
  const at = expect?.words.findIndex(({text}) => text === 'status') ?? -1
  if (expect === undefined || at < 0) return undefined
  return expect.words
    .slice(2, at + 2)
    .map(({text}) => text)
    .join(' ')
    .replace(/^.*?(!? ?)status /, '$1')
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

/** Where a server is asked how it is. */
export function checkPort({options, address}: HaproxyServer, check: HaproxyCheck | undefined): number | undefined {
  const own = options.get('port')?.value
  return own === undefined ? (check?.port ?? address.port) : Number(own)
}

/** Who of a cluster answers 200 to this question (Patroni, api.py: do_GET and the routes do_GET_<name>). */
export type Answering = 'primary' | 'leader' | 'replicas' | 'several' | 'nobody'

export function answering({method, path}: Pick<HaproxyCheck, 'method' | 'path'>): Answering {
  const asked = path.replace(/^https?:\/\/[^/]*/, '').replace(/\?.*$/, '')
  const route = asked.replace(/^\/+/, '').split('/')[0] ?? ''
  if (method === 'GET' && /^(liveness|readiness|patroni|cluster|history|config|metrics)$/.test(route)) return 'several'
  if (asked === '/' || asked === '') return 'primary'
  if (/standby[-_]leader|leader/.test(asked)) return 'leader'
  if (/master|primary|read-write/.test(asked)) return 'primary'
  if (/replica/.test(asked)) return 'replicas'
  if (/^\/(sync|synchronous|quorum|async|asynchronous)$/.test(asked)) return 'replicas'
  if (/^\/read-only-(sync|synchronous|quorum)$/.test(asked)) return 'several'
  if (/read-only|health/.test(asked) && !/read-only.*(sync|quorum)/.test(asked)) return 'several'
  return 'nobody'
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
  if (check?.by === 'httpchk' && answering(check) === 'replicas') return true
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
export function checkTimings({timeouts}: HaproxyProxy, {options}: HaproxyServer): CheckTimings {
  const time = (key: string) => haproxyTime(options.get(key)?.value ?? '')
  const count = (key: string, otherwise: number) => Number(options.get(key)?.value ?? otherwise) || otherwise
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
    checkTimeoutMs: limit('check') ?? interMs,
    // Without one a session may be idle for ever.
    clientTimeoutMs: limit('client') ?? Number.POSITIVE_INFINITY,
    serverTimeoutMs: limit('server') ?? Number.POSITIVE_INFINITY,
    onMarkedDown: options.get('on-marked-down')?.value === 'shutdown-sessions' ? 'shutdown-sessions' : 'none',
  }
}

/** How an entry lets its clients in, as far as its file says it; HAProxy tries three times more where nobody says, and goes to another server only where it is told to. */
export interface LettingIn {
  readonly retries: number
  readonly redispatch: boolean
  readonly tcpka?: true
  /** Of all clients; at most 20000. */
  readonly maxconn?: number
}

export function lettingIn({file, section}: HaproxyProxy): LettingIn {
  const said = file.sections.filter(({type}) => type === 'defaults').flatMap(({lines: all}) => all)
  const all = [...said, ...section.lines]
  const number = (of: readonly HaproxyLine[], key: string) => {
    const text = of.findLast(({words: [first]}) => first?.text === key)?.words[1]?.text ?? ''
    return /^\d{1,6}$/.test(text) ? Number(text) : undefined
  }
  const most = number(
    file.sections.filter(({type}) => type === 'global').flatMap(({lines: of}) => of),
    'maxconn',
  )
  const option = (name: string) => all.findLast(({words}) => words.some(({text}) => text === name))
  const [redispatch, tcpka] = [option('redispatch'), option('tcpka')]
  return {
    retries: Math.min(1000, number(all, 'retries') ?? 3),
    redispatch: redispatch !== undefined && redispatch.words[0]?.text !== 'no',
    ...(tcpka !== undefined && tcpka.words[0]?.text !== 'no' ? {tcpka: true} : {}),
    ...(most === undefined || most < 1 ? {} : {maxconn: Math.min(20_000, most)}),
  }
}

/** Its `balance`; where nobody says, HAProxy goes by turns. */
export function balanceOf({file, section}: HaproxyProxy): string {
  const defaults = file.sections.filter(({type}) => type === 'defaults').flatMap(({lines: all}) => all)
  const said = [...defaults, ...section.lines].findLast(({words: [first]}) => first?.text === 'balance')
  return said?.words[1]?.text ?? 'roundrobin'
}
