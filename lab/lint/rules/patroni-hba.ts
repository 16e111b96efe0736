/** Who may log in: lines of pg_hba that let in too many, or not the members themselves. */

import {type HostPort, isAddress, isLoopback} from '../../words/place.ts'
import type {PatroniFile} from '../read/patroni.ts'
import {type HbaLine, hbaOf, isLockedOut} from '../read/pg-hba.ts'
import type {Files} from '../read/read.ts'
import {entryAt, isFalsy, isTruthyAt, nodeAt, wordAt} from '../read/yaml-path.ts'
import type {Found, Rule} from '../rule.ts'

export const patroniHba: readonly Rule[] = [
  {
    id: 'patroni/hba-trust-world',
    severity: 'warning',
    about: 'trust for every address: whoever reaches the port is whom the line names, superuser for all',
    source: 'PostgreSQL, pg_hba.conf: trust',
    fix: 'scram-sha-256',
    find: files =>
      linesOf(files).flatMap(lines =>
        lines
          .filter(
            ({type, address, method}) => /^host(ssl|nossl)?$/.test(type) && method === 'trust' && isEverywhere(address),
          )
          .map(line => ({place: line.place, says: `trust for every address: ${whoComes(line, files)}`})),
      ),
  },
  {
    id: 'patroni/hba-no-replication',
    severity: 'error',
    about: 'no line lets the replication user in: `all` does not include replication, so no replica can follow',
    source: 'PostgreSQL, pg_hba.conf: database replication',
    fix: 'a line such as host replication USER 10.0.0.0/24 scram-sha-256, with the addresses of all members',
    find: files =>
      locked(
        files,
        'replication',
        ({root}) => wordAt(root, 'postgresql', 'authentication', 'replication', 'username')?.text,
      ),
  },
  {
    id: 'patroni/hba-no-rewind',
    severity: 'error',
    about:
      'no line lets the user of pg_rewind into the database postgres: an old primary that is ahead cannot come back',
    source: 'Patroni, postgresql/rewind.py; PostgreSQL, pg_rewind',
    fix: 'a line such as host postgres USER 10.0.0.0/24 scram-sha-256, with the addresses of all members',
    find: files =>
      locked(files, 'postgres', ({root, dcs}) => {
        const shared = files.dynamic[0]?.root ?? dcs
        const isUsed =
          isTruthyAt(root, 'postgresql', 'use_pg_rewind') ?? isTruthyAt(shared, 'postgresql', 'use_pg_rewind')
        const user = (who: string) => wordAt(root, 'postgresql', 'authentication', who, 'username')?.text
        return isUsed === true ? (user('rewind') ?? user('superuser')) : undefined
      }),
  },
  {
    id: 'patroni/bootstrap-hba',
    severity: 'advice',
    about:
      'bootstrap.pg_hba is written once, by the member that begins the cluster: later changes of it have no effect',
    source: 'Patroni, postgresql/bootstrap.py; issue 953; 19 of 32 public files',
    fix: 'postgresql.pg_hba, or bootstrap.dcs.postgresql.pg_hba',
    find: files =>
      files.patroni.flatMap(({root, dcs}) => {
        const entry = entryAt(root, 'bootstrap', 'pg_hba')
        const isKept =
          nodeAt(root, 'postgresql', 'pg_hba') ?? nodeAt(files.dynamic[0]?.root ?? dcs, 'postgresql', 'pg_hba')
        if (entry === undefined || isFalsy(entry.value)) return []
        // Written at all only where no other is (postgresql/config.py: append_pg_hba).
        return isKept === undefined || isFalsy(isKept)
          ? [{place: entry.place}]
          : [
              {
                place: entry.place,
                says: 'bootstrap.pg_hba has no effect: postgresql.pg_hba is there too, and counts',
                fix: 'take it out, or move what is missing to the other',
              },
            ]
      }),
  },
]

function linesOf({patroni, dynamic}: Files): readonly (readonly HbaLine[])[] {
  return patroni.flatMap(one => {
    const hba = hbaOf(one, dynamic)
    return hba === undefined ? [] : [hba.lines]
  })
}

function whoComes({users, databases}: HbaLine, {patroni}: Files): string {
  const superusers = [
    ...['all', 'postgres'],
    ...patroni.map(({root}) => wordAt(root, 'postgresql', 'authentication', 'superuser', 'username')?.text),
  ]
  const isSuperuser = users.some(name => superusers.includes(name) || /^[+/@]/.test(name))
  const copies = databases.every(name => name === 'replication') ? ', and may copy all data' : ''
  return `whoever reaches the port is ${isSuperuser ? 'superuser' : users.join(' or ')}${copies}`
}

function isEverywhere(address: string | undefined): boolean {
  return address === 'all' || /^(0\.0\.0\.0\/(0|0\.0\.0\.0)|::0?\/0)$/.test(address ?? '')
}

/** Members that a user of theirs cannot reach by the lines of another one. */
function locked(files: Files, database: string, userOf: (patroni: PatroniFile) => string | undefined): Found[] {
  return files.patroni.flatMap(patroni => {
    const [user, hba] = [userOf(patroni), hbaOf(patroni, files.dynamic)]
    // What stands for a name may be any.
    if (user === undefined || hba === undefined || /[${<]/.test(user)) return []
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
