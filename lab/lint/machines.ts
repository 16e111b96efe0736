/** Which words of somebody's files mean one machine: what runs beside PostgreSQL dies with it, and is not to be taken for a host of its own. */

import {bindsOf} from '../haproxy/proxies.ts'
import {isAddress, isLoopback, isWildcard, sameHost} from '../words/place.ts'
import {memberAddresses, postgresProxies} from './members.ts'
import {blocksOf, valueIn} from './read/keepalived.ts'
import type {PatroniFile} from './read/patroni.ts'
import type {Files} from './read/read.ts'
import {isSharing, sharingOf} from './vrrp.ts'

/** Whether `other` is a word for the machine of this member, as far as files tell. */
export function isMachineOf(files: Files, member: string, other: string): boolean {
  const ofServers = postgresProxies(files).flatMap(({servers}) =>
    servers.flatMap(({name, address}) => (sameHost(address.host, member) ? [name] : [])),
  )
  const own = files.patroni.filter(file => isFileOf(file, member))
  const ofFiles = own.flatMap(({name}) => (name === undefined ? [] : [name.text]))
  // What has a name in a proxy has that one; two files may have one name by mistake.
  const names = ofServers.length > 0 ? ofServers : ofFiles
  return [member, ...names, ...own.flatMap(addressesOf)].some(one => sameMachine(one, other))
}

/** Whether a patroni.yml is that of this member, who may be named there by the address of the REST API alone. */
export function isFileOf(file: PatroniFile, member: string): boolean {
  const all = addressesOf(file)
  if (all.length === 0) return file.name !== undefined && sameHost(file.name.text, member)
  return all.some(one => sameMachine(one, member)) || file.name?.text === member
}

/** What the other members are told of it; each may be a name or an address. */
function addressesOf({address, restapi}: PatroniFile): readonly string[] {
  return [address?.host, restapi.address?.host].filter(host => host !== undefined && isReached(host)) as string[]
}

function isReached(host: string): boolean {
  return !isLoopback(host) && !isWildcard(host)
}

/** A name without its domain is the same machine. */
function sameMachine(a: string, b: string): boolean {
  const [short, long] = a.length < b.length ? [a, b] : [b, a]
  const isShort = !short.includes('.') && !isAddress(short) && !isAddress(long)
  return sameHost(a, b) || (isShort && long.toLowerCase().startsWith(`${short.toLowerCase()}.`))
}

/** The host of each proxy in the lab: that of the member beside which it runs, or one of its own. */
export function proxyNames(files: Files, members: readonly string[], assumed: string[]): readonly string[] {
  const beside = besideProxies(files, members)
  const isBeside = beside.some(one => one !== undefined)
  const isShut = isBeside && hasPortOfMember(files)
  if (isShut)
    assumed.push(
      "HAProxy runs on PostgreSQL's hosts, on a port that PostgreSQL has there at another address: in the lab it has hosts of its own, and does not die with PostgreSQL.",
    )
  return beside.map((one, index) =>
    one === undefined || isShut ? `proxy${index + 1}` : `node${members.indexOf(one) + 1}`,
  )
}

/** Of each proxy the member beside which it runs; undefined: a host of its own, or nobody knows. */
function besideProxies(files: Files, members: readonly string[]): readonly (string | undefined)[] {
  const sharing = sharingOf(files)
  const member = (host: string) => members.find(one => isMachineOf(files, one, host))
  const found = isSharing(sharing)
    ? vrrpAddresses(files).map(member).slice(0, sharing.count)
    : files.haproxy.map(
        ({sections}) =>
          sections.flatMap(section =>
            bindsOf(section).flatMap(({host}) => (isReached(host) ? (member(host) ?? []) : [])),
          )[0],
      )
  const count = isSharing(sharing) ? sharing.count : Math.max(1, files.haproxy.length)
  const places = Array.from({length: count}, (_, index) => found[index])
  // Two of them on one machine are one, or a mistake.
  return places.map((one, index) => (places.indexOf(one) === index ? one : undefined))
}

/** In the order of the priorities, peers without a file of their own last. */
function vrrpAddresses(files: Files): readonly string[] {
  const sharing = sharingOf(files)
  if (!isSharing(sharing)) return []
  const own = sharing.group.map(({block}) => valueIn(block, 'unicast_src_ip')?.text ?? '')
  const peers = sharing.group.flatMap(({block}) =>
    blocksOf(block, 'unicast_peer').flatMap(({lines}) =>
      lines.flatMap(([first]) => (first === undefined ? [] : [first.text])),
    ),
  )
  return [...own, ...new Set(peers.filter(one => !own.includes(one)))]
}

/** Whether no file says of the proxies that have a host of their own in the lab where they run. */
export function isProxyPlaceUntold(files: Files): boolean {
  if (isSharing(sharingOf(files)) && vrrpAddresses(files).every(one => one !== '')) return false
  return files.haproxy.some(
    ({sections}) => !sections.some(section => bindsOf(section).some(({host}) => isReached(host))),
  )
}

/** A port that a proxy has and a member too, which the two cannot have on one host of a lab. */
function hasPortOfMember(files: Files): boolean {
  const taken = new Set(memberAddresses(files).flatMap(({port}) => port ?? []))
  return postgresProxies(files).some(({binds}) => binds.some(({port}) => port !== undefined && taken.has(port)))
}

/** Whether members and members of etcd are named in ways that nobody can compare: one by addresses, the other by names. */
export function isEtcdPlaceUntold(files: Files, members: readonly string[], others: readonly string[]): boolean {
  const words = members.map(member => [
    member,
    ...files.patroni.filter(file => isFileOf(file, member)).flatMap(addressesOf),
  ])
  return others.some(other => words.some(all => all.every(one => isAddress(one) !== isAddress(other))))
}
