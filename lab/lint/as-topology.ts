/** The configuration of a running cluster as a topology: what decides how it fails over, and what of that nobody was told. */

import {roleAsked} from '../haproxy/check.ts'
import {checkTimings, type HaproxyProxy, type HaproxyServer, isChecked, missingLimits} from '../haproxy/proxies.ts'
import type {Tags} from '../topology/kept.ts'
import type {Written} from '../topology/settings.ts'
import {LabError} from '../words/errors.ts'
import {isLoopback, isWildcard, sameHost, sayPlace} from '../words/place.ts'
import {isDisabled, shut} from './letting-in.ts'
import {lint} from './lint.ts'
import {isEtcdPlaceUntold, isFileOf, isMachineOf, proxyNames} from './machines.ts'
import {choosing, memberAddresses, writing} from './members.ts'
import {misread, settingsTaken} from './misread.ts'
import {isPooler, poolerOf, usualPostgres} from './pooler.ts'
import {membersOf} from './read/etcd.ts'
import {
  type Dcs,
  dcsOf,
  neverLeads,
  neverSynchronous,
  synchronousOf,
  timingsOf,
  unreadSettings,
  watchdogMode,
} from './read/patroni.ts'
import type {PgbouncerDatabase} from './read/pgbouncer.ts'
import type {Files} from './read/read.ts'
import type {YamlMap} from './read/yaml.ts'
import {isOnAt, nodeAt, numberAt, wholeAt, wordAt} from './read/yaml-path.ts'
import {isSharing, sharingOf} from './vrrp.ts'

export interface AsTopology {
  /** As a lab.yaml would say it. */
  readonly written: Written
  /** What was not in the files, and what stands for it; each a sentence. */
  readonly assumed: readonly string[]
  /** The cluster is in maintenance mode. */
  readonly isPaused: boolean
}

/** @throws LabError `config` where the files do not tell what the members' timings are. */
export function asTopology(files: Files): AsTopology {
  mustBeOne(files)
  const paused = pausedIn(files)
  const assumed = [...paused, ...differing(files), ...misreadIn(files)]
  const [dcs] = dcsOf(files)
  if (dcs === undefined)
    throw new LabError('config', 'none of these files says the timings of Patroni', {
      hint: 'give a patroni.yml with bootstrap.dcs, or the output of `patronictl show-config`',
    })
  if (dcs.of !== undefined)
    assumed.push(
      `${dcs.of.file}: bootstrap.dcs is read once, when a cluster is made; what it runs with now is told by \`patronictl show-config\`, whose output can be given as well.`,
    )
  const patroni = {...dynamicOf(dcs), ...watchdogOf(files, assumed), ...forbiddenOf(files)}
  const written = {
    hosts: hostsOf(files, assumed),
    patroni,
    haproxy: haproxyOf(files, assumed),
    ...pgbouncerOf(files, assumed),
    ...keepalivedOf(files, assumed),
    ...retriesOf(files, dcs),
  }
  return {written, assumed, isPaused: paused.length > 0}
}

/** Members of two clusters make no topology: one of them would be told as if it had the hosts of both. */
function mustBeOne({patroni}: Files): void {
  const [first, ...others] = patroni.filter(({scope}) => scope !== undefined)
  const other = others.find(
    ({scope, namespace}) => scope?.text !== first?.scope?.text || namespace !== first?.namespace,
  )
  if (first === undefined || other === undefined) return
  const what = other.scope?.text === first.scope?.text ? 'namespace' : 'scope'
  const place = wordAt(other.root, what)?.place ?? other.root.place
  throw new LabError('config', `${sayPlace(place)}: another ${what} than in ${first.file}: these are two clusters`, {
    hint: 'give the files of one cluster',
  })
}

/** What each member may say otherwise, where one of them is taken for all; each a sentence. */
export function differing(files: Files): readonly string[] {
  const [shown, ...more] = files.dynamic
  if (shown !== undefined)
    return more
      .filter(({root}) => said(root) !== said(shown.root))
      .map(
        ({root}) =>
          `${sayPlace(root.place)}: this is not what ${shown.file} says, which is taken here: give the newer alone.`,
      )
  const [first, ...others] = dcsOf(files)
  const other = others.find(({map}) => said(map) !== said(first?.map))
  if (first === undefined || other === undefined) return []
  return [
    `${sayPlace(other.place)}: bootstrap.dcs is not that of ${first.of?.file}, which is taken here: what the cluster runs with is what the member had that began it, and \`patronictl show-config\` tells it.`,
  ]
}

