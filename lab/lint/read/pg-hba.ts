/** Lines of pg_hba.conf as they stand in a patroni.yml, and who gets in by them. */

import {BlockList, isIP, isIPv6} from 'node:net'
import {isAddress, isLoopback, type Place, type Word} from '../../words/place.ts'
import type {DynamicFile, PatroniFile} from './patroni.ts'
import {listAt, mapAt, nodeAt} from './yaml-path.ts'

export interface HbaLine {
  readonly place: Place
  readonly text: string
  readonly type: string
  /** One in double quotes that would mean more than a name without them has them yet, e.g. `"all"`. */
  readonly databases: readonly string[]
  readonly users: readonly string[]
  /** None on a `local` line. */
  readonly address: string | undefined
  readonly method: string
}

/** The lines that count for this member; undefined where it has none, or some for each role, or a file of its own. */
export function hbaOf(
  patroni: PatroniFile,
  dynamic: readonly DynamicFile[] = [],
): {readonly place: Place; readonly lines: readonly HbaLine[]} | undefined {
  const shared = dynamic[0]?.root ?? patroni.dcs
  const maps = [mapAt(patroni.root, 'postgresql'), mapAt(shared, 'postgresql'), mapAt(patroni.root, 'bootstrap')]
  if (maps.some(map => map?.entries.some(({key}) => /^pg_hba_/.test(key)))) return undefined
  const place = maps.flatMap(map => map?.entries.find(({key}) => key === 'pg_hba')?.place ?? [])[0]
  const list = maps.map(map => nodeAt(map, 'pg_hba')).find(node => node !== undefined)
  if (list?.kind !== 'list' || place === undefined) return undefined
  const lines = listAt(list).map(hbaLine)
  return lines.some(line => line === undefined) ? undefined : {place, lines: lines.filter(line => line !== undefined)}
}

/** Undefined for what is not understood here, such as an include. */
function hbaLine({text, place}: Word): HbaLine | undefined {
  const [type = '', databases = '', users = '', ...more] =
    text.replace(/(^|\s)#.*$/, '').match(/"[^"]*"(?:,\S*)?|\S+/g) ?? []
  if (!/^(local|host|hostssl|hostnossl|hostgssenc|hostnogssenc)$/.test(type)) return undefined
  const isLocal = type === 'local'
  // 10.0.0.0 255.0.0.0 is one address in two words.
  const hasMask = !isLocal && isAddress(more[1] ?? '')
  const address = isLocal ? undefined : hasMask ? `${more[0]}/${more[1]}` : more[0]
  const method = more[isLocal ? 0 : hasMask ? 2 : 1]
  if (method === undefined) return undefined
  return {place, text, type, databases: names(databases), users: names(users), address, method: method.toLowerCase()}
}

/** What quotes take the meaning from (PostgreSQL, auth-pg-hba-conf); a pattern, which begins with a slash, keeps it. */
const meaningful = /^(all|sameuser|samerole|samegroup|replication|[+@].*)$/

function names(written: string): readonly string[] {
  return written.split(',').map(one => {
    const plain = one.replaceAll('"', '')
    return one !== plain && meaningful.test(plain) ? `"${plain}"` : plain
  })
}

/** Of an address that only the server's own host has, from which no other member comes. */
export function isOwnHost(address: string): boolean {
  return address === 'samehost' || isLoopback(address.replace(/\/.*$/, ''))
}

/** Who comes from another host. */
interface Visitor {
  readonly database: string
  readonly user: string
  /** Undefined: from anywhere that a line is for. */
  readonly address: string | undefined
}

/** Whether PostgreSQL surely refuses this one; false where it lets in or the lines do not tell. */
export function isLockedOut(lines: readonly HbaLine[], visitor: Visitor): boolean {
  for (const line of lines) {
    const fits = matching(line, visitor)
    if (fits === 'no') continue
    // hostssl is for some connections, a host's name for some addresses: a later line may be the one.
    if (line.method !== 'reject') return false
    if (fits === 'yes' && line.type === 'host') return true
  }
  return true
}

function matching(line: HbaLine, {database, user, address}: Visitor): 'yes' | 'no' | 'perhaps' {
  if (line.type === 'local') return 'no'
  const all = [
    among(line.databases, database, database === 'replication' ? [] : ['all']),
    among(line.users, user, ['all']),
    isOwnHost(line.address ?? '') ? 'no' : address === undefined ? 'perhaps' : isWithin(line.address ?? '', address),
  ]
  return all.includes('no') ? 'no' : all.includes('perhaps') ? 'perhaps' : 'yes'
}

function among(names: readonly string[], name: string, everybody: readonly string[]): 'yes' | 'no' | 'perhaps' {
  if (names.some(one => one === name || everybody.includes(one))) return 'yes'
  // Groups, patterns, files: sameuser and its like are no replication.
  return names.some(one => /^[+/@]/.test(one)) ? 'perhaps' : 'no'
}

/** Whether an address is one of those that a line is for; of names nobody knows. */
export function isWithin(written: string, address: string): 'yes' | 'no' | 'perhaps' {
  if (written === 'all') return 'yes'
  const [network = '', mask = network.includes(':') ? '128' : '32'] = written.split('/')
  if (isIPv6(network) !== isIPv6(address) && isIP(network) !== 0 && isIP(address) !== 0) return 'no'
  if (isIPv6(network) && isIPv6(address)) return isInSubnet(network, Number(mask), address)
  if (/^0\.0\.0\.0\/(0|0\.0\.0\.0)$/.test(written)) return 'yes'
  const [net, own] = [numberOf(network), numberOf(address)]
  if (net === undefined || own === undefined) return 'perhaps'
  const bits =
    numberOf(mask) === undefined ? Number(mask) : (numberOf(mask) ?? 0).toString(2).replaceAll('0', '').length
  const size = 2 ** (32 - Math.min(32, Math.max(0, bits)))
  return Math.floor(net / size) === Math.floor(own / size) ? 'yes' : 'no'
}

/** A mask that is written as an address is not read. */
function isInSubnet(network: string, bits: number, address: string): 'yes' | 'no' | 'perhaps' {
  if (!(bits >= 0 && bits <= 128)) return 'perhaps'
  const list = new BlockList()
  list.addSubnet(network, bits, 'ipv6')
  return list.check(address, 'ipv6') ? 'yes' : 'no'
}

function numberOf(address: string): number | undefined {
  const parts = address.split('.').map(Number)
  if (parts.length !== 4 || parts.some(part => !(part >= 0 && part <= 255))) return undefined
  return parts.reduce((sum, part) => sum * 256 + part, 0)
}
