/** Members whose users PostgreSQL does not let in where they have to come: for replication, and for pg_rewind. */
import {type HostPort, isAddress, isLoopback, type Place} from '../words/place.ts'
import {memberCount} from './members.ts'
import type {PatroniFile} from './read/patroni.ts'
import {byAddress, hbaOf, isLockedOut} from './read/pg-hba.ts'
import type {Files} from './read/read.ts'
import {isTruthyAt, wordAt} from './read/yaml-path.ts'
import type {Found} from './rule.ts'

/** How a member comes to another one. */
export interface Coming {
  readonly database: 'replication' | 'postgres'
  /** Undefined where it does not, or nobody knows as whom. */
  readonly userOf: (patroni: PatroniFile, files: Files) => string | undefined
}

export const streaming: Coming = {
  database: 'replication',
  userOf: patroni => userNamed(patroni, 'replication'),
}

export const rewinding: Coming = {
  database: 'postgres',
  userOf: (patroni, {dynamic}) => {
    const {root, dcs} = patroni
    const shared = dynamic[0]?.root ?? dcs
    const isUsed = isTruthyAt(root, 'postgresql', 'use_pg_rewind') ?? isTruthyAt(shared, 'postgresql', 'use_pg_rewind')
    return isUsed === true ? (userNamed(patroni, 'rewind') ?? userNamed(patroni, 'superuser')) : undefined
  },
}

/** What stands for a name may be any. */
function userNamed({root}: PatroniFile, who: string): string | undefined {
  const user = wordAt(root, 'postgresql', 'authentication', who, 'username')?.text
  return user === undefined || /[${<]/.test(user) ? undefined : user
}

/** Members that a user of theirs cannot reach by the lines of another one. */
export function lockedOut(files: Files, {database, userOf}: Coming): Found[] {
  return files.patroni.flatMap(patroni => {
    const [user, hba] = [userOf(patroni, files), hbaOf(patroni, files.dynamic)]
    if (user === undefined || hba === undefined) return []
    const from = addressesFor(patroni, files)
    const out = from.find(address => isLockedOut(hba.lines, {database, user, address}))
    if (out === undefined && !(from.length === 0 && isLockedOut(hba.lines, {database, user, address: undefined})))
      return []
    return [{place: hba.place, says: `no line lets ${user} into ${database}${out === undefined ? '' : ` from ${out}`}`}]
  })
}

/** Of the other members, where their addresses are known; a host's name may be any. */
function addressesFor(patroni: PatroniFile, {patroni: all}: Files): readonly string[] {
  return all
    .filter(one => one !== patroni)
    .flatMap(({address}: {readonly address: HostPort | undefined}) =>
      address !== undefined && isAddress(address.host) && !isLoopback(address.host) ? [address.host] : [],
    )
}

/** The lines of a member let in fewer addresses than there are members that have to come. */
export interface TooFew {
  /** Of the first of these lines. */
  readonly place: Place
  readonly file: string
  readonly user: string
  readonly database: Coming['database']
  readonly addresses: readonly string[]
  readonly coming: number
  /** The member itself need not come. */
  readonly isOthers: boolean
}

/** None where it is known of one of them that it is locked out. */
export function tooFewAddresses(files: Files, coming: Coming): readonly TooFew[] {
  const count = memberCount(files)
  if (count === undefined || lockedOut(files, coming).length > 0) return []
  const {database, userOf} = coming
  const each = files.patroni.flatMap(patroni => {
    const [user, hba] = [userOf(patroni, files), hbaOf(patroni, files.dynamic)]
    const lines = user === undefined || hba === undefined ? undefined : byAddress(hba.lines, {database, user})
    return user === undefined || hba === undefined || lines === undefined ? [] : [{patroni, user, hba, lines}]
  })
  return each.flatMap(({patroni, user, hba, lines}): TooFew[] => {
    const addresses = [...lines.keys()]
    const [first] = lines
      .values()
      .toArray()
      .toSorted((a, b) => a.place.line - b.place.line)
    // Where two members have the same lines each of them comes by those of the other.
    const isAlike = each.some(other => other.patroni !== patroni && isSame(other.lines, lines))
    const isOthers = !hba.isShared && !isAlike
    const from = count - (isOthers ? 1 : 0)
    if (first === undefined || addresses.length >= from) return []
    return [{place: first.place, file: patroni.file, user, database, addresses, coming: from, isOthers}]
  })
}

function isSame(one: ReadonlyMap<string, unknown>, other: ReadonlyMap<string, unknown>): boolean {
  return one.size === other.size && [...one.keys()].every(address => other.has(address))
}
