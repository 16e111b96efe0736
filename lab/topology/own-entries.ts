/** The ways in of a haproxy.cfg of somebody's own: which of its proxies lead to PostgreSQL, and what they say by the keys of a lab.yaml. */
import {asksWhoLeads, checkPort, checksInTls, type HaproxyCheck, isTurned, roleAsked} from '../haproxy/check.ts'
import {balanceOf, lettingIn} from '../haproxy/letting-in.ts'
import {
  type CheckTimings,
  checkTimings,
  type HaproxyProxy,
  isChecked,
  isForReading,
  timeWords,
} from '../haproxy/proxies.ts'
import {isWildcard, type Place} from '../words/place.ts'
import {balances, haproxyCheck} from './kept.ts'
import type {Written} from './settings.ts'
import {type HostName, hostsWith, portNumber, portOf, portsOn, servedAt, type Topology} from './topology.ts'

export interface Wrong {
  readonly place: Place
  /** A sentence. */
  readonly says: string
}

type Haproxy = NonNullable<Written['haproxy']>

interface Entries {
  readonly primary?: HaproxyProxy
  /** undefined: the file has none, and the lab has one of its own. */
  readonly replicas?: HaproxyProxy | undefined
  readonly settings: Haproxy
  readonly wrong: readonly Wrong[]
}

/** @param written what is said beside the file. */
export function entriesIn(
  proxies: readonly HaproxyProxy[],
  file: string,
  written: Haproxy,
  topology: Topology,
): Entries {
  const leading = proxies.filter(
    ({isOff, servers}) => !isOff && servers.some(({address}) => isServed(topology, address)),
  )
  const writers = leading.filter(proxy => !isForReading(proxy) && !neverLeads(proxy))
  const primary = writers.find(({check}) => asksWhoLeads(check)) ?? writers[0]
  if (primary === undefined) {
    const place = leading[0]?.section.place ?? {file, line: 1, column: 1}
    const says = "no entry of this file leads to the leader: one asks /primary of Patroni's REST API"
    return {settings: {}, wrong: [{place, says}]}
  }
  const replicas = leading.find(proxy => proxy !== primary && isForReading(proxy))
  const own = replicas === undefined ? [primary] : [primary, replicas]
  const wrong = [
    ...own.flatMap(proxy => entryMistakes(proxy, topology)),
    ...missingMembers(primary, topology),
    ...otherTimes(own),
  ]
  if (wrong.length > 0) return {primary, replicas, settings: {}, wrong}
  return {primary, replicas, settings: settingsOf(primary, replicas, written, topology, portsIn(proxies)), wrong}
}

function isServed(topology: Topology, {host, port}: {readonly host: string; readonly port: number | undefined}) {
  return hostsWith(topology, 'patroni').includes(host) && port === portOf(topology, host, servedAt(topology, host))
}

/** Whoever is asked this never says yes while it leads. */
function neverLeads({check, servers}: HaproxyProxy): boolean {
  return servers.some(isChecked) && ['replicas', 'nobody'].includes(roleAsked(check) ?? '')
}

/** What an entry needs so that clients of PostgreSQL come through it. */
function entryMistakes(proxy: HaproxyProxy, topology: Topology): Wrong[] {
  const {binds, mode, entrance, section, servers, check} = proxy
  const inTls = entrance.find(({words}) => words[0]?.text === 'bind' && words.some(({text}) => text === 'ssl'))
  const rest = portNumber(topology, 'patroni')
  const hosts = servers.map(({address}) => address.host)
  return [
    ...(mode?.words[1]?.text === 'http' ? [{place: mode.place, says: 'clients of PostgreSQL speak no HTTP'}] : []),
    ...(inTls === undefined
      ? []
      : [{place: inTls.place, says: 'clients of PostgreSQL begin in the clear: TLS is that of the server behind'}]),
    ...(binds.some(({host, port}) => isWildcard(host) && port !== undefined)
      ? []
      : [{place: section.place, says: 'no client of another host comes in here: it binds no `*:PORT`'}]),
    ...servers.flatMap((server): Wrong[] => {
      const {place, address, options} = server
      const strange = [...options.keys()].find(key => Object.hasOwn(notForServers, key))
      const wanted = hostsWith(topology, 'patroni').includes(address.host)
        ? portOf(topology, address.host, servedAt(topology, address.host))
        : undefined
      const asked = check?.asksHttp === true && isChecked(server) ? checkPort(server, check) : undefined
      return [
        ...(wanted === address.port || !topology.hosts.some(({name}) => name === address.host)
          ? []
          : [{place, says: `${address.text} is not where clients come in: ${whereIn(address.host, wanted)}`}]),
        ...(asked === undefined || asked === rest
          ? []
          : [
              {
                place,
                says: `it asks port ${asked}, and Patroni's REST API of this lab listens on ${rest} (patroni.port)`,
              },
            ]),
        ...(hosts.indexOf(address.host) === hosts.lastIndexOf(address.host)
          ? []
          : [{place, says: `two servers of one entry are on ${address.host}: nobody could tell them apart`}]),
        ...(strange === undefined
          ? []
          : [{place: options.get(strange)?.place ?? place, says: notForServers[strange]!}]),
      ]
    }),
  ]
}

function whereIn(host: HostName, port: number | undefined): string {
  return port === undefined ? `${host} runs no PostgreSQL` : `on ${host} that is port ${port}`
}

