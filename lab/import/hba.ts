/** Lines of somebody's pg_hba as the lab's: its users, its addresses, in their order. Who is locked out there is locked out here. */
import {rewinding, streaming, type TooFew, tooFewAddresses} from '../lint/locked-out.ts'
import {isPooler, poolerOf} from '../lint/pooler.ts'
import {type HbaLine, hbaOf, isOwnHost, isWithin, oneAddress} from '../lint/read/pg-hba.ts'
import type {Files} from '../lint/read/read.ts'
import {isOnAt, nodeAt, wordAt} from '../lint/read/yaml-path.ts'
import type {HbaRule} from '../topology/hba.ts'
import {appDatabase, roles} from '../topology/topology.ts'
import {isAddress, type Place, sameHost, sayPlace} from '../words/place.ts'
import type {Change} from './change.ts'
import type {TheirWords} from './words.ts'

export interface FromHba {
  /** Undefined: nothing of theirs is taken, and the lab lets in all of its users. */
  readonly hba: readonly HbaRule[] | undefined
  readonly changes: readonly Change[]
  /** Each a sentence. */
  readonly notModelled: readonly string[]
  readonly assumed: readonly string[]
}

/** What is known of a host with PostgreSQL. */
interface Member {
  readonly address: string | undefined
  readonly names: readonly string[]
}

interface Cluster {
  /** Their users, each with those of the lab that stand for it. */
  readonly users: ReadonlyMap<string, readonly HbaRule['user'][]>
  /** By the host of the lab that stands for it. */
  readonly members: ReadonlyMap<string, Member>
  /** `elsewhere`: no file says it, and without it no replica would get in, as they do. */
  readonly ssl: 'on' | 'off' | 'elsewhere'
  /** Clients come through a pooler that comes through a socket: in the lab by the loopback address. */
  readonly isBySocket: boolean
}

const own = "users and addresses are the lab's own"

export function fromHba(files: Files, theirs: TheirWords): FromHba {
  const [first] = files.patroni
  const nothing = {hba: undefined, changes: [], notModelled: [], assumed: []}
  if (first === undefined) return nothing
  const found = hbaOf(first, files.dynamic)
  if (found === undefined) {
    const [somewhere] = placesOf(files)
    return somewhere === undefined
      ? {...nothing, assumed: ['No file says pg_hba: all users of the lab are let in, from everywhere.']}
      : {
          ...nothing,
          notModelled: [
            `${sayPlace(somewhere)}: pg_hba of yours is not all lines that are known here, or has some for each role: whom it locks out the lab lets in.`,
          ],
        }
  }
  const said = clusterOf(files, theirs)
  const cluster = isElsewhere(found.lines, said, files) ? {...said, ssl: 'elsewhere' as const} : said
  const lines = found.lines.map(line => mapped(line, cluster))
  const unlike = [
    ...lines.flatMap(({says}, index) => (says === undefined ? [] : [{says, place: found.lines[index]!.place}])),
    ...differing(files),
  ]
  return {
    hba: lines.flatMap(({rules}) => rules),
    changes: [
      ...lines.map(({why}, index): Change => {
        const {place} = found.lines[index]!
        return why === undefined
          ? {place, what: 'pg_hba', how: 'kept otherwise', why: own}
          : {place, what: 'pg_hba', how: 'dropped', why}
      }),
      ...placesOf(files)
        .filter(place => place.file === found.place.file && sayPlace(place) !== sayPlace(found.place))
        .map(
          (place): Change => ({place, what: 'pg_hba', how: 'dropped', why: 'another pg_hba counts for this member'}),
        ),
    ],
    notModelled: [
      ...letInByTheLab(files, cluster),
      ...[...Map.groupBy(unlike, ({says}) => says)].map(([says, all]) => {
        const places = [...new Set(all.map(({place}) => sayPlace(place)))]
        return `${places[0]}${places.length > 1 ? ` and ${places.length - 1} more` : ''}: ${says}.`
      }),
    ],
    assumed: [
      ...([...cluster.members.values()].some(({address}) => address === undefined)
        ? [
            'No file says which addresses all members have: lines of pg_hba for networks, and for single addresses of which no file says whose they are, are taken to be for every such member.',
          ]
        : []),
      ...(cluster.ssl === 'elsewhere'
        ? [
            `${sayPlace(found.place)}: only lines for TLS (hostssl) let replicas in, and no file says ssl: it is taken to be on in a postgresql.conf, and who is let in by them is let in by the lab, which has no TLS then.`,
          ]
        : []),
    ],
  }
}