/** Said before all else: none, or a sentence. */
export function pausedIn(files: Files): readonly string[] {
  const [dcs] = dcsOf(files)
  const place = nodeAt(dcs?.map, 'pause')?.place
  return place === undefined || isOnAt(dcs?.map, 'pause') !== true
    ? []
    : [
        `${sayPlace(place)}: the cluster is paused: Patroni promotes nobody and starts no PostgreSQL by itself until \`patronictl resume\`; what is said of failovers here holds after that.`,
      ]
}

/** Who may not take over; of the other tags none has a part in when somebody does. */
function forbiddenOf(files: Files): Pick<Patroni, 'tags'> {
  const hosts = hostsBehind(files)
  const tags = files.patroni.flatMap((file): [string, Tags][] => {
    const host = hosts.find(({theirs}) => isFileOf(file, theirs))?.host
    const own = file.tags
    const said = {
      ...(neverLeads(own) ? {nofailover: true} : {}),
      ...(neverSynchronous(own) ? {nosync: true} : {}),
    }
    return host === undefined || Object.keys(said).length === 0 ? [] : [[host, said]]
  })
  return tags.length === 0 ? {} : {tags: Object.fromEntries(tags)}
}

/** Each a sentence, without the value, which may be anything. */
function misreadIn(files: Files): readonly string[] {
  const all = Map.groupBy(misread(files), ({key, taken}) => `${key} has a value that Patroni takes as ${taken}`)
  return [...all].map(([says, found]) => {
    const more = found.length > 1 ? ` and ${found.length - 1} more` : ''
    return `${sayPlace(found[0]!.place)}${more}: ${says}, and so it is here (\`lint\` says why).`
  })
}

function said(map: YamlMap | undefined): string {
  return map === undefined ? '' : JSON.stringify(settingsTaken(map))
}

/** How soon a standby asks for WAL again is a part of the failover. */
function retriesOf({patroni: [first]}: Files, {map}: Dcs): Pick<Written, 'postgresql'> {
  const key = 'wal_retrieve_retry_interval'
  const said = wordAt(first?.root, 'postgresql', 'parameters', key) ?? wordAt(map, 'postgresql', 'parameters', key)
  return said === undefined ? {} : {postgresql: {parameters: {[key]: said.text}}}
}

type Patroni = NonNullable<Written['patroni']>

function dynamicOf({map}: Dcs): Patroni {
  const [timings, unread] = [timingsOf(map), unreadSettings(map)]
  if (timings === undefined || unread.length > 0)
    throw new LabError('config', unread.map(one => `${sayPlace(one.place)}: ${one.says}`).join('\n'))
  // Patroni before 3.0 had another name for it.
  const start = numberAt(map, ['primary_start_timeout']) ?? numberAt(map, ['master_start_timeout'])
  const lag = numberAt(map, ['maximum_lag_on_failover'])
  return {
    ...{ttl: timings.ttl, loop_wait: timings.loopWait, retry_timeout: timings.retryTimeout},
    synchronous_mode: synchronousOf(map),
    failsafe_mode: isOnAt(map, 'failsafe_mode') === true ? 'on' : 'off',
    ...(start === undefined ? {} : {primary_start_timeout: start}),
    ...(lag === undefined ? {} : {maximum_lag_on_failover: lag}),
  }
}

function watchdogOf({patroni}: Files, assumed: string[]): Patroni {
  const [first] = patroni
  const mode = watchdogMode(first?.root)
  const margin = wholeAt(first?.root, 'watchdog', 'safety_margin')
  const isRequired = first !== undefined && mode === 'required'
  if (first !== undefined && mode === 'automatic')
    assumed.push(
      `${first.file}: the watchdog is ${wordAt(first.root, 'watchdog', 'mode') === undefined ? 'not spoken of, so Patroni uses one' : 'used'} where the host has a device; none is counted on here.`,
    )
  return {
    watchdog: isRequired ? 'required' : 'off',
    ...(margin === undefined ? {} : {watchdog_safety_margin: Math.max(0, margin)}),
  }
}

/** Which of their hosts each host of the lab stands for; etcd may be beside a member. */
export function hostsBehind(files: Files): readonly {readonly host: string; readonly theirs: string}[] {
  const members = membersIn(files)
  const others = etcdIn(files, members, []).filter(host => !members.some(member => isMachineOf(files, member, host)))
  return [
    ...members.map((theirs, index) => ({host: `node${index + 1}`, theirs})),
    ...others.map((theirs, index) => ({host: `etcd${index + 1}`, theirs})),
  ]
}