const notForServers: Readonly<Record<string, string>> = {
  resolvers: 'this server would be looked up at a name server, and the lab has none',
  'send-proxy': 'PostgreSQL does not understand the PROXY protocol',
  'send-proxy-v2': 'PostgreSQL does not understand the PROXY protocol',
  ssl: 'PostgreSQL begins in the clear: TLS to the server is that of its client (for the check, say `check-ssl`)',
}

/** Whoever may lead has to be found when it does. */
function missingMembers({servers, section}: HaproxyProxy, topology: Topology): Wrong[] {
  const {tags = {}} = topology
  const missing = hostsWith(topology, 'patroni').filter(
    host => tags[host]?.nofailover !== true && !servers.some(({address}) => address.host === host),
  )
  // One that is no host of the lab may stand for it.
  const hasStranger = servers.some(({address}) => !topology.hosts.some(({name}) => name === address.host))
  const says = `${missing.join(' and ')} may lead, and no server of this entry is there`
  return missing.length === 0 || hasStranger ? [] : [{place: section.place, says}]
}

/** The timing model has one set of times: a bound from others would be a wrong verdict. */
function otherTimes(own: readonly HaproxyProxy[]): Wrong[] {
  const all = own.flatMap(proxy =>
    proxy.servers.filter(isChecked).map(server => ({server, times: checkTimings(proxy, server)})),
  )
  const [first, ...others] = all
  if (first === undefined) return []
  return others.flatMap(({server, times}) => {
    const key = (Object.keys(timeWords) as (keyof CheckTimings)[]).find(one => times[one] !== first.times[one])
    if (key === undefined) return []
    const says = `${timeWords[key]} is not what line ${first.server.place.line} has: the timing model knows one for all servers of both entries`
    return [{place: server.place, says}]
  })
}

/** The longest that a lab can say; HAProxy without a limit has none. */
const longestMs = 86_400_000

function settingsOf(
  primary: HaproxyProxy,
  replicas: HaproxyProxy | undefined,
  written: Haproxy,
  topology: Topology,
  theirs: ReadonlySet<number>,
): Haproxy {
  const server = primary.servers.find(isChecked) ?? primary.servers[0]!
  const times = checkTimings(primary, server)
  const ms = (value: number) => Math.min(longestMs, Math.round(value))
  const taken = new Set([
    ...theirs,
    ...hostsWith(topology, 'haproxy').flatMap(host =>
      portsOn(topology, host).flatMap(({name, number}) => (labPorts.includes(name) ? [] : [number])),
    ),
  ])
  const replicasPort = replicas === undefined ? (written.replicas_port ?? freeFrom(5001, taken)) : portIn(replicas)
  const statsPort = written.stats_port ?? freeFrom(7000, new Set([...taken, replicasPort]))
  const {retries, redispatch, tcpka, maxconn} = lettingIn(primary)
  const balance = balances.find(one => one === (replicas === undefined ? 'roundrobin' : balanceOf(replicas)))
  return {
    ...{port: portIn(primary), replicas_port: replicasPort, stats_port: statsPort},
    ...{inter: ms(times.interMs), fastinter: ms(times.fastinterMs), downinter: ms(times.downinterMs)},
    ...{fall: times.fall, rise: times.rise, on_marked_down: times.onMarkedDown},
    ...{timeout_connect: ms(times.connectTimeoutMs), timeout_check: ms(times.checkTimeoutMs)},
    ...{timeout_client: ms(times.clientTimeoutMs), timeout_server: ms(times.serverTimeoutMs)},
    ...checkOf('check_primary', primary, '/primary'),
    ...(replicas === undefined ? {} : checkOf('check_replicas', replicas, '/replica')),
    check_tls: checksInTls(server, primary.check),
    ...{retries, redispatch},
    ...(tcpka === undefined ? {} : {tcpka}),
    ...(maxconn === undefined ? {} : {maxconn}),
    ...(balance === undefined || balance === 'roundrobin' ? {} : {balance}),
  }
}

export const labPorts: readonly string[] = ['primary', 'replicas', 'stats']

/** Of all its listeners. */
function portsIn(proxies: readonly HaproxyProxy[]): ReadonlySet<number> {
  return new Set(proxies.flatMap(({binds}) => binds.flatMap(({port}) => (port === undefined ? [] : [port]))))
}

function portIn({binds}: HaproxyProxy): number {
  const port = binds.find(({host, port: one}) => isWildcard(host) && one !== undefined)?.port
  if (port === undefined) throw new TypeError('an entry without a port was refused before')
  return port
}

function freeFrom(first: number, taken: ReadonlySet<number>): number {
  let port = first
  while (taken.has(port)) port++
  return port
}

/** A path that the lab has no words for is told as the question that it is. */
function checkOf(key: 'check_primary' | 'check_replicas', proxy: HaproxyProxy, usual: string): Haproxy {
  const {check, servers} = proxy
  if (!servers.some(isChecked)) return {[key]: 'none'}
  // A query that PostgreSQL answers is told as the question that it is, too.
  if (check?.asksHttp !== true) return asksWhoLeads(check) && key === 'check_primary' ? {} : {[key]: 'tcp'}
  const path =
    check.body === undefined && !isTurned(check) ? check.path.replace(/^https?:\/\/[^/]*/, '') || '/' : sameAs(check)
  if (path === usual) return {}
  return {[key]: haproxyCheck.safeParse(path).success ? path : asksWhoLeads(check) ? usual : 'tcp'}
}

/** The question to which those say yes that are chosen by a word in the body of an answer, or by its 503. */
function sameAs(check: HaproxyCheck): string {
  const role = roleAsked(check)
  if (role === 'primary' || role === 'leader') return `/${role}`
  return role === 'replicas' ? '/replica' : 'tcp'
}