/** Who is locked out by lines for too few addresses, of which nobody knows whose they are: each a sentence. */
function letInByTheLab(files: Files, {members}: Cluster): readonly string[] {
  const last = [...members].findLast(([, {address}]) => address === undefined)?.[0]
  const isUnknown = (one: string) => ![...members.values()].some(({address}) => address?.toLowerCase() === one)
  const say = (who: string, user: string, {place, database, addresses, coming, isOthers}: TooFew) => {
    const [only, out] = [addresses.length, coming - addresses.length]
    return (
      `${sayPlace(place)}: pg_hba lets ${who} in from ${only} ${only === 1 ? 'address' : 'addresses'} alone, no file says whose, and ` +
      `${coming} ${isOthers ? 'other members' : 'members'} have to come: at least ${out} ${out === 1 ? 'is' : 'are'} locked out, and in the lab none is. ` +
      `\`host ${database} ${user} ${last} reject\` as the first line of postgresql.pg_hba in the lab.yaml locks ${last} out (pg_hba).`
    )
  }
  const [first] = files.patroni
  return [[streaming, 'replicas', roles.replication] as const, [rewinding, 'pg_rewind', roles.rewind] as const].flatMap(
    ([coming, who, user]) =>
      tooFewAddresses(files, coming)
        .filter(({file, addresses}) => file === first?.file && last !== undefined && addresses.some(isUnknown))
        .map(one => say(who, user, one)),
  )
}

/** A cluster whose replicas get in by lines for TLS alone has TLS, whoever says it. */
function isElsewhere(lines: readonly HbaLine[], cluster: Cluster, files: Files): boolean {
  if (cluster.ssl === 'on' || parametersIn(files).some(node => nodeAt(node, 'ssl') !== undefined)) return false
  const letsIn = (ssl: Cluster['ssl']) =>
    lines.some(line =>
      mapped(line, {...cluster, ssl}).rules.some(
        ({database, method}) => database === 'replication' && method !== 'reject',
      ),
    )
  return !letsIn('off') && letsIn('elsewhere')
}

/** Where there is a pg_hba of whatever kind. */
function placesOf({patroni, dynamic}: Files): readonly Place[] {
  const has = (root: Parameters<typeof nodeAt>[0], ...above: readonly string[]) => {
    const map = nodeAt(root, ...above)
    return map?.kind === 'map' ? map.entries.find(({key}) => /^pg_hba/.test(key))?.place : undefined
  }
  const places = [
    ...patroni.flatMap(({root}) => [
      has(root, 'postgresql'),
      has(root, 'bootstrap'),
      has(root, 'bootstrap', 'dcs', 'postgresql'),
      wordAt(root, 'postgresql', 'parameters', 'hba_file')?.place,
    ]),
    ...dynamic.map(({root}) => has(root, 'postgresql')),
  ]
  return places.filter(place => place !== undefined)
}

function clusterOf(files: Files, theirs: TheirWords): Cluster {
  const [first] = files.patroni
  const name = (who: string) => wordAt(first?.root, 'postgresql', 'authentication', who, 'username')?.text
  const users = new Map<string, HbaRule['user'][]>()
  const stand = (user: string | undefined, ours: HbaRule['user']) => {
    if (user !== undefined) users.set(user, [...(users.get(user) ?? []), ours])
  }
  stand(name('replication'), roles.replication)
  // Without a user of its own pg_rewind comes as the superuser.
  stand(name('rewind') ?? name('superuser'), roles.rewind)
  const superuser = name('superuser')
  if (superuser !== undefined && !users.has(superuser)) users.set(superuser, [])
  const pooler = poolerOf(files)
  return {
    users,
    members: membersIn(theirs),
    ssl: parametersIn(files).some(node => isOnAt(node, 'ssl') === true) ? 'on' : 'off',
    isBySocket:
      isPooler(pooler) && pooler.stands === 'beside' && /^(\/|$)/.test(pooler.by?.options.get('host') ?? '127.0.0.1'),
  }
}

function membersIn({hosts}: TheirWords): Cluster['members'] {
  const named = [...hosts].filter(([, host]) => host.startsWith('node'))
  const of = (host: string) => named.flatMap(([word, one]) => (one === host ? [word] : []))
  return new Map(
    named.map(([, host]) => [
      host,
      {address: of(host).find(isAddress), names: of(host).filter(word => !isAddress(word))},
    ]),
  )
}

