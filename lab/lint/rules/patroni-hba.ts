/** Who may log in: lines of pg_hba that let in too many, or not the members themselves. */

import {type Coming, lockedOut, rewinding, streaming, tooFewAddresses} from '../locked-out.ts'
import {type HbaLine, hbaOf} from '../read/pg-hba.ts'
import type {Files} from '../read/read.ts'
import {entryAt, isFalsy, nodeAt, wordAt} from '../read/yaml-path.ts'
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
    find: files => lockedOut(files, streaming),
  },
  {
    id: 'patroni/hba-no-rewind',
    severity: 'error',
    about:
      'no line lets the user of pg_rewind into the database postgres: an old primary that is ahead cannot come back',
    source: 'Patroni, postgresql/rewind.py; PostgreSQL, pg_rewind',
    fix: 'a line such as host postgres USER 10.0.0.0/24 scram-sha-256, with the addresses of all members',
    find: files => lockedOut(files, rewinding),
  },
  {
    id: 'patroni/hba-too-few-addresses',
    severity: 'error',
    about:
      'the lines that let the members in, for replication or pg_rewind, are each for one address, and fewer than the members that have to come: some are locked out',
    source: 'PostgreSQL, pg_hba.conf: address',
    fix: 'a line such as host replication USER 10.0.0.0/24 scram-sha-256, or one for the address of each member',
    find: files => [...few(files, streaming), ...few(files, rewinding)],
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

function few(files: Files, coming: Coming): Found[] {
  return tooFewAddresses(files, coming).map(({place, user, database, addresses, coming: from, isOthers}) => {
    const [only, out] = [addresses.length, from - addresses.length]
    return {
      place,
      says: `${user} is let into ${database} from ${only} ${only === 1 ? 'address' : 'addresses'} alone, and has to come from ${from} ${isOthers ? 'other members' : 'members'}: at least ${out} ${out === 1 ? 'is' : 'are'} locked out`,
    }
  })
}