/** Members first, in the order in which the files have them. */
function hostsOf(files: Files, assumed: string[]): NonNullable<Written['hosts']> {
  const members = membersIn(files)
  if (members.length === 0)
    throw new LabError('config', 'none of these files names a member of the cluster', {
      hint: 'give the patroni.yml of each member, or a haproxy.cfg that names them',
    })
  const etcd = etcdIn(files, members, assumed)
  const others = etcd.filter(host => !members.some(member => isMachineOf(files, member, host)))
  const isMember = (host: string) => etcd.some(one => isMachineOf(files, host, one))
  if (members.length === 1) assumed.push('Only one member is named: nobody can take over from it.')
  if (files.haproxy.length === 0) assumed.push(noProxy)
  if (isEtcdPlaceUntold(files, members, others)) assumed.push(etcdApart)
  const pooler = poolerOf(files)
  const pools = (stands: 'beside' | 'before') =>
    isPooler(pooler) && pooler.stands === stands ? (['pgbouncer'] as const) : []
  const proxy = [
    'haproxy',
    ...pools('before'),
    ...(isSharing(sharingOf(files)) ? (['keepalived'] as const) : []),
  ] as const
  const proxies = proxyNames(files, members, assumed)
  return {
    ...Object.fromEntries(
      members.map((host, index) => [
        `node${index + 1}`,
        [
          ...(isMember(host) ? (['etcd'] as const) : []),
          'patroni',
          ...pools('beside'),
          ...(proxies.includes(`node${index + 1}`) ? proxy : []),
        ] as const,
      ]),
    ),
    ...Object.fromEntries(others.map((_, index) => [`etcd${index + 1}`, ['etcd'] as const])),
    ...Object.fromEntries(proxies.filter(name => name.startsWith('proxy')).map(name => [name, proxy])),
    app1: ['client'],
  } as NonNullable<Written['hosts']>
}

const etcdApart =
  'Members of the cluster and of etcd are named in ways that do not tell which of them are one machine: etcd has hosts of its own here. Where yours dies with PostgreSQL, give files that name both alike (restapi.connect_address), or write `etcd` before `patroni` in the lists of hosts.'

/** None where no host runs it. */
function pgbouncerOf(files: Files, assumed: string[]): Pick<Written, 'pgbouncer'> {
  const pooler = poolerOf(files)
  if (!isPooler(pooler)) return {}
  const {file, by, isNear, stands} = pooler
  if (!isNear && by !== undefined)
    assumed.push(
      `${sayPlace(by.place)}: this pooler leads to another host, which is taken to be a proxy's; in the lab it stands beside each proxy. Where yours has hosts of its own, write one into the list of hosts: \`pool1: [pgbouncer]\`.`,
    )
  else if (stands === 'before' && by !== undefined && isPortOfMember(files, by))
    assumed.push(
      `${sayPlace(by.place)}: this port of the pooler's own host is a proxy's and a PostgreSQL's: it is taken to stand beside a proxy, from where it follows the leader. One beside a PostgreSQL leads to that one, whoever leads the cluster: its clients would be worse off than in this lab.`,
    )
  else if (stands === 'beside' && files.haproxy.length === 0)
    assumed.push(`${file.file}: HAProxy is taken to lead to this pooler, which stands beside each PostgreSQL.`)
  return {pgbouncer: pooler.settings}
}

function isPortOfMember(files: Files, {options}: PgbouncerDatabase): boolean {
  const port = Number(options.get('port') ?? usualPostgres)
  return memberAddresses(files).some(member => member.port === port)
}

/** None where no host runs it. */
function keepalivedOf(files: Files, assumed: string[]): Pick<Written, 'keepalived'> {
  const sharing = sharingOf(files)
  if (!isSharing(sharing)) return {}
  const {group, count, settings} = sharing
  const missing = count - group.length
  if (missing > 0)
    assumed.push(
      `${group[0]!.file.file}: ${count} hosts share the virtual address in the lab; of ${missing} of them no keepalived.conf is given, which ${missing === 1 ? 'has' : 'have'} the same settings and the next lower priority here.`,
    )
  const {priority = {}} = settings
  const named = proxyNames(files, membersIn(files), []).map((name, index) => [name, priority[`proxy${index + 1}`]!])
  return {keepalived: {...settings, priority: Object.fromEntries(named) as typeof priority}}
}

const noProxy = "No haproxy.cfg is given: the proxy's times are those of the lab's own."

/** A proxy names all of them; files may be given for some only. */
function membersIn(files: Files): readonly string[] {
  const said = files.patroni.map(({address, name}, index) => {
    const isSaid = address !== undefined && !isLoopback(address.host) && !isWildcard(address.host)
    return isSaid ? address.host : (name?.text ?? `member ${index + 1}`)
  })
  const served = choosing(files).map(({servers}) => distinct(servers.map(server => server.address.host)))
  return [distinct(said), ...served].toSorted((a, b) => b.length - a.length)[0] ?? []
}