function parametersIn({patroni: [first], dynamic}: Files) {
  return [
    nodeAt(first?.root, 'postgresql', 'parameters'),
    nodeAt(dynamic[0]?.root ?? first?.dcs, 'postgresql', 'parameters'),
  ]
}

interface Mapped {
  readonly rules: readonly HbaRule[]
  /** Why it is dropped. */
  readonly why?: string
  readonly says?: string
}

function mapped(line: HbaLine, cluster: Cluster): Mapped {
  const drop = (why: string, says?: string): Mapped => ({rules: [], why, ...(says === undefined ? {} : {says})})
  const {type, method} = line
  const isOfPooler = type === 'local' && cluster.isBySocket && !/^(peer|ident)$/.test(method)
  if (type === 'local' && !isOfPooler) return drop("sockets are the lab's own")
  if (/gssenc/.test(type) && type !== 'hostnogssenc') return drop('nobody in the lab has GSSAPI')
  if (type === 'hostssl' && cluster.ssl === 'off') return drop('without `ssl` it is for nobody, as in yours')
  if (type === 'hostnossl' && method === 'reject' && cluster.ssl === 'elsewhere')
    return drop('who comes there comes in TLS, and in the lab without')
  const address = line.address ?? '127.0.0.1/32'
  // In the lab a cluster of IPv6 comes from other addresses, and from as many.
  const isOfMembers = [...cluster.members.values()].some(({address: own}) => own?.includes(':'))
  if (address.includes(':') && !isOfMembers) return drop('no member of yours has an address of IPv6')
  const from = sourcesOf(address, method === 'reject', cluster)
  const only = onlyFor(line, cluster)
  const rules = databasesOf(line).flatMap(database =>
    usersOf(line, cluster).flatMap(user =>
      rulesFor(database, user, from, methodOf(method)).map(one => ({...only, ...one})),
    ),
  )
  if (rules.length === 0) return drop('it is for nobody that the lab has')
  const says = saysOf(line, cluster)
  return {rules, ...(says === undefined ? {} : {says})}
}

/** Where theirs has TLS the lab's clients all come in it: who is let in only without is let in with it, too. */
function onlyFor({type, method}: HbaLine, {ssl}: Cluster): Pick<HbaRule, 'type'> {
  if (ssl !== 'on') return {}
  return type === 'hostssl' || (type === 'hostnossl' && method === 'reject') ? {type} : {}
}

function saysOf({type, method, text, users, address}: HbaLine, {ssl, members}: Cluster): string | undefined {
  if (users.some(name => /^[+/@]/.test(name)))
    return 'for whom a group, a pattern or a file is no file here says; in the lab it is for the users whose names fit, of a group for those whom the line would be for (pg_hba)'
  if (address !== undefined && isName(address) && [...whomFor(address, members).values()].includes('perhaps'))
    return 'which addresses have this name no file says; in the lab this line is for every member of which that may be and for clients (pg_hba)'
  if (!/^(reject|trust|md5|scram-sha-256|password)$/.test(method) || /\bclientcert=/.test(text))
    return 'who comes has to prove it otherwise than by a password; in the lab by its password (pg_hba)'
  return type === 'hostnossl' && ssl === 'on' && method !== 'reject'
    ? 'only without TLS is anybody let in by this; in the lab, whose clients all come in TLS, with it too (hostnossl)'
    : undefined
}

/** Of a host or, with a dot before it, of a domain. */
function isName(address: string): boolean {
  return !/^(all|samenet|samehost)$/.test(address) && !/^[\d.]+(\/[\d.]+)?$|:/.test(address)
}

function methodOf(method: string): HbaRule['method'] {
  return method === 'reject' || method === 'trust' || method === 'md5' || method === 'password'
    ? method
    : 'scram-sha-256'
}

function databasesOf({databases}: HbaLine): readonly HbaRule['database'][] {
  const ours = databases.map((name): HbaRule['database'] =>
    name === 'all' || name === 'replication' || name === 'postgres' ? name : appDatabase,
  )
  return [...new Set(ours)]
}

