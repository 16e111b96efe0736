/** Lines of somebody's pg_hba as the lab's: its users, its addresses, in their order. Who is locked out there is locked out here. */
import {isPooler, poolerOf} from '../lint/pooler.ts'
import {type HbaLine, hbaOf, isWithin} from '../lint/read/pg-hba.ts'
import type {Files} from '../lint/read/read.ts'
import {isOnAt, nodeAt, wordAt} from '../lint/read/yaml-path.ts'
import type {HbaRule} from '../topology/hba.ts'
import {appDatabase, roles} from '../topology/topology.ts'
import {isAddress, isLoopback, type Place, sayPlace} from '../words/place.ts'
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

interface Cluster {
  /** Their users, each with those of the lab that stand for it. */
  readonly users: ReadonlyMap<string, readonly HbaRule['user'][]>
  /** Hosts of the lab with PostgreSQL, each with the address that is known of it. */
  readonly members: ReadonlyMap<string, string | undefined>
  readonly hasTls: boolean
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
  const cluster = clusterOf(files, theirs)
  const lines = found.lines.map(line => mapped(line, cluster))
  const said = [
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
    notModelled: [...Map.groupBy(said, ({says}) => says)].map(([says, all]) => {
      const places = [...new Set(all.map(({place}) => sayPlace(place)))]
      return `${places[0]}${places.length > 1 ? ` and ${places.length - 1} more` : ''}: ${says}.`
    }),
    assumed: [...cluster.members.values()].includes(undefined)
      ? [
          'No file says which addresses all members have: lines of pg_hba for networks are taken to be for every member.',
        ]
      : [],
  }
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

function clusterOf(files: Files, {hosts}: TheirWords): Cluster {
  const [first] = files.patroni
  const name = (who: string) => wordAt(first?.root, 'postgresql', 'authentication', who, 'username')?.text
  const users = new Map<string, HbaRule['user'][]>()
  const stand = (theirs: string | undefined, ours: HbaRule['user']) => {
    if (theirs !== undefined) users.set(theirs, [...(users.get(theirs) ?? []), ours])
  }
  stand(name('replication'), roles.replication)
  // Without a user of its own pg_rewind comes as the superuser.
  stand(name('rewind') ?? name('superuser'), roles.rewind)
  const superuser = name('superuser')
  if (superuser !== undefined && !users.has(superuser)) users.set(superuser, [])
  const named = [...hosts].filter(([, host]) => host.startsWith('node'))
  const members = new Map(
    [...new Set(named.map(([, host]) => host))].map(host => [
      host,
      named.find(([theirs, one]) => one === host && isAddress(theirs))?.[0],
    ]),
  )
  const parameters = [
    nodeAt(first?.root, 'postgresql', 'parameters'),
    nodeAt(files.dynamic[0]?.root ?? first?.dcs, 'postgresql', 'parameters'),
  ]
  const pooler = poolerOf(files)
  return {
    users,
    members,
    hasTls: parameters.some(node => isOnAt(node, 'ssl') === true),
    isBySocket:
      isPooler(pooler) && pooler.stands === 'beside' && /^(\/|$)/.test(pooler.by?.options.get('host') ?? '127.0.0.1'),
  }
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
  if (type === 'hostssl' && !cluster.hasTls) return drop('without `ssl` it is for nobody, as in yours')
  const address = line.address ?? '127.0.0.1/32'
  if (address.includes(':')) return drop('the lab has no IPv6')
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
function onlyFor({type, method}: HbaLine, {hasTls}: Cluster): Pick<HbaRule, 'type'> {
  if (type === 'hostssl' && hasTls) return {type}
  return type === 'hostnossl' && hasTls && method === 'reject' ? {type} : {}
}

function saysOf({type, method, text}: HbaLine, {hasTls}: Cluster): string | undefined {
  if (!/^(reject|trust|md5|scram-sha-256|password)$/.test(method) || /\bclientcert=/.test(text))
    return 'who comes has to prove it otherwise than by a password; in the lab by its password (pg_hba)'
  return type === 'hostnossl' && hasTls && method !== 'reject'
    ? 'only without TLS is anybody let in by this; in the lab, whose clients all come in TLS, with it too (hostnossl)'
    : undefined
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

function usersOf({users}: HbaLine, cluster: Cluster): readonly HbaRule['user'][] {
  const ours = users.flatMap((name): readonly HbaRule['user'][] =>
    name === 'all' ? ['all'] : (cluster.users.get(name) ?? [roles.app]),
  )
  return [...new Set(ours)]
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
  const isAll = address === 'all' || /^0\.0\.0\.0\/(0|0\.0\.0\.0)$/.test(address)
  if (isAll || address === 'samenet') return {members: 'all', clients: isAll || !isReject, isHere: false}
  if (address === 'samehost' || isLoopback(address.replace(/\/.*$/, '')))
    return {members: [], clients: false, isHere: true}
  const fits = [...members].filter(([, own]) => {
    if (own === undefined) return !isReject
    const is = isWithin(address, own)
    return is === 'yes' || (is === 'perhaps' && !isReject)
  })
  const hosts = fits.map(([host]) => host)
  const isOneMember = hosts.length === 1 && !/\/(?!32$|255\.255\.255\.255$)/.test(address)
  return {
    members: hosts.length === members.size ? 'all' : hosts,
    clients: !isReject && !isOneMember,
    isHere: false,
  }
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