function etcdIn(files: Files, members: readonly string[], assumed: string[]): readonly string[] {
  const cluster = files.etcd.map(file => distinct(membersOf(file).map(one => one.host)))
  const endpoints = files.patroni.map(({etcd}) => distinct((etcd?.endpoints ?? []).map(one => one.host)))
  const [most = []] = [...cluster, ...endpoints].toSorted((a, b) => b.length - a.length)
  if (most.length > 0 && !most.every(isLoopback)) return most.filter(host => !isLoopback(host))
  assumed.push(
    most.length > 0
      ? 'Patroni asks etcd on its own host: a member of one etcd cluster is taken to be beside each Patroni.'
      : 'No file says where etcd is: a member of it is taken to be beside each Patroni.',
  )
  return members
}

function haproxyOf(files: Files, assumed: string[]): NonNullable<Written['haproxy']> {
  const found = writing(files)
  if (found === undefined) {
    if (files.haproxy.length > 0)
      assumed.push(`No proxy of ${files.haproxy[0]!.file} leads to PostgreSQL: the lab's own times stand for it.`)
    return {}
  }
  const {proxy, server} = found
  assumed.push(...doubts(files, found), ...otherTimes(found), ...unlimited(proxy))
  const times = checkTimings(proxy, server)
  return {
    ...{
      inter: times.interMs,
      fastinter: times.fastinterMs,
      downinter: times.downinterMs,
      fall: times.fall,
      rise: times.rise,
    },
    ...{
      timeout_connect: times.connectTimeoutMs,
      timeout_check: times.checkTimeoutMs,
      on_marked_down: times.onMarkedDown,
    },
    timeout_client: Math.min(longestMs, times.clientTimeoutMs),
    timeout_server: Math.min(longestMs, times.serverTimeoutMs),
  }
}

/** The longest that a lab has for a session: a day. */
const longestMs = 86_400_000

function unlimited(proxy: HaproxyProxy): string[] {
  const missing = missingLimits(proxy).map(key => `timeout ${key}`)
  if (missing.length === 0) return []
  const all = missing.length === 1 ? missing[0] : `${missing.slice(0, -1).join(', ')} and ${missing.at(-1)}`
  return [
    `${sayPlace(proxy.section.place)}: ${all} ${missing.length === 1 ? 'is' : 'are'} not set, which to HAProxy means for ever: an idle session here has a day, the longest of a lab, and an attempt to connect has inter.`,
  ]
}

/** What makes the times say less than they seem to. */
function doubts(files: Files, {proxy, server, asks}: NonNullable<ReturnType<typeof writing>>): string[] {
  const closed = shut(files, proxy)
  const nobody =
    closed === undefined
      ? []
      : [
          `${sayPlace(closed.place)}: no client ever comes through to a server, whoever leads: nobody can write, and these times are as if clients could (${closed.why}).`,
        ]
  const isAsked = proxy.servers.some(isChecked)
  if (isAsked && roleAsked(proxy.check) === 'unknown')
    return [
      ...nobody,
      `${sayPlace(server.place)}: a question of your own decides who gets writers: these times are as if the leader did, soon after it is one.`,
    ]
  if (!asks || !isAsked)
    return [
      ...nobody,
      `${sayPlace(server.place)}: no entry asks who leads: writers may be led anywhere, and these times say nothing of that${lintSays(files, proxy)}.`,
    ]
  const always = proxy.servers.find(one => !isChecked(one) && !isDisabled(one))
  return always === undefined
    ? nobody
    : [
        ...nobody,
        `${sayPlace(always.place)}: this server is not asked whether it leads: writers may be led to it at any time, and these times say nothing of that${lintSays(files, proxy)}.`,
      ]
}

/** What reads well is not always a mistake: of an entry for replicas alone lint has nothing to say. */
function lintSays(files: Files, {section, lines}: HaproxyProxy): string {
  const places = new Set([section.place, ...lines.map(({place}) => place)].map(({file, line}) => `${file}:${line}`))
  const isSaid = lint(files).findings.some(
    ({rule, place}) => aboutRoles.test(rule.id) && places.has(`${place.file}:${place.line}`),
  )
  return isSaid ? ' (`lint` says why)' : ''
}

const aboutRoles =
  /^haproxy\/(no-role-check|static-order|check-(overridden|true-for-several|never-true|asks-another)|server-without-check|read-only-serves-primary)$/

function otherTimes({proxy, server}: NonNullable<ReturnType<typeof writing>>): string[] {
  const timesOf = (one: HaproxyServer) => JSON.stringify(checkTimings(proxy, one))
  const other = proxy.servers.find(one => isChecked(one) && timesOf(one) !== timesOf(server))
  return other === undefined
    ? []
    : [
        `${sayPlace(other.place)}: its check has other times than ${sayPlace(server.place)}, and these times are of that one.`,
      ]
}

function distinct(hosts: readonly string[]): string[] {
  return hosts.filter((host, index) => hosts.findIndex(one => sameHost(one, host)) === index)
}