function usersOf({users, databases}: HbaLine, cluster: Cluster): readonly HbaRule['user'][] {
  const ours = users.flatMap((name): readonly HbaRule['user'][] => {
    if (name === 'all') return ['all']
    if (name.startsWith('/')) return fitting(name.slice(1), cluster)
    // Who is in it has come by this line: of replication only one user does.
    if (/^[+@]/.test(name)) return databases.includes('replication') ? [roles.replication] : [roles.app]
    return cluster.users.get(name) ?? [roles.app]
  })
  return [...new Set(ours)]
}

/** A pattern (PostgreSQL 16) is for whoever of the cluster's users has a name that fits, and for clients where none has. */
function fitting(pattern: string, {users}: Cluster): readonly HbaRule['user'][] {
  try {
    const isFor = new RegExp(pattern)
    const ours = [...users].filter(([name]) => isFor.test(name)).flatMap(([, one]) => one)
    return ours.length > 0 ? ours : [roles.app]
  } catch {
    return [roles.app] // PostgreSQL's patterns have words of their own
  }
}

interface Sources {
  /** `all` where each member is one. */
  readonly members: 'all' | readonly string[]
  readonly clients: boolean
  /** The server's own host, by its loopback address. */
  readonly isHere: boolean
}

/** A line that turns away is for clients only where it is for everybody: which addresses clients have nobody says. */
function sourcesOf(address: string, isReject: boolean, {members}: Cluster): Sources {
  const isAll = address === 'all' || /^(0\.0\.0\.0\/(0|0\.0\.0\.0)|::0?\/0)$/.test(address)
  if (isAll || address === 'samenet') return {members: 'all', clients: isAll || !isReject, isHere: false}
  if (isOwnHost(address)) return {members: [], clients: false, isHere: true}
  const whom = whomFor(address, members)
  const hosts = [...whom].flatMap(([host, is]) => (is === 'yes' || (is === 'perhaps' && !isReject) ? [host] : []))
  const isOneMember = isOfOne(address) && [...whom.values()].includes('yes')
  return {
    members: hosts.length === members.size ? 'all' : hosts,
    clients: !isReject && !isOneMember,
    isHere: false,
  }
}

/** Whether a line for this address, network or name is for each member. */
function whomFor(address: string, members: Cluster['members']): ReadonlyMap<string, 'yes' | 'no' | 'perhaps'> {
  const whom = [...members].map(([host, member]) => [host, isFor(address, member)] as const)
  const isSaid = isOfOne(address) && whom.some(([, is]) => is === 'yes')
  return new Map(whom.map(([host, is]) => [host, is === 'perhaps' && isSaid ? 'no' : is]))
}

function isFor(written: string, {address, names}: Member): 'yes' | 'no' | 'perhaps' {
  if (!isName(written)) return address === undefined ? 'perhaps' : isWithin(written, address)
  const isDomain = written.startsWith('.')
  if (names.some(name => (isDomain ? name.toLowerCase().endsWith(written.toLowerCase()) : sameHost(name, written))))
    return 'yes'
  return 'perhaps'
}

/** Of one host at most, as addresses are given; a domain has many. */
function isOfOne(address: string): boolean {
  return isName(address) ? !address.startsWith('.') : oneAddress(address) !== undefined
}

function rulesFor(
  database: HbaRule['database'],
  user: HbaRule['user'],
  {members, clients, isHere}: Sources,
  method: HbaRule['method'],
): readonly HbaRule[] {
  const of = (who: HbaRule['user'], address: string): HbaRule => ({database, user: who, address, method})
  if (isHere) return [of(user, '127.0.0.1/32')]
  if (members === 'all' && clients) return [of(user, 'all')]
  const ofMembers = members === 'all' ? ['all'] : members
  const inside = user === 'all' ? [roles.replication, roles.rewind] : user === roles.app ? [] : [user]
  return [
    ...inside.flatMap(who => ofMembers.map(address => of(who, address))),
    ...(clients && (user === 'all' || user === roles.app) ? [of(roles.app, 'all')] : []),
  ]
}

function differing(files: Files) {
  const [first, ...others] = files.patroni
  if (first === undefined) return []
  const said = (one: typeof first) => JSON.stringify(hbaOf(one, files.dynamic)?.lines.map(({text}) => text))
  return others
    .filter(other => said(other) !== said(first))
    .map(other => ({
      place: hbaOf(other, files.dynamic)?.place ?? other.root.place,
      says: `pg_hba is not what ${first.file} has; the lab has that for all members`,
    }))
}
