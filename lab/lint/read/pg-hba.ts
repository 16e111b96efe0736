/** Lines of pg_hba.conf as they stand in a patroni.yml, and who gets in by them. */
import {BlockList, isIP} from 'node:net'
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

export interface Hba {
  readonly place: Place
  readonly lines: readonly HbaLine[]
  /** They are what all members have, as far as none has its own. */
  readonly isShared: boolean
}

/** The lines that count for this member; undefined where it has none, or some for each role, or a file of its own. */
export function hbaOf(patroni: PatroniFile, dynamic: readonly DynamicFile[] = []): Hba | undefined {
  const shared = dynamic[0]?.root ?? patroni.dcs
  const maps = [mapAt(patroni.root, 'postgresql'), mapAt(shared, 'postgresql'), mapAt(patroni.root, 'bootstrap')]
  if (maps.some(map => map?.entries.some(({key}) => /^pg_hba_/.test(key)))) return undefined
  const place = maps.flatMap(map => map?.entries.find(({key}) => key === 'pg_hba')?.place ?? [])[0]
  const list = maps.map(map => nodeAt(map, 'pg_hba')).find(node => node !== undefined)
  const isShared = nodeAt(maps[0], 'pg_hba') === undefined && nodeAt(maps[1], 'pg_hba') !== undefined
  if (list?.kind !== 'list' || place === undefined) return undefined
  const lines = listAt(list).map(hbaLine)
  return lines.some(line => line === undefined)
    ? undefined
    : {place, lines: lines.filter(line => line !== undefined), isShared}
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

/** The lines by which somebody is let in, by address, where each is for one; undefined where one is for more or for a name, which may have several. */
export function byAddress(
  lines: readonly HbaLine[],
  visitor: Omit<Visitor, 'address'>,
): ReadonlyMap<string, HbaLine> | undefined {
  const letIn = lines.filter(
    line => line.method !== 'reject' && matching(line, {...visitor, address: undefined}) !== 'no',
  )
  const each = letIn.flatMap(line => {
    const address = oneAddress(line.address ?? '')
    return address === undefined ? [] : [[address, line] as const]
  })
  // Of several lines for one the first counts.
  return each.length < letIn.length ? undefined : new Map(each.toReversed())
}

/** Undefined for a network, a name, or everybody. */
export function oneAddress(written: string): string | undefined {
  const [address = '', mask] = written.split('/')
  const family = isIP(address)
  const all = family === 4 ? 32 : 128
  const bits = isIP(mask ?? '') === 4 ? bitsOf(mask ?? '') : Number(mask ?? all)
  return family === 0 || bits !== all ? undefined : address.toLowerCase()
}

/** Whether an address is one of those that a line is for; of names nobody knows. */
export function isWithin(written: string, address: string): 'yes' | 'no' | 'perhaps' {
  if (written === 'all') return 'yes'
  const [network = '', mask] = written.split('/')
  const [net, own] = [isIP(network), isIP(address)]
  if (net === 0 || own === 0) return 'perhaps'
  // A line for addresses of IPv6 is for none of IPv4, also ::/0 (PostgreSQL, auth-pg-hba-conf).
  if (net !== own) return 'no'
  const family = net === 4 ? 'ipv4' : 'ipv6'
  const all = net === 4 ? 32 : 128
  const bits = isIP(mask ?? '') === 4 ? bitsOf(mask ?? '') : Number(mask ?? all)
  if (!(Number.isInteger(bits) && bits >= 0 && bits <= all)) return 'perhaps'
  const block = new BlockList()
  block.addSubnet(network, bits, family)
  return block.check(address, family) ? 'yes' : 'no'
}

/** Of a mask such as 255.255.0.0. */
function bitsOf(mask: string): number {
  return mask
    .split('.')
    .map(part => Number(part).toString(2).replaceAll('0', '').length)
    .reduce((sum, bits) => sum + bits, 0)
}
